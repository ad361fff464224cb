//! Writing uses down: once by their key, in the caller's transaction or on their own, and together where many come at once.

use super::{super::shop::Shop, codes, everything_sent, ours};
use boreal::{
    model::usage::Use,
    server::{
        db::{self, Reader},
        services::{
            Error,
            usage::{self, Recorded},
        },
    },
};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_counts_once_however_often_and_at_once_it_comes() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    let mut presses = JoinSet::new();
    for press in 0..64 {
        let (state, user) = (shop.state.clone(), ann.id.clone());
        // What comes again may even say something else: the first one stays.
        presses
            .spawn(async move { usage::record(&state, &user, &codes(2 + press % 2, "one")).await.expect("durable") });
    }
    let answers = presses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == Recorded::New).count(), 1);
    assert_eq!(usage::record(&shop.state, &bob.id, &codes(5, "one")).await.expect("durable"), Recorded::New);
    let rows: Vec<(i64,)> = shop
        .state
        .db
        .read("SELECT amount FROM usage_events WHERE user_id = $1")
        .bind(&ann.id)
        .all()
        .await
        .expect("rows");
    assert!(matches!(rows[..], [(2 | 3,)]), "{rows:?}");
    everything_sent(&shop.state.db).await;
    assert_eq!(ours(&shop.state.db).await, rows[0].0 + 5);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_was_never_used() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let (state, used) = (&shop.state, codes(1, "torn"));
    let failed: Result<(), db::Error> = state
        .db
        .transaction(async |tx| {
            assert_eq!(usage::record_in(tx, state, &ann.id, &used).await?, Recorded::New);
            assert_eq!(usage::record_in(tx, state, &ann.id, &used).await?, Recorded::Again);
            Err(db::Error::RowNotFound)
        })
        .await;
    assert!(failed.is_err());
    let kept: i64 = state.db.read("SELECT COUNT(*) FROM usage_events").scalar().await.expect("a count");
    assert_eq!(kept, 0);
    assert_eq!(usage::record(state, &ann.id, &used).await.expect("durable"), Recorded::New);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_written_down_fails_alone() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let mut all: JoinSet<(usize, Result<Recorded, Error>)> = JoinSet::new();
    for number in 0..40 {
        let (state, user) = (shop.state.clone(), ann.id.clone());
        all.spawn(async move {
            let key = format!("use {number}");
            let answer = match number % 10 {
                3 => usage::record(&state, "nobody", &codes(1, &key)).await,
                7 => usage::record(&state, &user, &codes(0, &key)).await,
                _ => usage::record(&state, &user, &codes(1, &key)).await,
            };
            (number, answer)
        });
    }
    for (number, answer) in all.join_all().await {
        let is_wrong = matches!(number % 10, 3 | 7);
        assert_eq!(answer.is_err(), is_wrong, "{number}: {answer:?}");
    }
    everything_sent(&shop.state.db).await;
    assert_eq!(ours(&shop.state.db).await, 32);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_use_was_about_reaches_polar() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let used = Use { properties: serde_json::json!({"size": "large", "amount": 99}), ..codes(4, "rich") };
    usage::record(&shop.state, &ann.id, &used).await.expect("durable");
    everything_sent(&shop.state.db).await;
    let events = shop.polar.list("/v1/events/?source=user").await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["metadata"], serde_json::json!({"size": "large", "amount": 4}), "the amount is ours to say");
    assert_eq!(events[0]["external_customer_id"], ann.id.as_str());
    shop.close().await;
}
