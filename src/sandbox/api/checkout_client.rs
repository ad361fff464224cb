//! What the hosted page does with a checkout: read it, fill it in, confirm it (C§2.3). Its secret is all it needs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::checkout_create::{price, trial};
use super::checkout_view::{for_client, view};
use super::checkouts::{Checkout, Status, by_secret, expired, not_open, put};
use super::products::join;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::life::cards::Card;
use crate::sandbox::life::confirm::{self, Wish};
use crate::sandbox::state;

/// `GET /v1/checkouts/client/{client_secret}`: 410 when it has expired (http/155).
pub async fn read(State(app): Shared, Path(secret): Path<String>) -> Answer {
    let shown = app.read(|state| unexpired(state, &secret).map(|checkout| for_client(state, checkout)))?;
    Ok(Json(shown).into_response())
}

/// `PATCH /v1/checkouts/client/{client_secret}`: who buys, and which of the products.
pub async fn update(State(app): Shared, Path(secret): Path<String>, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let mut checkout = unexpired(state, &secret)?.clone();
        if checkout.status != Status::Open {
            return Err(not_open(&checkout));
        }
        change(state, &mut checkout, &sent)?;
        checkout.modified_at = Some(state.clock.now());
        put(state, checkout.clone());
        state.emit("checkout.updated", view(state, &checkout));
        Ok(for_client(state, &checkout))
    })?;
    Ok(Json(shown).into_response())
}

/// `POST /v1/checkouts/client/{client_secret}/confirm`; the confirmation tokens are those of the recordings.
pub async fn confirm(State(app): Shared, Path(secret): Path<String>, Body(sent): Body) -> Answer {
    let mut fields = Fields::of(&sent);
    let token = fields.text("confirmation_token_id");
    let wish = Wish {
        email: fields.email("customer_email"),
        name: fields.text("customer_name"),
        address: fields.object("customer_billing_address").map(|address| json!(address)),
        card: token.as_deref().map(Card::of_token),
    };
    fields.done()?;
    let shown = app.write(|state| {
        let checkout = confirm::confirm(state, &secret, wish)?;
        let mut shown = for_client(state, &checkout);
        join(&mut shown, json!({"customer_session_token": checkout.session_token}));
        Ok::<_, Refusal>(shown)
    })?;
    Ok(Json(shown).into_response())
}

fn unexpired<'a>(state: &'a state::State, secret: &str) -> Result<&'a Checkout, Refusal> {
    let checkout = by_secret(state, secret)?;
    if checkout.is_expired(state.clock.peek()) { Err(expired()) } else { Ok(checkout) }
}

fn change(state: &state::State, checkout: &mut Checkout, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let mut fields = Fields::of(sent);
    let chosen = fields.uuid("product_id");
    let amount = fields.integer("amount");
    for (key, place) in
        [("customer_name", &mut checkout.customer_name), ("customer_billing_name", &mut checkout.customer_billing_name)]
    {
        if fields.has(key) {
            *place = fields.text(key);
        }
    }
    if let Some(email) = fields.email("customer_email").filter(|_| !checkout.linked) {
        checkout.customer_email = Some(email);
    }
    if let Some(address) = fields.object("customer_billing_address") {
        checkout.customer_billing_address = Some(json!(address));
    }
    if let Some(allowed) = fields.flag("allow_trial").filter(|_| checkout.allow_trial) {
        checkout.allow_trial = allowed;
    }
    fields.done()?;
    choose(state, checkout, chosen, amount)
}

/// Another of the products, or another amount where buyers name it; the trial goes with the product.
fn choose(
    state: &state::State,
    checkout: &mut Checkout,
    chosen: Option<Uuid>,
    amount: Option<i64>,
) -> Result<(), Refusal> {
    let id = chosen.unwrap_or(checkout.product_id);
    if !checkout.products.contains(&id) {
        return Err(Refusal::field("product_id", "Product is not available in this checkout.", json!(id)));
    }
    let product = state.product(id)?.clone();
    if chosen.is_some() || amount.is_some() {
        let currency = checkout.currency.clone();
        price(checkout, &product, (Some(currency), amount))?;
    }
    trial(checkout, &product, state.clock.peek());
    Ok(())
}
