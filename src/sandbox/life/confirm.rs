//! The buyer presses "Pay": who they are, whether they may, whether the card pays (C§2.3).

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::api::checkout_view::view;
use crate::sandbox::api::checkouts::{Checkout, Status, by_secret, expired, not_open, put};
use crate::sandbox::api::customer_sessions;
use crate::sandbox::api::customers::{Newcomer, add};
use crate::sandbox::api::refusal::{Detail, Refusal};
use crate::sandbox::life::cards::{self, Card};
use crate::sandbox::life::jobs::What;
use crate::sandbox::life::{discounting, offer};
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// What the buyer filled in.
pub struct Wish {
    pub email: Option<String>,
    pub name: Option<String>,
    pub address: Option<Value>,
    pub card: Option<Card>,
}

/// Whom the purchase will belong to.
enum Buyer {
    /// Matched by external id or id when the session was made.
    Linked(Uuid),
    /// Matched by e-mail alone: used as is, its external id is not set.
    SameEmail(Uuid),
    New,
}

/// Confirms the session: it becomes `confirmed`, and `succeeded` when the payment's job has run. A declined card
/// leaves it open (http/078).
pub fn confirm(state: &mut State, secret: &str, wish: Wish) -> Result<Checkout, Refusal> {
    let mut checkout = by_secret(state, secret)?.clone();
    if checkout.is_expired(state.clock.peek()) {
        return Err(expired());
    }
    if checkout.status != Status::Open {
        return Err(not_open(&checkout));
    }
    let card = wish.card;
    fill(state, &mut checkout, wish);
    offer::reckon(state, &mut checkout);
    complete(&checkout, card)?;
    let buyer = identify(state, &checkout)?;
    unique(state, &checkout, &buyer)?;
    if let Buyer::Linked(id) | Buyer::SameEmail(id) = buyer {
        discounting::check_customer(state, checkout.discount_id, Some(id))?;
    }
    if let Some(id) = checkout.discount_id.filter(|id| !discounting::is_redeemable(state, *id)) {
        return Err(Refusal::field("discount_id", "Discount is no longer redeemable.", json!(id)));
    }
    let card = card.filter(|_| checkout.form_required());
    if let Some(why) = card.and_then(Card::refused) {
        let unchanged = view(state, by_secret(state, secret)?);
        state.emit("checkout.updated", unchanged);
        let detail = format!("The payment failed: {why} Please try again with a different payment method.");
        return Err(Refusal::domain(StatusCode::BAD_REQUEST, "PaymentError", detail));
    }
    let confirmed = take(state, checkout, buyer);
    if let Some(customer_id) = confirmed.customer_id {
        discounting::redeem(state, confirmed.discount_id, customer_id)?;
    }
    if let (Some(card), Some(customer_id)) = (card, confirmed.customer_id) {
        cards::keep(state, customer_id, card);
    }
    Ok(confirmed)
}

/// Takes what the buyer typed; the row is written only if that changed it (webhooks 0021, 0057).
fn fill(state: &mut State, checkout: &mut Checkout, wish: Wish) {
    let typed = |one: &Checkout| {
        let (name, billing) = (one.customer_name.clone(), one.customer_billing_name.clone());
        (one.customer_email.clone(), name, billing, one.customer_billing_address.clone())
    };
    let before = typed(checkout);
    if !checkout.linked {
        checkout.customer_email = wish.email.or(checkout.customer_email.take());
    }
    checkout.customer_name = wish.name.or(checkout.customer_name.take());
    checkout.customer_billing_address = wish.address.or(checkout.customer_billing_address.take());
    if !checkout.form_required() {
        // Nothing is billed, so nobody is named (http/055).
        checkout.customer_billing_name = None;
    }
    if typed(checkout) != before {
        checkout.modified_at = Some(state.clock.now());
    }
}

