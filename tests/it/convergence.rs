//! However often, in whatever order and mixed with whatever reads Polar is heard: the mirror and everybody's access end
//! the same.

use super::{
    polar::Polar,
    random::Random,
    replica::{Line, Picture, Replica, Said},
    shop::{Person, Shop},
};
use boreal::{
    model::projection::{Kind, mirrored},
    server::{
        db::entitlements,
        polar::Seen,
        services::{
            new_id,
            portal::{self, Portal},
        },
    },
};
use serde_json::json;
use std::collections::BTreeMap;

const SHUFFLES: u64 = 30;

/// Everything that happened between some people and Polar.
struct History {
    shop: Shop,
    people: Vec<Person>,
    orders: Vec<String>,
    webhooks: Vec<Said>,
    reads: Vec<Said>,
}

impl History {
    /// A subscription cancelled, kept and cancelled again; something bought for good; and a trial paid for with the
    /// address of somebody else.
    async fn make() -> Self {
        let shop = Shop::open().await;
        let mut people = Vec::new();
        for name in ["ann", "bob", "cid", "dee"] {
            people.push(shop.person(name).await);
        }
        let [ann, bob, cid, dee] = &people[..] else { panic!("four people") };
        let mut orders = vec![shop.buy(ann, "pro", "month").await, shop.buy(bob, "lifetime", "once").await];
        let known = json!({"email": dee.email, "external_id": dee.id});
        assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(known)).await.0, 201);
        let trial = shop.checkout(cid, "team", "month").await;
        shop.pay(&trial, &dee.email).await;
        shop.wait_for_state(&trial.order, "done").await;
        orders.push(trial.order);
        change_mind(&shop, ann).await;
        shop.polar.idle().await;
        let webhooks = shop.polar.events().await.into_iter().map(|sent| Said::Webhook(sent.id, sent.body)).collect();
        let reads = read_all(&shop, &shop.polar).await;
        Self { shop, people, orders, webhooks, reads }
    }

    async fn replica(&self) -> Replica {
        Replica::beside(&self.shop, &self.people, &self.orders).await
    }
}

async fn change_mind(shop: &Shop, who: &Person) {
    let found = shop.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", who.id)).await;
    let id = found[0]["id"].as_str().expect("an id");
    let Portal::Signed(portal) = portal::open(&shop.state, &who.id).await.expect("an answer") else {
        panic!("a buyer of ours is let in")
    };
    for act in ["cancel", "keep", "cancel"] {
        shop.polar.portal(&portal, id, act).await;
    }
}

/// What Polar's API says at the end, about everything.
async fn read_all(shop: &Shop, polar: &Polar) -> Vec<Said> {
    let mut reads = Vec::new();
    for kind in [Kind::Product, Kind::Subscription, Kind::Order] {
        for seen in shop.state.polar.objects(kind, &[]).await.expect("Polar answers") {
            reads.push(Said::Read(kind.stored().to_owned(), seen));
        }
    }
    let observed_us = reads.iter().map(|read| if let Said::Read(_, seen) = read { seen.observed_us } else { 0 }).max();
    for value in polar.list("/v1/customers/").await {
        let seen = Seen { value, observed_us: observed_us.expect("there are products") };
        reads.push(Said::Read("customer".to_owned(), seen));
    }
    reads
}

/// The same event under an id of its own, as a second endpoint would get it.
fn again(said: &Said) -> Said {
    match said {
        Said::Webhook(_, body) => Said::Webhook(new_id(), body.clone()),
        read @ Said::Read(..) => read.clone(),
    }
}

