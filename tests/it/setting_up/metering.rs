//! Meters of `plans.toml` are made at Polar, and subscriptions are given what they include.

use super::Bench;
use serde_json::{Value, json};

impl Bench {
    /// The benefits that give units of a meter, by what people read.
    async fn credits(&self) -> Vec<Value> {
        let mut credits = self.polar.list("/v1/benefits/?type=meter_credit").await;
        credits.sort_by_key(|credit| credit["description"].to_string());
        credits
    }

    async fn at_polar(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.polar.send(method, path, Some(body)).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }
}

/// `/v1/meters/` and the id.
fn path(collection: &str, object: &Value) -> String {
    format!("/v1/{collection}/{}", object["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn meters_and_credits_are_made_once() {
    let bench = Bench::new().await;
    bench.push().await;
    let meters = bench.polar.list("/v1/meters/").await;
    let [meter] = &meters[..] else { panic!("{meters:#?}") };
    assert_eq!((&meter["name"], &meter["metadata"]), (&json!("QR codes"), &json!({"meter": "codes"})));
    let clause = json!({"property": "name", "operator": "eq", "value": "codes"});
    assert_eq!(meter["filter"], json!({"conjunction": "and", "clauses": [clause]}));
    assert_eq!(meter["aggregation"], json!({"func": "sum", "property": "amount"}));

    let credits = bench.credits().await;
    let told: Vec<Value> =
        credits.iter().map(|one| json!([one["description"], one["properties"], one["metadata"]])).collect();
    let wanted = |words: &str, units: i64, plan: &str, interval: &str| {
        let properties = json!({"units": units, "rollover": false, "meter_id": meter["id"]});
        json!([words, properties, {"meter": "codes", "plan": plan, "interval": interval}])
    };
    let all = [
        wanted("2000 QR codes a month", 2000, "team", "month"),
        wanted("300 QR codes a month", 300, "pro", "month"),
        wanted("3600 QR codes a year", 3600, "pro", "year"),
    ];
    assert_eq!(told, all);
    let products = bench.products().await;
    let gives = products.iter().map(|product| product["benefits"].as_array().map(Vec::len)).collect::<Vec<_>>();
    assert_eq!(gives, [Some(0), Some(1), Some(1), Some(1)], "what is paid once is given nothing");

    let written = bench.writes().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    bench.push().await;
    assert_eq!(bench.writes().await, written, "a second push asks for nothing");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_number_changes_the_benefit_that_is_there() {
    let bench = Bench::new().await;
    bench.push().await;
    let before = bench.credits().await;
    bench.change("included = 300\n", "included = 400\n");
    bench.change("name = \"QR codes\"", "name = \"Codes\"");
    let lines = bench.plan().await;
    let wanted = [
        "~ meter Codes: called so instead of \"QR codes\"",
        "~ benefit 400 QR codes a month: instead of 300; subscribers are given so many from their next renewal on",
        "~ benefit 4800 QR codes a year: instead of 3600; subscribers are given so many from their next renewal on",
    ];
    assert_eq!(lines, wanted);
    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    let after = bench.credits().await;
    let units = after.iter().map(|one| one["properties"]["units"].as_i64()).collect::<Vec<_>>();
    assert_eq!(units, [2000, 400, 4800].map(Some));
    let ids = |credits: &[Value]| credits.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before), "the same benefits");
    assert_eq!(bench.polar.list("/v1/meters/").await[0]["name"], "Codes");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_plans_is_left_alone() {
    let bench = Bench::new().await;
    let foreign = json!({
        "name": "Calls", "filter": {"conjunction": "and", "clauses": []}, "aggregation": {"func": "count"}, "metadata": {},
    });
    let foreign = bench.at_polar("POST", "/v1/meters/", foreign).await;
    let bonus = json!({
        "type": "meter_credit", "description": "A bonus",
        "properties": {"units": 5, "rollover": true, "meter_id": foreign["id"]},
    });
    let bonus = bench.at_polar("POST", "/v1/benefits/", bonus).await;
    bench.push().await;
    let team = bench.products().await.remove(3);
    let gives = json!({"benefits": [bonus["id"], team["benefits"][0]["id"]]});
    bench.at_polar("POST", &format!("{}/benefits", path("products", &team)), gives).await;
    assert_eq!(bench.plan().await, Vec::<String>::new());

    // What is included no more is given no more, and the bonus stays.
    bench.change("included = 2000\neach = { usd = \"3\" }\n", "a_day = 9\n");
    let lines = bench.plan().await;
    assert!(
        lines.len() == 2 && lines[0].starts_with("~ Team (every month): $0.03 for each QR code is charged"),
        "{lines:#?}"
    );
    assert_eq!(lines[1], "- Team (every month): gives no more 2000 QR codes a month");
    bench.push().await;
    let team = bench.polar.get(&path("products", &team)).await;
    assert_eq!((team["benefits"].as_array().map(Vec::len), &team["benefits"][0]["id"]), (Some(1), &bonus["id"]));
    assert_eq!(bench.polar.get(&path("meters", &foreign)).await["name"], "Calls");
    bench.close().await;
}
