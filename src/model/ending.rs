//! Ending one of two subscriptions that somebody pays for at once: what of it is paid back.

use super::{
    instant::{Millis, parse_ms},
    money::Money,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// After so long without an answer what was asked of Polar may be asked again, if a look then shows that it was not done.
pub const PATIENCE: Millis = 60_000;

/// One of Polar's bills, as far as paying it back depends on it. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Bill {
    /// Polar's id.
    pub id: String,
    /// Polar's word.
    pub status: String,
    /// When it was made.
    pub created_at: String,
    /// What it came to, net of tax.
    #[serde(default)]
    pub net_amount: i64,
    /// The tax on that.
    #[serde(default)]
    pub tax_amount: i64,
    /// What can still be paid back, net of tax.
    #[serde(default)]
    pub refundable_amount: i64,
    /// The tax that goes back with it.
    #[serde(default)]
    pub refundable_tax_amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
}

impl Bill {
    /// What can still be paid back, net of tax; nothing of a bill that is not paid.
    #[must_use]
    pub fn left(&self) -> i64 {
        if matches!(self.status.as_str(), "paid" | "partially_refunded") { self.refundable_amount.max(0) } else { 0 }
    }

    /// Everything that can still be paid back, with its tax.
    #[must_use]
    pub fn whole(&self) -> Part {
        Part {
            bill: self.id.clone(),
            amount: self.left(),
            tax: self.refundable_tax_amount.max(0),
            currency: self.currency.clone(),
        }
    }
}

/// One bill that is paid back: so much net of tax, and the tax on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Polar's id of the bill.
    pub bill: String,
    /// Net of tax, minor units: what Polar wants to be told.
    pub amount: i64,
    /// The tax that goes back with it.
    pub tax: i64,
    /// Lower-case ISO code.
    pub currency: String,
}

/// Everything that is paid back: what staff sees before they decide, and what is done then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayBack {
    /// Bill by bill, the oldest first.
    pub parts: Vec<Part>,
}

impl PayBack {
    /// Of the bills of one subscription those that are paid twice: the ones made since both ran, and the newest before
    /// that, which paid for the time when the second began.
    #[must_use]
    pub fn of(mut bills: Vec<Bill>, both_since: Millis) -> Self {
        let at = |bill: &Bill| parse_ms(&bill.created_at).unwrap_or(Millis::MAX);
        bills.sort_by_key(|bill| (at(bill), bill.id.clone()));
        let began = bills.iter().rposition(|bill| at(bill) <= both_since).unwrap_or(0);
        let doubled = bills.iter().skip(began).filter(|bill| bill.left() > 0);
        Self { parts: doubled.map(Bill::whole).collect() }
    }

    /// What comes back in all, tax included, one sum a currency; `nothing` if nothing does.
    #[must_use]
    pub fn words(&self) -> String {
        let mut sums: Vec<Money> = Vec::new();
        for part in &self.parts {
            let back = part.amount + part.tax;
            match sums.iter_mut().find(|sum| sum.currency == part.currency) {
                Some(sum) => sum.amount += back,
                None => sums.push(Money::new(back, &part.currency)),
            }
        }
        let words: Vec<String> = sums.iter().map(ToString::to_string).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") }
    }

    /// As stored.
    #[must_use]
    pub fn stored(&self) -> String {
        serde_json::to_string(self).expect("parts have plain values")
    }

    /// Reads what [`PayBack::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Tells it from every other.
    #[must_use]
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.stored());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether a subscription in this state is over for good, by Polar's word or ours for one that Polar knows no more.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "canceled" | "unpaid" | "incomplete_expired" | "gone")
}

/// Whether a subscription in this state is changed, not bought again; also when it is set to end.
#[must_use]
pub fn is_live(status: &str) -> bool {
    matches!(status, "active" | "trialing" | "past_due" | "paused")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(id: &str, day: u32, status: &str, left: i64) -> Bill {
        Bill {
            id: id.to_owned(),
            status: status.to_owned(),
            created_at: format!("2027-03-{day:02}T10:00:00Z"),
            net_amount: left,
            tax_amount: left / 5,
            refundable_amount: left,
            refundable_tax_amount: left / 5,
            currency: "usd".to_owned(),
        }
    }

    fn paid_back(bills: Vec<Bill>, day: u32) -> Vec<String> {
        let since = parse_ms(&format!("2027-03-{day:02}T10:00:00Z")).expect("an instant");
        PayBack::of(bills, since).parts.into_iter().map(|part| part.bill).collect()
    }

    #[test]
    fn what_was_paid_while_both_ran_comes_back() {
        let monthly = || vec![bill("c", 20, "paid", 1000), bill("a", 1, "paid", 1000), bill("b", 10, "paid", 1000)];
        assert_eq!(
            paid_back(monthly(), 15),
            ["b", "c"],
            "the one of the time in which the second began, and all later"
        );
        assert_eq!(paid_back(monthly(), 1), ["a", "b", "c"], "a second one is paid back as a whole");
        assert_eq!(paid_back(vec![bill("a", 2, "paid", 1000)], 1), ["a"], "also if its bill is younger than it is");
        assert_eq!(paid_back(Vec::new(), 1), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_paid_or_is_back_already_is_left_out() {
        let bills = vec![
            bill("a", 1, "pending", 1000),
            bill("b", 2, "refunded", 0),
            bill("c", 3, "partially_refunded", 400),
            bill("d", 4, "void", 1000),
        ];
        assert_eq!(paid_back(bills, 1), ["c"]);
    }

    #[test]
    fn the_sum_is_told_with_its_tax_and_what_differs_has_another_hash() {
        let back = |left| PayBack::of(vec![bill("a", 1, "paid", left), bill("b", 2, "paid", left)], 0);
        assert_eq!((back(1000).words(), back(0).words()), ("$24".to_owned(), "nothing".to_owned()));
        assert_ne!(back(1000).hash(), back(1001).hash());
        assert_eq!(PayBack::of_stored(&back(1000).stored()), Some(back(1000)));
    }

    #[test]
    fn only_what_never_comes_back_is_over() {
        for status in ["canceled", "unpaid", "incomplete_expired", "gone"] {
            assert!(is_over(status), "{status}");
        }
        for status in ["active", "trialing", "past_due", "paused", "incomplete"] {
            assert!(!is_over(status), "{status}");
        }
    }
}
