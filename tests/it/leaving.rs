//! Deleting an account while something is paid: it ends at Polar, whatever it is and whatever Polar answers, and nothing is
//! billed in the months after.

use super::{
    patience::wait_until,
    polar::PAYS,
    shop::{Person, Place, Shop},
    sink::Sink,
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::instant::DAY,
    server::{db::Reader, services::replaying},
};
use serde_json::{Value, json};

/// Pays now and is declined at renewals.
const PAYS_ONCE: &str = "4000 0000 0000 0341";

/// Somebody with a browser, as the shop knows them.
pub struct Resident {
    /// Their browser.
    pub browser: Visitor,
    /// Their account.
    pub who: Person,
}

impl Shop {
    /// Somebody who registers.
    pub async fn resident(&self, name: &str) -> Resident {
        let browser = Visitor::register(&self.origin, name).await;
        Resident { who: self.account(&browser).await, browser }
    }

    /// Buys with this card and waits for access; Polar's subscription.
    pub async fn subscribe(&self, who: &Person, plan: &str, card: &str) -> Value {
        let open = self.checkout(who, plan, "month").await;
        assert_eq!(self.polar.pay(&open.url, &who.email, card).await.status, 303);
        self.wait_for_state(&open.order, "done").await;
        self.polar.idle().await;
        self.subscription(who).await
    }

    /// Makes what waits for another try due now, as if a minute had gone by.
    pub async fn hasten_leaving(&self) {
        for update in [
            "UPDATE jobs SET run_at = 0 WHERE kind = 'leave' AND state = 'queued'",
            "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind <> 'buy' AND state IN ('committing', 'unsettled')",
        ] {
            self.state.db.write(update).execute().await.expect("rows");
        }
        self.state.wake.jobs.notify_one();
    }

    /// How somebody's leaving stands, and what it waits for.
    pub async fn leaving(&self, who: &Person) -> (String, Option<String>) {
        let select = "SELECT state, waits_for FROM leavings WHERE user_id = $1";
        self.state.db.read(select).bind(&who.id).one().await.expect("somebody who leaves")
    }

    /// Waits until somebody has left.
    pub async fn wait_until_gone(&self, who: &Person) {
        let gone = async || match self.leaving(who).await {
            (state, _) if state == "gone" => Ok(()),
            other => {
                self.hasten_leaving().await;
                Err(other)
            }
        };
        wait_until("the account to be gone", gone).await;
    }

    /// Every bill at Polar that some customer was sent.
    async fn bills(&self) -> Vec<Value> {
        self.polar.list("/v1/orders/").await
    }

    /// Nothing lives at Polar any more, and nothing is billed in the year that follows.
    pub async fn nothing_is_billed(&self, subscriptions: &[&str]) {
        let paid = |bills: Vec<Value>| bills.iter().filter(|bill| bill["status"] == "paid").count();
        let before = (self.bills().await.len(), paid(self.bills().await));
        for month in 0..13 {
            for id in subscriptions {
                assert_eq!(self.status_at_polar(id).await, "canceled", "after {month} months");
            }
            self.advance(31 * DAY).await;
        }
        self.polar.idle().await;
        assert_eq!((self.bills().await.len(), paid(self.bills().await)), before, "no bill more, and none paid later");
    }
}

impl Resident {
    /// Asks for the account to be deleted.
    pub async fn leave(&self) {
        let form = [("sure", "yes"), ("password", PASSWORD)];
        assert_eq!(self.browser.post("/account/delete", &form, 303).await.location(), "/account/deleted");
    }
}

