//! The nightly comparison of what Polar says that customers have: the same, late, from before, more or less than we give, and
//! of people whom we do not know.

use super::{
    super::{
        patience::wait_for,
        polar::Polar,
        shop::{Person, Shop},
    },
    codes, everything_sent, wait_for_balance,
};
use boreal::{
    model::instant::{DAY, HOUR},
    server::{
        db::{Reader, sync_runs},
        services::{
            syncing::{Line, Report},
            usage,
        },
    },
};
use serde_json::{Value, json};

/// Longer than Polar's balances are late.
const A_WHILE: i64 = 4 * HOUR;

impl Shop {
    /// Somebody who bought, so many of whose codes are there.
    async fn owner_of(&self, plan: &str, interval: &str, units: i64) -> Person {
        let ann = self.person("ann").await;
        self.buy(&ann, plan, interval).await;
        wait_for_balance(self, &ann, units).await;
        self.come_to_rest().await;
        ann
    }

    async fn use_codes(&self, who: &Person, amount: i64, key: &str) {
        usage::record(&self.state, &who.id, &codes(amount, key)).await.expect("durable");
        self.come_to_rest().await;
    }

    /// Moves the clock on until everything has followed.
    async fn pass(&self, ms: i64) {
        self.advance(ms).await;
        self.come_to_rest().await;
    }

    async fn come_to_rest(&self) {
        everything_sent(&self.state.db).await;
        self.polar.idle().await;
        self.worked_off().await;
    }

    async fn write(&self, update: &'static str) {
        assert!(self.state.db.write(update).execute().await.expect("rows") > 0, "{update}");
    }
}

async fn reconciled(shop: &Shop) -> Report {
    usage::reconcile(&shop.state).await.expect("Polar answers").expect("nobody else does")
}

/// Both sides have the same, without a word.
async fn is_equal(shop: &Shop, customers: i64, when: &str) {
    let report = reconciled(shop).await;
    let counts = report.counts();
    assert!(report.explained.is_empty() && counts.checked == counts.equal, "{when}: {report:?}");
    assert!(counts.equal >= customers, "{when}: {report:?}");
}

/// The only line, in words.
fn only(lines: &[Line], who: &Person) -> String {
    let [line] = lines else { panic!("not one line: {lines:?}") };
    assert_eq!((line.kind.as_str(), line.user.as_ref()), ("balance", Some(&who.id)), "{line:?}");
    line.words.clone()
}

/// What differs for a reason; nothing else does.
async fn explained(shop: &Shop, who: &Person) -> String {
    let report = reconciled(shop).await;
    let counts = report.counts();
    assert_eq!((counts.checked, counts.unexplained), (counts.equal, 0), "{report:?}");
    only(&report.explained, who)
}

/// What differs without one.
async fn unexplained(shop: &Shop, who: &Person) -> String {
    let report = reconciled(shop).await;
    assert!(report.explained.is_empty(), "{report:?}");
    let balances: Vec<Line> = report.unexplained.iter().filter(|line| line.kind == "balance").cloned().collect();
    only(&balances, who)
}

