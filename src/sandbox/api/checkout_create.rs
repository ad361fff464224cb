//! Making a checkout session (C§2.3): which product, price and trial, and for whom.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::checkout_view::view;
use super::checkouts::{Checkout, Status};
use super::customers::Customer;
use super::prices::{self, Home, Price};
use super::products::Product;
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared, check};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::offer;
use crate::sandbox::secrets;
use crate::sandbox::state;

const DAY_MS: i64 = 86_400_000;
const TRIALS: [&str; 4] = ["day", "week", "month", "year"];
/// The body is a union of three shapes, and a refusal names all of them, in these words (http/036, http/057).
const SHAPES: [(&str, &str); 3] = [
    ("CheckoutProductsCreate", "products"),
    ("CheckoutProductCreate", "product_id"),
    ("CheckoutPriceCreate", "product_price_id"),
];

/// `POST /v1/checkouts/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let checkout = new(state, &sent)?;
        let shown = view(state, &checkout);
        state.checkouts.push(checkout);
        state.emit("checkout.created", shown.clone());
        Ok::<_, Refusal>(shown)
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// `{CHECKOUT_ID}`, also percent-encoded, becomes the id.
pub fn with_id(url: &str, id: Uuid) -> String {
    let id = id.to_string();
    url.replace("{CHECKOUT_ID}", &id).replace("%7BCHECKOUT_ID%7D", &id)
}

fn new(state: &mut state::State, sent: &Map<String, Value>) -> Result<Checkout, Refusal> {
    let mut fields = Fields::of(sent);
    let products = products(&mut fields);
    let mut checkout = blank(&mut fields);
    let own = trial(&mut fields);
    let (currency, amount) = (fields.text("currency"), fields.integer("amount"));
    let (customer_id, discount_id) = (fields.uuid("customer_id"), fields.uuid("discount_id"));
    let upgraded = fields.uuid("subscription_id");
    let ad_hoc = fields.object("prices").cloned().unwrap_or_default();
    let wrong = std::mem::take(&mut fields.wrong);
    if !wrong.is_empty() {
        return Err(for_all_shapes(wrong, sent));
    }
    (checkout.trial_interval, checkout.trial_interval_count) = own.unzip();
    let now = state.clock.now();
    checkout.created_at = now;
    checkout.expires_at = now.plus_ms(DAY_MS);
    let first = on_sale(state, &products)?.id;
    checkout.products = products;
    ad_hoc_prices(state, &mut checkout, &ad_hoc)?;
    offer::choose(state, &mut checkout, first, currency)?;
    amount.map_or(Ok(()), |amount| offer::name_amount(state, &mut checkout, amount))?;
    discount_id.map_or(Ok(()), |id| offer::discount_by_id(state, &mut checkout, id))?;
    match upgraded {
        Some(id) => upgrade(state, &mut checkout, id)?,
        None => recognise(state, &mut checkout, customer_id)?,
    }
    offer::reckon(state, &mut checkout);
    Ok(checkout)
}

/// A trial of the session's own: unit and count, 1 to 1000, both or neither.
pub fn trial(fields: &mut Fields<'_>) -> Option<(String, i64)> {
    let (interval, count) = (fields.text("trial_interval"), fields.integer("trial_interval_count"));
    if interval.as_ref().is_some_and(|interval| !TRIALS.contains(&interval.as_str())) {
        let msg = "Input should be 'day', 'week', 'month' or 'year'";
        fields.wrong.push(Detail::body("enum", "trial_interval", msg, json!(interval)));
    }
    if count.is_some_and(|count| !(1..=1_000).contains(&count)) {
        let msg = "Input should be between 1 and 1000";
        fields.wrong.push(Detail::body("less_than_equal", "trial_interval_count", msg, json!(count)));
    }
    if interval.is_some() != count.is_some() && fields.wrong.is_empty() {
        let msg = "Both trial_interval and trial_interval_count must be set together.".to_owned();
        fields.wrong.push(Detail { kind: "missing", loc: vec![json!("body")], msg, input: Value::Null, ctx: None });
    }
    interval.zip(count)
}

