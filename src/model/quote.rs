//! The quote: what the buyer saw and agreed to. The checkout that Polar returns must equal it.

use super::{
    catalog::{Interval, Offer, Trial},
    money::Money,
    rate::Rate,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the buyer saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is bought, at what price, how often billed.
    pub offer: Offer,
    /// The trial that this buyer gets; none after an earlier one.
    pub trial: Option<Trial>,
}

/// What Polar says that a checkout will charge; the fields that must equal the quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Polar's product.
    pub product_id: Option<String>,
    /// Polar's price.
    pub price_id: Option<String>,
    /// Before discounts and tax.
    pub amount: Money,
    /// What usage costs beyond what is included, the cheaper first.
    pub rates: Vec<Rate>,
    /// The trial that it gives.
    pub trial: Option<Trial>,
}

impl Quote {
    /// The quote for one buyer; `had_trial` when they had one before.
    #[must_use]
    pub fn of(offer: &Offer, had_trial: bool) -> Self {
        Self { offer: offer.clone(), trial: offer.trial.clone().filter(|_| !had_trial) }
    }

    /// What is charged today, tax apart.
    #[must_use]
    pub fn due_today(&self) -> Money {
        let amount = if self.trial.is_some() { 0 } else { self.offer.price.amount };
        Money::new(amount, &self.offer.price.currency)
    }

    /// Changes when anything that was shown changes.
    #[must_use]
    pub fn hash(&self) -> String {
        Sha256::digest(self.stored()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As stored.
    #[must_use]
    pub fn stored(&self) -> String {
        serde_json::to_string(self).expect("a quote has string keys and plain values")
    }

    /// Reads what [`Quote::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether a checkout charges just what the buyer saw.
    #[must_use]
    pub fn equals(&self, charge: &Charge) -> bool {
        charge.product_id.as_deref() == Some(&self.offer.product_id)
            && charge.price_id.as_deref() == Some(&self.offer.price_id)
            && charge.amount == self.offer.price
            && charge.rates == self.rates()
            && charge.trial == self.trial
    }

    fn rates(&self) -> Vec<Rate> {
        let mut rates: Vec<Rate> = self.offer.extras.iter().map(|extra| extra.each).collect();
        rates.sort_unstable();
        rates
    }

    /// Whether tax is in the price (`Some(true)`), on top (`Some(false)`), or up to where the buyer is.
    #[must_use]
    pub fn tax_included(&self) -> Option<bool> {
        match self.offer.tax.as_deref() {
            Some("inclusive") => Some(true),
            Some("exclusive") => Some(false),
            _ => None,
        }
    }

    /// Whether it renews.
    #[must_use]
    pub fn recurs(&self) -> bool {
        self.offer.interval != Interval::Once
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::Extra;

    fn quote(trial: bool) -> Quote {
        let offer = Offer {
            plan: "pro".into(),
            product_id: "p".into(),
            price_id: "x".into(),
            interval: Interval::Every { unit: "month".into(), count: 1 },
            price: Money::new(1200, "usd"),
            tax: None,
            trial: Some(Trial { unit: "day".into(), count: 14 }),
            extras: Vec::new(),
        };
        Quote::of(&offer, !trial)
    }

    fn charge(quote: &Quote) -> Charge {
        Charge {
            product_id: Some("p".into()),
            price_id: Some("x".into()),
            amount: quote.offer.price.clone(),
            rates: quote.offer.extras.iter().map(|extra| extra.each).collect(),
            trial: quote.trial.clone(),
        }
    }

    #[test]
    fn every_shown_part_is_in_the_hash() {
        let mut dearer = quote(true);
        dearer.offer.price.amount += 1;
        let mut metered = quote(true);
        metered.offer.extras = extras("4");
        let hashes = [quote(true).hash(), quote(false).hash(), dearer.hash(), metered.hash()];
        assert!(hashes[1..].iter().all(|hash| *hash != hashes[0]));
        assert!(!quote(true).stored().contains("extras"), "quotes of before are read and hashed as they were");
        assert_eq!(Quote::of_stored(&quote(true).stored()), Some(quote(true)));
    }

    #[test]
    fn the_checkout_must_charge_what_was_shown() {
        let quote = quote(false);
        assert!(quote.equals(&charge(&quote)));
        assert!(!quote.equals(&Charge { amount: Money::new(1300, "usd"), ..charge(&quote) }));
        assert!(!quote.equals(&Charge { amount: Money::new(1200, "eur"), ..charge(&quote) }));
        assert!(!quote.equals(&Charge { price_id: Some("y".into()), ..charge(&quote) }));
        assert!(!quote.equals(&Charge { trial: Some(Trial { unit: "day".into(), count: 14 }), ..charge(&quote) }));
    }

    fn extras(each: &str) -> Vec<Extra> {
        vec![Extra { meter: "codes".into(), each: Rate::parse(each).expect("a rate") }]
    }

    #[test]
    fn usage_must_cost_what_was_shown() {
        let mut quote = quote(false);
        let plain = charge(&quote);
        quote.offer.extras = extras("4");
        assert!(quote.equals(&charge(&quote)) && !quote.equals(&plain));
        assert!(!quote.equals(&Charge { rates: vec![extras("5")[0].each], ..charge(&quote) }));
    }

    #[test]
    fn a_trial_costs_nothing_today() {
        assert!(quote(true).due_today().is_zero());
        assert_eq!(quote(false).due_today().to_string(), "$12");
    }
}
