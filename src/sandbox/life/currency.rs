//! Amounts and numbers in American English, as Polar writes them on bills (webhook 0362).

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// Currencies without cents.
const WHOLE: [&str; 16] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"];
/// The signs that American readers know; other currencies go by their code.
const SIGNS: [(&str, &str); 15] = [
    ("usd", "$"),
    ("eur", "€"),
    ("gbp", "£"),
    ("jpy", "¥"),
    ("cad", "CA$"),
    ("aud", "A$"),
    ("nzd", "NZ$"),
    ("mxn", "MX$"),
    ("brl", "R$"),
    ("inr", "₹"),
    ("krw", "₩"),
    ("cny", "CN¥"),
    ("hkd", "HK$"),
    ("ils", "₪"),
    ("vnd", "₫"),
];

/// True for a currency whose smallest unit is the whole one.
pub fn is_whole(currency: &str) -> bool {
    WHOLE.contains(&currency)
}

/// The nearest whole number, halves away from zero; the largest there is if it does not fit.
pub fn rounded(number: Decimal) -> i64 {
    let whole = number.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    whole.to_i64().unwrap_or(if whole.is_sign_negative() { i64::MIN } else { i64::MAX })
}

/// A number with at most three decimals, `15,000` or `140.5`.
pub fn number(number: Decimal) -> String {
    grouped(number.round_dp_with_strategy(3, RoundingStrategy::MidpointNearestEven).normalize(), 0)
}

/// An amount of minor units with all its decimals, `$0.001` for a tenth of a cent.
pub fn price(minor: Decimal, currency: &str) -> String {
    let places = if is_whole(currency) { 0 } else { 2 };
    let major = if places == 0 { minor } else { minor / Decimal::ONE_HUNDRED };
    let sign = SIGNS.iter().find(|(code, _)| *code == currency);
    let sign = sign.map_or_else(|| format!("{}\u{a0}", currency.to_uppercase()), |(_, sign)| (*sign).to_owned());
    let minus = if major.is_sign_negative() && !major.is_zero() { "-" } else { "" };
    format!("{minus}{sign}{}", grouped(major.abs().normalize(), places))
}

/// What a person typed, in whole units, as minor ones; parts of a minor unit are no amount.
pub fn minor(typed: &str, currency: &str) -> Option<i64> {
    let major: Decimal = typed.trim().parse().ok()?;
    let minor = if is_whole(currency) { major } else { major.checked_mul(Decimal::ONE_HUNDRED)? };
    minor.is_integer().then(|| minor.to_i64()).flatten()
}

/// The same the other way round, for a person to change.
pub fn major(minor: i64, currency: &str) -> String {
    if is_whole(currency) { minor.to_string() } else { Decimal::new(minor, 2).to_string() }
}

/// Thousands apart, and at least `places` decimals.
fn grouped(number: Decimal, places: usize) -> String {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let (minus, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut shown = minus.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if part.is_empty() && places == 0 { shown } else { format!("{shown}.{part:0<places$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    #[test]
    fn amounts_keep_their_decimals_and_numbers_three() {
        assert_eq!(price(decimal("0.100000000000"), "usd"), "$0.001");
        assert_eq!(price(decimal("5000"), "usd"), "$50.00");
        assert_eq!(price(decimal("123456789"), "eur"), "€1,234,567.89");
        assert_eq!(
            (price(decimal("1500"), "jpy"), price(decimal("0.5"), "chf")),
            ("¥1,500".into(), "CHF\u{a0}0.005".into())
        );
        assert_eq!((number(decimal("15000.0")), number(decimal("0.0625"))), ("15,000".into(), "0.062".into()));
    }

    #[test]
    fn what_people_type_is_read_exactly() {
        assert_eq!(
            (minor(" 12.34 ", "usd"), minor("1500", "jpy"), minor("7", "usd")),
            (Some(1_234), Some(1_500), Some(700))
        );
        assert_eq!((minor("0.005", "usd"), minor("ten", "usd")), (None, None));
        assert_eq!((major(1_234, "usd"), major(1_500, "jpy")), ("12.34".to_owned(), "1500".to_owned()));
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!((rounded(decimal("0.5")), rounded(decimal("-0.5")), rounded(decimal("2.4999"))), (1, -1, 2));
    }
}
