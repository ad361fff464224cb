//! The log of webhooks on the control page, and as a page of its own that is fetched again and again.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::{All, action, back, desk, whole};
use crate::sandbox::api::Shared;
use crate::sandbox::hooks::events::Event;
use crate::sandbox::pages::markup::escape;
use crate::sandbox::state::State as Known;

/// The newest events that are shown.
const SHOWN: usize = 30;
/// Fetches the log every two seconds and puts it in place of the old one, unless somebody is about to press a button in it.
const SCRIPT: &str = "
const log = document.getElementById('log');
setInterval(async () => {
  if (document.hidden || log.contains(document.activeElement)) return;
  const answer = await fetch(log.dataset.from).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('log');
  if (fresh && fresh.innerHTML !== log.innerHTML && !log.contains(document.activeElement)) log.innerHTML = fresh.innerHTML;
}, 2000);
";

/// Which event.
#[derive(Deserialize)]
pub struct Sent {
    webhook_id: Uuid,
}

/// `GET /sandbox/log`: the log alone; without JavaScript it loads itself anew.
pub async fn show(State(app): Shared) -> Response {
    app.read(|state| {
        let name = escape(&state.identity.name);
        let home = format!("<p><a href=\"/?organization={}\">All of {name}</a></p>", state.identity.slug);
        let again = "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>";
        desk(StatusCode::OK, "Webhooks", &format!("{again}{home}{}", section(state)))
    })
}

/// `GET /sandbox/log.js`
pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

/// `POST /sandbox/forms/redeliver`
pub async fn redeliver(State(app): Shared, Extension(all): All, Form(sent): Form<Sent>) -> Response {
    if app.write(|state| state.redeliver(sent.webhook_id)) {
        return back(&app, "log");
    }
    whole(&app, &all, Some("This event is forgotten already."))
}

/// The newest events first, each with a button to send it again.
pub fn section(state: &Known) -> String {
    let rows: String = state.events.iter().rev().take(SHOWN).map(|event| row(state, event)).collect();
    let from = format!("/sandbox/log?organization={}", state.identity.slug);
    let list = if rows.is_empty() {
        "<p class=\"soft\">Nothing was sent yet.</p>".to_owned()
    } else {
        format!(
            "<table class=\"stack\"><thead><tr><th>Event</th><th>Object</th><th>Answer</th><th>Attempts</th><th>Sent at</th>\
             <th><span class=\"hidden\">Again</span></th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    format!(
        "<section class=\"card\" id=\"log\" data-from=\"{from}\"><h2>Webhooks</h2>{off}{list}</section>\
         <noscript><p class=\"soft\"><a href=\"{from}\">The log as a page that loads itself anew</a></p></noscript>\
         <script src=\"/sandbox/log.js\" defer></script>",
        off = switched_off(state),
    )
}

fn switched_off(state: &Known) -> String {
    let off = state.endpoints.iter().filter(|one| !one.enabled);
    off.map(|one| {
        let name = one.name.as_deref().unwrap_or(&one.url);
        format!("<p class=\"wrong\">The endpoint {} is off: nothing is sent to it.</p>", escape(name))
    })
    .collect()
}

fn row(state: &Known, event: &Event) -> String {
    let cell = |label: &str, content: &str| format!("<td data-label=\"{label}\">{content}</td>");
    let object = [event.object.as_deref(), event.status.as_deref()].into_iter().flatten().map(escape);
    let object = object.collect::<Vec<_>>().join("<br>");
    let again = format!(
        "<form method=\"post\" action=\"{}\"><button class=\"quiet\" name=\"webhook_id\" value=\"{}\" \
         aria-label=\"Send {} again\">Send again</button></form>",
        action(state, "redeliver"),
        event.id,
        escape(&event.kind),
    );
    let cells = [
        cell("Event", &format!("<strong>{}</strong>", escape(&event.kind))),
        cell("Object", &format!("<code>{object}</code>")),
        cell("Answer", &answer(event)),
        cell("Attempts", &event.attempts.len().to_string()),
        cell("Sent at", &event.created_at.to_string()[5..19].replace('T', " ")),
        cell("", &again),
    ];
    format!("<tr>{}</tr>", cells.concat())
}

/// What the app said last, and what comes next.
fn answer(event: &Event) -> String {
    let last = event.attempts.last().map(|one| one.http_code.map_or("no answer".to_owned(), |code| code.to_string()));
    match (last, event.finished) {
        (None, _) if event.skipped => "not sent".to_owned(),
        (None, _) => "waiting".to_owned(),
        (Some(code), _) if event.skipped && !event.delivered => format!("<span class=\"bad\">{code}, stopped</span>"),
        (Some(code), true) if event.delivered => code,
        (Some(code), true) => format!("<span class=\"bad\">{code}, given up</span>"),
        (Some(code), false) if event.delivered => format!("{code}, once more"),
        (Some(code), false) => format!("<span class=\"bad\">{code}, again later</span>"),
    }
}
