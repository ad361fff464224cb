//! What Polar holds as good, read from Polar alone, and what that opens by the rules of owners and plans.

use crate::{
    polar::Polar,
    shop::{Person, Shop},
};
use boreal::model::{
    instant::{Millis, parse_ms},
    plan::{Plan, Plans, Value as Worth},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every feature of our plans.
pub const FEATURES: [&str; 4] = ["projects", "studio", "exports", "sharing"];
/// Those that tell the plans apart.
pub const TELLING: [&str; 3] = ["projects", "studio", "sharing"];

/// Nearer than this to the end of a grace both answers are right, in milliseconds.
const EDGE: Millis = 120_000;

/// Features and their worth.
pub type Opens = BTreeMap<String, Worth>;

/// What somebody may have.
pub struct Holds {
    /// What is paid, on trial or within the grace opens; what everybody has included.
    pub certain: Opens,
    /// With what is behind with its payment for longer than the grace: only another look ends that.
    pub possible: Opens,
}

/// All subscriptions and all that was bought once, at one moment.
pub struct Truth {
    /// Subscriptions, in the order in which they began.
    pub subscriptions: Vec<Value>,
    /// Bills of what was bought once.
    pub purchases: Vec<Value>,
    /// Product → plan.
    pub products: BTreeMap<String, String>,
    /// Customer → the external id that it has or had: a deleted customer has none any more.
    pub external: BTreeMap<String, String>,
    now: Millis,
}

impl Truth {
    /// As Polar tells it now; `external` is what was known of customers before.
    pub async fn of(shop: &Shop, mut external: BTreeMap<String, String>) -> Self {
        let products = all(&shop.polar, "/v1/products/?sorting=created_at").await;
        let (once, _): (Vec<&Value>, _) = products.iter().partition(|one| one["is_recurring"] == false);
        let mut purchases = Vec::new();
        for product in once {
            purchases.extend(all(&shop.polar, &format!("/v1/orders/?product_id={}", text(product, "id"))).await);
        }
        let subscriptions = all(&shop.polar, "/v1/subscriptions/?sorting=started_at").await;
        for customer in subscriptions.iter().chain(&purchases).map(|one| &one["customer"]) {
            if let Some(id) = customer["external_id"].as_str() {
                external.insert(text(customer, "id").to_owned(), id.to_owned());
            }
        }
        let plan = |one: &Value| (text(one, "id").to_owned(), text(&one["metadata"], "plan").to_owned());
        let products = products.iter().map(plan).collect();
        Self { subscriptions, purchases, products, external, now: shop.state.clock.billing() }
    }

    /// Whose it is: of our checkouts' metadata first, else of the customer's external id.
    pub fn owner<'t>(&'t self, object: &'t Value) -> &'t str {
        let ours = object["metadata"]["user_id"].as_str().filter(|_| object["metadata"]["order_id"].is_string());
        ours.or_else(|| self.external.get(text(object, "customer_id")).map(String::as_str)).unwrap_or_default()
    }

    /// Somebody's subscriptions that are not over.
    pub fn live(&self, who: &Person) -> impl Iterator<Item = &Value> {
        let live = ["active", "trialing", "past_due", "paused"];
        self.subscriptions.iter().filter(move |one| live.contains(&text(one, "status")) && self.owner(one) == who.id)
    }

    /// What a user holds.
    pub fn of_user(&self, plans: &Plans, user: &str) -> Holds {
        let mut holds = Holds { certain: Opens::new(), possible: Opens::new() };
        holds.add(plans.free().expect("everybody has something"), true);
        for (objects, once) in [(&self.subscriptions, false), (&self.purchases, true)] {
            for object in objects.iter().filter(|one| self.owner(one) == user) {
                let plan = plans.get(&self.products[text(object, "product_id")]).expect("a plan of ours");
                let standing = if once { bought(object) } else { self.standing(object, plan) };
                if let Some(certain) = standing {
                    holds.add(plan, certain);
                }
            }
        }
        holds
    }

    /// Whether a subscription is certainly good, or may be; `None` if it is not.
    fn standing(&self, one: &Value, plan: &Plan) -> Option<bool> {
        match text(one, "status") {
            "active" | "trialing" => Some(true),
            "past_due" => {
                let since = parse_ms(text(one, "past_due_at")).expect("an instant");
                Some(self.now + EDGE < since + plan.grace())
            }
            _ => None,
        }
    }

    /// All of a user's, in lines.
    pub fn tell(&self, user: &str) -> String {
        let each = self.subscriptions.iter().chain(&self.purchases).filter(|one| self.owner(one) == user);
        let keys = ["id", "status", "past_due_at", "current_period_end", "modified_at", "customer_id"];
        let line = |one: &Value| keys.map(|key| format!("{key} {}", one[key])).join(", ");
        each.map(|one| format!("{}: {}\n", self.products[text(one, "product_id")], line(one))).collect()
    }
}

impl Holds {
    fn add(&mut self, plan: &Plan, certain: bool) {
        for (feature, worth) in plan.features.iter().filter(|(_, worth)| **worth != Worth::Switch(false)) {
            for opens in [Some(&mut self.possible), Some(&mut self.certain).filter(|_| certain)].into_iter().flatten() {
                let best = opens.entry(feature.clone()).or_insert(*worth);
                *best = (*best).max(*worth);
            }
        }
    }
}

/// What was bought once is good until it is wholly refunded.
fn bought(bill: &Value) -> Option<bool> {
    ["paid", "partially_refunded"].contains(&text(bill, "status")).then_some(true)
}

/// Every page of a list.
pub async fn all(polar: &Polar, path: &str) -> Vec<Value> {
    let (mut items, glue) = (Vec::new(), if path.contains('?') { '&' } else { '?' });
    for number in 1.. {
        let page = polar.get(&format!("{path}{glue}limit=100&page={number}")).await;
        items.extend(page["items"].as_array().expect("a list").clone());
        if page["pagination"]["max_page"].as_u64().expect("a number") <= number {
            break;
        }
    }
    items
}

/// A text of an object; empty if it has none.
pub fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_default()
}
