//! What people may want of a subscription of theirs: that it ends when the paid time is over, that it goes on after all,
//! that it becomes another plan, or that it does not after all; that it pauses, or goes on again.

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
    /// It pauses when the paid time is over, until somebody continues it.
    Pause,
    /// It was to pause, and goes on.
    Unpause,
    /// It is paused, and goes on with a payment now.
    Continue,
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
    /// It is on trial: what is not paid yet cannot pause.
    Trial,
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
            Self::Pause | Self::Unpause | Self::Continue => "pause",
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
            Self::Pause => "pause subscription",
            Self::Unpause => "undo pause",
            Self::Continue => "continue subscription",
        }
    }

    /// The last part of its page's address.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Unpause => "unpause",
            Self::Continue => "continue",
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
            Change::Pause | Change::Unpause | Change::Continue => self.fit_of_pause(facts, ends),
            Change::Undo => self.fit_of_undo(facts),
            Change::Switch => self.fit_of_switch(facts, ends),
        }
    }

    /// Only what is plainly active can pause (C§2.8).
    fn fit_of_pause(&self, facts: &SubscriptionFacts, ends: bool) -> Fit {
        let is_paused = facts.status == "paused";
        match self.change {
            Change::Continue if is_paused => Fit::Fits,
            Change::Continue => Fit::AlreadySo,
            Change::Unpause if is_paused => Fit::Paused,
            Change::Unpause if facts.pause_at_period_end => Fit::Fits,
            Change::Unpause => Fit::AlreadySo,
            _ if is_paused || facts.pause_at_period_end => Fit::AlreadySo,
            _ if ends => Fit::Ending,
            _ => match facts.status.as_str() {
                "active" => Fit::Fits,
                "trialing" => Fit::Trial,
                _ => Fit::Unpaid,
            },
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
mod tests;
