//! The hosted checkout: the form, paying, and the way back to the merchant (C§2.3).

use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::challenge::challenge;
use super::checkout_form::form;
use super::markup::{escape, page};
use crate::sandbox::api::Shared;
use crate::sandbox::api::check;
use crate::sandbox::api::checkout_update::{by_buyer, changed};
use crate::sandbox::api::checkout_view::{page_url, success_url};
use crate::sandbox::api::checkouts::{Checkout, Status, by_secret};
use crate::sandbox::app::App;
use crate::sandbox::life::cards::{self, Card};
use crate::sandbox::life::confirm::{Wish, confirm};
use crate::sandbox::life::currency::minor;
use crate::sandbox::life::{discounting, offer};
use crate::sandbox::state;

/// The longest wait for the purchase and its webhook before the buyer is sent back.
const PATIENCE: Duration = Duration::from_secs(15);

const TOO_MANY: &str = "There were too many attempts to pay. Try again later.";

/// What the form sends; card fields are absent when nothing is to be paid.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    pub email: String,
    pub name: String,
    pub number: String,
    pub expiry: String,
    pub cvc: String,
    pub country: String,
    /// In whole units of the currency, where the buyer names it.
    pub amount: String,
    pub discount_code: String,
    /// What the small form asks for: `apply` a code, or `remove` the discount.
    pub act: String,
    /// How the card's holder answered the confirmation step.
    pub confirmation: String,
}

/// `GET /checkout/{client_secret}`
pub async fn show(State(app): Shared, Path(secret): Path<String>) -> Response {
    app.read(|state| match by_secret(state, &secret) {
        Ok(checkout) => stage(state, checkout).unwrap_or_else(|| form(state, checkout, &Sent::default(), None)),
        Err(_) => unknown(),
    })
}

/// `POST /checkout/{client_secret}`: pays, waits for what the buyer is waiting for, and leads back.
pub async fn pay(State(app): Shared, Path(secret): Path<String>, Form(sent): Form<Sent>) -> Response {
    match app.write(|state| attempt(state, &secret, &sent)) {
        Outcome::Paid(id) => {
            settled(&app, id).await;
            app.read(|state| state.checkout(id).map_or_else(|_| unknown(), |checkout| way_back(state, checkout)))
        }
        Outcome::Page(page) => page,
    }
}

enum Outcome {
    Paid(Uuid),
    Page(Response),
}

fn attempt(state: &mut state::State, secret: &str, sent: &Sent) -> Outcome {
    let Ok(checkout) = by_secret(state, secret).cloned() else { return Outcome::Page(unknown()) };
    if let Some(page) = stage(state, &checkout) {
        return Outcome::Page(page);
    }
    if !sent.act.is_empty() {
        return Outcome::Page(bargain(state, checkout, sent));
    }
    let named = name_amount(state, &checkout, sent);
    let wish = named.and_then(|()| read(&checkout, sent));
    if wish.as_ref().is_ok_and(|wish| wish.card == Some(Card::Confirms)) && sent.confirmation.is_empty() {
        return Outcome::Page(challenge(sent));
    }
    let wish = wish.and_then(|wish| if state.admit_confirm().is_none() { Ok(wish) } else { Err(TOO_MANY.to_owned()) });
    match wish.and_then(|wish| confirm(state, secret, wish).map_err(|refusal| refusal.words())) {
        Ok(checkout) => Outcome::Paid(checkout.id),
        Err(problem) => {
            let checkout = by_secret(state, secret).cloned().unwrap_or(checkout);
            Outcome::Page(form(state, &checkout, sent, Some(&problem)))
        }
    }
}

