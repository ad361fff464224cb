//! What is left, in words.

use crate::model::{
    instant::spell_date,
    usage::{Balance, Per},
};

/// `2 of 3 QR codes left today.`
pub(super) fn left(balance: &Balance) -> String {
    let (left, most) = (balance.left(), balance.most);
    match (balance.per, balance.until) {
        (_, None) => "Your plan has no QR codes.".to_owned(),
        (Per::Day, _) => format!("{left} of {most} QR codes left today."),
        (_, Some(until)) => format!("{left} of {most} QR codes left until {}.", spell_date(until)),
    }
}

/// Why there is no form, when nothing is left.
pub(super) fn used_up(balance: &Balance) -> String {
    match (balance.per, balance.until) {
        (_, None) => left(balance),
        (Per::Day, _) => format!("All {} QR codes of today are used up. The day ends at midnight UTC.", balance.most),
        (_, Some(until)) => format!("All {} QR codes until {} are used up.", balance.most, spell_date(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::usage::Bill;

    fn balance(used: i64, most: i64, per: Per) -> Balance {
        let until = (most > 0).then_some(1_796_256_000_000);
        Balance { meter: "codes".into(), used, most, until, per, bill: Bill::Paid }
    }

    #[test]
    fn what_is_left_says_of_how_much_and_until_when() {
        assert_eq!(left(&balance(1, 3, Per::Day)), "2 of 3 QR codes left today.");
        assert_eq!(left(&balance(13, 300, Per::Period)), "287 of 300 QR codes left until 3 December 2026.");
        assert_eq!(left(&balance(101, 100, Per::Month)), "0 of 100 QR codes left until 3 December 2026.");
        assert_eq!(left(&balance(0, 0, Per::Period)), "Your plan has no QR codes.");
    }

    #[test]
    fn what_is_used_up_says_until_when() {
        assert!(used_up(&balance(3, 3, Per::Day)).starts_with("All 3 QR codes of today are used up."));
        assert_eq!(used_up(&balance(300, 300, Per::Period)), "All 300 QR codes until 3 December 2026 are used up.");
        assert_eq!(used_up(&balance(0, 0, Per::Period)), "Your plan has no QR codes.");
    }
}
