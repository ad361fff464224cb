//! The confirmation step of a card that asks its holder (C§8, 4000 0025 0000 3155): the bank's page, as it were.

use axum::http::StatusCode;
use axum::response::Response;

use super::checkout::Sent;
use super::markup::{escape, page};

/// Asks whether it is really the holder who pays; the form's fields travel along.
pub fn challenge(sent: &Sent) -> Response {
    let fields = [
        ("email", &sent.email),
        ("name", &sent.name),
        ("number", &sent.number),
        ("expiry", &sent.expiry),
        ("cvc", &sent.cvc),
        ("country", &sent.country),
        ("amount", &sent.amount),
    ];
    let hidden: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
        .collect();
    let body = format!(
        "<form class=\"card\" method=\"post\"><h1>Confirm this payment</h1>\
         <p>Your bank wants to know whether it is you. This is a test: choose the answer.</p>{hidden}\
         <button class=\"wide\" name=\"confirmation\" value=\"complete\">Complete</button>\
         <button class=\"wide quiet\" name=\"confirmation\" value=\"refuse\">Fail</button></form>"
    );
    page(StatusCode::OK, "Confirm this payment", &body)
}
