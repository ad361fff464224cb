//! What is left, in words.

use crate::model::{
    instant::spell_date,
    usage::{Balance, Per},
};

/// `2 of 3 QR codes left today.`
pub(super) fn left(balance: &Balance) -> String {
    let (left, most) = (balance.included(), balance.most);
    match (balance.per, balance.until) {
        (_, None) => "Your plan has no QR codes.".to_owned(),
        (Per::Day, _) => format!("{left} of {most} QR codes left today."),
        (_, Some(until)) if left == 0 && balance.left() > 0 => {
            let (more, until) = (balance.left(), spell_date(until));
            format!("All {most} that are included are used; {more} more are within your spending limit until {until}.")
        }
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

/// How more can be had without another plan; `None` where it cannot.
pub(super) fn by_the_unit(balance: &Balance) -> Option<String> {
    let beyond = balance.beyond.as_ref()?;
    let each = beyond.each.words(&beyond.currency);
    Some(match beyond.most {
        0 => format!("Or go on with what you have: each QR code more costs {each}, as far as you allow."),
        _ => {
            format!("Or go on with what you have: your spending limit is reached, and each QR code more costs {each}.")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{beyond::Beyond, rate::Rate, usage::Bill};

    fn balance(used: i64, most: i64, per: Per) -> Balance {
        let until = (most > 0).then_some(1_796_256_000_000);
        Balance { meter: "codes".into(), used, most, beyond: None, until, per, bill: Bill::Paid }
    }

    #[test]
    fn what_is_left_says_of_how_much_and_until_when() {
        assert_eq!(left(&balance(1, 3, Per::Day)), "2 of 3 QR codes left today.");
        assert_eq!(left(&balance(13, 300, Per::Period)), "287 of 300 QR codes left until 3 December 2026.");
        assert_eq!(left(&balance(101, 100, Per::Month)), "0 of 100 QR codes left until 3 December 2026.");
        assert_eq!(left(&balance(0, 0, Per::Period)), "Your plan has no QR codes.");
    }

    #[test]
    fn what_is_paid_beyond_is_told_apart() {
        let each = Rate::parse("4").expect("a rate");
        let beyond = Some(Beyond { each, currency: "usd".into(), cap: None, most: 125, late: 0 });
        let told = |used| left(&Balance { beyond: beyond.clone(), ..balance(used, 300, Per::Period) });
        assert_eq!(told(13), "287 of 300 QR codes left until 3 December 2026.");
        assert_eq!(
            told(310),
            "All 300 that are included are used; 115 more are within your spending limit until 3 December 2026."
        );
        assert_eq!(told(425), "0 of 300 QR codes left until 3 December 2026.");
    }

    #[test]
    fn what_is_used_up_says_until_when() {
        assert!(used_up(&balance(3, 3, Per::Day)).starts_with("All 3 QR codes of today are used up."));
        assert_eq!(used_up(&balance(300, 300, Per::Period)), "All 300 QR codes until 3 December 2026 are used up.");
        assert_eq!(used_up(&balance(0, 0, Per::Period)), "Your plan has no QR codes.");
    }
}
