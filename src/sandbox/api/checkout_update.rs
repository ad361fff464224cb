//! Changing an open checkout: by the merchant, by the buyer's page, and by paying (C§2.3, http/152, http/153).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::body::{Body, Fields};
use super::checkout_create::{trial, with_id};
use super::checkout_view::{for_client, view};
use super::checkouts::{Checkout, Status, by_secret, expired, not_open, put};
use super::products::{join, path_id};
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::life::cards::Card;
use crate::sandbox::life::confirm::{self, Wish};
use crate::sandbox::life::{discounting, offer};
use crate::sandbox::state;

/// `PATCH /v1/checkouts/{id}`: while it is open.
pub async fn update(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        let mut checkout = state.checkout(id)?.clone();
        if checkout.status != Status::Open || checkout.is_expired(state.clock.peek()) {
            return Err(not_open(&checkout));
        }
        by_merchant(state, &mut checkout, &sent)?;
        Ok(changed(state, checkout))
    })?;
    Ok(Json(shown).into_response())
}

/// `PATCH /v1/checkouts/client/{client_secret}`
pub async fn client_update(State(app): Shared, Path(secret): Path<String>, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let mut checkout = by_secret(state, &secret)?.clone();
        if checkout.is_expired(state.clock.peek()) {
            return Err(expired());
        }
        if checkout.status != Status::Open {
            return Err(not_open(&checkout));
        }
        by_buyer(state, &mut checkout, &sent)?;
        discounting::check_customer(state, checkout.discount_id, checkout.customer_id)?;
        changed(state, checkout.clone());
        Ok(for_client(state, &checkout))
    })?;
    Ok(Json(shown).into_response())
}

/// `POST /v1/checkouts/client/{client_secret}/confirm`; the confirmation tokens are those of the recordings. The body
/// may hold whatever the page could have changed before.
pub async fn client_confirm(State(app): Shared, Path(secret): Path<String>, Body(sent): Body) -> Answer {
    let mut fields = Fields::of(&sent);
    let token = fields.text("confirmation_token_id");
    let wish = Wish {
        email: fields.email("customer_email"),
        name: fields.text("customer_name"),
        address: fields.address("customer_billing_address"),
        card: token.as_deref().map(Card::of_token),
    };
    fields.done()?;
    let shown = app.write(|state| {
        if let Some(mut checkout) = by_secret(state, &secret).ok().filter(|one| one.status == Status::Open).cloned() {
            purchase(state, &mut checkout, &sent)?;
            put(state, checkout);
        }
        let checkout = confirm::confirm(state, &secret, wish)?;
        let mut shown = for_client(state, &checkout);
        join(&mut shown, json!({"customer_session_token": checkout.session_token}));
        Ok::<_, Refusal>(shown)
    })?;
    Ok(Json(shown).into_response())
}

/// Keeps and tells a changed session. The event is built before the row is written (webhook 0169).
pub fn changed(state: &mut state::State, mut checkout: Checkout) -> Value {
    let told = view(state, &checkout);
    checkout.modified_at = Some(state.clock.now());
    let shown = view(state, &checkout);
    put(state, checkout);
    state.emit("checkout.updated", told);
    shown
}

fn by_merchant(state: &state::State, checkout: &mut Checkout, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let mut fields = Fields::of(sent);
    form(checkout, &mut fields);
    if let Some(metadata) = fields.metadata("metadata") {
        checkout.metadata = metadata;
    }
    if let Some(metadata) = fields.metadata("customer_metadata") {
        checkout.customer_metadata = metadata;
    }
    if let Some(url) = fields.url("success_url") {
        checkout.success_url = Some(with_id(&url, checkout.id));
    }
    if let Some(url) = fields.url("return_url") {
        checkout.return_url = Some(url);
    }
    checkout.allow_discount_codes = fields.flag("allow_discount_codes").unwrap_or(checkout.allow_discount_codes);
    checkout.allow_trial = fields.flag("allow_trial").unwrap_or(checkout.allow_trial);
    if let Some(own) = trial(&mut fields) {
        (checkout.trial_interval, checkout.trial_interval_count) = (Some(own.0), Some(own.1));
    }
    let currency = fields.text("currency");
    let (product_id, amount, discount_id) =
        (fields.uuid("product_id"), fields.integer("amount"), fields.uuid("discount_id"));
    fields.done()?;
    if product_id.is_some() || currency.is_some() {
        offer::switch(state, checkout, product_id, currency)?;
    }
    amount.map_or(Ok(()), |amount| offer::name_amount(state, checkout, amount))?;
    match discount_id {
        Some(id) => offer::discount_by_id(state, checkout, id)?,
        None if sent.contains_key("discount_id") => checkout.discount_id = None,
        None => {}
    }
    offer::reckon(state, checkout);
    Ok(())
}

/// What the buyer's page may change.
pub fn by_buyer(state: &state::State, checkout: &mut Checkout, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let mut fields = Fields::of(sent);
    form(checkout, &mut fields);
    fields.done()?;
    purchase(state, checkout, sent)
}

/// The product, the amount and the code.
fn purchase(state: &state::State, checkout: &mut Checkout, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let mut fields = Fields::of(sent);
    let (product_id, amount, code) =
        (fields.uuid("product_id"), fields.integer("amount"), fields.text("discount_code"));
    if fields.flag("allow_trial") == Some(false) {
        checkout.allow_trial = false;
    }
    fields.done()?;
    if product_id.is_some() {
        offer::switch(state, checkout, product_id, None)?;
    }
    amount.map_or(Ok(()), |amount| offer::name_amount(state, checkout, amount))?;
    match code.filter(|_| checkout.allow_discount_codes) {
        Some(code) => offer::discount_by_code(state, checkout, &code)?,
        None if checkout.allow_discount_codes && sent.contains_key("discount_code") => checkout.discount_id = None,
        None => {}
    }
    offer::reckon(state, checkout);
    Ok(())
}

/// Who buys.
fn form(checkout: &mut Checkout, fields: &mut Fields<'_>) {
    if fields.has("customer_name") {
        checkout.customer_name = fields.text("customer_name");
    }
    if let Some(email) = fields.email("customer_email").filter(|_| !checkout.linked) {
        checkout.customer_email = Some(email);
    }
    if let Some(address) = fields.address("customer_billing_address") {
        checkout.customer_billing_address = Some(address);
    }
}
