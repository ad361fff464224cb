//! Sweeps: whatever was missed is found, repaired and told, and a dry run changes nothing.

use super::{
    polar::PAYS,
    replica::Picture,
    shop::{Person, Place, Shop},
};
use boreal::{
    model::instant::DAY,
    server::{
        db::{Reader, sync_runs},
        services::{
            access::Access,
            syncing::{self, Line, Report, Sweep, What},
        },
    },
};
use serde_json::{Value, json};
use std::time::Duration;

impl Shop {
    /// From now on Polar's events are lost.
    pub async fn deaf(&self) {
        self.polar.idle().await;
        self.worked_off().await;
        // What looks by itself some seconds after a payment would find things before the test does.
        let jobs = "DELETE FROM jobs WHERE kind = 'sync_user'";
        self.state.db.write(jobs).execute().await.expect("rows");
        self.polar.faults(json!({"drop_percent": 100})).await;
    }

    /// Runs a sweep; what it found.
    pub async fn sweep(&self, sweep: Sweep) -> Report {
        self.sync(What::Sweep(sweep), false).await
    }

    /// Runs a sync; what it found.
    pub async fn sync(&self, what: What, dry: bool) -> Report {
        self.polar.idle().await;
        let run = syncing::in_turn(&self.state, &what, dry).await.expect("Polar answers").expect("its turn");
        let row = sync_runs::by_id(&self.state.db, &run.id).await.expect("rows").expect("the run is kept");
        let counts = run.report.counts();
        assert_eq!((row.checked, row.repaired, row.unexplained), (counts.checked, counts.repaired, counts.unexplained));
        assert!(row.finished_at.is_some() && row.error.is_none() && row.report.is_some(), "{row:?}");
        run.report
    }

    /// Nothing is left to repair.
    pub async fn is_in_order(&self) {
        let report = self.sweep(Sweep::All).await;
        let counts = report.counts();
        assert!(counts.repaired == 0 && counts.unexplained == 0 && counts.equal == counts.checked, "{report:#?}");
        assert!(counts.checked > 4, "it looked at something");
    }

