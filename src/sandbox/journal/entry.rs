//! One line of the journal, as it is kept and as it is shown.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::clock::Stamp;
use crate::sandbox::control::Fault;

/// About what an entry takes beside its bodies.
const OVERHEAD: usize = 300;

/// One thing that happened.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    /// By the sandbox's clock; of a request, when it came.
    pub at: Stamp,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Somebody asked.
    Request(Exchange),
    /// An event came up for an endpoint.
    Event(Told),
    /// It was sent, and this came back.
    Attempt(Tried),
}

/// A request and its answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Exchange {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// Of the `Authorization` header, masked.
    pub token: Option<String>,
    pub body: Option<Body>,
    /// None while the answer is being made, and for ever if whoever asked went away.
    pub answer: Option<Answer>,
}

/// What was answered.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    /// It came instead of the real one.
    pub fault: Option<Fault>,
    /// Of answers in JSON.
    pub body: Option<Body>,
    /// The number of the newest entry when it was given: what came between happened meanwhile.
    pub after: u64,
}

/// An event for one endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub struct Told {
    pub webhook_id: Uuid,
    pub endpoint_id: Uuid,
    pub kind: String,
    /// By the fault that drops events: it is never sent.
    pub dropped: bool,
    pub body: Body,
}

/// One attempt to deliver an event.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tried {
    pub webhook_id: Uuid,
    pub kind: String,
    /// Its signature was made wrong on purpose.
    pub corrupt: bool,
    /// None without an answer.
    pub http_code: Option<u16>,
    /// Of the bytes that were sent, in hexadecimal.
    pub sha256: String,
}

/// The text of a body in JSON; other bodies (forms) are one JSON string.
#[derive(Clone)]
pub struct Body(String);

impl Body {
    /// A body as sent, already masked: what is not JSON becomes a string.
    pub fn text(text: &str) -> Self {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        Self(if json { text.to_owned() } else { Value::from(text).to_string() })
    }

    /// What it says.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<Value>(&self.0).map_err(S::Error::custom)?.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde_json::to_string(&Value::deserialize(from)?).map(Self).map_err(D::Error::custom)
    }
}

impl Entry {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        let of = |body: Option<&Body>| body.map_or(0, |body| body.0.len());
        OVERHEAD
            + match &self.what {
                What::Request(one) => {
                    let answer = one.answer.as_ref().and_then(|answer| answer.body.as_ref());
                    one.path.len() + one.query.as_ref().map_or(0, String::len) + of(one.body.as_ref()) + of(answer)
                }
                What::Event(one) => of(Some(&one.body)),
                What::Attempt(one) => one.sha256.len(),
            }
    }
}
