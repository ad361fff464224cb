//! What may happen in a history: what people do in the shop and at Polar, what the merchant does in Polar's dashboard, what
//! staff does, and time that passes.

use super::stage::{Stage, days};
use crate::{
    polar::{DECLINED, PAYS},
    random::Random,
    scenarios::scene::PAYS_ONCE,
    shop::Shop,
};
use boreal::server::services::{
    buying::{self, Committed},
    staffing::{self, Actor, Gift},
};
use serde_json::{Value, json};

const OFFERS: [(&str, &str); 5] =
    [("pro", "month"), ("pro", "year"), ("team", "month"), ("lifetime", "once"), ("pro", "month")];
const CARDS: [&str; 6] = [PAYS, PAYS, PAYS, PAYS_ONCE, PAYS_ONCE, DECLINED];

/// Which kind of act came to pass, or why it did not. What Polar or the shop refuses is a part of the history too.
pub type Done = Result<String, String>;

/// One act; people are numbers.
#[derive(Clone, Debug)]
pub enum Act {
    /// Buys in the shop, and pays as `payer` with a card, or does not pay at all.
    Buy { who: usize, offer: (&'static str, &'static str), payer: usize, card: Option<&'static str> },
    /// Pays somewhere else than in the shop: the merchant's link, with the e-mail of one of them or of a stranger, perhaps with somebody's external id or
    /// somebody's id in the metadata.
    Elsewhere { offer: (&'static str, &'static str), payer: Option<usize>, named: Option<usize>, tagged: Option<usize> },
    /// Polar meets somebody before they buy: with their own address, or with that of another.
    Meet { who: usize, address: usize },
    /// Cancels, pauses or revokes some subscription, as a dashboard or portal does.
    Change(&'static str, Value),
    /// Takes something of that back, or goes on with what waits.
    Undo,
    /// Moves some subscription to another product.
    Move { offer: (&'static str, &'static str), when: &'static str },
    /// Gives some bill back, wholly or in part.
    Refund { percent: i64 },
    /// Deletes some customer at Polar.
    Delete { anonymize: bool },
    /// Gives a customer without an external id one.
    Link { who: usize },
    /// A product gives a feature benefit from now on, or none any more.
    Benefit { offer: (&'static str, &'static str), given: bool },
    /// A product is not sold any more, or is again.
    Archive { offer: (&'static str, &'static str), archived: bool },
    /// Staff gives something, for a while or for good.
    Give { who: usize, what: &'static str, until: &'static str },
    /// Staff gives something from the quarantine to somebody.
    Attribute { who: usize },
    /// Time passes.
    Wait(i64),
}

impl Act {
    /// Every kind that comes to pass.
    pub const KINDS: [&str; 21] = [
        "Archive",
        "Attribute",
        "Benefit",
        "Buy",
        "Buy, declined",
        "Buy, not paid",
        "Cancel",
        "Delete",
        "Elsewhere",
        "End trial",
        "Give",
        "Keep",
        "Link",
        "Meet",
        "Move",
        "Pause",
        "Refund",
        "Resume",
        "Revoke",
        "Stay",
        "Wait",
    ];

    /// Some act.
    pub fn draw(random: &mut Random) -> Self {
        let (who, other) = (random.below(4), random.below(4));
        let offer = *random.pick(&OFFERS);
        match random.below(44) {
            0..=8 => Self::draw_purchase(random),
            9..=11 => {
                let payer = random.happens(60).then_some(other);
                let named = random.happens(40).then(|| random.below(4));
                let tagged = random.happens(40).then(|| random.below(4));
                Self::Elsewhere { offer, payer, named, tagged }
            }
            12..=13 => Self::Meet { who, address: if random.happens(60) { who } else { other } },
            14..=17 => {
                let (name, body) = change(random);
                Self::Change(name, body)
            }
            18..=22 => Self::Undo,
            23..=25 => Self::Move { offer, when: random.pick::<&str>(&["invoice", "prorate", "next_period", "reset"]) },
            26..=27 => Self::Refund { percent: *random.pick(&[100, 100, 40]) },
            28 => Self::Delete { anonymize: random.happens(50) },
            29 => Self::Link { who },
            30..=31 => Self::Benefit { offer, given: random.happens(70) },
            32 => Self::Archive { offer, archived: random.happens(60) },
            33 => {
                let what = random.pick::<&str>(&["plan:team", "feature:exports", "plan:pro"]);
                Self::Give { who, what, until: random.pick::<&str>(&["", "2027-01-10", "2026-12-01"]) }
            }
            34..=35 => Self::Attribute { who },
            _ => Self::Wait(days(*random.pick(&[0, 4, 9, 16, 32, 32, 45]))),
        }
    }

    /// Somebody buys, mostly with their own address.
    pub fn draw_purchase(random: &mut Random) -> Self {
        let (who, other) = (random.below(4), random.below(4));
        let payer = if random.happens(75) { who } else { other };
        let card = random.happens(90).then(|| *random.pick(&CARDS));
        Self::Buy { who, offer: *random.pick(&OFFERS), payer, card }
    }

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

/// One shape of a subscription's change.
fn change(random: &mut Random) -> (&'static str, Value) {
    let shapes = [
        ("Cancel", json!({"cancel_at_period_end": true})),
        ("Cancel", json!({"cancel_at_period_end": true, "customer_cancellation_reason": "too_expensive"})),
        ("Revoke", json!({"revoke": true})),
        ("Pause", json!({"pause_at_period_end": true})),
        ("Pause", json!({"pause_at_period_end": true})),
    ];
    random.pick(&shapes).clone()
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
