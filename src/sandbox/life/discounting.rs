//! What a discount takes off, for whom and for how long, and its redemptions (C§11 "Money"; webhooks 0168, 0169).

use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::currency::rounded;
use crate::sandbox::api::discounts::{Discount, Worth};
use crate::sandbox::api::products::{Product, remove};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::Discount as Wished;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;
use crate::sandbox::state::State;

/// Everything of a percentage, in basis points.
const ALL: i64 = 10_000;
/// What buyers do not see.
const MERCHANT_ONLY: [&str; 11] = [
    "created_at",
    "modified_at",
    "metadata",
    "starts_at",
    "ends_at",
    "max_redemptions",
    "max_redemptions_per_customer",
    "redemptions_count",
    "organization_id",
    "products",
    "is_deleted",
];

/// One use of a discount: by a checkout, or given to a subscription by the merchant.
#[derive(Clone, Serialize, Deserialize)]
pub struct Redemption {
    pub discount_id: Uuid,
    pub customer_id: Uuid,
}

impl Discount {
    /// What it takes off an amount: halves are rounded up, and never more than there is.
    pub fn off(&self, amount: i64, currency: &str) -> i64 {
        match &self.worth {
            Worth::Percentage { basis_points } => {
                rounded(Decimal::from(amount) * Decimal::from(*basis_points) / Decimal::from(ALL))
            }
            Worth::Fixed { amounts, .. } => amounts.get(currency).and_then(Value::as_i64).unwrap_or(0).min(amount),
        }
    }

    /// What it takes off each of some amounts: a fixed sum is shared out by their size, largest remainders first.
    pub fn shared(&self, amounts: &[i64], currency: &str) -> Vec<i64> {
        let total: i64 = amounts.iter().sum();
        if matches!(self.worth, Worth::Percentage { .. }) || total == 0 {
            return amounts.iter().map(|amount| self.off(*amount, currency)).collect();
        }
        let off = i128::from(self.off(total, currency));
        let weighted: Vec<i128> = amounts.iter().map(|amount| off * i128::from(*amount)).collect();
        let mut shares: Vec<i128> = weighted.iter().map(|weight| weight / i128::from(total)).collect();
        let mut order: Vec<usize> = (0..amounts.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(weighted[*place] % i128::from(total)));
        let left = usize::try_from(off - shares.iter().sum::<i128>()).unwrap_or(0);
        order.into_iter().take(left).for_each(|place| shares[place] += 1);
        shares.into_iter().map(|share| i64::try_from(share).unwrap_or(0)).collect()
    }

    /// True if it takes everything off, usage included, for ever.
    pub fn frees_for_ever(&self) -> bool {
        self.duration == "forever" && matches!(self.worth, Worth::Percentage { basis_points: ALL })
    }

    /// True if a product in this currency can have it.
    pub fn suits(&self, product: &Product, currency: &str) -> bool {
        let paid_in = match &self.worth {
            Worth::Percentage { .. } => true,
            Worth::Fixed { amounts, .. } => amounts.contains_key(currency),
        };
        paid_in && (self.products.is_empty() || self.products.contains(&product.id))
    }

    /// True while it can be used: it is there, has begun, has not ended and is not used up.
    pub fn is_redeemable(&self, now: Stamp) -> bool {
        !self.is_deleted
            && self.starts_at.is_none_or(|at| at <= now)
            && self.ends_at.is_none_or(|at| at >= now)
            && self.max_redemptions.is_none_or(|most| self.redemptions_count < most)
    }

    /// True if a period that begins at `start` has it no more; months are counted from the first that had it.
    pub fn is_over(&self, first: Stamp, start: Stamp) -> bool {
        match (self.duration.as_str(), self.duration_in_months) {
            ("once", _) => start > first,
            ("repeating", Some(months)) => start > first.plus_interval("month", months - 1),
            _ => false,
        }
    }

    /// The discount as buyers see it (http/152).
    pub fn for_buyers(&self) -> Value {
        let mut shown = json!(self);
        remove(&mut shown, &MERCHANT_ONLY);
        shown
    }
}

/// A discount that something has, also one that was deleted: it goes on where it was given.
pub fn known(state: &State, id: Option<Uuid>) -> Option<&Discount> {
    state.discounts.iter().find(|one| Some(one.id) == id)
}

/// The discount with this id, if `product` can have it now.
pub fn by_id<'a>(state: &'a State, id: Uuid, product: &Product, currency: &str) -> Option<&'a Discount> {
    let mut fitting = state.discounts.iter().filter(|one| fits(state, one, product, currency));
    fitting.find(|one| one.id == id)
}

/// The same by its code, whatever its case.
pub fn by_code<'a>(state: &'a State, code: &str, product: &Product, currency: &str) -> Option<&'a Discount> {
    let mut fitting = state.discounts.iter().filter(|one| fits(state, one, product, currency));
    fitting.find(|one| one.code.as_ref().is_some_and(|own| own.to_uppercase() == code.trim().to_uppercase()))
}

fn fits(state: &State, one: &Discount, product: &Product, currency: &str) -> bool {
    one.is_redeemable(state.clock.peek()) && one.suits(product, currency)
}

/// Gives a subscription another discount, or none; its amount follows at once (C§11 "Money").
///
/// # Errors
/// 422 when its product cannot have it, or when it has it already.
pub fn change(state: &State, one: &mut Subscription, wished: Wished) -> Result<(), Refusal> {
    if let Wished::Set(id) = wished {
        check(state, one, one.product_id, id)?;
    }
    give(state, one, wished);
    Ok(())
}

