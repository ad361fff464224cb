//! Staff pays a bill back, wholly or in part, and ends a subscription at once: what was agreed to, once, whatever happens to
//! an answer.

use super::{
    leaving::Resident,
    patience::wait_until,
    polar::PAYS,
    shop::{Person, Shop},
    visitor::{Answer, Visitor},
};
use boreal::server::{
    db::Reader,
    services::staffing::{self, Actor, Refund, Refused},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const REFUNDS: &str = "POST /v1/refunds/";
const ENDS: &str = "PATCH /v1/subscriptions/";

/// A customer with a bill, and staff who looks at it.
struct Scene {
    shop: Shop,
    ann: Resident,
    sam: Visitor,
    staff: Person,
    subscription: String,
    bill: String,
}

impl Scene {
    /// Ann pays $12 a month for Pro.
    async fn new() -> Self {
        let shop = Shop::open().await;
        let ann = shop.resident("ann").await;
        let subscription = shop.subscribe(&ann.who, "pro", PAYS).await["id"].as_str().expect("an id").to_owned();
        shop.worked_off().await;
        let bill = shop.polar.list("/v1/orders/").await[0]["id"].as_str().expect("an id").to_owned();
        let (sam, staff) = shop.hire("sam").await;
        Self { shop, ann, sam, staff, subscription, bill }
    }

    fn page(&self) -> String {
        format!("/staff/refund?bill={}", self.bill)
    }

    async fn look(&self) -> Answer {
        self.sam.get(&self.page(), 200).await
    }

    /// Sends the form of the page as it is now.
    async fn pay_back(&self, amount: &str, expected: u16) -> Answer {
        let shown = self.look().await.hidden("shown");
        self.press(amount, &shown, expected).await
    }

    async fn press(&self, amount: &str, shown: &str, expected: u16) -> Answer {
        let fields = [("bill", self.bill.as_str()), ("shown", shown), ("amount", amount)];
        let form = [&fields[..], &[("cause", "service_disruption"), ("reason", "It was slow")]].concat();
        self.sam.post(&self.page(), &form, expected).await
    }

    async fn end(&self, expected: u16) -> Answer {
        let form = [("subscription", self.subscription.as_str()), ("reason", "Abuse")];
        self.sam.post(&format!("/staff/revoke?subscription={}", self.subscription), &form, expected).await
    }

    /// What each refund at Polar gave back, net of tax, the oldest first.
    async fn refunds(&self) -> Vec<i64> {
        let mut amounts = self.shop.paid_back(&self.subscription).await;
        amounts.reverse();
        amounts
    }

    async fn decisions(&self) -> Vec<(String, Option<String>)> {
        let select = "SELECT state, outcome FROM remedies ORDER BY created_at, id";
        self.shop.state.db.read(select).all().await.expect("rows")
    }

    /// As if a minute had gone by since Polar was asked.
    async fn a_minute_later(&self) {
        for update in [
            "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind <> 'buy' AND state IN ('committing', 'unsettled')",
            "UPDATE jobs SET run_at = 0 WHERE kind = 'remedy' AND state = 'queued'",
        ] {
            self.shop.state.db.write(update).execute().await.expect("rows");
        }
        self.shop.state.wake.jobs.notify_one();
    }

    /// Waits until the newest decision is over; how it ended.
    async fn over(&self) -> (String, String) {
        let over = async || match self.decisions().await.pop() {
            Some((state, Some(outcome))) if state != "open" => Ok((state, outcome)),
            other => Err(other),
        };
        wait_until("the decision to be over", over).await
    }

    /// Waits until the newest decision is said to wait.
    async fn waiting(&self) -> String {
        let waits = async || match self.decisions().await.pop() {
            Some((state, Some(why))) if state == "open" => Ok(why),
            other => Err(other),
        };
        wait_until("the decision to wait", waits).await
    }

    /// Waits until the customer's page of the order tells all this, in this order.
    async fn told(&self, moments: &[&str]) {
        let db = &self.shop.state.db;
        let order: String = db.read("SELECT id FROM orders WHERE kind = 'buy'").scalar().await.expect("an order");
        let told = async || {
            let html = self.ann.browser.get(&format!("/orders/{order}"), 200).await.html;
            let moments = ["You ordered Pro.", "it is paid."].iter().chain(moments);
            let places: Option<Vec<usize>> = moments.map(|words| html.find(words)).collect();
            if places.is_some_and(|places| places.is_sorted()) { Ok(()) } else { Err(html) }
        };
        wait_until("the customer to see it", told).await;
    }

    async fn close(self) {
        self.shop.polar.idle().await;
        self.shop.worked_off().await;
        self.shop.close().await;
    }
}

fn done(words: &str) -> (String, String) {
    ("done".to_owned(), words.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_goes_back_in_parts_and_no_further() {
    let scene = Scene::new().await;
    let person = scene.sam.get(&format!("/staff/person?id={}", scene.ann.who.id), 200).await;
    assert!(person.html.contains(&scene.page()) && person.html.contains("/staff/revoke?subscription="));
    assert!(scene.look().await.html.contains("$12 can be paid back"));
    for amount in ["0", "-1", "12.01", "5.001", "all", "1e1", "99999999999999999999"] {
        let html = scene.pay_back(amount, 422).await.html;
        assert!(html.contains("at most $12") && html.contains("aria-invalid"), "{amount}: {html}");
    }
    assert!(scene.press("5", "x", 422).await.html.contains("has changed meanwhile"));
    assert_eq!((scene.refunds().await, scene.decisions().await), (vec![], vec![]), "nothing was begun");

    assert_eq!(scene.pay_back("5", 303).await.location(), scene.page());
    assert_eq!(scene.over().await, done("$5 paid back"));
    let refund = &scene.shop.polar.list("/v1/refunds/").await[0];
    assert_eq!([&refund["amount"], &refund["reason"]], [&json!(500), &json!("service_disruption")]);
    let page = scene.look().await.html;
    assert!(page.contains("$7 can be paid back") && page.contains("$5 paid back"), "{page}");
    assert!(scene.pay_back("7.01", 422).await.html.contains("at most $7"));
    scene.pay_back("", 303).await;
    assert_eq!(scene.over().await, done("$7 paid back"));
    assert_eq!(scene.refunds().await, [500, 700]);
    assert!(scene.look().await.html.contains("Nothing of it can be paid back"));
    assert!(scene.shop.may(&scene.ann.who, "studio").await, "the subscription goes on");
    scene.told(&["Pro was opened to you.", "Polar billed $12", "$5 was paid", "$7 was paid"]).await;
    let acts: Vec<_> = scene.shop.acts().await.into_iter().filter(|act| act.0 == "refund bill").collect();
    assert_eq!(acts.len(), 2);
    assert_eq!(acts[0].1.as_ref(), Some(&scene.staff.id));
    assert_eq!(acts[0].3.as_deref(), Some("$5 paid back: It was slow"));
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_presses_by_two_people_one_counts() {
    let scene = Scene::new().await;
    let shown = scene.look().await.hidden("shown");
    let (_, olga) = scene.shop.hire("olga").await;
    let actors = [&scene.staff, &olga].map(|who| Actor { id: who.id.clone(), ip: "127.0.0.1".to_owned() });
    let (shown, bill) = (Arc::new(shown), Arc::new(scene.bill.clone()));
    let mut presses = JoinSet::new();
    for press in 0..50 {
        let (state, actor, amount) = (scene.shop.state.clone(), actors[press % 2].clone(), ["7", "9"][press % 2]);
        let (bill, shown) = (Arc::clone(&bill), Arc::clone(&shown));
        presses.spawn(async move {
            let form = Refund { bill: &bill, amount, cause: "other", shown: &shown, why: "Sorry" };
            staffing::refund(&state, &actor, form).await
        });
    }
    let mut begun = 0;
    while let Some(pressed) = presses.join_next().await {
        match pressed.expect("no panic") {
            Ok(()) => begun += 1,
            Err(Refused::Busy | Refused::Changed | Refused::NoAnswer) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(begun, 1, "of both amounts together there is not enough");
    let (state, words) = scene.over().await;
    let refunds = scene.refunds().await;
    assert!(refunds == [700] || refunds == [900], "{refunds:?}");
    assert_eq!((state.as_str(), words), ("done", format!("${} paid back", refunds[0] / 100)));
    assert_eq!(scene.shop.count("SELECT COUNT(*) FROM orders WHERE kind = 'refund'").await, 1);
    scene.close().await;
}

/// One answer goes wrong; what was decided is done once all the same.
async fn in_spite_of(fault: Value, line: &str) {
    let scene = Scene::new().await;
    scene.shop.polar.faults(json!({"answer": fault, "answer_to": line, "answer_count": 1})).await;
    if line == ENDS {
        drop(scene.end(303).await)
    } else {
        drop(scene.pay_back("5", 303).await)
    }
    if fault != 429 && fault != 500 {
        scene.waiting().await;
        let page = scene.look().await.html;
        assert!(line == ENDS || (page.contains("being carried out") && !page.contains("Pay it back")), "{page}");
    } else {
        scene.waiting().await;
    }
    scene.shop.polar.recover().await;
    scene.a_minute_later().await;
    let words = if line == ENDS { "ended at once" } else { "$5 paid back" };
    assert_eq!(scene.over().await, done(words), "{fault} at {line}");
    assert_eq!(scene.refunds().await, if line == ENDS { vec![] } else { vec![500] });
    scene.shop.polar.idle().await;
    let sent = scene.shop.polar.events().await;
    let ended = sent.iter().filter(|sent| sent.kind == "subscription.revoked").count();
    assert_eq!(ended, usize::from(line == ENDS), "{fault} at {line}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_looked_for() {
    for fault in [json!("500 after"), json!("cut"), json!(500), json!(429)] {
        in_spite_of(fault, REFUNDS).await;
    }
    in_spite_of(json!("cut"), ENDS).await;
    in_spite_of(json!(500), ENDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_polar_is_down_nothing_is_begun_and_what_was_begun_waits() {
    let scene = Scene::new().await;
    let shown = scene.look().await.hidden("shown");
    scene.shop.polar.faults(json!({"down": true})).await;
    let page = scene.look().await.html;
    assert!(page.contains("Polar does not answer") && !page.contains("Pay it back"), "{page}");
    assert!(scene.press("5", &shown, 503).await.html.contains("Nothing was begun"));
    assert_eq!(scene.decisions().await, []);

    // To end something needs no look beforehand: it is done once Polar is back.
    scene.end(303).await;
    assert!(!scene.waiting().await.is_empty());
    assert!(scene.end(422).await.html.contains("Please wait for it"));
    scene.shop.polar.faults(json!({"down": false})).await;
    scene.a_minute_later().await;
    assert_eq!(scene.over().await, done("ended at once"));
    let closed = async || match scene.shop.may(&scene.ann.who, "studio").await {
        false => Ok(()),
        true => Err("open"),
    };
    wait_until("access to close", closed).await;
    assert_eq!(scene.shop.status_at_polar(&scene.subscription).await, "canceled");
    assert!(scene.end(422).await.html.contains("was decided before"));
    assert_eq!(scene.refunds().await, [0_i64; 0], "nothing is paid back by that");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_refund_is_followed_until_it_fails_or_succeeds() {
    let scene = Scene::new().await;
    for (fails, ended) in [(true, "refused"), (false, "done")] {
        let faults = json!({"refunds_pend": true, "refunds_fail": fails, "hold_jobs_ms": 600_000});
        scene.shop.polar.faults(faults).await;
        scene.pay_back("5", 303).await;
        assert!(scene.waiting().await.contains("pending at Polar"));
        scene.a_minute_later().await;
        let page = scene.look().await.html;
        assert!(page.contains("being carried out") && page.contains("pending at Polar"), "{page}");
        // The payment provider reports.
        scene.shop.polar.advance(1_000).await;
        scene.a_minute_later().await;
        let (state, words) = scene.over().await;
        assert_eq!(state, ended, "{words}");
        assert!(!fails || words == "The refund failed at Polar.", "{words}");
        scene.shop.polar.faults(json!({"hold_jobs_ms": 0})).await;
    }
    assert!(scene.look().await.html.contains("$7 can be paid back"), "what failed can be paid back again");
    scene.shop.polar.recover().await;
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_refund_is_pending_the_subscription_can_be_ended() {
    let scene = Scene::new().await;
    scene.shop.polar.faults(json!({"refunds_pend": true, "hold_jobs_ms": 600_000})).await;
    scene.pay_back("5", 303).await;
    scene.waiting().await;
    let cancel = format!("/subscription/cancel?id={}", scene.subscription);
    let page = scene.ann.browser.get(&cancel, 200).await;
    let fields = ["subscription", "order", "terms"].map(|name| (name, page.hidden(name)));
    let form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    scene.ann.browser.post(&cancel, &form, 303).await;
    let there = scene.shop.polar.get(&format!("/v1/subscriptions/{}", scene.subscription)).await;
    assert_eq!(there["cancel_at_period_end"], true);
    scene.end(303).await;
    let ended = async || match scene.shop.status_at_polar(&scene.subscription).await {
        status if status == "canceled" => Ok(()),
        status => Err(status),
    };
    wait_until("the end at once", ended).await;
    assert!(scene.look().await.html.contains("being carried out"), "the refund is still pending");
    scene.shop.polar.recover().await;
    scene.shop.polar.advance(1_000).await;
    scene.a_minute_later().await;
    let done = async || match scene.decisions().await {
        all if all.iter().all(|(state, _)| state == "done") => Ok(()),
        other => Err(other),
    };
    wait_until("both decisions to be carried out", done).await;
    scene.told(&["Polar billed $12", "We ended the subscription."]).await;
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn less_than_was_agreed_to_is_not_paid_back() {
    let scene = Scene::new().await;
    scene.shop.polar.faults(json!({"answer": 500, "answer_to": REFUNDS, "answer_count": 1})).await;
    scene.pay_back("10", 303).await;
    scene.waiting().await;
    scene.shop.polar.recover().await;
    // Somebody is quicker, at Polar itself.
    let body = json!({"order_id": scene.bill, "reason": "other", "amount": 800});
    assert_eq!(scene.shop.polar.send("POST", "/v1/refunds/", Some(body)).await.0, 201);
    scene.a_minute_later().await;
    let (state, words) = scene.over().await;
    assert_eq!((state.as_str(), words.contains("Only $4 is left")), ("refused", true), "{words}");
    assert!(scene.look().await.html.contains("Only $4 is left"));
    assert_eq!(scene.refunds().await, [800]);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refund_of_one_bill_is_not_taken_for_that_of_another() {
    let mut scene = Scene::new().await;
    scene.shop.advance(32 * 24 * 3600 * 1000).await;
    scene.shop.polar.idle().await;
    scene.shop.worked_off().await;
    let bills = scene.shop.polar.list(&format!("/v1/orders/?subscription_id={}", scene.subscription)).await;
    let second = bills.iter().map(|bill| bill["id"].as_str().expect("an id")).find(|id| *id != scene.bill);
    let second = second.expect("a second bill").to_owned();
    scene.shop.polar.fail("cut", REFUNDS).await;
    scene.pay_back("5", 303).await;
    scene.waiting().await;
    scene.shop.polar.recover().await;
    scene.bill = second;
    scene.pay_back("6", 303).await;
    scene.a_minute_later().await;
    let both = async || {
        scene.a_minute_later().await;
        let decisions = scene.decisions().await;
        if decisions.iter().all(|(state, _)| state == "done") { Ok(()) } else { Err(decisions) }
    };
    wait_until("both to be done", both).await;
    assert_eq!(scene.refunds().await, [500, 600]);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_once_closes_when_all_of_it_is_back() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    shop.buy(&ann.who, "lifetime", "once").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let bill = shop.polar.list("/v1/orders/").await[0]["id"].as_str().expect("an id").to_owned();
    let (sam, _) = shop.hire("sam").await;
    let page = format!("/staff/refund?bill={bill}");
    for (amount, open) in [("100", true), ("", false)] {
        let looked = sam.get(&page, 200).await;
        assert!(looked.html.contains("what it opened closes"), "{}", looked.html);
        let form = [("bill", bill.as_str()), ("shown", &looked.hidden("shown")), ("amount", amount)];
        sam.post(&page, &[&form[..], &[("cause", "other"), ("reason", "Sorry")]].concat(), 303).await;
        let closed = async || {
            let left = sam.get(&page, 200).await.html;
            let over = !left.contains("being carried out");
            if over && shop.may(&ann.who, "studio").await == open { Ok(()) } else { Err(left) }
        };
        wait_until("the money and the access", closed).await;
    }
    shop.polar.idle().await;
    shop.worked_off().await;
    shop.close().await;
}
