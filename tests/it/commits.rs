//! Committing an order: one checkout however often, whatever the others do, and never one that should not be.

use super::{
    patience::wait_for,
    polar::DECLINED,
    shop::{Person, Shop},
};
use boreal::server::services::{
    buying::{self, Committed, Obstacle},
    new_id,
};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_presses_make_one_checkout() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let proposal = shop.propose(&ann, "pro", "month").await;
    let mut presses = JoinSet::new();
    for _ in 0..20 {
        let (state, buyer, wish) = (shop.state.clone(), Shop::buyer(&ann), Shop::wish(&proposal));
        presses.spawn(async move { buying::commit(&state, &buyer, &wish).await.expect("the database answers") });
    }
    let answers = presses.join_all().await;
    let checkouts = shop.polar.checkouts().await;
    assert_eq!(checkouts.len(), 1);
    let url = checkouts[0]["url"].as_str().expect("a URL");
    assert!(answers.iter().all(|answer| *answer == Committed::Checkout(url.to_owned())), "{answers:?}");

    let paid = super::shop::Open { order: proposal.order_id.clone(), url: url.to_owned() };
    shop.pay(&paid, &ann.email).await;
    shop.wait_for_state(&paid.order, "done").await;
    assert_eq!(shop.commit(&ann, &proposal).await, Committed::Confirmation(proposal.order_id.clone()));
    assert_eq!(shop.polar.checkouts().await.len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_recurring_orders_at_once_one_stays_open() {
    let shop = Shop::open().await;
    for _ in 0..5 {
        let ann = shop.person("ann").await;
        let (pro, team) = (shop.propose(&ann, "pro", "month").await, shop.propose(&ann, "team", "month").await);
        let answers: [Committed; 2] = tokio::join!(shop.commit(&ann, &pro), shop.commit(&ann, &team)).into();
        let mut states = shop.order_states(&ann).await;
        states.sort();
        assert_eq!(states, ["checkout_open", "superseded"]);
        let open = match shop.order(&pro.order_id).await.state.as_str() {
            "checkout_open" => &pro.order_id,
            _ => &team.order_id,
        };
        let url = shop.order(open).await.checkout_url.expect("an open order has an address");
        assert!(answers.contains(&Committed::Checkout(url)), "{answers:?}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_takes_the_place_of_the_first() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let first = shop.propose(&ann, "pro", "month").await;
    assert!(matches!(shop.commit(&ann, &first).await, Committed::Checkout(_)));
    let second = shop.checkout(&ann, "pro", "year").await;
    assert_eq!(shop.order_states(&ann).await, ["superseded", "checkout_open"]);
    assert_eq!(shop.order(&first.order_id).await.checkout_url, None, "its address is shown no more");
    assert_eq!(shop.commit(&ann, &first).await, Committed::NewQuote);
    let once = shop.checkout(&ann, "lifetime", "once").await;
    assert_eq!(shop.order(&second.order).await.state, "checkout_open", "a one-time order is beside a recurring one");
    assert_eq!(shop.order(&once.order).await.state, "checkout_open");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superseded_order_that_was_paid_all_the_same_is_honoured() {
    let shop = Shop::open().await;
    shop.polar.faults(json!({"sender": false})).await;
    let ann = shop.person("ann").await;
    let first = shop.checkout(&ann, "pro", "month").await;
    let second = shop.checkout(&ann, "team", "month").await;
    let third = shop.propose(&ann, "pro", "year").await;
    shop.pay(&first, &ann.email).await;
    assert_eq!(shop.order(&first.order).await.state, "superseded");

    // The webhooks are still to come: only the reads of the commit can know.
    let answer = shop.commit(&ann, &third).await;
    assert!([Committed::ChangePlan, Committed::Confirmation(first.order.clone())].contains(&answer), "{answer:?}");
    assert_eq!(shop.polar.checkouts().await.len(), 2, "no third checkout");

    shop.polar.faults(json!({"sender": true})).await;
    shop.wait_for_state(&first.order, "done").await;
    assert!(shop.may(&ann, "studio").await);
    let fourth = shop.propose(&ann, "pro", "year").await;
    assert_eq!(fourth.obstacle, Some(Obstacle::ChangePlan));
    assert_eq!(shop.commit(&ann, &fourth).await, Committed::ChangePlan);
    assert_eq!(shop.polar.checkouts().await.len(), 2);
    assert!(!["done", "paid"].contains(&shop.order(&second.order).await.state.as_str()));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_payment_under_way_blocks_a_second_one() {
    let shop = Shop::open().await;
    shop.polar.faults(json!({"sender": false})).await;
    let ann = shop.person("ann").await;
    let first = shop.checkout(&ann, "lifetime", "once").await;
    let second = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&first, &ann.email).await;
    let third = shop.propose(&ann, "pro", "year").await;
    assert_eq!(shop.commit(&ann, &third).await, Committed::Confirmation(first.order.clone()));
    assert_eq!(shop.order(&third.order_id).await.outcome.as_deref(), Some("paid_earlier"));
    assert_eq!(shop.polar.checkouts().await.len(), 2);
    assert_eq!(shop.order(&second.order).await.state, "superseded");
    shop.polar.faults(json!({"sender": true})).await;
    shop.wait_for_state(&first.order, "done").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_theirs_lead_nowhere() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    let open = shop.checkout(&ann, "pro", "month").await;
    let mut theirs = shop.propose(&bob, "pro", "month").await;
    theirs.order_id.clone_from(&open.order);
    assert_eq!(shop.commit(&bob, &theirs).await, Committed::NotFound);
    for id in ["", "1", "'; DROP TABLE orders; --", &format!("{}x", new_id())] {
        theirs.order_id = id.to_owned();
        assert_eq!(shop.commit(&bob, &theirs).await, Committed::NotFound, "{id}");
    }
    theirs.order_id = new_id();
    theirs.plan.slug = "platinum".to_owned();
    assert_eq!(shop.commit(&bob, &theirs).await, Committed::NotFound);
    assert_eq!(shop.order_states(&bob).await, Vec::<String>::new());
    assert_eq!((shop.order(&open.order).await.user_id, shop.polar.checkouts().await.len()), (ann.id, 1));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changed_is_shown_before_it_is_charged() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let old = shop.propose(&ann, "pro", "month").await;
    shop.polar.faults(json!({"sender": false})).await;
    let prices = json!({"prices": [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}]});
    let path = format!("/v1/products/{}", old.quote.offer.product_id);
    assert_eq!(shop.polar.send("PATCH", &path, Some(prices)).await.0, 200);

    assert_eq!(shop.commit(&ann, &old).await, Committed::NewQuote);
    let refused = shop.order(&old.order_id).await;
    assert_eq!((refused.state.as_str(), refused.checkout_url, refused.checkout_id), ("refused", None, None));
    let new = shop.propose(&ann, "pro", "month").await;
    assert_eq!((old.quote.offer.price.amount, new.quote.offer.price.amount), (1200, 1500));
    let Committed::Checkout(url) = shop.commit(&ann, &new).await else { panic!("the new price can be paid") };
    let checkouts = shop.polar.checkouts().await;
    let shown = checkouts.iter().find(|checkout| checkout["url"] == url.as_str()).expect("the shown checkout");
    assert_eq!(shown["amount"], 1500);

    // The old form again, now that the shop knows better by itself.
    let mut stale = old.clone();
    stale.order_id = new_id();
    assert_eq!(shop.commit(&ann, &stale).await, Committed::NewQuote);
    assert_eq!(shop.polar.checkouts().await.len(), checkouts.len());
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_can_be_tried_again_with_another() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let declined = shop.polar.pay(&open.url, &ann.email, DECLINED).await;
    assert_eq!(declined.status, 200);
    assert!(declined.page.contains("declined"), "{}", declined.page);
    assert!(!shop.may(&ann, "studio").await);
    let proposal = shop.propose(&ann, "pro", "month").await;
    let same = buying::Proposal { order_id: open.order.clone(), ..proposal };
    assert_eq!(shop.commit(&ann, &same).await, Committed::Checkout(open.url.clone()), "the same checkout");
    shop.pay(&open, &ann.email).await;
    shop.wait_for_state(&open.order, "done").await;
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_good_is_not_sold_twice() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "lifetime", "once").await;
    let again = shop.propose(&ann, "lifetime", "once").await;
    assert_eq!(again.obstacle, Some(Obstacle::AlreadyYours));
    assert_eq!(shop.commit(&ann, &again).await, Committed::AlreadyYours);
    assert_eq!(shop.polar.checkouts().await.len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_died_is_taken_over() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let proposal = buying::Proposal { order_id: open.order.clone(), ..shop.propose(&ann, "pro", "month").await };
    die(&shop, &ann, "another", shop.state.clock.wall() + 60_000).await;
    let waiting = {
        let (state, buyer, wish) = (shop.state.clone(), Shop::buyer(&ann), Shop::wish(&proposal));
        tokio::spawn(async move { buying::commit(&state, &buyer, &wish).await })
    };
    assert_eq!(waiting.await.expect("no panic").expect("an answer"), Committed::Preparing(open.order.clone()));
    assert_eq!(shop.polar.checkouts().await.len(), 1, "the lease of the first still holds");

    die(&shop, &ann, "another", shop.state.clock.wall() - 1).await;
    let Committed::Checkout(url) = shop.commit(&ann, &proposal).await else { panic!("it is taken over") };
    assert_ne!(url, open.url);
    let order = shop.order(&open.order).await;
    assert_eq!((order.state.as_str(), order.checkout_url.as_deref()), ("checkout_open", Some(url.as_str())));

    // Nobody was ever shown the first checkout; were it paid, its metadata would still say whose it is.
    shop.pay(&open, &ann.email).await;
    shop.wait_for_state(&open.order, "done").await;
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}

/// As if the process had died between making the checkout and storing it.
async fn die(shop: &Shop, who: &Person, token: &str, until: i64) {
    let update = "UPDATE orders SET state = 'committing', checkout_id = NULL, checkout_url = NULL,
                    checkout_status = NULL, lease_token = $2, lease_until = $3 WHERE user_id = $1";
    let rows = shop.state.db.write(update).bind(&who.id).bind(token).bind(until).execute().await.expect("a row");
    assert_eq!(rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_checkout_is_given_again_until_it_runs_out() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let form = buying::Proposal { order_id: open.order.clone(), ..shop.propose(&ann, "pro", "month").await };
    assert_eq!(shop.commit(&ann, &form).await, Committed::Checkout(open.url.clone()));
    let was = shop.state.clock.billing();
    shop.polar.advance(25 * 60 * 60 * 1000).await;
    wait_for("the shop to follow the clock", async || (shop.state.clock.billing() > was + 80_000_000).then_some(()))
        .await;
    assert_eq!(shop.commit(&ann, &form).await, Committed::NewQuote);
    assert_eq!(shop.order(&open.order).await.state, "expired");
    assert_eq!(shop.polar.checkouts().await.len(), 1);
    let next = shop.checkout(&ann, "pro", "month").await;
    assert_ne!(next.url, open.url);
    shop.close().await;
}
