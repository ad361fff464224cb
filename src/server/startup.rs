//! Putting the server together and running it. The same object serves the command line and the tests.

use super::{
    clock::Clock,
    config::Config,
    db::{self, Db},
    http::{cache::Pages, router},
    services::accounts::{self, Accounts},
    state::{Parts, State},
};
use axum::Router;
use leptos::prelude::LeptosOptions;
use std::{env, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Background work that has not ended after this long is left behind.
const PATIENCE: Duration = Duration::from_secs(30);
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration contradicts itself: one sentence a mistake.
    #[error("{}", .0.join("\n"))]
    Mistakes(Vec<String>),
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The database cannot be opened or brought up to date.
    #[error("cannot open the database: {0}")]
    Database(#[from] db::Error),
}

/// A server that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    state: State,
    router: Router,
    pages: Pages,
}

impl Server {
    /// Checks the configuration, listens, opens the database and puts the site together. With port 0 in the
    /// configuration's address any free port is taken, and an origin of port 0 becomes that port.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn build(mut config: Config) -> Result<Self, Error> {
        let mistakes = config.mistakes();
        if !mistakes.is_empty() {
            return Err(Error::Mistakes(mistakes));
        }
        let (listener, addr) = listen(config.listen).await?;
        if config.origin.port() == Some(0) {
            let _ = config.origin.set_port(Some(addr.port()));
        }
        let state = state(config).await?;
        let site = router::site(&state, &options(&state.config), &form_targets(&state.config)).await;
        Ok(Self { listener, addr, state, router: site.router, pages: site.pages })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it depends on.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.clone()
    }

    /// Pages kept as bytes, to be cleared when what they show changes.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.pages.clone()
    }

    /// What answers requests, for a test that needs no socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Answers until `shutdown` ends: then no new request is taken, those in flight finish, background tasks finish
    /// what they hold, and the database is closed.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        self.state.tasks.spawn(sweep(self.state.clone()));
        let service = self.router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(self.listener, service).with_graceful_shutdown(shutdown).await;
        self.state.shutdown.cancel();
        self.state.tasks.close();
        if timeout(PATIENCE, self.state.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.state.tasks.len(), "background work did not end in time");
        }
        self.state.db.close().await;
        served
    }
}

async fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let at = |error| Error::Listen(wanted, error);
    let listener = TcpListener::bind(wanted).await.map_err(at)?;
    let addr = listener.local_addr().map_err(at)?;
    Ok((listener, addr))
}

async fn state(config: Config) -> Result<State, Error> {
    Ok(State::new(Parts {
        db: Db::open(&config.database_url).await?,
        config,
        clock: Clock::default(),
        accounts: Accounts::default(),
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
    }))
}

/// The origins that a form may lead to: Polar's checkout and portal, or the sandbox's pages.
fn form_targets(config: &Config) -> Vec<String> {
    if config.uses_sandbox() {
        let port = config.sandbox_listen.port();
        return vec![format!("http://localhost:{port}")];
    }
    vec!["https://polar.sh".to_owned(), "https://*.polar.sh".to_owned()]
}

/// What Leptos needs to know about the built files. Names carry hashes where `hash.txt` stands beside the executable.
fn options(config: &Config) -> LeptosOptions {
    let hashed = env::current_exe().is_ok_and(|exe| exe.with_file_name("hash.txt").exists());
    LeptosOptions::builder()
        .output_name("boreal")
        .site_root(Arc::<str>::from(config.site_root.display().to_string()))
        .hash_files(hashed)
        .build()
}

/// Forgets what has expired, now and again.
async fn sweep(state: State) {
    let mut ticks = interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ticking = async {
        loop {
            ticks.tick().await;
            if let Err(error) = accounts::sweep(&state).await {
                tracing::warn!(%error, "could not sweep");
            }
        }
    };
    state.shutdown.run_until_cancelled(ticking).await;
}
