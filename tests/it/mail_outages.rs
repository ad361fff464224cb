//! Long trouble with many mails: an hour without a mail server, two servers that send at once, and a program that is killed
//! again and again while it sends. Each mail arrives, and none twice but in the window that SMTP leaves open: one mail a
//! kill, whose whole text was taken and whose answer was not noted.

use super::{
    door::Door,
    engine::Database,
    mail::{hasten, queue},
    patience::{wait_for, wait_until},
    process::Running,
    shop::{Person, Place, Shop, build, config},
    sink::{Letter as Received, Mood, Sink, settings},
};
use boreal::{
    model::letter::{BillingLetter, Letter},
    server::{
        db::{self, Db, Reader, users},
        services::{
            mailing::{self, Mail},
            new_id,
        },
        state::State,
    },
};
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

const MINUTE: i64 = 60_000;

async fn count(db: &Db, select: &'static str) -> i64 {
    db.read(select).scalar().await.expect("a count")
}

/// How often each mail arrived, by its Message-ID.
fn arrivals(letters: &[Received]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    letters.iter().for_each(|letter| *found.entry(letter.header("Message-ID")).or_default() += 1);
    found
}

async fn everything_sent(db: &Db) {
    let left = "SELECT state, attempts, error FROM outgoing_mail WHERE state <> 'sent'";
    let look = async || {
        let rows: Vec<(String, i64, Option<String>)> = db.read(left).all().await.expect("rows");
        if rows.is_empty() { Ok(()) } else { Err(rows) }
    };
    wait_until("every mail to be sent", look).await;
}

