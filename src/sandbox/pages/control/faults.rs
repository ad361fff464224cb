//! The faults on the control page: a field for every switch.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Form, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{All, action, back, whole};
use crate::sandbox::api::Shared;
use crate::sandbox::control::faults::{Faults, change};
use crate::sandbox::pages::markup::escape;
use crate::sandbox::state::State as Known;

/// How a switch is shown and read.
enum Kind {
    Flag,
    Number,
    /// An empty field means none.
    Maybe,
    Words,
    Answer,
}

use Kind::{Answer, Flag, Maybe, Number, Words};

/// Name and label of a switch.
type Switch = (&'static str, &'static str, Kind);

/// All of them, by what they concern.
const GROUPS: [(&str, &[Switch]); 3] = [
    (
        "Webhooks",
        &[
            ("sender", "Send webhooks", Flag),
            ("shuffle", "In a random order", Flag),
            ("duplicate", "Extra deliveries of each", Number),
            ("hold_ms", "Delay, ms", Number),
            ("hold_jobs_ms", "Delay of fulfilment, states and invoices, ms", Number),
            ("drop_percent", "Never sent, %", Number),
            ("corrupt_percent", "Wrong signature, %", Number),
            ("retry_scale", "Waits between attempts, times", Number),
            ("standard_secrets", "New secrets as since September 2026", Flag),
        ],
    ),
    (
        "API",
        &[
            ("down", "All of Polar is down", Flag),
            ("answer", "Answer instead", Answer),
            ("answer_to", "Only to requests with", Words),
            ("answer_count", "So many times", Maybe),
            ("answer_percent", "Of them, %", Number),
            ("retry_after", "A 429 asks to wait, s", Number),
            ("delay_ms", "Delay, ms", Number),
            ("refunds_pend", "Refunds are pending at first", Flag),
            ("refunds_fail", "Pending refunds fail", Flag),
            ("rate_limit", "Requests a minute before 429", Maybe),
            ("limit_confirms", "Confirmations as limited as Polar's", Flag),
            ("limit_new_tokens", "New tokens as limited as Polar's", Flag),
        ],
    ),
    ("Chance", &[("seed", "Seed: the same one, the same history", Number)]),
];
const ANSWERS: [(&str, &str); 7] = [
    ("", "its own"),
    ("429", "429, too many requests"),
    ("500", "500, nothing done"),
    ("500 after", "500, although it was done"),
    ("cut", "connection cut, although it was done"),
    ("timeout", "none for a minute"),
    ("any", "any of those that come at once"),
];

/// `POST /sandbox/forms/faults`
pub async fn set(State(app): Shared, Extension(all): All, Form(sent): Form<HashMap<String, String>>) -> Response {
    match app.write(|state| change(state, read(&sent))) {
        Ok(_) => back(&app, "faults"),
        Err(why) => whole(&app, &all, Some(&why)),
    }
}

/// `POST /sandbox/forms/faults-off`
pub async fn off(State(app): Shared) -> Response {
    app.write(|state| state.faults = Faults::default());
    back(&app, "faults")
}

/// The form's fields as the switches' values; what is no number is left to be refused.
fn read(sent: &HashMap<String, String>) -> Value {
    let value = |name: &str, kind: &Kind| {
        let text = sent.get(name).map_or("", |text| text.trim());
        match kind {
            Flag => json!(sent.contains_key(name)),
            Words if !text.is_empty() => json!(text),
            Words | Maybe | Answer if text.is_empty() => Value::Null,
            _ => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        }
    };
    let all = GROUPS.iter().flat_map(|(_, fields)| fields.iter());
    Value::Object(all.map(|(name, _, kind)| ((*name).to_owned(), value(name, kind))).collect::<Map<_, _>>())
}

/// The form.
pub fn section(state: &Known) -> String {
    let now = json!(state.faults);
    let groups: String = GROUPS
        .iter()
        .map(|(title, fields)| {
            let fields: String =
                fields.iter().map(|(name, label, kind)| field(name, label, kind, &now[name])).collect();
            format!("<fieldset><legend>{title}</legend>{fields}</fieldset>")
        })
        .collect();
    format!(
        "<section class=\"card\" id=\"faults\"><h2>Faults</h2><form method=\"post\" action=\"{}\">{groups}\
         <div class=\"row\"><button>Set</button><button class=\"quiet\" formaction=\"{}\" formnovalidate>All off</button></div>\
         </form></section>",
        action(state, "faults"),
        action(state, "faults-off"),
    )
}

fn field(name: &str, label: &str, kind: &Kind, now: &Value) -> String {
    let text = match now {
        Value::Null => String::new(),
        Value::String(text) => escape(text),
        other => other.to_string(),
    };
    let input = match kind {
        Flag => {
            let checked = if now == &json!(true) { " checked" } else { "" };
            return format!("<label class=\"flag\"><input type=\"checkbox\" name=\"{name}\"{checked}> {label}</label>");
        }
        Number => format!(
            "<input id=\"{name}\" name=\"{name}\" type=\"number\" min=\"0\" step=\"any\" required value=\"{text}\">"
        ),
        Maybe => format!(
            "<input id=\"{name}\" name=\"{name}\" type=\"number\" min=\"0\" placeholder=\"any\" value=\"{text}\">"
        ),
        Words => format!("<input id=\"{name}\" name=\"{name}\" placeholder=\"GET /v1/orders/\" value=\"{text}\">"),
        Answer => format!("<select id=\"{name}\" name=\"{name}\">{}</select>", answers(&text)),
    };
    format!("<div class=\"field\"><label for=\"{name}\">{label}</label>{input}</div>")
}

fn answers(now: &str) -> String {
    let option = |(value, label): &(&str, &str)| {
        let selected = if *value == now { " selected" } else { "" };
        format!("<option value=\"{value}\"{selected}>{label}</option>")
    };
    ANSWERS.iter().map(option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_has_a_field_and_an_untouched_form_changes_nothing() {
        let mut state = Known::new();
        let wanted =
            json!({"answer": "500 after", "answer_to": "7", "retry_scale": 0.5, "rate_limit": 3, "down": true});
        change(&mut state, wanted).expect("faults");
        let before = json!(state.faults);
        let mut sent = HashMap::new();
        for (name, value) in before.as_object().expect("an object").iter().filter(|(name, _)| *name != "asked") {
            assert!(section(&state).contains(&format!("name=\"{name}\"")), "{name}");
            match value {
                Value::Bool(false) => None,
                Value::Null => sent.insert(name.clone(), String::new()),
                Value::String(text) => sent.insert(name.clone(), text.clone()),
                other => sent.insert(name.clone(), other.to_string()),
            };
        }
        change(&mut state, read(&sent)).expect("faults");
        assert_eq!(json!(state.faults), before);
        sent.insert("duplicate".to_owned(), "many".to_owned());
        assert!(change(&mut state, read(&sent)).is_err_and(|why| why.contains("many")));
    }
}
