//! A shop, its Polar, and one customer with a browser.

use crate::{
    polar::Sent,
    shop::{Person, Shop},
    visitor::{Answer, Visitor, value},
};
use boreal::{
    model::instant::{Millis, parse_ms},
    server::db::Reader,
};
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

/// The card that pays while its holder is there, and never again.
pub const PAYS_ONCE: &str = "4000 0000 0000 0341";
/// A minute of billing time.
pub const MINUTE: Millis = 60_000;

/// What Polar tells of the first purchase of a subscription, by somebody new (wh0056–0066).
pub const FIRST_PURCHASE: [&str; 11] = [
    "checkout.created",
    "member.created",
    "checkout.updated",
    "customer.created",
    "subscription.created",
    "subscription.active",
    "subscription.updated",
    "order.created",
    "order.updated",
    "order.paid",
    "checkout.updated",
];
/// What it tells of a renewal that is paid.
pub const RENEWAL: [&str; 5] =
    ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"];
/// What it tells when a subscription ends.
pub const END: [&str; 3] = ["subscription.updated", "subscription.canceled", "subscription.revoked"];
/// And then of the bill for what was used since the last one, where units are charged: of nothing, if nothing was.
pub const LAST_BILL: [&str; 3] = ["order.created", "order.updated", "order.paid"];

/// Where a scenario plays.
pub struct Scene {
    pub shop: Shop,
    pub ann: Visitor,
    /// Ann, as our services know her.
    pub who: Person,
    heard: RefCell<HashSet<String>>,
    /// Bills that were told as paid.
    paid: RefCell<HashSet<String>>,
    /// What was told last of each subscription: when it was changed, and its meters.
    metered: RefCell<HashMap<String, (Value, Value)>>,
}

impl Scene {
    /// A new shop; Ann has an account and nothing else.
    pub async fn open() -> Self {
        Self::at(Shop::open().await).await
    }

    /// In a shop that is open.
    pub async fn at(shop: Shop) -> Self {
        let ann = Visitor::register(&shop.origin, "ann").await;
        let select = "SELECT id FROM users WHERE email = $1";
        let id = shop.state.db.read(select).bind(&ann.email).scalar().await.expect("a user");
        let who = Person { id, email: ann.email.clone() };
        let scene =
            Self { shop, ann, who, heard: RefCell::default(), paid: RefCell::default(), metered: RefCell::default() };
        scene.told().await;
        scene
    }

    /// Waits until Polar has told everything and all of it is applied.
    pub async fn settle(&self) {
        self.shop.polar.idle().await;
        self.shop.worked_off().await;
    }

    /// Everything that Polar told since the last call, once all of it is applied.
    pub async fn news(&self) -> Vec<Sent> {
        self.settle().await;
        let events = self.shop.polar.events().await;
        let mut heard = self.heard.borrow_mut();
        events.into_iter().filter(|event| heard.insert(event.id.clone())).collect()
    }

    /// The kinds of it, without changed states, what follows on a paid bill (its fee, its invoice), and what is credited
    /// or used of a meter: these come when they like.
    pub async fn told(&self) -> Vec<String> {
        let news = self.news().await;
        news.into_iter().filter(|event| !self.is_incidental(event)).map(|event| event.kind).collect()
    }

    fn is_incidental(&self, event: &Sent) -> bool {
        let body: Value = serde_json::from_str(&event.body).expect("JSON");
        let (data, mut paid) = (&body["data"], self.paid.borrow_mut());
        match event.kind.as_str() {
            "customer.state_changed" => true,
            kind if kind.starts_with("subscription.") => self.only_counts(data) && kind == "subscription.updated",
            kind if kind.starts_with("benefit_grant.") => data["benefit"]["type"] == "meter_credit",
            "order.updated" => data["refunded_amount"] == 0 && paid.contains(id(data)),
            "order.paid" => {
                paid.insert(id(data).to_owned());
                false
            }
            _ => false,
        }
    }

    /// Whether nothing but its meters is other than before: those do not move when it was changed (C§0).
    fn only_counts(&self, subscription: &Value) -> bool {
        let told = (subscription["modified_at"].clone(), subscription["meters"].clone());
        let before = self.metered.borrow_mut().insert(id(subscription).to_owned(), told.clone());
        before.is_some_and(|(changed, meters)| changed == told.0 && meters != told.1)
    }

    /// Buys as people do: the buying page, Polar's page, and back; our order.
    pub async fn buy(&self, plan: &str, interval: &str, card: &str) -> String {
        let (order, url) = self.commit(plan, interval).await;
        let paid = self.shop.polar.pay(&url, &self.ann.email, card).await;
        assert_eq!(paid.status, 303, "{}", paid.page);
        let back = self.ann.get(&paid.location, 303).await;
        self.ann.get(back.location(), 200).await;
        self.shop.wait_for_state(&order, "done").await;
        self.settle().await;
        order
    }

    /// Presses the button of the buying page; our order, and where it is paid.
    pub async fn commit(&self, plan: &str, interval: &str) -> (String, String) {
        let form = self.ann.form(plan, interval).await;
        let pressed = self.ann.press(&form, 303).await;
        (value(&form, "order").to_owned(), pressed.location().to_owned())
    }