async fn crowd(shop: &Shop, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..size {
        let person = shop.person(&format!("p{number}")).await;
        assert!(queue(shop, &person, &format!("two:{}", person.id)).await);
        people.push(person);
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_without_a_mail_server_each_of_many_mails_arrives_once() {
    let door = Door::keep();
    let shop = Shop::open_with(Place::new().await, &settings(door.addr)).await;
    let people = crowd(&shop, 50).await;
    let tried = "SELECT COUNT(*) FROM outgoing_mail WHERE attempts > 0 AND error IS NOT NULL AND state = 'queued'";
    let all_tried = async || (count(&shop.state.db, tried).await == 50).then_some(());
    wait_for("a try in vain for each", all_tried).await;
    // Six times ten minutes later: every one is due again, and in vain.
    for _ in 0..6 {
        let before = count(&shop.state.db, "SELECT MIN(attempts) FROM outgoing_mail").await;
        let later = "UPDATE outgoing_mail SET created_at = created_at - $1, run_at = 0";
        shop.state.db.write(later).bind(10 * MINUTE).execute().await.expect("rows");
        shop.state.wake.mail.notify_one();
        let again = async || {
            (count(&shop.state.db, "SELECT MIN(attempts) FROM outgoing_mail").await > before
                && count(&shop.state.db, tried).await == 50)
                .then_some(())
        };
        wait_for("another try in vain for each", again).await;
    }
    let pauses = "SELECT COUNT(*) FROM outgoing_mail WHERE run_at > $1";
    let later: i64 = shop.state.db.read(pauses).bind(shop.state.clock.wall() + MINUTE).scalar().await.expect("a count");
    assert_eq!(later, 50, "the longer it is down, the more rarely it is tried");

    let sink = Sink::behind(door).await;
    hasten(&shop).await;
    everything_sent(&shop.state.db).await;
    let letters = sink.letters();
    assert_eq!(letters.len(), 50);
    let to: BTreeSet<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, people.iter().map(|person| person.email.as_str()).collect());
    assert_eq!(arrivals(&letters).len(), 50);
    shop.close().await;
}

/// A second server on the database of `shop`, which does nothing by itself.
async fn second(shop: &Shop, sink: &Sink) -> State {
    let secret = shop.state.webhook_secrets[0].expose_secret();
    let polar = ["--polar-token", &shop.polar.token, "--polar-webhook-secrets", secret];
    let mail = sink.settings();
    let mail: Vec<&str> = mail.iter().map(String::as_str).collect();
    let more = [&polar[..], &["--polar-api-base", &shop.polar.origin], &mail].concat();
    let unused = shop.place.folder.path().join("unused.json");
    build(config(&shop.place.database.url, &unused, &more)).await.expect("it starts").state()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_send_at_once_send_each_mail_once() {
    let door = Door::keep();
    let shop = Shop::open_with(Place::new().await, &settings(door.addr)).await;
    let people = crowd(&shop, 40).await;
    let tried = "SELECT COUNT(*) FROM outgoing_mail WHERE attempts > 0 AND state = 'queued'";
    wait_for("a try in vain for each", async || (count(&shop.state.db, tried).await == 40).then_some(())).await;
    let sink = Sink::behind(door).await;
    let other = second(&shop, &sink).await;
    hasten(&shop).await;
    let mut senders = JoinSet::new();
    for state in [&shop.state, &other, &other] {
        let state = state.clone();
        senders.spawn(async move { mailing::send_due(&state).await.expect("the database answers") });
    }
    let by_hand: usize = senders.join_all().await.into_iter().sum();
    everything_sent(&shop.state.db).await;
    assert!(by_hand > 0, "the loop of the first server was not alone");
    let letters = sink.letters();
    assert_eq!((letters.len(), arrivals(&letters).len()), (people.len(), people.len()), "each once");
    shop.close().await;
}

/// Queues mails beside a program that does not run.
async fn queue_beside(db: &Db, many: usize) {
    let now = boreal::server::clock::Clock::default().wall();
    for _ in 0..many {
        let id = new_id();
        let email = format!("{}@boreal-shop.dev", id.replace('-', ""));
        let queued: Result<bool, db::Error> = db
            .transaction(async |tx| {
                users::add(tx, &id, &email, "no password", now).await?;
                let letter = Letter::from(BillingLetter::TwoSubscriptions);
                mailing::queue(tx, &Mail { key: format!("two:{id}"), user: Some(&id), to: &email, letter }, now).await
            })
            .await;
        assert!(queued.expect("a row"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_while_it_sends_each_mail_arrives_and_the_same_one_at_most_once_more_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, sink) = (Database::new(folder.path()).await, Sink::open().await);
    let mut process = Running::start_with(&database, folder.path(), &sink.settings()).await;
    process.kill();
    let db = Db::open(&database.url).await.expect("a database");
    let (moods, many) = ([Mood::Takes, Mood::SilentAfter, Mood::Takes, Mood::SilentBefore], 40);
    queue_beside(&db, many).await;
    for mood in moods {
        let before = sink.letters().len();
        sink.set(mood);
        let mut process = Running::start_with(&database, folder.path(), &sink.settings()).await;
        let busy = async || match mood {
            Mood::SilentBefore => {
                (count(&db, "SELECT COUNT(*) FROM outgoing_mail WHERE state = 'sending'").await > 0).then_some(())
            }
            Mood::SilentAfter => (sink.letters().len() > before).then_some(()),
            _ => (sink.letters().len() >= before + 3).then_some(()),
        };
        wait_for("the moment to be killed", busy).await;
        process.kill();
        // A lease is two minutes; nobody wants to wait for that here.
        db.write("UPDATE outgoing_mail SET lease_until = 0, run_at = 0").execute().await.expect("rows");
    }
    sink.set(Mood::Takes);
    let mut process = Running::start_with(&database, folder.path(), &sink.settings()).await;
    everything_sent(&db).await;
    process.kill();
    let arrived = arrivals(&sink.letters());
    let again: usize = arrived.values().map(|times| times - 1).sum();
    assert_eq!(arrived.len(), many, "each mail arrived");
    assert!((1..=moods.len()).contains(&again), "{again} arrived once more, of {} kills", moods.len());
    db.close().await;
    database.remove().await;
}
