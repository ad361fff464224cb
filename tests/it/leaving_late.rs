//! What comes after somebody has left, or while they leave: late payments go back, late news change nothing, and whoever
//! registers with the same address is somebody else.

use super::{
    ending::envelope,
    leaving::Resident,
    patience::{wait_for, wait_until},
    polar::PAYS,
    shop::{Person, Shop},
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::instant::DAY,
    server::{
        db::{Reader, cases, quarantine},
        services::replaying,
    },
};
use serde_json::{Value, json};

const CLOSING: &str = "is still being closed at Polar";

impl Shop {
    /// Waits until every bill at Polar has gone back and nobody is known there.
    async fn wait_until_all_is_paid_back(&self, bills: usize) {
        let back = async || {
            self.hasten_leaving().await;
            let all = self.polar.list("/v1/orders/").await;
            let customers = self.polar.list("/v1/customers/").await.len();
            let words: Vec<Value> = all.iter().map(|bill| bill["status"].clone()).collect();
            let done = all.len() == bills && words.iter().all(|word| word == "refunded") && customers == 0;
            if done { Ok(()) } else { Err((words, customers)) }
        };
        wait_until("every bill to go back", back).await;
        let refunds = self.polar.list("/v1/refunds/").await;
        assert_eq!(refunds.len(), bills, "each once: {refunds:?}");
        assert!(refunds.iter().all(|refund| refund["reason"] == "customer_request"));
    }

