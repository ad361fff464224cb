//! Prometheus metrics, on an address of their own that the configuration names: never among the pages.

use crate::server::{measures, services::measuring, state::State};
use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{io, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// What Prometheus calls this format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Old samples are put away so often.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counts from now on and answers `/metrics` on `listen` until the server stops.
///
/// # Errors
/// When the address is taken, or something in this process counts already.
pub async fn serve(state: &State, listen: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let handle = measures::begin().map_err(io::Error::other)?;
    measures::zero(&state.plans);
    let (shown, measured) = (handle.clone(), state.clone());
    let page = async move || {
        measuring::measure(&measured).await;
        ([(CONTENT_TYPE, TEXT)], shown.render())
    };
    let router = Router::new().route("/metrics", get(page));
    let shutdown = state.shutdown.clone();
    state.tasks.spawn(upkeep(state.clone(), handle));
    state.tasks.spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(())
}

async fn upkeep(state: State, handle: PrometheusHandle) {
    while !state.shutdown.is_cancelled() {
        handle.run_upkeep();
        tokio::select! {
            () = state.shutdown.cancelled() => {}
            () = tokio::time::sleep(UPKEEP) => {}
        }
    }
}
