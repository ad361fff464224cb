//! A Polar of our own, for trying, developing and testing without an account.
//!
//! It speaks Polar's paths, JSON, status codes and error shapes (CONTRACT.md is its specification), shows a hosted
//! checkout and a portal, signs and delivers webhooks, and has what no real one has: a clock to move and faults to
//! switch on. It talks to the app over HTTP only and shares no code with the server.

mod api;
mod app;
mod clock;
mod control;
mod history;
mod hooks;
mod journal;
mod life;
mod pages;
mod secrets;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use app::App;

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
    app: Arc<App>,
    origin: Arc<str>,
    token: Arc<str>,
    webhook_secret: Arc<str>,
    organization_id: Arc<str>,
}

impl Sandbox {
    /// Binds, loads the state and starts the server, the webhook sender and the jobs.
    ///
    /// # Errors
    /// When address or origin is not loopback, the address is taken, or the state file is unreadable.
    pub async fn start(config: Config) -> io::Result<Self> {
        if !config.listen.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox listens on loopback addresses only"));
        }
        if config.origin.as_deref().is_some_and(|origin| !is_loopback(origin)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox's origin is a loopback address"));
        }
        let mut state = app::load(config.state_file.as_deref())?;
        let listener = tokio::net::TcpListener::bind(config.listen).await?;
        let origin = match config.origin {
            Some(origin) => origin.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", listener.local_addr()?.port()),
        };
        state.origin.clone_from(&origin);
        state.adopt(&config.webhook_url);
        let identity = state.identity.clone();
        let secret = state.endpoint(identity.endpoint_id).map(|own| own.secret.text.clone()).unwrap_or_default();
        let app = Arc::new(App::new(state, config.state_file));
        app.save().await;
        run(&app, listener)?;
        Ok(Self {
            app,
            origin: origin.into(),
            token: identity.token.into(),
            webhook_secret: secret.into(),
            organization_id: identity.organization_id.to_string().into(),
        })
    }

    /// The origin of its pages and of its API, whose routes lie under `/v1`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The organization access token (`polar_oat_…`); the same at every start with one state file.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The secret that signs webhooks (`polar_whs_…`): the HMAC key is the whole string (C§3.2).
    pub fn webhook_secret(&self) -> &str {
        &self.webhook_secret
    }

    /// The id of its one organization.
    pub fn organization_id(&self) -> String {
        self.organization_id.to_string()
    }

    /// What happened in it until now, as `GET /sandbox/history` and `boreal sandbox replay` have it.
    pub fn history(&self) -> String {
        self.app().read(history::History::of).text()
    }

    /// Of its organization.
    fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// Takes no more requests, lets deliveries in flight finish and writes the state.
    pub async fn stop(&self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        self.app.tasks.wait().await;
        self.app.save().await;
    }
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

fn run(app: &Arc<App>, listener: tokio::net::TcpListener) -> io::Result<()> {
    let sender = hooks::sender::Sender::new(Arc::clone(app))?;
    app.tasks.spawn(sender.run());
    app.tasks.spawn(life::jobs::run(Arc::clone(app)));
    let (saver, server) = (Arc::clone(app), Arc::clone(app));
    app.tasks.spawn(async move { saver.keep_saving().await });
    app.tasks.spawn(async move {
        let served = axum::serve(listener, api::router(Arc::clone(&server)))
            .with_graceful_shutdown(server.stop.clone().cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
    Ok(())
}
