//! What a checkout sells: the product, its prices in one currency, the amount, the discount, the tax and the trial.

use serde_json::{Value, json};
use uuid::Uuid;

use super::billing::Line;
use super::{discounting, tax};
use crate::sandbox::api::checkouts::Checkout;
use crate::sandbox::api::prices::Price;
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::{Detail, Refusal};
use crate::sandbox::api::subscription_ledger::Held;
use crate::sandbox::state::State;

/// The organization's own currency.
const DEFAULT_CURRENCY: &str = "usd";
const NO_CURRENCY: &str = "Product is not available in the specified currency.";

/// The prices of a product in this session: its own, or those made for the session.
pub fn prices<'a>(checkout: &Checkout, product: &'a Product) -> Vec<&'a Price> {
    match checkout.ad_hoc.get(&product.id) {
        Some(ids) => ids.iter().filter_map(|id| product.price(*id)).collect(),
        None => product.prices(),
    }
}

/// The prices that this session charges.
pub fn charged<'a>(state: &'a State, checkout: &Checkout) -> Vec<&'a Price> {
    let Ok(product) = state.product(checkout.product_id) else { return Vec::new() };
    prices(checkout, product).into_iter().filter(|price| price.price_currency == checkout.currency).collect()
}

/// Those prices with what each costs up front.
pub fn held(state: &State, checkout: &Checkout) -> Vec<Held> {
    charged(state, checkout).into_iter().map(|price| Held::of(price, Some(checkout.amount))).collect()
}

/// The lines of the first bill: usage is billed later.
pub fn lines(state: &State, checkout: &Checkout, label: &str) -> Vec<Line> {
    let fixed = held(state, checkout).into_iter().filter(|held| !held.metered);
    fixed
        .map(|held| Line { label: label.to_owned(), amount: held.amount, price_id: Some(held.id), proration: false })
        .collect()
}

/// Chooses a product and a currency: the one that is named, else the organization's own, else the product's first.
///
/// # Errors
/// 422 when it is not sold in the currency that is named.
pub fn choose(
    state: &State,
    checkout: &mut Checkout,
    product_id: Uuid,
    currency: Option<String>,
) -> Result<(), Refusal> {
    let product = state.product(product_id)?;
    let offered = prices(checkout, product);
    let sold_in = |currency: &str| offered.iter().any(|price| price.price_currency == currency);
    let currency = match currency.map(|currency| currency.to_ascii_lowercase()) {
        Some(currency) if !sold_in(&currency) => {
            let mut wrong = Detail::body("value_error", "products", NO_CURRENCY, json!(product_id));
            wrong.loc.push(json!(0));
            return Err(Refusal::Business(vec![wrong]));
        }
        Some(currency) => currency,
        None if sold_in(DEFAULT_CURRENCY) => DEFAULT_CURRENCY.to_owned(),
        None => offered.first().map(|price| price.price_currency.clone()).unwrap_or_default(),
    };
    (checkout.product_id, checkout.currency) = (product_id, currency);
    let charged = charged(state, checkout);
    let first = charged.iter().find(|price| price.static_amount(None).is_some()).or(charged.first());
    checkout.price_id = first.map_or(checkout.price_id, |price| price.id);
    checkout.amount = charged.iter().filter_map(|price| price.static_amount(None)).sum();
    Ok(())
}

/// Goes over to another of the session's products, or to another currency. A discount that does not suit it is dropped.
///
/// # Errors
/// 422 when the session does not have the product, or the product not the currency.
pub fn switch(
    state: &State,
    checkout: &mut Checkout,
    product_id: Option<Uuid>,
    currency: Option<String>,
) -> Result<(), Refusal> {
    let wished = product_id.unwrap_or(checkout.product_id);
    let wrong = |msg: &str| Err(Refusal::field("product_id", msg, json!(wished)));
    if !checkout.products.contains(&wished) {
        return wrong("Product is not available in this checkout.");
    }
    let product = state.product(wished)?;
    if product.is_archived {
        return wrong("Product is archived.");
    }
    let kept = Some(checkout.currency.clone())
        .filter(|kept| prices(checkout, product).iter().any(|price| price.price_currency == *kept));
    let asked = currency.clone();
    choose(state, checkout, wished, currency.or(kept))
        .map_err(|_| Refusal::field("currency", NO_CURRENCY, json!(asked)))?;
    let suits =
        |id: &Uuid| discounting::known(state, Some(*id)).is_some_and(|one| one.suits(product, &checkout.currency));
    checkout.discount_id = checkout.discount_id.filter(suits);
    Ok(())
}

