//! What is counted of sales: in the transaction that makes it so, told when that is durable. A fact that comes again
//! changes nothing, and so counts nothing.

use crate::{
    model::{
        instant::Millis,
        projection::{Kind, Mirrored, OrderFacts},
    },
    server::db::{Tx, mirror::ObjectRow},
};

/// A bill counts when it is first seen paid, whatever it becomes later.
pub fn bill(tx: &mut Tx, stored: Option<&ObjectRow>, seen: &Mirrored) {
    let was_paid = stored.is_some_and(|row| was_paid(row.status.as_deref()) || row.status.as_deref() == Some("gone"));
    if seen.kind != Kind::Order || was_paid || !self::was_paid(seen.status.as_deref()) {
        return;
    }
    let Ok(facts) = serde_json::from_str::<OrderFacts>(&seen.projection) else { return };
    tx.after_commit(move || {
        let cash = facts.cash();
        metrics::counter!("polar_orders_completed_total", "billing_reason" => facts.billing_reason).increment(1);
        metrics::counter!("polar_revenue_total", "currency" => facts.currency).increment(cash);
    });
}

/// Polar's words for bills whose money came in, also where some of it went back.
fn was_paid(status: Option<&str>) -> bool {
    matches!(status, Some("paid" | "partially_refunded" | "refunded"))
}

/// An order of ours gives access: how long that took since the button was pressed, and since its payment reached us.
pub fn granted(tx: &mut Tx, (pressed_at, received_at, now): (Millis, Millis, Millis)) {
    tx.after_commit(move || {
        metrics::histogram!("click_to_access_seconds").record(seconds(now - pressed_at));
        metrics::histogram!("received_to_access_seconds").record(seconds(now - received_at));
    });
}

#[expect(clippy::cast_precision_loss, reason = "a duration of minutes, for a histogram")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}
