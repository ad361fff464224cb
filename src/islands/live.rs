//! Following what the server knows: by server-sent events, and where those fail by asking every two seconds. An element
//! shows the fragment that comes, or loads its page anew when its `data-rev` is no longer the newest.

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::{document, set_interval_with_handle, window};
use leptos::web_sys::{Element, EventSource, MessageEvent, Response};
use std::{cell::Cell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;

const EVERY: Duration = Duration::from_secs(2);

pub fn follow_all() {
    let Ok(found) = document().query_selector_all("[data-live]") else { return };
    for place in (0..found.length()).filter_map(|n| found.get(n)) {
        follow(place.unchecked_into());
    }
}

fn follow(place: Element) {
    if is_final(&place) {
        return;
    }
    let Some(Ok(events)) = place.get_attribute("data-live").map(|address| EventSource::new(&address)) else {
        return poll(place);
    };
    let (source, shown) = (events.clone(), place.clone());
    let show = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        take(&shown, &message.data().as_string().unwrap_or_default());
        if is_final(&shown) {
            source.close();
        }
    });
    let source = events.clone();
    // A stream that merely ended is opened again by the browser itself; a closed one was refused.
    let fall_back = Closure::<dyn Fn()>::new(move || {
        if source.ready_state() == EventSource::CLOSED && !is_final(&place) {
            poll(place.clone());
        }
    });
    events.set_onmessage(Some(show.as_ref().unchecked_ref()));
    events.set_onerror(Some(fall_back.as_ref().unchecked_ref()));
    // Both live as long as the page.
    show.forget();
    fall_back.forget();
}

fn poll(place: Element) {
    let Some(address) = place.get_attribute("data-poll") else { return };
    let (timer, asking) = (Rc::new(Cell::new(None::<IntervalHandle>)), Rc::new(Cell::new(false)));
    let stop = timer.clone();
    let ask = move || {
        if asking.replace(true) {
            return;
        }
        let (address, place, stop, asking) = (address.clone(), place.clone(), stop.clone(), asking.clone());
        leptos::task::spawn_local(async move {
            if let Ok(Some(news)) = text_of(&address).await {
                take(&place, &news);
            }
            if let Some(timer) = stop.get().filter(|_| is_final(&place)) {
                timer.clear();
            }
            asking.set(false);
        });
    };
    timer.set(set_interval_with_handle(ask, EVERY).ok());
}

fn take(place: &Element, news: &str) {
    match place.get_attribute("data-rev") {
        Some(rev) if rev == news => {}
        Some(_) => drop(window().location().reload()),
        None => show(place, news),
    }
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

async fn text_of(address: &str) -> Result<Option<String>, JsValue> {
    let answer: Response = JsFuture::from(window().fetch_with_str(address)).await?.unchecked_into();
    if !answer.ok() {
        return Ok(None);
    }
    Ok(JsFuture::from(answer.text()?).await?.as_string())
}
