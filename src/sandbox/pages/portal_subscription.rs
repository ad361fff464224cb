//! A subscription in the portal: how it stands, and the forms to cancel, keep, change or resume it.

use uuid::Uuid;

use super::markup::{escape, money};
use super::portal::Sent;
use crate::sandbox::api::portal::subscriptions;
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::{Base, Reason, Shape};
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::life::plan;
use crate::sandbox::state::State;

const REASONS: [(&str, &str); 9] = [
    ("", "I would rather not say"),
    ("too_expensive", "Too expensive"),
    ("missing_features", "Missing features"),
    ("switched_service", "Switched to another service"),
    ("unused", "Not using it"),
    ("customer_service", "Customer service"),
    ("low_quality", "Low quality"),
    ("too_complex", "Too complex"),
    ("other", "Other"),
];

/// What a pressed button asks for.
pub fn shape(act: &str, sent: &Sent) -> Option<Shape> {
    let filled = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    match act {
        "cancel" => Some(Shape::Cancel(Reason { reason: filled(&sent.reason), comment: filled(&sent.comment) })),
        "keep" => Some(Shape::Uncancel),
        "resume" => Some(Shape::Resume),
        "plan" => sent.product_id.map(to),
        _ => None,
    }
}

fn to(product_id: Uuid) -> Shape {
    Shape::Base(Base { product_id: Some(product_id), ..Base::default() })
}

/// As behind the portal's JSON routes; but who is paused may always go on here.
///
/// # Errors
/// As there.
pub fn allowed(state: &State, shape: &Shape) -> Result<(), Refusal> {
    if matches!(shape, Shape::Resume) { Ok(()) } else { subscriptions::allowed(state, shape) }
}

/// The subscription with its forms.
pub fn card(state: &State, one: &Subscription, token: &str) -> String {
    let name = state.product(one.product_id).map_or("Subscription", |product| &product.name);
    format!(
        "<section class=\"card\"><strong>{}</strong><p>{} a {}, {}, {}</p>{}</section>",
        escape(name),
        money(one.amount, &one.currency),
        escape(&one.recurring_interval),
        escape(&one.status),
        when(state, one),
        forms(state, one, token),
    )
}

/// What happens to it next, in words.
pub fn when(state: &State, one: &Subscription) -> String {
    let pending = one.pending_update.as_ref().and_then(|pending| state.product(pending.product_id).ok());
    match one.ends_at {
        _ if one.status == "paused" => "on hold".to_owned(),
        _ if !one.is_live() => "has ended".to_owned(),
        Some(end) => format!("ends on {}", end.day()),
        None if one.pause_at_period_end => format!("pauses on {}", one.current_period_end.day()),
        None => {
            let change = pending.map_or(String::new(), |product| format!(" as {}", escape(&product.name)));
            format!("renews on {}{change}", one.current_period_end.day())
        }
    }
}

fn forms(state: &State, one: &Subscription, token: &str) -> String {
    let form = |act: &str, fields: &str, text: &str| {
        format!(
            "<form method=\"post\" action=\"/{}/portal/subscriptions/{}/{act}\">\
             <input type=\"hidden\" name=\"customer_session_token\" value=\"{}\">{fields}\
             <button class=\"quiet\">{text}</button></form>",
            escape(&state.identity.slug),
            one.id,
            escape(token),
        )
    };
    if one.status == "paused" {
        return form("resume", "", "Resume subscription");
    }
    if !one.is_live() {
        return String::new();
    }
    if one.cancel_at_period_end {
        return form("keep", "", "Keep subscription");
    }
    let plans = plans(state, one);
    let change = if plans.is_empty() {
        String::new()
    } else {
        form("plan", &select(one, "product_id", "Plan", &plans), "Change plan")
    };
    let reasons: String =
        REASONS.iter().map(|(value, text)| format!("<option value=\"{value}\">{text}</option>")).collect();
    let why = format!(
        "{}<label for=\"comment-{id}\">Comment</label><input id=\"comment-{id}\" name=\"comment\">",
        select(one, "reason", "Reason", &reasons),
        id = one.id,
    );
    change + &form("cancel", &why, "Cancel subscription")
}

fn select(one: &Subscription, name: &str, label: &str, options: &str) -> String {
    let id = format!("{name}-{}", one.id);
    format!("<label for=\"{id}\">{label}</label><select id=\"{id}\" name=\"{name}\">{options}</select>")
}

/// The plans that it could change to.
fn plans(state: &State, one: &Subscription) -> String {
    let other = |product: &&Product| {
        product.id != one.product_id
            && plan::target(state, one, product.id).is_ok()
            && allowed(state, &to(product.id)).is_ok()
    };
    let option = |product: &Product| format!("<option value=\"{}\">{}</option>", product.id, escape(&product.name));
    state.products.iter().filter(other).map(option).collect()
}
