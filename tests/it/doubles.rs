//! Two subscriptions of one person: a case only if Polar says so too, closed by itself when one of both ends, and decided by
//! staff, who sees beforehand what is paid back.

use super::{
    patience::{wait_for, wait_until},
    shop::{Person, Shop},
    visitor::Visitor,
};
use boreal::server::db::{
    Reader,
    cases::{self, CaseRow},
};
use serde_json::{Value, json};

/// Somebody who paid for two subscriptions.
pub struct Doubled {
    /// The open case.
    pub case: CaseRow,
    /// The older subscription, of $12 a month.
    pub older: String,
    /// The later one, of $120 a year.
    pub later: String,
}

impl Shop {
    /// Pays twice: two devices, and another address at the second, so that Polar sees two customers.
    pub async fn pay_twice(&self, who: &Person) -> Doubled {
        let other = self.person("other").await;
        let known = json!({"email": other.email, "external_id": other.id});
        assert_eq!(self.polar.send("POST", "/v1/customers/", Some(known)).await.0, 201);
        let (first, second) = (self.checkout(who, "pro", "month").await, self.checkout(who, "pro", "year").await);
        for (open, email) in [(&first, &who.email), (&second, &other.email)] {
            self.pay(open, email).await;
            self.wait_for_state(&open.order, "done").await;
        }
        self.polar.idle().await;
        let case = wait_for("the case", async || self.open_case(who).await).await;
        self.worked_off().await;
        let (older, later) = case.key.split_once('+').expect("two");
        Doubled { older: older.to_owned(), later: later.to_owned(), case: case.clone() }
    }

    /// The open case about somebody's two subscriptions.
    pub async fn open_case(&self, who: &Person) -> Option<CaseRow> {
        let open = cases::of_user(&self.state.db, &who.id).await.expect("rows");
        open.into_iter().find(|case| case.kind == "duplicate_subscription")
    }

    /// How many cases about two subscriptions there ever were.
    async fn double_cases(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM cases WHERE kind = 'duplicate_subscription'").await
    }

    /// How a subscription stands at Polar.
    pub async fn status_at_polar(&self, subscription: &str) -> Value {
        self.polar.get(&format!("/v1/subscriptions/{subscription}")).await["status"].clone()
    }

    /// What was paid back of a subscription at Polar, net of tax.
    pub async fn paid_back(&self, subscription: &str) -> Vec<i64> {
        let refunds = self.polar.list(&format!("/v1/refunds/?subscription_id={subscription}")).await;
        refunds.iter().map(|refund| refund["amount"].as_i64().expect("an amount")).collect()
    }
}

