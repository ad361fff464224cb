//! Sending mail: each arrives, none twice but where SMTP itself cannot tell, whatever the mail server does.

use super::{
    door::Door,
    engine::Database,
    patience::wait_for,
    process::Running,
    shop::{Person, Place, Shop},
    sink::{Mood, Sink, settings},
    visitor::Visitor,
};
use boreal::{
    model::letter::{BillingLetter, Letter},
    server::{
        db::{self, Db, Reader, outgoing_mail},
        services::mailing::{self, Mail},
    },
};

const WELCOME: &str = "Confirm your e-mail address";

/// A shop whose mail goes into a sink.
pub async fn with_sink() -> (Shop, Sink) {
    let sink = Sink::open().await;
    (Shop::open_with(Place::new().await, &sink.settings()).await, sink)
}

/// State, tries and reason of the newest mail to somebody.
async fn standing(db: &Db, to: &str) -> (String, i64, Option<String>) {
    let select = "SELECT state, attempts, error FROM outgoing_mail WHERE recipient = $1 ORDER BY id DESC LIMIT 1";
    db.read(select).bind(to).one().await.expect("a mail")
}

async fn wait_for_state(db: &Db, to: &str, state: &str) -> (String, i64, Option<String>) {
    let look = async || Some(standing(db, to).await).filter(|row| row.0 == state);
    wait_for(&format!("the mail to {to} to be {state}"), look).await
}

/// Makes what waits for another try, or for the end of a dead sender's lease, due now.
pub async fn hasten(shop: &Shop) {
    let update = "UPDATE outgoing_mail SET run_at = 0, lease_until = 0 WHERE state IN ('queued', 'sending')";
    shop.state.db.write(update).execute().await.expect("rows");
    shop.state.wake.mail.notify_one();
}