    async fn first_subscription(&self) -> String {
        let all = self.polar.list("/v1/subscriptions/").await;
        all[0]["id"].as_str().expect("an id").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_paid_after_all_is_ended_and_paid_back() {
    for tells in [true, false] {
        let shop = Shop::open_for_long().await;
        let ann = shop.resident("ann").await;
        let open = shop.checkout(&ann.who, "pro", "month").await;
        ann.leave().await;
        shop.wait_until_gone(&ann.who).await;
        assert_eq!(shop.order(&open.order).await.checkout_url, None, "it is shown to nobody any more");
        let waits = async || shop.leaving(&ann.who).await.1.filter(|what| what.contains("runs out at Polar"));
        wait_for("the page to pay on to be waited for", waits).await;

        // And the answer to its end is lost.
        let lost = json!({"answer": "500 after", "answer_to": "PATCH /v1/subscriptions/", "answer_count": 1});
        shop.polar.faults(lost).await;
        shop.polar.faults(json!({"sender": tells})).await;
        shop.pay(&open, &ann.who.email).await;
        shop.wait_until_all_is_paid_back(1).await;
        assert!(!shop.may(&ann.who, "studio").await);
        let id = shop.first_subscription().await;
        shop.polar.faults(json!({"sender": true})).await;
        shop.nothing_is_billed(&[&id]).await;
        shop.worked_off().await;
        shop.hasten_leaving().await;
        shop.worked_off().await;
        assert_eq!(shop.leaving(&ann.who).await, ("gone".to_owned(), None), "nothing is waited for any more");
        assert_eq!(shop.count("SELECT COUNT(*) FROM cases").await, 0);
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_once_at_the_last_moment_goes_back_too() {
    let shop = Shop::open_for_long().await;
    let ann = shop.resident("ann").await;
    let open = shop.checkout(&ann.who, "lifetime", "once").await;
    shop.polar.fail(500, "GET /v1/customers/external/").await;
    ann.leave().await;
    let waits = async || shop.leaving(&ann.who).await.1;
    wait_for("Polar to be waited for", waits).await;
    shop.pay(&open, &ann.who.email).await;
    shop.polar.recover().await;
    shop.wait_until_all_is_paid_back(1).await;
    shop.wait_until_gone(&ann.who).await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM entitlements").await, 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_long_before_stays_paid() {
    let shop = Shop::open_for_long().await;
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", PAYS).await;
    shop.advance(2 * DAY).await;
    shop.worked_off().await;
    ann.leave().await;
    shop.wait_until_gone(&ann.who).await;
    assert_eq!(shop.polar.list("/v1/refunds/").await, Vec::<Value>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_news_are_found_to_be_theirs_and_change_nothing() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    let before = shop.subscribe(&ann.who, "pro", PAYS).await;
    let seen_at = shop.state.clock.billing();
    ann.leave().await;
    shop.wait_until_gone(&ann.who).await;
    shop.polar.idle().await;
    shop.worked_off().await;

    // Each names them, and each comes alone: the next would have the one before forgotten too.
    let (id, customer) = (&ann.who.id, &before["customer_id"]);
    let member =
        json!({"id": "m", "customer_id": customer, "email": ann.who.email, "name": "Ada", "external_id": null});
    let checkout = json!({"id": "k", "customer_email": ann.who.email, "external_customer_id": id});
    for (event, data, verdict) in [
        ("subscription.updated", &before, "older"),
        ("member.deleted", &member, "ignored"),
        ("checkout.expired", &checkout, "ignored"),
    ] {
        assert_eq!(shop.webhook(event, &envelope(event, seen_at, data)).await, 202);
        shop.worked_off().await;
        shop.hasten_leaving().await;
        shop.worked_off().await;
        let row = "SELECT state, verdict, body FROM inbox WHERE webhook_id = $1";
        let (state, said, body): (String, Option<String>, Vec<u8>) =
            shop.state.db.read(row).bind(event).one().await.expect("it is stored");
        assert_eq!((state.as_str(), said.as_deref()), ("done", Some(verdict)), "{event}");
        assert!(body.is_empty(), "whom {event} names is forgotten as well");
    }
    let owner = "SELECT owner_id FROM polar_objects WHERE kind = 'subscription'";
    assert_eq!(shop.state.db.read(owner).scalar::<String>().await.expect("an owner"), ann.who.id);
    assert_eq!(quarantine::count(&shop.state.db).await.expect("a count"), 0);
    assert!(!shop.may(&ann.who, "studio").await, "nobody comes back to life");
    assert_eq!(replaying::check(&shop.state).await.expect("a report").differences, Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_with_the_same_address_is_somebody_else() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    let old = shop.subscribe(&ann.who, "pro", PAYS).await["id"].as_str().expect("an id").to_owned();
    shop.polar.fail(500, "DELETE /v1/customers/").await;
    ann.leave().await;
    wait_for("Polar to be waited for", async || shop.leaving(&ann.who).await.1).await;

    let mut browser = ann.browser.elsewhere();
    let registered = browser.post("/register", &browser.credentials(), 303).await;
    browser.keep_cookie(&registered);
    let new = Resident { who: shop.account(&browser).await, browser };
    assert_ne!(new.who.id, ann.who.id);
    let page = new.browser.get("/account", 200).await.html;
    assert!(page.contains("You have Free.") && !page.contains("first payment"), "{page}");
    let page = new.browser.get("/buy?plan=pro&interval=month", 200).await.html;
    assert!(page.contains(CLOSING), "{page}");

    shop.polar.recover().await;
    shop.wait_until_gone(&ann.who).await;
    shop.polar.idle().await;
    let sold = shop.subscribe(&new.who, "pro", PAYS).await;
    assert_eq!(sold["customer"]["external_id"], json!(new.who.id), "a customer of their own");
    shop.worked_off().await;
    shop.hasten_leaving().await;
    shop.worked_off().await;
    assert!(shop.may(&new.who, "studio").await && !shop.may(&ann.who, "studio").await);
    assert_eq!(shop.status_at_polar(sold["id"].as_str().expect("an id")).await, "active");
    assert_eq!(shop.status_at_polar(&old).await, "canceled");
    let page = new.browser.get("/account", 200).await.html;
    assert_eq!(page.matches("first payment").count(), 1, "their own bill alone: {page}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_by_which_somebody_else_pays_stays_and_staff_hears_of_it() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.resident("ann").await, shop.person("bob").await);
    let open = shop.checkout(&ann.who, "lifetime", "once").await;
    shop.pay(&open, &ann.who.email).await;
    shop.wait_for_state(&open.order, "done").await;
    let trap = shop.checkout(&bob, "team", "month").await;
    shop.pay(&trap, &ann.who.email).await;
    shop.wait_for_state(&trap.order, "done").await;
    shop.polar.idle().await;
    ann.leave().await;
    shop.wait_until_gone(&ann.who).await;
    let id = shop.first_subscription().await;
    assert_eq!(shop.status_at_polar(&id).await, "trialing", "it is not Ann's");
    assert!(shop.may(&bob, "studio").await);
    let open = cases::of_user(&shop.state.db, &ann.who.id).await.expect("rows");
    assert!(open.iter().any(|case| case.kind == "leaving" && case.details.contains(&id)), "{open:?}");
    shop.close().await;
}

/// What the page of staff about somebody says.
async fn told(staff: &Visitor, who: &Person) -> String {
    staff.get(&format!("/staff/person?id={}", who.id), 200).await.html
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_clear_yes_with_the_password_deletes_and_staff_sees_what_it_waits_for() {
    let shop = Shop::open().await;
    let (ann, (staff, _)) = (shop.resident("ann").await, shop.hire("sam").await);
    shop.subscribe(&ann.who, "pro", PAYS).await;
    let page = ann.browser.get("/account/delete", 200).await.html;
    assert!(page.contains("Pro, $12 per month. Paid until"), "{page}");
    for (form, words) in [
        (vec![("sure", "yes"), ("password", "not my password")], "This is not the password of the account."),
        (vec![("password", PASSWORD)], "Tick this if you want your account to be deleted."),
    ] {
        let refused = ann.browser.post("/account/delete", &form, 422).await.html;
        assert!(refused.contains(words), "{refused}");
    }
    ann.browser.get("/account", 200).await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM leavings").await, 0);

    shop.polar.fail(500, "PATCH /v1/subscriptions/").await;
    ann.leave().await;
    assert!(ann.browser.get("/account", 303).await.location().starts_with("/login"), "the session is over");
    let mut again = ann.browser.elsewhere();
    again.log_in(PASSWORD, 422).await;
    wait_for("Polar to be waited for", async || shop.leaving(&ann.who).await.1).await;
    let page = told(&staff, &ann.who).await;
    assert!(page.contains("Is leaving since") && page.contains("It waits: Polar failed with 500"), "{page}");
    assert!(staff.get("/staff", 200).await.html.contains("Accounts that are being deleted"));
    shop.polar.recover().await;
    shop.wait_until_gone(&ann.who).await;
    assert!(told(&staff, &ann.who).await.contains("Asked for their account to be deleted"));
    shop.close().await;
}