/// Polar's meter of the codes, and its first product that belongs to a plan.
async fn meter_and_product(polar: &Polar, plan: &str) -> (Value, Value) {
    let meters = polar.list("/v1/meters/").await;
    let meter = meters.into_iter().find(|meter| meter["metadata"]["meter"] == "codes").expect("it was pushed");
    let products = polar.list("/v1/products/?sorting=created_at").await;
    let product = products.into_iter().find(|product| product["metadata"]["plan"] == plan).expect("it was pushed");
    (meter, product)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_buys_uses_and_renews_has_the_same_on_both_sides() {
    let shop = Shop::open().await;
    is_equal(&shop, 0, "with nobody there").await;
    let ann = shop.owner_of("pro", "month", 300).await;
    is_equal(&shop, 1, "after buying").await;
    shop.use_codes(&ann, 5, "first").await;
    is_equal(&shop, 2, "after a use").await;
    shop.pass(A_WHILE).await;
    shop.polar.fail(500, "/v1/events/ingest").await;
    usage::record(&shop.state, &ann.id, &codes(7, "on its way")).await.expect("durable");
    is_equal(&shop, 2, "while some is on its way").await;
    shop.polar.recover().await;
    shop.write("UPDATE usage_events SET run_at = 0").await;
    shop.state.wake.usage.notify_one();
    shop.come_to_rest().await;
    for month in ["the second", "the third"] {
        shop.pass(31 * DAY).await;
        wait_for_balance(&shop, &ann, 300).await;
        is_equal(&shop, 2, "after a renewal").await;
        shop.use_codes(&ann, 9, month).await;
        is_equal(&shop, 2, month).await;
    }
    shop.pass(62 * DAY).await;
    is_equal(&shop, 2, "after two renewals at once").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_given_at_once_and_counts_until_it_is_over() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "year", 3600).await;
    shop.use_codes(&ann, 5, "in the first month").await;
    shop.pass(100 * DAY).await;
    shop.use_codes(&ann, 6, "in the fourth").await;
    is_equal(&shop, 2, "within the year").await;
    shop.pass(267 * DAY).await;
    wait_for_balance(&shop, &ann, 3600).await;
    is_equal(&shop, 2, "in the next year").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_gives_too_much_or_too_little_is_told_to_staff() {
    let shop = Shop::open().await;
    let (staff, _) = shop.hire("sam").await;
    let ann = shop.owner_of("pro", "month", 300).await;
    let (meter, product) = meter_and_product(&shop.polar, "pro").await;
    let properties = json!({"meter_id": meter["id"], "units": 10, "rollover": false});
    let benefit = json!({"type": "meter_credit", "description": "Ten more codes", "properties": properties});
    let (status, made) = shop.polar.send("POST", "/v1/benefits/", Some(benefit)).await;
    assert_eq!(status, 201, "{made}");
    let own = product["benefits"].as_array().expect("benefits").iter().map(|benefit| benefit["id"].clone());
    let all: Vec<Value> = own.chain([made["id"].clone()]).collect();
    let path = format!("/v1/products/{}/benefits", product["id"].as_str().expect("an id"));
    shop.at_polar("POST", &path, Some(json!({ "benefits": all }))).await;
    shop.pass(1000).await;
    let gives = "Polar gives 310, we give 300";
    assert!(explained(&shop, &ann).await.starts_with(gives), "the period is young");
    let html = staff.get("/staff/polar", 200).await.html;
    assert!(html.contains("What differs for a reason") && html.contains(gives), "{html}");

    shop.pass(A_WHILE).await;
    assert_eq!(unexplained(&shop, &ann).await, gives);
    let run = sync_runs::newest(&shop.state.db, Some("usage"), 1).await.expect("rows").remove(0);
    assert_eq!((run.checked, run.equal, run.unexplained), (1, 0, 1));
    let one = staff.get(&format!("/staff/polar?run={}", run.id), 200).await.html;
    assert!(one.contains(gives) && !one.contains("What differs for a reason"), "{one}");

    shop.write("UPDATE usage_windows SET most = 320").await;
    assert_eq!(unexplained(&shop, &ann).await, "Polar gives 310, we give 320");
    shop.at_polar("PATCH", &benefit_path(&made), Some(json!({"type": "meter_credit", "description": "More"}))).await;
    assert!(explained(&shop, &ann).await.ends_with("counts from the next renewal on"));
    shop.close().await;
}

fn benefit_path(benefit: &Value) -> String {
    format!("/v1/benefits/{}", benefit["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_may_be_late_for_three_hours_and_no_longer() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "month", 300).await;
    shop.use_codes(&ann, 1, "first").await;
    shop.use_codes(&ann, 5, "moved").await;
    shop.pass(32 * DAY).await;
    wait_for_balance(&shop, &ann, 300).await;
    // As if it were of this month: Polar's balance began anew and lacks it.
    let moved = "UPDATE usage_events SET counted_at = (SELECT MAX(starts_at) + 14400000 FROM usage_windows)
                 WHERE key = 'moved'";
    shop.write(moved).await;
    let words = explained(&shop, &ann).await;
    assert!(words.starts_with("Polar counts 0 used, we sent 5 of the period: what was sent in the last 3"), "{words}");
    shop.write("UPDATE usage_events SET sent_at = sent_at - 14400000").await;
    assert_eq!(unexplained(&shop, &ann).await, "Polar counts 0 used, we sent 5 of the period");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_that_waited_over_a_renewal_count_when_they_arrive() {
    let shop = Shop::open().await;
    for benefit in shop.polar.list("/v1/benefits/").await.iter().filter(|one| one["type"] == "meter_credit") {
        let mut properties = benefit["properties"].clone();
        properties["rollover"] = json!(true);
        let body = json!({"type": "meter_credit", "properties": properties});
        shop.at_polar("PATCH", &benefit_path(benefit), Some(body)).await;
    }
    let ann = shop.owner_of("pro", "month", 300).await;
    shop.use_codes(&ann, 5, "in time").await;
    shop.polar.fail(500, "/v1/events/ingest").await;
    usage::record(&shop.state, &ann.id, &codes(7, "late")).await.expect("durable");
    shop.advance(32 * DAY).await;
    wait_for_balance(&shop, &ann, 300).await;
    shop.polar.recover().await;
    shop.write("UPDATE usage_events SET run_at = 0 WHERE state = 'recorded'").await;
    shop.state.wake.usage.notify_one();
    shop.come_to_rest().await;
    // As much as is left by our count goes along here; by Polar's it is seven more.
    shop.write("UPDATE usage_windows SET most = 588 WHERE starts_at = (SELECT MAX(starts_at) FROM usage_windows)")
        .await;
    let words = explained(&shop, &ann).await;
    assert!(words.starts_with("Polar gives 595, we give 588: what goes along"), "{words}");
    assert!(words.contains("; Polar counts 7 used, we sent 0 of the period: "), "{words}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_that_are_not_ours_are_told_of_the_balance_too() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "month", 300).await;
    shop.use_codes(&ann, 5, "ours").await;
    shop.pass(A_WHILE).await;
    used_at_polar(&shop.polar, &ann.id, 3).await;
    assert_eq!(unexplained(&shop, &ann).await, "Polar counts 8 used, we sent 5 of the period");
    shop.close().await;
}

/// A use that somebody else told Polar of.
async fn used_at_polar(polar: &Polar, customer: &str, amount: i64) {
    let event = json!({"name": "codes", "external_customer_id": customer, "metadata": {"amount": amount}});
    let (status, answer) = polar.send("POST", "/v1/events/ingest", Some(json!({"events": [event]}))).await;
    assert_eq!(status, 200, "{answer}");
    polar.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_before_the_first_period_goes_on_counting_until_a_renewal() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.use_codes(&ann, 4, "before").await;
    shop.advance(HOUR).await;
    shop.buy(&ann, "pro", "month").await;
    shop.use_codes(&ann, 5, "after").await;
    shop.pass(A_WHILE).await;
    let words = explained(&shop, &ann).await;
    assert!(words.starts_with("Polar counts 9 used, we sent 5 of the period: it goes on"), "{words}");
    shop.pass(31 * DAY).await;
    is_equal(&shop, 2, "after the renewal").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plan_within_the_period_is_no_alarm() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "month", 300).await;
    shop.use_codes(&ann, 5, "with pro").await;
    shop.pass(DAY).await;
    let (_, team) = meter_and_product(&shop.polar, "team").await;
    let path = format!("/v1/subscriptions/{}", shop.subscription(&ann).await["id"].as_str().expect("an id"));
    let change = json!({"product_id": team["id"], "proration_behavior": "invoice"});
    shop.at_polar("PATCH", &path, Some(change)).await;
    wait_for_balance(&shop, &ann, 1995).await;
    shop.pass(A_WHILE).await;
    is_equal(&shop, 2, "after the change").await;
    shop.write("UPDATE usage_windows SET most = 2300").await;
    let words = explained(&shop, &ann).await;
    assert!(words.ends_with("we give 2300: the plan was changed within the period"), "{words}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_months_to_years_and_after_the_end_it_is_no_alarm() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "month", 300).await;
    shop.use_codes(&ann, 5, "in the month").await;
    shop.pass(DAY).await;
    let products = shop.polar.list("/v1/products/").await;
    let yearly = products.iter().find(|one| one["metadata"]["plan"] == "pro" && one["recurring_interval"] == "year");
    let path = format!("/v1/subscriptions/{}", shop.subscription(&ann).await["id"].as_str().expect("an id"));
    let change = json!({"product_id": yearly.expect("it was pushed")["id"], "proration_behavior": "invoice"});
    shop.at_polar("PATCH", &path, Some(change)).await;
    wait_for_balance(&shop, &ann, 3600).await;
    shop.pass(A_WHILE).await;
    let words = explained(&shop, &ann).await;
    assert!(words.starts_with("Polar counts 5 used, we sent 0 of the period: it goes on"), "{words}");
    shop.at_polar("DELETE", &path, None).await;
    shop.pass(A_WHILE).await;
    is_equal(&shop, 2, "after the end").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_renewal_is_unpaid_nothing_is_an_alarm() {
    const PAYS_ONCE: &str = "4000 0000 0000 0341";
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    assert_eq!(shop.polar.pay(&open.url, &ann.email, PAYS_ONCE).await.status, 303);
    shop.wait_for_state(&open.order, "done").await;
    shop.use_codes(&ann, 5, "in the first month").await;
    shop.pass(31 * DAY + HOUR).await;
    let bills = "SELECT bill FROM usage_windows ORDER BY starts_at DESC LIMIT 1";
    let is_unpaid = async || {
        let bill: String = shop.state.db.read(bills).scalar().await.expect("a period");
        (bill == "unpaid").then_some(())
    };
    wait_for("the bill to fail", is_unpaid).await;
    shop.pass(A_WHILE).await;
    let report = reconciled(&shop).await;
    assert!(report.unexplained.is_empty() && report.repairs.is_empty(), "{report:?}");
    assert!(report.explained.iter().all(|line| line.words.ends_with("is unpaid")), "{report:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_passed_over_and_who_has_no_balance_is_told() {
    let shop = Shop::open().await;
    for (email, external) in [("one@boreal-shop.dev", Some("of another shop")), ("two@boreal-shop.dev", None)] {
        shop.at_polar("POST", "/v1/customers/", Some(json!({"email": email, "external_id": external}))).await;
    }
    used_at_polar(&shop.polar, "of another shop", 5).await;
    assert_eq!(shop.polar.list("/v1/customer-meters/").await.len(), 1);
    assert_eq!(reconciled(&shop).await.counts().checked, 0);

    let ann = shop.person("ann").await;
    let insert = "INSERT INTO usage_windows (user_id, meter, source_id, starts_at, ends_at, most, bill)
                  VALUES ($1, 'codes', 'a subscription', $2, $3, 300, 'paid')";
    let now = shop.state.clock.billing();
    shop.state.db.write(insert).bind(&ann.id).bind(now).bind(now + DAY).execute().await.expect("a row");
    is_equal(&shop, 1, "while the period is young").await;
    shop.advance(A_WHILE).await;
    assert_eq!(unexplained(&shop, &ann).await, "Polar has no balance, we give 300");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_ends_the_run_and_the_next_one_sees_all() {
    let shop = Shop::open().await;
    let ann = shop.owner_of("pro", "month", 300).await;
    for number in 0..120 {
        let (email, id) = (format!("{number}@boreal-shop.dev"), shop.person("bob").await.id);
        shop.at_polar("POST", "/v1/customers/", Some(json!({"email": email, "external_id": id}))).await;
        let event = json!({"name": "codes", "external_customer_id": id, "metadata": {"amount": 1}});
        shop.polar.send("POST", "/v1/events/ingest", Some(json!({"events": [event]}))).await;
    }
    shop.come_to_rest().await;
    shop.polar.fail(500, "sorting=customer_id&page=2").await;
    usage::reconcile(&shop.state).await.expect_err("the second page fails");
    let run = sync_runs::newest(&shop.state.db, Some("usage"), 1).await.expect("rows").remove(0);
    assert!(run.error.is_some() && run.finished_at.is_some(), "{run:?}");
    assert_eq!((run.checked, run.equal, run.unexplained), (100, 100, 0));
    shop.polar.recover().await;
    let report = reconciled(&shop).await;
    assert!(report.has("balance", &format!("codes:{}", ann.id)), "{report:?}");
    assert_eq!((report.counts().checked, report.counts().equal), (121, 121), "{report:?}");
    shop.close().await;
}
