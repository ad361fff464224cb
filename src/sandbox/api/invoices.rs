//! Invoices and receipts (C§2.9): asked for, made a moment later, and then a link to fetch.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use uuid::Uuid;

use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::life::jobs::What;
use crate::sandbox::state;

/// `POST /v1/orders/{id}/invoice`
pub async fn request(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| ask(state, id))
}

/// `GET /v1/orders/{id}/invoice`
pub async fn invoice(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.read(|state| made(state, id))
}

/// `GET /v1/orders/{id}/receipt`
pub async fn receipt(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| receipt_of(state, id))
}

/// Has the invoice made: 202 and `null` (http/142).
///
/// # Errors
/// 409 for a draft, 422 when it is not known who pays.
pub fn ask(state: &mut state::State, id: Uuid) -> Answer {
    let order = state.order(id)?;
    if ["draft", "void"].contains(&order.status.as_str()) {
        let detail = format!("Order {id} is not eligible for invoice generation (current status: {}).", order.status);
        return Err(Refusal::domain(StatusCode::CONFLICT, "OrderNotEligibleForInvoice", detail));
    }
    if order.billing_name.is_none() || order.billing_address.is_none() {
        let detail = "Billing name and address are required to generate an invoice for this order.";
        return Err(Refusal::domain(StatusCode::UNPROCESSABLE_ENTITY, "MissingInvoiceBillingDetails", detail));
    }
    if !order.is_invoice_generated {
        state.later(What::Invoice(id));
    }
    Ok((StatusCode::ACCEPTED, Json(json!(null))).into_response())
}

/// The link to the invoice.
///
/// # Errors
/// 404 before it is made.
pub fn made(state: &state::State, id: Uuid) -> Answer {
    if state.order(id)?.is_invoice_generated {
        return Ok(Json(json!({"url": document_url(state, "invoice", id)})).into_response());
    }
    let detail = format!("No invoice exists for order {id}.");
    Err(Refusal::domain(StatusCode::NOT_FOUND, "InvoiceDoesNotExist", detail))
}

/// The link to the receipt; 202 and nothing while it is being made, which the first question starts.
///
/// # Errors
/// 404 when the order has none.
pub fn receipt_of(state: &mut state::State, id: Uuid) -> Answer {
    let order = state.order(id)?;
    if order.receipt_number.is_none() {
        let detail = format!("No receipt allocated for order {id}.");
        return Err(Refusal::domain(StatusCode::NOT_FOUND, "ReceiptNotAllocated", detail));
    }
    if order.receipt_ready {
        return Ok(Json(json!({"url": document_url(state, "receipt", id)})).into_response());
    }
    state.later_once(What::Receipt(id));
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The receipt can be fetched from now on.
///
/// # Errors
/// When the order is gone.
pub fn receipt_made(state: &mut state::State, id: Uuid) -> Result<(), Refusal> {
    state.order_mut(id)?.receipt_ready = true;
    Ok(())
}

/// Where a document is shown to whoever has the link.
pub fn document_url(state: &state::State, kind: &str, order_id: Uuid) -> String {
    format!("{}/documents/{kind}/{order_id}", state.origin)
}