/// Leaves with what `prepare` has made of a subscription, and holds that it ended.
async fn leaves(plan: &str, card: &str, prepare: impl AsyncFnOnce(&Shop, &Resident, &str)) {
    let shop = Shop::open_for_long().await;
    let ann = shop.resident("ann").await;
    let subscription = shop.subscribe(&ann.who, plan, card).await;
    let id = subscription["id"].as_str().expect("an id").to_owned();
    prepare(&shop, &ann, &id).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    ann.leave().await;
    assert!(!shop.may(&ann.who, "studio").await, "nothing is open from that moment on");
    shop.wait_until_gone(&ann.who).await;
    shop.nothing_is_billed(&[&id]).await;
    let customers = shop.polar.list("/v1/customers/").await;
    assert_eq!(customers, Vec::<Value>::new(), "nobody is known there any more");
    shop.worked_off().await;
    shop.hasten_leaving().await;
    shop.worked_off().await;
    let report = replaying::check(&shop.state).await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
    assert_eq!(shop.count("SELECT COUNT(*) FROM cases WHERE closed_at IS NULL").await, 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_trialing_is_never_billed() {
    leaves("team", PAYS, async |shop, _, id| assert_eq!(shop.status_at_polar(id).await, "trialing")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_past_due_is_not_asked_again() {
    leaves("pro", PAYS_ONCE, async |shop, _, id| {
        shop.advance(32 * DAY).await;
        assert_eq!(shop.status_at_polar(id).await, "past_due");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_with_a_scheduled_change_is_billed_for_neither_plan() {
    leaves("pro", PAYS, async |shop, _, id| {
        let products = shop.polar.list("/v1/products/").await;
        let team = |one: &&Value| one["metadata"]["plan"] == "team" && one["recurring_interval"] == "month";
        let team = &products.iter().find(team).expect("a product")["id"];
        let change = json!({"product_id": team, "proration_behavior": "next_period"});
        let changed = shop.at_polar("PATCH", &format!("/v1/subscriptions/{id}"), Some(change)).await;
        assert_eq!(changed["pending_update"]["product_id"], *team);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_with_a_subscription_set_to_end_loses_it_at_once() {
    leaves("pro", PAYS, async |shop, _, id| {
        let path = format!("/v1/subscriptions/{id}");
        shop.at_polar("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await;
        assert_eq!(shop.status_at_polar(id).await, "active");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_paused_is_not_billed_again() {
    leaves("pro", PAYS, async |shop, _, id| {
        let path = format!("/v1/subscriptions/{id}");
        shop.at_polar("PATCH", &path, Some(json!({"pause_at_period_end": true}))).await;
        shop.advance(32 * DAY).await;
        assert_eq!(shop.status_at_polar(id).await, "paused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_polar_answers_on_the_way_it_ends_once() {
    for (answer, to) in [
        (json!(500), "GET /v1/customers/external/"),
        (json!(500), "PATCH /v1/subscriptions/"),
        (json!("500 after"), "PATCH /v1/subscriptions/"),
        (json!(429), "DELETE /v1/customers/"),
        (json!("cut"), "DELETE /v1/customers/"),
        (json!("500 after"), "DELETE /v1/customers/"),
    ] {
        let shop = Shop::open_for_long().await;
        let ann = shop.resident("ann").await;
        let id = shop.subscribe(&ann.who, "pro", PAYS).await["id"].as_str().expect("an id").to_owned();
        shop.polar.fail(answer.clone(), to).await;
        ann.leave().await;
        let waits = async || match shop.leaving(&ann.who).await {
            (state, Some(_)) if state == "leaving" => Ok(()),
            other => Err(other),
        };
        wait_until(&format!("{answer} to {to} to be waited for"), waits).await;
        shop.polar.recover().await;
        shop.wait_until_gone(&ann.who).await;
        shop.nothing_is_billed(&[&id]).await;
        let sent = shop.polar.events().await;
        let revoked = sent.iter().filter(|sent| sent.kind == "subscription.revoked").count();
        assert_eq!(revoked, 1, "{answer} to {to}");
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_is_the_last_that_is_known_of_the_address() {
    let sink = Sink::open().await;
    let shop = Shop::open_with(Place::new().await, &sink.settings()).await;
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", PAYS).await;
    shop.worked_off().await;
    ann.leave().await;
    let letter = sink.letter(&ann.who.email, "Your account was deleted").await;
    assert!(letter.text().contains("Ended at once: Pro."), "{}", letter.raw);
    let forgotten = "SELECT COUNT(*) FROM outgoing_mail WHERE recipient <> '' OR letter <> ''";
    let forgotten = async || match shop.count(forgotten).await {
        0 => Ok(()),
        other => Err(other),
    };
    wait_until("every mail to be forgotten", forgotten).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    shop.hasten_leaving().await;
    shop.worked_off().await;
    for (kept, what) in [
        ("SELECT COUNT(*) FROM users WHERE email IS NOT NULL OR password_hash IS NOT NULL", "users"),
        ("SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL", "sessions"),
        ("SELECT COUNT(*) FROM devices", "browsers"),
        ("SELECT COUNT(*) FROM email_tokens", "keys"),
        ("SELECT COUNT(*) FROM audit_log WHERE ip IS NOT NULL", "network addresses"),
        ("SELECT COUNT(*) FROM leavings WHERE email IS NOT NULL", "the leaving"),
        ("SELECT COUNT(*) FROM entitlements", "access"),
    ] {
        assert_eq!(shop.count(kept).await, 0, "{what}");
    }
    let bodies: Vec<(i64, Vec<u8>)> = shop.state.db.read("SELECT seq, body FROM inbox").all().await.expect("rows");
    for (seq, body) in bodies {
        let text = String::from_utf8(body).expect("text");
        for personal in [ann.who.email.as_str(), "Ada Buyer"] {
            assert!(!text.contains(personal), "{personal} in the row {seq}: {text}");
        }
    }
    let facts: String = shop
        .state
        .db
        .read("SELECT projection FROM polar_objects WHERE kind = 'order'")
        .scalar()
        .await
        .expect("one bill");
    let (facts, bill): (Value, Value) = (serde_json::from_str(&facts).expect("JSON"), shop.bills().await.remove(0));
    for fact in ["total_amount", "currency", "created_at", "invoice_number"] {
        assert_eq!(facts[fact], bill[fact], "the bare facts of the invoice stay");
    }
    shop.close().await;
}
