//! Another organization behind the token, and clocks that are wrong.

use crate::{
    commands::boreal,
    program::said,
    replica::Replica,
    shop::{Shop, build, config},
};
use boreal::server::{db::Reader, services::checking, startup::Error, state::State};
use serde_json::json;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt;

#[tokio::test(flavor = "multi_thread")]
async fn database_bound_to_another_organization() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    let place = shop.halt().await;

    let stranger = config(&place.database.url, &place.folder.path().join("another.json"), &[]);
    let Err(Error::Mistakes(sentences)) = build(stranger).await else { panic!("it starts with another organization") };
    assert_eq!(sentences.len(), 1);
    let sentence = &sentences[0];
    assert!(sentence.contains("This database belongs to the organization Boreal sandbox"), "{sentence}");
    assert!(sentence.contains("BOREAL_DATABASE_URL") && !sentence.contains('\n'), "{sentence}");

    let shop = Shop::open_at(place).await;
    assert!(shop.may(&ann, "studio").await, "with its own Polar everything is as it was");
    shop.close().await;
}

/// The answer to a webhook whose timestamp is so many seconds from the clock, in the very second of its signing.
async fn answer(shop: &Shop, id: &str, seconds: i64) -> u16 {
    let body = json!({"type": "moon.risen", "data": {}}).to_string();
    loop {
        let now = shop.state.clock.wall() / 1000;
        let status =
            shop.post_webhook(&shop.signed(id, now + seconds, body.as_bytes()), body.clone().into_bytes()).await;
        if shop.state.clock.wall() / 1000 == now {
            return status;
        }
        let forget = "DELETE FROM inbox WHERE webhook_id = $1";
        shop.state.db.write(forget).bind(id).execute().await.expect("rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_skew_at_both_edges_of_a_webhook() {
    let shop = Shop::open().await;
    for (seconds, status) in [(-300, 202), (300, 202), (-301, 403), (301, 403)] {
        let id = format!("skew{seconds}");
        assert_eq!(answer(&shop, &id, seconds).await, status, "{seconds} seconds from the clock");
        let select = "SELECT COUNT(*) FROM inbox WHERE webhook_id = $1";
        let stored: i64 = shop.state.db.read(select).bind(&id).scalar().await.expect("a count");
        assert_eq!(stored, i64::from(status == 202), "{seconds} seconds from the clock");
    }
    shop.close().await;
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn count(&self, words: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics here")).matches(words).count()
    }
}

/// What `boreal check` says of the clock, once the client has heard Polar's as well.
async fn complaint(state: &State) -> Option<String> {
    state.polar.organization().await.expect("Polar answers");
    let findings = checking::findings(state).await.expect("the database answers");
    findings.into_iter().find(|sentence| sentence.contains("clock"))
}

// On one thread, so that everything that is logged goes to the log of this test.
#[tokio::test]
async fn clock_skew_at_both_edges_of_billing_time() {
    let log = Log::default();
    let writer = log.clone();
    let _kept = tracing::subscriber::set_default(fmt().with_ansi(false).with_writer(move || writer.clone()).finish());
    let shop = Shop::open().await;
    let replica = Replica::beside(&shop, &[], &[]).await;
    let state = &replica.state;
    let (wrong, right) = ("more than a minute off Polar's", "right again");
    // Polar tells whole seconds, and its answer is under way for a moment: so near to the edge as is certain.
    for (round, (ahead, behind)) in [(58_000, 61_000), (-60_000, -63_000)].into_iter().enumerate() {
        state.clock.set_offset(ahead);
        assert_eq!(complaint(state).await, None, "{ahead} ms");
        assert_eq!((log.count(wrong), log.count(right)), (round, round), "{ahead} ms");
        state.clock.set_offset(behind);
        let sentence = complaint(state).await.expect("a sentence");
        assert!(sentence.contains(if behind > 0 { "seconds ahead of" } else { "seconds behind" }), "{sentence}");
        complaint(state).await.expect("it is as wrong as before");
        assert_eq!((log.count(wrong), log.count(right)), (round + 1, round), "the operator is warned once");
        state.clock.set_offset(0);
        assert_eq!(complaint(state).await, None);
        assert_eq!((log.count(wrong), log.count(right)), (round + 1, round + 1));
    }
    replica.close().await;

    said(&boreal(&shop, &["check"]).await);
    shop.advance(120_000).await;
    let failed = boreal(&shop, &["check"]).await;
    let why = String::from_utf8_lossy(&failed.stderr);
    assert!(!failed.status.success() && why.contains("seconds behind Polar's"), "{why}");
    shop.close().await;
}
