//! What staff decides to make something good: to pay a bill back, wholly or in part, or to end a subscription at once.

use super::{
    ending::{Bill, Part, PayBack},
    money::Money,
};
use serde::{Deserialize, Serialize};

/// Why something is paid back: Polar's word (C§2.10), and what staff reads.
pub const CAUSES: [(&str, &str); 6] = [
    ("customer_request", "The customer asked for it"),
    ("satisfaction_guarantee", "The customer is not satisfied"),
    ("service_disruption", "It did not work"),
    ("duplicate", "It was paid twice"),
    ("fraudulent", "It was not the customer who paid"),
    ("other", "Something else"),
];

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Exactly this is paid back.
    Refund {
        /// The bill, and how much of it.
        part: Part,
        /// Polar's word, one of [`CAUSES`].
        cause: String,
    },
    /// The subscription ends now.
    Revoke,
}

impl Remedy {
    /// In words, as in `$5 paid back, and $1 of tax`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Revoke => "ended at once".to_owned(),
            Self::Refund { part, .. } => {
                let back = Money::new(part.amount, &part.currency);
                match part.tax {
                    0 => format!("{back} paid back"),
                    tax => format!("{back} paid back, and {} of tax", Money::new(tax, &part.currency)),
                }
            }
        }
    }

    /// As stored.
    #[must_use]
    pub fn stored(&self) -> String {
        serde_json::to_string(self).expect("plain values")
    }

    /// Reads what [`Remedy::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Polar's word for a cause, if it is one.
#[must_use]
pub fn cause(word: &str) -> Option<&'static str> {
    CAUSES.iter().map(|(known, _)| *known).find(|known| *known == word)
}

/// So much of a bill as was typed, net of tax; nothing typed is all of it. `None` for what is no amount or not in it.
#[must_use]
pub fn part(bill: &Bill, typed: &str) -> Option<Part> {
    let all = bill.whole();
    let amount = match typed.trim() {
        "" => all.amount,
        typed => Money::parse(typed, &bill.currency)?.amount,
    };
    let fits = amount > 0 && amount <= all.amount;
    let tax = if amount == all.amount { all.tax } else { share(bill, amount).min(all.tax) };
    fits.then_some(Part { amount, tax, ..all })
}

/// The tax on a part of a bill, as Polar rounds it.
fn share(bill: &Bill, amount: i64) -> i64 {
    let (tax, net) = (i128::from(bill.tax_amount.max(0)), i128::from(bill.net_amount.max(1)));
    let rounded = (2 * tax * i128::from(amount) + net) / (2 * net);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// Tells what a bill can give back from everything else that it could at another time.
#[must_use]
pub fn shown(bill: &Bill) -> String {
    PayBack { parts: vec![bill.whole()] }.hash()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(left: i64, tax: i64) -> Bill {
        Bill {
            id: "b".to_owned(),
            status: "paid".to_owned(),
            created_at: "2027-03-03T10:00:00Z".to_owned(),
            net_amount: 2000,
            tax_amount: 380,
            refundable_amount: left,
            refundable_tax_amount: tax,
            currency: "eur".to_owned(),
        }
    }

    fn of(typed: &str) -> Option<(i64, i64)> {
        part(&bill(2000, 380), typed).map(|part| (part.amount, part.tax))
    }

    #[test]
    fn what_is_typed_is_an_amount_within_the_bill() {
        assert_eq!(of(""), Some((2000, 380)));
        assert_eq!(of(" 20 "), Some((2000, 380)));
        assert_eq!(of("5.5"), Some((550, 105)), "104.5 is rounded up");
        assert_eq!(of("0.01"), Some((1, 0)));
        for odd in ["0", "-1", "20.01", "5.555", "five", "1e1", "99999999999999999999", "−5", "5 5", "NaN"] {
            assert_eq!(of(odd), None, "{odd}");
        }
        assert_eq!(part(&bill(0, 0), ""), None, "nothing is left");
        assert_eq!(part(&Bill { status: "pending".to_owned(), ..bill(2000, 380) }, "5"), None, "nothing was paid");
    }

    #[test]
    fn the_last_part_takes_the_tax_that_is_left() {
        assert_eq!(part(&bill(100, 18), "1").map(|part| part.tax), Some(18));
        assert_ne!(shown(&bill(100, 18)), shown(&bill(100, 19)));
        assert_ne!(shown(&bill(100, 18)), shown(&bill(99, 18)));
    }

    #[test]
    fn a_decision_is_told_and_kept() {
        let refund = |tax| Remedy::Refund {
            part: Part { bill: "b".to_owned(), amount: 500, tax, currency: "eur".to_owned() },
            cause: "other".to_owned(),
        };
        assert_eq!(refund(95).words(), "€5 paid back, and €0.95 of tax");
        assert_eq!(
            (refund(0).words(), Remedy::Revoke.words()),
            ("€5 paid back".to_owned(), "ended at once".to_owned())
        );
        for remedy in [refund(95), Remedy::Revoke] {
            assert_eq!(Remedy::of_stored(&remedy.stored()), Some(remedy));
        }
        assert_eq!((cause("other"), cause("dispute_prevention"), Remedy::of_stored("{}")), (Some("other"), None, None));
    }
}
