//! The verdict on one source: whether it gives access now, by which rule, until when, and when to look again.
//!
//! Ends that Polar announces (`current_period_end`, `ends_at`) never end access by themselves, nor does the grace after a
//! failed renewal: when such an instant has passed, another look at Polar is due, and only what is seen after it ends
//! access.

use super::{
    instant::{HOUR, Millis, spell_date, spell_time},
    plan::Plan,
    source::{Grant, Purchase, Source, StaffGrant, Subscription},
};

/// Why a source gives access, or does not. Instants are billing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// An active subscription.
    Active,
    /// A subscription on trial.
    Trialing,
    /// Active or on trial, and set to end then.
    Ending(Millis),
    /// A renewal is unpaid; the plan's grace lasts until then.
    Grace(Millis),
    /// A renewal is unpaid and the grace is over, but Polar was not seen since: only a later look may end it.
    GraceUnseen(Millis),
    /// A renewal is unpaid and the grace is over, but Polar's own benefit still stands.
    GrantStands,
    /// A renewal is unpaid and was seen unpaid after the grace.
    GraceOver(Millis),
    /// A paused subscription.
    Paused,
    /// A subscription in a state that gives nothing; Polar's word.
    Over(String),
    /// A paid purchase, for ever or until then.
    Bought(Option<Millis>),
    /// A purchase that lasted until then.
    Lapsed(Millis),
    /// A purchase that was wholly refunded.
    Refunded,
    /// A purchase that is not paid; Polar's word.
    Unpaid(String),
    /// A benefit that Polar granted.
    Granted,
    /// A benefit that Polar took back.
    Revoked,
    /// Given by staff, for ever or until then.
    Given(Option<Millis>),
    /// Given by staff until then.
    Expired(Millis),
    /// Given by staff, and taken back.
    Withdrawn,
    /// Of a plan that is not in `plans.toml` any more.
    NoSuchPlan(String),
}

impl Rule {
    /// As the ledger stores it.
    #[must_use]
    pub fn stored(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::Ending(_) => "set to end",
            Self::Grace(_) => "grace",
            Self::GraceUnseen(_) => "grace, not seen since",
            Self::GrantStands => "benefit stands",
            Self::GraceOver(_) => "grace over",
            Self::Paused => "paused",
            Self::Over(_) => "over",
            Self::Bought(_) => "bought",
            Self::Lapsed(_) => "lapsed",
            Self::Refunded => "refunded",
            Self::Unpaid(_) => "unpaid",
            Self::Granted => "granted",
            Self::Revoked => "revoked",
            Self::Given(_) => "given",
            Self::Expired(_) => "expired",
            Self::Withdrawn => "withdrawn",
            Self::NoSuchPlan(_) => "no such plan",
        }
    }

    /// Whether it gives access.
    #[must_use]
    pub fn gives(&self) -> bool {
        matches!(
            self,
            Self::Active
                | Self::Trialing
                | Self::Ending(_)
                | Self::Grace(_)
                | Self::GraceUnseen(_)
                | Self::GrantStands
                | Self::Bought(_)
                | Self::Granted
                | Self::Given(_)
        )
    }

    /// Until when it is certain; `None` without a known end.
    #[must_use]
    pub fn until(&self) -> Option<Millis> {
        match self {
            Self::Ending(at) | Self::Grace(at) | Self::GraceUnseen(at) => Some(*at),
            Self::Bought(until) | Self::Given(until) => *until,
            _ => None,
        }
    }

    /// Why, in one sentence for people.
    #[must_use]
    pub fn because(&self) -> String {
        match self {
            Self::Active => "The subscription is active.".to_owned(),
            Self::Trialing => "The subscription is on trial.".to_owned(),
            Self::Ending(at) => format!("The subscription is active and set to end on {}.", spell_time(*at)),
            Self::Grace(at) => format!("A renewal is unpaid; the plan's grace lasts until {}.", spell_time(*at)),
            Self::GraceUnseen(at) => {
                format!("A renewal is unpaid and the grace ended on {}, but Polar was not seen since.", spell_time(*at))
            }
            Self::GrantStands => "A renewal is unpaid, but Polar's own benefit still stands.".to_owned(),
            Self::GraceOver(at) => format!("A renewal is unpaid, and the grace ended on {}.", spell_time(*at)),
            Self::Paused => "The subscription is paused.".to_owned(),
            Self::Over(word) => format!("The subscription is {}.", word.replace('_', " ")),
            Self::Bought(None) => "It was bought once and lasts for ever.".to_owned(),
            Self::Bought(Some(at)) => format!("It was bought once and lasts until {}.", spell_time(*at)),
            Self::Lapsed(at) => format!("It was bought once and lasted until {}.", spell_time(*at)),
            Self::Refunded => "It was bought once and wholly refunded.".to_owned(),
            Self::Unpaid(word) => format!("It is a purchase that is {}.", word.replace('_', " ")),
            Self::Granted => "Polar granted the benefit.".to_owned(),
            Self::Revoked => "Polar took the benefit back.".to_owned(),
            Self::Given(None) => "Staff gave it, without an end.".to_owned(),
            Self::Given(Some(at)) => format!("Staff gave it until {}.", spell_time(*at)),
            Self::Expired(at) => format!("Staff gave it until {}.", spell_time(*at)),
            Self::Withdrawn => "Staff gave it and took it back.".to_owned(),
            Self::NoSuchPlan(slug) => format!("plans.toml has no plan {slug}."),
        }
    }

    /// What would change it, in one sentence for people.
    #[must_use]
    pub fn changes_when(&self) -> String {
        match self {
            Self::Active | Self::Trialing => "Access ends when Polar says that the subscription ended.".to_owned(),
            Self::Ending(at) => {
                format!("It ends when Polar is seen to have ended it, looked for after {}.", spell_date(*at))
            }
            Self::Grace(_) | Self::GraceUnseen(_) => {
                "A payment keeps it; being seen unpaid after the grace ends it.".to_owned()
            }
            Self::GrantStands => "A payment keeps it; it ends when Polar revokes the benefit.".to_owned(),
            Self::GraceOver(_) => "A payment of the open renewal gives access again.".to_owned(),
            Self::Paused => "Resuming the subscription gives access again.".to_owned(),
            Self::Over(_) | Self::Lapsed(_) | Self::Refunded => "Only a new purchase would give access.".to_owned(),
            Self::Bought(_) => "A full refund ends it.".to_owned(),
            Self::Unpaid(_) => "Its payment would give access.".to_owned(),
            Self::Granted => "It ends when Polar revokes the benefit.".to_owned(),
            Self::Revoked => "It comes back when Polar grants the benefit again.".to_owned(),
            Self::Given(_) => "Staff can take it back.".to_owned(),
            Self::Expired(_) | Self::Withdrawn => "Staff can give it again.".to_owned(),
            Self::NoSuchPlan(_) => "A plan with this slug in plans.toml would give access.".to_owned(),
        }
    }
}

