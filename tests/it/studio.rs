//! The studio: codes up to what a plan gives, each spent with what it made, and nobody else's.

use super::{
    leaving::Resident,
    patience::wait_for,
    polar::PAYS,
    shop::{Person, Shop},
    visitor::{Answer, Visitor},
};
use boreal::{
    model::instant::DAY,
    server::services::{new_id, usage},
    studio::METER,
};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

impl Shop {
    /// What somebody has left.
    async fn codes_left(&self, who: &Person) -> i64 {
        usage::balance(&self.state, &who.id, METER).await.expect("the database answers").left()
    }

    /// How many codes of theirs are kept, and how many were spent.
    async fn made_and_spent(&self) -> (i64, i64) {
        (self.count("SELECT COUNT(*) FROM studio_codes").await, self.count("SELECT COUNT(*) FROM usage_events").await)
    }
}

/// Makes a code from the studio's own form; the page that shows it.
async fn make(who: &Visitor, text: &str) -> Answer {
    let id = who.get("/studio", 200).await.hidden("id");
    let made = who.post("/studio", &[("id", &id), ("text", text)], 303).await;
    assert_eq!(made.location(), format!("/studio?code={id}"));
    who.get(made.location(), 200).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_codes_are_made_and_then_the_way_on_is_shown() {
    let shop = Shop::open().await;
    let Resident { browser: ann, who } = shop.resident("ann").await;
    assert!(ann.get("/studio", 200).await.html.contains("3 of 3 QR codes left today."));
    let page = make(&ann, "https://example.org/?a=<b>").await.html;
    assert!(page.contains("2 of 3 QR codes left today."), "at once: {page}");
    assert!(page.contains("aria-label=\"QR code: https://example.org/?a=&lt;b&gt;\""), "{page}");
    assert!(!page.contains("?a=<b>"), "what was typed is no markup: {page}");
    make(&ann, "two").await;
    let page = make(&ann, "three").await.html;
    assert!(page.contains("All 3 QR codes of today are used up."), "{page}");
    assert!(!page.contains("Make the code") && page.contains("Start Pro, $12 per month"), "{page}");
    assert!(page.contains("href=\"/buy?plan=pro&amp;interval=month\""), "{page}");
    let order: Vec<_> = ["three", "two", "https://example"].map(|text| page.rfind(&format!(">{text}"))).into();
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "the newest first: {page}");

    // A form that was open before says the same, and shows what was typed.
    let late = ann.post("/studio", &[("id", &new_id()), ("text", "four, typed before")], 422).await.html;
    assert!(late.contains("used up") && late.contains("four, typed before"), "{late}");
    assert_eq!(shop.made_and_spent().await, (3, 3));

    shop.subscribe(&who, "pro", PAYS).await;
    let page = ann.get("/studio", 200).await.html;
    assert!(page.contains("300 of 300 QR codes left until") && page.contains("Make the code"), "{page}");
    assert!(page.contains("href=\"/studio/sheet\""), "{page}");
    make(&ann, "four").await;
    assert_eq!(shop.codes_left(&who).await, 299);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_day_gives_as_many_again() {
    let shop = Shop::open().await;
    let Resident { browser: ann, who } = shop.resident("ann").await;
    for text in ["one", "two", "three"] {
        make(&ann, text).await;
    }
    assert_eq!(shop.codes_left(&who).await, 0);
    shop.advance(DAY).await;
    make(&ann, "four").await;
    assert_eq!(shop.codes_left(&who).await, 2);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_for_the_last_one_one_is_made() {
    let shop = Shop::open().await;
    let Resident { browser: ann, .. } = shop.resident("ann").await;
    make(&ann, "one").await;
    make(&ann, "two").await;
    let (ann, mut tries) = (Arc::new(ann), JoinSet::new());
    for number in 0..8 {
        let (ann, text) = (Arc::clone(&ann), format!("last {number}"));
        tries.spawn(async move { ann.brief("POST", "/studio", Some(&format!("text={text}"))).await });
    }
    let answers = tries.join_all().await;
    assert_eq!(answers.iter().filter(|answer| *answer == "303 /studio").count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| *answer == "422").count(), 7, "{answers:?}");
    assert_eq!(shop.made_and_spent().await, (3, 3));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_often_makes_one_code() {
    let shop = Shop::open().await;
    let Resident { browser: ann, .. } = shop.resident("ann").await;
    let form = format!("id={}&text=once", new_id());
    let (ann, mut tries) = (Arc::new(ann), JoinSet::new());
    for _ in 0..6 {
        let (ann, form) = (Arc::clone(&ann), form.clone());
        tries.spawn(async move { ann.brief("POST", "/studio", Some(&form)).await });
    }
    assert!(tries.join_all().await.iter().all(|answer| answer == "303 /studio"));
    assert_eq!(shop.made_and_spent().await, (1, 1));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_no_code_holds_is_refused_beside_its_field_and_uses_nothing() {
    let shop = Shop::open().await;
    let Resident { browser: ann, .. } = shop.resident("ann").await;
    let long = "a".repeat(501);
    for (text, why) in [
        ("  ", "Write what the code is to hold."),
        (long.as_str(), "This is 501 characters long. A code holds 500 at most."),
        ("</textarea>\u{202e}", "There are characters in it that nobody can see."),
    ] {
        let page = ann.post("/studio", &[("id", &new_id()), ("text", text)], 422).await.html;
        assert!(page.contains(why) && page.contains("id=\"text-error\""), "{page}");
        assert!(page.contains("aria-describedby=\"text-hint text-error\""), "{page}");
        assert!(text.trim().is_empty() || page.contains(&text.replace('<', "&lt;").replace('>', "&gt;")), "{page}");
    }
    assert_eq!(shop.made_and_spent().await, (0, 0));
    let widest = "👩".repeat(500);
    assert!(make(&ann, &widest).await.html.contains(&widest), "the longest");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_a_file_of_its_maker_and_of_nobody_else() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.resident("ann").await.browser, shop.resident("bob").await.browser);
    let id = new_id();
    ann.post("/studio", &[("id", &id), ("text", "Ann & co")], 303).await;
    let path = format!("/studio/code.svg?id={id}");
    let file = ann.get(&path, 200).await;
    assert_eq!(file.headers["content-type"], "image/svg+xml");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"qr-code.svg\"");
    assert_eq!(file.headers["cache-control"], "no-store");
    assert!(file.html.starts_with("<svg ") && file.html.contains("<title>QR code: Ann &amp; co</title>"));
    for other in [path.as_str(), "/studio/code.svg?id=nothing", &format!("/studio?code={id}")] {
        assert_eq!(bob.brief("GET", other, None).await, "404", "{other}");
    }
    // Neither does Bob make one under Ann's id, nor spend on it.
    bob.post("/studio", &[("id", &id), ("text", "mine")], 404).await;
    assert!(ann.get(&format!("/studio?code={id}"), 200).await.html.contains("Ann &amp; co"));
    assert!(!bob.get("/studio", 200).await.html.contains("Ann &amp; co"));
    assert_eq!(shop.made_and_spent().await, (1, 1));
    let stranger = Visitor::stranger(&shop.origin);
    assert_eq!(stranger.get(&path, 303).await.location(), "/login?next=%2Fstudio");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_made_whole_or_not_at_all() {
    let shop = Shop::open().await;
    let Resident { browser: ann, who } = shop.resident("ann").await;
    let lines = |many: usize| (0..many).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\r\n");
    let shut = ann.post("/studio/sheet", &[("texts", &lines(2))], 403).await.html;
    assert!(shut.contains("The sheet of codes is not in your plan") && shut.contains("Start Pro"), "{shut}");
    shop.subscribe(&who, "pro", PAYS).await;

    let id = ann.get("/studio/sheet", 200).await.hidden("id");
    let made = ann.post("/studio/sheet", &[("id", &id), ("texts", &lines(20))], 303).await;
    assert_eq!(made.location(), format!("/studio/sheet?first={id}&many=20"));
    let sheet = ann.get(made.location(), 200).await.html;
    assert_eq!(sheet.matches("role=\"img\" aria-label=\"QR code: line").count(), 20, "{sheet}");
    assert!(sheet.contains("280 of 300 QR codes left until"), "{sheet}");
    ann.post("/studio/sheet", &[("id", &id), ("texts", &lines(20))], 303).await;
    assert_eq!(shop.made_and_spent().await, (20, 20), "sent twice, made once");
    let bob = shop.resident("bob").await;
    shop.subscribe(&bob.who, "pro", PAYS).await;
    assert_eq!(bob.browser.brief("GET", made.location(), None).await, "404", "nobody else's");

    let wrong = format!("fine\r\n\r\n{}", "a".repeat(501));
    let page = ann.post("/studio/sheet", &[("texts", &wrong)], 422).await.html;
    assert!(page.contains("Line 3: This is 501 characters long."), "{page}");
    let page = ann.post("/studio/sheet", &[("texts", &lines(21))], 422).await.html;
    assert!(page.contains("These are 21 lines. A sheet holds 20 at most."), "{page}");
    for _ in 0..13 {
        ann.post("/studio/sheet", &[("id", &new_id()), ("texts", &lines(20))], 303).await;
    }
    ann.post("/studio/sheet", &[("id", &new_id()), ("texts", &lines(18))], 303).await;
    // Two are left; those of the day are used up by all these.
    let before = shop.made_and_spent().await;
    let page = ann.post("/studio/sheet", &[("id", &new_id()), ("texts", &lines(3))], 422).await.html;
    assert!(page.contains("These are 3 codes, and you have fewer left. None of them was made."), "{page}");
    assert!(page.contains("line 2"), "what was typed is kept: {page}");
    assert_eq!(shop.made_and_spent().await, before);
    ann.post("/studio/sheet", &[("id", &new_id()), ("texts", &lines(2))], 303).await;
    let shut = ann.get("/studio", 200).await.html;
    assert!(shut.contains("are used up.") && shut.contains("Switch to Team"), "{shut}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_takes_their_codes_along() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.resident("ann").await, shop.resident("bob").await);
    make(&ann.browser, "Ann's").await;
    make(&bob.browser, "Bob's").await;
    ann.leave().await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM studio_codes WHERE text = 'Bob''s'").await, 1);
    assert_eq!(shop.count("SELECT COUNT(*) FROM studio_codes").await, 1);
    let late = boreal::studio::making::make(&shop.state, &ann.who.id, uuid::Uuid::now_v7(), &["late".to_owned()]).await;
    assert_eq!(late.expect("the database answers"), boreal::studio::making::Made::Nobodys);
    assert_eq!(shop.count("SELECT COUNT(*) FROM studio_codes").await, 1);
    shop.wait_until_gone(&ann.who).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_is_checked_no_more_codes_are_sold_and_none_is_refused_for_good() {
    let shop = Shop::open().await;
    let Resident { browser: ann, who } = shop.resident("ann").await;
    for text in ["one", "two", "three"] {
        make(&ann, text).await;
    }
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let open = shop.checkout(&who, "pro", "month").await;
    let back = shop.polar.pay(&open.url, &who.email, PAYS).await.location;
    shop.polar.fail(500, "GET /v1/orders/").await;
    let back = ann.get(&back, 303).await;
    let paid = async || (ann.get(back.location(), 200).await.stage() == "paid").then_some(());
    wait_for("the payment to be seen", paid).await;

    let page = ann.get("/studio", 200).await.html;
    assert!(page.contains("A payment of yours is being checked.") && !page.contains("/buy?"), "{page}");
    let form = [("id", new_id()), ("text", "four".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = ann.post("/studio", &form, 503).await.html;
    assert!(page.contains("Nothing was made, and nothing was used up.") && !page.contains("/buy?"), "{page}");
    assert_eq!(shop.made_and_spent().await, (3, 3));

    shop.polar.recover().await;
    shop.polar.faults(json!({"sender": true})).await;
    let made = async || {
        ann.get(back.location(), 200).await;
        let made = ann.try_post("/studio", &form).await.expect("an answer");
        (made.0 == 303).then_some(())
    };
    wait_for("the same form to be taken", made).await;
    assert_eq!(shop.made_and_spent().await, (4, 4));
    shop.close().await;
}
