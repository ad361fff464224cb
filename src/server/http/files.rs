//! Files: the built style sheet and scripts, and the rules for fetching pages ahead.

use axum::{
    http::{HeaderValue, Response, header},
    response::IntoResponse,
};
use leptos::prelude::LeptosOptions;
use tower::{Layer, Service};
use tower_http::{
    services::{ServeDir, fs::ServeFileSystemResponseBody},
    set_header::SetResponseHeaderLayer,
};

/// Only pages whose GET changes nothing and that are the same a moment later.
const SPECULATION: &str = r#"{"prefetch":[{"where":{"or":[{"href_matches":"/"},{"href_matches":"/pricing"},{"href_matches":"/login"},{"href_matches":"/register"}]},"eagerness":"moderate"}]}"#;

/// The rules that the `Speculation-Rules` header names.
pub async fn speculation() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "application/speculationrules+json"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, SPECULATION)
}

/// The built files under `/pkg`. Where names carry a hash they are kept for ever, on success only: a 404 kept for a
/// year would outlive a rolling deploy.
pub fn built(
    options: &LeptosOptions,
) -> impl Service<
    axum::extract::Request,
    Response = Response<ServeFileSystemResponseBody>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ Sync
+ 'static {
    let lasting = if options.hash_files { "public, max-age=31536000, immutable" } else { "no-cache" };
    let on_success = move |answer: &Response<ServeFileSystemResponseBody>| {
        answer.status().is_success().then(|| HeaderValue::from_static(lasting))
    };
    let vary = SetResponseHeaderLayer::overriding(header::VARY, HeaderValue::from_static("accept-encoding"));
    let folder = ServeDir::new(format!("{}/{}", options.site_root, options.site_pkg_dir)).precompressed_br();
    SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, on_success).layer(vary.layer(folder))
}
