//! Sessions: where somebody is signed in, what ends it, and how long the password that was given speaks for them.

use super::{
    mail::with_sink,
    scenarios::text,
    shop::Shop,
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::instant::{DAY, HOUR, Millis},
    server::{
        db::Reader,
        services::accounts::{self, Asking, Evidence, FRESH, Refused},
    },
};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

const OTHER: &str = "another horse battery";

/// Makes an instant of all sessions of somebody so much earlier.
async fn earlier(shop: &Shop, who: &Visitor, field: &str, by: Millis) {
    let select = "SELECT s.id_hash, s.data FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1";
    let rows: Vec<(Vec<u8>, String)> = shop.state.db.read(select).bind(&who.email).all().await.expect("rows");
    assert!(!rows.is_empty(), "{} has no session", who.email);
    for (key, data) in rows {
        let mut data: Value = serde_json::from_str(&data).expect("JSON");
        let at = data["sign_in"][field].as_i64().expect("an instant");
        data["sign_in"][field] = (at - by).into();
        let update = "UPDATE sessions SET data = $2 WHERE id_hash = $1";
        shop.state.db.write(update).bind(key).bind(data.to_string()).execute().await.expect("a row");
    }
}

/// It is a while ago that somebody gave their password.
pub async fn proof_is_old(shop: &Shop, who: &Visitor) {
    earlier(shop, who, "proved", FRESH).await;
}

