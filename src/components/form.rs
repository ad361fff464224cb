//! Fields of a form, with what was wrong and what had been typed after a refusal.

use crate::server::http::forms::{WHOLE_FORM, rejected};
use leptos::prelude::*;

/// A labelled input. After a refusal it shows its message, keeps what was typed (but never a password), and the first
/// field with a message has the focus.
#[component]
pub fn Field(
    /// The name that is posted.
    name: &'static str,
    /// The words above it.
    label: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// A line that helps, below the label.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    let refusal = rejected();
    let message = refusal.message_for(name);
    let value = refusal.value_of(name).filter(|_| kind != "password");
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described: Vec<String> =
        hint.map(|_| hint_id.clone()).into_iter().chain(message.as_ref().map(|_| error_id.clone())).collect();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <input
                id=name
                name=name
                type=kind
                autocomplete=autocomplete
                required
                value=value
                autofocus=refusal.first_field() == Some(name)
                aria-invalid=message.is_some().then_some("true")
                aria-describedby=(!described.is_empty()).then(|| described.join(" "))
            />
            {message.map(|message| view! { <p class="error" id=error_id role="alert">{message}</p> })}
        </div>
    }
}

/// What was wrong with the form as a whole, above its fields.
#[component]
pub fn Refusal() -> impl IntoView {
    let refusal = rejected();
    let (class, role) = if refusal.is_note() { ("notice", "status") } else { ("notice danger", "alert") };
    refusal.message_for(WHOLE_FORM).map(|message| view! { <p class=class role=role>{message}</p> })
}

/// A value that travels with the form.
#[component]
pub fn Hidden(
    /// The name that is posted.
    name: &'static str,
    /// The value; without one nothing is posted.
    value: Option<String>,
) -> impl IntoView {
    value.map(|value| view! { <input type="hidden" name=name value=value /> })
}
