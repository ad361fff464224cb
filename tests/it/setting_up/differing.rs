//! What differs is shown, and brought in line; what is not ours stays, and nobody pays another price than before.

use super::{
    super::{commands::boreal, patience::wait_for, polar::Polar, process::Running, program, shop::Shop},
    Bench, said,
};
use boreal::server::db::Reader;
use serde_json::{Value, json};
use std::{fs, process::Command};

async fn make(polar: &Polar, product: Value) -> String {
    let (status, made) = polar.send("POST", "/v1/products/", Some(product)).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().expect("an id").to_owned()
}

fn monthly(name: &str, metadata: Value) -> Value {
    let price = json!({"amount_type": "fixed", "price_amount": 500, "price_currency": "usd"});
    json!({"name": name, "recurring_interval": "month", "prices": [price], "metadata": metadata})
}

#[tokio::test(flavor = "multi_thread")]
async fn repriced_renamed_retagged_and_archived_products_are_shown_first() {
    let bench = Bench::new().await;
    bench.push().await;
    let id_of = async |name: &str| {
        let products = bench.products().await;
        products.into_iter().find(|product| product["name"] == name).expect("a product")["id"]
            .as_str()
            .map(str::to_owned)
    };
    let yearly = id_of("Pro (every year)").await.expect("an id");
    let untagged = json!({"metadata": {"note": "mine"}, "name": "Pro a year"});
    bench.polar.send("PATCH", &format!("/v1/products/{yearly}"), Some(untagged)).await;
    let foreign = make(&bench.polar, monthly("A workshop", json!({"room": 3}))).await;
    let old = make(&bench.polar, monthly("Old", json!({"plan": "old"}))).await;
    let twin = make(&bench.polar, monthly("Pro twice", json!({"plan": "pro"}))).await;
    bench.change("amount = 1200\n", "amount = 1500\n");
    bench.change("trial_days = 14", "trial_days = 7");
    bench.change("Pay once and keep it.", "Pay once.");
    let before = (bench.writes().await, bench.products().await);
    let lines = bench.plan().await;
    let wanted = [
        "~ Pro (every month): $15 for new buyers, instead of $12; subscribers keep the price they have",
        "~ Pro (every year): tagged plan = \"pro\" again; its tag is gone",
        "~ Pro (every year): called so instead of \"Pro a year\"",
        "~ Team (every month): 7 days for new subscribers, instead of 14 days",
        "~ Lifetime: described as \"Pay once.\"",
        "- Pro twice: archived, sold no more: another product stands",
    ];
    assert_eq!(lines.len(), wanted.len(), "{lines:#?}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.starts_with(wanted), "{line} is not {wanted}");
    }
    assert_eq!(bench.run(&["push"]).await.status, 2);
    assert_eq!((bench.writes().await, bench.products().await), before, "nothing was changed yet");

    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    for (id, archived) in [(&foreign, false), (&old, false), (&twin, true), (&yearly, false)] {
        assert_eq!(bench.polar.get(&format!("/v1/products/{id}")).await["is_archived"], archived, "{id}");
    }
    let yearly = bench.polar.get(&format!("/v1/products/{yearly}")).await;
    assert_eq!(yearly["metadata"], json!({"note": "mine", "plan": "pro"}));
    assert_eq!(bench.polar.get(&format!("/v1/products/{foreign}")).await["name"], "A workshop");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_keeps_the_price_and_the_shop_that_runs_its_plans() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.worked_off().await;
    let hash = async || {
        let select = "SELECT plans_hash FROM installation WHERE id = 1";
        shop.state.db.read(select).scalar::<String>().await.expect("a row")
    };
    let noted = hash().await;
    let plans = shop.place.folder.path().join("plans.toml");
    let text = include_str!("../../../plans.toml").replace("amount = 1200\n", "amount = 1500\n");
    fs::write(&plans, text).expect("a file");
    let plans = plans.display().to_string();
    let pushed = boreal(&shop, &["polar", "push", "--yes", "--plans", &plans]).await;
    let text = program::said(&pushed);
    assert!(text.contains("~ Pro (every month): $15 for new buyers, instead of $12; subscribers keep"), "{text}");
    let subscription = shop.subscription(&ann).await;
    assert_eq!((&subscription["amount"], &subscription["status"]), (&json!(1200), &json!("active")));
    shop.polar.idle().await;
    shop.worked_off().await;
    assert!(shop.may(&ann, "studio").await);
    let bob = shop.person("bob").await;
    let price = async || shop.propose(&bob, "pro", "month").await.quote.offer.price.amount;
    wait_for("the shop to be told", async || (price().await == 1500).then_some(())).await;
    program::said(&boreal(&shop, &["sync", "--kind", "changed", "--plans", &plans]).await);
    assert_eq!(hash().await, noted, "a command does not say by which plans the shop works");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_endpoint_is_mended_and_others_are_left_alone() {
    let bench = Bench::new().await;
    let (url, kinds) = ("http://127.0.0.1:9/elsewhere", json!(["order.paid"]));
    let other = json!({"url": url, "format": "slack", "events": kinds});
    assert_eq!(bench.polar.send("POST", "/v1/webhooks/endpoints", Some(other)).await.0, 201);
    let shown = bench.run(&["push", "--yes"]).await;
    assert!(
        shown.status == 0 && shown.text.contains("! Another webhook endpoint delivers to http://127.0.0.1:9/elsewhere")
    );
    let endpoints = bench.polar.list("/v1/webhooks/endpoints").await;
    let ours = endpoints.iter().find(|one| one["url"] != url).expect("ours");
    let path = format!("/v1/webhooks/endpoints/{}", ours["id"].as_str().expect("an id"));
    let off = json!({"enabled": false, "events": ["order.paid", "member.created"]});
    bench.polar.send("PATCH", &path, Some(off)).await;
    let lines = bench.plan().await;
    assert!(
        lines[0] == "~ webhook endpoint: switched on again" && lines[1].contains("subscription.revoked"),
        "{lines:?}"
    );
    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    let (ours, endpoints) = (bench.polar.get(&path).await, bench.polar.list("/v1/webhooks/endpoints").await);
    assert!(ours["enabled"] == true && ours["events"].as_array().expect("kinds").contains(&json!("member.created")));
    let other = endpoints.iter().find(|one| one["url"] == url).expect("the other one");
    assert!(endpoints.len() == 2 && other["format"] == "slack" && other["events"] == kinds, "{endpoints:#?}");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_sandbox_is_set_up_while_it_runs() {
    let bench = Bench::new().await;
    let program = |arguments: &[&str], database: &str, sandbox: &str| {
        let mut program: Command = bench.program(arguments);
        program.env_remove("POLAR_ACCESS_TOKEN").env_remove("POLAR_API_BASE").env("BOREAL_DATABASE_URL", database);
        program
            .env("BOREAL_SANDBOX_LISTEN", sandbox)
            .env("BOREAL_SANDBOX_STATE", bench.folder.path().join("sandbox.json"));
        program
    };
    let nobody = said(program(&["plan"], &bench.database.url, "127.0.0.1:9")).await;
    assert!(nobody.status == 1 && nobody.error.contains("There is no sandbox yet"), "{}", nobody.error);

    let mut running = Running::start(&bench.database, bench.folder.path()).await;
    let listen = running.polar.origin.replace("http://localhost", "127.0.0.1");
    let plan = said(program(&["plan"], &bench.database.url, &listen)).await;
    assert!(plan.status == 0 && plan.text.contains("Nothing to do"), "{}\n{}", plan.text, plan.error);
    bench.change("amount = 24900", "amount = 19900");
    let pushed = said(program(&["push", "--yes"], &bench.database.url, &listen)).await;
    assert!(
        pushed.status == 0 && pushed.text.contains("~ Lifetime: $199 for new buyers"),
        "{}{}",
        pushed.text,
        pushed.error
    );
    running.kill();
    let silent = said(program(&["plan"], &bench.database.url, &listen)).await;
    assert!(silent.status == 1 && silent.error.contains("it runs inside `boreal serve`"), "{}", silent.error);
    bench.close().await;
}
