//! The program is killed again and again while somebody leaves, before and after each deed: in the end everything is over,
//! once.

use super::{
    engine::Database,
    killed_endings::{Mortal, buy},
    patience::{wait_for, wait_until},
    polar::Sent,
    shop::Shop,
    visitor::{PASSWORD, Visitor},
};
use boreal::server::db::{Db, Reader};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_and_after_each_deed_somebody_leaves_once() {
    let polar = Shop::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let db = Db::open(&database.url).await.expect("a database");
    let mortal = Mortal { database: &database, folder: folder.path(), polar: &polar, db };
    let mut process = mortal.start().await;
    let ann = Visitor::register(&process.origin(), "ann").await;
    let id = "SELECT id FROM users WHERE email = $1";
    let user: String = mortal.db.read(id).bind(&ann.email).scalar().await.expect("a user");
    let form = ann.form("pro", "month").await;
    let url = ann.press(&form, 303).await.location().to_owned();
    buy(&polar, &ann, &form, &url, &ann.email).await;
    polar.polar.idle().await;
    let subscriptions = polar.polar.list("/v1/subscriptions/").await;
    let subscription = subscriptions[0]["id"].as_str().expect("an id").to_owned();

    polar.polar.faults(json!({"delay_ms": 400})).await;
    ann.post("/account/delete", &[("sure", "yes"), ("password", PASSWORD)], 303).await;
    for is_done in [false, true] {
        mortal.kill_at(process, "cancel", &user, &subscription, is_done).await;
        process = mortal.start().await;
    }
    let customer = format!("/v1/customers/external/{user}");
    let deleted = async || (polar.polar.send("GET", &customer, None).await.0 == 404).then_some(());
    wait_for("the customer to be deleted", deleted).await;
    process.kill();
    mortal.release().await;
    process = mortal.start().await;
    polar.polar.faults(json!({"delay_ms": 0})).await;

    let standing = "SELECT state, waits_for FROM leavings";
    let gone = async || match mortal.db.read(standing).one::<(String, Option<String>)>().await.expect("a row") {
        (state, _) if state == "gone" => Ok(()),
        other => Err(other),
    };
    wait_until("the account to be gone", gone).await;
    polar.polar.idle().await;
    let sent = polar.polar.events().await;
    let revoked = |sent: &&Sent| sent.kind == "subscription.revoked" && sent.body.contains(&subscription);
    assert_eq!(sent.iter().filter(revoked).count(), 1, "one end");
    assert_eq!(sent.iter().filter(|sent| sent.kind == "customer.deleted").count(), 1);
    let receipts: i64 = (mortal.db)
        .read("SELECT COUNT(*) FROM outgoing_mail WHERE kind = 'account_deleted'")
        .scalar()
        .await
        .expect("a count");
    assert_eq!(receipts, 1);
    process.kill();
    mortal.db.close().await;
    database.remove().await;
    polar.halt().await.database.remove().await;
}
