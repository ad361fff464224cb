//! The e-mail trap: Polar matches buyers by the address that they type, also by that of somebody else (wh0050–0053).

use super::shop::{Person, Shop, counted};
use boreal::server::{
    db::{Reader, mirror},
    services::{
        access::all,
        buying::{Committed, Obstacle},
        confirming,
        portal::{self, Portal},
    },
};
use serde_json::json;

/// A Polar customer with this person's id and address.
async fn known_at_polar(shop: &Shop, who: &Person) {
    let body = json!({"email": who.email, "external_id": who.id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(body)).await.0, 201);
}

async fn has_nothing(shop: &Shop, who: &Person) {
    assert!(mirror::of_owner(&shop.state.db, &who.id).await.expect("rows").is_empty());
    assert!(all(&shop.state, &who.id).await.expect("rows").is_empty());
    assert!(confirming::newest(&shop.state, &who.id).await.expect("an answer").is_none());
    let ledger: i64 = (shop.state.db.read("SELECT COUNT(*) FROM ledger WHERE user_id = $1"))
        .bind(&who.id)
        .scalar()
        .await
        .expect("a count");
    assert_eq!(ledger, 0);
    assert!(!shop.may(who, "studio").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pays_with_anothers_address_gets_what_they_paid_for_alone() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    known_at_polar(&shop, &bob).await;
    let disputes = counted("owner_disputes_total");
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &bob.email).await;
    shop.wait_for_state(&open.order, "done").await;
    shop.polar.idle().await;
    shop.worked_off().await;

    let theirs = shop.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", bob.id)).await;
    assert_eq!(theirs.len(), 1, "Polar itself takes it for Bob's");
    assert!(shop.may(&ann, "studio").await);
    let owned = mirror::of_owner(&shop.state.db, &ann.id).await.expect("rows");
    assert_eq!(owned.len(), 3, "subscription, bill and what is credited");
    assert!(owned.iter().all(|row| row.owner_rule.as_deref() == Some("checkout")), "{owned:?}");
    assert!(counted("owner_disputes_total") > disputes, "an alarm");
    has_nothing(&shop, &bob).await;

    let before = shop.propose(&bob, "pro", "year").await;
    assert_eq!(before.obstacle, None, "Bob has no plan to change");
    assert!(matches!(shop.commit(&bob, &before).await, Committed::Checkout(_)));
    has_nothing_but_orders(&shop, &bob).await;
    assert_eq!(shop.propose(&ann, "pro", "year").await.obstacle, Some(Obstacle::ChangePlan));
    shop.close().await;
}

async fn has_nothing_but_orders(shop: &Shop, who: &Person) {
    assert!(mirror::of_owner(&shop.state.db, &who.id).await.expect("rows").is_empty());
    assert!(all(&shop.state, &who.id).await.expect("rows").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_that_two_share_opens_no_portal() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    known_at_polar(&shop, &bob).await;
    assert!(matches!(open(&shop, &bob).await, Portal::Signed(_)), "alone with his customer, Bob is let in");
    let checkout = shop.checkout(&ann, "lifetime", "once").await;
    shop.pay(&checkout, &bob.email).await;
    shop.wait_for_state(&checkout.order, "done").await;
    for (who, words) in [(&bob, "share one customer record"), (&ann, "no customer record")] {
        let Portal::Public { address, why } = open(&shop, who).await else { panic!("{} gets a key", who.email) };
        assert!(why.contains(words), "{why}");
        assert_eq!(address, Some(format!("{}/boreal-sandbox/portal", shop.polar.origin)));
    }
    has_nothing(&shop, &bob).await;

    // Bob's own purchase on the same customer stays his.
    let own = shop.checkout(&bob, "pro", "month").await;
    shop.pay(&own, &bob.email).await;
    shop.wait_for_state(&own.order, "done").await;
    assert!(shop.may(&bob, "studio").await && shop.may(&ann, "studio").await);
    let sources = async |who: &Person| {
        let mut kinds: Vec<String> =
            all(&shop.state, &who.id).await.expect("rows").into_values().map(|one| one.source_kind).collect();
        kinds.dedup();
        kinds
    };
    assert_eq!((sources(&ann).await, sources(&bob).await), (vec!["purchase".into()], vec!["subscription".into()]));
    shop.close().await;
}

async fn open(shop: &Shop, who: &Person) -> Portal {
    portal::open(&shop.state, &who.id).await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_webhooks_the_trap_is_the_same() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    known_at_polar(&shop, &bob).await;
    shop.polar.faults(json!({"sender": false})).await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &bob.email).await;
    confirming::of_order(&shop.state, &ann.id, &open.order).await.expect("an answer").expect("theirs");
    assert!(shop.may(&ann, "studio").await);
    has_nothing(&shop, &bob).await;
    let proposal = shop.propose(&bob, "team", "month").await;
    assert!(
        matches!(shop.commit(&bob, &proposal).await, Committed::Checkout(_)),
        "reading Bob's lists gives him nothing"
    );
    has_nothing_but_orders(&shop, &bob).await;
    shop.polar.faults(json!({"sender": true})).await;
    shop.polar.idle().await;
    has_nothing_but_orders(&shop, &bob).await;
    shop.close().await;
}
