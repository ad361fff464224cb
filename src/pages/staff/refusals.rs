//! What an act is told when it is refused: beside its field, with what was typed kept.

use crate::server::{
    http::{
        forms::{Rejected, reject},
        reply,
    },
    services::{Error, staffing::Refused},
};
use leptos::prelude::ServerFnError;

/// The refusal, with the names and contents of the fields.
pub fn refusal(refused: Refused, typed: &[(&'static str, &str)]) -> ServerFnError {
    let words = refused.to_string();
    let rejected = match refused {
        Refused::Reason => Rejected::field("reason", words),
        Refused::NoSuchUser => Rejected::field("user", words),
        Refused::NoSuchThing => Rejected::field("what", words),
        Refused::HowMany => Rejected::field("how_many", words),
        Refused::Expiry => Rejected::field("until", words),
        Refused::Amount { .. } => Rejected::field("amount", words),
        Refused::Cause => Rejected::field("cause", words),
        Refused::Busy | Refused::Gone | Refused::UnderWay | Refused::Changed | Refused::Declined(_) => {
            Rejected::form(words)
        }
        Refused::NoAnswer => Rejected::unavailable(words),
        Refused::Store(error) => {
            tracing::error!(%error, "an act of staff failed");
            Rejected::unavailable("The database does not answer. Nothing was changed. Please try again in a moment.")
        }
    };
    reject(typed.iter().fold(rejected, |rejected, (name, value)| rejected.with(name, value)))
}

/// What was read; when it could not be, the page says so.
pub fn known<T>(read: Result<T, Error>) -> Option<T> {
    read.inspect_err(|error| reply::unavailable(error)).ok()
}