/// The buyer names the amount; where it is fixed that changes nothing (C§11 "Checkout").
///
/// # Errors
/// 422 outside the bounds of the price (http/191).
pub fn name_amount(state: &State, checkout: &mut Checkout, amount: i64) -> Result<(), Refusal> {
    let charged = charged(state, checkout);
    if let Some(custom) = charged.iter().find(|price| price.is_custom()) {
        custom.check_named(amount)?;
        checkout.amount = charged.iter().filter_map(|price| price.static_amount(Some(amount))).sum();
    }
    Ok(())
}

/// Gives the session a discount by its id.
///
/// # Errors
/// 422 when the product cannot have it.
pub fn discount_by_id(state: &State, checkout: &mut Checkout, id: Uuid) -> Result<(), Refusal> {
    let product = discountable(state, checkout, "discount_id", &json!(id))?;
    let found = discounting::by_id(state, id, product, &checkout.currency).map(|one| one.id);
    checkout.discount_id =
        Some(found.ok_or_else(|| Refusal::field("discount_id", "Discount does not exist.", json!(id)))?);
    Ok(())
}

/// The same by its code (http/153).
///
/// # Errors
/// 422 when there is none that the product can have.
pub fn discount_by_code(state: &State, checkout: &mut Checkout, code: &str) -> Result<(), Refusal> {
    let product = discountable(state, checkout, "discount_code", &Value::Null)?;
    let found = discounting::by_code(state, code, product, &checkout.currency).map(|one| one.id);
    let missing = || Refusal::field("discount_code", "Discount does not exist.", Value::Null);
    checkout.discount_id = Some(found.ok_or_else(missing)?);
    Ok(())
}

fn discountable<'a>(state: &'a State, checkout: &Checkout, field: &str, input: &Value) -> Result<&'a Product, Refusal> {
    if charged(state, checkout).iter().all(|price| price.is_free()) {
        return Err(Refusal::field(field, "Discounts are not applicable to this product.", input.clone()));
    }
    state.product(checkout.product_id)
}

/// Works out all that follows from product, amount, discount and country. A trial goes by the session's own length
/// before the product's.
pub fn reckon(state: &State, checkout: &mut Checkout) {
    let Ok(product) = state.product(checkout.product_id) else { return };
    let charged = charged(state, checkout);
    checkout.free = charged.iter().all(|price| price.is_free());
    checkout.metered = charged.iter().any(|price| price.metered().is_some());
    checkout.recurring = product.is_recurring;
    let discount = discounting::known(state, checkout.discount_id);
    checkout.discount_amount = discount.map_or(0, |one| one.off(checkout.amount, &checkout.currency));
    checkout.spared = discount.is_some_and(|one| one.frees_for_ever());
    let own = checkout.trial_interval.clone().zip(checkout.trial_interval_count);
    let trial = own.or_else(|| product.trial_interval.clone().zip(product.trial_interval_count));
    let may = checkout.allow_trial && product.is_recurring && !checkout.free && checkout.subscription_id.is_none();
    checkout.trial = trial.filter(|_| may);
    checkout.trial_end =
        checkout.trial.as_ref().map(|(interval, count)| state.clock.peek().plus_interval(interval, *count));
    taxed(checkout);
}

/// No tax is known before the country, and none is due where nothing is paid.
fn taxed(checkout: &mut Checkout) {
    let address = checkout.customer_billing_address.clone();
    (checkout.tax_amount, checkout.tax_inclusive) = (None, false);
    if !checkout.form_required() {
        checkout.tax_amount = Some(0);
    } else if address.is_some() {
        checkout.tax_inclusive = tax::is_inclusive(address.as_ref());
        let taxable = checkout.amount - checkout.discount_amount;
        checkout.tax_amount = Some(tax::of(taxable, address.as_ref(), checkout.tax_inclusive));
    }
}
