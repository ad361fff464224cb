//! The test cards of C§8 and what each does: when it is given, and when it is charged later.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// A kind of card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    Pays,
    Declined,
    Insufficient,
    /// Asks its holder to confirm, then pays.
    Confirms,
    /// The holder did not confirm.
    Unconfirmed,
    /// Pays while the holder is there, and is declined later; the next attempt might work.
    PaysOnce,
    /// Pays while the holder is there, and is reported lost afterwards: no attempt will ever work.
    Lost,
}

/// Number, kind and what to tell people about it. The number of the lost card is Stripe's for a decline with
/// `lost_card`; there it is declined at once, here only when its holder is away, so that renewals can meet it.
pub const TEST_CARDS: [(&str, Card, &str); 6] = [
    ("4242 4242 4242 4242", Card::Pays, "pays"),
    ("4000 0025 0000 3155", Card::Confirms, "asks for a confirmation"),
    ("4000 0000 0000 0341", Card::PaysOnce, "pays now and is declined at renewals"),
    ("4000 0000 0000 9987", Card::Lost, "pays now and is lost afterwards, so that renewals are not even tried again"),
    ("4000 0000 0000 0002", Card::Declined, "is declined"),
    ("4000 0000 0000 9995", Card::Insufficient, "has insufficient funds"),
];

impl Card {
    /// The card with this number, however it is spaced.
    pub fn of_number(typed: &str) -> Option<Self> {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let typed = digits(typed);
        TEST_CARDS.iter().find(|(number, _, _)| digits(number) == typed).map(|(_, card, _)| *card)
    }

    /// The card behind a confirmation token of the recordings (`ctoken_ok`, `ctoken_laterdecline`, …).
    pub fn of_token(token: &str) -> Self {
        match token {
            _ if token.contains("laterdecline") => Self::PaysOnce,
            _ if token.contains("lost") => Self::Lost,
            _ if token.contains("insufficient") => Self::Insufficient,
            _ if token.contains("decline") => Self::Declined,
            _ => Self::Pays,
        }
    }

    /// Why it is refused when it is given.
    pub fn refused(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some("Your card was declined."),
            Self::Insufficient => Some("Your card has insufficient funds."),
            Self::Unconfirmed => Some("We are unable to authenticate your payment method."),
            Self::Pays | Self::Confirms | Self::PaysOnce | Self::Lost => None,
        }
    }

    /// Pays when its holder is away.
    pub fn pays_later(self) -> bool {
        matches!(self, Self::Pays | Self::Confirms)
    }

    /// Declined for a reason that will not go away.
    pub fn never_pays(self) -> bool {
        self == Self::Lost
    }

    /// The end of its number.
    pub fn last4(self) -> String {
        let known =
            TEST_CARDS.iter().find(|(_, card, _)| *card == self).map_or(TEST_CARDS[1].0, |(number, _, _)| number);
        known.chars().skip(known.len() - 4).collect()
    }
}

/// A card that a customer left.
#[derive(Clone, Serialize, Deserialize)]
pub struct Saved {
    pub id: Uuid,
    pub created_at: Stamp,
    pub customer_id: Uuid,
    pub card: Card,
}

/// Keeps the card for later charges, in place of the one before.
pub fn keep(state: &mut State, customer_id: Uuid, card: Card) {
    let saved = Saved { id: secrets::id(), created_at: state.clock.now(), customer_id, card };
    state.cards.retain(|kept| kept.customer_id != customer_id);
    state.cards.push(saved);
}

/// The card that later charges go to.
pub fn of(state: &State, customer_id: Uuid) -> Option<&Saved> {
    state.cards.iter().find(|saved| saved.customer_id == customer_id)
}

/// Sentences about the cards, for the pages.
pub fn described() -> String {
    TEST_CARDS.map(|(number, _, does)| format!("{number} {does}")).join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_known_however_they_are_spaced() {
        assert_eq!(Card::of_number("4000000000000341"), Some(Card::PaysOnce));
        assert_eq!(Card::of_number(" 4242-4242 4242 4242 "), Some(Card::Pays));
        assert_eq!(Card::of_number("4111 1111 1111 1111"), None);
        assert_eq!(Card::PaysOnce.last4(), "0341");
        assert_eq!((Card::of_token("ctoken_lost"), Card::Lost.last4()), (Card::Lost, "9987".to_owned()));
        assert_eq!(Card::of_token("ctoken_laterdecline"), Card::PaysOnce);
        assert_eq!(Card::of_token("ctoken_decline"), Card::Declined);
    }
}
