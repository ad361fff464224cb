//! What is used: counted once here, sent to Polar once, and held against what was bought.

mod alerts;
mod balances;
mod beyond;
mod drawn;
mod holds;
mod killed;
mod page;
mod reconciling;
mod recording;
mod sending;
mod spending;

use super::{
    patience::wait_until,
    polar::Polar,
    shop::{Person, Shop},
};
use boreal::{
    model::usage::{Balance, Use},
    server::{
        db::{Db, Reader},
        services::usage,
    },
};
use serde_json::{Value, json};

/// A use of so many codes, by its key.
fn codes(amount: i64, key: &str) -> Use {
    Use { meter: "codes".to_owned(), amount, key: key.to_owned(), properties: json!({}) }
}

/// What somebody has of the meter now.
async fn balance(shop: &Shop, who: &Person) -> Balance {
    usage::balance(&shop.state, &who.id, "codes").await.expect("the database answers")
}

/// Waits until so many are left.
async fn wait_for_balance(shop: &Shop, who: &Person, left: i64) {
    let look = async || match balance(shop, who).await {
        balance if balance.left() == left => Ok(()),
        balance => Err(balance),
    };
    wait_until("the balance", look).await;
}

/// A meter at Polar that adds up the codes.
async fn meter(polar: &Polar) -> String {
    let filter = json!({"conjunction": "and", "clauses": [{"property": "name", "operator": "eq", "value": "codes"}]});
    let sum = json!({"func": "sum", "property": "amount"});
    let meter = json!({"name": "Counted by a test", "filter": filter, "aggregation": sum});
    let (status, made) = polar.send("POST", "/v1/meters/", Some(meter)).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().expect("an id").to_owned()
}

/// What Polar counted of a meter in all.
async fn counted(polar: &Polar, meter: &str) -> f64 {
    let span = "start_timestamp=2020-01-01T00:00:00Z&end_timestamp=2040-01-01T00:00:00Z&interval=year";
    let answer: Value = polar.get(&format!("/v1/meters/{meter}/quantities?{span}")).await;
    answer["total"].as_f64().unwrap_or_else(|| panic!("no total: {answer}"))
}

/// Waits until nothing is left to be sent.
async fn everything_sent(db: &Db) {
    let look = async || {
        let left = "SELECT state, attempts, COALESCE(error, '') FROM usage_events WHERE state = 'recorded' LIMIT 3";
        let rows: Vec<(String, i64, String)> = db.read(left).all().await.expect("rows");
        if rows.is_empty() { Ok(()) } else { Err(rows) }
    };
    wait_until("every use to be sent", look).await;
}

/// What was used in all, by our own tables.
async fn ours(db: &Db) -> i64 {
    let sum = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage_events
               WHERE state IN ('sent', 'counted')";
    db.read(sum).scalar().await.expect("a sum")
}
