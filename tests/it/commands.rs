//! The command line beside a running server: it syncs, says what it found, and mends what can be mended.

use super::{
    patience::wait_for,
    program::{self, said},
    shop::Shop,
};
use boreal::server::db::{Reader, sync_runs};
use secrecy::ExposeSecret;
use serde_json::json;
use std::process::Output;

/// Runs the program against the shop's database and Polar.
pub async fn boreal(shop: &Shop, arguments: &[&str]) -> Output {
    let secret = shop.state.webhook_secrets[0].expose_secret();
    program::boreal(&shop.origin, &shop.state.config.database_url, &shop.polar, secret, arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_by_hand_says_what_it_repaired() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.deaf().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    shop.polar.idle().await;
    let line = format!("subscription {id}: active → canceled (user {})", ann.id);

    let dry = said(&boreal(&shop, &["sync", "--dry-run", "--user", &ann.email]).await);
    assert!(dry.contains("would be repaired") && dry.contains(&line), "{dry}");
    assert!(shop.may(&ann, "studio").await, "it only said so");
    let real = said(&boreal(&shop, &["sync"]).await);
    assert!(real.contains(" 0 unexplained") && real.contains(&line), "{real}");
    assert!(!shop.may(&ann, "studio").await);
    let again = said(&boreal(&shop, &["sync", "--kind", "changed"]).await);
    assert!(again.contains(" 0 repaired, 0 unexplained"), "{again}");
    let kinds = sync_runs::newest(&shop.state.db, None, 10).await.expect("rows");
    let kinds: Vec<&str> = kinds.iter().map(|run| run.kind.as_str()).filter(|kind| *kind != "webhooks").collect();
    assert_eq!(kinds, ["changed", "all", "user"]);

    let nobody = boreal(&shop, &["sync", "--user", "nobody@boreal-shop.dev"]).await;
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("Nobody here"), "{nobody:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_mends_the_endpoint_when_it_is_asked_to() {
    let shop = Shop::open().await;
    let endpoint = shop.polar.list("/v1/webhooks/endpoints").await.remove(0);
    let path = format!("/v1/webhooks/endpoints/{}", endpoint["id"].as_str().expect("an id"));
    shop.at_polar("PATCH", &path, Some(json!({"enabled": false}))).await;
    let found = boreal(&shop, &["check"]).await;
    let sentence = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(!found.status.success() && sentence.contains("boreal check --fix"), "{found:?}");
    assert_eq!(shop.polar.get(&path).await["enabled"], false, "a check alone changes nothing");

    let fixed = said(&boreal(&shop, &["check", "--fix"]).await);
    assert!(fixed.contains("is on") && fixed.contains("in order"), "{fixed}");
    assert_eq!(shop.polar.get(&path).await["enabled"], true);
    let swept = "SELECT COUNT(*) FROM sync_runs WHERE kind = 'all' AND finished_at IS NOT NULL";
    let look = async || (shop.state.db.read(swept).scalar::<i64>().await.expect("a count") > 0).then_some(());
    wait_for("the server to look up what was missed", look).await;
    shop.close().await;
}
