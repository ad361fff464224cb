//! The token that Polar adds to the address of the way back is removed before anything else sees it: a session, a log
//! line, a page or a link to elsewhere.

use axum::{
    extract::Request,
    http::{HeaderName, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::form_urlencoded;

const TOKEN: &str = "customer_session_token";

/// Answers an address that carries the token with a redirect to the same address without it.
pub async fn token(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match without_token(request.uri()).filter(|_| reads) {
        Some(clean) => {
            let headers: [(HeaderName, &str); 2] =
                [(header::REFERRER_POLICY, "no-referrer"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::SEE_OTHER, headers, [(header::LOCATION, clean)]).into_response()
        }
        None => next.run(request).await,
    }
}

/// The path and query without the token; `None` where there is none.
fn without_token(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    let names_token = |pair: &&str| form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| name == TOKEN);
    if !query.split('&').any(|pair| names_token(&pair)) {
        return None;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !names_token(pair)).collect();
    // A path that begins with two slashes would be read as another host.
    let path = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
    Some(if kept.is_empty() { path } else { format!("{path}?{}", kept.join("&")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(uri: &str) -> Option<String> {
        without_token(&uri.parse().unwrap())
    }

    #[test]
    fn the_token_goes_and_the_rest_stays() {
        let path = "/confirmation?checkout_id=c%2F1&";
        for token in ["customer_session_token=polar_cst_x", "customer%5Fsession_token=x", "customer_session_token"] {
            assert_eq!(clean(&format!("{path}{token}")).as_deref(), Some("/confirmation?checkout_id=c%2F1"));
        }
        assert_eq!(clean("/account?customer_session_token=a&customer_session_token=b").as_deref(), Some("/account"));
    }

    #[test]
    fn nothing_to_remove_is_nothing_to_do() {
        assert_eq!(clean("/confirmation?checkout_id=c1"), None);
        assert_eq!(clean("/confirmation?note=customer_session_token"), None);
        assert_eq!(clean("/"), None);
    }

    #[test]
    fn the_redirect_stays_on_this_site() {
        assert_eq!(clean("//evil.example/a?customer_session_token=x").as_deref(), Some("/evil.example/a"));
    }
}
