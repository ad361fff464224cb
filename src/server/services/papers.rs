//! The receipt or the invoice of a bill of one's own: asked of Polar on a click, shown once, never stored or logged.

use super::Error;
use crate::{
    model::{budget::Urgency, projection::Kind},
    server::{
        db::mirror,
        polar::{self, Paper},
        state::State,
    },
};
use url::Url;

/// Which paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// That it was paid.
    Receipt,
    /// The bill itself, with names and taxes.
    Invoice,
}

impl Sort {
    /// Reads the word of an address.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Receipt, Self::Invoice].into_iter().find(|sort| sort.word() == word)
    }

    /// The word in addresses, and what people read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Invoice => "invoice",
        }
    }
}

/// What came of asking.
pub enum Asked {
    /// It can be fetched here for a while. The address is a key.
    Ready(String),
    /// Polar is making it.
    BeingMade,
    /// There is none; an invoice can be made.
    Missing,
    /// Polar does not know yet who pays: name and address.
    NeedsAddress,
    /// The customer at Polar is shared with somebody else, whose name may stand on it.
    Shared,
    /// There is no such bill of theirs.
    NotFound,
    /// Polar does not answer.
    Down,
}

/// Looks for the paper of a bill.
///
/// # Errors
/// When the database fails.
pub async fn find(state: &State, user: &str, bill: &str, sort: Sort) -> Result<Asked, Error> {
    if let Some(refused) = refused(state, user, bill).await? {
        return Ok(refused);
    }
    let polar = state.polar.at(Urgency::Confirming);
    let found = match sort {
        Sort::Receipt => polar.receipt(bill).await,
        Sort::Invoice => polar.invoice(bill).await,
    };
    Ok(match found {
        Ok(Paper::Ready(address)) if may_be_shown(&address) => Asked::Ready(address),
        Ok(Paper::Ready(_)) => {
            tracing::error!(bill, "Polar's link to a paper is no secure address");
            Asked::Down
        }
        Ok(Paper::BeingMade) => Asked::BeingMade,
        Ok(Paper::Missing) => Asked::Missing,
        Err(error) => down(bill, &error),
    })
}

/// Has the invoice of a bill made.
///
/// # Errors
/// When the database fails.
pub async fn make_invoice(state: &State, user: &str, bill: &str) -> Result<Asked, Error> {
    if let Some(refused) = refused(state, user, bill).await? {
        return Ok(refused);
    }
    Ok(match state.polar.at(Urgency::Confirming).make_invoice(bill).await {
        Ok(()) => Asked::BeingMade,
        Err(error) if error.is_invalid() => Asked::NeedsAddress,
        Err(polar::Error::Refused { .. } | polar::Error::NotFound) => Asked::Missing,
        Err(error) => down(bill, &error),
    })
}

async fn refused(state: &State, user: &str, bill: &str) -> Result<Option<Asked>, Error> {
    let row = mirror::object(&state.db, Kind::Order, bill).await?;
    let Some(row) = row.filter(|row| row.owner_id.as_deref() == Some(user)) else { return Ok(Some(Asked::NotFound)) };
    // What is theirs may hang on somebody else's customer, with whose name and address it is made.
    let customer = mirror::customer(&state.db, row.customer_id.as_deref().unwrap_or_default()).await?;
    let is_theirs = customer.is_some_and(|customer| customer.external_id.as_deref() == Some(user));
    let is_shared = !is_theirs || mirror::holds_foreign(&state.db, user).await?;
    Ok(is_shared.then_some(Asked::Shared))
}

fn down(bill: &str, error: &polar::Error) -> Asked {
    tracing::warn!(bill, error = %error, "a paper cannot be asked for");
    Asked::Down
}

/// Whether a link leads where nobody reads along; the built-in sandbox is on this machine.
fn may_be_shown(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secure_links_are_shown() {
        assert!(may_be_shown("https://files.example.com/a?sig=1") && may_be_shown("http://localhost:3010/documents/a"));
        for other in ["http://example.com/a", "javascript:alert(1)", "data:text/html,x", "/here", ""] {
            assert!(!may_be_shown(other), "{other}");
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert_eq!(
            ["receipt", "invoice", "other"].map(Sort::of_word),
            [Some(Sort::Receipt), Some(Sort::Invoice), None]
        );
    }
}
