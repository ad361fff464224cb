//! What of Polar's objects their owner should be told by mail: of each fact once, and only while it is news.

use super::{
    billed::what_for,
    instant::{DAY, Millis, parse_ms},
    letter::{BillingLetter, FRESH},
    money::Money,
    plan::Plan,
    projection::{OrderFacts, RefundFacts, SubscriptionFacts},
};

/// So long before it a yearly renewal is announced.
const AHEAD: Millis = 7 * DAY;

/// One thing worth a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The same key is the same news.
    pub key: String,
    /// Since when it is so, billing time; ahead of time where it is still to come.
    pub at: Millis,
    /// What is told.
    pub letter: BillingLetter,
}

impl News {
    /// Whether it is so by now, and not for so long that nobody wants to hear it any more.
    #[must_use]
    pub fn is_fresh(&self, now: Millis) -> bool {
        self.at <= now && now - self.at <= FRESH
    }
}

/// What a subscription of `plan` has to tell, by how it stands.
#[must_use]
pub fn of_subscription(id: &str, facts: &SubscriptionFacts, plan: &Plan) -> Vec<News> {
    let instant = |text: &Option<String>| text.as_deref().and_then(parse_ms);
    let name = || plan.name.clone();
    let goes_on = matches!(facts.status.as_str(), "active" | "trialing" | "past_due");
    let ends = facts.cancel_at_period_end || facts.ends_at.is_some();
    let period_end = instant(&facts.current_period_end);
    let failed = instant(&facts.past_due_at).filter(|_| facts.status == "past_due").map(|at| News {
        key: format!("payment_failed:{id}:{at}"),
        at,
        letter: BillingLetter::PaymentFailed { plan: name(), until: at + plan.grace() },
    });
    let canceled = instant(&facts.canceled_at).filter(|_| goes_on && ends).map(|at| News {
        key: format!("canceled:{id}:{at}"),
        at,
        letter: BillingLetter::Canceled {
            plan: name(),
            ends_at: instant(&facts.ends_at).or(period_end),
            sells_more: plan.sells_more(),
        },
    });
    let ended = instant(&facts.ended_at).filter(|_| facts.status == "canceled").map(|at| News {
        key: format!("ended:{id}"),
        at,
        letter: BillingLetter::Ended { plan: name(), sells_more: plan.sells_more() },
    });
    // One that pauses then, or becomes another plan, does not renew at this price.
    let stays = !ends && !facts.pause_at_period_end && facts.pending_update.is_none();
    let yearly = facts.status == "active" && stays && facts.recurring_interval.as_deref() == Some("year");
    let renews = period_end.filter(|_| yearly).map(|at| News {
        key: format!("renewal_soon:{id}:{at}"),
        at: at - AHEAD,
        letter: BillingLetter::RenewalSoon { plan: name(), price: Money::new(facts.amount, &facts.currency), at },
    });
    [failed, canceled, ended, renews].into_iter().flatten().collect()
}

/// That a bill was paid, if it was and if it cost anything. `paid_at` is known where the change was seen; else the bill's
/// own instant counts, so that an old bill that is seen for the first time is no news. `of` is the subscription it bills.
#[must_use]
pub fn of_bill(
    id: &str,
    facts: &OrderFacts,
    of: Option<&SubscriptionFacts>,
    plan: &str,
    paid_at: Option<Millis>,
) -> Option<News> {
    let total = Money::new(facts.due_amount.unwrap_or(facts.total_amount), &facts.currency);
    let at = paid_at.or_else(|| parse_ms(&facts.created_at))?;
    (facts.status == "paid" && total.amount > 0).then(|| News {
        key: format!("order_paid:{id}"),
        at,
        letter: BillingLetter::OrderPaid {
            plan: plan.to_owned(),
            total,
            what: what_for(facts, of).unwrap_or("bought once").to_owned(),
            invoice: facts.invoice_number.clone(),
        },
    })
}

/// That money went back.
#[must_use]
pub fn of_refund(id: &str, facts: &RefundFacts, what: &str) -> Option<News> {
    let amount = Money::new(facts.amount + facts.tax_amount, &facts.currency);
    let at = parse_ms(&facts.created_at).filter(|_| facts.status == "succeeded")?;
    let letter = BillingLetter::Refunded { what: what.to_owned(), amount };
    Some(News { key: format!("refunded:{id}"), at, letter })
}

/// That a subscription is of another plan since `at`.
#[must_use]
pub fn of_change(id: &str, from: &Plan, to: &Plan, at: Millis) -> Option<News> {
    let letter = BillingLetter::PlanChanged { from: from.name.clone(), to: to.name.clone() };
    (from.slug != to.slug).then(|| News { key: format!("plan_changed:{id}:{at}"), at, letter })
}

/// That a subscription is paid beside an older one since `at`.
#[must_use]
pub fn of_two(first: &str, second: &str, at: Millis) -> News {
    News { key: format!("two_subscriptions:{first}+{second}"), at, letter: BillingLetter::TwoSubscriptions }
}

#[cfg(test)]
mod tests;
