//! The integration binary: the real server and the sandbox over HTTP, on the engine that `TEST_ENGINE` names (`sqlite`,
//! or `postgres` on the server of `TEST_POSTGRES_URL`). Every test opens a shop of its own and closes it.

mod another_address;
mod budget;
mod captures;
mod commands;
mod commits;
mod confirming;
mod convergence;
mod database;
mod effort;
mod ending;
mod engine;
mod explaining;
mod interruptions;
mod live;
mod long_outages;
mod mail;
mod mail_flows;
mod mail_news;
mod mail_settings;
mod outages;
mod pages;
mod parallel;
mod patience;
mod polar;
mod process;
mod refusing;
mod replaying;
mod replica;
mod rolling;
mod scenarios;
mod shop;
mod sink;
mod staff;
mod staff_acts;
mod starting;
mod sweeping;
mod syncing;
mod visitor;
mod watching;
mod webhooks;
#[path = "../witness/mod.rs"]
mod witness;
