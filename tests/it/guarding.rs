//! The doors of the product: a page, pieces of it and a route that is none, for whoever may, and for everybody else what
//! opens them. What is not known is never a "no", and nothing is sold then.

use super::{
    patience::wait_for,
    polar::PAYS,
    shop::{Person, Place, Shop, build},
    visitor::Visitor,
};
use boreal::{
    model::features::{Projects, Studio},
    server::services::{
        guarding::{self, Guard},
        staffing::{self, Actor, Gift},
    },
};
use serde_json::json;

/// A plan below Pro, which opens less.
const LITE: &str = r#"
[[plan]]
slug = "lite"
name = "Lite"
rank = 5
features = { projects = 10 }
[[plan.price]]
interval = "month"
amount = 500
currency = "usd"
[[plan.price]]
interval = "year"
amount = 5000
currency = "usd"
"#;

/// A place whose plans are those of the house with something at their end; what to say to a server there.
async fn place(more: &str) -> (Place, Vec<String>) {
    let place = Place::new().await;
    let file = place.folder.path().join("plans.toml");
    let plans = std::fs::read_to_string("plans.toml").expect("the plans of the house");
    std::fs::write(&file, plans + more).expect("it is written");
    (place, vec!["--plans".to_owned(), file.display().to_string()])
}

