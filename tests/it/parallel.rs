//! Several workers at once: whatever is merged at the same moment, access follows.

use super::{
    engine,
    patience::wait_for,
    shop::{Person, Shop},
};
use boreal::server::{
    db::{Reader, inbox::Delivery},
    services::{applying, new_id},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// On SQLite there is one writer: what can go wrong there goes wrong in fewer rounds.
fn rounds() -> usize {
    if engine::is_postgres() { 200 } else { 40 }
}

/// What Polar says about one purchase of one customer, made of what the sandbox said about another.
struct Said {
    customer: Value,
    subscription: Value,
    product: Value,
}

impl Said {
    async fn learn(shop: &Shop) -> Self {
        let ann = shop.person("ann").await;
        shop.buy(&ann, "pro", "month").await;
        shop.polar.idle().await;
        let events = shop.polar.events().await;
        let newest = |kind: &str| {
            let event = events.iter().rev().find(|event| event.kind == kind).expect(kind);
            serde_json::from_str::<Value>(&event.body).expect("JSON")
        };
        let mut subscription = newest("subscription.active");
        subscription["data"]["checkout_id"] = Value::Null;
        subscription["data"]["metadata"] = json!({});
        Self { customer: newest("customer.created"), subscription, product: newest("product.created") }
    }

    /// The bodies of customer and subscription for this person, under new ids.
    fn about(&self, who: &Person, product: Option<&str>) -> [String; 2] {
        let (customer_id, [mut customer, mut subscription]) =
            (new_id(), [self.customer.clone(), self.subscription.clone()]);
        customer["data"]["id"] = json!(customer_id);
        customer["data"]["external_id"] = json!(who.id);
        subscription["data"]["id"] = json!(new_id());
        subscription["data"]["customer_id"] = json!(customer_id);
        if let Some(product) = product {
            subscription["data"]["product_id"] = json!(product);
        }
        [customer.to_string(), subscription.to_string()]
    }

    /// A product of its own that belongs to the plan `pro`.
    fn of_product(&self, id: &str) -> String {
        let mut product = self.product.clone();
        product["data"]["id"] = json!(id);
        product["data"]["metadata"] = json!({"plan": "pro"});
        product["data"]["visibility"] = json!("private");
        product.to_string()
    }
}

/// Puts bodies into the inbox without waking anybody, then applies them by as many workers at once.
async fn apply_at_once(shop: &Shop, bodies: Vec<String>) {
    let workers = bodies.len();
    for body in bodies {
        let received_at = shop.state.clock.wall();
        let delivery = Delivery { webhook_id: new_id(), body: body.into_bytes(), received_at };
        shop.state.intake.put(delivery).await.expect("it is stored");
    }
    let mut drains = JoinSet::new();
    for _ in 0..workers {
        let state = shop.state.clone();
        drains.spawn(async move { applying::drain(&state).await.expect("the database answers") });
    }
    drains.join_all().await;
}

/// Every row is settled: another worker of the shop may have taken one.
async fn wait_until_applied(shop: &Shop) {
    let look = async || {
        let new: i64 =
            (shop.state.db.read("SELECT COUNT(*) FROM inbox WHERE state = 'new'")).scalar().await.expect("a count");
        (new == 0).then_some(())
    };
    wait_for("every row to be settled", look).await;
}

async fn failed_attempts(shop: &Shop) -> i64 {
    shop.state.db.read("SELECT COUNT(*) FROM inbox WHERE attempts > 1").scalar().await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_and_subscription_at_once_always_become_access() {
    let shop = Shop::open().await;
    let said = Said::learn(&shop).await;
    for round in 0..rounds() {
        let ann = shop.person("ann").await;
        let mut bodies = said.about(&ann, None).to_vec();
        bodies.rotate_left(round % 2);
        apply_at_once(&shop, bodies).await;
        wait_until_applied(&shop).await;
        assert!(shop.may(&ann, "studio").await, "round {round}");
    }
    assert_eq!(failed_attempts(&shop).await, 0, "no deadlock and no failure was needed");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_purchases_of_one_customer_at_once_are_both_seen() {
    let shop = Shop::open().await;
    let said = Said::learn(&shop).await;
    let team = shop.propose(&shop.person("bob").await, "team", "month").await.quote.offer.product_id;
    // Two at once are asked about at Polar, which knows nothing of these and would say that they are gone.
    shop.polar.fail(500, "GET /v1/subscriptions/").await;
    for round in 0..rounds() / 2 {
        let ann = shop.person("ann").await;
        let [customer, pro] = said.about(&ann, None);
        let [_, other] = said.about(&ann, Some(&team));
        let mut other: Value = serde_json::from_str(&other).expect("JSON");
        let first: Value = serde_json::from_str(&pro).expect("JSON");
        other["data"]["customer_id"] = first["data"]["customer_id"].clone();
        let mut bodies = vec![customer, pro, other.to_string()];
        bodies.rotate_left(round % 3);
        apply_at_once(&shop, bodies).await;
        wait_until_applied(&shop).await;
        assert!(shop.may(&ann, "plan:pro").await && shop.may(&ann, "plan:team").await, "round {round}");
    }
    assert_eq!(failed_attempts(&shop).await, 0);
    shop.polar.recover().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_arrives_with_or_after_its_subscription_is_enough() {
    let shop = Shop::open().await;
    let said = Said::learn(&shop).await;
    let mut waiting = Vec::new();
    for round in 0..rounds() {
        let (ann, product) = (shop.person("ann").await, new_id());
        let mut bodies = said.about(&ann, Some(&product)).to_vec();
        if round % 4 == 0 {
            apply_at_once(&shop, bodies).await;
            wait_until_applied(&shop).await;
            assert!(!shop.may(&ann, "studio").await, "round {round}: nobody knows that this product is a plan");
            bodies = Vec::new();
        }
        bodies.push(said.of_product(&product));
        let places = bodies.len();
        bodies.rotate_left(round % places);
        apply_at_once(&shop, bodies).await;
        waiting.push((round, ann));
    }
    wait_until_applied(&shop).await;
    for (round, ann) in waiting {
        // Folding is due at once, and done by a timer.
        shop.wait_for_access(&ann, "studio").await;
        assert!(shop.may(&ann, "plan:pro").await, "round {round}");
    }
    // Polar itself knows none of these products: reading them is of no use, now or when it is tried again later, and
    // no failure here.
    shop.worked_off().await;
    let unknown = "DELETE FROM jobs WHERE key LIKE 'product:%'";
    shop.state.db.write(unknown).execute().await.expect("rows");
    shop.close().await;
}
