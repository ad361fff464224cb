//! A subscription becomes another plan: at the price that was shown, once, or not at all, and the page says which.

use super::{
    leaving::Resident,
    patience::wait_until,
    polar::PAYS,
    shop::Shop,
    visitor::{self, value},
};
use boreal::{
    model::{change::Change, instant::DAY},
    server::{
        services::{
            changing::{self, Answer, Consent, Target, Wish},
            replaying,
        },
        state::State,
    },
};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::JoinSet;

const CHANGES: &str = "PATCH /v1/subscriptions/";
const FIELDS: [&str; 6] = ["subscription", "order", "terms", "plan", "interval", "quoted_at"];

type Form = Vec<(&'static str, String)>;

fn form(page: &visitor::Answer) -> Form {
    FIELDS.into_iter().map(|name| (name, page.hidden(name))).collect()
}

fn with<'f>(form: &'f [(&'static str, String)], more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let rest = form.iter().map(|(name, value)| (*name, value.as_str()));
    rest.filter(|(name, _)| more.iter().all(|(other, _)| other != name)).chain(more.iter().copied()).collect()
}

fn address(id: &str, plan: &str, interval: &str) -> String {
    format!("/subscription/change?id={id}&plan={plan}&interval={interval}")
}

impl Shop {
    /// Makes something at Polar.
    async fn made(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.polar.send("POST", path, Some(body)).await;
        assert_eq!(status, 201, "{path}: {made}");
        made
    }

    /// Somebody who pays for a plan with this card, and Polar's id of the subscription.
    async fn payer(&self, plan: &str, interval: &str, card: &str) -> (Resident, String) {
        let ann = self.resident("ann").await;
        let open = self.checkout(&ann.who, plan, interval).await;
        assert_eq!(self.polar.pay(&open.url, &ann.who.email, card).await.status, 303);
        self.wait_for_state(&open.order, "done").await;
        self.polar.idle().await;
        self.worked_off().await;
        let id = self.subscription(&ann.who).await["id"].as_str().expect("an id").to_owned();
        (ann, id)
    }

    /// The slug of the plan that Polar has for it.
    async fn plan_at_polar(&self, id: &str) -> Value {
        self.as_polar_has(id).await["product"]["metadata"]["plan"].clone()
    }

    /// The bills for changes, the newest first.
    async fn differences(&self) -> Vec<Value> {
        let all = self.polar.list("/v1/orders/").await.into_iter();
        all.filter(|bill| bill["billing_reason"] == "subscription_update").collect()
    }
}

impl Resident {
    async fn quote(&self, id: &str, plan: &str, interval: &str) -> visitor::Answer {
        self.browser.get(&address(id, plan, interval), 200).await
    }

    /// Looks at a quote and agrees to it; where its order is.
    async fn agree_to(&self, id: &str, plan: &str, interval: &str) -> String {
        let page = form(&self.quote(id, plan, interval).await);
        let to = self.browser.post(&address(id, plan, interval), &with(&page, &[]), 303).await;
        to.location().to_owned()
    }

    /// The same; the page of the order.
    async fn switch(&self, id: &str, plan: &str, interval: &str) -> visitor::Answer {
        let order = self.agree_to(id, plan, interval).await;
        self.browser.get(&order, 200).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_billed_as_it_was_quoted_and_opens_at_once() {
    let shop = Shop::open_for_long().await;
    let (ann, id) = shop.payer("pro", "month", PAYS).await;
    shop.advance(11 * DAY).await;
    let shown = ann.quote(&id, "team", "month").await;
    for words in ["Pro becomes Team", "This is an estimate", "Shared libraries", "Projects: up to 500", "At once"] {
        assert!(shown.html.contains(words), "{words}: {}", shown.html);
    }
    let page = form(&shown);
    let order = ann.browser.post(&address(&id, "team", "month"), &with(&page, &[]), 303).await;
    assert_eq!(shop.plan_at_polar(&id).await, "team");
    shop.polar.idle().await;
    shop.worked_off().await;
    let bills = shop.differences().await;
    assert_eq!(bills.len(), 1, "{bills:?}");
    let net = bills[0]["net_amount"].as_i64().expect("an amount");
    let quoted = format!("about ${}.{:02}", net / 100, net % 100);
    let a_cent_more = format!("about ${}.{:02}", (net + 1) / 100, (net + 1) % 100);
    assert!(shown.html.contains(&quoted) || shown.html.contains(&a_cent_more), "{quoted}: {}", shown.html);
    let told = ann.browser.get(order.location(), 200).await;
    let total = bills[0]["total_amount"].as_i64().expect("an amount");
    let total = format!("Polar charged ${}.{:02}", total / 100, total % 100);
    assert!(
        told.html.contains("You have Team now") && told.html.contains(total.trim_end_matches(".00")),
        "{}",
        told.html
    );
    assert!(shop.may(&ann.who, "sharing").await);
    assert_eq!(replaying::check(&shop.state).await.expect("a report").differences, Vec::<String>::new());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_downgrade_waits_for_the_end_of_the_paid_time_and_can_be_taken_back() {
    let shop = Shop::open_for_long().await;
    let (ann, id) = shop.payer("team", "month", PAYS).await;
    // Past the trial.
    shop.advance(16 * DAY).await;
    shop.worked_off().await;
    let shown = ann.quote(&id, "pro", "month").await;
    assert!(
        shown.html.contains("You lose") && shown.html.contains("when the time you paid for is over"),
        "{}",
        shown.html
    );
    let told = ann.switch(&id, "pro", "month").await;
    assert!(told.html.contains("Pro is scheduled") && told.html.contains("Take it back"), "{}", told.html);
    assert_eq!(shop.plan_at_polar(&id).await, "team");
    assert!(shop.differences().await.is_empty() && shop.may(&ann.who, "sharing").await);
    let account = ann.browser.get("/account", 200).await;
    assert!(
        account.html.contains("Changes to Pro on") && account.html.contains(&format!("/subscription/undo?id={id}"))
    );

    let again = ann.quote(&id, "pro", "month").await;
    assert!(again.html.contains("It is so already"), "{}", again.html);
    let undo = format!("/subscription/undo?id={id}");
    let page = ann.browser.get(&undo, 200).await;
    let fields: Form = FIELDS[..3].iter().map(|name| (*name, page.hidden(name))).collect();
    let done = ann.browser.post(&undo, &with(&fields, &[]), 303).await;
    assert!(ann.browser.get(done.location(), 200).await.html.contains("Team stays"));
    assert_eq!(shop.as_polar_has(&id).await["pending_update"], Value::Null);

    ann.switch(&id, "pro", "month").await;
    shop.advance(32 * DAY).await;
    shop.worked_off().await;
    assert_eq!(shop.plan_at_polar(&id).await, "pro");
    assert!(!shop.may(&ann.who, "sharing").await && shop.may(&ann.who, "studio").await);
    let late = ann.browser.post(&undo, &with(&fields, &[("order", &uuid::Uuid::new_v4().to_string())]), 422).await;
    assert!(late.html.contains("There is nothing to do"), "{}", late.html);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_months_to_years_is_at_once_and_back_is_at_the_end() {
    let shop = Shop::open_for_long().await;
    let (ann, id) = shop.payer("pro", "month", PAYS).await;
    let choices = ann.browser.get(&format!("/subscription/change?id={id}"), 200).await;
    assert!(
        choices.html.contains("plan=pro&amp;interval=year") && !choices.html.contains("lifetime"),
        "{}",
        choices.html
    );
    let told = ann.switch(&id, "pro", "year").await;
    assert!(told.html.contains("You have Pro now") && told.html.contains("$120 per year"), "{}", told.html);
    assert_eq!(shop.as_polar_has(&id).await["recurring_interval"], "year");
    assert_eq!(shop.differences().await.len(), 1);
    let told = ann.switch(&id, "pro", "month").await;
    assert!(told.html.contains("Pro is scheduled"), "{}", told.html);
    assert_eq!(shop.as_polar_has(&id).await["recurring_interval"], "year");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_keeps_the_old_plan_at_the_old_price() {
    let shop = Shop::open().await;
    let (ann, id) = shop.payer("pro", "month", "4000 0000 0000 0341").await;
    let before = shop.as_polar_has(&id).await;
    let told = ann.switch(&id, "team", "month").await;
    assert!(told.html.contains("Nothing was changed") && told.html.contains("Your card was declined"), "{}", told.html);
    assert_eq!(shop.as_polar_has(&id).await, before);
    assert!(!shop.may(&ann.who, "sharing").await && shop.may(&ann.who, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_and_wherever_it_is_pressed_one_change_is_made() {
    let shop = Shop::open().await;
    let (ann, id) = shop.payer("pro", "month", PAYS).await;
    let forms = [
        form(&ann.quote(&id, "team", "month").await),
        form(&ann.quote(&id, "team", "month").await),
        form(&ann.quote(&id, "pro", "year").await),
    ];
    let mut presses = JoinSet::new();
    for press in 0..50 {
        let (state, user, form) = (shop.state.clone(), ann.who.id.clone(), forms[press % 3].clone());
        presses.spawn(async move { commit(&state, &user, &form).await });
    }
    let answers = presses.join_all().await;
    shop.polar.idle().await;
    assert_eq!(shop.differences().await.len(), 1, "{answers:?}");
    let said = |answer: &Answer| match answer {
        Answer::Ordered(order) => Some(order.clone()),
        Answer::Busy | Answer::NewTerms | Answer::Unfit(_) => None,
        other => panic!("{other:?}"),
    };
    let orders: std::collections::BTreeSet<String> = answers.iter().filter_map(said).collect();
    assert_eq!(orders.len(), 1, "{answers:?}");
    shop.close().await;
}

/// Agrees to what a page's form says, without a browser between.
async fn commit(state: &State, user: &str, page: &[(&'static str, String)]) -> Answer {
    let text = |name: &str| value(page, name).to_owned();
    let quoted_at = text("quoted_at").parse().expect("an instant");
    let to = Target { plan: text("plan"), interval: text("interval"), quoted_at };
    let consent = Consent {
        user: user.to_owned(),
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        order: text("order"),
        wish: Wish { subscription: text("subscription"), change: Change::Switch, to: Some(to) },
        terms: text("terms"),
        reason: None,
        comment: None,
    };
    changing::commit(state, consent).await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out_and_nothing_is_asked_twice() {
    let shop = Shop::open().await;
    for (fault, made) in [(json!("500 after"), true), (json!("cut"), true), (json!(500), false)] {
        let (ann, id) = shop.payer("pro", "month", PAYS).await;
        shop.polar.faults(json!({"answer": fault, "answer_to": CHANGES, "answer_count": 1})).await;
        let before = shop.differences().await.len();
        let order = ann.agree_to(&id, "team", "month").await;
        let told = ann.browser.get(&order, 200).await;
        assert!(told.html.contains("We are asking Polar"), "{}", told.html);
        shop.a_minute_later().await;
        let words = if made { "You have Team now" } else { "Nothing was changed" };
        let settled = async || {
            let page = ann.browser.get(&order, 200).await.html;
            if page.contains(words) { Ok(()) } else { Err(page) }
        };
        wait_until(words, settled).await;
        assert_eq!(shop.plan_at_polar(&id).await, if made { "team" } else { "pro" }, "{fault}");
        assert_eq!(shop.differences().await.len(), before + usize::from(made), "{fault}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moved_between_quote_and_consent_is_asked_again() {
    let shop = Shop::open().await;
    let (ann, id) = shop.payer("pro", "month", PAYS).await;
    let (to, page) = (address(&id, "team", "month"), form(&ann.quote(&id, "team", "month").await));
    shop.polar.faults(json!({"down": true})).await;
    let down = ann.browser.post(&to, &with(&page, &[]), 503).await;
    assert!(down.html.contains("Nothing was changed"), "{}", down.html);
    shop.polar.faults(json!({"down": false})).await;

    let team = shop.polar.list("/v1/products/").await.into_iter().find(|one| one["metadata"]["plan"] == "team");
    let path = format!("/v1/products/{}", team.expect("a product")["id"].as_str().expect("an id"));
    let dearer = json!({"prices": [{"amount_type": "fixed", "price_amount": 4900, "price_currency": "usd"}]});
    assert_eq!(shop.polar.send("PATCH", &path, Some(dearer)).await.0, 200);
    shop.polar.idle().await;
    shop.worked_off().await;
    let moved = ann.browser.post(&to, &with(&page, &[]), 422).await;
    assert!(moved.html.contains("has changed since") && moved.html.contains("$49 per month"), "{}", moved.html);
    assert_eq!(shop.plan_at_polar(&id).await, "pro");

    // Taken from sale, and the news of it does not reach us.
    let page = form(&moved);
    shop.polar.faults(json!({"sender": false})).await;
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"is_archived": true}))).await.0, 200);
    let gone = ann.browser.post(&to, &with(&page, &[]), 422).await;
    assert!(gone.html.contains("This is not for sale, or not any more"), "{}", gone.html);
    assert_eq!(shop.plan_at_polar(&id).await, "pro");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_forms_change_nothing() {
    let shop = Shop::open().await;
    let (ann, id) = shop.payer("pro", "month", PAYS).await;
    let eve = shop.resident("eve").await;
    let (to, page) = (address(&id, "team", "month"), form(&ann.quote(&id, "team", "month").await));
    eve.browser.get(&to, 404).await;
    eve.browser.post(&to, &with(&page, &[]), 404).await;
    let now = value(&page, "quoted_at").parse::<i64>().expect("an instant");
    let (old, future) = ((now - DAY).to_string(), (now + DAY).to_string());
    for (name, text, status) in [
        ("terms", "0", 422),
        ("quoted_at", "-9223372036854775808", 422),
        ("quoted_at", "yesterday", 422),
        ("quoted_at", &old, 422),
        ("quoted_at", &future, 422),
        ("interval", "year", 422),
        ("plan", "lifetime", 422),
        ("plan", "free", 422),
        ("plan", "'; DROP TABLE orders", 422),
        ("order", "1", 404),
        ("subscription", "", 404),
    ] {
        ann.browser.post(&to, &with(&page, &[(name, text)]), status).await;
    }
    for plan in ["lifetime", "free", "nothing"] {
        ann.browser.get(&address(&id, plan, "month"), 404).await;
    }
    // At Polar, but in a currency that is not sold here.
    let price = json!({"amount_type": "fixed", "price_amount": 39000, "price_currency": "eur"});
    let yearly = json!({"name": "Team", "recurring_interval": "year", "metadata": {"plan": "team"}, "prices": [price]});
    shop.made("/v1/products/", yearly).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let shown = ann.browser.get(&address(&id, "team", "year"), 404).await.html;
    assert!(shown.contains("This is not for sale") && !shown.contains("name=\"terms\""), "{shown}");
    let refused = ann.browser.post(&address(&id, "team", "year"), &with(&page, &[("interval", "year")]), 422).await;
    assert!(refused.html.contains("role=\"alert\""), "{}", refused.html);

    assert_eq!(shop.plan_at_polar(&id).await, "pro");
    assert!(shop.differences().await.is_empty());
    ann.browser.post(&to, &with(&page, &[]), 303).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_come_first_is_offered_first() {
    let shop = Shop::open_for_long().await;
    let (ann, id) = shop.payer("pro", "month", "4000 0000 0000 0341").await;
    let path = format!("/v1/subscriptions/{id}");
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await.0, 200);
    let ending = ann.quote(&id, "team", "month").await;
    assert!(ending.html.contains("Keep it first") && !ending.html.contains("name=\"terms\""), "{}", ending.html);
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"cancel_at_period_end": false}))).await.0, 200);
    shop.advance(32 * DAY).await;
    shop.worked_off().await;
    let late = ann.quote(&id, "team", "month").await;
    assert!(late.html.contains("Open the billing portal") && !late.html.contains("name=\"terms\""), "{}", late.html);

    // On trial, another plan without one ends it: that is said, and exact.
    let (bob, trial) = shop.payer("team", "month", PAYS).await;
    let shown = bob.quote(&trial, "pro", "month").await;
    assert!(shown.html.contains("when the time you paid for is over"), "{}", shown.html);
    let yearly = bob.quote(&trial, "pro", "year").await;
    assert!(yearly.html.contains("Nothing"), "{}", yearly.html);

    let buying = ann.browser.get("/buy?plan=team&interval=month", 200).await;
    assert!(buying.html.contains("/subscription/change?plan=team&amp;interval=month"), "{}", buying.html);
    shop.close().await;
}
