//! A subscription is paused by its owner when the paid time is over, and continued with a payment, each asked of Polar once.

use super::{leaving::Resident, patience::wait_until, polar::PAYS, shop::Shop, visitor};
use boreal::{model::instant::DAY, server::services::replaying};
use serde_json::json;

const FIELDS: [&str; 3] = ["subscription", "order", "terms"];

impl Resident {
    /// Opens the page of a change and agrees to it; the page of the order.
    async fn decide(&self, change: &str, id: &str) -> visitor::Answer {
        let to = format!("/subscription/{change}?id={id}");
        let page = self.browser.get(&to, 200).await;
        let fields = FIELDS.map(|name| (name, page.hidden(name)));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let order = self.browser.post(&to, &fields, 303).await;
        self.browser.get(order.location(), 200).await
    }

    /// Polar's answers are dated by the second: a webhook of the same second counts as newer until it is read again.
    async fn wait_for_account(&self, words: &str) {
        let look = async || {
            let html = self.browser.get("/account", 200).await.html;
            if html.contains(words) { Ok(()) } else { Err(html) }
        };
        wait_until(words, look).await;
    }
}

impl Shop {
    async fn pays_for_pro(&self, card: &str) -> (Resident, String) {
        let ann = self.resident("ann").await;
        let id = self.subscribe(&ann.who, "pro", card).await["id"].as_str().expect("an id").to_owned();
        self.worked_off().await;
        (ann, id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_begins_when_the_paid_time_is_over_and_ends_with_a_payment() {
    let shop = Shop::open_for_long().await;
    let (ann, id) = shop.pays_for_pro(PAYS).await;
    ann.wait_for_account(&format!("/subscription/pause?id={id}")).await;
    assert!(ann.decide("pause", &id).await.html.contains("Pro will pause"));
    assert!(shop.may(&ann.who, "studio").await, "what is paid stays");
    ann.wait_for_account("Pauses on").await;
    ann.wait_for_account("; it pauses then.").await;
    assert!(ann.decide("unpause", &id).await.html.contains("Pro stays"));
    assert_eq!(shop.as_polar_has(&id).await["pause_at_period_end"], false);

    ann.decide("pause", &id).await;
    shop.advance(32 * DAY).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(shop.as_polar_has(&id).await["status"], "paused");
    assert!(!shop.may(&ann.who, "studio").await);
    let shut = ann.browser.get("/studio/sheet", 403).await.html;
    assert!(
        shut.contains("Your account says what.") && !shut.contains("/buy?"),
        "what is theirs is not sold again: {shut}"
    );
    let bills = shop.polar.list("/v1/orders/").await.len();
    let late = ann.browser.get(&format!("/subscription/unpause?id={id}"), 200).await;
    assert!(
        late.html.contains("This subscription is paused") && !late.html.contains("name=\"terms\""),
        "{}",
        late.html
    );

    assert!(ann.decide("continue", &id).await.html.contains("Pro goes on"));
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(shop.polar.list("/v1/orders/").await.len(), bills + 1);
    assert!(shop.may(&ann.who, "studio").await);
    assert_eq!(replaying::check(&shop.state).await.expect("a report").differences, Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_plainly_active_cannot_pause() {
    let shop = Shop::open().await;
    let (ann, id) = shop.pays_for_pro(PAYS).await;
    let path = format!("/v1/subscriptions/{id}");
    let page = ann.browser.get(&format!("/subscription/pause?id={id}"), 200).await;
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await.0, 200);
    let fields = FIELDS.map(|name| (name, page.hidden(name)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = ann.browser.post(&format!("/subscription/pause?id={id}"), &fields, 422).await;
    assert!(refused.html.contains("set to end"), "{}", refused.html);
    let eve = shop.resident("eve").await;
    for change in ["pause", "unpause", "continue"] {
        eve.browser.get(&format!("/subscription/{change}?id={id}"), 404).await;
        eve.browser.post(&format!("/subscription/{change}?id={id}"), &fields, 404).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_found_out() {
    let shop = Shop::open().await;
    let (ann, id) = shop.pays_for_pro(PAYS).await;
    let lost = json!({"answer": "500 after", "answer_to": "PATCH /v1/subscriptions/", "answer_count": 1});
    shop.polar.faults(lost).await;
    assert!(ann.decide("pause", &id).await.html.contains("We are asking Polar"));
    shop.a_minute_later().await;
    shop.wait_for_change(&id, "done").await;
    assert_eq!(shop.as_polar_has(&id).await["pause_at_period_end"], true);
    shop.close().await;
}
