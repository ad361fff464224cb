//! What people may want of a subscription of theirs: that it ends when the paid time is over, that it goes on after all,
//! that it becomes another plan, or that it does not after all.

use super::{
    catalog::Interval,
    ending::is_over,
    instant::{Millis, parse_ms},
    money::Money,
    projection::SubscriptionFacts,
    switch::{Switch, Timing},
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
    /// It becomes another plan, or is billed at another interval.
    Switch,
    /// It was to become another plan when the paid time is over, and stays what it is.
    Undo,
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
    /// It is set to end: first it must go on.
    Ending,
    /// A payment is missing: first it must be settled.
    Unpaid,
    /// Nothing is paid for it, so no card may be there: Polar would make the change and not charge (http/120).
    Free,
    /// It is billed in another currency, which a subscription keeps for ever.
    OtherCurrency,
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
    /// Of [`Change::Switch`]: to what, and what that costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Switch>,
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
    /// As stored; a change of plan and its taking back are of one kind.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Resume => "resume",
            Self::Switch | Self::Undo => "change",
        }
    }

    /// As it stands in the audit log.
    #[must_use]
    pub fn act(self) -> &'static str {
        match self {
            Self::Cancel => "cancel subscription",
            Self::Resume => "resume subscription",
            Self::Switch => "change subscription",
            Self::Undo => "undo change",
        }
    }

    /// The last part of its page's address.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            other => other.stored(),
        }
    }
}

impl Terms {
    /// How a subscription stands to them.
    #[must_use]
    pub fn fit(&self, facts: &SubscriptionFacts) -> Fit {
        let ends = facts.cancel_at_period_end || facts.ends_at.is_some();
        match self.change {
            _ if is_over(&facts.status) => Fit::Over,
            Change::Cancel if ends => Fit::AlreadySo,
            Change::Cancel if facts.status == "paused" => Fit::Paused,
            Change::Resume if !ends => Fit::AlreadySo,
            Change::Cancel | Change::Resume => Fit::Fits,
            Change::Undo => self.fit_of_undo(facts),
            Change::Switch => self.fit_of_switch(facts, ends),
        }
    }

    fn fit_of_undo(&self, facts: &SubscriptionFacts) -> Fit {
        match &facts.pending_update {
            // It took effect meanwhile.
            _ if facts.product_id != self.product_id => Fit::Over,
            None => Fit::AlreadySo,
            Some(_) => Fit::Fits,
        }
    }

    fn fit_of_switch(&self, facts: &SubscriptionFacts, ends: bool) -> Fit {
        let Some(switch) = &self.switch else { return Fit::Over };
        let wanted = switch.to.product_id.as_str();
        let scheduled = facts.pending_update.as_ref().and_then(|pending| pending.product_id.as_deref());
        match facts.status.as_str() {
            _ if facts.product_id == wanted => Fit::AlreadySo,
            _ if switch.timing == Timing::PeriodEnd && scheduled == Some(wanted) => Fit::AlreadySo,
            _ if switch.to.price.currency != facts.currency => Fit::OtherCurrency,
            _ if ends => Fit::Ending,
            "paused" => Fit::Paused,
            "active" if facts.amount == 0 => Fit::Free,
            "active" | "trialing" => Fit::Fits,
            _ => Fit::Unpaid,
        }
    }

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
            switch: None,
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
    use crate::model::{
        catalog::Offer,
        switch::{Figures, Today},
    };
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
        let fit = |change| Terms::of(change, "s", &facts).fit(&facts);
        (fit(Change::Cancel), fit(Change::Resume))
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

    fn switch(to: &str, timing: Timing) -> Terms {
        let offer = Offer {
            plan: "team".into(),
            product_id: to.into(),
            price_id: "x".into(),
            interval: Interval::Every { unit: "month".into(), count: 1 },
            price: Money::new(2_500, "usd"),
            tax: None,
            trial: None,
        };
        let figures = Figures { today: Today::About(750), next: Some(2_500), next_at: None };
        let switch = Switch { to: offer, timing, figures, replaces: None, quoted_at: 7 };
        Terms { switch: Some(switch), ..Terms::of(Change::Switch, "s", &facts(&json!({}))) }
    }

    #[test]
    fn another_plan_fits_what_runs_and_is_paid() {
        let fit = |change: &Value| switch("q", Timing::Now).fit(&facts(change));
        assert_eq!(fit(&json!({})), Fit::Fits);
        assert_eq!(fit(&json!({"status": "trialing", "amount": 0})), Fit::Fits);
        assert_eq!(fit(&json!({"product_id": "q"})), Fit::AlreadySo);
        assert_eq!(fit(&json!({"cancel_at_period_end": true})), Fit::Ending);
        assert_eq!(fit(&json!({"status": "past_due"})), Fit::Unpaid);
        assert_eq!(fit(&json!({"status": "paused"})), Fit::Paused);
        assert_eq!(fit(&json!({"status": "canceled"})), Fit::Over);
        assert_eq!(fit(&json!({"amount": 0})), Fit::Free);
    }

    #[test]
    fn a_scheduled_plan_is_as_wanted_and_can_be_taken_back_until_it_takes_effect() {
        let scheduled = json!({"pending_update": {"applies_at": "2027-03-03T10:00:00Z", "product_id": "q"}});
        assert_eq!(switch("q", Timing::PeriodEnd).fit(&facts(&scheduled)), Fit::AlreadySo);
        assert_eq!(switch("q", Timing::Now).fit(&facts(&scheduled)), Fit::Fits, "but not at once");
        assert_eq!(switch("r", Timing::PeriodEnd).fit(&facts(&scheduled)), Fit::Fits);
        let undo = Terms::of(Change::Undo, "s", &facts(&scheduled));
        assert_eq!(undo.fit(&facts(&scheduled)), Fit::Fits);
        assert_eq!(undo.fit(&facts(&json!({}))), Fit::AlreadySo);
        assert_eq!(undo.fit(&facts(&json!({"product_id": "q"}))), Fit::Over);
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
        let quoted = switch("q", Timing::Now);
        assert_eq!(Terms::of_stored(&quoted.stored()).as_ref(), Some(&quoted));
        let mut dearer = quoted.clone();
        dearer.switch.as_mut().unwrap().to.price.amount += 1;
        let mut later = quoted.clone();
        later.switch.as_mut().unwrap().figures.today = Today::About(749);
        assert!(dearer.hash() != quoted.hash() && later.hash() != quoted.hash());
    }
}
