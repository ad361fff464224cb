//! Objects as customers see them: what the merchant sees, less what is the merchant's own (http/091–095).

use serde_json::{Value, json};

use crate::sandbox::api::customer_meters::{self, CustomerMeter};
use crate::sandbox::api::customers::Customer;
use crate::sandbox::api::grants::{self, Grant};
use crate::sandbox::api::orders::{self, Order};
use crate::sandbox::api::organizations;
use crate::sandbox::api::products::{Product, join, remove};
use crate::sandbox::api::subscriptions::{self, Subscription};
use crate::sandbox::state::State;

const MERCHANTS: [&str; 7] =
    ["custom_field_data", "metadata", "user", "customer", "discount", "platform_fee_amount", "platform_fee_currency"];

/// The customer (http/091).
pub fn customer(one: &Customer) -> Value {
    let mut shown = one.full();
    let inner = ["metadata", "external_id", "organization_id", "deleted_at", "first_user_event_at", "avatar_url"];
    remove(&mut shown, &inner);
    join(&mut shown, json!({"oauth_accounts": {}}));
    shown
}

/// A subscription (http/092).
pub fn subscription(state: &State, one: &Subscription) -> Value {
    let mut shown = subscriptions::view(state, one);
    remove(&mut shown, &MERCHANTS);
    join(&mut shown, json!({"product": state.product(one.product_id).ok().map(|found| product(state, found))}));
    shown
}

/// An order (http/093, http/179).
pub fn order(state: &State, one: &Order) -> Value {
    let mut shown = orders::view(state, one);
    remove(&mut shown, &MERCHANTS);
    if let Some(inner) = shown.get_mut("subscription") {
        remove(inner, &["metadata", "user_id"]);
    }
    join(&mut shown, json!({"product": state.product(one.product_id).ok().map(|found| product(state, found))}));
    shown
}

fn product(state: &State, one: &Product) -> Value {
    let mut shown = one.for_buyers();
    join(&mut shown, json!({"organization": organizations::for_customers(state)}));
    shown
}

/// A meter with what is left on it (http/094).
pub fn meter(state: &State, one: &CustomerMeter) -> Value {
    let mut shown = customer_meters::view(state, one);
    remove(&mut shown, &["customer"]);
    if let Some(inner) = shown.get_mut("meter").and_then(Value::as_object_mut) {
        inner.retain(|key, _| ["created_at", "modified_at", "id", "name"].contains(&key.as_str()));
    }
    shown
}

/// A grant, with the benefit's properties even where buyers do not see the benefit (http/095).
pub fn grant(state: &State, one: &Grant) -> Value {
    let mut shown = grants::view(state, one);
    remove(&mut shown, &["member"]);
    if let Some(inner) = shown.get_mut("benefit") {
        remove(inner, &["metadata", "visibility", "visibility_configurable", "is_tax_applicable"]);
        join(inner, json!({"organization": organizations::short(state)}));
    }
    join(&mut shown, json!({"customer": state.customer(one.customer_id).ok().map(customer)}));
    shown
}
