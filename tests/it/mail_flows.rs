//! Proving an address, choosing another password, having another address: with links from real mails, and what strangers
//! try with them.

use super::{
    mail::with_sink,
    patience::wait_for,
    scenarios::text,
    sessions::proof_is_old,
    shop::Shop,
    sink::Sink,
    visitor::{Answer, PASSWORD, Visitor},
};
use boreal::server::db::Reader;
use serde_json::{Value, json};

const WELCOME: &str = "Confirm your e-mail address";
const RESET: &str = "Choose another password";
const OTHER: &str = "another horse battery";

async fn verified(shop: &Shop, who: &Visitor) -> bool {
    let select = "SELECT email_verified_at IS NOT NULL FROM users WHERE email = $1";
    shop.state.db.read(select).bind(&who.email).scalar().await.expect("a user")
}

async fn user_id(shop: &Shop, who: &Visitor) -> String {
    shop.state.db.read("SELECT id FROM users WHERE email = $1").bind(&who.email).scalar().await.expect("a user")
}

/// Asks for a link to choose another password; where it leads.
async fn reset_link(sink: &Sink, who: &Visitor) -> String {
    let before = sink.count(&who.email, RESET);
    who.post("/reset", &[("email", &who.email)], 303).await;
    wait_for("another link", async || (sink.count(&who.email, RESET) > before).then_some(())).await;
    sink.letter(&who.email, RESET).await.link()
}

fn key(link: &str) -> &str {
    link.split_once("key=").expect("a key").1
}

/// Sends the form of the page that a link leads to.
async fn follow(who: &Visitor, link: &str, password: &str, expected: u16) -> Answer {
    who.post(link, &[("key", key(link)), ("password", password)], expected).await
}

