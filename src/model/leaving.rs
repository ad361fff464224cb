//! Leaving: which money goes back to somebody who asked for their account to be deleted.

use super::instant::Millis;
use std::collections::BTreeMap;

/// Our billing time and Polar's may be so far apart.
const SKEW: Millis = 60_000;

/// Polar's bills as they stood when somebody asked: each id with Polar's word.
pub type KnownBills = BTreeMap<String, String>;

/// Whether a bill was paid only after its payer had asked to leave, so that it goes back. One that was known as paid then is
/// not; one that was not known is if Polar made it since then.
#[must_use]
pub fn is_late(known: &KnownBills, bill: &str, made_at: Option<Millis>, asked_at: Millis) -> bool {
    match known.get(bill) {
        Some(word) => matches!(word.as_str(), "pending" | "draft"),
        None => made_at.is_some_and(|at| at >= asked_at - SKEW),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_paid_after_the_wish_goes_back() {
        let known = [("paid", "paid"), ("owed", "pending"), ("back", "partially_refunded")];
        let known: KnownBills = known.map(|(id, word)| (id.to_owned(), word.to_owned())).into();
        let late = |bill: &str, made_at: Millis| is_late(&known, bill, Some(made_at), 1_000_000);
        assert!(!late("paid", 2_000_000), "it was known as paid");
        assert!(!late("back", 500_000));
        assert!(late("owed", 500_000), "made before, but paid after");
        assert!(late("new", 1_000_001) && late("new", 940_000), "clocks differ a little");
        assert!(!late("new", 939_999), "paid before, heard of after");
        assert!(!is_late(&known, "new", None, 1_000_000), "unknown is no reason");
    }
}
