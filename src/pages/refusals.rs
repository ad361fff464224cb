//! What registering and logging in say when they are refused.

use crate::server::{
    http::{
        forms::{Rejected, reject},
        session, state,
    },
    services::accounts::{self, Refused},
};
use leptos::prelude::ServerFnError;

const WRONG_OR_UNPROVED: &str = "E-mail and password do not match, or the address is not confirmed yet. A link to another \
                                 password confirms it as well.";

/// The refusal beside the field that it is about; the address stays typed, the password never does.
#[must_use]
pub fn refusal(refused: Refused, email: &str) -> ServerFnError {
    let rejected = match refused {
        Refused::Email(mistake) => Rejected::field("email", mistake.to_string()),
        Refused::Password(mistake) => Rejected::field("password", mistake.to_string()),
        Refused::Taken => Rejected::field("email", "This address has an account already. Log in with it instead."),
        Refused::Unproved => Rejected::field("password", "Type the password of your account."),
        Refused::Wrong if !accounts::signs_in_at_once(&state()) => Rejected::field("password", WRONG_OR_UNPROVED),
        Refused::Wrong => Rejected::field("password", "E-mail and password do not match."),
        Refused::Same => Rejected::field("email", "This is the address that your account has."),
        Refused::Spent => Rejected::form("This link does not work any more. Nothing was changed."),
        Refused::TooMany(wait) => Rejected::too_many(wait),
        Refused::Busy => Rejected::unavailable("Many people are logging in just now. Please try again in a moment."),
        Refused::Store(error) => return unavailable(&error, email),
    };
    reject(rejected.with("email", email))
}

/// The refusal to do something by `field`, where its password was asked for; the address stays typed.
#[must_use]
pub fn not_proved(refused: Refused, field: &'static str, email: &str) -> ServerFnError {
    let beside = |words: &str| reject(Rejected::field(field, words).with("email", email));
    match refused {
        Refused::Unproved => beside("Type the password of your account. It is asked for once in ten minutes."),
        Refused::Wrong => beside("This is not the password of the account."),
        Refused::Taken => reject(Rejected::form("This address has another account by now. Nothing was changed.")),
        other => refusal(other, email),
    }
}

/// The session could not be written.
#[must_use]
pub fn no_session(error: &session::Error, email: &str) -> ServerFnError {
    unavailable(error, email)
}

/// Our records do not answer; nothing was typed that is to be kept.
#[must_use]
pub fn unreachable(error: &dyn std::fmt::Display) -> ServerFnError {
    unavailable(error, "")
}

fn unavailable(error: &dyn std::fmt::Display, email: &str) -> ServerFnError {
    tracing::error!(%error, "accounts cannot be reached");
    let sentence = "We cannot reach our records just now. Nothing was changed. Please try again in a moment.";
    reject(Rejected::unavailable(sentence).with("email", email))
}
