//! What we ask Polar to do. None of it is tried twice.

use super::{Checkout, CheckoutRequest, Client, Error, NewRefund, Seen, Session};
use reqwest::Method;
use serde_json::{Value, json};

impl Client {
    /// Makes a checkout.
    ///
    /// # Errors
    /// As every call; after [`Error::NoAnswer`] and [`Error::Failed`] one may exist all the same.
    pub async fn create_checkout(&self, request: &CheckoutRequest) -> Result<Checkout, Error> {
        self.send(Method::POST, "/v1/checkouts/", request).await.map(|seen| seen.value)
    }

    /// Makes a key to the portal for the customer with this external id.
    ///
    /// # Errors
    /// A 422 means that there is no such customer (C§2.7).
    pub async fn create_session(&self, external_id: &str, return_url: &str) -> Result<Session, Error> {
        let body = json!({ "external_customer_id": external_id, "return_url": return_url });
        self.send(Method::POST, "/v1/customer-sessions/", &body).await.map(|seen| seen.value)
    }

    /// Makes a customer for a user whose address we have verified.
    ///
    /// # Errors
    /// A 422 means a taken or undeliverable address, or a taken external id (C§0).
    pub async fn create_customer(&self, external_id: &str, email: &str) -> Result<Value, Error> {
        let body = json!({ "external_id": external_id, "email": email });
        self.send(Method::POST, "/v1/customers/", &body).await.map(|seen| seen.value)
    }

    /// Ties a customer without an external id to a user; can be done once (C§2.5).
    ///
    /// # Errors
    /// A 422 means that it has one already.
    pub async fn link_customer(&self, customer_id: &str, external_id: &str) -> Result<Value, Error> {
        let body = json!({ "external_id": external_id });
        let path = format!("/v1/customers/{customer_id}");
        self.send(Method::PATCH, &path, &body).await.map(|seen| seen.value)
    }

    /// Gives a customer another address.
    ///
    /// # Errors
    /// A 422 means that another customer has it, or that no mail reaches it (C§0).
    pub async fn readdress_customer(&self, customer_id: &str, email: &str) -> Result<Value, Error> {
        let path = format!("/v1/customers/{customer_id}");
        self.send(Method::PATCH, &path, &json!({ "email": email })).await.map(|seen| seen.value)
    }

    /// Ends a subscription at once; the subscription as it is then.
    ///
    /// # Errors
    /// As every call; after [`Error::NoAnswer`] and [`Error::Failed`] it may be over all the same.
    pub async fn revoke_subscription(&self, id: &str) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &json!({ "revoke": true })).await
    }

    /// Lets a subscription end when the paid time is over, for a reason of Polar's words and one of the customer's own; the
    /// subscription as it is then.
    ///
    /// # Errors
    /// As every call; a 403 where it is over, or to end already (C§2.8).
    pub async fn cancel_subscription(
        &self,
        id: &str,
        reason: Option<&str>,
        comment: Option<&str>,
    ) -> Result<Seen<Value>, Error> {
        let mut body = json!({ "cancel_at_period_end": true });
        for (key, value) in [("customer_cancellation_reason", reason), ("customer_cancellation_comment", comment)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &body).await
    }

    /// Lets a subscription go on that was to end; the subscription as it is then.
    ///
    /// # Errors
    /// As every call; 410 after the end, 400 if none was set (C§2.8).
    pub async fn resume_subscription(&self, id: &str) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &json!({ "cancel_at_period_end": false })).await
    }

    /// Gives a subscription another product, by one of Polar's words for when and how that is billed; the subscription as it is
    /// then.
    ///
    /// # Errors
    /// As every call; 402 where the difference cannot be charged, 403 where it is to end, 422 where the product cannot be had
    /// (C§2.8).
    pub async fn change_subscription(&self, id: &str, product: &str, behavior: &str) -> Result<Seen<Value>, Error> {
        let body = json!({ "product_id": product, "proration_behavior": behavior });
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &body).await
    }

    /// Takes a scheduled change back; the subscription as it is then.
    ///
    /// # Errors
    /// As every call; 422 if none is scheduled (C§2.8).
    pub async fn keep_product(&self, id: &str) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &json!({ "pending_update": null })).await
    }

    /// Lets a subscription pause when the paid time is over, or takes that back; the subscription as it is then.
    ///
    /// # Errors
    /// As every call; 409 unless it is plainly active, or set to pause (C§2.8).
    pub async fn set_pause(&self, id: &str, pause: bool) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &json!({ "pause_at_period_end": pause })).await
    }

    /// Lets a paused subscription go on with a new period, which is billed now; the subscription as it is then.
    ///
    /// # Errors
    /// As every call; 409 unless it is paused, 402 where it cannot be charged (C§2.8).
    pub async fn continue_subscription(&self, id: &str) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/subscriptions/{id}"), &json!({ "resume": true })).await
    }

    /// Pays a bill back.
    ///
    /// # Errors
    /// As every call. More than was paid is never paid back: Polar answers 403 (C§2.10).
    pub async fn refund(&self, refund: NewRefund<'_>) -> Result<Seen<Value>, Error> {
        let NewRefund { bill, amount, reason, order, closes } = refund;
        let body = json!({
            "order_id": bill,
            "reason": reason,
            "amount": amount,
            "revoke_benefits": closes,
            "metadata": { "order_id": order },
        });
        self.send(Method::POST, "/v1/refunds/", &body).await
    }

    /// Deletes a customer for ever: what it pays for ends at once, and nobody is known by it any more (C§2.5).
    ///
    /// # Errors
    /// As every call; [`Error::NotFound`] where it is deleted already. After [`Error::NoAnswer`] and [`Error::Failed`] it may
    /// be all the same.
    pub async fn delete_customer(&self, id: &str) -> Result<(), Error> {
        self.delete(&format!("/v1/customers/{id}?anonymize=true")).await
    }
}
