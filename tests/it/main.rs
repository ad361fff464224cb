//! The integration binary: the real server and the sandbox over HTTP, on the engine that `TEST_ENGINE` names (`sqlite`,
//! or `postgres` on the server of `TEST_POSTGRES_URL`). Every test opens a shop of its own and closes it.

mod another_address;
mod budget;
mod captures;
mod commands;
mod commits;
mod confirming;
mod convergence;
mod crash;
mod database;
mod effort;
mod ending;
mod engine;
mod explaining;
mod histories;
mod interruptions;
mod live;
mod long_outages;
mod measuring;
mod outages;
mod pages;
mod parallel;
mod patience;
mod polar;
mod process;
mod program;
mod random;
mod refusing;
mod replaying;
mod replica;
mod rolling;
mod scenarios;
mod shop;
mod signatures;
mod staff;
mod staff_acts;
mod starting;
mod sweeping;
mod syncing;
mod traps;
mod visitor;
mod watching;
mod webhooks;
#[path = "../witness/mod.rs"]
mod witness;
mod year;
