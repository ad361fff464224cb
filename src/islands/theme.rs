//! Choosing a theme: the page changes at once, and the cookie tells the server.

use leptos::prelude::{document, set_timeout};
use leptos::web_sys::{Element, Event, HtmlDocument};
use std::time::Duration;
use wasm_bindgen::{JsCast, prelude::Closure};

pub fn wire() {
    let choose = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(theme) = button.and_then(|button| button.get_attribute("value")) else { return };
        event.prevent_default();
        show(&theme);
        let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
        let _ = document().unchecked_into::<HtmlDocument>().set_cookie(&cookie);
    });
    each(|button| {
        let _ = button.add_event_listener_with_callback("click", choose.as_ref().unchecked_ref());
    });
    // Lives as long as the page.
    choose.forget();
}

fn show(theme: &str) {
    let Some(root) = document().document_element() else { return };
    let _ = root.set_attribute("data-switching", "");
    let _ = root.set_attribute("data-theme", theme);
    each(|button| {
        let chosen = button.get_attribute("value").as_deref() == Some(theme);
        let _ = button.set_attribute("aria-pressed", if chosen { "true" } else { "false" });
    });
    set_timeout(
        move || {
            let _ = root.remove_attribute("data-switching");
        },
        Duration::from_millis(100),
    );
}

fn each(act: impl Fn(&Element)) {
    let Ok(found) = document().query_selector_all("button[name=theme]") else { return };
    for button in (0..found.length()).filter_map(|n| found.get(n)) {
        act(button.unchecked_ref());
    }
}