fn asks(html: &str) -> bool {
    html.contains("name=\"present\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_asked_for_again_once_the_last_proof_is_ten_minutes_old() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let pages = ["/account/address", "/account/password"];
    earlier(&shop, &ann, "proved", FRESH - 60_000).await;
    for page in pages {
        assert!(!asks(&ann.get(page, 200).await.html), "{page}: nine minutes are not ten");
    }
    ann.post("/account/address", &[("email", "anna@boreal-shop.dev")], 303).await;
    sink.letter("anna@boreal-shop.dev", "Confirm your new").await;

    earlier(&shop, &ann, "proved", 60_000).await;
    for page in pages {
        assert!(asks(&ann.get(page, 200).await.html), "{page}");
    }
    // A form that was opened while it was not asked for.
    let late = ann.post("/account/address", &[("email", "anne@boreal-shop.dev")], 422).await;
    assert!(asks(&late.html) && late.html.contains("present-error") && late.html.contains("anne@boreal-shop.dev"));
    ann.post("/account/password", &[("password", OTHER)], 422).await;
    ann.post("/account/password", &[("present", OTHER), ("password", OTHER)], 422).await;
    ann.post("/account/address", &[("email", "anne@boreal-shop.dev"), ("present", OTHER)], 422).await;

    // One proof is enough for all that follows within ten minutes.
    ann.post("/account/address", &[("email", "anne@boreal-shop.dev"), ("present", PASSWORD)], 303).await;
    for page in pages {
        assert!(!asks(&ann.get(page, 200).await.html), "{page}");
    }
    ann.post("/account/password", &[("password", OTHER)], 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_speaks_for_its_own_session_alone() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    proof_is_old(&shop, &ann).await;
    let mut phone = ann.elsewhere();
    phone.log_in(PASSWORD, 303).await;
    assert!(!asks(&phone.get("/account/password", 200).await.html));
    assert!(asks(&ann.get("/account/password", 200).await.html));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_one_or_all() {
    let shop = Shop::open().await;
    let (ann, bob) = (Visitor::register(&shop.origin, "ann").await, Visitor::register(&shop.origin, "bob").await);
    let [mut phone, mut desk] = [ann.elsewhere(), ann.elsewhere()];
    phone.log_in_with("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1").await;
    desk.log_in_with("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").await;
    assert!(text(&ann.get("/account", 200).await).contains("Where you are logged in"));
    let page = ann.get("/account/sessions", 200).await;
    let words = text(&page);
    for wanted in ["An unknown browser", "Safari on iPhone", "Firefox on Linux", "within the last hour", "This one"] {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    let key = button(&page.html, "Safari on iPhone");
    // Whatever is named, only one's own end.
    for wrong in ["", "nothing", &key[..62], &"0".repeat(64)] {
        ann.post("/account/sessions", &[("session", wrong)], 303).await;
    }
    bob.post("/account/sessions", &[("session", &key)], 303).await;
    bob.post("/account/sessions", &[("session", "others")], 303).await;
    phone.get("/account", 200).await;

    ann.post("/account/sessions", &[("session", &key)], 303).await;
    phone.get("/account", 303).await;
    desk.get("/account", 200).await;
    let words = text(&ann.get("/account/sessions?ended=yes", 200).await);
    assert!(!words.contains("Safari on iPhone") && words.contains("Logged out there."), "{words}");
    ann.post("/account/sessions", &[("session", "others")], 303).await;
    desk.get("/account", 303).await;
    for one in [&ann, &bob] {
        one.get("/account", 200).await;
    }
    let page = ann.get("/account/sessions", 200).await;
    assert!(!page.html.contains("value=\"others\""), "{}", page.html);
    let acts = "SELECT COUNT(*) FROM audit_log WHERE action IN ('session ended', 'other sessions ended')";
    assert_eq!(shop.state.db.read(acts).scalar::<i64>().await.expect("a count"), 3, "what ended something is noted");
    shop.close().await;
}

/// What the button sends that ends the session of this browser.
fn button(html: &str, browser: &str) -> String {
    let item = html.split("<li").find(|item| item.contains(browser)).expect("a session");
    let value = item.split("value=\"").nth(1).expect("a button");
    value.split('"').next().expect("a value").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_ninety_days_at_most_however_often_it_is_used() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let ends = async || {
        let select = "SELECT s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1";
        shop.state.db.read(select).bind(&ann.email).scalar::<i64>().await.expect("a session")
    };
    let idle = ends().await - shop.state.clock.wall();
    assert!(idle > 14 * DAY - HOUR && idle <= 14 * DAY, "{idle}");
    earlier(&shop, &ann, "started", 89 * DAY).await;
    earlier(&shop, &ann, "seen", 2 * HOUR).await;
    ann.get("/account", 200).await;
    let left = ends().await - shop.state.clock.wall();
    assert!(left > DAY - HOUR && left <= DAY, "a use moves the end to the ninetieth day and no further: {left}");
    earlier(&shop, &ann, "started", DAY).await;
    ann.get("/account", 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logged_in_while_the_password_changed_is_not_signed_in() {
    let shop = Shop::open().await;
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ann = Visitor::register(&shop.origin, "ann").await;
    let mut thief = ann.elsewhere();
    // The session is there, as if its log-in had been slower than the change that ended all others.
    thief.log_in(PASSWORD, 303).await;
    let row = "SELECT id_hash, user_id, data, expires_at FROM sessions";
    let rows: Vec<(Vec<u8>, String, String, i64)> = shop.state.db.read(row).all().await.expect("rows");
    let asking = Asking { user: &rows[0].1, from };
    let shown = Evidence::Password(PASSWORD.to_owned());
    accounts::change_password(&shop.state, asking, shown, OTHER.to_owned()).await.expect("another password");
    for (key, user, data, ends) in rows.clone() {
        let insert = "INSERT INTO sessions (id_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4)";
        let again = shop.state.db.write(insert).bind(key).bind(user).bind(data).bind(ends);
        again.execute().await.expect("a session written late");
    }
    for late in [&thief, &ann] {
        assert!(late.get("/account", 303).await.location().starts_with("/login"));
    }
    // What the old password has proved is worth nothing either.
    let stale = accounts::log_in(&shop.state, &ann.email, PASSWORD.to_owned(), from).await;
    assert!(matches!(stale, Err(Refused::Wrong)), "{stale:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_log_in_and_a_change_at_once_no_session_of_the_old_password_stays() {
    let shop = Shop::open().await;
    for round in 0..4 {
        let mut ann = Visitor::register(&shop.origin, "ann").await;
        let thief = ann.elsewhere();
        let changed = async { ann.post("/account/password", &[("password", OTHER)], 303).await };
        let form = [("email", thief.email.as_str()), ("password", PASSWORD)];
        let logged_in = async { thief.try_post("/login", &form).await.expect("an answer") };
        let (done, (status, answer)) = tokio::join!(changed, logged_in);
        let mut thief = ann.elsewhere();
        if status == 303 {
            thief.keep_cookie(&answer);
        }
        thief.get("/account", 303).await;
        ann.keep_cookie(&done);
        assert!(text(&ann.get("/account", 200).await).contains(&ann.email), "round {round}");
    }
    shop.close().await;
}
