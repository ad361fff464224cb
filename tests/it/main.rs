//! The integration binary: the real server and the sandbox over HTTP, on the engine that `TEST_ENGINE` names (`sqlite`,
//! or `postgres` on the server of `TEST_POSTGRES_URL`). Every test opens a shop of its own and closes it.

mod another_address;
mod captures;
mod commits;
mod confirming;
mod convergence;
mod database;
mod ending;
mod engine;
mod interruptions;
mod long_outages;
mod outages;
mod pages;
mod parallel;
mod patience;
mod polar;
mod process;
mod refusing;
mod replica;
mod rolling;
mod scenarios;
mod shop;
mod starting;
mod visitor;
mod webhooks;