/// All that is missing, in one refusal (http/068, http/070).
fn complete(checkout: &Checkout, card: Option<Card>) -> Result<(), Refusal> {
    let mut wrong = Vec::new();
    if checkout.customer_email.is_none() {
        wrong.push(Detail::body("missing", "customer_email", "Field is required.", Value::Null));
    }
    if checkout.form_required() {
        let country = checkout.customer_billing_address.as_ref().and_then(|address| address["country"].as_str());
        if country.is_none() {
            let mut inner = Detail::body("missing", "customer_billing_address", "Field is required.", Value::Null);
            if checkout.customer_billing_address.is_none() {
                wrong.push(inner.clone());
            }
            inner.loc.push(json!("country"));
            wrong.push(inner);
        }
        if card.is_none() {
            wrong.push(Detail::body(
                "missing",
                "confirmation_token_id",
                "Confirmation token is required.",
                Value::Null,
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::Business(wrong)) }
}

fn identify(state: &State, checkout: &Checkout) -> Result<Buyer, Refusal> {
    if let Some(id) = checkout.customer_id.filter(|_| checkout.linked) {
        return Ok(Buyer::Linked(id));
    }
    let email = checkout.customer_email.as_deref().unwrap_or_default();
    if let Some(same) = state.customer_by_email(email) {
        return Ok(Buyer::SameEmail(same.id));
    }
    match checkout.external_customer_id.as_deref().and_then(|external_id| state.customer_by_external(external_id)) {
        Some(_) => Err(Refusal::domain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "CheckoutCustomerExternalIdMismatch",
            "The customer's external ID belongs to a customer with another email address.",
        )),
        None => Ok(Buyer::New),
    }
}

fn unique(state: &State, checkout: &Checkout, buyer: &Buyer) -> Result<(), Refusal> {
    let (Buyer::Linked(id) | Buyer::SameEmail(id)) = buyer else { return Ok(()) };
    let others = state.subscriptions.iter().filter(|one| Some(one.id) != checkout.subscription_id);
    let live = others.into_iter().any(|one| one.customer_id == *id && one.is_live());
    if checkout.recurring && live {
        let detail = "You already have an active subscription.";
        return Err(Refusal::domain(StatusCode::FORBIDDEN, "AlreadyActiveSubscriptionError", detail));
    }
    Ok(())
}

/// The event is built before the row's last changes, so it shows the session without its customer (webhook 0057).
fn take(state: &mut State, mut checkout: Checkout, buyer: Buyer) -> Checkout {
    let (customer_id, told) = match buyer {
        Buyer::Linked(id) | Buyer::SameEmail(id) => {
            update(state, id, &checkout);
            (id, What::CustomerUpdated(id))
        }
        Buyer::New => {
            let id = add(state, newcomer(&checkout));
            (id, What::CustomerCreated(id))
        }
    };
    if !matches!(buyer, Buyer::SameEmail(_)) {
        checkout.session_token = Some(customer_sessions::open(state, "polar_cst_", customer_id, None).token);
    }
    checkout.status = Status::Confirmed;
    checkout.payment.insert("customer_id".to_owned(), json!(format!("cus_{}", customer_id.simple())));
    if checkout.form_required() {
        let intent = if checkout.payment_required() { "pi" } else { "seti" };
        let secret = secrets::token(&format!("{intent}_sandbox_secret_"));
        checkout.payment.insert("intent_client_secret".to_owned(), json!(secret));
        checkout.payment.insert("intent_status".to_owned(), json!("succeeded"));
    }
    let shown = view(state, &checkout);
    state.emit("checkout.updated", shown);
    state.later(told);
    checkout.customer_id = Some(customer_id);
    checkout.modified_at = Some(state.clock.now());
    state.later(What::Fulfil(checkout.id));
    put(state, checkout.clone());
    checkout
}

fn newcomer(checkout: &Checkout) -> Newcomer {
    Newcomer {
        email: checkout.customer_email.clone().unwrap_or_default(),
        external_id: checkout.external_customer_id.clone(),
        name: checkout.customer_name.clone(),
        metadata: checkout.customer_metadata.clone(),
        billing_address: checkout.customer_billing_address.clone(),
        locale: Some("en".to_owned()),
    }
}

fn update(state: &mut State, id: Uuid, checkout: &Checkout) {
    let now = state.clock.now();
    if let Some(customer) = state.customers.iter_mut().find(|customer| customer.id == id) {
        customer.metadata.extend(checkout.customer_metadata.clone());
        customer.name = customer.name.take().or_else(|| checkout.customer_name.clone());
        customer.billing_name = checkout.customer_name.clone().or_else(|| customer.billing_name.take());
        customer.billing_address =
            checkout.customer_billing_address.clone().or_else(|| customer.billing_address.take());
        customer.modified_at = Some(now);
    }
}
