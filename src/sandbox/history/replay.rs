//! Makes a history happen again in a sandbox of its own: the same requests, moves of the clock and faults, in the same
//! order, each once as much had been told as in the file.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::twins::Twins;
use super::{History, compare, receiver};
use crate::sandbox::app::App;
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::journal::entry::{Body, Entry, Exchange, Told, What};
use crate::sandbox::state::State;
use crate::sandbox::{Config, Sandbox};

/// How long the replay may be behind the file before it goes on all the same.
const PATIENCE: Duration = Duration::from_secs(15);
/// A request without an answer in the file: whoever asked went away.
const IMPATIENCE: Duration = Duration::from_millis(500);

/// What came of a replay.
pub struct Outcome {
    /// What happened in it.
    pub replay: History,
    /// Where it went another way, in words.
    pub differences: Vec<String>,
}

/// Replays the history in the file at `path`.
///
/// # Errors
/// When the file cannot be read, is no history, or no sandbox can be started.
pub async fn file(path: &Path) -> io::Result<Outcome> {
    let text = tokio::fs::read_to_string(path).await?;
    let history = History::read(&text).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
    history.replay().await
}

impl History {
    /// Replays this history.
    ///
    /// # Errors
    /// When no sandbox can be started.
    pub async fn replay(&self) -> io::Result<Outcome> {
        let stop = CancellationToken::new();
        let app = receiver::start(self, stop.clone()).await?;
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            origin: None,
            state_file: None,
            webhook_url: format!("{app}/webhooks/polar"),
        };
        let sandbox = Sandbox::start(config).await?;
        let again = Replay::new(self, &sandbox)?;
        again.run().await;
        again.settle().await;
        sandbox.stop().await;
        stop.cancel();
        let replay = again.app.read(Self::of);
        let differences = compare::differences(self, &replay, &again.twins());
        Ok(Outcome { replay, differences })
    }
}

struct Replay<'a> {
    file: &'a History,
    app: Arc<App>,
    origin: String,
    slug: String,
    http: reqwest::Client,
    twins: Arc<Mutex<Twins>>,
    told: Mutex<Progress<'a>>,
    late: AtomicBool,
}

/// Which events of the file came up again.
struct Progress<'a> {
    /// Those that did not yet, by kind.
    waiting: HashMap<&'a str, VecDeque<&'a Told>>,
    /// The last entry of the replay's journal that was looked at.
    seen: u64,
}

impl<'a> Replay<'a> {
    fn new(file: &'a History, sandbox: &Sandbox) -> io::Result<Self> {
        let app = sandbox.app();
        let mut twins = Twins::default();
        twins.learn_text(&file.head.token, sandbox.token());
        let slug = app.note(|state| {
            twins.pair(&file.head.organization_id.to_string(), &state.identity.organization_id.to_string());
            twins.pair(&file.head.endpoint_id.to_string(), &state.identity.endpoint_id.to_string());
            state.clock.offset_ms = until(file.head.began_at);
            state.identity.slug.clone()
        });
        let mut told = Progress { waiting: HashMap::new(), seen: 0 };
        file.events().for_each(|event| told.waiting.entry(&event.kind).or_default().push_back(event));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let http = client.map_err(io::Error::other)?;
        Ok(Self {
            file,
            app,
            origin: sandbox.origin().to_owned(),
            slug,
            http,
            twins: Arc::new(Mutex::new(twins)),
            told: Mutex::new(told),
            late: AtomicBool::new(false),
        })
    }

