//! How much may be used in which period of what was bought: it follows from the same facts as access, and is written down in
//! the same transaction. Polar gives credits with each period, and whether its bill is paid says whether they are there.

use super::sources::{Holdings, facts};
use crate::{
    model::{
        catalog::Interval,
        fold::Folded,
        instant::{Millis, parse_ms},
        meter::Allowance,
        projection::{Kind, MeteredPrice, OrderFacts, SubscriptionFacts},
        usage::Bill,
    },
    server::{
        db::{
            self, Tx,
            mirror::ObjectRow,
            usage_windows::{self, MoreRow, WindowRow},
        },
        state::State,
    },
};

/// A bill that begins a period may be older than it by this: Polar writes one after the other.
const TOLERANCE: Millis = 60_000;

/// Writes down the periods that are open, and ends those that are no more.
pub(super) async fn follow(
    tx: &mut Tx,
    state: &State,
    user: &str,
    (holdings, folded): (&Holdings, &Folded),
) -> Result<(), db::Error> {
    let wanted = wanted(state, holdings, folded)?;
    for (window, rolls_over) in &wanted {
        let carried = if *rolls_over { usage_windows::left_before(&mut *tx, user, window).await? } else { 0 };
        let most = window.most.saturating_add(carried);
        usage_windows::put(tx, user, &WindowRow { most, ..window.clone() }).await?;
    }
    let now = state.clock.billing();
    for open in usage_windows::open(&mut *tx, user, now).await? {
        let is = |window: &WindowRow| {
            (&window.meter, &window.source_id, window.starts_at) == (&open.meter, &open.source_id, open.starts_at)
        };
        // Polar's clock may be ahead of ours: a period that has its next one is over at its own end.
        let is_next = |window: &WindowRow| {
            (&window.meter, &window.source_id) == (&open.meter, &open.source_id) && window.starts_at >= open.ends_at
        };
        if !wanted.iter().any(|(window, _)| is(window) || is_next(window)) {
            usage_windows::close(tx, user, &open, now).await?;
        }
    }
    Ok(())
}

/// The periods, each with whether what was left before goes along.
fn wanted(state: &State, holdings: &Holdings, folded: &Folded) -> Result<Vec<(WindowRow, bool)>, db::Error> {
    let mut wanted = Vec::new();
    for (row, slug) in holdings.planned().filter(|(row, _)| gives(row, folded)) {
        let usage = state.plans.get(slug).map(|plan| &plan.usage);
        let facts: SubscriptionFacts = facts(row)?;
        let instant = |text: &Option<String>| text.as_deref().and_then(parse_ms);
        let span = (instant(&facts.current_period_start), instant(&facts.current_period_end));
        let (Some(starts_at), Some(ends_at)) = span else { continue };
        let (bill, interval) = (bill(holdings, row, &facts, starts_at)?.stored(), Interval::of(&facts));
        let each = usage.into_iter().flatten().filter_map(|(meter, allowance): (&String, &Allowance)| {
            let (most, more) = (allowance.per_period(&interval)?, more(state, slug, &facts, meter));
            let rolls_over = state.plans.rolls_over(slug, meter);
            let (meter, source_id, bill) = (meter.clone(), row.id.clone(), bill.to_owned());
            Some((WindowRow { meter, source_id, starts_at, ends_at, most, bill, more }, rolls_over))
        });
        wanted.extend(each);
    }
    Ok(wanted)
}

/// What a subscription pays for more of a meter. Nothing is sold on trial: Polar would bill nothing of it.
fn more(state: &State, plan: &str, facts: &SubscriptionFacts, meter: &str) -> MoreRow {
    let is_it = |price: &&MeteredPrice| {
        price.price_currency == facts.currency && state.plans.priced_meter(plan, &price.meter.name) == Some(meter)
    };
    let price = facts.metered.iter().find(is_it).filter(|_| facts.status != "trialing");
    price.map_or_else(MoreRow::default, MoreRow::at)
}

/// Whether it is a subscription that gives access.
fn gives(row: &ObjectRow, folded: &Folded) -> bool {
    let rule = folded.rules.get(&("subscription", row.id.clone()));
    row.kind == Kind::Subscription.stored() && rule.is_some_and(|rule| rule.gives())
}

/// A trial needs no bill. Else the period is paid by any paid bill of the subscription that is of its time, also where money
/// went back later: a refund never changes what a subscription gives.
fn bill(
    holdings: &Holdings,
    subscription: &ObjectRow,
    facts: &SubscriptionFacts,
    starts_at: Millis,
) -> Result<Bill, db::Error> {
    if facts.status == "trialing" {
        return Ok(Bill::Paid);
    }
    for (row, _) in &holdings.objects {
        let is_its = row.kind == Kind::Order.stored() && row.subscription_id.as_ref() == Some(&subscription.id);
        let is_paid = matches!(row.status.as_deref(), Some("paid" | "partially_refunded" | "refunded"));
        if is_its && is_paid {
            let bill: OrderFacts = self::facts(row)?;
            if parse_ms(&bill.created_at).is_some_and(|at| at >= starts_at - TOLERANCE) {
                return Ok(Bill::Paid);
            }
        }
    }
    Ok(if facts.status == "past_due" { Bill::Unpaid } else { Bill::Awaited })
}
