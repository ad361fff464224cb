//! A subscription is let end, and let go on, by its owner: asked of Polar once, whatever happens to the answer.

use super::{
    leaving::Resident,
    patience::wait_until,
    shop::Shop,
    visitor::{self, value},
};
use boreal::{
    model::change::Change,
    server::{
        db::Reader,
        services::{
            changing::{self, Answer, Consent, Wish},
            replaying,
        },
        state::State,
    },
};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::JoinSet;

const CHANGES: &str = "PATCH /v1/subscriptions/";

/// What the form of a page sends.
fn form(page: &visitor::Answer) -> Vec<(&'static str, String)> {
    ["subscription", "order", "terms"].into_iter().map(|name| (name, page.hidden(name))).collect()
}

fn with<'f>(form: &'f [(&'static str, String)], more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let rest = form.iter().map(|(name, value)| (*name, value.as_str()));
    rest.filter(|(name, _)| more.iter().all(|(other, _)| other != name)).chain(more.iter().copied()).collect()
}

impl Shop {
    /// Somebody who pays for Pro every month, and Polar's id of that.
    async fn subscriber(&self) -> (Resident, String) {
        let ann = self.resident("ann").await;
        self.buy(&ann.who, "pro", "month").await;
        self.polar.idle().await;
        let subscription = self.subscription(&ann.who).await;
        (ann, subscription["id"].as_str().expect("an id").to_owned())
    }

    /// State, outcome and number of requests of each order that changes a subscription.
    async fn changes(&self, subscription: &str) -> Vec<(String, Option<String>, i64)> {
        let select = "SELECT state, outcome, attempts FROM orders WHERE subscription_id = $1 ORDER BY created_at, id";
        self.state.db.read(select).bind(subscription).all().await.expect("rows")
    }

    /// As if a minute had gone by since Polar was asked.
    pub async fn a_minute_later(&self) {
        for update in [
            "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind <> 'buy' AND state IN ('committing', 'unsettled')",
            "UPDATE jobs SET run_at = 0 WHERE kind = 'settle_change' AND state = 'queued'",
        ] {
            self.state.db.write(update).execute().await.expect("rows");
        }
        self.state.wake.jobs.notify_one();
    }

    /// Waits until its newest change is in this state; its outcome.
    pub async fn wait_for_change(&self, subscription: &str, state: &str) -> Option<String> {
        let settled = async || match self.changes(subscription).await.pop() {
            Some((now, outcome, _)) if now == state => Ok(outcome),
            other => Err(other),
        };
        wait_until("the change to be settled", settled).await
    }

    /// A subscription as Polar has it.
    pub async fn as_polar_has(&self, subscription: &str) -> Value {
        self.polar.get(&format!("/v1/subscriptions/{subscription}")).await
    }
}

impl Resident {
    /// Opens the page of a change and agrees to it.
    async fn agree(&self, change: &str, subscription: &str, more: &[(&str, &str)], expected: u16) -> visitor::Answer {
        let to = format!("/subscription/{change}?id={subscription}");
        let page = form(&self.browser.get(&to, 200).await);
        self.browser.post(&to, &with(&page, more), expected).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_let_end_and_let_go_on() {
    let shop = Shop::open().await;
    let (ann, id) = shop.subscriber().await;
    assert!(ann.browser.get("/account", 200).await.html.contains(&format!("/subscription/cancel?id={id}")));
    let why = [("reason", "too_expensive"), ("comment", " Not this year. ")];
    let to = ann.agree("cancel", &id, &why, 303).await.location().to_owned();
    assert!(ann.browser.get(&to, 200).await.html.contains("Pro is cancelled"));
    let there = shop.as_polar_has(&id).await;
    assert_eq!(there["cancel_at_period_end"], true);
    let said = [&there["customer_cancellation_reason"], &there["customer_cancellation_comment"]];
    assert_eq!(said, [&json!("too_expensive"), &json!("Not this year.")]);
    assert!(shop.may(&ann.who, "studio").await, "what is paid stays");

    let again = ann.browser.get(&format!("/subscription/cancel?id={id}"), 200).await;
    assert!(again.html.contains("It is so already") && !again.html.contains("name=\"terms\""));
    assert!(ann.browser.get("/account", 200).await.html.contains(&format!("/subscription/resume?id={id}")));
    let to = ann.agree("resume", &id, &[], 303).await.location().to_owned();
    let told = ann.browser.get(&to, 200).await.html;
    assert!(told.contains("Pro goes on") && told.contains("You agreed to it.") && told.contains("made the change."));
    assert_eq!(shop.as_polar_has(&id).await["cancel_at_period_end"], false);

    // A change of mind is no limit: the same may be asked for again.
    ann.agree("cancel", &id, &[], 303).await;
    assert_eq!(shop.as_polar_has(&id).await["cancel_at_period_end"], true);
    let states: Vec<String> = shop.changes(&id).await.into_iter().map(|row| row.0).collect();
    assert_eq!(states, ["done", "done", "done"]);
    shop.worked_off().await;
    assert_eq!(replaying::check(&shop.state).await.expect("a report").differences, Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_form_is_one_request_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let (ann, id) = shop.subscriber().await;
    let to = format!("/subscription/cancel?id={id}");
    let page = form(&ann.browser.get(&to, 200).await);
    let other = form(&ann.browser.get(&to, 200).await);
    let mut presses = JoinSet::new();
    for press in 0..50 {
        let (state, page) = (shop.state.clone(), if press % 5 == 0 { other.clone() } else { page.clone() });
        let user = ann.who.id.clone();
        presses.spawn(async move { commit(&state, &user, &page).await });
    }
    let answers = presses.join_all().await;
    let changes = shop.changes(&id).await;
    let asked: i64 = changes.iter().map(|row| row.2).sum();
    assert_eq!((changes.len(), asked), (1, 1), "{changes:?} {answers:?}");
    shop.polar.idle().await;
    let canceled = shop.polar.events().await.into_iter().filter(|sent| sent.kind == "subscription.canceled");
    assert_eq!(canceled.count(), 1);
    shop.close().await;
}

/// Agrees to what a page's form says, without a browser between.
async fn commit(state: &State, user: &str, page: &[(&'static str, String)]) -> Answer {
    let consent = Consent {
        user: user.to_owned(),
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        order: value(page, "order").to_owned(),
        wish: Wish { subscription: value(page, "subscription").to_owned(), change: Change::Cancel, to: None },
        terms: value(page, "terms").to_owned(),
        reason: None,
        comment: None,
    };
    changing::commit(state, consent).await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_change_is_found_out() {
    let shop = Shop::open().await;
    for fault in [json!("500 after"), json!("cut")] {
        let (ann, id) = shop.subscriber().await;
        shop.polar.faults(json!({"answer": fault, "answer_to": CHANGES, "answer_count": 1})).await;
        let to = ann.agree("cancel", &id, &[], 303).await.location().to_owned();
        assert!(ann.browser.get(&to, 200).await.html.contains("We are asking Polar"));
        shop.a_minute_later().await;
        assert_eq!(shop.wait_for_change(&id, "done").await.as_deref(), Some("seen"), "{fault}");
        assert!(ann.browser.get(&to, 200).await.html.contains("Pro is cancelled"));
        assert_eq!(shop.changes(&id).await.len(), 1);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_not_made_is_told_and_not_made_later() {
    let shop = Shop::open().await;
    for (fault, outcome) in [(json!(500), "not_made"), (json!(429), "busy")] {
        let (ann, id) = shop.subscriber().await;
        shop.polar.faults(json!({"answer": fault, "answer_to": CHANGES, "answer_count": 1})).await;
        let to = ann.agree("cancel", &id, &[], 303).await.location().to_owned();
        if outcome == "not_made" {
            let busy = ann.agree("cancel", &id, &[], 422).await;
            assert!(busy.html.contains("Another change of this subscription is under way"));
            shop.a_minute_later().await;
        }
        assert_eq!(shop.wait_for_change(&id, "refused").await.as_deref(), Some(outcome), "{fault}");
        assert!(ann.browser.get(&to, 200).await.html.contains("Nothing was changed"));
        assert_eq!(shop.as_polar_has(&id).await["cancel_at_period_end"], false);
        ann.agree("cancel", &id, &[], 303).await;
        shop.wait_for_change(&id, "done").await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_polar_is_down_nothing_is_asked_for() {
    let shop = Shop::open().await;
    let (ann, id) = shop.subscriber().await;
    shop.polar.faults(json!({"down": true})).await;
    let refused = ann.agree("cancel", &id, &[], 503).await;
    assert!(refused.html.contains("Nothing was changed"));
    assert!(shop.changes(&id).await.is_empty());
    shop.polar.faults(json!({"down": false})).await;
    ann.agree("cancel", &id, &[], 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_forms_change_nothing() {
    let shop = Shop::open().await;
    let (ann, id) = shop.subscriber().await;
    let eve = shop.resident("eve").await;
    let to = format!("/subscription/cancel?id={id}");
    let page = form(&ann.browser.get(&to, 200).await);
    eve.browser.get(&to, 404).await;
    eve.browser.post(&to, &with(&page, &[]), 404).await;
    for (more, status) in [
        ([("terms", "0")], 422),
        ([("order", "1; DROP TABLE orders")], 404),
        ([("subscription", "")], 404),
        ([("reason", "because")], 422),
    ] {
        ann.browser.post(&to, &with(&page, &more), status).await;
    }
    let long = "x".repeat(501);
    ann.browser.post(&to, &with(&page, &[("comment", &long)]), 422).await;
    assert!(shop.changes(&id).await.is_empty());
    assert_eq!(shop.as_polar_has(&id).await["cancel_at_period_end"], false);

    // The order of somebody else, once there is one: neither seen nor used.
    let order = ann.browser.post(&to, &with(&page, &[]), 303).await.location().to_owned();
    eve.browser.get(&order, 404).await;
    shop.buy(&eve.who, "pro", "month").await;
    shop.polar.idle().await;
    let hers = shop.subscription(&eve.who).await["id"].as_str().expect("an id").to_owned();
    eve.agree("cancel", &hers, &[("order", value(&page, "order"))], 404).await;
    assert!(shop.changes(&hers).await.is_empty());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moved_since_it_was_shown_is_shown_again() {
    let shop = Shop::open().await;
    let (ann, id) = shop.subscriber().await;
    let to = format!("/subscription/cancel?id={id}");
    let page = form(&ann.browser.get(&to, 200).await);
    let path = format!("/v1/subscriptions/{id}");
    let later = json!({"current_billing_period_end": "2028-01-01T00:00:00Z"});
    assert_eq!(shop.polar.send("PATCH", &path, Some(later)).await.0, 200);
    let refused = ann.browser.post(&to, &with(&page, &[]), 422).await;
    assert!(refused.html.contains("has changed since") && refused.html.contains("1 January 2028"), "{}", refused.html);
    assert!(shop.changes(&id).await.is_empty());
    ann.browser.post(&to, &with(&form(&refused), &[]), 303).await;
    shop.close().await;
}
