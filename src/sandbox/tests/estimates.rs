//! What our quotes estimate is what is billed, to the cent: over drawn plans, discounts and dates, and in the recordings of
//! Polar's own server where they are at hand.

use serde_json::{Value, json};
use std::{fs, path::Path};

use super::harness::World;
use crate::model::catalog::{Interval, Offer, Trial};
use crate::model::instant::{Micros, parse_us};
use crate::model::money::Money;
use crate::model::switch::{Figures, Present, Timing, Today};
use crate::sandbox::secrets;

const DRAWS: u64 = 500;
const DAY_MS: u64 = 86_400_000;

fn offer(product: &Value) -> Offer {
    let price = &product["prices"][0];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    Offer {
        plan: text(&product["name"]),
        product_id: text(&product["id"]),
        price_id: text(&price["id"]),
        interval: Interval::Every {
            unit: text(&product["recurring_interval"]),
            count: product["recurring_interval_count"].as_i64().unwrap_or(1),
        },
        price: Money::new(price["price_amount"].as_i64().expect("an amount"), "usd"),
        tax: None,
        extras: Vec::new(),
        trial: product["trial_interval"].as_str().map(|unit| Trial {
            unit: unit.to_owned(),
            count: product["trial_interval_count"].as_i64().expect("a length"),
        }),
    }
}

fn figures(before: &Value, product: &Value, timing: Timing, now: Micros) -> Figures {
    let present: Present = serde_json::from_value(before.clone()).expect("a subscription");
    Figures::of(&present, &offer(product), timing, now)
}

fn instant(value: &Value) -> Micros {
    value.as_str().and_then(parse_us).expect("an instant")
}

fn owed(figures: &Figures) -> i64 {
    match figures.today {
        Today::About(amount) | Today::Exactly(amount) => amount,
        Today::Credit(amount) => -amount,
        Today::Nothing | Today::Unknown => panic!("it is billed at once: {figures:?}"),
    }
}

/// One subscription that is changed again and again.
struct Changed {
    world: World,
    products: Vec<Value>,
    id: String,
}

impl Changed {
    async fn new() -> Self {
        let world = World::new().await;
        let mut products = Vec::new();
        for (place, unit) in ["week", "month", "month", "year"].into_iter().enumerate() {
            for amount in [99, 1_999, 12_345] {
                let amount = amount * (i64::try_from(place).expect("small") + 1) - 1;
                products.push(world.product(&format!("p{place}-{amount}"), Some(unit), amount).await);
            }
        }
        let id = world.subscribe(&products[4], "user-2", "4242 4242 4242 4242").await;
        Self { world, products, id }
    }

    async fn now(&self) -> Value {
        self.world.get(&format!("/v1/subscriptions/{}", self.id)).await.1
    }

    async fn newest_bill(&self) -> Value {
        self.world.get("/v1/orders/?limit=1").await.1["items"][0].clone()
    }

    async fn go_on(&self, ms: u64) {
        let body = json!({ "advance_ms": ms });
        assert_eq!(self.world.send("POST", "/sandbox/clock", Some(body)).await.0, 200);
        self.world.idle().await;
    }

    /// Until the present period is over, and its bill is there.
    async fn go_on_until(&self, end: Micros) {
        let offset = self.world.get("/sandbox/clock").await.1;
        let now = instant(&offset["now"]);
        self.go_on(u64::try_from((end - now) / 1_000).expect("it is to come") + 1_000).await;
    }

