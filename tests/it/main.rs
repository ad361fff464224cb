//! The integration binary: the real server and the sandbox over HTTP, on the engine that `TEST_ENGINE` names (`sqlite`,
//! or `postgres` on the server of `TEST_POSTGRES_URL`). Every test opens a shop of its own and closes it.

mod captures;
mod commits;
mod engine;
mod patience;
mod polar;
mod shop;
mod webhooks;
