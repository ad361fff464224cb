//! Invoices and receipts as pages: what Polar sends as a PDF.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::markup::{escape, money, page};
use crate::sandbox::api::Shared;
use crate::sandbox::api::orders::Order;

/// `GET /documents/{kind}/{order_id}`: `invoice` or `receipt`, once it is made.
pub async fn show(State(app): Shared, Path((kind, id)): Path<(String, Uuid)>) -> Response {
    app.read(|state| {
        let order = state.order(id).ok();
        let found = order.and_then(|order| match kind.as_str() {
            "invoice" if order.is_invoice_generated => Some(("Invoice", order.invoice_number.clone(), order)),
            "receipt" if order.receipt_ready => Some(("Receipt", order.receipt_number.clone()?, order)),
            _ => None,
        });
        match found {
            Some((title, number, order)) => {
                page(StatusCode::OK, title, &document(&state.identity.name, title, &number, order))
            }
            None => {
                let text = "<div class=\"card\"><h1>There is no such document</h1></div>";
                page(StatusCode::NOT_FOUND, "Not found", text)
            }
        }
    })
}

fn document(seller: &str, title: &str, number: &str, order: &Order) -> String {
    let amount = |amount| money(amount, &order.currency);
    let lines: String = order
        .items
        .iter()
        .map(|item| format!("<tr><td>{}</td><td>{}</td></tr>", escape(&item.label), amount(item.amount)))
        .collect();
    format!(
        "<h1>{title} {number}</h1><p class=\"soft\">{seller}, {day}, for {name}</p>\
         <section class=\"card\"><div class=\"scroll\"><table><tr><th>Item</th><th>Amount</th></tr>{lines}\
         <tr><th>Total</th><td>{total}</td></tr><tr><th>From your credit</th><td>{credit}</td></tr>\
         <tr><th>Due</th><td>{due}</td></tr><tr><th>Refunded</th><td>{refunded}</td></tr></table></div></section>",
        seller = escape(seller),
        number = escape(number),
        day = order.created_at.day(),
        name = escape(order.billing_name.as_deref().unwrap_or_default()),
        total = amount(order.total_amount),
        credit = amount(order.applied_balance_amount),
        due = amount(order.due()),
        refunded = amount(order.refunded_amount),
    )
}
