//! How many webhooks a second are stored and applied on SQLite, beside how many commits a second the disk allows at all:
//! `cargo bench --features ssr,sandbox --bench applying`. Nobody is asked over the network.

mod disk;

use boreal::server::{
    clock::Clock,
    db::{self, Reader, inbox::Delivery, users},
    services::{applying, new_id},
    state::State,
};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::task::JoinSet;

/// Each purchase is four events: customer, subscription, and its bill made and paid.
const PURCHASES: usize = 250;
const AT_ONCE: usize = 64;

fn delivery(kind: &str, data: &Value) -> Delivery {
    let body = json!({"type": kind, "timestamp": "2026-11-21T17:07:03.000000Z", "data": data}).to_string();
    Delivery { webhook_id: new_id(), body: body.into_bytes(), received_at: Clock::default().wall() }
}

/// What Polar says of one purchase, with as much beside it as Polar says (tens of KB a subscription).
fn purchase(user: &str) -> [Delivery; 4] {
    let [customer, subscription, bill] = [(); 3].map(|()| new_id());
    let at = "2026-11-21T17:07:02.000000Z";
    let much = "x".repeat(8 * 1024);
    let of_it = json!({"id": subscription, "created_at": at, "status": "active", "amount": 1200, "currency": "usd",
        "customer_id": customer, "product_id": "pro", "current_period_end": "2026-12-21T17:07:02Z", "product": much});
    let mut order = json!({"id": bill, "created_at": at, "status": "pending", "billing_reason": "subscription_create",
        "total_amount": 1200, "due_amount": 1200, "currency": "usd", "customer_id": customer, "product_id": "pro",
        "subscription_id": subscription, "subscription": much});
    let made = delivery("order.created", &order);
    (order["status"], order["modified_at"]) = (json!("paid"), json!("2026-11-21T17:07:02.500000Z"));
    let known = json!({"id": customer, "created_at": at, "external_id": user});
    [
        delivery("customer.created", &known),
        delivery("subscription.created", &of_it),
        made,
        delivery("order.paid", &order),
    ]
}

/// So many buyers, and everything that is said of them, in the order in which it happened.
async fn said(state: &State) -> Vec<Delivery> {
    let product =
        json!({"id": "pro", "created_at": "2026-11-01T00:00:00Z", "name": "Pro", "metadata": {"plan": "pro"}});
    let mut all = vec![delivery("product.created", &product)];
    for number in 0..PURCHASES {
        let user = new_id();
        let email = format!("buyer-{number}@boreal-shop.dev");
        let added: Result<bool, db::Error> =
            state.db.transaction(async |tx| users::add(tx, &user, &email, "no password", 0).await).await;
        assert!(added.expect("a row"));
        all.extend(purchase(&user));
    }
    all
}

async fn store(state: &State, all: Vec<Delivery>, at_once: usize) {
    let (count, begun) = (all.len(), Instant::now());
    let mut all = all.into_iter();
    while all.len() > 0 {
        let mut waiting = JoinSet::new();
        for delivery in all.by_ref().take(at_once) {
            let intake = state.intake.clone();
            waiting.spawn(async move { intake.put(delivery).await.expect("it is stored") });
        }
        waiting.join_all().await;
    }
    disk::tell(&format!("webhooks stored, {at_once} at the same moment"), count, begun);
}

async fn apply(state: &State, workers: usize) {
    let begun = Instant::now();
    let mut drains = JoinSet::new();
    for _ in 0..workers {
        let state = state.clone();
        drains.spawn(async move { applying::drain(&state).await.expect("the database answers") });
    }
    let count = drains.join_all().await.into_iter().sum();
    disk::tell(&format!("webhooks applied, workers: {workers}"), count, begun);
    let granted = "SELECT COUNT(*) FROM entitlements WHERE feature = 'plan:pro'";
    let granted: i64 = state.db.read(granted).scalar().await.expect("a count");
    assert_eq!(usize::try_from(granted), Ok(PURCHASES), "everybody has what they bought");
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = disk::folder();
    disk::limits(folder.path()).await;
    for (name, at_once, workers) in [("alone.db", 1, 1), ("many.db", AT_ONCE, 4)] {
        let state = disk::open(folder.path(), name).await;
        let all = said(&state).await;
        store(&state, all, at_once).await;
        apply(&state, workers).await;
        state.db.close().await;
    }
}
