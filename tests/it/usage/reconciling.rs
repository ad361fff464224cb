//! The nightly comparison of what Polar counted with what we sent: same, less, more, on its way, and of nobody we know.

use super::{
    super::{patience::wait_for, polar::Polar, shop::Shop},
    codes, everything_sent, ours,
};
use boreal::server::{
    db::{Reader, sync_runs},
    services::{syncing::Report, usage},
};
use serde_json::json;

async fn reconciled(shop: &Shop) -> Report {
    usage::reconcile(&shop.state).await.expect("Polar answers").expect("nobody else does")
}

/// A use that somebody else told Polar of.
async fn from_elsewhere(polar: &Polar, user: &str, amount: i64) {
    let event = json!({"name": "codes", "external_customer_id": user, "metadata": {"amount": amount}});
    let (status, answer) = polar.send("POST", "/v1/events/ingest", Some(json!({"events": [event]}))).await;
    assert_eq!(status, 200, "{answer}");
}

async fn counts(shop: &Shop) -> (i64, i64, i64) {
    let counts = reconciled(shop).await.counts();
    (counts.equal, counts.repaired, counts.unexplained)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_count_alike_is_equal_also_while_some_is_on_its_way() {
    let shop = Shop::open().await;
    assert_eq!(counts(&shop).await, (0, 0, 0), "nothing was used");
    let ann = shop.person("ann").await;
    usage::record(&shop.state, &ann.id, &codes(5, "first")).await.expect("durable");
    everything_sent(&shop.state.db).await;
    shop.polar.fail(500, "/v1/events/ingest").await;
    usage::record(&shop.state, &ann.id, &codes(7, "on its way")).await.expect("durable");
    assert_eq!(counts(&shop).await, (1, 0, 0));
    let states: Vec<(String, String)> =
        shop.state.db.read("SELECT key, state FROM usage_events ORDER BY id").all().await.expect("rows");
    let expected = [("first", "counted"), ("on its way", "recorded")];
    assert_eq!(states, expected.map(|(key, state)| (key.to_owned(), state.to_owned())));
    shop.polar.recover().await;
    let runs = sync_runs::newest(&shop.state.db, Some("usage"), 9).await.expect("rows");
    assert!(runs.iter().all(|run| run.error.is_none() && run.finished_at.is_some()), "{runs:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_lacks_is_sent_again_and_counts_once() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    for (who, amount) in [(&ann, 5), (&bob, 6)] {
        usage::record(&shop.state, &who.id, &codes(amount, "there")).await.expect("durable");
    }
    everything_sent(&shop.state.db).await;
    // Noted as sent, and never heard of at Polar: as after a restored backup on either side.
    shop.polar.fail(500, "/v1/events/ingest").await;
    usage::record(&shop.state, &ann.id, &codes(8, "lost")).await.expect("durable");
    let forget = "UPDATE usage_events SET state = 'sent', lease_token = NULL
                  WHERE key = 'lost' AND attempts > 0 AND lease_until = 0";
    let forgotten = async || (shop.state.db.write(forget).execute().await.expect("rows") == 1).then_some(());
    wait_for("a try in vain", forgotten).await;
    shop.polar.recover().await;

    let report = reconciled(&shop).await;
    assert_eq!(report.repairs.len(), 1, "{report:?}");
    assert_eq!(report.repairs[0].user.as_ref(), Some(&ann.id));
    assert!(report.repairs[0].words.contains("5 of 13"), "{report:?}");
    everything_sent(&shop.state.db).await;
    assert_eq!(counts(&shop).await, (1, 0, 0));
    assert_eq!(ours(&shop.state.db).await, 19);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_has_beyond_ours_is_told_by_person_or_as_nobodys() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    usage::record(&shop.state, &ann.id, &codes(5, "ours")).await.expect("durable");
    everything_sent(&shop.state.db).await;
    from_elsewhere(&shop.polar, "a stranger", 2).await;
    let report = reconciled(&shop).await;
    assert!(report.unexplained[0].words.contains("7 in all, we sent 5"), "{report:?}");
    from_elsewhere(&shop.polar, &ann.id, 3).await;
    let report = reconciled(&shop).await;
    assert_eq!((report.unexplained.len(), report.unexplained[0].user.as_ref()), (1, Some(&ann.id)), "{report:?}");
    assert!(report.unexplained[0].words.contains("counted 8, we sent 5"), "{report:?}");
    let sent: i64 = shop
        .state
        .db
        .read("SELECT COUNT(*) FROM usage_events WHERE state <> 'recorded'")
        .scalar()
        .await
        .expect("a count");
    assert_eq!(sent, 1, "nothing is sent again");
    shop.close().await;
}
