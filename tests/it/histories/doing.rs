//! How each act of a history is done, through the same doors that people use.

use super::{acts::Act, stage::Stage};
use crate::{polar::PAYS, random::Random, shop::Shop};
use boreal::server::services::{
    buying::{self, Committed},
    staffing::{self, Actor, Gift},
};
use serde_json::{Value, json};

/// Which kind of act came to pass, or why it did not. What Polar or the shop refuses is a part of the history too.
pub type Done = Result<String, String>;

impl Act {
    /// Does it.
    pub async fn perform(&self, stage: &mut Stage, random: &mut Random) -> Done {
        match self {
            Self::Buy { who, offer, payer, card } => buy(stage, *who, *offer, *payer, *card).await,
            Self::Elsewhere { offer, payer, named, tagged } => {
                elsewhere(stage, *offer, *payer, (*named, *tagged)).await
            }
            Self::Meet { who, address } => {
                let (person, address) = (&stage.people[*who], &stage.people[*address]);
                let body = json!({"email": address.email, "external_id": person.id});
                stage.at_polar("Meet", ("POST", "/v1/customers/"), Some(body)).await
            }
            Self::Change(name, body) => {
                let path = stage.some("/v1/subscriptions/", random).await;
                stage.at_polar(name, ("PATCH", &path), Some(body.clone())).await
            }
            Self::Undo => undo(stage, random).await,
            Self::Move { offer, when } => {
                let product = stage.product(*offer).await;
                let path = stage.some("/v1/subscriptions/", random).await;
                let body = json!({"product_id": product["id"], "proration_behavior": when});
                stage.at_polar("Move", ("PATCH", &path), Some(body)).await
            }
            Self::Refund { percent } => refund(stage, *percent, random).await,
            Self::Delete { anonymize } => {
                let path = stage.some("/v1/customers/", random).await;
                stage.at_polar("Delete", ("DELETE", &format!("{path}?anonymize={anonymize}")), None).await
            }
            Self::Link { who } => {
                let body = json!({"external_id": stage.people[*who].id});
                let path = stage.some("/v1/customers/", random).await;
                stage.at_polar("Link", ("PATCH", &path), Some(body)).await
            }
            Self::Benefit { offer, given } => benefit(stage, *offer, *given).await,
            Self::Archive { offer, archived } => {
                let path = format!("/v1/products/{}", text(&stage.product(*offer).await, "id"));
                stage.at_polar("Archive", ("PATCH", &path), Some(json!({"is_archived": archived}))).await
            }
            Self::Give { who, what, until } => give(stage, *who, what, until).await,
            Self::Attribute { who } => attribute(stage, *who, random).await,
            Self::Wait(ms) => {
                stage.advance(*ms).await;
                Ok("Wait".to_owned())
            }
        }
    }
}

