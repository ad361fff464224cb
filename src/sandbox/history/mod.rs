//! A history: what happened in a sandbox, written out so that it can be made to happen again.
//!
//! The text is JSON, a line each: first the [`Head`], then the entries of the journal by their numbers.

pub mod compare;
pub mod receiver;
pub mod replay;
pub mod twins;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extracted;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::api::Shared;
use super::app::App;
use super::clock::Stamp;
use super::journal::entry::{Entry, Tried, What};
use super::journal::mask;
use super::state::State;

/// The form of this text; others are refused.
const VERSION: u32 = 1;

/// Whose history it is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Head {
    pub version: u32,
    /// It begins with a sandbox in which nothing had happened, and nothing is missing.
    pub whole: bool,
    pub organization_id: Uuid,
    /// In the addresses of its portal.
    pub slug: String,
    /// Of the app's own webhooks.
    pub endpoint_id: Uuid,
    /// The organization's, masked.
    pub token: String,
    /// Where the sandbox was.
    pub origin: String,
    /// Its time when the organization was made.
    pub began_at: Stamp,
}

/// A head and its entries, oldest first.
pub struct History {
    pub head: Head,
    pub entries: Vec<Entry>,
}

impl History {
    /// What happened in this sandbox until now.
    pub fn of(state: &State) -> Self {
        let head = Head {
            version: VERSION,
            whole: state.journal.is_whole(),
            organization_id: state.identity.organization_id,
            slug: state.identity.slug.clone(),
            endpoint_id: state.identity.endpoint_id,
            token: mask::tokens(&state.identity.token),
            origin: state.origin.clone(),
            began_at: state.identity.created_at,
        };
        Self { head, entries: state.journal.after(0).cloned().collect() }
    }

    /// As a text.
    pub fn text(&self) -> String {
        let entries = self.entries.iter().map(|entry| json!(entry).to_string() + "\n");
        std::iter::once(json!(self.head).to_string() + "\n").chain(entries).collect()
    }

    /// From a text.
    ///
    /// # Errors
    /// With the number of the line that is none of a history's, or when it cannot be replayed.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let wrong = |number: usize, error: serde_json::Error| format!("line {}: {error}", number + 1);
        let (number, first) = lines.next().ok_or("the history is empty")?;
        let head: Head = serde_json::from_str(first).map_err(|error| wrong(number, error))?;
        if head.version != VERSION {
            return Err(format!("this is form {} of a history; form {VERSION} is known", head.version));
        }
        if !head.whole {
            return Err("this history lacks its beginning: what was there before is not known".to_owned());
        }
        let read = |(number, line)| serde_json::from_str(line).map_err(|error| wrong(number, error));
        Ok(Self { head, entries: lines.map(read).collect::<Result<_, _>>()? })
    }

    /// The events in their order: the kind, and whether a fault dropped it.
    pub fn events(&self) -> impl Iterator<Item = &super::journal::entry::Told> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Event(told) => Some(told),
            _ => None,
        })
    }

    /// The attempts in the order in which they ended.
    pub fn attempts(&self) -> impl Iterator<Item = &Tried> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Attempt(tried) => Some(tried),
            _ => None,
        })
    }
}

/// `GET /sandbox/history`
pub fn router() -> Router<Arc<App>> {
    Router::new().route("/sandbox/history", get(history))
}

async fn history(Extracted(app): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/jsonl")], app.read(History::of).text())
}
