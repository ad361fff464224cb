//! The organizations on the control page: which one is shown, the others, and a new one.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::{All, action, desk, whole};
use crate::sandbox::api::Shared;
use crate::sandbox::organization::{New, Organization};
use crate::sandbox::pages::markup::escape;
use crate::sandbox::state::State as Known;

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    name: String,
    webhook_url: String,
}

/// `POST /sandbox/forms/organizations`: the answer is the one page that shows the new secrets.
pub async fn add(State(app): Shared, Extension(all): All, Form(sent): Form<Sent>) -> Response {
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let wish = New { name: given(sent.name), slug: None, webhook_url: given(sent.webhook_url) };
    match all.add(wish).await {
        Ok(made) => desk(StatusCode::CREATED, &made.name, &welcome(&made, &all.origin)),
        Err(why) => whole(&app, &all, Some(&why)),
    }
}

fn welcome(made: &Organization, origin: &str) -> String {
    let line = |name: &str, value: &str| format!("<dt>{name}</dt><dd><code>{}</code></dd>", escape(value));
    format!(
        "<section class=\"card\"><h1>{name}</h1><p>This is what an app needs. The secrets are not shown again.</p>\
         <dl>{base}{token}{secret}{id}</dl><p><a href=\"/?organization={slug}\">To the clock, faults and webhooks of {name}</a></p>\
         </section>",
        name = escape(&made.name),
        slug = escape(&made.slug),
        base = line("API", origin),
        token = line("Access token", &made.token),
        secret = line("Webhook secret", &made.webhook_secret),
        id = line("Organization", &made.id.to_string()),
    )
}

/// Links to all, and the form for another one.
pub fn section(state: &Known, others: &[Value]) -> String {
    let links: String = others
        .iter()
        .map(|one| {
            let (slug, name) = (one["slug"].as_str().unwrap_or_default(), one["name"].as_str().unwrap_or_default());
            let current = if slug == state.identity.slug { " aria-current=\"page\"" } else { "" };
            format!("<a href=\"/?organization={}\"{current}>{}</a>", escape(slug), escape(name))
        })
        .collect();
    format!(
        "<nav class=\"tabs\" aria-label=\"Organizations\">{links}</nav><details id=\"organizations\"><summary>Add an organization</summary>\
         <form class=\"card\" method=\"post\" action=\"{}\"><label for=\"name\">Name</label><input id=\"name\" name=\"name\" required>\
         <label for=\"webhook_url\">Webhooks go to</label><input id=\"webhook_url\" name=\"webhook_url\" type=\"url\" \
         placeholder=\"http://127.0.0.1:3000/webhooks/polar\"><button>Add</button></form></details>",
        action(state, "organizations"),
    )
}
