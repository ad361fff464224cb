//! What units cost beyond what is included is a price beside the fixed one; who subscribed keeps what they agreed to.

use super::{
    super::{
        patience::wait_for,
        polar::PAYS,
        shop::{Place, Shop},
    },
    Bench, texts,
};
use serde_json::{Value, json};
use std::{fs, process::Stdio};

/// The price of this kind; a product has one of each.
fn price<'p>(product: &'p Value, kind: &str) -> &'p Value {
    let mut prices = product["prices"].as_array().expect("prices").iter();
    prices.find(|price| price["amount_type"] == kind).unwrap_or_else(|| panic!("no price is {kind}: {product}"))
}

const EACH: &str = "each = { usd = \"4\" }\n";

/// The shipped plans, of which Pro alone charges for more than is included.
fn charging() -> String {
    let shipped = include_str!("../../../plans.toml").lines().filter(|line| !line.starts_with("each = "));
    let plain: String = shipped.flat_map(|line| [line, "\n"]).collect();
    plain.replacen("included = 300\n", &format!("included = 300\n{EACH}"), 1)
}

impl Bench {
    async fn charging() -> Self {
        let bench = Self::new().await;
        fs::write(&bench.plans, charging()).expect("a file");
        bench
    }

    /// The two products of Pro.
    async fn pro(&self) -> Vec<Value> {
        let mut products = self.products().await;
        products.retain(|product| product["metadata"]["plan"] == "pro");
        products
    }

    /// Nothing is left to do, and of everything there is one: so much is charged for a unit by both products of Pro, and by
    /// no other.
    async fn charges(&self, each: &str) {
        assert_eq!(self.plan().await, Vec::<String>::new());
        let products = self.products().await;
        assert_eq!(
            texts(&products, "name"),
            ["Lifetime", "Pro (every month)", "Pro (every year)", "Team (every month)"]
        );
        let meters = self.polar.list("/v1/meters/").await;
        assert_eq!(meters.len(), 1, "{meters:#?}");
        let kinds = |product: &Value| {
            let mut kinds = texts(product["prices"].as_array().expect("prices"), "amount_type");
            kinds.sort_unstable();
            kinds.join(" ")
        };
        let wanted = ["fixed", "fixed metered_unit", "fixed metered_unit", "fixed"];
        assert_eq!(products.iter().map(kinds).collect::<Vec<_>>(), wanted);
        for product in self.pro().await {
            let price = price(&product, "metered_unit");
            let amount = price["unit_amount"].as_str().expect("text").trim_end_matches('0').trim_end_matches('.');
            assert_eq!((amount, &price["price_currency"], &price["cap_amount"]), (each, &json!("usd"), &Value::Null));
            assert_eq!(price["meter"]["id"], meters[0]["id"]);
        }
    }

    /// Somebody pays for it: the subscription.
    async fn sold(&self, product: &Value) -> Value {
        let wish = json!({"products": [product["id"]], "external_customer_id": "ann"});
        let (status, checkout) = self.polar.send("POST", "/v1/checkouts/", Some(wish)).await;
        assert_eq!(status, 201, "{checkout}");
        let paid = self.polar.pay(checkout["url"].as_str().expect("an address"), "ann@boreal-shop.dev", PAYS).await;
        assert_eq!(paid.status, 303, "{}", paid.page);
        wait_for("the subscription", async || self.subscribed().await).await
    }

