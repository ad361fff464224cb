//! Putting the server together and running it. The same object serves the command line and the tests.

use super::{
    clock::Clock,
    config::Config,
    db::{self, Db, inbox::Intake},
    http::{self, Site},
    jobs,
    mail::Mailer,
    polar,
    services::{
        self,
        accounts::{self, Accounts},
        applying,
        binding::{self, Known},
        catalog, checking, exporting, mailing,
        pacing::SharedPace,
        pushing, syncing,
        usage::{self, Recorder},
    },
    state::{Parts, State, Wake},
    upstream::Upstream,
};
use crate::model::{features, plan::Plans};
use leptos::prelude::LeptosOptions;
use std::{env, future::Future, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
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
    /// The file that describes the plans cannot be read.
    #[error("cannot read {0}: {1}")]
    Plans(PathBuf, #[source] io::Error),
    /// TLS cannot be set up.
    #[error("cannot set up the connection to Polar")]
    Tls,
    /// The sandbox cannot be started.
    #[error("cannot start the sandbox on {0}: {1}")]
    Sandbox(SocketAddr, #[source] io::Error),
    /// The products of a new sandbox could not be made.
    #[error("cannot set up the sandbox: {0}")]
    Seed(services::Error),
    /// What a command asked for could not be done.
    #[error(transparent)]
    Service(#[from] services::Error),
}

/// A server that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    state: State,
    site: Site,
    upstream: Upstream,
}

impl Server {
    /// Checks the configuration, listens, opens the database, finds out which Polar it talks to, and puts the site
    /// together. With port 0 in the configuration's addresses any free ports are taken, and an origin of port 0 becomes
    /// that port.
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
        let upstream = Upstream::of(&config, addr).await?;
        let state = state(config, &upstream).await?;
        if let Some(listen) = state.config.metrics_listen {
            http::metrics::serve(&state, listen).await.map_err(|error| Error::Listen(listen, error))?;
        }
        meet(&state).await?;
        if state.mail.is_nowhere() {
            tracing::warn!("BOREAL_SMTP_URL is missing: mail waits until there is a mail server");
        }
        let site = http::router::site(&state, &options(&state.config), &upstream.form_targets()).await;
        Ok(Self { listener, addr, state, site, upstream })
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

    /// What answers requests.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The Polar it talks to.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Answers until `shutdown` ends: then no new request is taken, those in flight finish, background tasks finish
    /// what they hold, and the database is closed.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        self.state.tasks.spawn(sweep(self.state.clone()));
        jobs::start(&self.state);
        let stop = self.state.stop.clone();
        let stopped = async move {
            tokio::select! {
                () = shutdown => {}
                () = stop.cancelled() => {}
            }
            // Live streams end by it; else they would be requests in flight for minutes.
            stop.cancel();
        };
        let served = self.site.serve(self.listener, stopped).await;
        self.state.shutdown.cancel();
        self.state.tasks.close();
        if timeout(PATIENCE, self.state.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.state.tasks.len(), "background work did not end in time");
        }
        usage::flush(&self.state).await;
        self.upstream.stop().await;
        self.state.db.close().await;
        served
    }
}

/// Opens what a command needs that answers no requests. There is no sandbox beside it.
///
/// # Errors
/// See [`Error`].
pub async fn open(config: Config) -> Result<State, Error> {
    let upstream = Upstream::of(&config, config.listen).await?;
    state(config, &upstream).await
}

/// As [`open`]; without a token the Polar is the sandbox of the server that runs.
///
/// # Errors
/// See [`Error`].
pub async fn open_beside(config: Config) -> Result<State, Error> {
    let upstream = Upstream::beside(&config)?;
    state(config, &upstream).await
}

/// Opens what a command needs that only looks at our own tables: Polar is not asked, but for the time of a sandbox that
/// happens to run.
///
/// # Errors
/// See [`Error`].
pub async fn open_alone(config: Config) -> Result<State, Error> {
    let state = state(config.clone(), &Upstream::unasked(&config)?).await?;
    if state.config.uses_sandbox() && syncing::follow_clock(&state).await.is_err() {
        tracing::debug!("the sandbox does not run: its clock is taken for that of this machine");
    }
    Ok(state)
}

/// Finds out whether this database belongs to this Polar; a new sandbox gets its products.
async fn meet(state: &State) -> Result<(), Error> {
    match binding::compare(state).await {
        Ok(binding::Bound::To(_)) if state.config.uses_sandbox() => {
            pushing::push_products(state).await.map_err(Error::Seed)?;
        }
        Ok(binding::Bound::To(_)) => {}
        Ok(binding::Bound::Mismatch(sentence)) => return Err(Error::Mistakes(vec![sentence])),
        Err(services::Error::Db(error)) => return Err(Error::Database(error)),
        Err(services::Error::Polar(error)) => {
            let bound = binding::trust_stored(state).await?;
            if !bound && !error.is_passing() {
                return Err(Error::Mistakes(vec![checking::unreachable(&error, "organizations:read")]));
            }
            tracing::error!(error = %error, "Polar cannot be asked; going on with what is known, selling nothing");
        }
        Err(error) => return Err(Error::Seed(error)),
    }
    Ok(())
}

async fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let at = |error| Error::Listen(wanted, error);
    let listener = TcpListener::bind(wanted).await.map_err(at)?;
    let addr = listener.local_addr().map_err(at)?;
    Ok((listener, addr))
}

async fn state(config: Config, upstream: &Upstream) -> Result<State, Error> {
    let (db, clock) = (Db::open(&config.database_url).await?, Clock::default());
    let sandbox = config.uses_sandbox();
    let pace = SharedPace { db: db.clone(), clock: clock.clone(), limit: config.rate_limit() };
    let to = polar::Access { base: upstream.api_base.clone(), token: upstream.token.clone(), sandbox };
    let polar = polar::Client::new(to, clock.clone(), Box::new(pace));
    Ok(State::new(Parts {
        mail: Arc::new(Mailer::of(&config.mail()).map_err(Error::Mistakes)?),
        intake: Intake::start(db.clone()),
        recorder: Recorder::start(db.clone()),
        polar: polar.map_err(|_| Error::Tls)?,
        webhook_secrets: upstream.webhook_secrets.clone(),
        known: Known::default(),
        plans: plans(&config)?,
        catalog: catalog::Cache::default(),
        accounts: Accounts::default(),
        wake: Wake::default(),
        stop: CancellationToken::new(),
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
        config,
        db,
        clock,
    }))
}

fn plans(config: &Config) -> Result<Plans, Error> {
    let text = std::fs::read_to_string(&config.plans).map_err(|error| Error::Plans(config.plans.clone(), error))?;
    let plans = Plans::parse(&text).map_err(|error| Error::Mistakes(vec![error.to_string()]))?;
    let mistakes = features::contradictions(&plans);
    if mistakes.is_empty() { Ok(plans) } else { Err(Error::Mistakes(mistakes)) }
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
            if let Err(error) = mailing::sweep(&state).await {
                tracing::warn!(%error, "could not sweep mail");
            }
            if let Err(error) = exporting::sweep(&state).await {
                tracing::warn!(%error, "could not sweep copies of data");
            }
            if let Err(error) = applying::thin(&state).await {
                tracing::warn!(%error, "could not thin the inbox");
            }
        }
    };
    state.shutdown.run_until_cancelled(ticking).await;
}
