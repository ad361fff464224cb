//! More than is included: paid by the unit, as far as the customer allows, never further; and the bill is what was told.

use super::{
    super::{
        leaving::Resident,
        polar::PAYS,
        shop::{Place, Shop},
    },
    balance, codes, everything_sent, wait_for_balance,
};
use boreal::{
    model::instant::{DAY, HOUR},
    server::{
        db::Reader,
        services::{
            buying::Committed,
            usage::{self, Held, Settled, Spent},
        },
    },
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PAGE: &str = "/usage/limit";
const ITS_PAGE: &str = "/usage/limit?meter=codes";

/// Somebody who has Pro and has used what it includes; that is more than what everybody has today.
async fn all_used(shop: &Shop) -> Resident {
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", PAYS).await;
    wait_for_balance(shop, &ann.who, 300).await;
    assert_eq!(spend(shop, &ann, 300, "included").await, Spent::Done);
    ann
}

async fn spend(shop: &Shop, who: &Resident, amount: i64, key: &str) -> Spent {
    usage::spend(&shop.state, &who.who.id, &codes(amount, key)).await.expect("the database answers")
}

async fn allow(who: &Resident, amount: &str) {
    who.browser.post(ITS_PAGE, &[("meter", "codes"), ("amount", amount)], 303).await;
}

async fn is_stopped(shop: &Shop, who: &Resident, key: &str) {
    assert!(matches!(spend(shop, who, 1, key).await, Spent::NotEnough(left) if left.left() == 0), "{key}");
}

/// The newest bill: its lines without the words after the name, with their amounts.
async fn newest_bill(shop: &Shop) -> Vec<(String, i64)> {
    let orders = shop.polar.list("/v1/orders/?sorting=-created_at").await;
    let line = |line: &Value| {
        let label = line["label"].as_str().expect("words").split(" — ").next().expect("a name").to_owned();
        (label, line["amount"].as_i64().expect("an amount"))
    };
    orders[0]["items"].as_array().expect("lines").iter().map(line).collect()
}

/// Over the end of the period, with time for Polar to count before.
async fn renew(shop: &Shop) {
    everything_sent(&shop.state.db).await;
    shop.polar.idle().await;
    shop.advance(HOUR).await;
    shop.advance(31 * DAY).await;
    shop.polar.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_it_stops_where_the_plan_ends() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    is_stopped(&shop, &ann, "more").await;
    let page = ann.browser.get("/usage", 200).await.html;
    for words in ["Each QR code beyond that costs $0.04.", "You have set no spending limit", "Set a spending limit"] {
        assert!(page.contains(words), "{words:?} is missing in {page}");
    }
    let studio = ann.browser.get("/studio", 200).await.html; // the studio
    assert!(studio.contains("each QR code more costs $0.04") && studio.contains(ITS_PAGE), "{studio}"); // the studio
    renew(&shop).await;
    assert_eq!(newest_bill(&shop).await.iter().map(|(_, amount)| amount).sum::<i64>(), 1_200);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_allows_so_much_and_no_more_and_the_bill_is_what_was_told() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    allow(&ann, "1").await;
    assert_eq!(spend(&shop, &ann, 25, "beyond").await, Spent::Done);
    is_stopped(&shop, &ann, "a cent more").await;
    let page = ann.browser.get("/usage", 200).await.html;
    for words in [
        "Your spending limit is $1 in each period: 25 QR codes more.",
        "25 QR codes beyond what is included so far: $1, tax apart",
        "Change the limit",
    ] {
        assert!(page.contains(words), "{words:?} is missing in {page}");
    }
    let studio = ann.browser.get("/studio", 200).await.html; // the studio
    assert!(studio.contains("your spending limit is reached"), "{studio}"); // the studio
    // Tomorrow what everybody has goes first, and what it costs is still told.
    shop.advance(DAY).await;
    let page = ann.browser.get("/usage", 200).await.html;
    assert!(page.contains("3 QR codes are left for today") && page.contains("so far: $1, tax apart"), "{page}");
    let page = ann.browser.get(ITS_PAGE, 200).await.html;
    assert!(page.contains("Your plan includes 300 in each period."), "{page}");

    renew(&shop).await;
    wait_for_balance(&shop, &ann.who, 325).await;
    let bill = newest_bill(&shop).await;
    assert!(bill.contains(&("QR codes".to_owned(), 100)), "{bill:?}");
    assert_eq!(bill.iter().map(|(_, amount)| amount).sum::<i64>(), 1_300);
    let page = ann.browser.get("/usage", 200).await.html;
    assert!(page.contains("325 of 300 QR codes used, $1 for what was beyond"), "{page}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancelled_reads_of_no_renewal_when_the_last_use_is_billed() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    allow(&ann, "1").await;
    assert_eq!(spend(&shop, &ann, 25, "beyond").await, Spent::Done);
    let subscription = shop.polar.list("/v1/subscriptions/").await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/subscriptions/{subscription}");
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await.0, 200);
    let ends_at = balance(&shop, &ann.who).await.until.expect("a period");
    everything_sent(&shop.state.db).await;
    shop.polar.idle().await;
    shop.advance(HOUR).await;
    shop.advance(ends_at - shop.state.clock.billing() + HOUR).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(newest_bill(&shop).await, [("QR codes".to_owned(), 100)]);
    let page = ann.browser.get("/orders", 200).await.html;
    assert!(page.contains("Pro, last bill, for what was used") && !page.contains("Pro, renewal"), "{page}");
    let paid = "SELECT letter FROM outgoing_mail WHERE kind = 'order_paid'";
    let letters: Vec<(String,)> = shop.state.db.read(paid).all().await.expect("mails");
    let last = letters.iter().filter(|(letter,)| letter.contains("last bill, for what was used"));
    assert_eq!((letters.len(), last.count()), (2, 1), "{letters:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_counts_late_is_on_no_bill_that_nobody_allowed() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", PAYS).await;
    wait_for_balance(&shop, &ann.who, 300).await;
    let ends_at = balance(&shop, &ann.who).await.until.expect("a period");
    // Less than a quarter of an hour before the end: Polar counts it after it.
    shop.advance(ends_at - shop.state.clock.billing() - 5 * 60_000).await;
    assert_eq!(spend(&shop, &ann, 50, "at the last moment").await, Spent::Done);
    everything_sent(&shop.state.db).await;
    shop.advance(10 * 60_000).await;
    wait_for_balance(&shop, &ann.who, 250).await;
    let page = ann.browser.get("/usage", 200).await.html;
    assert!(page.contains("So 50 QR codes from before this period count in it too."), "{page}");
    assert_eq!(spend(&shop, &ann, 250, "all the rest").await, Spent::Done);
    is_stopped(&shop, &ann, "what Polar would bill").await;
    renew(&shop).await;
    wait_for_balance(&shop, &ann.who, 300).await;
    let bill = newest_bill(&shop).await;
    assert!(bill.contains(&("QR codes".to_owned(), 0)), "{bill:?}");
    assert_eq!(bill.iter().map(|(_, amount)| amount).sum::<i64>(), 1_200);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_spend_the_last_cent_at_once_just_enough_do() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    allow(&ann, "0.22").await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (state, user) = (shop.state.clone(), ann.who.id.clone());
        tasks.spawn(async move { usage::spend(&state, &user, &codes(1, &format!("at once {number}"))).await });
    }
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| matches!(answer, Ok(Spent::Done))).count();
    assert_eq!(done, 5, "22 cents are five at 4: {answers:?}");
    is_stopped(&shop, &ann, "after them").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_cost_more_than_was_set_aside_uses_up_the_limit() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    allow(&ann, "0.40").await;
    let hold = async |amount, key| {
        usage::hold(&shop.state, &ann.who.id, &codes(amount, key), HOUR).await.expect("the database answers")
    };
    let Held::Yes(id) = hold(10, "work").await else { panic!("ten are allowed") };
    assert!(matches!(hold(1, "more").await, Held::NotEnough(_)), "what is set aside is not there for others");
    assert_eq!(usage::settle(&shop.state, &id, 12).await.expect("durable"), Settled::Done);
    let left = balance(&shop, &ann.who).await;
    assert_eq!((left.over(), left.left()), (12, 0));
    allow(&ann, "0.60").await;
    assert_eq!(balance(&shop, &ann.who).await.left(), 3);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_at_once_and_odd_ones_change_nothing() {
    let shop = Shop::open().await;
    let ann = all_used(&shop).await;
    allow(&ann, "2").await;
    assert_eq!(spend(&shop, &ann, 10, "beyond").await, Spent::Done);
    for odd in ["", "x", "-1", "1e9", "0.001", "999999999999999999999", "$5"] {
        let html = ann.browser.post(ITS_PAGE, &[("meter", "codes"), ("amount", odd)], 422).await.html;
        assert!(html.contains("Write an amount like 5 or 12.50"), "{odd}: {html}");
    }
    assert_eq!(balance(&shop, &ann.who).await.left(), 40, "2 dollars are 50 at 4");
    for (lower, key) in [("0.20", "below what was used"), ("0", "nothing")] {
        allow(&ann, lower).await;
        is_stopped(&shop, &ann, key).await;
    }
    ann.browser.get("/usage/limit?meter=films", 404).await;
    ann.browser.post(PAGE, &[("meter", "films"), ("amount", "5")], 404).await;
    let acts: i64 = shop
        .state
        .db
        .read("SELECT COUNT(*) FROM audit_log WHERE action = 'spending limit chosen'")
        .scalar()
        .await
        .expect("rows");
    assert_eq!(acts, 3);

    let bob = shop.resident("bob").await;
    bob.browser.get(ITS_PAGE, 404).await;
    bob.browser.post(PAGE, &[("meter", "codes"), ("amount", "5")], 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_trial_nothing_more_is_sold() {
    let shop = Shop::open().await;
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "team", PAYS).await;
    wait_for_balance(&shop, &ann.who, 2_000).await;
    ann.browser.get(ITS_PAGE, 404).await;
    shop.advance(15 * DAY).await;
    wait_for_balance(&shop, &ann.who, 2_000).await;
    let page = ann.browser.get(ITS_PAGE, 200).await.html;
    assert!(page.contains("Each QR code beyond that costs $0.03."), "{page}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_of_a_unit_that_moved_is_shown_before_it_is_agreed_to() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let shown = shop.propose(&ann, "pro", "month").await;
    assert_eq!(shown.quote.offer.extras.len(), 1);
    let product = shop.polar.get(&format!("/v1/products/{}", shown.quote.offer.product_id)).await;
    let priced =
        |kind: &str| product["prices"].as_array().and_then(|all| all.iter().find(|one| one["amount_type"] == kind));
    let (fixed, metered) = (priced("fixed").expect("a price"), priced("metered_unit").expect("a price of a unit"));
    let dearer = json!({"amount_type": "metered_unit", "meter_id": metered["meter_id"], "unit_amount": "9", "price_currency": "usd"});
    let prices = json!({"prices": [{"id": fixed["id"]}, dearer]});
    let path = format!("/v1/products/{}", shown.quote.offer.product_id);
    assert_eq!(shop.polar.send("PATCH", &path, Some(prices)).await.0, 200);
    assert_eq!(shop.commit(&ann, &shown).await, Committed::NewQuote);
    let words = shop.propose(&ann, "pro", "month").await.quote.offer.extras[0].each.words("usd");
    assert_eq!(words, "$0.09");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_goes_along_where_the_plan_says_so_here_as_at_polar() {
    let place = Place::new().await;
    let plans =
        include_str!("../../../plans.toml").replacen("included = 300\n", "included = 300\nrollover = true\n", 1);
    let file = place.sandbox().with_file_name("plans.toml");
    std::fs::write(&file, plans).expect("a file");
    let shop = Shop::open_with(place, &["--plans".to_owned(), file.display().to_string()]).await;
    let ann = shop.resident("ann").await;
    shop.subscribe(&ann.who, "pro", PAYS).await;
    wait_for_balance(&shop, &ann.who, 300).await;
    for (used, left) in [(100, 500), (450, 350), (0, 650)] {
        if used > 0 {
            assert_eq!(spend(&shop, &ann, used, &format!("{used} of them")).await, Spent::Done);
        }
        renew(&shop).await;
        wait_for_balance(&shop, &ann.who, left).await;
        shop.worked_off().await;
        let report = usage::reconcile(&shop.state).await.expect("Polar answers").expect("nobody else does");
        assert!(report.unexplained.is_empty(), "{left}: {report:?}");
    }
    shop.close().await;
}