    async fn subscribed(&self) -> Option<Value> {
        self.polar.list("/v1/subscriptions/?external_customer_id=ann").await.pop()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_charged_beside_the_fixed_price() {
    let bench = Bench::charging().await;
    let lines = bench.plan().await;
    let made = "+ Pro (every month): made, for $12 every month, and $0.04 for each QR code beyond those included";
    assert_eq!(lines[4], made);
    assert!(lines[5].ends_with("for $120 every year, and $0.04 for each QR code beyond those included"), "{lines:#?}");
    let pushed = bench.push().await;
    assert!(pushed.contains(made), "{pushed}");
    bench.charges("4").await;
    let written = bench.writes().await;
    assert!(bench.push().await.contains("Nothing to do"));
    assert_eq!(bench.writes().await, written, "a second push asks for nothing");
    // Written otherwise it is the same.
    bench.change(EACH, "each = { USD = \"4.000\" }\n");
    bench.charges("4").await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_rate_is_for_new_buyers() {
    let bench = Bench::charging().await;
    bench.push().await;
    let before = bench.pro().await;
    let agreed = price(&bench.sold(&before[0]).await, "metered_unit").clone();
    bench.change(EACH, "each = { usd = \"4.5\" }\n");
    let lines = bench.plan().await;
    let told = |name: &str| {
        format!(
            "~ {name}: $0.045 for each QR code beyond those included for new buyers, instead of $0.04; subscribers keep \
             the price they have"
        )
    };
    assert_eq!(lines, ["Pro (every month)", "Pro (every year)"].map(told));
    assert_eq!(bench.pro().await, before, "nothing was changed yet");
    bench.push().await;
    bench.charges("4.5").await;
    let fixed = |products: &[Value]| products.iter().map(|one| price(one, "fixed")["id"].clone()).collect::<Vec<_>>();
    assert_eq!(fixed(&bench.pro().await), fixed(&before), "the fixed prices stay");
    let agreed = [&agreed["id"], &agreed["unit_amount"]];
    let subscribed = bench.subscribed().await.expect("it goes on");
    let kept = price(&subscribed, "metered_unit");
    assert_eq!([&kept["id"], &kept["unit_amount"]], agreed);

    // Another fixed price leaves that of the units, and without `each` there is none.
    bench.change("amount = 1200\n", "amount = 1500\n");
    let units = price(&bench.pro().await[0], "metered_unit")["id"].clone();
    bench.push().await;
    bench.charges("4.5").await;
    assert_eq!(price(&bench.pro().await[0], "metered_unit")["id"], units);
    bench.change("each = { usd = \"4.5\" }\n", "");
    let lines = bench.plan().await;
    assert!(lines.len() == 2 && lines[0].contains("is charged to new buyers no more"), "{lines:#?}");
    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    let left = bench.pro().await.into_iter().map(|one| one["prices"].as_array().map(Vec::len));
    assert_eq!(left.collect::<Vec<_>>(), [Some(1), Some(1)]);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_products_it_goes_on() {
    let bench = Bench::charging().await;
    bench.polar.faults(json!({"delay_ms": 400})).await;
    let mut program = bench.program(&["push", "--yes"]);
    let mut running = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let begun = async || (!bench.polar.list("/v1/meters/").await.is_empty()).then_some(());
    wait_for("the meter", begun).await;
    running.kill().expect("it runs");
    running.wait().expect("it is gone");
    bench.polar.faults(json!({"delay_ms": 0})).await;
    assert!(bench.plan().await.iter().any(|line| line.contains("$0.04 for each QR code")));
    bench.push().await;
    bench.charges("4").await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_charge_nothing_twice() {
    let bench = Bench::charging().await;
    let stops = async |answer: Value, to: &str| {
        bench.polar.faults(json!({"answer": answer, "answer_to": to, "answer_count": 1, "retry_after": 0})).await;
        let stopped = bench.run(&["push", "--yes"]).await;
        assert!(
            stopped.status == 1 && stopped.error.contains("Stopped at: "),
            "{to}: {}{}",
            stopped.text,
            stopped.error
        );
    };
    for (answer, to) in
        [("cut", "POST /v1/meters/"), ("cut", "POST /v1/products/"), ("500 after", "POST /v1/products/")]
    {
        stops(json!(answer), to).await;
    }
    bench.push().await;
    bench.charges("4").await;
    bench.change(EACH, "each = { usd = \"5\" }\n");
    stops(json!("500 after"), "PATCH /v1/products/").await;
    assert_eq!(bench.plan().await.len(), 1, "the first product was changed");
    stops(json!("cut"), "PATCH /v1/products/").await;
    bench.charges("5").await;
    assert!(bench.push().await.contains("Nothing to do"));
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_made_anew_is_charged_by_and_a_foreign_one_is_left_alone() {
    let bench = Bench::charging().await;
    bench.push().await;
    let meters = bench.polar.list("/v1/meters/").await;
    let path = format!("/v1/meters/{}", meters[0]["id"].as_str().expect("an id"));
    assert_eq!(bench.polar.send("PATCH", &path, Some(json!({"is_archived": true}))).await.0, 200);
    let lines = bench.plan().await;
    assert_eq!(lines[0], "+ meter QR codes: made, counts the events \"codes\"");
    assert!(lines.iter().filter(|line| line.contains("counted by the meter that plans.toml means")).count() == 2);
    bench.push().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    let meters = bench.polar.list("/v1/meters/?is_archived=false").await;
    assert!(bench.pro().await.iter().all(|product| price(product, "metered_unit")["meter"]["id"] == meters[0]["id"]));

    let foreign =
        json!({"name": "Calls", "filter": {"conjunction": "and", "clauses": []}, "aggregation": {"func": "count"}});
    let foreign = bench.polar.send("POST", "/v1/meters/", Some(foreign)).await.1;
    let monthly = bench.pro().await.remove(0);
    let path = format!("/v1/products/{}", monthly["id"].as_str().expect("an id"));
    let calls = json!({"amount_type": "metered_unit", "meter_id": foreign["id"], "unit_amount": "1"});
    let prices = json!({"prices": [{"id": price(&monthly, "fixed")["id"]}, calls]});
    assert_eq!(bench.polar.send("PATCH", &path, Some(prices)).await.0, 200);
    let said = bench.run(&["plan"]).await;
    let note = "! Pro (every month) has a price that is neither plainly fixed nor for a meter of plans.toml";
    assert!(said.status == 0 && said.text.contains(note), "{}", said.text);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_goes_along_where_the_plans_say_so() {
    let bench = Bench::charging().await;
    bench.push().await;
    let rolls = async || {
        let credits = bench.polar.list("/v1/benefits/?type=meter_credit").await;
        let ours = credits.iter().filter(|one| one["metadata"]["plan"] == "pro");
        ours.map(|one| (one["id"].to_string(), one["properties"]["rollover"] == true)).collect::<Vec<_>>()
    };
    let before = rolls().await;
    assert!(before.len() == 2 && before.iter().all(|(_, rolls)| !rolls), "{before:?}");
    for (rollover, words) in [(true, "goes along, instead of lapsing"), (false, "lapses, instead of going along")] {
        let (yes, no) = (format!("{EACH}rollover = true\n"), EACH);
        if rollover {
            bench.change(no, &yes)
        } else {
            bench.change(&yes, no)
        }
        let lines = bench.plan().await;
        assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(words)), "{lines:#?}");
        bench.push().await;
        assert_eq!(bench.plan().await, Vec::<String>::new());
        let wanted: Vec<_> = before.iter().map(|(id, _)| (id.clone(), rollover)).collect();
        assert_eq!(rolls().await, wanted, "the same benefits");
    }
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sandbox_charges_from_the_start() {
    let place = Place::new().await;
    let plans = place.folder.path().join("plans.toml");
    fs::write(&plans, charging().replacen(EACH, &format!("{EACH}rollover = true\n"), 1)).expect("a file");
    let shop = Shop::open_with(place, &["--plans".to_owned(), plans.display().to_string()]).await;
    let products = shop.polar.list("/v1/products/").await;
    let pro = products.iter().find(|product| product["name"] == "Pro (every month)").expect("a product");
    assert_eq!(texts(pro["prices"].as_array().expect("prices"), "amount_type"), ["fixed", "metered_unit"]);
    let unit = price(pro, "metered_unit");
    assert_eq!((&unit["unit_amount"], &unit["meter"]["name"]), (&json!("4.000000000000"), &json!("QR codes")));
    assert_eq!(pro["benefits"][0]["properties"]["rollover"], true);
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.worked_off().await;
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}
