//! Plan changes (C§2.8): what is allowed, when it takes effect, and the difference to the second.

use serde_json::json;
use uuid::Uuid;

use super::billing::Line;
use super::change::{Edit, Effect};
use super::{discounting, ending};
use crate::sandbox::api::prices::Price;
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_ledger::Held;
use crate::sandbox::api::subscription_patch::{Discount, Proration};
use crate::sandbox::api::subscriptions::{Pending, Subscription};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// What to change to, and how.
#[derive(Clone, Copy)]
pub struct Target {
    pub product_id: Uuid,
    /// The organization's default is `prorate` (http/001).
    pub proration: Option<Proration>,
    pub discount: Option<Discount>,
}

/// Changes the product, now or at the end of the period. What is left of the old plan is credited with the discount
/// that it had, the rest of the new one is billed with its own.
///
/// # Errors
/// 403 when it is to end, 422 when the product cannot be switched to.
pub fn switch(state: &State, edit: &mut Edit, wished: Target, now: Stamp) -> Result<(), Refusal> {
    let proration = wished.proration.unwrap_or(Proration::Prorate);
    if proration == Proration::Reset {
        let msg = "The 'reset' proration behavior is not enabled for this organization.";
        return Err(Refusal::field("proration_behavior", msg, json!("reset")));
    }
    let (product, prices) = target(state, &edit.one, wished.product_id)?;
    if proration == Proration::NextPeriod {
        if let Some(Discount::Set(id)) = wished.discount {
            discounting::check(state, &edit.one, product.id, id)?;
        }
        edit.one.ledger.next_discount = wished.discount;
        schedule(&mut edit.one, product.id, now);
        return Ok(());
    }
    let old = edit.one.clone();
    take(state, &mut edit.one, product, &prices, now);
    forgive(state, &mut edit.one);
    if let Some(discount) = wished.discount {
        discounting::change(state, &mut edit.one, discount)?;
    }
    edit.one.pending_update = None;
    if old.status == "trialing" {
        keep_trial(edit, product, now);
        return Ok(());
    }
    let restarted = is_other_interval(&old, &edit.one);
    edit.one.begin(if restarted { now } else { old.current_period_start });
    if !restarted {
        edit.one.current_period_end = old.current_period_end;
    }
    edit.lines = prorations(state, &old, &edit.one, now);
    if (proration == Proration::Invoice || restarted) && !edit.lines.is_empty() {
        edit.effect = Effect::Invoice;
    }
    Ok(())
}

/// The product and the prices that a subscription would have.
///
/// # Errors
/// When it cannot be switched to.
pub fn target<'a>(
    state: &'a State,
    one: &Subscription,
    product_id: Uuid,
) -> Result<(&'a Product, Vec<&'a Price>), Refusal> {
    if one.status == "canceled" || one.cancel_at_period_end {
        return Err(ending::already());
    }
    let wrong = |msg: &str| Refusal::field("product_id", msg, json!(product_id));
    let product = state.product(product_id).map_err(|_| wrong("Product does not exist."))?;
    if product.is_archived {
        return Err(wrong("Product is archived."));
    }
    if !product.is_recurring {
        return Err(wrong("Product is not recurring."));
    }
    let prices: Vec<&Price> =
        product.prices().into_iter().filter(|price| price.price_currency == one.currency).collect();
    if prices.iter().any(|price| price.amount_type == "custom") {
        return Err(wrong("Can't update to a product with custom prices."));
    }
    if prices.is_empty() {
        return Err(wrong("This product doesn't have a price for the subscription currency."));
    }
    Ok((product, prices))
}

/// Gives the subscription this product from now on.
pub fn take(state: &State, one: &mut Subscription, product: &Product, prices: &[&Price], now: Stamp) {
    one.product_id = product.id;
    one.recurring_interval = product.recurring_interval.clone().unwrap_or_default();
    one.recurring_interval_count = product.recurring_interval_count.unwrap_or(1);
    one.price(state, prices.iter().map(|price| Held::of(price, None)).collect(), now);
}

