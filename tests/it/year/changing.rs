//! What changes at Polar behind our back: in its portal, on its dashboard, and by somebody else's hand.

use super::{Year, truth::text, weather};
use crate::polar::PAYS;
use serde_json::{Value, json};

/// One thing that somebody does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Cancel,
    Keep,
    Change,
    Pause,
    Resume,
    Revoke,
    Refund,
    RefundBill,
    Delete,
    Elsewhere,
}

/// As often as each is here it is drawn.
const ACTS: [Act; 16] = [
    Act::Cancel,
    Act::Cancel,
    Act::Cancel,
    Act::Keep,
    Act::Keep,
    Act::Change,
    Act::Change,
    Act::Change,
    Act::Pause,
    Act::Pause,
    Act::Resume,
    Act::Revoke,
    Act::Refund,
    Act::RefundBill,
    Act::Delete,
    Act::Elsewhere,
];

impl Year {
    /// A few things happen at Polar; nothing of it is told by its API's answers to us.
    pub(super) async fn change_things(&mut self) {
        self.shop.polar.faults(weather::calm()).await;
        for _ in 0..self.random.below(3 + self.customers.len() / 25) {
            let act = ACTS[self.random.below(ACTS.len())];
            self.act(act).await;
        }
        for behind in self.subscriptions(|one| one["status"] == "past_due") {
            if self.random.once_in(8) {
                self.give_another_card(&behind).await;
            }
        }
    }

    /// Subscriptions like this, as Polar last showed them.
    fn subscriptions(&self, like: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.truth.subscriptions.iter().filter(|one| like(one)).cloned().collect()
    }

    async fn act(&mut self, act: Act) {
        let is = |one: &Value, status: &str| one["status"] == status;
        let stays = |one: &Value| one["cancel_at_period_end"] == false && one["pause_at_period_end"] == false;
        let found = match act {
            Act::Cancel => self.subscriptions(|one| (is(one, "active") || is(one, "trialing")) && stays(one)),
            Act::Keep => self.subscriptions(|one| one["cancel_at_period_end"] == true && one["ended_at"].is_null()),
            Act::Change => self.subscriptions(|one| (is(one, "active") || is(one, "trialing")) && stays(one)),
            Act::Pause => self.subscriptions(|one| is(one, "active") && stays(one)),
            Act::Resume => self.subscriptions(|one| is(one, "paused")),
            Act::Revoke | Act::Delete => self.subscriptions(|one| one["ended_at"].is_null()),
            Act::RefundBill => self.subscriptions(|_| true),
            Act::Refund => self.truth.purchases.clone(),
            Act::Elsewhere if self.customers.is_empty() => return,
            Act::Elsewhere => {
                let number = self.random.below(self.customers.len());
                return self.buy_elsewhere(number).await;
            }
        };
        if found.is_empty() {
            return;
        }
        let one = self.random.pick(&found).clone();
        let path = format!("/v1/subscriptions/{}", text(&one, "id"));
        let (method, path, body) = match act {
            Act::Cancel => ("PATCH", path, Some(json!({"cancel_at_period_end": true}))),
            Act::Keep => ("PATCH", path, Some(json!({"cancel_at_period_end": false}))),
            Act::Change => ("PATCH", path, Some(self.another_product(&one))),
            Act::Pause => ("PATCH", path, Some(json!({"pause_at_period_end": true}))),
            Act::Resume => ("PATCH", path, Some(json!({"resume": true}))),
            Act::Revoke => ("DELETE", path, None),
            Act::Delete => ("DELETE", self.customer_of(&one), None),
            Act::Refund => ("POST", "/v1/refunds/".to_owned(), Some(self.refund_of(&one))),
            Act::RefundBill => match self.newest_bill(&one).await {
                Some(bill) => ("POST", "/v1/refunds/".to_owned(), Some(self.refund_of(&bill))),
                None => return,
            },
            Act::Elsewhere => return,
        };
        let status = self.shop.polar.send(method, &path, body.clone()).await.0;
        self.done(&one, &format!("{act:?} {status}"), &format!("{method} {path} {body:?}: {status}"));
    }

    fn done(&mut self, object: &Value, what: &str, words: &str) {
        self.count(what);
        let owner = self.truth.owner(object).to_owned();
        if let Some(number) = self.customers.iter().position(|one| one.who.id == owner) {
            self.note(number, words);
        }
    }

    fn another_product(&mut self, subscription: &Value) -> Value {
        let recurs = |(id, plan): &(&String, &String)| *plan != "lifetime" && subscription["product_id"] != **id;
        let others: Vec<String> = self.truth.products.iter().filter(recurs).map(|(id, _)| id.clone()).collect();
        let when = *self.random.pick(&["invoice", "prorate", "next_period", "reset"]);
        json!({"product_id": self.random.pick(&others), "proration_behavior": when})
    }

    fn customer_of(&mut self, subscription: &Value) -> String {
        let anonymize = if self.random.once_in(2) { "?anonymize=true" } else { "" };
        format!("/v1/customers/{}{anonymize}", text(subscription, "customer_id"))
    }

    fn refund_of(&mut self, bill: &Value) -> Value {
        let whole = bill["refundable_amount"].as_i64().unwrap_or_default();
        let amount = if self.random.once_in(2) { whole / 3 } else { whole };
        json!({"order_id": bill["id"], "reason": "customer_request", "amount": amount.max(1)})
    }

    async fn newest_bill(&self, subscription: &Value) -> Option<Value> {
        let path = format!("/v1/orders/?subscription_id={}&limit=1", text(subscription, "id"));
        self.shop.polar.get(&path).await["items"].get(0).cloned()
    }

    /// Somebody who is behind gives a card that pays.
    async fn give_another_card(&mut self, behind: &Value) {
        let wish = json!({"customer_id": behind["customer_id"]});
        let (status, session) = self.shop.polar.send("POST", "/v1/customer-sessions/", Some(wish)).await;
        let status = match status {
            201 => {
                self.shop.polar.in_portal(text(&session, "customer_portal_url"), "card", &[("number", PAYS)]).await.0
            }
            other => other,
        };
        self.done(behind, &format!("another card {status}"), &format!("another card: {status}"));
    }
}
