//! What was told of one purchase, and a second database that hears it as a test likes.

use crate::{
    polar::Sent,
    replica::{Object, Picture, Replica, Said},
    shop::{Person, Shop},
};
use boreal::{
    model::instant::{parse_us, write_us},
    server::{
        db::Reader,
        services::{access, new_id},
    },
};
use serde_json::{Value, json};

/// One purchase of Ann's.
pub struct Told {
    /// Where it was bought.
    pub shop: Shop,
    /// Who bought.
    pub ann: Person,
    /// Knows Ann and her unpaid order, and nothing that nobody told it.
    pub replica: Replica,
    events: Vec<Sent>,
}

impl Told {
    /// She buys this.
    pub async fn of(plan: &str, interval: &str) -> Self {
        let shop = Shop::open().await;
        let ann = shop.person("ann").await;
        Self::about(shop, ann, plan, interval).await
    }

    /// She buys this, in a shop that was made ready for it.
    pub async fn about(shop: Shop, ann: Person, plan: &str, interval: &str) -> Self {
        let order = shop.buy(&ann, plan, interval).await;
        shop.polar.idle().await;
        let events = shop.polar.events().await;
        let replica = Replica::beside(&shop, std::slice::from_ref(&ann), &[order]).await;
        Self { shop, ann, replica, events }
    }

    /// The newest event of this kind.
    pub fn event(&self, kind: &str) -> Value {
        let sent = self.events.iter().rfind(|sent| sent.kind == kind);
        serde_json::from_str(&sent.unwrap_or_else(|| panic!("no {kind} was told")).body).expect("JSON")
    }

    /// The replica hears everything, as it was told.
    pub async fn hear_all(&self) -> Picture {
        self.hear_those(|_| true).await
    }

    /// It hears only of the products, as if nothing had been bought yet.
    pub async fn hear_products(&self) -> Picture {
        self.hear_those(|sent| sent.kind.starts_with("product.")).await
    }

    async fn hear_those(&self, of: impl Fn(&Sent) -> bool) -> Picture {
        for sent in self.events.iter().filter(|sent| of(sent)) {
            self.replica.hear(&Said::Webhook(new_id(), sent.body.clone())).await;
            self.replica.apply().await;
        }
        self.replica.settle().await
    }

    /// It hears one event, under an id of its own; what it holds then.
    pub async fn hear(&self, event: &Value) -> Picture {
        self.replica.hear(&Said::Webhook(new_id(), event.to_string())).await;
        self.replica.settle().await
    }

    /// What became of what it heard last.
    pub async fn verdict(&self) -> String {
        let select = "SELECT verdict FROM inbox ORDER BY seq DESC LIMIT 1";
        self.replica.state.db.read(select).scalar().await.expect("a verdict")
    }

    /// Whether Ann may use a feature, as the replica sees it.
    pub async fn may(&self, feature: &str) -> bool {
        matches!(access::feature(&self.replica.state, &self.ann.id, feature).await, access::Access::Granted { .. })
    }

    /// How often a feature was given to her and taken from her.
    pub async fn given_and_taken(&self, feature: &str) -> (usize, usize) {
        let ledger = self.replica.ledger().await;
        let lines = || ledger.iter().filter(|line| line.2 == feature);
        (lines().filter(|line| line.3.is_none()).count(), lines().filter(|line| line.4.is_none()).count())
    }

    /// Both are gone.
    pub async fn close(self) {
        self.replica.close().await;
        self.shop.close().await;
    }
}

/// The object of an event, as the mirror has it.
pub fn mirrored<'p>(picture: &'p Picture, event: &Value) -> &'p Object {
    let found = picture.objects.iter().find(|object| event["data"]["id"] == object.id);
    found.unwrap_or_else(|| panic!("{} is not in the mirror", event["data"]["id"]))
}

/// The event as `kind`, about another moment of its object: its version and its own time are so many seconds later.
pub fn later(event: &Value, kind: &str, seconds: i64) -> Value {
    let mut event = seen_later(event, seconds);
    let data = &mut event["data"];
    let version = if data["modified_at"].is_null() { &data["created_at"] } else { &data["modified_at"] };
    data["modified_at"] = moved(version, seconds);
    event["type"] = json!(kind);
    event
}

/// The event with a later time of its own: the object is of the same version.
pub fn seen_later(event: &Value, seconds: i64) -> Value {
    let mut event = event.clone();
    event["timestamp"] = moved(&event["timestamp"], seconds);
    event
}

fn moved(instant: &Value, seconds: i64) -> Value {
    let at = instant.as_str().and_then(parse_us).expect("an instant");
    json!(write_us(at + seconds * 1_000_000))
}

/// The subscription has ended.
pub fn ended(event: &Value, kind: &str, seconds: i64) -> Value {
    let mut event = later(event, kind, seconds);
    let at = event["data"]["modified_at"].clone();
    let data = &mut event["data"];
    (data["status"], data["ended_at"], data["ends_at"]) = (json!("canceled"), at.clone(), at.clone());
    data["canceled_at"] = at;
    event
}

/// Nothing but its customer says whose the object is.
pub fn without_our_marks(mut event: Value) -> Value {
    event["data"]["checkout_id"] = Value::Null;
    event["data"]["metadata"] = json!({});
    event
}

/// Every order of so many things.
pub fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1);
    let with_last = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, of - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..of).map(move |at| with_last(order, at))).collect()
}