    /// Makes one drawn change and holds the estimate against what is billed.
    async fn change(&self, draw: &mut impl FnMut(u64) -> u64) -> String {
        self.go_on(draw(9 * DAY_MS)).await;
        let before = self.now().await;
        let others: Vec<&Value> = self.products.iter().filter(|one| one["id"] != before["product_id"]).collect();
        let product = others[usize::try_from(draw(others.len() as u64)).expect("small")];
        let timing =
            [Timing::Now, Timing::Now, Timing::NextBill, Timing::PeriodEnd][usize::try_from(draw(4)).expect("small")];
        let body = json!({"product_id": product["id"], "proration_behavior": timing.behavior()});
        let (status, after) = self.world.patch(&self.id, body).await;
        assert_eq!(status, 200, "{after}");
        let restarts = before["recurring_interval"] != product["recurring_interval"];
        let what = format!("{timing:?} from {before} to {product}");
        if timing == Timing::PeriodEnd || (timing == Timing::NextBill && !restarts) {
            self.hold_next(&before, &after, (product, timing), &what).await;
        } else {
            let figures = figures(&before, product, timing, instant(&after["modified_at"]));
            let bill = self.newest_bill().await;
            assert_eq!(bill["net_amount"], owed(&figures), "{what}: {bill}");
            assert_eq!(Some(instant(&after["current_period_end"]) / 1000), figures.next_at, "{what}");
        }
        format!("{timing:?}{}", if restarts { ", another interval" } else { "" })
    }

    async fn hold_next(&self, before: &Value, after: &Value, (product, timing): (&Value, Timing), what: &str) {
        // A scheduled change is no modification.
        let now = if timing == Timing::PeriodEnd { &after["current_period_start"] } else { &after["modified_at"] };
        let figures = figures(before, product, timing, instant(now));
        assert_eq!(figures.today, Today::Nothing, "{what}");
        let end = instant(&after["current_period_end"]);
        assert_eq!(figures.next_at, Some(end / 1000), "{what}");
        self.go_on_until(end).await;
        let bill = self.newest_bill().await;
        assert_eq!(bill["billing_reason"], "subscription_cycle", "{what}: {bill}");
        assert_eq!(bill["net_amount"].as_i64(), figures.next, "{what}: {bill}");
    }
}

#[tokio::test]
async fn what_is_estimated_is_what_is_billed() {
    let mut kinds = std::collections::BTreeMap::new();
    for seed in 0..3 {
        let mut index = 0;
        let mut draw = |below: u64| {
            index += 1;
            secrets::series(seed, index) % below
        };
        let changed = Changed::new().await;
        let discounts = [
            Value::Null,
            json!({"name": "Third", "type": "percentage", "basis_points": 3333, "duration": "forever"}),
            json!({"name": "Five", "type": "fixed", "amount": 500, "currency": "usd", "duration": "forever"}),
        ];
        let discount = &discounts[usize::try_from(seed % 3).expect("small")];
        if !discount.is_null() {
            let made = changed.world.send("POST", "/v1/discounts/", Some(discount.clone())).await.1;
            let (status, refusal) = changed.world.patch(&changed.id, json!({ "discount_id": made["id"] })).await;
            assert_eq!(status, 200, "{refusal}");
        }
        for _ in 0..=DRAWS / 3 {
            *kinds.entry(changed.change(&mut draw).await).or_insert(0) += 1;
        }
    }
    assert!(kinds.len() >= 5, "every kind of change was drawn: {kinds:?}");
}

#[test]
fn what_polar_itself_billed_is_estimated_to_the_cent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/polar/captures");
    if !folder.join("INDEX.md").exists() {
        eprintln!("skipped: the recordings are not here");
        return;
    }
    let read = |path: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(path)).expect("a recording")).expect("JSON")
    };
    let before = read("http/114-subscription-uncancel.json")["response"]["body"].clone();
    let after = read("http/116-subscription-product-change-invoice.json")["response"]["body"].clone();
    let bill = read("webhooks/0108-order.created.body")["data"].clone();
    let figures = figures(&before, &after["product"], Timing::Now, instant(&after["modified_at"]));
    assert_eq!(bill["net_amount"], owed(&figures));
    let preview = read("http/115-subscription-change-preview.json")["response"]["body"].clone();
    assert_eq!(preview["net_amount"], owed(&figures));
}