/// Prices for this session alone, by product; they are kept with the product, outside its catalog.
fn ad_hoc_prices(state: &mut state::State, checkout: &mut Checkout, sent: &Map<String, Value>) -> Result<(), Refusal> {
    for (key, entries) in sent {
        let found = checkout.products.iter().find(|id| id.to_string() == *key).copied();
        let Some(product_id) = found else {
            let mut wrong = Detail::body("value_error", "prices", "Product is not set on that checkout.", json!(key));
            wrong.loc.push(json!(key));
            return Err(Refusal::Business(vec![wrong]));
        };
        let interval = state.product(product_id)?.recurring_interval.clone();
        let home = Home { product_id, interval: interval.as_deref(), source: "ad_hoc", meters: &state.meters };
        let made = entries.as_array().into_iter().flatten().map(|entry| prices::create(entry, &home, &mut state.clock));
        let made: Vec<Price> = made.collect::<Result<_, _>>()?;
        checkout.ad_hoc.insert(product_id, made.iter().map(|price| price.id).collect());
        if let Some(product) = state.products.iter_mut().find(|product| product.id == product_id) {
            made.into_iter().for_each(|price| product.add_price(price));
        }
    }
    Ok(())
}

fn products(fields: &mut Fields<'_>) -> Vec<Uuid> {
    if let Some(one) = fields.uuid("product_id").filter(|_| !fields.has("products")) {
        return vec![one];
    }
    fields.require("products");
    let Some(entries) = fields.list("products") else { return Vec::new() };
    if entries.is_empty() {
        let ctx = json!({"field_type": "List", "min_length": 1, "actual_length": 0});
        let msg = "List should have at least 1 item after validation, not 0";
        fields.wrong.push(Detail::body("too_short", "products", msg, json!([])).with(ctx));
    }
    let mut ids = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        match check::uuid(entry.as_str().unwrap_or_default(), &["body", "products"]) {
            Ok(id) => ids.push(id),
            Err(mut detail) => {
                detail.loc.push(json!(place));
                fields.wrong.push(detail);
            }
        }
    }
    ids
}

/// Everything that is taken from the body as it is.
fn blank(fields: &mut Fields<'_>) -> Checkout {
    let id = secrets::id();
    Checkout {
        id,
        created_at: Stamp(0),
        modified_at: None,
        status: Status::Open,
        client_secret: secrets::token("polar_c_"),
        expires_at: Stamp(0),
        success_url: fields.url("success_url").map(|url| with_id(&url, id)),
        return_url: fields.url("return_url"),
        embed_origin: fields.text("embed_origin"),
        products: Vec::new(),
        product_id: Uuid::nil(),
        price_id: Uuid::nil(),
        amount: 0,
        currency: String::new(),
        allow_trial: fields.flag("allow_trial").unwrap_or(true),
        trial_interval: None,
        trial_interval_count: None,
        trial: None,
        trial_end: None,
        free: false,
        recurring: false,
        allow_discount_codes: fields.flag("allow_discount_codes").unwrap_or(true),
        require_billing_address: fields.flag("require_billing_address").unwrap_or(false),
        subscription_id: None,
        customer_id: None,
        linked: false,
        external_customer_id: fields.text("external_customer_id").or_else(|| fields.text("customer_external_id")),
        customer_name: fields.text("customer_name"),
        customer_email: fields.email("customer_email"),
        customer_ip_address: ip(fields),
        customer_billing_name: fields.text("customer_billing_name"),
        customer_billing_address: fields.address("customer_billing_address"),
        metadata: fields.metadata("metadata").unwrap_or_default(),
        customer_metadata: fields.metadata("customer_metadata").unwrap_or_default(),
        payment: Map::new(),
        ad_hoc: BTreeMap::new(),
        discount_id: None,
        discount_amount: 0,
        tax_amount: None,
        tax_inclusive: false,
        metered: false,
        spared: false,
        session_token: None,
    }
}

