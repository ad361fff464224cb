//! The clock on the control page.

use axum::Extension;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;

use super::{All, action, back, whole};
use crate::sandbox::api::Shared;
use crate::sandbox::control::clock::{Journey, NEXT_RENEWAL, PAST_DUNNING, make};
use crate::sandbox::pages::markup::escape;
use crate::sandbox::state::State as Known;

const DAY_MS: i64 = 86_400_000;

/// What the form sends: the button says which of its fields is meant.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Sent {
    go: String,
    span: String,
    time: String,
    subscription_id: String,
}

/// `POST /sandbox/forms/clock`
pub async fn travel(State(app): Shared, Extension(all): All, Form(sent): Form<Sent>) -> Response {
    let mut journey = Journey { subscription_id: sent.subscription_id.parse().ok(), ..Journey::default() };
    match sent.go.as_str() {
        "by" => journey.advance = Some(sent.span),
        "at" => journey.to = Some(sent.time),
        _ => journey.to = Some(sent.go),
    }
    match app.write(|state| make(state, &journey)) {
        Ok(()) => back(&app, "clock"),
        Err(why) => whole(&app, &all, Some(&why)),
    }
}

/// The time, and how to move it.
pub fn section(state: &Known) -> String {
    let now = state.clock.peek().to_string();
    let (day, hour) = (&now[..10], &now[11..19]);
    let options: String = state
        .subscriptions
        .iter()
        .rev()
        .filter(|one| one.ended_at.is_none())
        .map(|one| {
            let who = state.customer(one.customer_id).map_or("", |who| who.email.as_str());
            let what = state.product(one.product_id).map_or("", |product| product.name.as_str());
            format!("<option value=\"{}\">{}, {} ({})</option>", one.id, escape(who), escape(what), escape(&one.status))
        })
        .collect();
    format!(
        "<section class=\"card\" id=\"clock\"><h2>Clock</h2><p><strong><time datetime=\"{now}\">{day} {hour}</time> UTC</strong>\
         <br><span class=\"soft\">{ahead}. It never goes back.</span></p>\
         <form method=\"post\" action=\"{to}\"><label for=\"span\">Move on by</label><div class=\"row\">\
         <input id=\"span\" name=\"span\" value=\"30d\" pattern=\"\\s*[0-9]+\\s*[smhdw]\\s*\" required aria-describedby=\"units\">\
         <button name=\"go\" value=\"by\">Move on</button></div>\
         <p class=\"soft\" id=\"units\">s, m, h, d or w: 90s, 12h, 30d</p></form>\
         <form method=\"post\" action=\"{to}\"><label for=\"time\">Move to (UTC)</label><div class=\"row\">\
         <input id=\"time\" name=\"time\" type=\"datetime-local\" value=\"{tomorrow}\" required>\
         <button name=\"go\" value=\"at\">Move</button></div></form>\
         <form method=\"post\" action=\"{to}\"><label for=\"subscription_id\">Move to what comes next for</label>\
         <select id=\"subscription_id\" name=\"subscription_id\"><option value=\"\">any subscription</option>{options}</select>\
         <div class=\"row\"><button name=\"go\" value=\"{NEXT_RENEWAL}\">Next renewal</button>\
         <button name=\"go\" value=\"{PAST_DUNNING}\">Past dunning</button></div></form></section>",
        ahead = ahead(state.clock.offset_ms),
        tomorrow = &state.clock.peek().plus_ms(DAY_MS).to_string()[..16],
        to = action(state, "clock"),
    )
}

/// The offset, in words and in its two largest units.
fn ahead(ms: i64) -> String {
    let seconds = ms / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) if seconds == 0 => "The time of this machine".to_owned(),
        (0, 0) => format!("{minutes} min {} s ahead of this machine", seconds % 60),
        (0, _) => format!("{hours} h {minutes} min ahead of this machine"),
        _ => format!("{days} d {hours} h ahead of this machine"),
    }
}
