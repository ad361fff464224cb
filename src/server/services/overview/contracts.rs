//! Subscriptions that are not over, and how each stands.

use super::Reading;
use crate::{
    model::{
        catalog::Interval,
        instant::{Millis, parse_ms},
        money::Money,
        plan::Plan,
        projection::{Kind, SubscriptionFacts},
    },
    server::db::mirror::ObjectRow,
};

/// One subscription.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Polar's id.
    pub id: String,
    /// The name of its plan.
    pub plan: String,
    /// How it stands.
    pub standing: Standing,
    /// What is billed each time, tax apart.
    pub price: Money,
    /// How often.
    pub interval: Interval,
    /// A change that is scheduled: when, and to which plan.
    pub change: Option<(Millis, String)>,
    /// Whether its plan sells more than it includes.
    pub sells_more: bool,
}

/// How a subscription stands. Instants are billing time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Goes on; renews then.
    Renews(Option<Millis>),
    /// Free until then, and paid after it.
    Trial(Option<Millis>),
    /// Set to end then.
    Ends(Millis),
    /// A renewal is unpaid; access goes on until then.
    PastDue(Option<Millis>),
    /// Set to pause then.
    Pauses(Option<Millis>),
    /// Paused: gives nothing now.
    Paused,
}

impl Reading<'_> {
    pub(super) fn contracts(&self) -> Vec<Contract> {
        self.of_kind(Kind::Subscription).filter_map(|row| self.contract(row)).collect()
    }

    fn contract(&self, row: &ObjectRow) -> Option<Contract> {
        let facts: SubscriptionFacts = serde_json::from_str(&row.projection).ok()?;
        let given_until = self.held.values().find(|given| given.source_id == row.id).and_then(|given| given.until);
        let change = facts.pending_update.as_ref().and_then(|change| {
            let to = self.plan_name(change.product_id.as_deref().or(row.product_id.as_deref()));
            Some((parse_ms(&change.applies_at)?, to))
        });
        Some(Contract {
            change,
            sells_more: self.plan(row.product_id.as_deref()).is_some_and(Plan::sells_more),
            plan: self.plan_name(row.product_id.as_deref()),
            standing: standing(&facts, given_until)?,
            price: Money::new(facts.amount, &facts.currency),
            interval: Interval::of(&facts),
            id: row.id.clone(),
        })
    }
}

/// `None` for a subscription that is over.
fn standing(facts: &SubscriptionFacts, given_until: Option<Millis>) -> Option<Standing> {
    let instant = |text: &Option<String>| text.as_deref().and_then(parse_ms);
    let period_end = instant(&facts.current_period_end);
    match facts.status.as_str() {
        "active" | "trialing" if facts.cancel_at_period_end || facts.ends_at.is_some() => {
            instant(&facts.ends_at).or(period_end).map(Standing::Ends)
        }
        "active" if facts.pause_at_period_end => Some(Standing::Pauses(period_end)),
        "active" => Some(Standing::Renews(period_end)),
        "trialing" => Some(Standing::Trial(instant(&facts.trial_end).or(period_end))),
        "past_due" => Some(Standing::PastDue(given_until)),
        "paused" => Some(Standing::Paused),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    const END: &str = "2027-03-03T10:00:00Z";

    fn of(change: &Json) -> Option<Standing> {
        let mut facts = json!({
            "status": "active", "amount": 1200, "currency": "usd", "customer_id": "c", "product_id": "p",
            "current_period_end": END
        });
        for (key, value) in change.as_object().unwrap() {
            facts[key] = value.clone();
        }
        standing(&serde_json::from_value(facts).unwrap(), Some(7))
    }

    #[test]
    fn how_a_subscription_stands() {
        let end = parse_ms(END).unwrap();
        assert_eq!(of(&json!({})), Some(Standing::Renews(Some(end))));
        assert_eq!(of(&json!({"cancel_at_period_end": true})), Some(Standing::Ends(end)));
        assert_eq!(of(&json!({"status": "trialing", "ends_at": END})), Some(Standing::Ends(end)));
        assert_eq!(of(&json!({"status": "trialing", "trial_end": END})), Some(Standing::Trial(Some(end))));
        assert_eq!(of(&json!({"status": "past_due"})), Some(Standing::PastDue(Some(7))));
        assert_eq!(of(&json!({"pause_at_period_end": true})), Some(Standing::Pauses(Some(end))));
        assert_eq!(of(&json!({"status": "paused"})), Some(Standing::Paused));
        assert_eq!(of(&json!({"status": "canceled"})), None);
        assert_eq!(of(&json!({"status": "a word of tomorrow"})), None);
    }
}
