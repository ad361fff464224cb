//! The finished site: takes every request.

use axum::Router;
use std::{future::Future, io, net::SocketAddr};
use tokio::net::TcpListener;

/// Every route with the layers around it.
#[derive(Clone)]
pub struct Site(pub(super) Router);

impl Site {
    /// Answers what comes to `listener` until `shutdown` ends; requests in flight then finish.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let service = self.0.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(shutdown).await
    }
}