/// The verdict on one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// By which rule.
    pub rule: Rule,
    /// The next instant at which the verdict may differ by time alone.
    pub refold_at: Option<Millis>,
    /// The source must be looked at again before its access can end.
    pub read: bool,
}

/// Judges a source by the policies of its plan, at billing time `now`. Grants and single features have no plan.
#[must_use]
pub fn judge(source: &Source, plan: Option<&Plan>, now: Millis) -> Verdict {
    match (source, plan) {
        (Source::Subscription(subscription), Some(plan)) => subscription.judge(plan, now),
        (Source::Purchase(purchase), Some(plan)) => by_time(purchase.rule(plan, now), now),
        (Source::Grant(grant), _) => by_time(grant.rule(), now),
        (Source::StaffGrant(staff_grant), _) if plan.is_some() || source.plan().is_none() => {
            by_time(staff_grant.rule(now), now)
        }
        _ => by_time(Rule::NoSuchPlan(source.plan().unwrap_or_default().to_owned()), now),
    }
}

/// Ends that are ours to know need no look at Polar.
fn by_time(rule: Rule, now: Millis) -> Verdict {
    let refold_at = rule.until().filter(|until| now < *until);
    Verdict { rule, refold_at, read: false }
}

impl Subscription {
    fn judge(&self, plan: &Plan, now: Millis) -> Verdict {
        match self.status.as_str() {
            "active" | "trialing" => match self.ends_at {
                Some(ends_at) => self.look_after(ends_at + HOUR, Rule::Ending(ends_at), now),
                None if self.status == "active" => by_time(Rule::Active, now),
                None => by_time(Rule::Trialing, now),
            },
            "past_due" => {
                let grace_end = self.past_due_at.unwrap_or(self.observed_at) + plan.grace();
                self.look_after(grace_end, self.unpaid(grace_end, now), now)
            }
            "paused" => by_time(Rule::Paused, now),
            word => by_time(Rule::Over(word.to_owned()), now),
        }
    }

    fn unpaid(&self, grace_end: Millis, now: Millis) -> Rule {
        if now < grace_end {
            Rule::Grace(grace_end)
        } else if self.observed_at < grace_end {
            Rule::GraceUnseen(grace_end)
        } else if self.grant_stands {
            Rule::GrantStands
        } else {
            Rule::GraceOver(grace_end)
        }
    }

    /// Before `instant`: come back then. After it: look at Polar again, unless it was seen since.
    fn look_after(&self, instant: Millis, rule: Rule, now: Millis) -> Verdict {
        let ahead = now < instant;
        Verdict { rule, refold_at: ahead.then_some(instant), read: !ahead && self.observed_at < instant }
    }
}

impl Purchase {
    fn rule(&self, plan: &Plan, now: Millis) -> Rule {
        match self.status.as_str() {
            "paid" | "partially_refunded" => match plan.lasts().map(|lasts| self.bought_at + lasts) {
                Some(until) if until <= now => Rule::Lapsed(until),
                until => Rule::Bought(until),
            },
            "refunded" => Rule::Refunded,
            word => Rule::Unpaid(word.to_owned()),
        }
    }
}

impl Grant {
    fn rule(&self) -> Rule {
        if self.stands { Rule::Granted } else { Rule::Revoked }
    }
}

impl StaffGrant {
    fn rule(&self, now: Millis) -> Rule {
        match self.expires_at {
            _ if self.withdrawn => Rule::Withdrawn,
            Some(at) if at <= now => Rule::Expired(at),
            until => Rule::Given(until),
        }
    }
}
