//! Ten thousand uses, recorded on one server and sent by another that is killed again and again, while Polar asks for fewer
//! requests, fails before and after the deed, and cuts connections. At the end Polar has counted exactly what we have.

use super::{
    super::{
        engine::Database,
        killed_endings::Mortal,
        patience::wait_for,
        process::Running,
        shop::{Shop, build, config},
    },
    codes, counted, meter, ours,
};
use boreal::server::{
    db::{Db, Reader, users},
    services::{new_id, usage},
    state::State,
};
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::Path;
use tokio::task::JoinSet;

const USES: i64 = 10_000;
const PEOPLE: usize = 20;
const KILLS: i64 = 6;

/// A server on the same database that records, and does nothing by itself.
async fn recorder(mortal: &Mortal<'_>) -> State {
    let secret = mortal.polar.state.webhook_secrets[0].expose_secret();
    let polar = ["--polar-token", &mortal.polar.polar.token, "--polar-webhook-secrets", secret];
    let more = [&polar[..], &["--polar-api-base", &mortal.polar.polar.origin]].concat();
    let unused = mortal.folder.join("unused.json");
    build(config(&mortal.database.url, &unused, &more)).await.expect("it starts").state()
}

async fn people(state: &State) -> Vec<String> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let (id, now) = (new_id(), state.clock.wall());
        let email = format!("p{number}@boreal-shop.dev");
        let added = state.db.transaction(async |tx| users::add(tx, &id, &email, "no password", now).await).await;
        added.expect("a row");
        people.push(id);
    }
    people
}

/// Eight at once record their shares; every tenth use is recorded twice.
fn record_all(state: &State, people: &[String]) -> JoinSet<()> {
    let mut recorders = JoinSet::new();
    for first in 0..8 {
        let (state, people) = (state.clone(), people.to_vec());
        recorders.spawn(async move {
            for number in (first..USES).step_by(8) {
                let user = &people[usize::try_from(number).expect("small") % PEOPLE];
                let used = codes(1 + number % 4, &format!("use {number}"));
                for _ in 0..=i64::from(number % 10 == 0) {
                    usage::record(&state, user, &used).await.expect("durable");
                }
            }
        });
    }
    recorders
}

async fn count(db: &Db, select: &'static str) -> i64 {
    db.read(select).scalar().await.expect("a count")
}

/// Starts the sender, lets it send a part, and kills it in the middle of the next.
async fn send_until_killed(mortal: &Mortal<'_>, round: i64) {
    let storm = json!({"answer": "any", "answer_to": "ingest", "answer_percent": 35, "retry_after": 1, "seed": round});
    mortal.polar.polar.faults(storm).await;
    let mut sender: Running = mortal.start().await;
    let sent = "SELECT COUNT(*) FROM usage_events WHERE state = 'sent'";
    let before = count(&mortal.db, sent).await;
    let part = async || (count(&mortal.db, sent).await >= before + 300).then_some(());
    wait_for("a part to be sent", part).await;
    let on_its_way = "SELECT COUNT(*) FROM usage_events WHERE state = 'recorded' AND lease_until > 0";
    let busy = async || (count(&mortal.db, on_its_way).await > 0).then_some(());
    wait_for("a batch on its way", busy).await;
    sender.kill();
    // Leases and pauses last a minute; nobody wants to wait for that here.
    mortal.db.write("UPDATE usage_events SET lease_until = 0, run_at = 0").execute().await.expect("rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_uses_polar_counts_each_once_through_storms_and_kills() {
    let (folder, polar) = (tempfile::tempdir().expect("a folder"), Shop::open().await);
    let database = Database::new(folder.path()).await;
    let path: &Path = folder.path();
    let db = Db::open(&database.url).await.expect("a database");
    let mortal = Mortal { database: &database, folder: path, polar: &polar, db };
    let meter = meter(&polar.polar).await;
    let state = recorder(&mortal).await;
    let people = people(&state).await;
    let recorders = record_all(&state, &people);
    for round in 0..KILLS {
        send_until_killed(&mortal, round).await;
    }
    recorders.join_all().await;
    polar.polar.faults(json!({"answer": null, "answer_percent": 100})).await;
    let mut sender = mortal.start().await;
    super::everything_sent(&mortal.db).await;
    sender.kill();
    let expected: i64 = (0..USES).map(|number| 1 + number % 4).sum();
    assert_eq!(count(&mortal.db, "SELECT COUNT(*) FROM usage_events WHERE state = 'sent'").await, USES);
    assert_eq!(ours(&mortal.db).await, expected);
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    let expected = expected as f64;
    assert!((counted(&polar.polar, &meter).await - expected).abs() < 1e-9, "Polar counts what we count");
    let again = polar.polar.get("/v1/events/?source=user&limit=1").await;
    assert_eq!(again["pagination"]["total_count"], USES);
    state.db.close().await;
    mortal.db.close().await;
    database.remove().await;
    polar.close().await;
}
