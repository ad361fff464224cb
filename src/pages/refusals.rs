//! What registering and logging in say when they are refused.

use crate::server::{
    http::{
        forms::{Rejected, reject},
        session,
    },
    services::accounts::Refused,
};
use leptos::prelude::ServerFnError;

/// The refusal beside the field that it is about; the address stays typed, the password never does.
#[must_use]
pub fn refusal(refused: Refused, email: &str) -> ServerFnError {
    let rejected = match refused {
        Refused::Email(mistake) => Rejected::field("email", mistake.to_string()),
        Refused::Password(mistake) => Rejected::field("password", mistake.to_string()),
        Refused::Taken => Rejected::field("email", "This address has an account already. Log in with it instead."),
        Refused::Wrong => Rejected::field("password", "E-mail and password do not match."),
        Refused::TooMany(wait) => Rejected::too_many(wait),
        Refused::Busy => Rejected::unavailable("Many people are logging in just now. Please try again in a moment."),
        Refused::Store(error) => return unavailable(&error, email),
    };
    reject(rejected.with("email", email))
}

/// The session could not be written.
#[must_use]
pub fn no_session(error: &session::Error, email: &str) -> ServerFnError {
    unavailable(error, email)
}

fn unavailable(error: &dyn std::fmt::Display, email: &str) -> ServerFnError {
    tracing::error!(%error, "accounts cannot be reached");
    let sentence = "We cannot reach our records just now. Nothing was changed. Please try again in a moment.";
    reject(Rejected::unavailable(sentence).with("email", email))
}