/// Takes a code, or the discount away, and shows the page anew.
fn bargain(state: &mut state::State, mut checkout: Checkout, sent: &Sent) -> Response {
    let code = if sent.act == "apply" { json!(sent.discount_code.trim()) } else { Value::Null };
    let asked = Map::from_iter([("discount_code".to_owned(), code)]);
    let done = by_buyer(state, &mut checkout, &asked)
        .and_then(|()| discounting::check_customer(state, checkout.discount_id, checkout.customer_id));
    match done {
        Ok(()) => {
            let location = page_url(state, &checkout);
            changed(state, checkout);
            (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
        }
        Err(refusal) => form(state, &checkout, sent, Some(&refusal.words())),
    }
}

/// The amount that the buyer typed, where there is one to type.
fn name_amount(state: &mut state::State, checkout: &Checkout, sent: &Sent) -> Result<(), String> {
    if sent.amount.trim().is_empty() {
        return Ok(());
    }
    let amount = minor(&sent.amount, &checkout.currency).ok_or("The amount is not a number.")?;
    let mut named = checkout.clone();
    offer::name_amount(state, &mut named, amount).map_err(|refusal| refusal.words())?;
    if named.amount != checkout.amount {
        offer::reckon(state, &mut named);
        changed(state, named);
    }
    Ok(())
}

/// `GET /checkout/{client_secret}/confirmation`: for merchants without a page of their own.
pub async fn thanks(State(app): Shared, Path(secret): Path<String>) -> Response {
    let known = app.read(|state| by_secret(state, &secret).is_ok_and(|checkout| checkout.status != Status::Open));
    if !known {
        return unknown();
    }
    page(StatusCode::OK, "Thank you", "<div class=\"card\"><h1>Thank you</h1><p>Your purchase is complete.</p></div>")
}

/// Waits until the purchase is fulfilled and the app has answered its `checkout.updated`; not for a sender that is off.
async fn settled(app: &App, id: Uuid) {
    let mut changes = app.changes();
    let done = |state: &state::State| {
        let succeeded = state.checkout(id).is_ok_and(|checkout| checkout.status == Status::Succeeded);
        let told = state.was_delivered("checkout.updated", &id.to_string(), "succeeded");
        succeeded && (told || !state.faults.sender)
    };
    let waiting = async {
        while !app.read(done) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = waiting => {}
        () = app.stop.cancelled() => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
}

fn way_back(state: &state::State, checkout: &Checkout) -> Response {
    let target = success_url(state, checkout);
    let location = match (url::Url::parse(&target), &checkout.session_token) {
        (Ok(mut url), Some(token)) => {
            url.query_pairs_mut().append_pair("customer_session_token", token);
            url.to_string()
        }
        (Ok(url), None) => url.to_string(),
        (Err(_), _) => target,
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::REFERRER_POLICY, "no-referrer".to_owned())])
        .into_response()
}

/// The page of a session that cannot be paid any more.
fn stage(state: &state::State, checkout: &Checkout) -> Option<Response> {
    let back = escape(&success_url(state, checkout));
    let (title, text) = match checkout.status {
        _ if checkout.is_expired(state.clock.peek()) => {
            ("This checkout has expired", "Go back to the shop and start again.".to_owned())
        }
        Status::Open | Status::Expired => return None,
        Status::Confirmed => ("We are processing your payment", format!("<a href=\"{back}\">Back to the shop</a>")),
        Status::Succeeded => ("This purchase is complete", format!("<a href=\"{back}\">Back to the shop</a>")),
    };
    Some(page(StatusCode::OK, title, &format!("<div class=\"card\"><h1>{title}</h1><p>{text}</p></div>")))
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "Not found", "<div class=\"card\"><h1>There is no such checkout</h1></div>")
}

/// The form's fields as a wish, or what to tell the buyer.
fn read(checkout: &Checkout, sent: &Sent) -> Result<Wish, String> {
    let filled = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let email = match filled(&sent.email) {
        Some(email) if !checkout.linked => Some(check::email(&email, "customer_email").map_err(|detail| detail.msg)?),
        _ => None,
    };
    let card = if checkout.form_required() { Some(card(sent)?) } else { None };
    Ok(Wish {
        email,
        name: filled(&sent.name),
        address: filled(&sent.country).map(|country| {
            json!({
                "line1": null, "line2": null, "postal_code": null, "city": null, "state": null, "country": country,
            })
        }),
        card,
    })
}

fn card(sent: &Sent) -> Result<Card, String> {
    if sent.expiry.trim().is_empty() || sent.cvc.trim().is_empty() {
        return Err("Your card's expiry date and security code are missing.".to_owned());
    }
    match Card::of_number(&sent.number) {
        Some(Card::Confirms) if sent.confirmation == "refuse" => Ok(Card::Unconfirmed),
        Some(card) => Ok(card),
        None => Err(format!("This sandbox takes test cards only: {}.", cards::described())),
    }
}
