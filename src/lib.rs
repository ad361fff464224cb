//! Boreal sells plans through Polar and always knows, and can explain, who is entitled to what.
//!
//! Only [`islands`] is compiled for the browser; everything else is the server. Arrows point down:
//! `server::http::router → app → pages → {components, server::http::{session, forms, reply}}`, and
//! `{pages, http, jobs, cli} → services → {db, polar} → model`.

pub mod islands;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")] // the studio
pub mod studio; // the studio

/// The browser's entry: wakes every island on the page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
