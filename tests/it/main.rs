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
mod doubles;
mod effort;
mod ended_once;
mod ending;
mod engine;
mod explaining;
mod histories;
mod interruptions;
mod killed_endings;
mod live;
mod long_outages;
mod outages;
mod pages;
mod parallel;
mod patience;
mod polar;
mod process;
mod random;
mod refusing;
mod replaying;
mod replica;
mod rolling;
mod scenarios;
mod shop;
mod staff;
mod staff_acts;
mod staff_polar;
mod starting;
mod sweeping;
mod syncing;
mod visitor;
mod watching;
mod webhooks;
#[path = "../witness/mod.rs"]
mod witness;
