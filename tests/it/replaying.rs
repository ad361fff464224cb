//! The mirror and all access are rebuilt from the inbox, and whatever is not as it says is found.

use super::{
    shop::{Open, Shop},
    visitor::Visitor,
};
use boreal::server::{
    db::{Reader, quarantine},
    services::{
        applying,
        portal::{self, Portal},
        replaying::{self, Report},
    },
};
use serde_json::json;

/// Purchases of every sort, changes of mind, an e-mail trap, an attribution and a gift.
async fn busy() -> Shop {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let member = Visitor::register(&shop.origin, "ann").await;
    let (ann, bob) = (shop.account(&member).await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "lifetime", "once").await;
    let trap = shop.checkout(&sam, "team", "month").await;
    shop.pay(&trap, &bob.email).await;
    shop.wait_for_state(&trap.order, "done").await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    let Portal::Signed(portal) = portal::open(&shop.state, &ann.id).await.expect("an answer") else {
        panic!("a buyer of ours is let in")
    };
    for act in ["cancel", "keep", "cancel"] {
        shop.polar.portal(&portal, &id, act).await;
    }
    let stray = shop.polar.list("/v1/products/").await;
    let stray = stray.iter().find(|product| product["metadata"]["plan"] == "lifetime").expect("a product");
    let checkout = shop.polar.send("POST", "/v1/checkouts/", Some(json!({"products": [stray["id"]]}))).await.1;
    let url = checkout["url"].as_str().expect("a URL").to_owned();
    shop.pay(&Open { order: String::new(), url }, "else@boreal-shop.dev").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let strays = quarantine::all(&shop.state.db).await.expect("rows");
    let object = format!("{}:{}", strays[0].kind, strays[0].id);
    let form = [("object", object.as_str()), ("act", "attribute"), ("user", ann.email.as_str()), ("reason", "Theirs")];
    staff.post(&format!("/staff/quarantine?object={object}"), &form, 303).await;
    let gift = [("id", bob.id.as_str()), ("what", "feature:sharing"), ("reason", "A prize")];
    staff.post(&format!("/staff/person?id={}", bob.id), &gift, 303).await;
    // What is looked up ten seconds after a payment would come between two checks on a slow machine.
    shop.state.db.write("DELETE FROM jobs WHERE kind = 'sync_user'").execute().await.expect("rows");
    shop.worked_off().await;
    shop
}

async fn check(shop: &Shop) -> Report {
    replaying::check(&shop.state).await.expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_busy_history_all_is_as_the_inbox_says() {
    let shop = busy().await;
    let report = check(&shop).await;
    assert_eq!(report.differences, Vec::<String>::new());
    assert!(report.rows > 20 && report.objects > 8 && report.entitlements > 8 && report.lines > 8, "{report:?}");
    assert_eq!(check(&shop).await.rows, report.rows, "a check leaves nothing behind");

    // Of old rows only what was read from them stays, and that is enough.
    let bytes = "SELECT COUNT(*) FROM inbox WHERE LENGTH(body) > 0";
    let whole = shop.count(bytes).await;
    assert_eq!(applying::thin(&shop.state).await.expect("an answer"), 0, "nothing is old");
    let age = "UPDATE inbox SET received_at = received_at - 7862400000 WHERE seq % 2 = 0";
    shop.state.db.write(age).execute().await.expect("rows");
    let thinned = applying::thin(&shop.state).await.expect("an answer");
    assert!(thinned > 5);
    assert_eq!(shop.count(bytes).await, whole - i64::try_from(thinned).expect("small"));
    let mails = "SELECT COUNT(*) FROM inbox WHERE projection LIKE '%@boreal-shop.dev%'";
    assert_eq!(shop.count(mails).await, 0, "no address is kept");
    let report = check(&shop).await;
    assert_eq!(report.differences, Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_as_the_inbox_says_is_found() {
    let shop = busy().await;
    let one = "SELECT id FROM polar_objects WHERE kind = 'subscription' ORDER BY id LIMIT 1";
    let id: String = shop.state.db.read(one).scalar().await.expect("an id");
    let breakings = [
        ("UPDATE polar_objects SET amount = amount + 1 WHERE id = $1", format!("the subscription {id}: amount is ")),
        ("UPDATE polar_objects SET amount = amount - 1, owner_rule = 'staff' WHERE id = $1", "owner_rule".to_owned()),
        ("DELETE FROM polar_objects WHERE id = $1", format!("the subscription {id}: is missing")),
    ];
    for (breaking, words) in breakings {
        assert_eq!(shop.state.db.write(breaking).bind(&id).execute().await.expect("a row"), 1);
        let found = check(&shop).await.differences;
        assert!(found.iter().any(|sentence| sentence.contains(&words)), "{words}: {found:?}");
    }

    let held = "UPDATE entitlements SET value = '7' WHERE feature = 'projects'";
    assert!(shop.state.db.write(held).execute().await.expect("rows") > 0);
    let found = check(&shop).await.differences;
    assert!(
        found.iter().any(|sentence| sentence.starts_with("projects of ") && sentence.contains("by the inbox")),
        "{found:?}"
    );
    assert!(found.iter().any(|sentence| sentence.contains("by the ledger")), "{found:?}");
    let line = "DELETE FROM ledger WHERE seq = (SELECT MIN(seq) FROM ledger)";
    assert_eq!(shop.state.db.write(line).execute().await.expect("a row"), 1);
    let found = check(&shop).await.differences;
    assert!(found.iter().any(|sentence| sentence.starts_with("the ledger of ")), "{found:?}");
    shop.close().await;
}