/// The same for one that was looked at before.
pub fn give(state: &State, one: &mut Subscription, wished: Wished) {
    one.discount_id = match wished {
        Wished::Set(id) => Some(id),
        Wished::Unset => None,
    };
    one.ledger.discounted_at = None;
    one.reckon(state);
}

/// The discount that a change uses: counted when it is asked for, even if it applies later.
pub fn asked(before: &Subscription, after: &Subscription) -> Option<Uuid> {
    match after.ledger.next_discount {
        Some(Wished::Set(id)) if before.ledger.next_discount != after.ledger.next_discount => Some(id),
        _ => after.discount_id.filter(|_| after.discount_id != before.discount_id),
    }
}

/// Refuses a discount that a subscription to this product cannot be given.
///
/// # Errors
/// 422.
pub fn check(state: &State, one: &Subscription, product_id: Uuid, id: Uuid) -> Result<(), Refusal> {
    let wrong = |msg: &str| Refusal::field("discount_id", msg, json!(id));
    let product = state.product(product_id).ok();
    if product.and_then(|product| by_id(state, id, product, &one.currency)).is_none() {
        return Err(wrong("Discount does not exist, is not applicable to this product or is not redeemable."));
    }
    if one.discount_id == Some(id) {
        return Err(wrong("This discount is already applied to the subscription."));
    }
    Ok(())
}

/// Refuses a customer who has used a discount as often as anybody may.
///
/// # Errors
/// 403 `DiscountRedemptionLimitReached`.
pub fn check_customer(state: &State, id: Option<Uuid>, customer_id: Option<Uuid>) -> Result<(), Refusal> {
    let most = known(state, id).and_then(|one| one.max_redemptions_per_customer);
    let uses = state.redemptions.iter().filter(|one| Some(one.discount_id) == id);
    let own = uses.filter(|one| Some(one.customer_id) == customer_id).count();
    if most.is_some_and(|most| i64::try_from(own).unwrap_or(i64::MAX) >= most) {
        let detail = "You have already redeemed this discount the maximum number of times allowed per customer.";
        return Err(Refusal::domain(StatusCode::FORBIDDEN, "DiscountRedemptionLimitReached", detail));
    }
    Ok(())
}

/// True if the discount can still be used.
pub fn is_redeemable(state: &State, id: Uuid) -> bool {
    known(state, Some(id)).is_some_and(|one| one.is_redeemable(state.clock.peek()))
}

/// Counts one use.
///
/// # Errors
/// 422 when it was used up meanwhile.
pub fn redeem(state: &mut State, id: Option<Uuid>, customer_id: Uuid) -> Result<(), Refusal> {
    let Some(discount_id) = id else { return Ok(()) };
    let now = state.clock.peek();
    match state.discounts.iter_mut().find(|one| one.id == discount_id && one.is_redeemable(now)) {
        Some(one) => one.redemptions_count += 1,
        None => return Err(Refusal::field("discount_id", "Discount is no longer redeemable.", json!(discount_id))),
    }
    state.redemptions.push(Redemption { discount_id, customer_id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discount(more: Value) -> Discount {
        let mut whole = json!({
            "created_at": "2026-01-31T00:00:00.000000Z", "modified_at": null, "id": Uuid::nil(), "metadata": {},
            "name": "Off", "code": null, "starts_at": null, "ends_at": null, "max_redemptions": null,
            "max_redemptions_per_customer": null, "redemptions_count": 0, "organization_id": Uuid::nil(), "products": [],
            "duration": "once",
        });
        crate::sandbox::api::products::join(&mut whole, more);
        serde_json::from_value(whole).expect("a discount")
    }

    #[test]
    fn percentages_round_halves_up_and_sums_end_at_nothing() {
        let percent = discount(json!({"type": "percentage", "basis_points": 2_900}));
        assert_eq!((percent.off(50, "usd"), percent.off(-50, "usd"), percent.off(100, "usd")), (15, -15, 29));
        let fixed = discount(json!({"type": "fixed", "amount": 500, "currency": "usd", "amounts": {"usd": 500}}));
        assert_eq!((fixed.off(900, "usd"), fixed.off(300, "usd"), fixed.off(900, "eur")), (500, 300, 0));
    }

    #[test]
    fn a_fixed_sum_is_shared_out_to_the_last_cent() {
        let fixed = discount(json!({"type": "fixed", "amount": 100, "currency": "usd", "amounts": {"usd": 100}}));
        assert_eq!(fixed.shared(&[100, 100, 100], "usd"), [34, 33, 33]);
        assert_eq!(fixed.shared(&[10, 20], "usd"), [10, 20]);
        assert_eq!(fixed.shared(&[0, 0], "usd"), [0, 0]);
        let percent = discount(json!({"type": "percentage", "basis_points": 1_000}));
        assert_eq!(percent.shared(&[15, 15], "usd"), [2, 2], "each for itself");
    }

    #[test]
    fn months_are_counted_from_the_first_period() {
        let at = |text: &str| Stamp::read(text).expect("a time");
        let first = at("2026-01-31T00:00:00Z");
        let three = discount(
            json!({"type": "percentage", "basis_points": 1, "duration": "repeating", "duration_in_months": 3}),
        );
        assert!(!three.is_over(first, first) && !three.is_over(first, at("2026-03-31T00:00:00Z")));
        assert!(three.is_over(first, at("2026-04-30T00:00:00Z")));
        let once = discount(json!({"type": "percentage", "basis_points": 1}));
        assert!(!once.is_over(first, first) && once.is_over(first, at("2026-02-28T00:00:00Z")));
    }
}
