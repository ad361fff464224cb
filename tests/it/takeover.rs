//! What somebody tries who knows nothing of another person but their e-mail address: to register with it, to change to it,
//! to buy with it. They never get access, customer, portal, mail or invoice of that person.

use super::{
    mail::with_sink,
    patience::wait_for,
    scenarios::text,
    shop::{Open, Person, Shop},
    sink::Sink,
    visitor::{Answer, PASSWORD, Visitor},
};
use boreal::server::{
    db::mirror,
    services::{access::all, syncing},
};
use serde_json::{Value, json};

const OTHER: &str = "another horse battery";

/// Somebody buys Pro at Polar itself, without an account of ours, with this address.
async fn buys_as_guest(shop: &Shop, email: &str) {
    let products = shop.polar.list("/v1/products/").await;
    let is_pro = |product: &&Value| product["metadata"]["plan"] == "pro" && product["recurring_interval"] == "month";
    let body = json!({"products": [products.iter().find(is_pro).expect("a product")["id"]]});
    let (status, checkout) = shop.polar.send("POST", "/v1/checkouts/", Some(body)).await;
    assert_eq!(status, 201, "{checkout}");
    let url = checkout["url"].as_str().expect("a URL").to_owned();
    shop.pay(&Open { order: String::new(), url }, email).await;
    settled(shop).await;
}

async fn settled(shop: &Shop) {
    shop.polar.idle().await;
    shop.worked_off().await;
}

/// Polar's customer with this address.
async fn customer(shop: &Shop, email: &str) -> Value {
    let found = shop.polar.list(&format!("/v1/customers/?email={email}")).await;
    found.first().unwrap_or_else(|| panic!("no customer {email}")).clone()
}

/// Nothing of Polar's is this person's, whatever we ask Polar about them.
async fn has_nothing(shop: &Shop, who: &Visitor, person: &Person) {
    syncing::sync_user(&shop.state, &person.id).await.expect("Polar answers");
    settled(shop).await;
    assert!(mirror::of_owner(&shop.state.db, &person.id).await.expect("rows").is_empty());
    assert!(all(&shop.state, &person.id).await.expect("rows").is_empty());
    who.get("/studio/sheet", 403).await;
    let account = text(&who.get("/account", 200).await);
    assert!(account.contains("You have Free.") && !account.contains("What was billed"), "{account}");
    assert!(text(&who.get("/confirmation", 200).await).contains("No orders yet"));
    gets_no_key(&who.post("/billing", &[], 200).await);
}

/// The portal is not opened: no key is in the answer.
fn gets_no_key(answer: &Answer) {
    assert_eq!(answer.location(), "");
    assert!(!answer.html.contains("customer_session_token") && !answer.html.contains("polar_cst"), "{}", answer.html);
}

