//! The hosted checkout: the form, paying, and the way back to the merchant (C§2.3).

use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::challenge::challenge;
use super::markup::{escape, money, page};
use crate::sandbox::api::Shared;
use crate::sandbox::api::check;
use crate::sandbox::api::checkout_view::success_url;
use crate::sandbox::api::checkouts::{Checkout, Status, by_secret};
use crate::sandbox::app::App;
use crate::sandbox::life::cards::{self, Card};
use crate::sandbox::life::confirm::{Wish, confirm};
use crate::sandbox::state;

/// The longest wait for the purchase and its webhook before the buyer is sent back.
const PATIENCE: Duration = Duration::from_secs(15);
const COUNTRIES: [(&str, &str); 8] = [
    ("US", "United States"),
    ("CA", "Canada"),
    ("CZ", "Czechia"),
    ("DE", "Germany"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("JP", "Japan"),
    ("SE", "Sweden"),
];

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
    let wish = read(&checkout, sent);
    if wish.as_ref().is_ok_and(|wish| wish.card == Some(Card::Confirms)) && sent.confirmation.is_empty() {
        return Outcome::Page(challenge(sent));
    }
    match wish.and_then(|wish| confirm(state, secret, wish).map_err(|refusal| refusal.words())) {
        Ok(checkout) => Outcome::Paid(checkout.id),
        Err(problem) => Outcome::Page(form(state, &checkout, sent, Some(&problem))),
    }
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

/// The form is shown again with status 200: the page is the answer, as a page that pays in place would be.
fn form(state: &state::State, checkout: &Checkout, sent: &Sent, problem: Option<&str>) -> Response {
    let problem = problem.map_or(String::new(), |text| {
        format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text.trim_start_matches("The payment failed: ")))
    });
    let button = match (checkout.trial.is_some(), checkout.form_required()) {
        (true, _) => "Start trial",
        (false, true) => "Pay now",
        (false, false) => "Confirm",
    };
    let card = if checkout.form_required() { card_fields(sent) } else { String::new() };
    let back = checkout
        .return_url
        .as_deref()
        .map_or(String::new(), |url| format!("<p><a href=\"{}\">Back</a></p>", escape(url)));
    let body = format!(
        "{back}{summary}<form class=\"card\" method=\"post\">{problem}{who}{card}\
         <button class=\"wide\">{button}</button></form>",
        summary = summary(state, checkout),
        who = who(checkout, sent),
    );
    page(StatusCode::OK, "Checkout", &body)
}

fn summary(state: &state::State, checkout: &Checkout) -> String {
    let Ok(product) = state.product(checkout.product_id) else { return String::new() };
    let amount = money(checkout.amount, &checkout.currency);
    let every = product.recurring_interval.as_deref().map_or(String::new(), |interval| {
        match product.recurring_interval_count.unwrap_or(1) {
            1 => format!(" every {interval}"),
            count => format!(" every {count} {interval}s"),
        }
    });
    let price = match &checkout.trial {
        Some((interval, count)) => format!(
            "<p class=\"total\">{} today</p><p class=\"soft\">{count} {interval} trial, then {amount}{every}</p>",
            money(0, &checkout.currency)
        ),
        None if checkout.free => format!("<p class=\"total\">Free</p><p class=\"soft\">{every}</p>"),
        None => format!("<p class=\"total\">{amount}</p><p class=\"soft\">{every}</p>"),
    };
    let about = product.description.as_deref().map_or(String::new(), |text| format!("<p>{}</p>", escape(text)));
    format!("<h1>{}</h1>{about}{price}", escape(&product.name))
}

fn who(checkout: &Checkout, sent: &Sent) -> String {
    let email = Some(&sent.email).filter(|typed| !typed.is_empty() && !checkout.linked);
    let email = email.or(checkout.customer_email.as_ref()).map_or("", String::as_str);
    let name = Some(&sent.name)
        .filter(|typed| !typed.is_empty())
        .or(checkout.customer_name.as_ref())
        .map_or("", String::as_str);
    let locked = if checkout.linked { " readonly" } else { "" };
    format!(
        "<label for=\"email\">Email</label><input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required value=\"{}\"{locked}>\
         <label for=\"name\">{}</label><input id=\"name\" name=\"name\" autocomplete=\"cc-name\" value=\"{}\"{}>",
        escape(email),
        if checkout.form_required() { "Cardholder name" } else { "Name" },
        escape(name),
        if checkout.form_required() { " required" } else { "" },
    )
}

/// The card is asked for anew each time, as a payment provider does.
fn card_fields(sent: &Sent) -> String {
    let chosen = if sent.country.is_empty() { "US" } else { &sent.country };
    let countries: String = COUNTRIES
        .iter()
        .map(|(code, name)| {
            let selected = if *code == chosen { " selected" } else { "" };
            format!("<option value=\"{code}\"{selected}>{name}</option>")
        })
        .collect();
    format!(
        "<label for=\"number\">Card number</label><input id=\"number\" name=\"number\" inputmode=\"numeric\" autocomplete=\"cc-number\" required placeholder=\"4242 4242 4242 4242\">\
         <div class=\"pair\"><div><label for=\"expiry\">Expiry</label><input id=\"expiry\" name=\"expiry\" autocomplete=\"cc-exp\" required placeholder=\"MM / YY\"></div>\
         <div><label for=\"cvc\">CVC</label><input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" autocomplete=\"cc-csc\" required placeholder=\"123\"></div></div>\
         <p class=\"soft\">Test cards: {}.</p>\
         <label for=\"country\">Country</label><select id=\"country\" name=\"country\" autocomplete=\"country\" required>{countries}</select>",
        cards::described(),
    )
}