async fn acts(shop: &Shop, who: &Visitor) -> Vec<String> {
    let select = "SELECT action FROM audit_log WHERE user_id = $1 AND actor_id = $1 AND ip IS NOT NULL
                  AND action NOT IN ('registered', 'signed in', 'signed in with a new browser') ORDER BY seq";
    let rows: Vec<(String,)> = shop.state.db.read(select).bind(user_id(shop, who).await).all().await.expect("rows");
    rows.into_iter().map(|row| row.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_proved_by_a_button_and_only_once() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    assert!(text(&ann.get("/account/address", 200).await).contains("Not confirmed"));
    let link = sink.letter(&ann.email, WELCOME).await.link();
    for _ in 0..2 {
        let page = ann.get(&link, 200).await;
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.html.contains(&ann.email) && !page.html.contains("type=\"password\""), "{}", page.html);
    }
    assert!(!verified(&shop, &ann).await, "looking at it changes nothing");
    let done = follow(&ann, &link, "", 303).await;
    assert_eq!(done.location(), "/account/address");
    assert!(verified(&shop, &ann).await);
    assert!(text(&ann.get("/account/address", 200).await).contains("Confirmed"));
    ann.get(&link, 410).await;
    follow(&ann, &link, "", 410).await;
    let stored: Vec<(Vec<u8>,)> = shop.state.db.read("SELECT hash FROM email_tokens").all().await.expect("rows");
    assert!(stored.iter().all(|row| row.0.len() == 32 && row.0 != key(&link).as_bytes()), "only the hash is kept");
    assert_eq!(acts(&shop, &ann).await, ["address confirmed"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_another_browser_the_password_proves_who_it_is() {
    let (shop, sink) = with_sink().await;
    let (ann, eve) = (Visitor::register(&shop.origin, "ann").await, Visitor::register(&shop.origin, "eve").await);
    let link = sink.letter(&ann.email, WELCOME).await.link();
    let there = ann.elsewhere();
    assert!(there.get(&link, 200).await.html.contains("type=\"password\""));
    // Whoever got hold of the link, or was sent one for an account that they never made, can do nothing with it.
    for stranger in [&there, &eve] {
        follow(stranger, &link, "", 422).await;
        let refused = follow(stranger, &link, OTHER, 422).await;
        assert!(refused.html.contains("This is not the password of the account."), "{}", refused.html);
    }
    assert!(!verified(&shop, &ann).await && !verified(&shop, &eve).await);
    let mut there = there;
    let done = follow(&there, &link, PASSWORD, 303).await;
    there.keep_cookie(&done);
    assert!(verified(&shop, &ann).await && !verified(&shop, &eve).await);
    assert!(there.get("/account", 200).await.html.contains(&ann.email), "and is logged in");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_link_can_be_had_and_an_old_one_opens_nothing() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let old = sink.letter(&ann.email, WELCOME).await.link();
    shop.state.db.write("UPDATE email_tokens SET expires_at = created_at").execute().await.expect("rows");
    ann.get(&old, 410).await;
    follow(&ann, &old, "", 410).await;
    assert!(ann.post("/verify/again", &[], 303).await.location().contains("sent=verify"));
    wait_for("another link", async || (sink.count(&ann.email, WELCOME) == 2).then_some(())).await;
    let link = sink.letter(&ann.email, WELCOME).await.link();
    follow(&ann, &link, "", 303).await;
    ann.post("/verify/again", &[], 303).await;
    ann.get("/verify?key=nothing", 410).await;
    ann.get("/verify", 410).await;
    assert_eq!(sink.count(&ann.email, WELCOME), 2, "nothing is asked of whoever has proved it");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_every_session_and_opens_once() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let mut phone = ann.elsewhere();
    phone.log_in(PASSWORD, 303).await;
    let (first, link) = (reset_link(&sink, &ann).await, reset_link(&sink, &ann).await);
    let page = ann.elsewhere().get(&link, 200).await;
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let weak = follow(&ann.elsewhere(), &link, "short", 422).await;
    assert!(weak.html.contains("at least 10 characters"), "{}", weak.html);
    let mut there = ann.elsewhere();
    let done = follow(&there, &link, OTHER, 303).await;
    there.keep_cookie(&done);
    there.get("/account", 200).await;
    for session in [&ann, &phone] {
        assert!(session.get("/account", 303).await.location().starts_with("/login"));
    }
    for spent in [&link, &first] {
        there.get(spent, 410).await;
        follow(&there, spent, "a third horse battery", 410).await;
    }
    ann.elsewhere().log_in(PASSWORD, 422).await;
    ann.elsewhere().log_in(OTHER, 303).await;
    assert!(verified(&shop, &ann).await, "whoever reads its mail has the address");
    sink.letter(&ann.email, "Your password was changed").await;
    assert_eq!(acts(&shop, &ann).await, ["address confirmed", "password reset"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_a_link_at_once_one_wins() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    for _ in 0..3 {
        let link = reset_link(&sink, &ann).await;
        let choose = async |password: &str| {
            let form = [("key", key(&link)), ("password", password)];
            ann.elsewhere().try_post(&link, &form).await.expect("an answer").0
        };
        let both = tokio::join!(choose("the first of two"), choose("the second of two"));
        let mut statuses = [both.0, both.1];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 410]);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_address_has_an_account_only_its_mailbox_is_told() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let (stranger, nobody) = (ann.elsewhere(), ann.email.replace("ann-", "nobody-"));
    let known = stranger.post("/reset", &[("email", &ann.email)], 303).await;
    let unknown = stranger.post("/reset", &[("email", &nobody)], 303).await;
    assert_eq!((known.location(), &known.html), (unknown.location(), &unknown.html));
    assert_eq!(known.headers.keys().collect::<Vec<_>>(), unknown.headers.keys().collect::<Vec<_>>());
    sink.letter(&ann.email, RESET).await;
    let told = sink.letter(&nobody, "There is no account").await;
    assert!(!told.text().contains("key="), "{}", told.raw);
    assert_eq!(sink.letters().len(), 3, "one mail each, besides the welcome");

    // Registering costs the same as well: one hash and one mail, of which only the words differ.
    let refused = stranger.post("/register", &[("email", &ann.email), ("password", OTHER)], 422).await;
    assert!(refused.html.contains("has an account already"), "{}", refused.html);
    sink.letter(&ann.email, "You have an account already").await;
    stranger.post("/register", &[("email", &ann.email), ("password", OTHER)], 422).await;
    shop.worked_off().await;
    assert_eq!(sink.count(&ann.email, "You have an account already"), 1, "once a day");
    ann.elsewhere().log_in(OTHER, 422).await;
    ann.elsewhere().log_in(PASSWORD, 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_pestered_with_mail_by_asking_for_it() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let (stranger, nobody) = (ann.elsewhere(), "nobody@boreal-shop.dev");
    for email in [ann.email.as_str(), nobody] {
        for _ in 0..5 {
            stranger.post("/reset", &[("email", email)], 303).await;
        }
        stranger.post("/reset", &[("email", email)], 429).await;
    }
    wait_for("what was let through", async || (sink.letters().len() == 11).then_some(())).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_confirmed_at_the_new_one_told_to_the_old_one_and_carried_to_polar() {
    let (shop, sink) = with_sink().await;
    let mut ann = Visitor::register(&shop.origin, "ann").await;
    let (id, old, new) = (user_id(&shop, &ann).await, ann.email.clone(), ann.email.replace("ann-", "anna-"));
    let customer = json!({"email": old, "external_id": id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(customer)).await.0, 201);
    let stale = reset_link(&sink, &ann).await;

    proof_is_old(&shop, &ann).await;
    let wrong = ann.post("/account/address", &[("email", &new), ("present", OTHER)], 422).await;
    assert!(
        wrong.html.contains("not the password") && wrong.html.contains(&format!("value=\"{new}\"")),
        "{}",
        wrong.html
    );
    let same = ann.post("/account/address", &[("email", &old), ("present", PASSWORD)], 422).await;
    assert!(same.html.contains("the address that your account has"));
    ann.post("/account/address", &[("email", &new), ("present", PASSWORD)], 303).await;
    let link = sink.letter(&new, "Confirm your new e-mail address").await.link();
    assert!(ann.get("/account", 200).await.html.contains(&old), "nothing changes before");
    assert!(ann.get(&link, 200).await.html.contains(&new));
    follow(&ann, &link, "", 303).await;

    sink.letter(&old, "Your account has another e-mail address now").await;
    ann.get(&stale, 410).await;
    ann.elsewhere().log_in(PASSWORD, 422).await;
    ann.email = new.clone();
    ann.elsewhere().log_in(PASSWORD, 303).await;
    assert!(verified(&shop, &ann).await);
    let carried = async || {
        let customer = shop.polar.get(&format!("/v1/customers/external/{id}")).await;
        (customer["email"] == new.as_str()).then_some(())
    };
    wait_for("Polar to have it", carried).await;
    assert_eq!(acts(&shop, &ann).await, ["address changed"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polar_is_told_once_it_answers_again_and_may_refuse() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let (id, new) = (user_id(&shop, &ann).await, ann.email.replace("ann-", "anna-"));
    let customer = json!({"email": ann.email, "external_id": id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(customer)).await.0, 201);
    assert_eq!(
        shop.polar.send("POST", "/v1/customers/", Some(json!({"email": new}))).await.0,
        201,
        "somebody else there"
    );
    shop.polar.fail(500, "/v1/customers").await;
    ann.post("/account/address", &[("email", &new), ("present", PASSWORD)], 303).await;
    let link = sink.letter(&new, "Confirm your new").await.link();
    follow(&ann, &link, "", 303).await;
    let waits = "SELECT COUNT(*) FROM jobs WHERE kind = 'carry_address' AND attempts > 0 AND error IS NOT NULL";
    let waiting = async || (shop.state.db.read(waits).scalar::<i64>().await.expect("a count") == 1).then_some(());
    wait_for("a try in vain", waiting).await;
    shop.polar.recover().await;
    let gone = "SELECT COUNT(*) FROM jobs WHERE kind = 'carry_address'";
    let done = async || (shop.state.db.read(gone).scalar::<i64>().await.expect("a count") == 0).then_some(());
    wait_for("the job to end", done).await;
    let customer = shop.polar.get(&format!("/v1/customers/external/{id}")).await;
    assert_eq!(customer["email"], ann.email.as_str(), "what Polar refuses stays, and bills go on to the old address");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_strangers_address_account_or_customer() {
    let (shop, sink) = with_sink().await;
    let (ann, eve) = (Visitor::register(&shop.origin, "ann").await, Visitor::register(&shop.origin, "eve").await);
    let guest = ann.email.replace("ann-", "guest-");
    for email in [&ann.email, &guest] {
        let (status, made) = shop.polar.send("POST", "/v1/customers/", Some(json!({"email": email}))).await;
        assert_eq!(status, 201, "{made}");
    }
    // Changing to an address that has an account: the same answer, no link, and its owner is told.
    let asked = eve.post("/account/address", &[("email", &ann.email)], 303).await;
    assert!(asked.location().contains("sent=change"));
    let told = sink.letter(&ann.email, "Somebody wanted to use your e-mail address").await;
    assert!(!told.text().contains("key="), "{}", told.raw);
    // Changing to somebody's who has none: they are asked, and cannot do it for her even if they want to.
    eve.post("/account/address", &[("email", &guest)], 303).await;
    let link = sink.letter(&guest, "Confirm your new").await.link();
    follow(&Visitor::stranger(&shop.origin), &link, "", 422).await;
    follow(&ann, &link, "", 422).await;
    // A link for one thing opens no other.
    follow(&eve, &link.replace("/verify", "/reset/new"), OTHER, 410).await;
    let reset = reset_link(&sink, &eve).await;
    follow(&eve, &reset.replace("/reset/new", "/verify"), "", 410).await;
    shop.worked_off().await;
    let customers = shop.polar.list("/v1/customers/").await;
    assert!(customers.iter().all(|one: &Value| one["external_id"].is_null()), "{customers:?}");

    // Ann proves hers, and only then Polar's customer with that address is hers.
    let own = sink.letter(&ann.email, WELCOME).await.link();
    follow(&ann, &own, "", 303).await;
    let id = user_id(&shop, &ann).await;
    let tied = async || {
        let customers = shop.polar.list(&format!("/v1/customers/?email={}", ann.email)).await;
        (customers[0]["external_id"] == id.as_str()).then_some(())
    };
    wait_for("the customer to be hers", tied).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_the_other_sessions() {
    let (shop, sink) = with_sink().await;
    let mut ann = Visitor::register(&shop.origin, "ann").await;
    let mut phone = ann.elsewhere();
    phone.log_in(PASSWORD, 303).await;
    proof_is_old(&shop, &ann).await;
    let wrong = ann.post("/account/password", &[("present", OTHER), ("password", OTHER)], 422).await;
    assert!(wrong.html.contains("present-error"), "{}", wrong.html);
    ann.post("/account/password", &[("present", PASSWORD), ("password", "short")], 422).await;
    phone.get("/account", 200).await;
    let done = ann.post("/account/password", &[("present", PASSWORD), ("password", OTHER)], 303).await;
    ann.get("/account", 303).await;
    ann.keep_cookie(&done);
    assert!(text(&ann.get(done.location(), 200).await).contains("You are logged out everywhere else."));
    phone.get("/account", 303).await;
    phone.log_in(PASSWORD, 422).await;
    phone.log_in(OTHER, 303).await;
    sink.letter(&ann.email, "Your password was changed").await;
    assert_eq!(acts(&shop, &ann).await, ["password changed"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_with_a_new_browser_is_told_and_one_with_a_known_one_is_not() {
    let (shop, sink) = with_sink().await;
    let mut ann = Visitor::register(&shop.origin, "ann").await;
    sink.letter(&ann.email, WELCOME).await;
    for _ in 0..2 {
        ann.post("/logout", &[], 303).await;
        ann.log_in(PASSWORD, 303).await;
    }
    let mut phone = ann.elsewhere();
    phone.log_in(OTHER, 422).await;
    assert_eq!(sink.letters().len(), 1, "the first browser is no news, and a wrong password no log-in");
    phone.log_in(PASSWORD, 303).await;
    let told = sink.letter(&ann.email, "New log-in to your account").await;
    assert!(told.text().contains("from the network address 127.0.0.1"), "{}", told.text());
    for visitor in [&mut phone, &mut ann] {
        visitor.post("/logout", &[], 303).await;
        visitor.log_in(PASSWORD, 303).await;
    }
    let mut bob = Visitor::register(&shop.origin, "bob").await;
    bob.email = ann.email.clone();
    bob.post("/logout", &[], 303).await;
    bob.log_in(PASSWORD, 303).await;
    let again = async || (sink.count(&ann.email, "New log-in") == 2).then_some(());
    wait_for("the browser that only another person used", again).await;
    shop.close().await;
}