/// Queues a mail to somebody under this key; whether it is new.
pub async fn queue(shop: &Shop, to: &Person, key: &str) -> bool {
    let letter = Letter::from(BillingLetter::TwoSubscriptions);
    let mail = Mail { key: key.to_owned(), user: Some(&to.id), to: &to.email, letter };
    let now = shop.state.clock.wall();
    let queued: Result<bool, db::Error> =
        (shop.state.db).transaction(async |tx| mailing::queue(tx, &mail, now).await).await;
    shop.state.wake.mail.notify_one();
    queued.expect("a row")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_down_mail_waits_and_then_arrives_once() {
    let door = Door::keep();
    let shop = Shop::open_with(Place::new().await, &settings(door.addr)).await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let tried = async || Some(standing(&shop.state.db, &ann.email).await).filter(|row| row.1 > 0 && row.2.is_some());
    let (state, _, why) = wait_for("a try in vain", tried).await;
    assert_eq!((state.as_str(), why.as_deref()), ("queued", Some("the mail server cannot be reached")));
    ann.get("/account", 200).await;

    let sink = Sink::behind(door).await;
    let letter = sink.letter(&ann.email, WELCOME).await;
    wait_for_state(&shop.state.db, &ann.email, "sent").await;
    assert_eq!(sink.letters().len(), 1);
    assert!(letter.header("Message-ID").ends_with("@boreal-shop.dev>") && letter.header("To") == ann.email);
    assert!(letter.text().contains(&format!("{}/verify?key=", shop.origin)), "{}", letter.raw);
    assert!(
        letter.part("text/html").contains("/verify?key=") && letter.header("From").contains("shop@boreal-shop.dev")
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_mail() {
    let (shop, sink) = with_sink().await;
    let ann = shop.person("ann").await;
    assert!(queue(&shop, &ann, "once").await);
    assert!(!queue(&shop, &ann, "once").await);
    sink.letter(&ann.email, "You are paying").await;
    assert!(!queue(&shop, &ann, "once").await, "also when it was sent");
    assert!(queue(&shop, &ann, "again").await);
    let both = async || (sink.count(&ann.email, "You are paying") == 2).then_some(());
    wait_for("the other mail", both).await;
    let ids: Vec<String> = sink.letters().iter().map(|letter| letter.header("Message-ID")).collect();
    assert_ne!(ids[0], ids[1]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_not_there_is_given_up_and_a_server_in_trouble_is_not() {
    let (shop, sink) = with_sink().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    sink.set(Mood::Refuses(550));
    queue(&shop, &ann, "one").await;
    let (_, tries, why) = wait_for_state(&shop.state.db, &ann.email, "dead").await;
    assert_eq!((tries, why.as_deref()), (1, Some("the mail server answered 550")), "and no word of the server's own");

    for code in [451, 554] {
        sink.set(Mood::Refuses(code));
        queue(&shop, &bob, &format!("to bob {code}")).await;
        let tried = async || standing(&shop.state.db, &bob.email).await.2;
        assert_eq!(wait_for("a try in vain", tried).await, format!("the mail server answered {code}"));
    }
    sink.set(Mood::Takes);
    hasten(&shop).await;
    let both = async || (sink.count(&bob.email, "You are paying") == 2).then_some(());
    wait_for("what was refused for a while", both).await;
    assert_eq!(sink.count(&ann.email, ""), 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_days_is_not_sent_any_more() {
    let door = Door::keep();
    let shop = Shop::open_with(Place::new().await, &settings(door.addr)).await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    for who in [&ann, &bob] {
        queue(&shop, who, &who.id).await;
        wait_for("a try in vain", async || standing(&shop.state.db, &who.email).await.2).await;
    }
    let old = "UPDATE outgoing_mail SET created_at = created_at - 259200000 WHERE recipient = $1";
    shop.state.db.write(old).bind(&ann.email).execute().await.expect("a row");
    let sink = Sink::behind(door).await;
    hasten(&shop).await;
    sink.letter(&bob.email, "You are paying").await;
    let (_, _, why) = wait_for_state(&shop.state.db, &ann.email, "dead").await;
    assert_eq!(why.as_deref(), Some("it waited for too long"));
    assert_eq!(sink.count(&ann.email, ""), 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_the_hands_of_another_sender_is_left_to_it_until_its_lease_ends() {
    let (shop, sink) = with_sink().await;
    let ann = shop.person("ann").await;
    // Sender and loop are told apart by whoever claims first: so it is claimed in the moment it is queued.
    sink.set(Mood::Refuses(451));
    queue(&shop, &ann, "claimed").await;
    wait_for("a try in vain", async || standing(&shop.state.db, &ann.email).await.2).await;
    let now = shop.state.clock.wall();
    let dead = outgoing_mail::claim(&shop.state.db, "dead", now + 60_000, now + 120_000).await.expect("an answer");
    assert_eq!(dead.expect("the mail").recipient, ann.email);
    sink.set(Mood::Takes);
    shop.state.wake.mail.notify_one();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(standing(&shop.state.db, &ann.email).await.0, "sending");
    assert!(sink.letters().is_empty(), "nobody else sends it");

    hasten(&shop).await;
    sink.letter(&ann.email, "You are paying").await;
    wait_for_state(&shop.state.db, &ann.email, "sent").await;
    let late = outgoing_mail::sent(&shop.state.db, "any", "dead", now).await.expect("an answer");
    assert!(!late, "whoever lost the lease notes nothing");
    assert_eq!(sink.letters().len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_answer_is_lost_after_the_whole_mail_it_is_the_same_mail_again() {
    let (shop, sink) = with_sink().await;
    sink.set(Mood::HangsUpAfter);
    let ann = Visitor::register(&shop.origin, "ann").await;
    wait_for("a mail without an answer", async || sink.letters().pop()).await;
    wait_for("the try to be noted", async || standing(&shop.state.db, &ann.email).await.2).await;
    sink.set(Mood::Takes);
    hasten(&shop).await;
    wait_for_state(&shop.state.db, &ann.email, "sent").await;
    let letters = sink.letters();
    assert!(letters.len() >= 2, "nobody could know that it had arrived");
    let (first, last) = (&letters[0], &letters[letters.len() - 1]);
    assert_eq!(first.header("Message-ID"), last.header("Message-ID"), "mail programs know it by this");
    assert_eq!(first.header("Date"), last.header("Date"));
    // Each holds a key of its own, and the first one works: it may be the one that is read.
    ann.post("/verify", &[("key", &first.key())], 303).await;
    shop.close().await;
}

/// Kills the program while a mail to Ann is on its way, and starts it again; every mail that arrived.
async fn killed(mood: Mood) -> Vec<super::sink::Letter> {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, sink) = (Database::new(folder.path()).await, Sink::open().await);
    sink.set(mood);
    let mut process = Running::start_with(&database, folder.path(), &sink.settings()).await;
    let ann = Visitor::register(&process.origin(), "ann").await;
    let db = Db::open(&database.url).await.expect("a database");
    wait_for_state(&db, &ann.email, "sending").await;
    if mood == Mood::SilentAfter {
        wait_for("the whole mail", async || sink.letters().pop()).await;
    }
    process.process.kill();
    assert_eq!(standing(&db, &ann.email).await.0, "sending");
    sink.set(Mood::Takes);
    // Its lease is two minutes; nobody wants to wait for that here.
    db.write("UPDATE outgoing_mail SET lease_until = 0").execute().await.expect("rows");
    let mut process = Running::start_with(&database, folder.path(), &sink.settings()).await;
    wait_for_state(&db, &ann.email, "sent").await;
    process.process.kill();
    db.close().await;
    database.remove().await;
    sink.letters()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_server_has_the_mail_it_is_sent_once() {
    assert_eq!(killed(Mood::SilentBefore).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_server_has_the_mail_it_is_sent_again_under_the_same_id() {
    let letters = killed(Mood::SilentAfter).await;
    assert_eq!(letters.len(), 2, "the window that SMTP leaves open");
    assert_eq!(letters[0].header("Message-ID"), letters[1].header("Message-ID"));
}