/// What some subscription waits for is called off, or done at once.
async fn undo(stage: &Stage, random: &mut Random) -> Done {
    let mut ways = Vec::new();
    for one in stage.polar.list("/v1/subscriptions/").await {
        let shapes = [
            (one["cancel_at_period_end"] == true, "Keep", json!({"cancel_at_period_end": false})),
            (one["pause_at_period_end"] == true, "Keep", json!({"pause_at_period_end": false})),
            (one["status"] == "paused", "Resume", json!({"resume": true})),
            (!one["pending_update"].is_null(), "Stay", json!({"pending_update": null})),
            (one["status"] == "trialing", "End trial", json!({"trial_end": "now"})),
        ];
        let fits = shapes.into_iter().filter(|(fits, ..)| *fits);
        ways.extend(fits.map(|(_, name, body)| (name, format!("/v1/subscriptions/{}", text(&one, "id")), body)));
    }
    if ways.is_empty() {
        return Err("nothing waits".to_owned());
    }
    // What is paused is the rarest.
    ways.sort_by_key(|(name, ..)| *name != "Resume");
    let (name, path, body) = if random.happens(50) { ways.remove(0) } else { random.pick(&ways).clone() };
    stage.at_polar(name, ("PATCH", &path), Some(body)).await
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

async fn buy(stage: &Stage, who: usize, (plan, interval): (&str, &str), payer: usize, card: Option<&str>) -> Done {
    let (who, payer) = (&stage.people[who], &stage.people[payer]);
    stage.state.catalog.expire();
    let proposal = buying::propose(&stage.state, &who.id, plan, interval).await.expect("the database answers");
    let Some(proposal) = proposal else { return Err("not for sale".to_owned()) };
    let wish = Shop::wish(&proposal);
    let committed = buying::commit(&stage.state, &Shop::buyer(who), &wish).await.expect("the database answers");
    let Committed::Checkout(url) = committed else { return Err(format!("{committed:?}")) };
    let Some(card) = card else { return Ok("Buy, not paid".to_owned()) };
    pay(stage, "Buy", &url, (&payer.email, card)).await
}

async fn pay(stage: &Stage, name: &str, url: &str, (email, card): (&str, &str)) -> Done {
    let paid = stage.polar.pay(url, email, card).await;
    match paid.status {
        303 => Ok(name.to_owned()),
        200 => Ok(format!("{name}, declined")),
        status => Err(format!("{status}")),
    }
}

async fn elsewhere(
    stage: &Stage,
    offer: (&str, &str),
    payer: Option<usize>,
    (named, tagged): (Option<usize>, Option<usize>),
) -> Done {
    let email = payer.map_or("stranger@boreal-shop.dev", |payer| &stage.people[payer].email);
    let product = stage.product(offer).await;
    let metadata = tagged.map_or_else(|| json!({}), |who| json!({"user_id": stage.people[who].id}));
    let mut body = json!({"products": [product["id"]], "metadata": metadata});
    if let Some(who) = named {
        body["external_customer_id"] = json!(stage.people[who].id);
    }
    let (status, checkout) = stage.polar.send("POST", "/v1/checkouts/", Some(body)).await;
    match status {
        201 => pay(stage, "Elsewhere", text(&checkout, "url"), (email, PAYS)).await,
        _ => Err(format!("{status} {checkout}")),
    }
}

async fn refund(stage: &Stage, percent: i64, random: &mut Random) -> Done {
    let path = stage.some("/v1/orders/", random).await;
    let (_, bill) = stage.polar.send("GET", &path, None).await;
    let amount = (bill["refundable_amount"].as_i64().unwrap_or_default() * percent / 100).max(1);
    let body = json!({"order_id": bill["id"], "reason": "customer_request", "amount": amount});
    stage.at_polar("Refund", ("POST", "/v1/refunds/"), Some(body)).await
}

async fn benefit(stage: &Stage, offer: (&str, &str), given: bool) -> Done {
    let product = stage.product(offer).await;
    let body = json!({
        "type": "feature_flag", "description": "Shared libraries", "properties": {}, "metadata": {"feature": "sharing"},
    });
    let mut benefits = Vec::new();
    if given {
        let (status, made) = stage.polar.send("POST", "/v1/benefits/", Some(body)).await;
        assert_eq!(status, 201, "{made}");
        benefits.push(made["id"].clone());
    }
    let path = format!("/v1/products/{}/benefits", text(&product, "id"));
    stage.at_polar("Benefit", ("POST", &path), Some(json!({"benefits": benefits}))).await
}

fn staff(stage: &Stage) -> Actor {
    let last = stage.people.last().expect("somebody");
    Actor { id: last.id.clone(), ip: "127.0.0.1".to_owned() }
}

async fn give(stage: &Stage, who: usize, what: &str, until: &str) -> Done {
    let gift =
        Gift { what: what.to_owned(), until: until.to_owned(), reason: "An apology".to_owned(), ..Gift::default() };
    let given = staffing::give(&stage.state, &staff(stage), &stage.people[who].id, &gift).await;
    given.map(|()| "Give".to_owned()).map_err(|why| why.to_string())
}

async fn attribute(stage: &Stage, who: usize, random: &mut Random) -> Done {
    let strays = staffing::strays(&stage.state).await.expect("the database answers");
    if strays.is_empty() {
        return Err("nothing in quarantine".to_owned());
    }
    let row = &random.pick(&strays).row;
    let (object, who) = (format!("{}:{}", row.kind, row.id), &stage.people[who].id);
    let done = staffing::attribute(&stage.state, &staff(stage), &object, who, "They wrote to us").await;
    done.map(|()| "Attribute".to_owned()).map_err(|why| why.to_string())
}

impl Stage {
    /// A request to Polar as from its dashboard.
    async fn at_polar(&self, name: &str, (method, path): (&str, &str), body: Option<Value>) -> Done {
        let (status, answer) = self.polar.send(method, path, body).await;
        assert!(status < 500, "{method} {path}: {answer}");
        if status < 300 { Ok(name.to_owned()) } else { Err(format!("{status} {answer}")) }
    }

    /// The address of some object of a list; one of nothing if there is none.
    async fn some(&self, list: &str, random: &mut Random) -> String {
        let mut all = self.polar.list(list).await;
        all.sort_by(|a, b| text(a, "created_at").cmp(text(b, "created_at")));
        match all.is_empty() {
            true => format!("{list}00000000-0000-4000-8000-000000000000"),
            false => format!("{list}{}", text(random.pick(&all), "id")),
        }
    }

    /// Polar's product of an offer.
    async fn product(&self, (plan, interval): (&str, &str)) -> Value {
        let wanted = if interval == "once" { Value::Null } else { json!(interval) };
        let products = self.polar.list("/v1/products/").await;
        let found =
            products.into_iter().find(|one| one["metadata"]["plan"] == plan && one["recurring_interval"] == wanted);
        found.expect("it is among the products")
    }
}
