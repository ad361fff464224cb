//! A Polar of our own, for trying, developing and testing without an account.
//!
//! It speaks Polar's paths, JSON, status codes and error shapes (CONTRACT.md is its specification), shows a hosted
//! checkout and a portal, signs and delivers webhooks, and has what no real one has: a clock to move and faults to
//! switch on. It talks to the app over HTTP only and shares no code with the server.

mod api;
mod app;
mod clock;
pub mod command;
mod control;
mod front;
mod history;
mod hooks;
mod journal;
mod life;
mod organization;
mod organizations;
mod pages;
mod secrets;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::App;
pub use organization::{New, Organization};
use organizations::Organizations;

/// How a sandbox is started.
pub struct Config {
    /// The loopback address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where browsers and the app reach it; `http://localhost:{port}` if not given.
    pub origin: Option<String>,
    /// The file that keeps its state; without one everything is forgotten at the end.
    pub state_file: Option<PathBuf>,
    /// Where the app receives webhooks.
    pub webhook_url: String,
}

/// A running sandbox. Clones are handles to the same one.
#[derive(Clone)]
pub struct Sandbox {
    organizations: Arc<Organizations>,
    own: Arc<Organization>,
}

impl Sandbox {
    /// Binds, loads the states and starts the server, and the webhook sender and the jobs of each organization.
    ///
    /// # Errors
    /// When address or origin is not loopback, the address is taken, or a state file is unreadable.
    pub async fn start(config: Config) -> io::Result<Self> {
        if !config.listen.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox listens on loopback addresses only"));
        }
        if config.origin.as_deref().is_some_and(|origin| !is_loopback(origin)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox's origin is a loopback address"));
        }
        let listener = tokio::net::TcpListener::bind(config.listen).await?;
        let origin = match config.origin {
            Some(origin) => origin.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", listener.local_addr()?.port()),
        };
        let organizations = Organizations::start(origin, config.state_file, &config.webhook_url).await?;
        serve(&organizations, listener);
        let own = Arc::new(organizations.own());
        Ok(Self { organizations, own })
    }

    /// The origin of its pages and of its API, whose routes lie under `/v1`.
    pub fn origin(&self) -> &str {
        &self.organizations.origin
    }

    /// The organization access token (`polar_oat_…`); the same at every start with one state file.
    pub fn token(&self) -> &str {
        &self.own.token
    }

    /// The secret that signs webhooks (`polar_whs_…`): the HMAC key is the whole string (C§3.2).
    pub fn webhook_secret(&self) -> &str {
        &self.own.webhook_secret
    }

    /// The id of the first organization, whose the token and the secret are.
    pub fn organization_id(&self) -> String {
        self.own.id.to_string()
    }

    /// What happened to each organization until now, as `GET /sandbox/history` and `boreal sandbox replay` have it.
    pub fn histories(&self) -> Vec<String> {
        self.organizations.apps().iter().map(|app| app.read(history::History::of).text()).collect()
    }

    /// Of the first organization.
    fn app(&self) -> Arc<App> {
        self.organizations.first().app
    }

    /// Makes another organization, with a clock, faults, endpoints and objects of its own.
    ///
    /// # Errors
    /// When the slug is taken or wrong, or the address of its webhooks is none.
    pub async fn add(&self, wish: New) -> io::Result<Organization> {
        self.organizations.add(wish).await.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    /// Takes no more requests, lets deliveries in flight finish and writes the states.
    pub async fn stop(&self) {
        self.organizations.end().await;
    }
}

/// The access token of the first organization of a sandbox that keeps its state in this file, if there was one.
#[must_use]
pub fn token_in(state_file: &Path) -> Option<String> {
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(state_file).ok()?).ok()?;
    state["identity"]["token"].as_str().map(str::to_owned)
}

/// Nothing that looks like Polar is reachable by others.
fn is_loopback(origin: &str) -> bool {
    match url::Url::parse(origin).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn serve(organizations: &Arc<Organizations>, listener: tokio::net::TcpListener) {
    let router = front::router(Arc::clone(organizations));
    let stop = organizations.stop.clone();
    organizations.tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
}