/// What the options of a case's page send, in their order.
pub fn options(page: &str) -> Vec<String> {
    let each = page.split("<option").skip(1).filter_map(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    each.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_report_of_an_end_opens_no_case() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let first = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();

    // It ends and another begins, and the report of the end is late.
    shop.polar.faults(json!({"sender": false})).await;
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{first}"), None).await;
    let products = shop.polar.list("/v1/products/").await;
    let yearly = |one: &&Value| one["metadata"]["plan"] == "pro" && one["recurring_interval"] == "year";
    let product = &products.iter().find(yearly).expect("a product")["id"];
    let body = json!({"products": [product], "external_customer_id": ann.id});
    let checkout = shop.at_polar("POST", "/v1/checkouts/", Some(body)).await;
    let url = checkout["url"].as_str().expect("a URL");
    assert_eq!(shop.polar.pay(url, &ann.email, super::polar::PAYS).await.status, 303);
    // What is done in jobs there is done before anything is sent.
    let begun = async || {
        let sent = shop.polar.events().await;
        sent.into_iter().rfind(|sent| sent.kind == "subscription.active" && !sent.body.contains(&first))
    };
    let begun = wait_for("the second to begin", begun).await;
    assert_eq!(shop.webhook("early", &begun.body).await, 202);
    let looked =
        "SELECT COUNT(*) FROM inbox WHERE source = 'read' AND kind = 'subscription' AND effect = 'active → canceled'";
    wait_for("a look at Polar", async || (shop.count(looked).await == 1).then_some(())).await;
    shop.worked_off().await;
    assert_eq!(shop.double_cases().await, 0, "both seemed to be paid, but one had ended");
    shop.polar.faults(json!({"sender": true})).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(shop.double_cases().await, 0);
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_are_paid_are_a_case_which_closes_itself_when_one_ends() {
    let shop = Shop::open().await;
    let visitor = Visitor::register(&shop.origin, "ann").await;
    let (ann, (staff, _)) = (shop.account(&visitor).await, shop.hire("sam").await);
    let Doubled { case, older, .. } = shop.pay_twice(&ann).await;
    let paid = shop.count("SELECT MAX(done_at) FROM orders").await;
    assert!(case.opened_at - paid < 60_000, "within a minute");
    let notice = "You are paying for two subscriptions at once.";
    assert!(visitor.get("/account", 200).await.html.contains(notice));
    assert!(staff.get("/staff/cases", 200).await.html.contains("Two subscriptions"));

    // Set to end is not ended: what was paid twice is still to be decided.
    let path = format!("/v1/subscriptions/{older}");
    shop.at_polar("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert!(shop.open_case(&ann).await.is_some());
    shop.at_polar("DELETE", &path, None).await;
    let closed = async || shop.open_case(&ann).await.is_none().then_some(());
    wait_for("the case to close", closed).await;
    assert!(!visitor.get("/account", 200).await.html.contains(notice));
    let page = staff.get(&format!("/staff/cases?id={}", case.id), 200).await.html;
    assert!(page.contains("Closed by itself") && page.contains(&older) && !page.contains("Decide"), "{page}");
    assert_eq!(shop.double_cases().await, 1, "and stays closed");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_sees_what_either_pays_back_and_ends_the_older_one() {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    let Doubled { case, older, later } = shop.pay_twice(&ann).await;
    let page = format!("/staff/cases?id={}", case.id);
    let shown = staff.get(&page, 200).await.html;
    for part in
        [&older, &later, "End the later, $120 back", "End the older, $12 back", "If it ends, $120 is paid back."]
    {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    let chosen = options(&shown);
    assert!(chosen[0].contains(&later) && chosen[1].contains(&older) && chosen[2] == "close", "{chosen:?}");
    let form =
        |act: &str| [("id", case.id.clone()), ("act", act.to_owned()), ("reason", "She uses the year".to_owned())];
    let post = async |act: &str, expected: u16| {
        let form = form(act);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        staff.post(&page, &form, expected).await
    };

    // What was shown must be what is paid back.
    let bill = shop.polar.list(&format!("/v1/orders/?subscription_id={older}")).await.remove(0);
    let part = json!({"order_id": bill["id"], "reason": "other", "amount": 200});
    shop.at_polar("POST", "/v1/refunds/", Some(part)).await;
    let changed = post(&chosen[1], 422).await.html;
    assert!(changed.contains("has changed meanwhile") && changed.contains("End the older, $10 back"), "{changed}");
    for (act, words) in [("end:x:y", "This was decided before"), (&format!("end:{older}"), "has changed meanwhile")] {
        assert!(post(act, 422).await.html.contains(words), "{act}");
    }
    assert_eq!(shop.count("SELECT COUNT(*) FROM endings").await, 0, "nothing was begun");

    // Polar is down: the page says so, and nothing is begun.
    shop.polar.faults(json!({"down": true})).await;
    let down = staff.get(&page, 200).await.html;
    assert!(down.contains("Polar does not answer, so what would be paid back") && !down.contains("End the"), "{down}");
    assert!(post(&chosen[0], 503).await.html.contains("Nothing was begun"));
    shop.polar.faults(json!({"down": false})).await;

    let now = options(&staff.get(&page, 200).await.html);
    assert_eq!(post(&now[1], 303).await.location(), page);
    let done = async || {
        let html = staff.get(&page, 200).await.html;
        if html.contains("cancelled, $10 paid back") { Ok(html) } else { Err(html) }
    };
    let html = wait_until("the end", done).await;
    assert!(html.contains("She uses the year") && !html.contains("http-equiv=\"refresh\""), "{html}");
    assert_eq!(shop.status_at_polar(&older).await, "canceled");
    assert_eq!((shop.status_at_polar(&later).await, shop.paid_back(&later).await), (json!("active"), vec![]));
    assert_eq!(shop.paid_back(&older).await.iter().sum::<i64>(), 1200);
    assert!(shop.may(&ann, "studio").await, "the other goes on");
    let again = post(&now[0], 422).await.html;
    assert!(again.contains("This was decided before"), "{again}");

    let person = staff.get(&format!("/staff/person?id={}", ann.id), 200).await.html;
    for words in ["Cancellation", "cancelled", "Refund of $10", "paid back", "paid and open"] {
        assert!(person.contains(words), "{words} is missing in {person}");
    }
    let acts: Vec<_> = shop.acts().await.into_iter().skip(1).map(|act| (act.0, act.1, act.4)).collect();
    let act = |action: &str| (action.to_owned(), Some(sam.id.clone()), Some("127.0.0.1".to_owned()));
    assert_eq!(acts, [act("end subscription"), act("close case")]);
    let select = "SELECT closed_by, outcome FROM cases WHERE kind = 'duplicate_subscription'";
    let (by, outcome): (String, String) = shop.state.db.read(select).one().await.expect("a case");
    assert!(by == sam.id && outcome.starts_with("She uses the year (the subscription"), "{outcome}");
    shop.close().await;
}