    /// Moves the clock to an instant of billing time; everything due on the way happens.
    pub async fn travel_to(&self, at: Millis) {
        self.shop.advance(at - self.shop.state.clock.billing()).await;
    }

    /// Moves the clock to a minute after the end of the subscription's period.
    pub async fn next_period(&self) {
        let end = instant(&self.subscription().await, "current_period_end");
        self.travel_to(end + MINUTE).await;
    }

    /// Ann's newest subscription, as Polar shows it.
    pub async fn subscription(&self) -> Value {
        // By the metadata of our checkouts, which outlives the customer.
        let found = self.shop.polar.list(&format!("/v1/subscriptions/?metadata[user_id]={}", self.who.id)).await;
        found.into_iter().next().expect("a subscription")
    }

    /// Ann's bills, as Polar shows them, the newest first.
    pub async fn bills(&self) -> Vec<Value> {
        self.shop.polar.list(&format!("/v1/orders/?external_customer_id={}&sorting=-created_at", self.who.id)).await
    }

    /// Polar's product of a plan.
    pub async fn product(&self, plan: &str, interval: &str) -> Value {
        let wanted = if interval == "once" { Value::Null } else { json!(interval) };
        let mut products = self.shop.polar.list("/v1/products/").await.into_iter();
        let found = products.find(|one| one["metadata"]["plan"] == plan && one["recurring_interval"] == wanted);
        found.unwrap_or_else(|| panic!("no product of {plan} every {interval}"))
    }

    /// Changes Ann's subscription as Polar's dashboard does; status and answer.
    pub async fn patch(&self, body: Value) -> (u16, Value) {
        let path = format!("/v1/subscriptions/{}", id(&self.subscription().await));
        self.shop.polar.send("PATCH", &path, Some(body)).await
    }

    /// The same, where it must work.
    pub async fn change(&self, body: Value) -> Value {
        let (status, answer) = self.patch(body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Sends a form of the portal, which Ann opens from her account.
    pub async fn in_portal(&self, path: &str, fields: &[(&str, &str)]) {
        let portal = self.ann.post("/billing", &[], 303).await;
        let (status, page) = self.shop.polar.in_portal(portal.location(), path, fields).await;
        assert_eq!(status, 303, "{page}");
    }

    /// Presses a button at Ann's subscription in the portal.
    pub async fn at_subscription(&self, act: &str, fields: &[(&str, &str)]) {
        let path = format!("subscriptions/{}/{act}", id(&self.subscription().await));
        self.in_portal(&path, fields).await;
    }

    /// Whether Ann may use a feature.
    pub async fn may(&self, feature: &str) -> bool {
        self.shop.may(&self.who, feature).await
    }

    /// Ann reads all of this on her account page.
    pub async fn reads(&self, words: &[&str]) {
        self.reads_at("/account", words).await;
    }

    /// Ann reads this on the page of the only thing that she ordered here.
    pub async fn order_reads(&self, words: &[&str]) {
        let id: String = self.shop.state.db.read("SELECT id FROM orders").scalar().await.expect("an order");
        self.reads_at(&format!("/orders/{id}"), words).await;
    }

    async fn reads_at(&self, path: &str, words: &[&str]) {
        let page = text(&self.ann.get(path, 200).await);
        let missing: Vec<_> = words.iter().filter(|words| !page.contains(**words)).collect();
        assert!(missing.is_empty(), "{missing:?} is not in: {page}");
    }

    /// Ann reads nothing of this there.
    pub async fn reads_nothing_of(&self, words: &[&str]) {
        let page = text(&self.ann.get("/account", 200).await);
        let found: Vec<_> = words.iter().filter(|words| page.contains(**words)).collect();
        assert!(found.is_empty(), "{found:?} is in: {page}");
    }

    /// What the ledger says of a feature, line by line: `given`, `changed`, `taken`.
    pub async fn ledger(&self, feature: &str) -> Vec<&'static str> {
        let select = "SELECT before, after FROM ledger WHERE user_id = $1 AND feature = $2 ORDER BY seq";
        let lines: Vec<(Option<String>, Option<String>)> =
            self.shop.state.db.read(select).bind(&self.who.id).bind(feature).all().await.expect("rows");
        let word = |line: &(Option<String>, Option<String>)| match (&line.0, &line.1) {
            (None, Some(_)) => "given",
            (Some(_), None) => "taken",
            _ => "changed",
        };
        lines.iter().map(word).collect()
    }
}

/// The `id` of an object.
pub fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

/// An instant of an object.
pub fn instant(object: &Value, key: &str) -> Millis {
    let text = object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}"));
    parse_ms(text).expect("an instant")
}

/// The words of a page's main part, as people read them.
pub fn text(page: &Answer) -> String {
    let main = page.html.split_once("<main").map_or(page.html.as_str(), |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let mut words = String::new();
    for piece in main.split('<') {
        let (tag, after) = piece.split_once('>').unwrap_or(("", ""));
        // A comment stands inside a sentence; a tag may stand between two.
        if !tag.starts_with('!') {
            words.push(' ');
        }
        words.push_str(after);
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
