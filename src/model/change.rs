//! What people may want of a subscription of theirs: that it ends when the paid time is over, or that it goes on after all.

use super::{
    catalog::Interval,
    ending::is_over,
    instant::{Millis, parse_ms},
    money::Money,
    projection::SubscriptionFacts,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It ends when the paid time is over.
    Cancel,
    /// It was to end, and goes on.
    Resume,
}

/// How a subscription stands to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The change can be made.
    Fits,
    /// It is as wanted already.
    AlreadySo,
    /// The subscription is over for good.
    Over,
    /// It is paused: nothing is charged, and its end is no date.
    Paused,
}

/// What somebody saw and agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What is wanted.
    pub change: Change,
    /// Of which subscription, by Polar's id.
    pub subscription: String,
    /// Polar's product.
    pub product_id: String,
    /// What is billed each time, tax apart.
    pub price: Money,
    /// How often.
    pub interval: Interval,
    /// The end of the time that is paid, or free, billing time: when it ends, or renews.
    pub until: Option<Millis>,
}

/// Polar's words for why somebody leaves (C§2.8), and what people read for them.
pub const REASONS: [(&str, &str); 8] = [
    ("too_expensive", "It costs too much"),
    ("missing_features", "Something that I need is missing"),
    ("unused", "I do not use it enough"),
    ("switched_service", "I use something else now"),
    ("low_quality", "It does not work well enough"),
    ("too_complex", "It is too complicated"),
    ("customer_service", "I was not helped well"),
    ("other", "Something else"),
];

impl Change {
    /// As stored, and as it stands in the audit log.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Resume => "resume",
        }
    }

    /// How a subscription stands to it.
    #[must_use]
    pub fn fit(self, facts: &SubscriptionFacts) -> Fit {
        let ends = facts.cancel_at_period_end || facts.ends_at.is_some();
        match self {
            _ if is_over(&facts.status) => Fit::Over,
            Self::Cancel if ends => Fit::AlreadySo,
            Self::Cancel if facts.status == "paused" => Fit::Paused,
            Self::Resume if !ends => Fit::AlreadySo,
            Self::Cancel | Self::Resume => Fit::Fits,
        }
    }
}

impl Terms {
    /// What somebody sees who wants this of a subscription that stands so.
    #[must_use]
    pub fn of(change: Change, subscription: &str, facts: &SubscriptionFacts) -> Self {
        let until = facts.ends_at.as_deref().or(facts.current_period_end.as_deref());
        Self {
            change,
            subscription: subscription.to_owned(),
            product_id: facts.product_id.clone(),
            price: Money::new(facts.amount, &facts.currency),
            interval: Interval::of(facts),
            until: until.and_then(parse_ms),
        }
    }

    /// As stored.
    #[must_use]
    pub fn stored(&self) -> String {
        serde_json::to_string(self).expect("terms have plain values")
    }

    /// Reads what [`Terms::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Changes when anything that was shown changes.
    #[must_use]
    pub fn hash(&self) -> String {
        Sha256::digest(self.stored()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn facts(change: &Value) -> SubscriptionFacts {
        let mut facts = json!({
            "status": "active", "amount": 1200, "currency": "usd", "customer_id": "c", "product_id": "p",
            "recurring_interval": "month", "current_period_end": "2027-03-03T10:00:00Z"
        });
        for (key, value) in change.as_object().unwrap() {
            facts[key] = value.clone();
        }
        serde_json::from_value(facts).unwrap()
    }

    fn fits(change: &Value) -> (Fit, Fit) {
        let facts = facts(change);
        (Change::Cancel.fit(&facts), Change::Resume.fit(&facts))
    }

    #[test]
    fn what_runs_can_end_and_what_is_to_end_can_go_on() {
        for status in ["active", "trialing", "past_due"] {
            assert_eq!(fits(&json!({"status": status})), (Fit::Fits, Fit::AlreadySo), "{status}");
            let ends = json!({"status": status, "cancel_at_period_end": true});
            assert_eq!(fits(&ends), (Fit::AlreadySo, Fit::Fits), "{status}");
        }
        assert_eq!(fits(&json!({"status": "paused"})), (Fit::Paused, Fit::AlreadySo));
        assert_eq!(fits(&json!({"status": "canceled", "cancel_at_period_end": true})), (Fit::Over, Fit::Over));
    }

    #[test]
    fn every_shown_part_is_in_the_hash() {
        let terms = |change: &Value| Terms::of(Change::Cancel, "s", &facts(change));
        let same = terms(&json!({}));
        assert_eq!(Terms::of_stored(&same.stored()).as_ref(), Some(&same));
        for other in [
            json!({"amount": 1300}),
            json!({"currency": "eur"}),
            json!({"product_id": "q"}),
            json!({"recurring_interval": "year"}),
            json!({"current_period_end": "2027-04-03T10:00:00Z"}),
        ] {
            assert_ne!(terms(&other).hash(), same.hash(), "{other}");
        }
        assert_ne!(Terms::of(Change::Resume, "s", &facts(&json!({}))).hash(), same.hash());
    }
}