/// Asks for a link to another password, as whoever reads the mail of `email`, and follows it; the browser that is then
/// logged in.
async fn resets(shop: &Shop, sink: &Sink, email: &str) -> Visitor {
    let mut owner = Visitor::stranger(&shop.origin);
    owner.email = email.to_owned();
    owner.post("/reset", &[("email", email)], 303).await;
    let link = sink.letter(email, "Choose another password").await;
    let done = owner.post(&link.link(), &[("key", &link.key()), ("password", OTHER)], 303).await;
    owner.keep_cookie(&done);
    owner
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_on_anothers_address_holds_nothing_of_theirs_until_they_take_it() {
    let (shop, sink) = with_sink().await;
    // Eve registers with Ann's address; Ann has bought at Polar before, as a guest.
    let eve = Visitor::newcomer(&shop.origin, "ann");
    buys_as_guest(&shop, &eve.email).await;
    let mut eve = eve;
    let made = eve.post("/register", &eve.credentials(), 303).await;
    eve.keep_cookie(&made);
    let person = shop.account(&eve).await;
    has_nothing(&shop, &eve, &person).await;
    assert!(customer(&shop, &eve.email).await["external_id"].is_null(), "the customer was not tied");
    // Eve asks for her own address, before Ann comes; the mail is there, the link is not followed yet.
    let own = eve.email.replace("ann-", "eve-");
    eve.post("/account/address", &[("email", &own), ("password", PASSWORD)], 303).await;
    let way_back = sink.letter(&own, "Confirm your new e-mail address").await;

    let ann = resets(&shop, &sink, &eve.email).await;
    let opened = async || ann.get("/studio/sheet", 200).await.html.contains("Studio").then_some(());
    settled(&shop).await;
    wait_for("Ann's own purchase", opened).await;
    assert_eq!(customer(&shop, &ann.email).await["external_id"], person.id.as_str());
    assert!(ann.post("/billing", &[], 303).await.location().contains("customer_session_token"));
    // Nothing is left to Eve: no session, no password, no link.
    assert!(eve.get("/account", 303).await.location().starts_with("/login"));
    eve.get("/access/revision", 404).await;
    assert!(eve.post("/billing", &[], 303).await.location().starts_with("/login"));
    eve.elsewhere().log_in(PASSWORD, 422).await;
    eve.get(&way_back.link(), 410).await;
    eve.post(&way_back.link(), &[("key", &way_back.key()), ("password", PASSWORD)], 410).await;
    for letter in sink.letters().iter().filter(|letter| letter.to == own) {
        assert!(letter.subject().starts_with("Confirm your new"), "Eve's mailbox gets {}", letter.subject());
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_queued_before_the_owner_came_opens_nothing_to_whoever_asked_for_it() {
    let (shop, sink) = with_sink().await;
    let eve = Visitor::register(&shop.origin, "ann").await;
    let own = eve.email.replace("ann-", "eve-");
    // The mail to Eve's mailbox is held up, and its key is made only when it is sent.
    sink.set(super::sink::Mood::Refuses(451));
    eve.post("/account/address", &[("email", &own), ("password", PASSWORD)], 303).await;
    let tried = "SELECT COUNT(*) FROM outgoing_mail WHERE recipient LIKE 'eve-%' AND error IS NOT NULL";
    wait_for("a try in vain", async || (shop.count(tried).await == 1).then_some(())).await;
    let hold = "UPDATE outgoing_mail SET run_at = run_at + 3600000 WHERE recipient LIKE 'eve-%'";
    shop.state.db.write(hold).execute().await.expect("a row");
    sink.set(super::sink::Mood::Takes);
    let ann = resets(&shop, &sink, &eve.email).await;
    super::mail::hasten(&shop).await;
    let late = sink.letter(&own, "Confirm your new e-mail address").await;
    for who in [&eve, &eve.elsewhere()] {
        who.post(&late.link(), &[("key", &late.key()), ("password", PASSWORD)], 422).await;
    }
    assert!(ann.get("/account", 200).await.html.contains(&ann.email), "the address is still Ann's");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_anothers_address_at_polar_shares_nothing_with_them() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let welcome = sink.letter(&ann.email, "Confirm your e-mail address").await;
    ann.post(&welcome.link(), &[("key", &welcome.key())], 303).await;
    let eve = Visitor::register(&shop.origin, "eve").await;
    let (anns, eves) = (shop.account(&ann).await, shop.account(&eve).await);
    let own = shop.checkout(&anns, "lifetime", "once").await;
    shop.pay(&own, &ann.email).await;
    shop.wait_for_state(&own.order, "done").await;
    sink.letter(&ann.email, "Paid: ").await;

    let open = shop.checkout(&eves, "pro", "month").await;
    let back = shop.pay(&open, &ann.email).await;
    shop.wait_for_state(&open.order, "done").await;
    settled(&shop).await;
    // What Polar puts into the address of the way back is gone before a page sees it.
    let clean = eve.get(&format!("{back}&customer_session_token=polar_cst_of_ann"), 303).await;
    assert!(!clean.location().contains("token"), "{}", clean.location());
    eve.get(clean.location(), 200).await;
    ann.get(clean.location(), 404).await;

    let receipt = sink.letter(&eve.email, "Paid: ").await;
    assert!(!receipt.raw.contains(&ann.email), "{}", receipt.raw);
    assert_eq!(sink.count(&ann.email, "Paid: "), 1, "Ann hears of her own purchase alone");
    assert_eq!(sink.count(&eve.email, "Paid: "), 1);
    let (of_ann, of_eve) = (text(&ann.get("/account", 200).await), text(&eve.get("/account", 200).await));
    assert!(!of_eve.contains(&ann.email) && !of_ann.contains(&eve.email));
    assert!(of_ann.contains("Lifetime") && !of_ann.contains("Renews on"), "{of_ann}");
    assert!(of_eve.contains("Renews on") && !of_eve.contains("Lifetime"), "{of_eve}");
    eve.get(&format!("/orders/{}", own.order), 404).await;
    ann.get(&format!("/orders/{}", open.order), 404).await;
    for who in [&ann, &eve] {
        gets_no_key(&who.post("/billing", &[], 200).await);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_another_account_pays_with_is_still_only_its_owners_and_opens_no_portal() {
    let (shop, sink) = with_sink().await;
    let eve = Visitor::register(&shop.origin, "eve").await;
    let eves = shop.account(&eve).await;
    let ann = Visitor::newcomer(&shop.origin, "ann");
    // Polar knows Ann's address already, and Eve pays with it.
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(json!({"email": ann.email}))).await.0, 201);
    let open = shop.checkout(&eves, "pro", "month").await;
    shop.pay(&open, &ann.email).await;
    shop.wait_for_state(&open.order, "done").await;
    settled(&shop).await;
    gets_no_key(&eve.post("/billing", &[], 200).await);

    let mut ann = ann;
    let made = ann.post("/register", &ann.credentials(), 303).await;
    ann.keep_cookie(&made);
    let anns = shop.account(&ann).await;
    has_nothing(&shop, &ann, &anns).await;
    let welcome = sink.letter(&ann.email, "Confirm your e-mail address").await;
    ann.post(&welcome.link(), &[("key", &welcome.key())], 303).await;
    let tied = async || (customer(&shop, &ann.email).await["external_id"] == anns.id.as_str()).then_some(());
    wait_for("the customer to be Ann's", tied).await;
    // Polar says now that all of it is hers. It is not.
    has_nothing(&shop, &ann, &anns).await;
    eve.get("/studio/sheet", 200).await;
    gets_no_key(&eve.post("/billing", &[], 200).await);
    assert_eq!(sink.count(&ann.email, "Paid: "), 0, "no invoice of Eve's");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_to_a_guests_address_gives_nothing_before_and_nothing_without_their_mailbox() {
    let (shop, sink) = with_sink().await;
    let (eve, ann) = (Visitor::register(&shop.origin, "eve").await, Visitor::newcomer(&shop.origin, "ann"));
    let eves = shop.account(&eve).await;
    buys_as_guest(&shop, &ann.email).await;
    eve.post("/account/address", &[("email", &ann.email), ("password", PASSWORD)], 303).await;
    let link = sink.letter(&ann.email, "Confirm your new e-mail address").await;
    has_nothing(&shop, &eve, &eves).await;
    assert!(customer(&shop, &ann.email).await["external_id"].is_null());
    // Ann, who gets the link, registers. Eve's wish is void, even with Eve's own password.
    let mut ann = ann;
    let made = ann.post("/register", &ann.credentials(), 303).await;
    ann.keep_cookie(&made);
    ann.post(&link.link(), &[("key", &link.key())], 422).await;
    let taken = eve.post(&link.link(), &[("key", &link.key())], 422).await;
    assert!(taken.html.contains("has another account by now"), "{}", taken.html);
    has_nothing(&shop, &eve, &eves).await;
    let welcome = sink.letter(&ann.email, "Confirm your e-mail address").await;
    ann.post(&welcome.link(), &[("key", &welcome.key())], 303).await;
    let opened = async || (ann.brief("GET", "/studio/sheet", None).await == "200").then_some(());
    wait_for("Ann's purchase to be hers", opened).await;
    has_nothing(&shop, &eve, &eves).await;
    shop.close().await;
}
