//! The HTML part of a mail of a development machine, as a mail program would show it: with its own styles, and nothing
//! else that a page could do.

use super::{errors, guard::client_ip_of};
use crate::server::{services::mailing, state as server};
use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// `/dev/mail/{id}/html`; not found where `/dev/mail` is not.
pub async fn html(State(state): State<server::State>, Path(id): Path<String>, request: Request) -> Response {
    let near = client_ip_of(request.headers(), request.extensions(), &state.config).is_loopback();
    let kept = mailing::kept(&state).await.filter(|_| near).unwrap_or_default();
    match kept.into_iter().find(|mail| mail.id == id) {
        Some(mail) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, Html(mail.html)).into_response()
        }
        None => errors::bare(StatusCode::NOT_FOUND),
    }
}
