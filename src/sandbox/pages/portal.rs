//! The customer portal (C§6): subscriptions to cancel or keep, and the orders.

use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::markup::{escape, money, page};
use crate::sandbox::api::Shared;
use crate::sandbox::api::customer_sessions::{Session, portal_url};
use crate::sandbox::api::orders::Order;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::life::ending;
use crate::sandbox::state::{NAME, SLUG, State as Known};

/// Who comes: the token of the session, in the address or in a form.
#[derive(Deserialize)]
pub struct Visit {
    customer_session_token: Option<String>,
}

/// `GET /{slug}/portal`
pub async fn show(State(app): Shared, Query(visit): Query<Visit>) -> Response {
    let Some(token) = visit.customer_session_token else { return door() };
    app.read(|state| match session(state, &token) {
        Some(session) => portal(state, session, None),
        None => stranger(),
    })
}

/// `POST /{slug}/portal/subscriptions/{id}/{act}`: `cancel` or `keep`.
pub async fn act(State(app): Shared, Path((id, act)): Path<(Uuid, String)>, Form(visit): Form<Visit>) -> Response {
    let token = visit.customer_session_token.unwrap_or_default();
    app.write(|state| {
        let Some(session) = session(state, &token).cloned() else { return stranger() };
        match change(state, &session, id, &act) {
            Ok(email) => {
                let back = portal_url(state, &session.token, &email);
                (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()
            }
            Err(refusal) => portal(state, &session, Some(&refusal.words())),
        }
    })
}

fn change(state: &mut Known, session: &Session, id: Uuid, act: &str) -> Result<String, Refusal> {
    let email = state.customer(session.customer_id)?.email.clone();
    if state.subscription(id)?.customer_id != session.customer_id {
        return Err(Refusal::NotFound);
    }
    match act {
        "cancel" => ending::schedule(state, id, ending::Reason { reason: None, comment: None })?,
        "keep" => ending::withdraw(state, id)?,
        _ => return Err(Refusal::NotFound),
    }
    Ok(email)
}

fn session<'a>(state: &'a Known, token: &str) -> Option<&'a Session> {
    let now = state.clock.peek();
    state.sessions.iter().find(|session| session.token == token && session.expires_at > now)
}

fn stranger() -> Response {
    let text =
        "<div class=\"card\"><h1>This link has expired</h1><p>Go back to the shop and open the portal again.</p></div>";
    page(StatusCode::UNAUTHORIZED, "Link expired", text)
}

fn door() -> Response {
    let text = format!(
        "<div class=\"card\"><h1>{NAME}</h1><p>At Polar you would type your email here and get a code by mail. \
         The sandbox sends no mail: open the portal from the shop instead.</p></div>"
    );
    page(StatusCode::OK, "Customer portal", &text)
}

fn portal(state: &Known, session: &Session, problem: Option<&str>) -> Response {
    let Ok(customer) = state.customer(session.customer_id) else { return stranger() };
    let mine = state.subscriptions.iter().filter(|one| one.customer_id == customer.id).rev();
    let subscriptions: String = mine.map(|one| subscription(state, one, &session.token)).collect();
    let orders: String = state.orders.iter().filter(|one| one.customer_id == customer.id).rev().map(order).collect();
    let back = session
        .return_url
        .as_deref()
        .map_or(String::new(), |url| format!("<p><a href=\"{}\">Back to the shop</a></p>", escape(url)));
    let problem =
        problem.map_or(String::new(), |text| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text)));
    let none = |list: String, text: &str| if list.is_empty() { format!("<p class=\"soft\">{text}</p>") } else { list };
    let body = format!(
        "{back}<h1>Customer portal</h1><p class=\"soft\">{}</p>{problem}<h2>Subscriptions</h2>{}<h2>Orders</h2>{}",
        escape(&customer.email),
        none(subscriptions, "No subscriptions."),
        none(orders, "No orders."),
    );
    page(StatusCode::OK, "Customer portal", &body)
}

fn subscription(state: &Known, one: &Subscription, token: &str) -> String {
    let name = state.product(one.product_id).map_or("Subscription", |product| &product.name);
    let when = match (one.ends_at, one.is_live()) {
        (Some(end), true) => format!("ends on {}", end.day()),
        (_, false) => "has ended".to_owned(),
        (None, true) => format!("renews on {}", one.current_period_end.day()),
    };
    let (act, text) =
        if one.cancel_at_period_end { ("keep", "Keep subscription") } else { ("cancel", "Cancel subscription") };
    let form = format!(
        "<form method=\"post\" action=\"/{SLUG}/portal/subscriptions/{}/{act}\">\
         <input type=\"hidden\" name=\"customer_session_token\" value=\"{}\"><button class=\"quiet\">{text}</button></form>",
        one.id,
        escape(token),
    );
    format!(
        "<section class=\"card\"><strong>{}</strong><p>{} a {}, {}, {when}</p>{}</section>",
        escape(name),
        money(one.amount, &one.currency),
        escape(&one.recurring_interval),
        escape(&one.status),
        if one.is_live() { form } else { String::new() },
    )
}

fn order(one: &Order) -> String {
    format!(
        "<section class=\"card\"><strong>{}</strong><p>{}, {}, {}</p><p class=\"soft\">Invoice {}</p></section>",
        escape(&one.description),
        one.created_at.day(),
        money(one.total_amount, &one.currency),
        escape(&one.status),
        escape(&one.invoice_number),
    )
}
