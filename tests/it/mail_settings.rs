//! What the configuration decides about mail: a folder in development, addresses that must be proved, and what `boreal
//! check` says.

use super::{
    patience::wait_for,
    scenarios::text,
    shop::{Place, Shop, build},
    sink::{Sink, settings},
    visitor::{PASSWORD, Visitor},
};
use boreal::server::{
    db::Reader,
    services::{
        buying::{Committed, Obstacle},
        checking,
    },
};
use std::net::SocketAddr;

/// A shop where only verified addresses log in.
async fn strict(sink: &Sink) -> Shop {
    let place = Place::new().await;
    let file = place.folder.path().join("plans.toml");
    let plans = std::fs::read_to_string("plans.toml").expect("the plans of the house");
    std::fs::write(&file, format!("require_verified_email = true\n{plans}")).expect("it is written");
    let more = [sink.settings(), vec!["--plans".to_owned(), file.display().to_string()]].concat();
    Shop::open_with(place, &more).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_addresses_must_be_proved_nobody_finds_out_who_has_an_account() {
    let sink = Sink::open().await;
    let shop = strict(&sink).await;
    let mut ann = Visitor::stranger(&shop.origin);
    ann.email = "ann@boreal-shop.dev".to_owned();
    let form = [("email", ann.email.as_str()), ("password", PASSWORD)];
    let first = ann.post("/register", &form, 303).await;
    let link = sink.letter(&ann.email, "Confirm your e-mail address").await.link();
    let second = ann.post("/register", &form, 303).await;
    sink.letter(&ann.email, "You have an account already").await;
    assert_eq!((first.location(), &first.html), (second.location(), &second.html));
    assert_eq!(first.headers.keys().collect::<Vec<_>>(), second.headers.keys().collect::<Vec<_>>());
    assert!(!first.headers.contains_key("set-cookie"), "nobody is logged in by registering");
    assert!(text(&ann.get(first.location(), 200).await).contains("Look into your mail"));
    ann.log_in(PASSWORD, 422).await;

    let proof = [("key", link.split_once("key=").expect("a key").1), ("password", PASSWORD)];
    let confirmed = ann.post("/verify", &proof, 303).await;
    ann.keep_cookie(&confirmed);
    assert!(ann.get("/buy?plan=pro&interval=month", 200).await.html.contains("Continue to payment"));
    ann.elsewhere().log_in(PASSWORD, 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_addresses_must_be_proved_an_unproved_one_buys_nothing() {
    let sink = Sink::open().await;
    let shop = strict(&sink).await;
    // Somebody who was logged in before the plans said so.
    let ann = shop.person("ann").await;
    let proposal = shop.propose(&ann, "pro", "month").await;
    assert_eq!(proposal.obstacle, Some(Obstacle::Unverified));
    let pressed = shop.commit(&ann, &proposal).await;
    assert_eq!(pressed, Committed::Unverified);
    assert!(shop.order_states(&ann).await.is_empty() && shop.polar.checkouts().await.is_empty());
    let verify = "UPDATE users SET email_verified_at = 1 WHERE id = $1";
    shop.state.db.write(verify).bind(&ann.id).execute().await.expect("a row");
    assert_eq!(shop.propose(&ann, "pro", "month").await.obstacle, None);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_mail_is_read_on_this_machine() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let stranger = Visitor::stranger(&shop.origin);
    let there = async || {
        let page = stranger.get("/dev/mail", 200).await;
        page.html.contains(&ann.email).then_some(page)
    };
    let page = wait_for("the mail", there).await;
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let id: String = shop.state.db.read("SELECT id FROM outgoing_mail").scalar().await.expect("a mail");
    let shown = stranger.get(&format!("/dev/mail?id={id}"), 200).await;
    let link = shown.html.split("href=\"").find(|rest| rest.contains("/verify?key=")).expect("a link");
    ann.get(link.split('"').next().expect("an address"), 200).await;
    let html = stranger.get(&format!("/dev/mail/{id}/html"), 200).await;
    assert!(html.headers["content-security-policy"].to_str().expect("text").contains("default-src 'none'"));
    stranger.get("/dev/mail/nothing/html", 404).await;
    let file = shop.place.folder.path().join("mail").join(format!("{id}.eml"));
    assert!(std::fs::read_to_string(file).expect("a file").contains(&ann.email));
    shop.close().await;

    let sink = Sink::open().await;
    let shop = Shop::open_with(Place::new().await, &sink.settings()).await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    sink.letter(&ann.email, "Confirm").await;
    ann.get("/dev/mail", 404).await;
    let id: String = shop.state.db.read("SELECT id FROM outgoing_mail").scalar().await.expect("a mail");
    ann.get(&format!("/dev/mail/{id}/html"), 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_whether_mail_can_be_sent() {
    let place = Place::new().await;
    let sink = Sink::open().await;
    let found = async |more: &[String]| {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let server = build(place.config(&more)).await.expect("it starts");
        let state = server.state();
        let found = checking::mail(&state.mail).await;
        state.db.close().await;
        found.unwrap_or_default()
    };
    assert_eq!(found(&[]).await, "", "a folder is always there");
    assert_eq!(found(&sink.settings()).await, "");
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    assert!(found(&settings(nobody)).await.contains("the mail server cannot be reached"));
    place.database.remove().await;
}
