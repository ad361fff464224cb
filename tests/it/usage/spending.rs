//! Limits: what everybody has a day, what was bought for a period, and what is answered while a payment is on its way.

use super::{
    super::{
        patience::wait_for,
        shop::{Person, Shop},
    },
    balance, codes, everything_sent, ours, wait_for_balance,
};
use boreal::{
    model::{
        instant::{DAY, HOUR},
        usage::{Bill, Per},
    },
    server::{
        db::Reader,
        services::usage::{self, Spent},
    },
};
use serde_json::json;
use tokio::task::JoinSet;

const PAYS_ONCE: &str = "4000 0000 0000 0341";

async fn spend(shop: &Shop, who: &Person, amount: i64, key: &str) -> Spent {
    usage::spend(&shop.state, &who.id, &codes(amount, key)).await.expect("the database answers")
}

async fn buy_pro(shop: &Shop, name: &str) -> Person {
    let who = shop.person(name).await;
    shop.buy(&who, "pro", "month").await;
    wait_for_balance(shop, &who, 300).await;
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_so_many_a_day_and_they_never_reach_polar() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    for number in 0..3 {
        assert_eq!(spend(&shop, &ann, 1, &format!("use {number}")).await, Spent::Done);
    }
    assert_eq!(spend(&shop, &ann, 1, "use 1").await, Spent::Done, "the same use again");
    let Spent::NotEnough(none) = spend(&shop, &ann, 1, "one too many").await else { panic!("used all the same") };
    assert_eq!((none.left(), none.used, none.most, none.per), (0, 3, 3, Per::Day));
    shop.advance(DAY).await;
    wait_for_balance(&shop, &ann, 3).await;
    assert_eq!(spend(&shop, &ann, 4, "too large").await, Spent::NotEnough(balance(&shop, &ann).await));
    assert_eq!(spend(&shop, &ann, 1, "the next day").await, Spent::Done);
    everything_sent(&shop.state.db).await;
    assert_eq!(ours(&shop.state.db).await, 0);
    assert!(shop.polar.list("/v1/events/?source=user").await.is_empty());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_spend_the_last_at_once_one_does() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    assert_eq!(spend(&shop, &ann, 2, "before").await, Spent::Done);
    let mut presses = JoinSet::new();
    for press in 0..24 {
        let (state, user) = (shop.state.clone(), ann.id.clone());
        presses.spawn(async move {
            usage::spend(&state, &user, &codes(1, &format!("press {press}"))).await.expect("the database answers")
        });
    }
    let done = presses.join_all().await.into_iter().filter(|spent| *spent == Spent::Done).count();
    assert_eq!(done, 1);
    let sum = "SELECT CAST(SUM(amount) AS BIGINT) FROM usage_events";
    let used: i64 = shop.state.db.read(sum).scalar().await.expect("a sum");
    assert_eq!(used, 3);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_is_there_for_its_period_and_begins_anew_with_the_next_bill() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    assert_eq!(spend(&shop, &ann, 3, "free").await, Spent::Done);
    shop.buy(&ann, "pro", "month").await;
    wait_for_balance(&shop, &ann, 300).await;
    assert_eq!(spend(&shop, &ann, 299, "much").await, Spent::Done);
    let nearly = balance(&shop, &ann).await;
    assert_eq!((nearly.left(), nearly.per, nearly.bill), (1, Per::Period, Bill::Paid));
    assert!(matches!(spend(&shop, &ann, 2, "too much").await, Spent::NotEnough(_)));
    assert_eq!(spend(&shop, &ann, 1, "the last").await, Spent::Done);
    assert!(matches!(spend(&shop, &ann, 1, "none left").await, Spent::NotEnough(_)));
    everything_sent(&shop.state.db).await;
    assert_eq!(ours(&shop.state.db).await, 300, "what was free is not told to Polar");
    shop.advance(32 * DAY).await;
    wait_for_balance(&shop, &ann, 300).await;
    assert_eq!(spend(&shop, &ann, 1, "in the next month").await, Spent::Done);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_gives_twelve_months_at_once_and_a_higher_plan_gives_more_in_the_same_period() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "year").await;
    wait_for_balance(&shop, &ann, 3600).await;
    shop.buy(&bob, "lifetime", "once").await;
    wait_for_balance(&shop, &bob, 100).await;
    assert_eq!(balance(&shop, &bob).await.per, Per::Month);
    assert_eq!(spend(&shop, &bob, 100, "all").await, Spent::Done);
    shop.advance(31 * DAY).await;
    wait_for_balance(&shop, &bob, 100).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_renewal_is_being_paid_it_is_no_no_and_when_it_failed_it_is_one() {
    let shop = Shop::open().await;
    let ann = buy_pro(&shop, "ann").await;
    assert_eq!(spend(&shop, &ann, 3, "this month").await, Spent::Done);
    // Nothing is heard of the renewal: neither webhooks nor reads.
    shop.polar.faults(json!({"sender": false, "answer": 500, "answer_to": "GET /v1/"})).await;
    shop.polar.advance(31 * DAY + HOUR).await;
    shop.state.clock.set_offset(31 * DAY + HOUR);
    let unknown = async || matches!(spend(&shop, &ann, 4, "between").await, Spent::Unknown(_)).then_some(());
    wait_for("an answer that is no no", unknown).await;
    assert_eq!(spend(&shop, &ann, 1, "as everybody").await, Spent::Done, "what everybody has is certain");
    shop.polar.faults(json!({"sender": true, "answer": null, "answer_to": null})).await;
    wait_for_balance(&shop, &ann, 300).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_whose_bill_failed_gives_nothing_until_it_is_settled() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let paid = shop.polar.pay(&open.url, &ann.email, PAYS_ONCE).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    wait_for_balance(&shop, &ann, 300).await;
    shop.advance(31 * DAY + HOUR).await;
    let failed = async || (balance(&shop, &ann).await.bill == Bill::Unpaid).then_some(());
    wait_for("the renewal to fail", failed).await;
    assert!(shop.may(&ann, "studio").await, "the plan's grace goes on");
    let answer = spend(&shop, &ann, 4, "unpaid").await;
    assert!(matches!(&answer, Spent::NotEnough(left) if left.most == 3), "{answer:?}");
    shop.close().await;
}
