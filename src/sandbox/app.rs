//! The running sandbox: the state behind a lock, who is told when it changes, and the file it is kept in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::state::State;

/// How long after a change the file is written, at least; changes in between go with it.
const SAVE_AFTER: Duration = Duration::from_millis(50);
/// A wait is so many times longer than the last writing took: the larger the state, the rarer it is written.
const REST: u32 = 20;

/// What handlers and tasks share.
pub struct App {
    state: Mutex<State>,
    changed: watch::Sender<()>,
    file: Option<PathBuf>,
    /// Cancelled when the sandbox stops.
    pub stop: CancellationToken,
    /// Server, tasks and deliveries in flight.
    pub tasks: TaskTracker,
}

impl App {
    /// The sandbox with this state, kept in `file` if there is one.
    pub fn new(state: State, file: Option<PathBuf>) -> Self {
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            file,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Reads the state.
    pub fn read<T>(&self, reader: impl FnOnce(&State) -> T) -> T {
        reader(&self.lock())
    }

    /// Changes the state and tells everybody who waits for changes.
    pub fn write<T>(&self, writer: impl FnOnce(&mut State) -> T) -> T {
        let answer = writer(&mut self.lock());
        self.changed.send_replace(());
        answer
    }

    /// Changes what nobody waits for (marks of the sender), without telling.
    pub fn note<T>(&self, writer: impl FnOnce(&mut State) -> T) -> T {
        writer(&mut self.lock())
    }

    /// Sees every later [`App::write`].
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Writes the file soon after each change, until the sandbox stops.
    pub async fn keep_saving(&self) {
        let (mut changes, mut wait) = (self.changes(), SAVE_AFTER);
        while self.stop.run_until_cancelled(changes.changed()).await.is_some() {
            self.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            changes.mark_unchanged();
            let began = Instant::now();
            self.save().await;
            wait = SAVE_AFTER.max(began.elapsed() * REST);
        }
    }

    /// Writes the file now. A failure is logged: the sandbox goes on in memory.
    pub async fn save(&self) {
        let Some(file) = self.file.clone() else { return };
        let written = match self.read(serde_json::to_vec) {
            Ok(bytes) => tokio::task::spawn_blocking(move || replace(&file, &bytes))
                .await
                .unwrap_or_else(|e| Err(io::Error::other(e))),
            Err(error) => Err(io::Error::other(error)),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "the sandbox could not save its state");
        }
    }

    /// Stops the tasks, lets deliveries in flight finish and writes the file.
    pub async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.save().await;
    }

    /// Removes the file. A failure is logged.
    pub async fn forget(&self) {
        let Some(file) = &self.file else { return };
        if let Err(error) = tokio::fs::remove_file(file).await {
            tracing::warn!(%error, "the sandbox could not remove the state of an organization");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the state from `file`; none if there is no file.
pub fn load(file: Option<&Path>) -> io::Result<Option<State>> {
    let Some(file) = file else { return Ok(None) };
    match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let text = format!("{} is not a state of this sandbox ({error}); remove it to start anew", file.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Readers see the old file or the new one, never a part.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension("draft");
    std::fs::write(&draft, bytes)?;
    std::fs::rename(&draft, file)
}
