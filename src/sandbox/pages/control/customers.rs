//! The customers on the control page, their subscriptions, and the way into their portal.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::{All, action, whole};
use crate::sandbox::api::Shared;
use crate::sandbox::api::customer_sessions::{open, portal_url};
use crate::sandbox::api::customers::Customer;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::pages::markup::escape;
use crate::sandbox::pages::portal_subscription::when;
use crate::sandbox::state::State as Known;

/// The newest customers that are shown.
const SHOWN: usize = 50;

/// Whose portal.
#[derive(Deserialize)]
pub struct Sent {
    customer_id: Uuid,
}

/// `POST /sandbox/forms/portal`: opens a session and leads there.
pub async fn portal(State(app): Shared, Extension(all): All, Form(sent): Form<Sent>) -> Response {
    let url = app.write(|state| {
        let email = state.living(sent.customer_id).ok()?.email.clone();
        let session = open(state, "polar_mst_", sent.customer_id, None);
        Some(portal_url(state, &session.token, &email))
    });
    match url {
        Some(url) => (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response(),
        None => whole(&app, &all, Some("This customer is gone.")),
    }
}

/// The list.
pub fn section(state: &Known) -> String {
    let there = state.customers.iter().rev().filter(|one| one.deleted_at.is_none());
    let rows: String = there.clone().take(SHOWN).map(|one| row(state, one)).collect();
    let list = match there.count() {
        0 => "<p class=\"soft\">Nobody has bought anything yet.</p>".to_owned(),
        count if count > SHOWN => {
            format!("<ul class=\"plain\">{rows}</ul><p class=\"soft\">The newest of {count}.</p>")
        }
        _ => format!("<ul class=\"plain\">{rows}</ul>"),
    };
    format!("<section class=\"card\" id=\"customers\"><h2>Customers</h2>{list}</section>")
}

fn row(state: &Known, customer: &Customer) -> String {
    let mine = state.subscriptions.iter().rev().filter(|one| one.customer_id == customer.id);
    let subscriptions: String = mine.map(|one| subscription(state, one)).collect();
    let link = customer.external_id.as_deref().map_or("not linked".to_owned(), escape);
    format!(
        "<li><div class=\"row\"><div><strong>{email}</strong><br><span class=\"soft\">{link}</span></div>\
         <form method=\"post\" action=\"{to}\"><button class=\"quiet\" name=\"customer_id\" value=\"{id}\" \
         aria-label=\"Portal of {email}\">Portal</button></form></div>{subscriptions}</li>",
        email = escape(&customer.email),
        id = customer.id,
        to = action(state, "portal"),
    )
}

fn subscription(state: &Known, one: &Subscription) -> String {
    let name = state.product(one.product_id).map_or("", |product| product.name.as_str());
    format!("<p>{}: {}, {}</p>", escape(name), escape(&one.status), when(state, one))
}
