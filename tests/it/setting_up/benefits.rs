//! Features that `plans.toml` wants as benefits are made, given, and follow the plans.

use super::{
    super::shop::{Place, Shop},
    Bench,
};
use serde_json::{Value, json};
use std::fs;

const WANTED: [(&str, &str); 2] = [
    ("name = \"Projects\"\n", "name = \"Projects\"\nbenefit = true\n"),
    ("name = \"The sheet of codes\"\n", "name = \"The sheet of codes\"\nbenefit = true\n"),
];

/// What a product gives, for people.
fn gives(products: &[Value], name: &str) -> Vec<String> {
    let product = products.iter().find(|product| product["name"] == name).expect("a product");
    let benefits = product["benefits"].as_array().expect("a list").iter();
    let mut given: Vec<String> = benefits.map(|one| one["description"].as_str().expect("text").to_owned()).collect();
    given.sort();
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn benefits_are_made_once_and_follow_the_plans() {
    let bench = Bench::new().await;
    bench.push().await;
    let support = json!({"type": "custom", "description": "Support", "properties": {}});
    let support = bench.polar.send("POST", "/v1/benefits/", Some(support)).await.1;
    let lifetime = bench.products().await.remove(0);
    let path = format!("/v1/products/{}/benefits", lifetime["id"].as_str().expect("an id"));
    bench.polar.send("POST", &path, Some(json!({"benefits": [support["id"]]}))).await;
    WANTED.iter().for_each(|(from, to)| bench.change(from, to));
    let lines = bench.plan().await;
    assert_eq!(lines.len(), 3 + 4, "{lines:#?}");
    assert!(lines.contains(&"+ Lifetime: gives the benefits Projects: 50, The sheet of codes".to_owned()), "{lines:#?}");

    // Stopped after the benefits are made, at the last product that is to give them: what it was asked for was done.
    bench.polar.faults(json!({"answer": "cut", "answer_to": path, "answer_count": 1})).await;
    let stopped = bench.run(&["push", "--yes"]).await;
    assert!(stopped.status == 1 && stopped.error.contains("Stopped at: + Lifetime: gives"), "{}", stopped.error);
    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    assert_eq!(bench.polar.list("/v1/benefits/?type=feature_flag").await.len(), 3, "each once");
    let products = bench.products().await;
    assert_eq!(gives(&products, "Lifetime"), ["Projects: 50", "Support", "The sheet of codes"]);
    assert_eq!(gives(&products, "Team (every month)"), ["2000 QR codes a month", "Projects: 500", "The sheet of codes"]);

    bench.change("projects = 500\n", "projects = 600\n");
    let lines = bench.plan().await;
    let told = ["+ benefit Projects: 600: made", "+ Team (every month): gives the benefits Projects: 600"];
    assert_eq!(
        (&lines[..2], lines[2].as_str()),
        (&told.map(str::to_owned)[..], "- Team (every month): gives no more Projects: 500")
    );
    bench.push().await;
    let team = ["2000 QR codes a month", "Projects: 600", "The sheet of codes"];
    assert_eq!(gives(&bench.products().await, "Team (every month)"), team);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sandbox_gives_them_from_the_start() {
    let place = Place::new().await;
    let text = WANTED
        .iter()
        .fold(include_str!("../../../plans.toml").to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let plans = place.folder.path().join("plans.toml");
    fs::write(&plans, text).expect("a file");
    let shop = Shop::open_with(place, &["--plans".to_owned(), plans.display().to_string()]).await;
    let given = ["300 QR codes a month", "Projects: 50", "The sheet of codes"];
    assert_eq!(gives(&shop.polar.list("/v1/products/").await, "Pro (every month)"), given);
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert!(shop.may(&ann, "studio").await);
    let grants = shop.polar.list("/v1/benefit-grants/").await;
    assert_eq!(grants.iter().filter(|grant| grant["is_granted"] == true).count(), 3, "{grants:#?}");
    shop.close().await;
}
