//! `/usage`: what there is and how it goes on in words, what was before, the states that a bill can be in, and the form.

use super::{
    super::{
        leaving::Resident,
        patience::wait_for,
        polar::PAYS,
        scenarios::text,
        shop::{Person, Shop},
        visitor::Visitor,
    },
    balance, codes, everything_sent, wait_for_balance,
};
use boreal::{
    model::{
        instant::{DAY, HOUR, spell_date},
        usage::Bill,
    },
    server::services::usage::{self, Spent},
};
use serde_json::json;

const PAGE: &str = "/usage";
const PAYS_ONCE: &str = "4000 0000 0000 0341";

async fn spend(shop: &Shop, who: &Person, amount: i64, key: &str) {
    let spent = usage::spend(&shop.state, &who.id, &codes(amount, key)).await.expect("the database answers");
    assert_eq!(spent, Spent::Done, "{key}");
}

async fn subscriber(shop: &Shop, card: &str) -> Resident {
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", card).await;
    wait_for_balance(shop, &ann.who, 300).await;
    ann
}

/// The page holds all of these words.
async fn says(who: &Visitor, path: &str, words: &[&str]) -> String {
    let html = who.get(path, 200).await.html;
    let plain = html.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(plain.contains(words), "{words:?} is missing in {plain}");
    }
    html
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_bought_nothing_sees_what_everybody_has_and_that_it_is_counted_here() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    let none = says(&ann.browser, PAGE, &["3 QR codes are left for today", "Nothing used yet", "0 of 3 used"]).await;
    assert!(!none.contains("<svg class=\"chart\"") && !none.contains("Mail about my"), "{none}");
    spend(&shop, &ann.who, 3, "all").await;
    let words =
        ["No QR codes are left for today.", "3 of 3 used (100 percent)", "Counted here", "See plans and prices"];
    let html = says(&ann.browser, PAGE, &words).await;
    assert!(!html.contains("At this pace") && !html.contains("style="), "{html}");
    assert!(html.contains("href=\"/usage\""), "the way here stands on every page");

    shop.advance(32 * DAY).await;
    let html = says(&ann.browser, PAGE, &["Earlier", "3 QR codes used, counted here alone", "Nothing used yet"]).await;
    let there = html.split("href=\"/usage?meter=codes").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let there = format!("/usage?meter=codes{}", there.replace("&amp;", "&"));
    says(&ann.browser, &there, &["QR codes used each day", "3 QR codes in all", "Back to what is left now"]).await;
    Visitor::register(&shop.origin, "bob").await.get(&there, 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_is_shown_with_its_pace_its_days_and_where_each_use_is() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop, PAYS).await;
    shop.polar.faults(json!({"answer": 500, "answer_to": "/v1/events/ingest"})).await;
    spend(&shop, &ann.who, 120, "much").await;
    let until = balance(&shop, &ann.who).await.until.expect("a period");
    let left = format!("180 QR codes are left until {}", spell_date(until));
    let html = says(&ann.browser, PAGE, &[&left, "120 of 300 used (40 percent)", "Waits to be sent"]).await;
    for part in
        ["<progress", "max=\"300\"", "value=\"120\"", "role=\"img\"", "<desc", "<caption", "The same as a table"]
    {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    assert!(!html.contains("At this pace"), "one day is no pace");
    shop.polar.faults(json!({"answer": null, "answer_to": null})).await;
    shop.state.db.write("UPDATE usage_events SET run_at = 0").execute().await.expect("rows");
    shop.state.wake.usage.notify_one();
    everything_sent(&shop.state.db).await;
    shop.advance(10 * DAY).await;
    let html = says(&ann.browser, PAGE, &["At this pace about 3", "They would be used up about", "At Polar"]).await;
    assert!(html.contains("you have 300."), "{html}");

    let ended = format!("to {}", spell_date(until));
    shop.advance(22 * DAY).await;
    wait_for_balance(&shop, &ann.who, 300).await;
    let html =
        says(&ann.browser, PAGE, &["Earlier", &ended, "120 of 300 QR codes used", "Nothing used yet in this period"])
            .await;
    let there = html.split("href=\"/usage?meter=codes").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let there = format!("/usage?meter=codes{}", there.replace("&amp;", "&"));
    says(&ann.browser, &there, &["120 of 300 QR codes used.", "120 QR codes in all"]).await;
    for odd in ["x", "-1", "0", "99999999999999999999999", "%ff"] {
        ann.browser.get(&format!("/usage?meter=codes&period={odd}"), 404).await;
    }
    ann.browser.get("/usage?meter=films&period=0", 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_failed_leads_to_billing_and_one_that_is_awaited_asks_for_nothing() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop, PAYS_ONCE).await;
    // Nothing is heard of the renewal: neither webhooks nor reads.
    shop.polar.faults(json!({"sender": false, "answer": 500, "answer_to": "GET /v1/"})).await;
    shop.polar.advance(31 * DAY + HOUR).await;
    shop.state.clock.set_offset(31 * DAY + HOUR);
    let awaited = async || (balance(&shop, &ann.who).await.bill == Bill::Awaited).then_some(());
    wait_for("a bill that is awaited", awaited).await;
    let html = says(&ann.browser, PAGE, &["is on its way", "you need not do anything"]).await;
    assert!(!html.contains("did not go through"), "{html}");
    shop.polar.faults(json!({"sender": true, "answer": null, "answer_to": null})).await;
    let unpaid = async || (balance(&shop, &ann.who).await.bill == Bill::Unpaid).then_some(());
    wait_for("the renewal to fail", unpaid).await;
    let html = says(&ann.browser, PAGE, &["did not go through", "Another card settles it", "Manage billing"]).await;
    assert!(html.contains("href=\"/billing\""), "{html}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_mail_is_written_is_chosen_with_a_form_that_needs_no_script() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop, PAYS).await;
    let ticked = async || {
        let html = ann.browser.get(PAGE, 200).await.html;
        let boxes = html.split("<input").map(|rest| rest.split('>').next().unwrap_or_default().to_owned());
        let ticked = boxes.filter(|tag| tag.contains("checkbox") && tag.contains(" checked"));
        ticked.filter_map(|tag| Some(tag.split("name=\"").nth(1)?.split('"').next()?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(ticked().await, ["at80", "at100"]);
    let chosen = [("meter", "codes"), ("at50", "yes"), ("at90", "yes"), ("at80", "no"), ("at100", "")];
    let saved = ann.browser.post(PAGE, &chosen, 303).await;
    assert_eq!(saved.location(), "/usage?saved=yes");
    says(&ann.browser, saved.location(), &["Saved."]).await;
    assert_eq!(ticked().await, ["at50", "at90"]);
    ann.browser.post(PAGE, &[("meter", "codes")], 303).await;
    assert_eq!(ticked().await, Vec::<String>::new());
    let refused = ann.browser.post(PAGE, &[("meter", "films"), ("at50", "yes")], 422).await;
    assert!(refused.html.contains("Nothing was changed."), "{}", refused.html);
    let acts = text(&ann.browser.get("/account/activity", 200).await);
    assert!(acts.contains("It was chosen when mail tells of what is used."), "{acts}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_the_page_says_so() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    shop.worked_off().await;
    shop.state.db.close().await;
    assert_eq!(ann.browser.get(PAGE, 503).await.headers["retry-after"], "10");
    ann.browser.post(PAGE, &[("meter", "codes")], 503).await;
    shop.halt().await.database.remove().await;
}