    fn twins(&self) -> std::sync::MutexGuard<'_, Twins> {
        self.twins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self) {
        let mut open: Vec<(u64, JoinSet<()>)> = Vec::new();
        for entry in &self.file.entries {
            let What::Request(exchange) = &entry.what else { continue };
            // What had been answered before this was asked is answered first; other requests are still under way.
            for (after, asked) in &mut open {
                if *after < entry.number {
                    while asked.join_next().await.is_some() {}
                }
            }
            open.retain(|(_, asked)| !asked.is_empty());
            self.catch_up(entry.number).await;
            self.learn_events();
            self.set_clock(entry.at);
            let mut asked = JoinSet::new();
            asked.spawn(self.ask(exchange));
            // Requests come in the order of the file also where they overlap.
            self.came(entry.number).await;
            open.push((exchange.answer.as_ref().map_or(entry.number, |answer| answer.after), asked));
        }
        for (_, mut asked) in open {
            while asked.join_next().await.is_some() {}
        }
    }

    /// Waits until as many events and attempts are in the replay's journal as before `number` in the file's.
    async fn catch_up(&self, number: u64) {
        let before = |entry: &&Entry| entry.number < number && !matches!(entry.what, What::Request(_));
        let wanted = self.file.entries.iter().filter(before).count();
        self.wait(|state| {
            state.journal.after(0).filter(|entry| !matches!(entry.what, What::Request(_))).count() >= wanted
        })
        .await;
    }

    async fn came(&self, number: u64) {
        let request = |entry: &&Entry| matches!(entry.what, What::Request(_));
        let wanted = self.file.entries.iter().filter(|entry| entry.number <= number).filter(request).count();
        self.wait(|state| state.journal.after(0).filter(request).count() >= wanted).await;
    }

    /// Until it is so, or for as long as it is worth waiting: whoever once waited in vain went another way.
    async fn wait(&self, so: impl Fn(&State) -> bool) {
        let end = Instant::now() + if self.late.load(Relaxed) { IMPATIENCE } else { PATIENCE };
        while !self.app.read(&so) {
            if Instant::now() > end {
                return self.late.store(true, Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The events of the replay are those of the file, in their order within a kind.
    fn learn_events(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, mut twins) = (told.seen, self.twins());
        let fresh: Vec<Entry> = self.app.read(|state| state.journal.after(seen).cloned().collect());
        for entry in fresh {
            told.seen = entry.number;
            let What::Event(new) = entry.what else { continue };
            let Some(old) = told.waiting.get_mut(new.kind.as_str()).and_then(VecDeque::pop_front) else { continue };
            twins.pair(&old.webhook_id.to_string(), &new.webhook_id.to_string());
            twins.pair(&old.endpoint_id.to_string(), &new.endpoint_id.to_string());
            twins.learn(&old.body.value(), &new.body.value());
        }
    }

    /// Brings the replay's time up to that of the file, so that amounts and dates come out the same.
    fn set_clock(&self, at: Stamp) {
        self.app.note(|state| state.clock.offset_ms = state.clock.offset_ms.max(until(at)));
    }

    /// Sends a request and learns from its answer; the future owns what it needs.
    fn ask(&self, exchange: &Exchange) -> impl Future<Output = ()> + Send + 'static {
        let (request, twins) = (self.request(exchange), Arc::clone(&self.twins));
        let recorded = exchange.answer.as_ref().and_then(|answer| answer.body.as_ref()).map(Body::value);
        async move {
            let Ok(answer) = request.send().await else { return };
            let Ok(body) = answer.bytes().await else { return };
            if let (Some(old), Ok(new)) = (recorded, serde_json::from_slice::<Value>(&body)) {
                twins.lock().unwrap_or_else(PoisonError::into_inner).learn(&old, &new);
            }
        }
    }

    fn request(&self, exchange: &Exchange) -> reqwest::RequestBuilder {
        let twins = self.twins();
        let query = exchange.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let path = twins.translate(&format!("{}{query}", exchange.path)).replace(&self.file.head.slug, &self.slug);
        let url = format!("{}{path}", self.origin);
        let method = reqwest::Method::from_bytes(exchange.method.as_bytes()).unwrap_or(reqwest::Method::GET);
        let mut request = self.http.request(method, url);
        if let Some(token) = &exchange.token {
            request = request.bearer_auth(twins.translate(token));
        }
        request = match exchange.body.as_ref().map(|body| body.value()) {
            None => request,
            Some(Value::String(form)) => {
                request.header("content-type", "application/x-www-form-urlencoded").body(twins.translate(&form))
            }
            Some(json) => request.header("content-type", "application/json").body(twins.translate(&json.to_string())),
        };
        if exchange.answer.is_none() { request.timeout(IMPATIENCE) } else { request }
    }

    /// Waits for what the file still tells of after its last request.
    async fn settle(&self) {
        self.catch_up(u64::MAX).await;
        self.learn_events();
    }
}

/// Milliseconds from the machine's time to `at`.
fn until(at: Stamp) -> i64 {
    (at.0 - Clock::wall().0).div_euclid(1_000)
}