impl Shop {
    /// Somebody who is logged in.
    async fn visits(&self, name: &str) -> (Visitor, Person) {
        let visitor = Visitor::register(&self.origin, name).await;
        let person = self.account(&visitor).await;
        (visitor, person)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_door_offers_the_cheapest_plan_that_opens_it() {
    let shop = Shop::open().await;
    let stranger = Visitor::stranger(&shop.origin);
    assert_eq!(stranger.get("/studio/sheet", 303).await.location(), "/login?next=%2Fstudio%2Fsheet");
    let (status, headers, body) = stranger.ask("/api/studio").await;
    assert_eq!((status, &body["error"], &body["message"]), (401, &json!("not_logged_in"), &json!("Log in first.")));
    assert_eq!(body["log_in"], format!("{}/login", shop.origin));
    assert_eq!(headers["cache-control"], "no-store");

    let (ann, _) = shop.visits("ann").await;
    let page = ann.get("/studio/sheet", 403).await.html;
    assert!(page.contains("The sheet of codes is part of Pro.") && page.contains("Start Pro, $12 per month"), "{page}");
    assert!(page.contains("href=\"/buy?plan=pro&amp;interval=month\""), "{page}");
    assert!(!page.contains("A sheet of codes") && !page.contains("You may have"), "nothing of the room: {page}");
    let (status, headers, body) = ann.ask("/api/studio").await;
    let url = format!("{}/buy?plan=pro&interval=month", shop.origin);
    let offer =
        json!({"plan": "pro", "name": "Pro", "interval": "month", "amount": 1200, "currency": "usd", "url": url});
    let expected = json!({"error": "not_in_plan", "message": "The sheet of codes is part of Pro.", "offer": offer});
    assert_eq!((status, body), (403, expected));
    assert_eq!(headers["cache-control"], "no-store");

    shop.polar.fail(500, "/v1/").await;
    shop.state.catalog.expire();
    let unsold = async || (!ann.get("/studio/sheet", 403).await.html.contains("/buy?")).then_some(());
    wait_for("nothing to be sold while Polar is down", unsold).await;
    assert!(ann.get("/studio/sheet", 403).await.html.contains("href=\"/pricing\""));
    assert_eq!(ann.ask("/api/studio").await.2["offer"], json!(null));
    shop.polar.recover().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_led_to_a_change_of_what_they_have() {
    let (place, plans) = place(LITE).await;
    let shop = Shop::open_with(place, &plans).await;
    let (ann, person) = shop.visits("ann").await;
    shop.buy(&person, "lite", "year").await;
    let subscription = shop.subscription(&person).await["id"].as_str().expect("an id").to_owned();
    let change = |to: &str| format!("/subscription/change?id={subscription}&{to}");
    let shut = ann.get("/studio/sheet", 403).await.html;
    let to = change("plan=pro&interval=year");
    assert!(shut.contains(&to.replace('&', "&amp;")) && shut.contains("Switch to Pro, $120 per year"), "{shut}");
    assert!(!shut.contains("/buy?"), "no second subscription is offered: {shut}");
    assert_eq!(ann.ask("/api/studio").await.2["offer"]["url"], format!("{}{to}", shop.origin));
    assert!(ann.get(&to, 200).await.html.contains("Lite becomes Pro"), "the way leads on");
    shop.worked_off().await;

    let (bob, person) = shop.visits("bob").await;
    shop.buy(&person, "pro", "month").await;
    let subscription = shop.subscription(&person).await["id"].as_str().expect("an id").to_owned();
    let room = bob.get("/studio/sheet", 200).await.html;
    assert!(room.contains("A sheet of codes") && room.contains("You may have 50."), "{room}");
    assert!(room.contains("Shared libraries is part of Team.") && !room.contains("has its place here"), "{room}");
    let more = format!("/subscription/change?id={subscription}&plan=team&interval=month");
    assert!(room.contains(&more.replace('&', "&amp;")) && room.contains("Switch to Team, $39 per month"), "{room}");
    let (status, headers, body) = bob.ask("/api/studio?have=49").await;
    assert_eq!((status, body), (200, json!({"projects": {"have": 49, "most": 50}})));
    assert_eq!(headers["cache-control"], "no-store");
    let (status, _, body) = bob.ask("/api/studio?have=50").await;
    assert_eq!((status, &body["message"]), (403, &json!("Projects: your plan allows 50.")));
    assert_eq!(
        (&body["offer"]["name"], &body["offer"]["url"]),
        (&json!("Team"), &json!(format!("{}{more}", shop.origin)))
    );
    assert_eq!(bob.ask("/api/studio?have=500").await.2["offer"], json!(null), "nothing that is sold allows that");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_is_checked_a_door_says_so_and_sells_nothing() {
    let shop = Shop::open().await;
    let (ann, person) = shop.visits("ann").await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let open = shop.checkout(&person, "pro", "month").await;
    let back = shop.polar.pay(&open.url, &person.email, PAYS).await.location;
    shop.polar.fail(500, "GET /v1/orders/").await;
    let back = ann.get(&back, 303).await;
    let paid = async || (ann.get(back.location(), 200).await.stage() == "paid").then_some(());
    wait_for("the payment to be seen", paid).await;

    let page = ann.get("/studio/sheet", 503).await;
    assert_eq!(page.headers["retry-after"], "5");
    assert!(
        page.html.contains("We are checking your access") && page.html.contains("href=\"/studio/sheet\""),
        "{}",
        page.html
    );
    assert!(!page.html.contains("/buy") && !page.html.contains("/subscription/change"), "{}", page.html);
    let (status, headers, body) = ann.ask("/api/studio").await;
    let message = "A payment of yours is being checked. Please ask again in a moment.";
    assert_eq!((status, body), (503, json!({"error": "checking", "message": message})));
    assert_eq!(headers["retry-after"], "5");
    assert_eq!(headers["cache-control"], "no-store");
    // What everybody has stays; that it does not go further is not said while it may be paid for.
    let up_to = async |have: i64| guarding::limit::<Projects>(&shop.state, &person.id, have).await;
    assert_eq!(up_to(2).await, Guard::Granted(3));
    assert_eq!(up_to(3).await, Guard::Unknown("A payment of yours is being checked."));

    shop.polar.recover().await;
    let granted = async || (up_to(3).await == Guard::Granted(50)).then_some(());
    let look = async || {
        ann.get(back.location(), 200).await;
        granted().await
    };
    wait_for("access", look).await;
    ann.get("/studio/sheet", 200).await;
    assert_eq!(ann.ask("/api/studio").await.0, 200);
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nobody_is_refused() {
    let shop = Shop::open().await;
    let (ann, person) = shop.visits("ann").await;
    shop.worked_off().await;
    shop.state.db.close().await;
    assert_eq!(ann.get("/studio/sheet", 503).await.headers["retry-after"], "10");
    let (status, _, body) = ann.ask("/api/studio").await;
    assert_eq!((status, &body["error"]), (503, &json!("checking")));
    let unreadable = "We cannot read your access right now.";
    assert_eq!(guarding::switch::<Studio>(&shop.state, &person.id).await, Guard::Unknown(unreadable));
    assert_eq!(guarding::limit::<Projects>(&shop.state, &person.id, 0).await, Guard::Unknown(unreadable));
    shop.halt().await.database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_that_contradict_the_program_are_refused_at_the_start() {
    let (place, plans) = place("").await;
    let text = std::fs::read_to_string(&plans[1]).expect("plans").replace("studio = true", "studio = 5");
    std::fs::write(&plans[1], text).expect("it is written");
    let Err(error) = build(place.config(&[&plans[0], &plans[1]])).await else { panic!("it started") };
    assert!(
        error.to_string().contains("the feature \"studio\" was true or false when this program was built"),
        "{error}"
    );
    place.database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_gift_gives_nobody_less_than_everybody_has() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let actor = Actor { id: "sam".into(), ip: "127.0.0.1".into() };
    for (many, most) in [("1", 3), ("7", 7)] {
        let gift =
            Gift { what: "feature:projects".into(), how_many: many.into(), reason: "Thanks".into(), ..Gift::default() };
        staffing::give(&shop.state, &actor, &ann.id, &gift).await.expect("a gift");
        assert!(
            matches!(guarding::limit::<Projects>(&shop.state, &ann.id, 0).await, Guard::Granted(known) if known == most)
        );
    }
    shop.close().await;
}
