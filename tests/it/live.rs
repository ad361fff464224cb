//! Pages that follow what happens: streams of events, and single answers where streams fail.

use super::{
    polar::PAYS,
    shop::Shop,
    visitor::{Visitor, value},
};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_to_its_end_and_the_stream_ends_with_it() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let form = ann.form("pro", "month").await;
    let url = ann.press(&form, 303).await.location().to_owned();
    let address = format!("/orders/{}/events", value(&form, "order"));
    let mut events = ann.follow(&address).await;
    let first = events.next().await.expect("how far it is");
    assert!(first.contains("data-stage=\"open\""), "{first}");
    shop.polar.pay(&url, &ann.email, PAYS).await;
    let mut last = first;
    while let Some(next) = events.next().await {
        assert_ne!(next, last, "nothing is said twice");
        last = next;
    }
    assert!(last.contains("data-stage=\"granted\"") && last.contains("data-final"), "{last}");
    let bob = Visitor::register(&shop.origin, "bob").await;
    bob.get(&address, 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_access_reaches_an_open_page() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let mut events = ann.follow("/access/events").await;
    let before = events.next().await.expect("a revision");
    let page = ann.get("/account", 200).await.html;
    assert!(page.contains(&format!("data-rev=\"{before}\"")), "the page knows what it shows: {page}");
    let form = ann.form("pro", "month").await;
    let url = ann.press(&form, 303).await.location().to_owned();
    shop.polar.pay(&url, &ann.email, PAYS).await;
    let after = events.next().await.expect("another revision");
    assert_ne!(before, after);
    assert_eq!(ann.get("/access/revision", 200).await.html, after);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_for_the_signed_in_and_do_not_hold_up_a_stop() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    for path in ["/access/events", "/access/revision"] {
        let anonymous = shop.http.get(format!("{}{path}", shop.origin)).send().await.expect("an answer");
        assert_eq!(anonymous.status(), 404, "{path}");
    }
    let mut events = ann.follow("/access/events").await;
    events.next().await.expect("a revision");
    let began = Instant::now();
    shop.close().await;
    assert_eq!(events.next().await, None);
    assert!(began.elapsed() < Duration::from_secs(15), "the stream ended at once, not after its five minutes");
}
