//! Several organizations in one process. Each is an [`App`] of its own: state, clock, faults, endpoints, sender, jobs and
//! file; nothing is shared but the address.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::Router;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::app::{self, App};
use super::organization::{New, Organization, TAKEN, slugged};
use super::state::State;
use super::{api, hooks, life};

const DEFAULT_NAME: &str = "Organization";

/// An organization at work.
#[derive(Clone)]
pub struct Running {
    pub app: Arc<App>,
    pub router: Router,
}

/// All of them; the first is the app's own.
pub struct Organizations {
    all: RwLock<Vec<Running>>,
    /// Held while a slug is chosen, so that no two get the same.
    naming: Mutex<()>,
    /// Holds a file for each one but the first.
    folder: Option<PathBuf>,
    /// Where pages and API are reached.
    pub origin: String,
    /// Cancelled when the sandbox stops.
    pub stop: CancellationToken,
    /// The server.
    pub tasks: TaskTracker,
}

impl Organizations {
    /// Starts the first organization, which delivers to `webhook_url` and is kept in `file`, and all that are kept beside it.
    ///
    /// # Errors
    /// When a file is unreadable.
    pub async fn start(origin: String, file: Option<PathBuf>, webhook_url: &str) -> io::Result<Arc<Self>> {
        let folder = file.as_deref().map(|file| file.with_extension("organizations"));
        let mut first = app::load(file.as_deref())?.unwrap_or_else(State::new);
        first.adopt(webhook_url);
        let others = kept(folder.as_deref())?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let all = Arc::new(Self { all: RwLock::default(), naming: Mutex::default(), folder, origin, stop, tasks });
        all.run(first, file)?.save().await;
        for (state, file) in others {
            all.run(state, Some(file))?;
        }
        Ok(all)
    }

    /// Starts the tasks of an organization and lists it.
    fn run(&self, mut state: State, file: Option<PathBuf>) -> io::Result<Arc<App>> {
        state.origin.clone_from(&self.origin);
        let app = Arc::new(App::new(state, file));
        app.tasks.spawn(hooks::sender::Sender::new(Arc::clone(&app))?.run());
        app.tasks.spawn(life::jobs::run(Arc::clone(&app)));
        let saver = Arc::clone(&app);
        app.tasks.spawn(async move { saver.keep_saving().await });
        self.write().push(Running { app: Arc::clone(&app), router: api::router(Arc::clone(&app)) });
        Ok(app)
    }

    /// Makes an organization, with an endpoint that is told everything.
    ///
    /// # Errors
    /// In words: what is wrong with the wish, or why it could not be started.
    pub async fn add(&self, wish: New) -> Result<Organization, String> {
        let (made, app) = self.make(wish)?;
        app.save().await;
        Ok(made)
    }

    fn make(&self, wish: New) -> Result<(Organization, Arc<App>), String> {
        let _one_at_a_time = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let url = wish.webhook_url.unwrap_or_default();
        if !url.is_empty() && url::Url::parse(&url).map_or(true, |url| !["http", "https"].contains(&url.scheme())) {
            return Err(format!("{url:?} is no address that webhooks can be sent to."));
        }
        let name = wish.name.filter(|name| !name.trim().is_empty());
        let slug = match wish.slug.filter(|slug| !slug.is_empty()) {
            Some(slug) => self.free(slug)?,
            None => self.derived(name.as_deref().unwrap_or(DEFAULT_NAME)),
        };
        let mut state = State::named(name.unwrap_or_else(|| slug.clone()), slug);
        state.adopt(&url);
        let made = Organization::of(&state);
        let file = self.folder.as_ref().map(|folder| folder.join(format!("{}.json", made.id)));
        let app = self.run(state, file).map_err(|error| error.to_string())?;
        Ok((made, app))
    }

    fn free(&self, slug: String) -> Result<String, String> {
        if slug.len() < 3 || slugged(&slug) != slug {
            return Err(format!("{slug:?} is no slug: three or more lower-case letters, digits and single hyphens."));
        }
        if TAKEN.contains(&slug.as_str()) || self.find(&slug).is_some() {
            return Err(format!("The slug {slug:?} is taken."));
        }
        Ok(slug)
    }

    /// The name as a slug, with a number if that is taken.
    fn derived(&self, name: &str) -> String {
        let stem = Some(slugged(name)).filter(|slug| slug.len() >= 3).unwrap_or_else(|| slugged(DEFAULT_NAME));
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut tried = std::iter::once(stem.clone()).chain(numbered);
        tried.find(|slug| self.free(slug.clone()).is_ok()).expect("numbers do not run out")
    }

    /// Stops an organization and forgets it. None when there is none; false for the first, which stays.
    pub async fn remove(&self, key: &str) -> Option<bool> {
        let gone = {
            let mut all = self.write();
            let place = all.iter().position(|one| one.app.read(|state| state.is_called(key)))?;
            if place == 0 {
                return Some(false);
            }
            all.remove(place)
        };
        gone.app.end().await;
        gone.app.forget().await;
        Some(true)
    }

    /// The state of each.
    pub fn apps(&self) -> Vec<Arc<App>> {
        self.read().iter().map(|one| Arc::clone(&one.app)).collect()
    }

    /// The app's own.
    pub fn first(&self) -> Running {
        self.read().first().expect("the first organization is never removed").clone()
    }

    /// The one of this id or slug.
    pub fn find(&self, key: &str) -> Option<Running> {
        self.search(|state| state.is_called(key))
    }

    /// The first one whose state is wanted.
    pub fn search(&self, wanted: impl Fn(&State) -> bool) -> Option<Running> {
        self.read().iter().find(|one| one.app.read(&wanted)).cloned()
    }

    /// Names of all, without their secrets.
    pub fn list(&self) -> Vec<Value> {
        let shown = |state: &State| {
            let who = Organization::of(state);
            json!({"id": who.id, "name": who.name, "slug": who.slug, "endpoint_id": who.endpoint_id,
                "now": state.clock.peek(), "offset_ms": state.clock.offset_ms})
        };
        self.read().iter().map(|one| one.app.read(shown)).collect()
    }

    /// The first one, with its secrets.
    pub fn own(&self) -> Organization {
        self.first().app.read(Organization::of)
    }

    /// Takes no more requests, lets deliveries in flight finish and writes every state.
    pub async fn end(&self) {
        self.stop.cancel();
        let all = self.read().clone();
        all.iter().for_each(|one| one.app.stop.cancel());
        self.tasks.close();
        self.tasks.wait().await;
        for one in all {
            one.app.end().await;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Running>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Running>> {
        self.all.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The organizations of this folder, the oldest first.
fn kept(folder: Option<&Path>) -> io::Result<Vec<(State, PathBuf)>> {
    let Some(entries) = folder.and_then(|folder| std::fs::read_dir(folder).ok()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json")
            && let Some(state) = app::load(Some(&path))?
        {
            found.push((state, path));
        }
    }
    found.sort_by_key(|(state, _)| state.identity.created_at);
    Ok(found)
}
