//! Orders and bills on one page, and the receipt and invoice of each bill, asked of Polar on a click by its owner alone.

use super::{leaving::Resident, patience::wait_until, polar::PAYS, shop::Shop};
use serde_json::json;

impl Shop {
    /// Somebody who bought Pro, and Polar's id of their bill.
    async fn billed(&self) -> (Resident, String) {
        let ann = self.resident("ann").await;
        self.subscribe(&ann.who, "pro", PAYS).await;
        self.worked_off().await;
        let bill = self.polar.list("/v1/orders/").await[0]["id"].as_str().expect("an id").to_owned();
        (ann, bill)
    }
}

impl Resident {
    async fn wait_for_paper(&self, path: &str, words: &str) -> String {
        let look = async || {
            let html = self.browser.get(path, 200).await.html;
            if html.contains(words) { Ok(html) } else { Err(html) }
        };
        wait_until(words, look).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_ordered_and_billed_is_listed() {
    let shop = Shop::open().await;
    let bob = shop.resident("bob").await;
    assert!(bob.browser.get("/orders", 200).await.html.contains("Nothing yet."));
    let (ann, bill) = shop.billed().await;
    let html = ann.browser.get("/orders", 200).await.html;
    for words in [
        "Pro ordered",
        "paid, and opened to you",
        "Pro, first payment",
        "Paid",
        &format!("bill={bill}&amp;sort=invoice"),
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(ann.browser.get("/orders?page=1", 200).await.html.contains("Nothing before that."));
    for page in ["-1", "x", "18446744073709551615"] {
        ann.browser.get(&format!("/orders?page={page}"), 200).await;
    }
    assert!(bob.browser.get("/orders", 200).await.html.contains("Nothing yet."));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipt_and_invoice_are_fetched_on_a_click_and_by_nobody_else() {
    let shop = Shop::open().await;
    let (ann, bill) = shop.billed().await;
    let eve = shop.resident("eve").await;
    for sort in ["receipt", "invoice"] {
        let path = format!("/orders/paper?bill={bill}&sort={sort}");
        let html = ann.wait_for_paper(&path, &format!("Open the {sort}")).await;
        let link = html.split("href=\"").find(|rest| rest.contains(&format!("/documents/{sort}/"))).expect("a link");
        let link = link.split('"').next().expect("an address").replace("&amp;", "&");
        assert_eq!(reqwest::get(&link).await.expect("an answer").status(), 200);
        assert!(!html.contains("http-equiv"), "it does not look again: {html}");
        eve.browser.get(&path, 404).await;
    }
    eve.browser.post("/orders/paper?sort=invoice", &[("bill", &bill)], 404).await;
    ann.browser.get(&format!("/orders/paper?bill={bill}&sort=other"), 404).await;
    ann.browser.get("/orders/paper?bill=%27&sort=receipt", 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_that_is_not_there_yet_is_made_on_a_press() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    let open = shop.checkout(&ann.who, "pro", "month").await;
    shop.polar.faults(json!({"hold_jobs_ms": 2_000})).await;
    assert_eq!(shop.polar.pay(&open.url, &ann.who.email, PAYS).await.status, 303);
    // What follows the payment comes in time; what follows that does not.
    shop.polar.faults(json!({"hold_jobs_ms": 600_000})).await;
    shop.wait_for_state(&open.order, "done").await;
    let bill = shop.polar.list("/v1/orders/").await[0]["id"].as_str().expect("an id").to_owned();
    shop.polar.faults(json!({"hold_jobs_ms": 0})).await;
    ann.wait_for_paper("/orders", &format!("bill={bill}")).await;

    let invoice = format!("/orders/paper?bill={bill}&sort=invoice");
    assert!(ann.wait_for_paper(&invoice, "There is none yet").await.contains("Make the invoice"));
    let made = ann.browser.post(&invoice, &[("bill", &bill)], 303).await;
    assert_eq!(made.location(), format!("{invoice}&made=yes"));
    ann.wait_for_paper(made.location(), "Open the invoice").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_somebody_elses_customer_shows_nobodys_name() {
    let shop = Shop::open().await;
    let (ann, _) = shop.billed().await;
    // Eve types Ann's address at Polar, and Polar takes her for Ann.
    let eve = shop.resident("eve").await;
    let open = shop.checkout(&eve.who, "lifetime", "once").await;
    assert_eq!(shop.polar.pay(&open.url, &ann.who.email, PAYS).await.status, 303);
    shop.wait_for_state(&open.order, "done").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let orders = shop.polar.list("/v1/orders/").await;
    assert_eq!(orders[0]["customer"]["external_id"], json!(ann.who.id), "the trap");
    let bill = orders[0]["id"].as_str().expect("an id");
    for sort in ["receipt", "invoice"] {
        let html = eve.wait_for_paper(&format!("/orders/paper?bill={bill}&sort={sort}"), "share one").await;
        assert!(!html.contains("/documents/") && !html.contains("Make the invoice"), "{html}");
    }
    eve.browser.post(&format!("/orders/paper?bill={bill}&sort=invoice"), &[("bill", bill)], 422).await;
    ann.browser.get(&format!("/orders/paper?bill={bill}&sort=receipt"), 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_polar_is_down_no_paper_is_promised() {
    let shop = Shop::open().await;
    let (ann, bill) = shop.billed().await;
    shop.polar.faults(json!({"down": true})).await;
    let invoice = format!("/orders/paper?bill={bill}&sort=invoice");
    assert!(ann.browser.get(&invoice, 503).await.html.contains("does not answer just now"));
    ann.browser.post(&invoice, &[("bill", &bill)], 503).await;
    shop.polar.faults(json!({"down": false})).await;
    shop.close().await;
}
