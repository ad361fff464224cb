//! Following what the server knows: a fragment is asked for every two seconds and put in place when it has changed.

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::{document, set_interval_with_handle, window};
use leptos::web_sys::{Element, Response};
use std::{cell::Cell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

const EVERY: Duration = Duration::from_secs(2);

pub fn follow_all() {
    let Ok(found) = document().query_selector_all("[data-poll]") else { return };
    for place in (0..found.length()).filter_map(|n| found.get(n)) {
        follow(place.unchecked_into());
    }
}

fn follow(place: Element) {
    let Some(address) = place.get_attribute("data-poll") else { return };
    if is_final(&place) {
        return;
    }
    let (timer, asking) = (Rc::new(Cell::new(None::<IntervalHandle>)), Rc::new(Cell::new(false)));
    let stop = timer.clone();
    let ask = move || {
        if asking.replace(true) {
            return;
        }
        let (address, place, stop, asking) = (address.clone(), place.clone(), stop.clone(), asking.clone());
        leptos::task::spawn_local(async move {
            if let Ok(Some(fragment)) = fragment(&address).await {
                show(&place, &fragment);
            }
            if let Some(timer) = stop.get().filter(|_| is_final(&place)) {
                timer.clear();
            }
            asking.set(false);
        });
    };
    timer.set(set_interval_with_handle(ask, EVERY).ok());
}

/// What is already there is not written again: a screen reader would announce it anew. Both are compared as the browser
/// writes them.
fn show(place: &Element, fragment: &str) {
    let Ok(apart) = document().create_element("div") else { return };
    apart.set_inner_html(fragment);
    let written = |element: &Element| element.first_element_child().map(|child| child.outer_html());
    if written(place) != written(&apart) {
        place.set_inner_html(fragment);
    }
}

fn is_final(place: &Element) -> bool {
    place.query_selector("[data-final]").is_ok_and(|found| found.is_some())
}

async fn fragment(address: &str) -> Result<Option<String>, JsValue> {
    let answer: Response = JsFuture::from(window().fetch_with_str(address)).await?.unchecked_into();
    if !answer.ok() {
        return Ok(None);
    }
    Ok(JsFuture::from(answer.text()?).await?.as_string())
}
