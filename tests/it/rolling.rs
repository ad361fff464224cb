//! A rolling deployment: two servers with different plans on one database. Whatever the older one folds, the newest plans
//! win; and a roll-back is one more change of plans.

use super::{
    patience::wait_for,
    shop::{Person, Shop, build, config},
};
use boreal::server::{
    db::Reader,
    services::{access, access::Access, applying},
    startup::Server,
    state::State,
};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::oneshot;

/// The plans of the house, but Pro shares libraries too.
fn newer_plans() -> String {
    let plans = std::fs::read_to_string("plans.toml").expect("the plans of the house");
    let pro = "projects = 50\nstudio = true\n";
    let newer = plans.replacen(pro, &format!("{pro}sharing = true\n"), 1);
    assert_ne!(newer, plans, "Pro is as this test knows it");
    newer
}

/// A second server on the database of `shop`, with newer plans and the same Polar.
async fn newer(shop: &Shop) -> Server {
    let file = shop.place.folder.path().join("newer.toml");
    std::fs::write(&file, newer_plans()).expect("it is written");
    let (plans, secret) = (file.display().to_string(), shop.state.webhook_secrets[0].expose_secret());
    let polar = ["--polar-token", &shop.polar.token, "--polar-webhook-secrets", secret];
    let more = [&polar[..], &["--polar-api-base", &shop.polar.origin, "--plans", &plans]].concat();
    build(config(&shop.place.database.url, &shop.place.folder.path().join("unused.json"), &more))
        .await
        .expect("it starts")
}

async fn shares(state: &State, who: &Person) -> bool {
    matches!(access::feature(state, &who.id, "sharing").await, Access::Granted { .. })
}

/// Folds all who are due, until nobody is; how many.
async fn fold(state: &State) -> usize {
    let mut count = 0;
    loop {
        match applying::refold_due(state).await.expect("the database answers") {
            0 => return count,
            more => count += more,
        }
    }
}

/// Cancels or keeps the one subscription, and waits until the shop has heard of it.
async fn cancel(shop: &Shop, cancel: bool) {
    let id = shop.polar.list("/v1/subscriptions/").await[0]["id"].as_str().expect("an id").to_owned();
    let body = json!({"cancel_at_period_end": cancel});
    assert_eq!(shop.polar.send("PATCH", &format!("/v1/subscriptions/{id}"), Some(body)).await.0, 200);
    shop.polar.idle().await;
    shop.worked_off().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_older_server_folds_the_newer_one_folds_again() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let old = shop.state.clone();
    assert!(!shares(&old, &ann).await, "Pro does not share yet");

    // It does not run by itself: what it does, and when, is said here.
    let new = newer(&shop).await.state();
    assert!(!shares(&new, &ann).await, "nothing is folded by being started");
    assert_eq!(fold(&new).await, 1);
    assert!(shares(&new, &ann).await && shares(&old, &ann).await, "both read the same tables");
    let because = "SELECT cause_kind FROM ledger WHERE user_id = $1 ORDER BY seq DESC LIMIT 1";
    let because: String = new.db.read(because).bind(&ann.id).scalar().await.expect("a line");
    assert_eq!(because, "plans", "no instant that came, but other plans");

    cancel(&shop, true).await;
    assert!(!shares(&old, &ann).await, "the older server heard of it and folded by what it knows");
    assert_eq!(fold(&old).await, 0, "but it leaves alone whoever is due by time");
    assert_eq!(fold(&new).await, 1, "and hands over whomever it folded");
    assert!(shares(&new, &ann).await && shop.may(&ann, "studio").await);
    let revisions: Vec<(Option<String>,)> = (new.db)
        .read("SELECT after FROM ledger WHERE user_id = $1 AND feature = 'sharing' ORDER BY seq")
        .bind(&ann.id)
        .all()
        .await
        .expect("rows");
    assert_eq!(
        revisions.iter().map(|row| row.0.is_some()).collect::<Vec<_>>(),
        [true, false, true],
        "nothing is hidden"
    );
    new.db.close().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_both_running_the_newest_plans_win_and_a_roll_back_is_a_change_like_any() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    let server = newer(&shop).await;
    let new = server.state();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.run(async { drop(stopped.await) }));
    let sharing = async || shares(&new, &ann).await.then_some(());
    wait_for("the newer plans", sharing).await;
    for round in 0..4 {
        cancel(&shop, round % 2 == 0).await;
        wait_for("the newer plans, whoever applied it", sharing).await;
    }
    shop.buy(&bob, "pro", "year").await;
    wait_for("the newer plans for a new buyer", async || shares(&new, &bob).await.then_some(())).await;
    stop.send(()).expect("it runs");
    served.await.expect("no panic").expect("no failure of the socket");

    let shop = Shop::open_at(shop.halt().await).await;
    let back = async || (!shop.may(&ann, "sharing").await && !shop.may(&bob, "sharing").await).then_some(());
    wait_for("the older plans after the roll-back", back).await;
    assert!(shop.may(&ann, "studio").await && shop.may(&bob, "studio").await, "what both give never went");
    let taken: i64 = (shop.state.db)
        .read("SELECT COUNT(*) FROM ledger WHERE feature = 'studio' AND after IS NULL")
        .scalar()
        .await
        .expect("a count");
    assert_eq!(taken, 0);
    shop.close().await;
}
