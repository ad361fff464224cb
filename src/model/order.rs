//! OUR orders: one wish to buy each, from the quote that was consented to until access is there.

use super::instant::{DAY, Millis};

/// Where an order is. Only `Done` is final: a superseded, expired or refused order whose checkout was paid all the same
/// is honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A checkout is being made.
    Committing,
    /// The buyer may pay at Polar.
    CheckoutOpen,
    /// Polar has the payment; its object has not been folded yet.
    Paid,
    /// What was bought is in the mirror and folded.
    Done,
    /// Not made, with the outcome as reason.
    Refused,
    /// The checkout ran out.
    Expired,
    /// A newer order took its place.
    Superseded,
    /// The answer to a change was lost.
    Unsettled,
}

const STATES: [(State, &str); 8] = [
    (State::Committing, "committing"),
    (State::CheckoutOpen, "checkout_open"),
    (State::Paid, "paid"),
    (State::Done, "done"),
    (State::Refused, "refused"),
    (State::Expired, "expired"),
    (State::Superseded, "superseded"),
    (State::Unsettled, "unsettled"),
];

impl State {
    /// As stored.
    #[must_use]
    pub fn stored(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("refused", |(_, word)| word)
    }

    /// Reads what [`State::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        STATES.iter().find(|(_, word)| *word == text).map(|(state, _)| *state)
    }
}

/// How far a purchase has come, for the buyer's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The checkout is being made.
    Preparing,
    /// Polar waits for the payment.
    Open,
    /// The buyer pressed Pay; the bank has not answered (C§2.3: not paid).
    Confirmed,
    /// Polar has the payment.
    Paid,
    /// Polar's record of it has reached us.
    Received,
    /// Access is there.
    Granted,
    /// The checkout ran out unpaid.
    Expired,
    /// Another order took its place.
    Superseded,
    /// Nothing was made; nothing is charged.
    Refused,
}

impl Stage {
    /// The word for `data-stage`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Paid => "paid",
            Self::Received => "received",
            Self::Granted => "granted",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
        }
    }

    /// Whether nothing more will happen by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Granted | Self::Expired | Self::Superseded | Self::Refused)
    }
}

/// What the stage is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'o> {
    /// Where our order is.
    pub state: State,
    /// Polar's word for the checkout, as last read.
    pub checkout_status: Option<&'o str>,
    /// Whether Polar's object has been received.
    pub received: bool,
}

impl Progress<'_> {
    /// How far it has come.
    #[must_use]
    pub fn stage(self) -> Stage {
        match (self.state, self.checkout_status) {
            (State::Done, _) => Stage::Granted,
            (State::Paid, _) | (_, Some("succeeded")) if self.received => Stage::Received,
            (State::Paid, _) | (_, Some("succeeded")) => Stage::Paid,
            (_, Some("confirmed")) => Stage::Confirmed,
            (State::Committing | State::Unsettled, _) => Stage::Preparing,
            (State::CheckoutOpen, _) => Stage::Open,
            (State::Refused, _) => Stage::Refused,
            (State::Expired, _) => Stage::Expired,
            (State::Superseded, _) => Stage::Superseded,
        }
    }
}

/// Whether a checkout that was not folded may still turn into access: then nobody may be told "no" yet. A confirmed one
/// counts for a day after it was last read.
#[must_use]
pub fn may_become_access(state: State, checkout_status: Option<&str>, checked_at: Option<Millis>, now: Millis) -> bool {
    let recent = || checked_at.is_some_and(|at| now - at < DAY);
    match checkout_status {
        Some("succeeded") => state != State::Done,
        Some("confirmed") => state != State::Done && recent(),
        _ => state == State::Paid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_survive_storage() {
        assert!(STATES.iter().all(|(state, word)| State::of_stored(word) == Some(*state) && state.stored() == *word));
        assert_eq!(State::of_stored("lost"), None);
    }

    #[test]
    fn stages_follow_the_money_not_the_redirect() {
        let stage = |state, checkout_status, received| Progress { state, checkout_status, received }.stage();
        assert_eq!(stage(State::CheckoutOpen, Some("open"), false), Stage::Open);
        assert_eq!(stage(State::CheckoutOpen, Some("confirmed"), false), Stage::Confirmed);
        assert_eq!(stage(State::Paid, Some("succeeded"), false), Stage::Paid);
        assert_eq!(stage(State::Superseded, Some("succeeded"), true), Stage::Received);
        assert_eq!(stage(State::Superseded, Some("open"), false), Stage::Superseded);
        assert_eq!(stage(State::Done, Some("succeeded"), true), Stage::Granted);
    }

    #[test]
    fn a_payment_seen_but_not_folded_is_never_a_no() {
        let may = |state, status, checked| may_become_access(state, status, checked, 2 * DAY);
        assert!(may(State::Superseded, Some("succeeded"), None));
        assert!(may(State::CheckoutOpen, Some("confirmed"), Some(2 * DAY - 1)));
        assert!(!may(State::CheckoutOpen, Some("confirmed"), Some(1)));
        assert!(!may(State::Done, Some("succeeded"), None));
        assert!(!may(State::CheckoutOpen, Some("open"), Some(2 * DAY)));
    }
}
