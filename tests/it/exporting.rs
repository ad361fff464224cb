//! The copy of everything that is held about somebody: what is in it, whose it is, and that its link opens once.

use super::{
    leaving::Resident,
    mail::with_sink,
    patience::wait_for,
    polar::PAYS,
    shop::Shop,
    sink::Sink,
    visitor::{Answer, Visitor},
};
use boreal::{
    model::usage::Use,
    server::{
        db::Reader,
        services::{exporting, usage},
    },
};
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use zip::ZipArchive;

const FILE: &str = "/account/export/file";

/// Asks for a copy; the key in the mail's link.
async fn key(sink: &Sink, ann: &Resident) -> String {
    let page = ann.browser.get("/account/export", 200).await.html;
    assert!(page.contains("Make a copy") && !page.contains("It is being made"), "{page}");
    assert_eq!(ann.browser.post("/account/export", &[], 303).await.location(), "/account/export");
    let letter = sink.letter(&ann.who.email, "Your data is ready").await;
    let text = letter.text();
    let key = text.split("/account/export?key=").nth(1).and_then(|rest| rest.split_whitespace().next());
    key.expect("a key").to_owned()
}

/// Fetches the copy as bytes.
async fn fetch(shop: &Shop, ann: &Resident, key: &str) -> Vec<u8> {
    let fetched = ann.browser.fetch(&shop.http, FILE, &[("key", key)]).await;
    assert_eq!(fetched.status(), 200);
    assert_eq!(fetched.headers()["content-type"], "application/zip");
    fetched.bytes().await.expect("bytes").to_vec()
}

/// The JSON in it, as text.
fn unpacked(bytes: Vec<u8>) -> String {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut text = String::new();
    zip.by_name("everything.json").expect("the file").read_to_string(&mut text).expect("text");
    text
}

/// The address leads nowhere but to the page that says why.
fn refused(answer: &Answer) {
    assert_eq!(answer.location(), "/account/export");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_everything_of_theirs_and_nothing_of_others_and_opens_once() {
    let (shop, sink) = with_sink().await;
    let (ann, bob) = (shop.resident("ann").await, shop.resident("bob").await);
    for who in [&ann, &bob] {
        shop.subscribe(&who.who, "pro", PAYS).await;
    }
    shop.worked_off().await;
    let used =
        |key: &str| Use { meter: "codes".into(), amount: 2, key: key.into(), properties: json!({"size": "large"}) };
    for who in [&ann.who.id, &bob.who.id] {
        usage::spend(&shop.state, who, &used("spent")).await.expect("the database answers");
        usage::hold(&shop.state, who, &used("held"), 60_000).await.expect("the database answers");
    }
    ann.browser.post("/usage", &[("meter", "codes"), ("at90", "yes")], 303).await;
    let key = key(&sink, &ann).await;
    let again = ann.browser.post("/account/export", &[], 422).await.html;
    assert!(again.contains("You asked for a copy a moment ago."), "{again}");
    assert_eq!(key.len(), 43, "32 random bytes");
    let page = ann.browser.get(&format!("/account/export?key={key}"), 200).await.html;
    assert!(page.contains("Download my data"), "{page}");
    let page = bob.browser.get(&format!("/account/export?key={key}"), 200).await.html;
    assert!(!page.contains("Download my data"), "a link alone opens nothing: {page}");
    refused(&bob.browser.post(FILE, &[("key", &key)], 303).await);
    refused(&Visitor::stranger(&shop.origin).post(FILE, &[("key", &key)], 303).await);

    let text = unpacked(fetch(&shop, &ann, &key).await);
    refused(&ann.browser.post(FILE, &[("key", &key)], 303).await);
    assert!(ann.browser.get("/account/export", 200).await.html.contains("Your copy was fetched"));
    let kept = "SELECT COUNT(*) FROM exports WHERE contents IS NOT NULL OR key_hash IS NOT NULL";
    assert_eq!(shop.count(kept).await, 0);

    let copy: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(copy["account"][0]["email"], ann.who.email);
    assert_eq!((copy["orders"][0]["plan"].as_str(), copy["orders"][0]["state"].as_str()), (Some("pro"), Some("done")));
    let kinds: Vec<&str> =
        copy["purchases"].as_array().expect("rows").iter().filter_map(|row| row["kind"].as_str()).collect();
    assert!(kinds.contains(&"subscription") && kinds.contains(&"order"), "{kinds:?}");
    for (what, least) in [
        ("open_log_ins", 1),
        ("browsers", 1),
        ("customers_at_polar", 1),
        ("open_to_you", 3),
        ("changes_of_what_is_open", 3),
        ("what_was_done", 1),
        ("mails", 2),
        ("what_you_used", 1),
        ("set_aside_for_work", 1),
        ("what_you_could_use", 1),
        ("mail_about_usage", 1),
    ] {
        assert!(copy[what].as_array().is_some_and(|rows| rows.len() >= least), "{what}: {}", copy[what]);
    }
    let uses = copy["what_you_used"].as_array().expect("a list");
    assert!(uses.iter().any(|used| used["properties"] == json!({"size": "large"})), "{uses:?}");
    assert!(!text.contains(&bob.who.id) && !text.contains(&bob.who.email), "nothing of others");
    let hash: String = (shop.state.db)
        .read("SELECT password_hash FROM users WHERE id = $1")
        .bind(&ann.who.id)
        .scalar()
        .await
        .expect("a hash");
    assert!(!text.contains(&hash), "and no secret");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_nobody_fetches_is_not_kept() {
    let (shop, sink) = with_sink().await;
    let ann = shop.resident("ann").await;
    let key = key(&sink, &ann).await;
    let late = "UPDATE exports SET expires_at = 1";
    shop.state.db.write(late).execute().await.expect("a row");
    refused(&ann.browser.post(FILE, &[("key", &key)], 303).await);
    assert!(ann.browser.get("/account/export", 200).await.html.contains("was not fetched in time"));
    assert_eq!(exporting::sweep(&shop.state).await.expect("a count"), 1);
    assert_eq!(shop.count("SELECT COUNT(*) FROM exports WHERE contents IS NOT NULL").await, 0);

    shop.state.db.write("UPDATE exports SET asked_at = 1").execute().await.expect("a row");
    ann.browser.post("/account/export", &[], 303).await;
    let ready = async || (shop.count("SELECT COUNT(*) FROM exports WHERE state = 'ready'").await == 1).then_some(());
    wait_for("another copy", ready).await;
    ann.leave().await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM exports").await, 0, "who leaves takes it along");
    shop.wait_until_gone(&ann.who).await;
    shop.close().await;
}

// the studio: begin
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_the_codes_of_its_owner_and_of_nobody_else() {
    let (shop, sink) = with_sink().await;
    let (ann, bob) = (shop.resident("ann").await, shop.resident("bob").await);
    for (who, text) in [(&ann, "of Ann's"), (&bob, "of Bob's")] {
        who.browser.post("/studio", &[("text", text)], 303).await;
    }
    let key = key(&sink, &ann).await;
    let text = unpacked(fetch(&shop, &ann, &key).await);
    let copy: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(copy["codes"][0]["text"], "of Ann's");
    assert!(!text.contains("of Bob's"), "{text}");
    shop.close().await;
}
// the studio: end
