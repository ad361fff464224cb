//! Money: whole minor units of a currency, formatted as people write it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units (cents; whole yen) of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for credits.
    pub amount: i64,
    /// Lower-case ISO 4217 code, as Polar writes it.
    pub currency: String,
}

/// Currencies that Polar's card processor counts in whole units.
const NO_MINOR_UNIT: [&str; 16] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"];

/// Currencies whose minor unit is a thousandth.
const THOUSANDTHS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Symbols that stand for one currency alone; the others are written with their code.
const SYMBOLS: [(&str, &str); 7] =
    [("usd", "$"), ("eur", "€"), ("gbp", "£"), ("jpy", "¥"), ("inr", "₹"), ("krw", "₩"), ("brl", "R$")];

impl Money {
    /// An amount of a currency; the code's case does not matter.
    #[must_use]
    pub fn new(amount: i64, currency: &str) -> Self {
        Self { amount, currency: currency.to_ascii_lowercase() }
    }

    /// Reads an amount in whole units that somebody typed: `12`, `12.5`, `12,50`; `None` for anything else, also for a
    /// sign, for more decimals than the currency has and for amounts beyond all bills.
    #[must_use]
    pub fn parse(text: &str, currency: &str) -> Option<Self> {
        let (whole, part) = text.trim().split_once(['.', ',']).unwrap_or((text.trim(), ""));
        let is_number = |digits: &str| digits.chars().all(|digit| digit.is_ascii_digit());
        let money = Self::new(0, currency);
        let decimals = decimals(&money.currency) as usize;
        let fits = (1..=12).contains(&whole.len()) && part.len() <= decimals && is_number(whole) && is_number(part);
        let amount = fits.then(|| format!("{whole}{part:0<decimals$}")).and_then(|digits| digits.parse().ok())?;
        Some(Self { amount, ..money })
    }

    /// As somebody would type it: what [`Money::parse`] reads.
    #[must_use]
    pub fn typed(&self) -> String {
        self.digits().replace(',', "")
    }

    /// Whether nothing is to be paid.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.amount == 0
    }

    /// The digits alone: `1,234.50`; whole amounts without their zero decimals: `12`.
    fn digits(&self) -> String {
        let decimals = decimals(&self.currency);
        let unit = 10_u64.pow(decimals);
        let (whole, part) = (self.amount.unsigned_abs() / unit, self.amount.unsigned_abs() % unit);
        let whole = grouped(whole);
        if part == 0 { whole } else { format!("{whole}.{part:0width$}", width = decimals as usize) }
    }
}

fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Money {
    /// `$12`, `€9.90`, `¥1,200`, `CHF 15`, `−$5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount < 0 { "−" } else { "" };
        write!(f, "{sign}{}", named(&self.currency, &self.digits()))
    }
}

/// An amount that is written already, with the symbol or the code of its currency.
pub(super) fn named(currency: &str, digits: &str) -> String {
    match SYMBOLS.iter().find(|(code, _)| *code == currency) {
        Some((_, symbol)) => format!("{symbol}{digits}"),
        None => format!("{} {digits}", currency.to_ascii_uppercase()),
    }
}

/// How many decimals the whole unit of a currency has (its lower-case code).
pub(super) fn decimals(currency: &str) -> u32 {
    match currency {
        code if NO_MINOR_UNIT.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_people_write_it() {
        let shown = |amount, currency| Money::new(amount, currency).to_string();
        assert_eq!(shown(1200, "usd"), "$12");
        assert_eq!(shown(990, "EUR"), "€9.90");
        assert_eq!(shown(123_456_789, "gbp"), "£1,234,567.89");
        assert_eq!(shown(1200, "jpy"), "¥1,200");
        assert_eq!(shown(1234, "kwd"), "KWD 1.234");
        assert_eq!(shown(5, "chf"), "CHF 0.05");
        assert_eq!(shown(-500, "usd"), "−$5");
        assert_eq!(shown(0, "usd"), "$0");
    }

    #[test]
    fn reads_what_people_type() {
        let read = |text, currency| Money::parse(text, currency).map(|money| money.amount);
        assert_eq!(read(" 12 ", "usd"), Some(1200));
        assert_eq!(read("12.5", "usd"), Some(1250));
        assert_eq!(read("0,05", "eur"), Some(5));
        assert_eq!(read("1200", "jpy"), Some(1200));
        assert_eq!(read("1.234", "kwd"), Some(1234));
        assert_eq!(read("999999999999.99", "usd"), Some(99_999_999_999_999));
        for odd in ["", ".", ".5", "-1", "+1", "1.234", "1,200.50", "1_0", "１２", "0x10", "1e3", "9999999999999"] {
            assert_eq!(read(odd, "usd"), None, "{odd}");
        }
        assert_eq!(read("1.5", "jpy"), None);
        for money in [Money::new(123_450, "usd"), Money::new(1_200, "jpy"), Money::new(0, "eur")] {
            assert_eq!(Money::parse(&money.typed(), &money.currency), Some(money));
        }
    }
}