    /// Changes something at Polar behind our back.
    pub async fn at_polar(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.polar.send(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }
}

/// The words of the repair of this object.
fn words(report: &Report, kind: &str, id: &Value) -> String {
    let found = report.repairs.iter().find(|line| line.kind == kind && *id == line.id);
    found.unwrap_or_else(|| panic!("no repair of {kind} {id}: {report:#?}")).words.clone()
}

async fn denied(shop: &Shop, who: &Person, feature: &str) -> bool {
    matches!(shop.access(who, feature).await, Access::Denied { .. })
}

/// The bill of somebody.
async fn bill(shop: &Shop, who: &Person) -> Value {
    shop.polar.list(&format!("/v1/orders/?external_customer_id={}", who.id)).await.remove(0)
}

/// How many rows each table that a sync may write has.
async fn sizes(shop: &Shop) -> Vec<i64> {
    let counts = [
        "SELECT COUNT(*) FROM inbox",
        "SELECT COUNT(*) FROM ledger",
        "SELECT COUNT(*) FROM jobs",
        "SELECT COUNT(*) FROM users WHERE synced_at IS NOT NULL",
    ];
    let mut sizes = Vec::new();
    for count in counts {
        sizes.push(shop.state.db.read(count).scalar().await.expect("a count"));
    }
    sizes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_after_an_outage_finds_and_repairs_everything() {
    let shop = Shop::open().await;
    let mut people = Vec::new();
    for name in ["ann", "bob", "cid", "dee", "eve"] {
        people.push(shop.person(name).await);
    }
    let [ann, bob, cid, dee, eve] = &people[..] else { panic!("five people") };
    shop.buy(ann, "pro", "month").await;
    shop.buy(bob, "lifetime", "once").await;
    shop.buy(cid, "team", "month").await;
    shop.buy(eve, "pro", "year").await;
    let waiting = shop.checkout(dee, "pro", "month").await;
    shop.deaf().await;

    let (anns, cids, eves) = (shop.subscription(ann).await, shop.subscription(cid).await, shop.subscription(eve).await);
    let bobs = bill(&shop, bob).await;
    let path = |subscription: &Value| format!("/v1/subscriptions/{}", subscription["id"].as_str().expect("an id"));
    shop.at_polar("DELETE", &path(&anns), None).await;
    let refund = json!({"order_id": bobs["id"], "reason": "customer_request", "amount": bobs["refundable_amount"]});
    let refund = shop.at_polar("POST", "/v1/refunds/", Some(refund)).await;
    shop.at_polar("PATCH", &path(&cids), Some(json!({"cancel_at_period_end": true}))).await;
    shop.at_polar("DELETE", &format!("/v1/customers/{}", eves["customer_id"].as_str().expect("an id")), None).await;
    shop.pay(&waiting, &dee.email).await;
    assert!(shop.may(ann, "studio").await && shop.may(eve, "studio").await, "nobody told us");

    let (before, rows) = (Picture::of(&shop.state.db).await, sizes(&shop).await);
    let dry = shop.sync(What::Sweep(Sweep::All), true).await;
    assert_eq!((Picture::of(&shop.state.db).await, sizes(&shop).await), (before, rows), "a dry run writes nothing");
    assert_eq!(words(&dry, "subscription", &anns["id"]), "active → canceled");

    let report = shop.sweep(Sweep::All).await;
    assert_eq!(report.counts().unexplained, 0, "{report:#?}");
    assert_eq!(words(&report, "subscription", &anns["id"]), "active → canceled");
    assert_eq!(words(&report, "order", &bobs["id"]), "paid → refunded");
    assert_eq!(words(&report, "refund", &refund["id"]), "new: succeeded");
    assert_eq!(words(&report, "subscription", &cids["id"]), "trialing, with other contents");
    assert_eq!(words(&report, "subscription", &eves["id"]), "active → canceled");
    assert_eq!(words(&report, "customer", &eves["customer_id"]), "deleted");
    let dees = shop.subscription(dee).await;
    assert_eq!(words(&report, "subscription", &dees["id"]), "new: active");
    let whose = |line: &&Line| line.id == dees["id"].as_str().expect("an id");
    assert_eq!(report.repairs.iter().find(whose).expect("a line").user.as_ref(), Some(&dee.id));

    assert!(
        denied(&shop, ann, "studio").await && denied(&shop, bob, "studio").await && denied(&shop, eve, "studio").await
    );
    assert!(shop.may(cid, "sharing").await && shop.may(dee, "studio").await);
    assert_eq!(shop.order_states(dee).await, ["done"]);
    shop.is_in_order().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_never_heard_of_bought_is_found_by_what_changed_lately() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let product = shop.propose(&ann, "pro", "month").await.quote.offer.product_id;
    shop.deaf().await;
    // Sold by somebody else with the same organization: once to a user of ours, once to nobody we know.
    let mut checkouts = Vec::new();
    for external in [Some(&ann.id), None] {
        let wish = json!({"products": [product], "external_customer_id": external});
        checkouts.push(shop.at_polar("POST", "/v1/checkouts/", Some(wish)).await);
    }
    for (checkout, email) in checkouts.iter().zip([ann.email.as_str(), "stranger@boreal-shop.dev"]) {
        let url = checkout["url"].as_str().expect("an address");
        assert!([200, 303].contains(&shop.polar.pay(url, email, PAYS).await.status));
    }
    let report = shop.sweep(Sweep::Changed).await;
    assert_eq!(report.counts().unexplained, 0, "{report:#?}");
    assert!(shop.may(&ann, "studio").await, "{report:#?}");
    let foreign = "SELECT COUNT(*) FROM polar_objects WHERE kind = 'subscription' AND owner_id IS NULL";
    assert_eq!(shop.state.db.read(foreign).scalar::<i64>().await.expect("a count"), 1, "kept, and nobody's");
    assert_eq!(report.repairs.iter().filter(|line| line.kind == "customer").count(), 2, "{report:#?}");
    shop.is_in_order().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_unheard_is_found_by_what_should_have_ended() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "pro", "year").await;
    shop.deaf().await;
    let anns = shop.subscription(&ann).await;
    let path = format!("/v1/subscriptions/{}", anns["id"].as_str().expect("an id"));
    shop.at_polar("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await;
    shop.advance(32 * DAY).await;
    assert!(shop.may(&ann, "studio").await, "nobody told us");
    let report = shop.sweep(Sweep::Ending).await;
    assert_eq!(words(&report, "subscription", &anns["id"]), "active → canceled");
    assert!(denied(&shop, &ann, "studio").await && shop.may(&bob, "studio").await);
    assert_eq!(report.counts().unexplained, 0, "{report:#?}");
    shop.is_in_order().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_no_longer_knows_is_gone_and_may_come_back() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "pro", "month").await;
    shop.deaf().await;
    let anns = shop.subscription(&ann).await;
    let place = shop.halt().await;
    let kept = edit(&place, |polar| {
        let all = polar["subscriptions"].as_array_mut().expect("a list");
        let at = all.iter().position(|one| one["id"] == anns["id"]).expect("hers");
        all.remove(at)
    });
    let shop = Shop::open_at(place).await;
    let report = shop.sweep(Sweep::All).await;
    assert_eq!(words(&report, "subscription", &anns["id"]), "active → gone");
    assert!(denied(&shop, &ann, "studio").await && shop.may(&bob, "studio").await);
    shop.is_in_order().await;

    let place = shop.halt().await;
    edit(&place, |polar| {
        let mut back = kept.clone();
        back["modified_at"] = json!("2090-01-01T00:00:00.000000Z");
        polar["subscriptions"].as_array_mut().expect("a list").push(back);
    });
    let shop = Shop::open_at(place).await;
    let report = shop.sweep(Sweep::All).await;
    assert_eq!(words(&report, "subscription", &anns["id"]), "gone → active");
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}

/// Changes the state of a sandbox that does not run.
fn edit<T>(place: &Place, change: impl FnOnce(&mut Value) -> T) -> T {
    let file = place.sandbox();
    let mut polar: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    let made = change(&mut polar);
    std::fs::write(&file, polar.to_string()).expect("it is written");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_after_a_sweep_is_told_as_unexplained() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.deaf().await;
    let subscription = shop.subscription(&ann).await;
    let mut later = subscription.clone();
    later["modified_at"] = json!("2090-01-01T00:00:00.000000Z");
    later["status"] = json!("past_due");
    let body = json!({"type": "subscription.updated", "data": later});
    assert_eq!(shop.webhook("from-the-future", &body.to_string()).await, 202);
    shop.worked_off().await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let report = shop.sweep(Sweep::All).await;
    assert_eq!((report.counts().unexplained, report.counts().repaired), (1, 0), "{report:#?}");
    assert_eq!(
        (report.unexplained[0].kind.as_str(), report.unexplained[0].user.as_ref()),
        ("subscription", Some(&ann.id))
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sweep_runs_at_a_time_and_an_abandoned_one_is_over() {
    let shop = Shop::open().await;
    let now = shop.state.clock.wall();
    let begin = async |id: &str, kind: &str, at: i64| {
        let began = sync_runs::begin(&shop.state.db, (id, kind, false), (at, at + 60_000)).await;
        began.expect("the database answers")
    };
    assert!(begin("one", "all", now).await);
    let changed = What::Sweep(Sweep::Changed);
    assert!(syncing::run(&shop.state, &changed, false).await.expect("an answer").is_none(), "another runs");
    assert!(
        syncing::run(&shop.state, &changed, true).await.expect("an answer").is_some(),
        "a dry one is in nobody's way"
    );
    assert!(begin("two", "webhooks", now).await, "webhooks are looked at meanwhile");
    assert!(begin("three", "changed", now + 60_001).await, "the first was not heard of any more");
    assert!(!sync_runs::renew(&shop.state.db, "one", now + 90_000).await.expect("an answer"), "and knows it");
    let first = sync_runs::by_id(&shop.state.db, "one").await.expect("rows").expect("a row");
    assert_eq!(first.error.as_deref(), Some("abandoned"));
    shop.close().await;
}
