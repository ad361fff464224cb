//! Mail about what is used: once a threshold and period however many spend at once, in every way of counting, and only what
//! really counts.

use super::{
    super::{
        mail::with_sink,
        shop::{Person, Shop},
    },
    balance, codes, everything_sent, wait_for_balance,
};
use boreal::{
    model::{instant::DAY, money::Money},
    server::{
        db::{self, Reader},
        services::{
            accounts::Asking,
            usage::{self, Held, Recorded, Settled, Spent},
        },
    },
};
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::JoinSet;

async fn subscriber(shop: &Shop) -> Person {
    let who = shop.person("ann").await;
    shop.buy(&who, "pro", "month").await;
    wait_for_balance(shop, &who, 300).await;
    who
}

async fn spend(shop: &Shop, who: &Person, amount: i64, key: &str) {
    let spent = usage::spend(&shop.state, &who.id, &codes(amount, key)).await.expect("the database answers");
    assert_eq!(spent, Spent::Done, "{key}");
}

async fn choose(shop: &Shop, who: &Person, percents: &[i64]) {
    let asking = Asking { user: &who.id, from: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    assert!(usage::choose_alerts(&shop.state, asking, "codes", percents).await.expect("the database answers"));
}

/// The percents that somebody was told, in the order in which they were.
async fn told(shop: &Shop, who: &Person) -> Vec<i64> {
    let select = "SELECT dedup_key FROM outgoing_mail WHERE user_id = $1 AND kind = 'usage_reached' ORDER BY id";
    let keys: Vec<(String,)> = shop.state.db.read(select).bind(&who.id).all().await.expect("rows");
    let percent = |(key,): &(String,)| key.rsplit(':').next().and_then(|last| last.parse().ok()).expect("a percent");
    keys.iter().map(percent).collect()
}

/// Many spend so much each at once; all of them may.
async fn spend_at_once(shop: &Shop, who: &Person, amount: i64, keys: std::ops::Range<i64>) {
    let mut presses = JoinSet::new();
    for key in keys {
        let (state, user) = (shop.state.clone(), who.id.clone());
        presses.spawn(async move {
            usage::spend(&state, &user, &codes(amount, &format!("press {key}"))).await.expect("the database answers")
        });
    }
    assert!(presses.join_all().await.into_iter().all(|spent| spent == Spent::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_threshold_is_told_once_though_many_cross_it_at_once_and_anew_in_the_next_period() {
    let (shop, sink) = with_sink().await;
    let ann = subscriber(&shop).await;
    spend(&shop, &ann, 230, "much").await;
    assert_eq!(told(&shop, &ann).await, Vec::<i64>::new());
    spend_at_once(&shop, &ann, 1, 0..20).await;
    assert_eq!(told(&shop, &ann).await, [80]);
    let letter = sink.letter(&ann.email, "You have used 80 percent of your QR codes").await.text();
    assert!(letter.contains("of 300 QR codes") && letter.contains(&format!("{}/usage", shop.origin)), "{letter}");
    spend_at_once(&shop, &ann, 5, 20..30).await;
    assert_eq!(told(&shop, &ann).await, [80, 100]);
    sink.letter(&ann.email, "You have used all your QR codes").await;

    shop.advance(32 * DAY).await;
    wait_for_balance(&shop, &ann, 300).await;
    spend(&shop, &ann, 300, "all at once").await;
    assert_eq!(told(&shop, &ann).await, [80, 100, 100], "who leaps over one is told of the higher alone");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_going_on_costs_is_told_with_how_much_of_it_is_allowed() {
    let (shop, sink) = with_sink().await;
    let ann = subscriber(&shop).await;
    spend(&shop, &ann, 240, "much").await;
    let letter = sink.letter(&ann.email, "You have used 80 percent of your QR codes").await.text();
    assert!(letter.contains("Nothing is charged beyond") && letter.contains("If you set a spending limit"), "{letter}");
    let asking = Asking { user: &ann.id, from: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let limit = Money::new(100, "usd");
    usage::choose_limit(&shop.state, asking, "codes", &limit).await.expect("the database answers");
    spend(&shop, &ann, 65, "all, and a little more").await;
    let letter = sink.letter(&ann.email, "You have used all your QR codes").await.text();
    for words in ["305 of 300", "each QR code more costs $0.04", "allows 20 more until", "on the next bill"] {
        assert!(letter.contains(words), "{words:?} is missing in {letter}");
    }
    assert!(!letter.contains("Nothing is charged"), "{letter}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_chosen_is_told() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop).await;
    choose(&shop, &ann, &[]).await;
    spend(&shop, &ann, 149, "nearly half").await;
    choose(&shop, &ann, &[50]).await;
    spend(&shop, &ann, 1, "half").await;
    assert_eq!(told(&shop, &ann).await, [50]);
    choose(&shop, &ann, &[]).await;
    spend(&shop, &ann, 150, "the rest").await;
    assert_eq!(told(&shop, &ann).await, [50]);
    let asking = Asking { user: &ann.id, from: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    assert!(!usage::choose_alerts(&shop.state, asking, "films", &[50]).await.expect("the database answers"));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_or_only_recorded_is_told_too() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop).await;
    let held = usage::hold(&shop.state, &ann.id, &codes(250, "work"), 60_000).await.expect("the database answers");
    let Held::Yes(hold) = held else { panic!("not set aside: {held:?}") };
    assert_eq!(told(&shop, &ann).await, Vec::<i64>::new(), "nothing is used yet");
    assert_eq!(usage::settle(&shop.state, &hold, 240).await.expect("durable"), Settled::Done);
    assert_eq!(told(&shop, &ann).await, [80]);

    assert_eq!(usage::record(&shop.state, &ann.id, &codes(61, "beside")).await.expect("durable"), Recorded::New);
    everything_sent(&shop.state.db).await;
    assert_eq!(told(&shop, &ann).await, [80, 100]);
    assert_eq!(balance(&shop, &ann).await.used, 301);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_is_not_told() {
    let shop = Shop::open().await;
    let ann = subscriber(&shop).await;
    let (state, used) = (&shop.state, codes(300, "torn"));
    let failed: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            assert_eq!(usage::spend_in(tx, state, &ann.id, &used).await?, Spent::Done);
            Err(db::Error::RowNotFound)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(told(&shop, &ann).await, Vec::<i64>::new());
    spend(&shop, &ann, 300, "torn").await;
    assert_eq!(told(&shop, &ann).await, [100]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_everybody_has_a_day_but_of_what_is_bought_once_by_the_month() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    choose(&shop, &ann, &[50, 100]).await;
    spend(&shop, &ann, 3, "all of today").await;
    assert_eq!(told(&shop, &ann).await, Vec::<i64>::new());
    shop.buy(&bob, "lifetime", "once").await;
    wait_for_balance(&shop, &bob, 100).await;
    spend(&shop, &bob, 80, "of this month").await;
    assert_eq!(told(&shop, &bob).await, [80]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_told_nothing_more_and_what_their_uses_were_about_is_forgotten() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    let mut used = codes(1, "about them");
    used.properties = serde_json::json!({"text": "the name of Ann"});
    assert_eq!(usage::spend(&shop.state, &ann.who.id, &used).await.expect("an answer"), Spent::Done);
    used.key = "held".to_owned();
    let held = usage::hold(&shop.state, &ann.who.id, &used, 60_000).await.expect("an answer");
    assert!(matches!(held, Held::Yes(_)));
    choose(&shop, &ann.who, &[50]).await;
    ann.leave().await;
    shop.wait_until_gone(&ann.who).await;
    for left in [
        "SELECT COUNT(*) FROM usage_events WHERE properties <> '{}'",
        "SELECT COUNT(*) FROM usage_holds WHERE properties <> '{}'",
        "SELECT COUNT(*) FROM usage_alerts",
    ] {
        let count: i64 = shop.state.db.read(left).scalar().await.expect("a count");
        assert_eq!(count, 0, "{left}");
    }
    let kept: i64 = shop.state.db.read("SELECT COUNT(*) FROM usage_events").scalar().await.expect("a count");
    assert_eq!(kept, 1, "that there were so many stays");
    shop.close().await;
}
