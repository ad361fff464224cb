//! Tax by the buyer's country. Only France is taxed, as by the recordings' stand-in: 20 %, part of the price when the
//! purchase was made there, on top of it when the customer moved there later (webhooks 0079, 0108).

use rust_decimal::Decimal;
use serde_json::Value;

use super::currency::rounded;

/// Countries and percent.
const RATES: [(&str, i64); 1] = [("FR", 20)];

/// The tax of an amount: its share if it is part of the price, else what comes on top. Credits are taxed negatively.
pub fn of(amount: i64, address: Option<&Value>, inclusive: bool) -> i64 {
    let percent = Decimal::from(rate(address));
    let whole = Decimal::ONE_HUNDRED + if inclusive { percent } else { Decimal::ZERO };
    rounded(Decimal::from(amount) * percent / whole)
}

/// Whether prices include the tax in the buyer's country.
pub fn is_inclusive(address: Option<&Value>) -> bool {
    rate(address) > 0
}

fn rate(address: Option<&Value>) -> i64 {
    let country = address.and_then(|address| address["country"].as_str());
    RATES.iter().find(|(code, _)| Some(*code) == country).map_or(0, |(_, percent)| *percent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn french_buyers_pay_the_recorded_tax_and_others_none() {
        let france = json!({"country": "FR"});
        assert_eq!(of(500, Some(&france), true), 83);
        assert_eq!((of(1_500, Some(&france), false), of(-1_500, Some(&france), false)), (300, -300));
        assert_eq!((of(500, Some(&json!({"country": "DE"})), true), of(500, None, false)), (0, 0));
    }
}
