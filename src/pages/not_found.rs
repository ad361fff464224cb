//! The page for an address that leads nowhere.

use super::error::ErrorPage;
use crate::server::http::reply;
use leptos::prelude::*;
use leptos_meta::Title;

/// 404
#[component]
pub fn NotFound() -> impl IntoView {
    reply::not_found();
    view! {
        <Title text="Not found" />
        <ErrorPage status=404 />
    }
}