/// What was used under the old prices is billed by none: Polar leaves out the usage of a price that a subscription has no
/// more.
fn forgive(state: &State, one: &mut Subscription) {
    (one.ledger.billed, one.ledger.seen) = (state.usage.len(), state.usage.len());
}

/// A second change takes the place of the first.
fn schedule(one: &mut Subscription, product_id: Uuid, now: Stamp) {
    let applies_at = one.current_period_end;
    one.pending_update = Some(match one.pending_update.take() {
        Some(before) => Pending { modified_at: Some(now), applies_at, product_id, ..before },
        None => Pending {
            created_at: now,
            modified_at: None,
            id: secrets::id(),
            applies_at,
            product_id,
            seats: None,
            units: None,
        },
    });
}

/// The trial is as long as the new product's; without one, or when that is over, it ends now and is billed.
fn keep_trial(edit: &mut Edit, product: &Product, now: Stamp) {
    let wished = product.trial_interval.as_deref().zip(product.trial_interval_count);
    let end = wished.zip(edit.one.trial_start).map(|((interval, count), start)| start.plus_interval(interval, count));
    let end = end.filter(|end| *end > now);
    if end.is_none() {
        edit.effect = Effect::Cycle;
    }
    edit.one.trial_end = end.or(Some(now));
    edit.one.current_period_end = end.unwrap_or(now);
}

fn is_other_interval(old: &Subscription, new: &Subscription) -> bool {
    (&old.recurring_interval, old.recurring_interval_count) != (&new.recurring_interval, new.recurring_interval_count)
}

/// The rest of the new plan's time, and the credit for the rest of the old one's (webhook 0108).
fn prorations(state: &State, old: &Subscription, new: &Subscription, now: Stamp) -> Vec<Line> {
    let debits = rests(state, new, now)
        .into_iter()
        .map(|(name, amount, span, price)| (format!("{name} — {span}"), amount, price));
    let credits = rests(state, old, now)
        .into_iter()
        .map(|(name, amount, span, price)| (format!("Remaining time on {name} — {span}"), -amount, price));
    debits
        .chain(credits)
        .map(|(label, amount, price)| Line { label, amount, price_id: Some(price), proration: true })
        .collect()
}

/// What the rest of the period costs after the discount. Only fixed prices that cost something are prorated.
fn rests(state: &State, one: &Subscription, now: Stamp) -> Vec<(String, i64, String, Uuid)> {
    let Ok(product) = state.product(one.product_id) else { return Vec::new() };
    let (start, end) = (one.current_period_start, one.current_period_end);
    let fixed =
        |held: &Held| product.price(held.id).is_some_and(|price| price.amount_type == "fixed" && !price.is_free());
    let held: Vec<Held> = one.held().into_iter().filter(fixed).collect();
    let amounts: Vec<i64> = held.iter().map(|held| held.amount).collect();
    let discount = one.discount(state);
    let off = discount.map_or_else(|| vec![0; held.len()], |discount| discount.shared(&amounts, &one.currency));
    let part = |(held, off): (Held, i64)| {
        let amount = share(held.amount - off, end.0 - now.0, end.0 - start.0);
        (product.name.clone(), amount, span(now, end), held.id)
    };
    held.into_iter().zip(off).map(part).collect()
}

/// The time that a line is for.
pub fn span(start: Stamp, end: Stamp) -> String {
    format!("From {} to {}", start.short(), end.short())
}

/// `amount` × `part` / `whole`, rounded half to even as Polar's decimals are; nothing once the time is over.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if part <= 0 || whole <= 0 {
        return 0;
    }
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let (floor, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
    let up = rest * 2 > whole || (rest * 2 == whole && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_to_even_and_never_negative() {
        assert_eq!(share(2_500, 9_999, 10_000), 2_500);
        assert_eq!(share(1_000, 1, 3), 333);
        assert_eq!((share(1, 1, 2), share(3, 1, 2)), (0, 2));
        assert_eq!(share(1_000, -5, 10), 0);
    }
}