/// Each line begins where the one before it ended, revisions count up, and the last lines are what everybody has.
pub fn adds_up(ledger: &[Line], picture: &Picture, context: &str) {
    let mut now: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    let mut revisions: BTreeMap<&str, i64> = BTreeMap::new();
    for (user, rev, feature, before, after, _) in ledger {
        let was = now.insert((user, feature), after.as_deref()).flatten();
        assert_eq!(before.as_deref(), was, "{context}: {feature} at revision {rev}");
        assert_ne!(before, after, "{context}: a line that changes nothing");
        let last = revisions.insert(user, *rev).unwrap_or(0);
        assert!(*rev == last || *rev == last + 1, "{context}: revision {rev} after {last}");
    }
    let held = now.into_iter().filter_map(|((user, feature), after)| {
        let after: serde_json::Value = serde_json::from_str(after?).expect("JSON");
        let text = |key: &str| after[key].as_str().expect("text").to_owned();
        let until = after["until"].as_i64();
        Some((user.to_owned(), feature.to_owned(), text("value"), text("source_kind"), text("source_id"), until))
    });
    assert_eq!(held.collect::<Vec<_>>(), picture.entitlements, "{context}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_delivery_twice_is_as_once() {
    let history = History::make().await;
    let replica = history.replica().await;
    for webhook in &history.webhooks {
        replica.hear(webhook).await;
        replica.apply().await;
    }
    let (once, ledger) = (replica.settle().await, replica.ledger().await);
    adds_up(&ledger, &once, "once");
    assert!(once.objects.len() >= 4 + 2 + 3 && ledger.len() > 10, "{once:#?}");
    is_as_in_the_shop(&history, &once).await;

    for other_ids in [false, true] {
        replica.forget().await;
        for webhook in &history.webhooks {
            replica.hear(webhook).await;
            replica.apply().await;
            replica.hear(&if other_ids { again(webhook) } else { webhook.clone() }).await;
            replica.apply().await;
        }
        assert_eq!(replica.settle().await, once, "under other ids: {other_ids}");
        assert_eq!(replica.ledger().await, ledger, "under other ids: {other_ids}");
    }
    replica.close().await;
    history.shop.close().await;
}

/// The shop itself, which heard all this live, agrees with the replay and with Polar.
async fn is_as_in_the_shop(history: &History, replayed: &Picture) {
    let live = Picture::of(&history.shop.state.db).await;
    assert_eq!((&live.entitlements, &live.orders), (&replayed.entitlements, &replayed.orders));
    let facts = |picture: &Picture| {
        let each = picture.objects.iter().map(|row| (row.projection.clone(), row.owner_id.clone()));
        each.collect::<Vec<_>>()
    };
    assert_eq!(facts(&live), facts(replayed));
    for read in &history.reads {
        let Said::Read(kind, seen) = read else { continue };
        let Some(kind) = Kind::of_stored(kind) else { continue };
        let newest = mirrored(kind, &seen.value).expect("readable").projection;
        assert!(replayed.objects.iter().any(|row| row.projection == newest), "{kind:?} {}", seen.value["id"]);
    }
    let dee = entitlements::of(&history.shop.state.db, &history.people[3].id).await.expect("rows");
    assert!(dee.is_empty(), "whose address was used gets nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_the_end_is_the_same() {
    let history = History::make().await;
    let replica = history.replica().await;
    for said in history.webhooks.iter().chain(&history.reads) {
        replica.hear(said).await;
        replica.apply().await;
    }
    let in_order = replica.settle().await;
    for seed in 0..SHUFFLES {
        replica.forget().await;
        let mut random = Random(seed);
        let all = history.webhooks.iter().chain(&history.reads);
        let mut heard: Vec<Said> = all.cloned().collect();
        for place in 0..heard.len() {
            match random.below(4) {
                0 => heard.push(again(&heard[place])),
                1 => heard.push(heard[place].clone()),
                _ => {}
            }
        }
        random.shuffle(&mut heard);
        for said in &heard {
            replica.hear(said).await;
            match random.below(6) {
                0 => replica.apply().await,
                1 => drop(tokio::join!(replica.apply(), replica.apply())),
                _ => {}
            }
        }
        let end = replica.settle().await;
        assert_eq!(end, in_order, "seed {seed}");
        adds_up(&replica.ledger().await, &end, &format!("seed {seed}"));
    }
    replica.close().await;
    history.shop.close().await;
}
