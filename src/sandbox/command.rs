//! The switches from a shell: `boreal sandbox clock`, `faults`, `organizations`, … talk to a sandbox that runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::history::replay;

/// A long journey of the clock takes a while.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to do with the sandbox that runs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the time of an organization, or move it on; everything due on the way happens
    Clock(Clock),
    /// Show what goes wrong on purpose, set some of it (drop_percent=20 seed=7), or switch it `off`
    Faults {
        /// `name=value` for each switch to set, or `off`
        settings: Vec<String>,
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// List the organizations, or add and remove one
    Organizations {
        /// What to change; only listed if not given
        #[command(subcommand)]
        change: Option<Change>,
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// List the webhooks that were sent, the newest last
    Events {
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// Send a webhook again
    Redeliver {
        /// Its `webhook-id`
        id: Uuid,
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// Print what happened as a text that `replay` makes happen again
    History {
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// Make what a history tells happen again in a fresh sandbox, and say where it goes another way
    Replay {
        /// What `history` printed, or a failed test wrote
        file: PathBuf,
    },
    /// Forget everything but the organization, its token and its secret
    Reset {
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
}

/// Where the sandbox is, and which of its organizations is meant.
#[derive(Clone, Debug, Args)]
pub struct At {
    /// Where the sandbox is
    #[arg(long, env = "BOREAL_SANDBOX_ORIGIN", default_value = "http://127.0.0.1:3010")]
    origin: String,
    /// Id or slug of an organization; the first if not given
    #[arg(long)]
    organization: Option<String>,
}

/// Where to move the clock.
#[derive(Debug, Args)]
pub struct Clock {
    /// A time (2027-01-31T12:00:00Z or 2027-01-31), "next renewal" or "past dunning"
    #[arg(long, conflicts_with = "advance")]
    to: Option<String>,
    /// A length of time: 90s, 15m, 12h, 30d, 2w
    #[arg(long)]
    advance: Option<String>,
    /// Whose renewal or dunning
    #[arg(long, requires = "to")]
    subscription: Option<Uuid>,
    /// Which sandbox
    #[command(flatten)]
    at: At,
}

/// What to change about the organizations.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Make one; its token and secrets are shown this once
    Add {
        /// Shown to its buyers
        name: String,
        /// In the addresses of its pages; made from the name if not given
        #[arg(long)]
        slug: Option<String>,
        /// Where its webhooks go
        #[arg(long)]
        webhook_url: Option<String>,
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
    /// Stop one and forget it
    Remove {
        /// Its id or slug
        key: String,
        /// Which sandbox
        #[command(flatten)]
        at: At,
    },
}

/// One request to the sandbox.
struct Call<'a> {
    at: &'a At,
    method: reqwest::Method,
    path: String,
    body: Value,
}

impl Command {
    /// Does it; what to tell the user.
    ///
    /// # Errors
    /// In words: the sandbox is not there, or refuses.
    pub async fn run(&self) -> Result<String, String> {
        if let Self::Replay { file } = self {
            return again(file).await;
        }
        let text = self.call()?.send().await?;
        Ok(match (self, serde_json::from_str(&text)) {
            (Self::History { .. }, _) => text.trim_end().to_owned(),
            (Self::Events { .. }, Ok(answer)) => lines(&answer),
            (_, Ok(Value::Null) | Err(_)) => "Done.".to_owned(),
            (_, Ok(answer)) => format!("{answer:#}"),
        })
    }

    fn call(&self) -> Result<Call<'_>, String> {
        let get = |at, path: &str| Call::new(at, "GET", path, Value::Null);
        Ok(match self {
            Self::Clock(Clock { to: None, advance: None, at, .. }) => get(at, "clock"),
            Self::Clock(Clock { to, advance, subscription, at }) => {
                Call::new(at, "POST", "clock", json!({"to": to, "advance": advance, "subscription_id": subscription}))
            }
            Self::Faults { settings, at } => match settings.as_slice() {
                [] => get(at, "faults"),
                [off] if off == "off" => Call::new(at, "DELETE", "faults", Value::Null),
                several => Call::new(at, "PUT", "faults", switches(several)?),
            },
            Self::Organizations { change: None, at } => get(at, "organizations"),
            Self::Organizations { change: Some(change), .. } => change.call(),
            Self::Events { at } => get(at, "deliveries"),
            Self::Redeliver { id, at } => Call::new(at, "POST", "deliver", json!({"webhook_id": id})),
            Self::History { at } => get(at, "history"),
            Self::Replay { .. } => return Err("A replay has a sandbox of its own.".to_owned()),
            Self::Reset { at } => Call::new(at, "POST", "reset", Value::Null),
        })
    }
}

impl Change {
    fn call(&self) -> Call<'_> {
        match self {
            Self::Add { name, slug, webhook_url, at } => {
                let body = json!({"name": name, "slug": slug, "webhook_url": webhook_url});
                Call::new(at, "POST", "organizations", body)
            }
            Self::Remove { key, at } => Call::new(at, "DELETE", &format!("organizations/{key}"), Value::Null),
        }
    }
}

impl<'a> Call<'a> {
    fn new(at: &'a At, method: &str, path: &str, body: Value) -> Self {
        let method = method.parse().expect("the methods above are methods");
        Self { at, method, path: format!("/sandbox/{path}"), body }
    }

    async fn send(self) -> Result<String, String> {
        let origin = self.at.origin.trim_end_matches('/');
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|e| e.to_string())?;
        let mut request = client.request(self.method, format!("{origin}{}", self.path));
        if let Some(key) = &self.at.organization {
            request = request.query(&[("organization", key)]);
        }
        if !self.body.is_null() {
            request = request.json(&self.body);
        }
        let gone = |error: reqwest::Error| format!("There is no sandbox at {origin} ({error}). Is it running?");
        let answer = request.send().await.map_err(gone)?;
        let (status, mark) = (answer.status(), answer.headers().contains_key("x-polar-sandbox"));
        let text = answer.text().await.map_err(gone)?;
        match status.is_success() {
            false if text.is_empty() => Err(format!("The sandbox answers {status}.")),
            false => Err(text),
            true if !mark => Err(format!("What answers at {origin} is no sandbox.")),
            true => Ok(text),
        }
    }
}

/// Replays a file; an error if it went another way.
async fn again(file: &Path) -> Result<String, String> {
    let outcome = replay::file(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
    if !outcome.differences.is_empty() {
        return Err(outcome.differences.join("\n"));
    }
    let (events, attempts) = (outcome.replay.events().count(), outcome.replay.attempts().count());
    Ok(format!("It went the same way: {events} events, {attempts} attempts to deliver them."))
}

/// `name=value` as JSON; what is no JSON is a text.
fn switches(settings: &[String]) -> Result<Value, String> {
    let mut sent = Map::new();
    for setting in settings {
        let (name, value) =
            setting.split_once('=').ok_or_else(|| format!("{setting:?} is not of the form name=value."))?;
        sent.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| json!(value)));
    }
    Ok(Value::Object(sent))
}

/// A line for each event: id, kind, object, status, attempts, and the last answer.
fn lines(answer: &Value) -> String {
    let events = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |event: &Value| {
        let attempts = event["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        let last = attempts.last().map_or("waiting".to_owned(), |one| {
            one["http_code"].as_u64().map_or("no answer".to_owned(), |code| code.to_string())
        });
        let parts = [&event["webhook_id"], &event["type"], &event["object"], &event["status"]].map(word);
        format!("{} {} {last}", parts.join(" "), attempts.len())
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
