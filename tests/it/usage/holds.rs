//! Work whose cost is known only afterwards: set aside, settled, released, run out.

use super::{super::shop::Shop, balance, codes, everything_sent, ours, wait_for_balance};
use boreal::server::{
    db::Reader,
    services::usage::{self, Held, Settled, Spent},
};
use tokio::task::JoinSet;

const MINUTE: i64 = 60_000;

async fn held(shop: &Shop, user: &str, amount: i64, key: &str) -> Held {
    usage::hold(&shop.state, user, &codes(amount, key), MINUTE).await.expect("the database answers")
}

fn id(held: Held) -> String {
    match held {
        Held::Yes(id) => id,
        other => panic!("not set aside: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_not_there_for_others_and_only_the_real_cost_is_counted() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let hold = id(held(&shop, &ann.id, 2, "work").await);
    assert_eq!(id(held(&shop, &ann.id, 2, "work").await), hold, "the same key is the same work");
    assert_eq!(balance(&shop, &ann).await.left(), 1);
    assert!(matches!(held(&shop, &ann.id, 2, "more").await, Held::NotEnough(left) if left.left() == 1));
    let (state, user) = (&shop.state, &ann.id);
    assert!(matches!(usage::spend(state, user, &codes(2, "spent")).await.expect("an answer"), Spent::NotEnough(_)));

    assert_eq!(usage::settle(state, &hold, 1).await.expect("durable"), Settled::Done);
    assert_eq!(usage::settle(state, &hold, 2).await.expect("durable"), Settled::Before, "the first time counts");
    assert!(!usage::release(state, &hold).await.expect("durable"));
    assert_eq!(balance(&shop, &ann).await.left(), 2);
    assert_eq!(usage::settle(state, "unheard of", 2).await.expect("an answer"), Settled::Gone);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_or_costs_nothing_is_back() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let hold = id(held(&shop, &ann.id, 3, "dropped").await);
    assert_eq!(balance(&shop, &ann).await.left(), 0);
    assert!(usage::release(&shop.state, &hold).await.expect("durable"));
    assert_eq!(usage::settle(&shop.state, &hold, 3).await.expect("an answer"), Settled::Gone);
    let hold = id(held(&shop, &ann.id, 3, "for nothing").await);
    assert_eq!(usage::settle(&shop.state, &hold, 0).await.expect("durable"), Settled::Done);
    assert_eq!(balance(&shop, &ann).await.left(), 3);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ran_out_holds_nothing_back_but_work_that_was_done_counts() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let hold = id(held(&shop, &ann.id, 3, "slow").await);
    shop.state.db.write("UPDATE usage_holds SET expires_at = 1").execute().await.expect("rows");
    assert_eq!(balance(&shop, &ann).await.left(), 3);
    let used = codes(2, "meanwhile");
    assert_eq!(usage::spend(&shop.state, &ann.id, &used).await.expect("an answer"), Spent::Done);
    assert_eq!(usage::settle(&shop.state, &hold, 2).await.expect("durable"), Settled::Done);
    let balance = balance(&shop, &ann).await;
    assert_eq!((balance.used, balance.left()), (4, 0), "never below nothing");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settled_by_many_at_once_it_is_counted_once_and_sent_once() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    wait_for_balance(&shop, &ann, 300).await;
    let hold = id(held(&shop, &ann.id, 100, "work").await);
    let mut presses = JoinSet::new();
    for press in 0..20 {
        let (state, hold) = (shop.state.clone(), hold.clone());
        presses.spawn(async move { usage::settle(&state, &hold, 40 + press).await.expect("durable") });
    }
    let done = presses.join_all().await.into_iter().filter(|settled| *settled == Settled::Done).count();
    assert_eq!(done, 1);
    let select = "SELECT amount FROM usage_events WHERE user_id = $1";
    let amounts: Vec<(i64,)> = shop.state.db.read(select).bind(&ann.id).all().await.expect("rows");
    assert_eq!(amounts.len(), 1, "{amounts:?}");
    everything_sent(&shop.state.db).await;
    assert_eq!(ours(&shop.state.db).await, amounts[0].0);
    assert_eq!(balance(&shop, &ann).await.left(), 300 - amounts[0].0);
    shop.close().await;
}
