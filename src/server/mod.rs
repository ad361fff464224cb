//! The server: everything that talks to the network, the database and the clock.

pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod http;
pub mod jobs;
pub mod mail;
pub mod measures;
pub mod polar;
pub mod services;
pub mod startup;
pub mod state;
pub mod telemetry;
pub mod upstream;
