//! Fields of a form, with what was wrong and what had been typed after a refusal.

use crate::server::http::{
    forms::{WHOLE_FORM, rejected},
    session::SignedIn,
};
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
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What stands there at first.
    #[prop(optional)]
    initial: Option<String>,
) -> impl IntoView {
    let refusal = rejected();
    let message = refusal.message_for(name);
    let value = refusal.value_of(name).or(initial).filter(|_| kind != "password");
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
                required=!optional
                value=value
                autofocus=refusal.first_field() == Some(name)
                aria-invalid=message.is_some().then_some("true")
                aria-describedby=(!described.is_empty()).then(|| described.join(" "))
            />
            {message.map(|message| view! { <p class="error" id=error_id role="alert">{message}</p> })}
        </div>
    }
}

/// A password that is being chosen, with what is asked of it.
#[component]
pub fn NewPassword(
    /// The words above it.
    label: &'static str,
) -> impl IntoView {
    let hint = "At least 10 characters. A few words in a row are fine.";
    view! { <Field name="password" label kind="password" autocomplete="new-password" hint /> }
}

/// The password of the account, as `present`: a field only for whoever did not give it in this session a little while ago.
#[component]
pub fn PresentPassword(
    /// Who is signed in.
    user: SignedIn,
) -> impl IntoView {
    let label = "Your present password";
    (!user.is_fresh()).then(|| {
        view! { <Field name="present" label kind="password" autocomplete="current-password" /> }
    })
}

/// A labelled choice of one; the first is taken where nothing was chosen.
#[component]
pub fn Choice(
    /// The name that is sent.
    name: &'static str,
    /// The words above it.
    label: &'static str,
    /// What is sent, and the words for it.
    options: Vec<(String, String)>,
    /// What is chosen at first.
    #[prop(optional)]
    chosen: Option<String>,
) -> impl IntoView {
    let refusal = rejected();
    let message = refusal.message_for(name);
    let chosen = refusal.value_of(name).or(chosen);
    let error_id = format!("{name}-error");
    let each = options.into_iter().map(|(value, words)| {
        let selected = chosen.as_ref() == Some(&value);
        view! { <option value=value selected=selected>{words}</option> }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name aria-describedby=message.is_some().then(|| error_id.clone())>
                {each.collect_view()}
            </select>
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
