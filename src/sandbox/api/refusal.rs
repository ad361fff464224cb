//! How Polar says no: the error bodies of C§1.4.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const INVALID: &str = "The access token provided is expired, revoked, malformed, or invalid for other reasons.";
const WRONG_SUBJECT: &str = "The subject of this access token is not valid for this endpoint.";
const INSUFFICIENT: &str = "The request requires higher privileges than provided by the access token.";

/// One entry of a 422: where, what kind, in words, and what was sent.
#[derive(Clone, Debug)]
pub struct Detail {
    pub kind: &'static str,
    pub loc: Vec<Value>,
    pub msg: String,
    pub input: Value,
    pub ctx: Option<Box<Value>>,
}

impl Detail {
    /// An entry about a field of the body.
    pub fn body(kind: &'static str, field: &str, msg: impl Into<String>, input: Value) -> Self {
        Self { kind, loc: vec![json!("body"), json!(field)], msg: msg.into(), input, ctx: None }
    }

    /// The same entry with its `ctx`.
    pub fn with(mut self, ctx: Value) -> Self {
        self.ctx = Some(Box::new(ctx));
        self
    }

    fn json(self) -> Value {
        let mut entry = json!({"type": self.kind, "loc": self.loc, "msg": self.msg, "input": self.input});
        if let Some(ctx) = self.ctx {
            entry["ctx"] = *ctx;
        }
        entry
    }
}

/// Why a request is not answered as wished.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// 404 of an object (also of another organization's).
    NotFound,
    /// 404 of a route: without `error`.
    NoRoute,
    /// 401 without a token.
    Unauthorized,
    /// 401 with a token that is none of ours.
    InvalidToken,
    /// 401 with a token of the wrong kind of holder: these would do.
    WrongSubject(&'static str),
    /// 403 of a token without these scopes.
    InsufficientScope(String),
    /// 422 of the schema.
    Invalid(Vec<Detail>),
    /// 422 of the business: the object named does not exist, is taken, and so on.
    Business(Vec<Detail>),
    /// Any other error of the domain.
    Domain(StatusCode, &'static str, String),
}

impl Refusal {
    /// A business refusal with one entry about one field.
    pub fn field(field: &str, msg: &str, input: Value) -> Self {
        Self::Business(vec![Detail::body("value_error", field, msg, input)])
    }

    /// The same refusal of an entry of the list `field`: its fields lie within it.
    pub fn within(mut self, field: &str, place: usize) -> Self {
        if let Self::Invalid(details) | Self::Business(details) = &mut self {
            for detail in details {
                if detail.loc.get(1) != Some(&json!(field)) {
                    detail.loc.insert(1, json!(field));
                }
                detail.loc.insert(2, json!(place));
            }
        }
        self
    }

    /// An error of the domain.
    pub fn domain(status: StatusCode, error: &'static str, detail: impl Into<String>) -> Self {
        Self::Domain(status, error, detail.into())
    }

    /// What to tell a person at a hosted page.
    pub fn words(&self) -> String {
        match self {
            Self::Domain(_, _, detail) => detail.clone(),
            Self::Invalid(details) | Self::Business(details) => {
                details.first().map_or_else(String::new, |detail| detail.msg.clone())
            }
            _ => "Not found".to_owned(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let list = |details: Vec<Detail>| details.into_iter().map(Detail::json).collect::<Vec<_>>();
        let (status, body) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, json!({"error": "ResourceNotFound", "detail": "Not found"})),
            Self::NoRoute => (StatusCode::NOT_FOUND, json!({"detail": "Not Found"})),
            Self::Unauthorized => return unauthorized(),
            Self::InvalidToken => return oauth(StatusCode::UNAUTHORIZED, "invalid_token", INVALID, ""),
            Self::WrongSubject(right) => {
                let right = format!(", allowed_subjects=\"{right}\"");
                return oauth(StatusCode::UNAUTHORIZED, "invalid_token", WRONG_SUBJECT, &right);
            }
            Self::InsufficientScope(scopes) => {
                return oauth(
                    StatusCode::FORBIDDEN,
                    "insufficient_scope",
                    INSUFFICIENT,
                    &format!(", scope=\"{scopes}\""),
                );
            }
            Self::Invalid(details) => {
                (StatusCode::UNPROCESSABLE_ENTITY, json!({"error": "RequestValidationError", "detail": list(details)}))
            }
            Self::Business(details) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({"error": "PolarRequestValidationError", "detail": list(details)}),
            ),
            Self::Domain(status, error, detail) => (status, json!({"error": error, "detail": detail})),
        };
        (status, Json(body)).into_response()
    }
}

fn unauthorized() -> Response {
    let body = json!({"error": "Unauthorized", "detail": "Unauthorized"});
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"polar\"")], Json(body)).into_response()
}

/// The form of OAuth, with a challenge that repeats the error.
fn oauth(status: StatusCode, error: &str, description: &str, more: &str) -> Response {
    let challenge = format!("Bearer realm=\"polar\"{more}, error=\"{error}\", error_description=\"{description}\"");
    let challenge = HeaderValue::from_str(&challenge).expect("the challenge is plain ASCII");
    let headers = [
        (header::WWW_AUTHENTICATE, challenge),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers, Json(json!({"error": error, "error_description": description}))).into_response()
}
