//! A checkout as Polar shows it: to the merchant, and to the buyer's browser.

use serde_json::{Map, Value, json};

use super::checkouts::Checkout;
use super::discounts::Discount;
use super::organizations;
use super::products::{Product, join, remove};
use crate::sandbox::life::{discounting, offer};
use crate::sandbox::state::State;

const MERCHANT_ONLY: [&str; 7] = [
    "customer_metadata",
    "trial_interval",
    "trial_interval_count",
    "subscription_id",
    "metadata",
    "external_customer_id",
    "customer_external_id",
];

/// The session as the merchant's routes and events show it.
pub fn view(state: &State, one: &Checkout) -> Value {
    let mut shown = session(state, one);
    join(&mut shown, money(one));
    join(&mut shown, buyer(one));
    join(&mut shown, offer(state, one));
    shown
}

/// The session as the hosted page reads it.
pub fn for_client(state: &State, one: &Checkout) -> Value {
    let mut shown = view(state, one);
    remove(&mut shown, &MERCHANT_ONLY);
    join(&mut shown, json!({"organization": organizations::short(state)}));
    shown
}

/// Where the buyer pays.
pub fn page_url(state: &State, one: &Checkout) -> String {
    format!("{}/checkout/{}", state.origin, one.client_secret)
}

/// Where the buyer goes afterwards: the merchant's page, or one of ours.
pub fn success_url(state: &State, one: &Checkout) -> String {
    one.success_url.clone().unwrap_or_else(|| format!("{}/confirmation", page_url(state, one)))
}

fn session(state: &State, one: &Checkout) -> Value {
    let discount = discounting::known(state, one.discount_id);
    json!({
        "id": one.id, "created_at": one.created_at, "modified_at": one.modified_at, "custom_field_data": {},
        "payment_processor": "stripe", "status": one.status, "client_secret": one.client_secret,
        "url": page_url(state, one), "expires_at": one.expires_at, "success_url": success_url(state, one),
        "return_url": one.return_url, "embed_origin": one.embed_origin,
        "organization_id": state.identity.organization_id, "allow_discount_codes": one.allow_discount_codes,
        "discount_id": one.discount_id, "discount": discount.map(Discount::for_buyers), "is_discount_applicable": !one.free,
        "require_billing_address": one.require_billing_address, "locale": "en", "payment_method_type": null,
        "subscription_id": one.subscription_id, "attached_custom_fields": [], "metadata": one.metadata,
    })
}

/// The tax is known as soon as the country is; `subtotal_amount` is the older name of the net amount (http/082).
fn money(one: &Checkout) -> Value {
    let taxed = one.customer_billing_address.is_some() && one.form_required();
    let behavior = if one.tax_inclusive { "inclusive" } else { "exclusive" };
    json!({
        "amount": one.amount, "seats": null, "min_seats": null, "max_seats": null, "units": null, "min_units": null,
        "max_units": null, "discount_amount": one.discount_amount, "net_amount": one.net(), "subtotal_amount": one.net(),
        "tax_amount": one.tax_amount, "tax_behavior": taxed.then_some(behavior), "total_amount": one.total(),
        "currency": one.currency, "allow_trial": one.allow_trial,
        "trial_interval": one.trial_interval, "trial_interval_count": one.trial_interval_count,
        "active_trial_interval": one.trial.as_ref().map(|trial| &trial.0),
        "active_trial_interval_count": one.trial.as_ref().map(|trial| trial.1), "trial_end": one.trial_end,
        "is_free_product_price": one.free, "is_payment_required": one.payment_required(),
        "is_payment_setup_required": one.setup_required(), "is_payment_form_required": one.form_required(),
    })
}

fn buyer(one: &Checkout) -> Value {
    let mut payment = json!({"publishable_key": "pk_test_sandbox"});
    let country = one.customer_billing_address.as_ref().map(|address| &address["country"]);
    // A bill to the USA needs the whole address (http/072), one to France only the country (http/081).
    let whole = one.form_required() && country.is_some_and(|country| country == "US");
    let needed = if whole { "required" } else { "disabled" };
    join(&mut payment, Value::Object(one.payment.clone()));
    json!({
        "customer_id": one.customer_id, "is_business_customer": false, "customer_name": one.customer_name,
        "customer_email": one.customer_email, "customer_ip_address": one.customer_ip_address,
        "customer_billing_name": one.customer_billing_name, "customer_billing_address": one.customer_billing_address,
        "customer_tax_id": null, "payment_processor_metadata": payment,
        "customer_billing_address_fields": {"country": true, "state": whole, "city": whole, "postal_code": whole,
            "line1": whole, "line2": false},
        "billing_address_fields": {"country": "required", "state": needed, "city": needed, "postal_code": needed,
            "line1": needed, "line2": if whole { "optional" } else { "disabled" }},
        "external_customer_id": one.external_customer_id, "customer_external_id": one.external_customer_id,
        "customer_metadata": one.customer_metadata,
    })
}

fn offer(state: &State, one: &Checkout) -> Value {
    let products: Vec<&Product> = one.products.iter().filter_map(|id| state.product(*id).ok()).collect();
    let prices: Map<String, Value> =
        products.iter().map(|product| (product.id.to_string(), json!(offer::prices(one, product)))).collect();
    let chosen = state.product(one.product_id).ok();
    json!({
        "product_id": one.product_id, "product_price_id": one.price_id,
        "products": products.iter().map(|product| product.for_buyers()).collect::<Vec<_>>(),
        "product": chosen.map(Product::for_buyers), "prices": prices,
        "product_price": chosen.and_then(|product| product.price(one.price_id)),
    })
}