fn ip(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text("customer_ip_address")?;
    if text.parse::<std::net::IpAddr>().is_err() {
        let msg = "value is not a valid IPv4 or IPv6 address";
        fields.wrong.push(Detail::body("ip_any_address", "customer_ip_address", msg, json!(text)));
    }
    Some(text)
}

/// All products must exist and be on sale; the first is preselected.
fn on_sale<'a>(state: &'a state::State, products: &[Uuid]) -> Result<&'a Product, Refusal> {
    for (place, id) in products.iter().enumerate() {
        let msg = match state.product(*id) {
            Ok(product) if !product.is_archived => continue,
            Ok(_) => "Product is archived.",
            Err(_) => "Product does not exist.",
        };
        let mut detail = Detail::body("value_error", "products", msg, json!(id));
        detail.loc.push(json!(place));
        return Err(Refusal::Business(vec![detail]));
    }
    state.product(products.first().copied().unwrap_or_default())
}

/// A known customer prefills the session and cannot be replaced by typing another e-mail (http/064, http/151).
fn recognise(state: &state::State, checkout: &mut Checkout, id: Option<Uuid>) -> Result<(), Refusal> {
    let found = match (id, &checkout.external_customer_id) {
        (Some(id), _) => {
            Some(state.living(id).map_err(|_| Refusal::field("customer_id", "Customer does not exist.", json!(id)))?)
        }
        (None, Some(external_id)) => state.customer_by_external(external_id),
        (None, None) => None,
    };
    if let Some(customer) = found {
        prefill(state, checkout, customer);
    }
    Ok(())
}

/// Only a free subscription is upgraded by a purchase; it stays with its customer, whoever else is named (http/218).
fn upgrade(state: &state::State, checkout: &mut Checkout, id: Uuid) -> Result<(), Refusal> {
    let wrong = |msg: &str| Refusal::field("subscription_id", msg, json!(id));
    let one = state.subscription(id).map_err(|_| wrong("Subscription does not exist."))?;
    if !one.is_active() || one.amount > 0 || !state.product(checkout.product_id)?.is_recurring {
        return Err(wrong("Only free subscriptions can be upgraded."));
    }
    checkout.subscription_id = Some(id);
    checkout.external_customer_id = None;
    prefill(state, checkout, state.living(one.customer_id)?);
    Ok(())
}

fn prefill(state: &state::State, checkout: &mut Checkout, customer: &Customer) {
    if state.checkouts.iter().any(|one| one.customer_id == Some(customer.id) && one.is_confirmed()) {
        let secret = secrets::token("cuss_secret_sandbox_");
        checkout.payment.insert("customer_session_client_secret".to_owned(), json!(secret));
    }
    checkout.linked = true;
    checkout.customer_id = Some(customer.id);
    checkout.customer_email = Some(customer.email.clone());
    checkout.customer_name = checkout.customer_name.take().or_else(|| customer.name.clone());
    checkout.customer_billing_name = customer.billing_name.clone();
    checkout.customer_billing_address =
        checkout.customer_billing_address.take().or_else(|| customer.billing_address.clone());
}

fn for_all_shapes(wrong: Vec<Detail>, sent: &Map<String, Value>) -> Refusal {
    let mut all = Vec::new();
    for (shape, key) in SHAPES {
        let shape = format!(
            "function-after[_validate_unit_constraints(), function-after[_validate_seat_constraints(), \
             function-after[is_complete_configuration(), {shape}]]]"
        );
        let own = wrong.iter().filter(|detail| key == "products" || detail.loc.get(1) != Some(&json!("products")));
        all.extend(own.cloned().map(|mut detail| {
            detail.loc.insert(1, json!(shape));
            detail
        }));
        if key != "products" && !sent.contains_key(key) {
            let loc = vec![json!("body"), json!(shape), json!(key)];
            let msg = "Field required".to_owned();
            all.push(Detail { kind: "missing", loc, msg, input: json!(sent), ctx: None });
        }
    }
    Refusal::Invalid(all)
}
