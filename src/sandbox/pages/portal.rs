//! The customer portal (C§6): subscriptions, the card, and the orders with their invoices.

use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::markup::{escape, money, page};
use super::portal_subscription;
use crate::sandbox::api::Shared;
use crate::sandbox::api::customer_sessions::{Session, portal_url, running};
use crate::sandbox::api::invoices::document_url;
use crate::sandbox::api::orders::Order;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::life::cards::{self, Card};
use crate::sandbox::life::{change, dunning};
use crate::sandbox::state::State as Known;

/// Who comes: the token of the session.
#[derive(Deserialize)]
pub struct Visit {
    customer_session_token: Option<String>,
}

/// What a form of the portal sends; each fills in its own part.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    customer_session_token: String,
    pub reason: String,
    pub comment: String,
    pub product_id: Option<Uuid>,
    number: String,
}

/// `GET /{slug}/portal`
pub async fn show(State(app): Shared, Query(visit): Query<Visit>) -> Response {
    let Some(token) = visit.customer_session_token else { return app.read(door) };
    app.read(|state| match running(state, &token) {
        Some(session) => portal(state, session, None),
        None => stranger(),
    })
}

/// `POST /{slug}/portal/subscriptions/{id}/{act}`: `cancel`, `keep`, `plan` or `resume`.
pub async fn act(State(app): Shared, Path((id, act)): Path<(Uuid, String)>, Form(sent): Form<Sent>) -> Response {
    app.write(|state| {
        enter(state, &sent, |state, session| {
            if !state.subscription(id).is_ok_and(|one| one.customer_id == session.customer_id) {
                return Err(Refusal::NotFound.words());
            }
            let shape = portal_subscription::shape(&act, &sent).ok_or_else(|| Refusal::NotFound.words())?;
            portal_subscription::allowed(state, &shape).map_err(|refusal| refusal.words())?;
            change::apply(state, id, shape).map_err(|refusal| refusal.words())
        })
    })
}

/// `POST /{slug}/portal/card`: another card; what is owed is tried with it at once.
pub async fn card(State(app): Shared, Form(sent): Form<Sent>) -> Response {
    app.write(|state| {
        enter(state, &sent, |state, session| {
            let unknown = || format!("This sandbox takes test cards only: {}.", cards::described());
            let card = Card::of_number(&sent.number).ok_or_else(unknown)?;
            if let Some(why) = card.refused() {
                return Err(why.to_owned());
            }
            cards::keep(state, session.customer_id, card);
            dunning::new_card(state, session.customer_id);
            Ok(())
        })
    })
}

/// Does something for whoever the session belongs to, and shows the portal again.
fn enter(state: &mut Known, sent: &Sent, act: impl FnOnce(&mut Known, &Session) -> Result<(), String>) -> Response {
    let Some(session) = running(state, &sent.customer_session_token).cloned() else { return stranger() };
    match act(state, &session) {
        Ok(()) => {
            let email = state.customer(session.customer_id).map(|who| who.email.clone()).unwrap_or_default();
            (StatusCode::SEE_OTHER, [(header::LOCATION, portal_url(state, &session.token, &email))]).into_response()
        }
        Err(problem) => portal(state, &session, Some(&problem)),
    }
}

fn stranger() -> Response {
    let text =
        "<div class=\"card\"><h1>This link has expired</h1><p>Go back to the shop and open the portal again.</p></div>";
    page(StatusCode::UNAUTHORIZED, "Link expired", text)
}

fn door(state: &Known) -> Response {
    let text = format!(
        "<div class=\"card\"><h1>{}</h1><p>At Polar you would type your email here and get a code by mail. \
         The sandbox sends no mail: open the portal from the shop instead.</p></div>",
        escape(&state.identity.name)
    );
    page(StatusCode::OK, "Customer portal", &text)
}

fn portal(state: &Known, session: &Session, problem: Option<&str>) -> Response {
    let Ok(customer) = state.customer(session.customer_id) else { return stranger() };
    let mine = state.subscriptions.iter().filter(|one| one.customer_id == customer.id).rev();
    let subscriptions: String = mine.map(|one| portal_subscription::card(state, one, &session.token)).collect();
    let orders = state.orders.iter().filter(|one| one.customer_id == customer.id).rev();
    let orders: String = orders.map(|one| order(state, one)).collect();
    let back = session
        .return_url
        .as_deref()
        .map_or(String::new(), |url| format!("<p><a href=\"{}\">Back to the shop</a></p>", escape(url)));
    let problem =
        problem.map_or(String::new(), |text| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text)));
    let none = |list: String, text: &str| if list.is_empty() { format!("<p class=\"soft\">{text}</p>") } else { list };
    let body = format!(
        "{back}<h1>Customer portal</h1><p class=\"soft\">{}</p>{problem}<h2>Subscriptions</h2>{}\
         <h2>Payment method</h2>{}<h2>Orders</h2>{}",
        escape(&customer.email),
        none(subscriptions, "No subscriptions."),
        card_form(state, session),
        none(orders, "No orders."),
    );
    page(StatusCode::OK, "Customer portal", &body)
}

/// The card in use, and the form for another.
fn card_form(state: &Known, session: &Session) -> String {
    let known = cards::of(state, session.customer_id);
    let now = known
        .map_or("No card is saved.".to_owned(), |saved| format!("The card ending in {} is used.", saved.card.last4()));
    format!(
        "<form class=\"card\" method=\"post\" action=\"/{}/portal/card\"><p>{now}</p>\
         <input type=\"hidden\" name=\"customer_session_token\" value=\"{}\">\
         <label for=\"number\">New card number</label><input id=\"number\" name=\"number\" inputmode=\"numeric\" \
         autocomplete=\"cc-number\" required placeholder=\"4242 4242 4242 4242\"><p class=\"soft\">Test cards: {}.</p>\
         <button class=\"quiet\">Update payment method</button></form>",
        escape(&state.identity.slug),
        escape(&session.token),
        cards::described(),
    )
}

fn order(state: &Known, one: &Order) -> String {
    let number = format!("Invoice {}", escape(&one.invoice_number));
    let invoice = match one.is_invoice_generated {
        true => format!("<a href=\"{}\">{number}</a>", escape(&document_url(state, "invoice", one.id))),
        false => number,
    };
    format!(
        "<section class=\"card\"><strong>{}</strong><p>{}, {}, {}</p><p class=\"soft\">{invoice}</p></section>",
        escape(&one.description),
        one.created_at.day(),
        money(one.total_amount, &one.currency),
        escape(&one.status),
    )
}
