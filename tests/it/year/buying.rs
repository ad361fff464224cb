//! People who buy, whatever the weather: through the shop, with all sorts of cards, some under another's address.

use super::{Weather, Year, truth::text, weather};
use crate::{
    polar::PAYS,
    shop::{Open, Shop},
};
use boreal::server::services::{
    buying::{self, Buyer, Committed},
    confirming,
};
use serde_json::json;

/// Declined at every renewal; and lost once it has paid.
const FAILING: [&str; 2] = ["4000 0000 0000 0341", "4000 0000 0000 9987"];

/// The button is pressed so often a day, where Polar spoils it.
const TRIES: usize = 2;

impl Year {
    /// Everybody who wants something tries to buy it. Whoever has nothing may want something again.
    pub(super) async fn buy(&mut self, weather: &Weather) {
        for number in 0..self.customers.len() {
            let has_nothing = self.truth.live(&self.customers[number].who).next().is_none();
            if self.random.once_in(if has_nothing { 40 } else { 400 }) {
                self.wanting.insert(number);
            }
        }
        for number in self.wanting.clone() {
            let (plan, interval) = self.draw_plan();
            let open = self.commit(number, plan, interval).await;
            if weather.is_down() {
                assert!(open.is_none(), "day {}: sold while there is no Polar", self.day);
                // The others hear the same.
                return;
            }
            let Some(open) = open else { continue };
            self.pay(number, &open, plan).await;
            self.shop.polar.faults(weather.by_day(&mut self.random)).await;
            self.come_back(number, &open).await;
        }
    }

    fn draw_plan(&mut self) -> (&'static str, &'static str) {
        match self.random.below(20) {
            0..=7 => ("pro", "month"),
            8 | 9 => ("pro", "year"),
            10..=15 => ("team", "month"),
            _ => ("lifetime", "once"),
        }
    }

    /// Presses the button until there is an answer that will not change today; where to pay.
    async fn commit(&mut self, number: usize, plan: &str, interval: &str) -> Option<Open> {
        let customer = &self.customers[number];
        let verified_email = customer.verified.then(|| customer.who.email.clone());
        let buyer = Buyer { verified_email, ..Shop::buyer(&customer.who) };
        for _ in 0..TRIES {
            let proposal = self.shop.propose(&self.customers[number].who, plan, interval).await;
            let wish = Shop::wish(&proposal);
            match buying::commit(&self.shop.state, &buyer, &wish).await.expect("the database answers") {
                Committed::Checkout(url) => return Some(Open { order: proposal.order_id, url }),
                Committed::PolarDown | Committed::NewQuote => self.count("commit spoiled"),
                Committed::ChangePlan | Committed::AlreadyYours | Committed::Confirmation(_) => {
                    self.count("commit refused");
                    self.wanting.remove(&number);
                    return None;
                }
                other => panic!("day {}: {other:?}", self.day),
            }
        }
        None
    }

    /// Pays on Polar's page, which no fault concerns; now and then under somebody else's address.
    async fn pay(&mut self, number: usize, open: &Open, plan: &str) {
        let email = match self.random.once_in(10) {
            true => self.customers[self.random.below(self.customers.len())].who.email.clone(),
            false => self.customers[number].who.email.clone(),
        };
        let card = match self.random.below(10) {
            0..=2 => FAILING[self.random.below(2)],
            _ => PAYS,
        };
        // The page waits until the shop has heard of it, unless nobody tells.
        self.shop.polar.faults(weather::calm()).await;
        self.shop.polar.faults(json!({"sender": false})).await;
        let paid = self.shop.polar.pay(&open.url, &email, card).await;
        self.shop.polar.faults(json!({"sender": true})).await;
        let trap = if email == self.customers[number].who.email { "" } else { " as another" };
        if paid.status == 303 {
            self.count(format!("bought{trap}"));
            self.wanting.remove(&number);
        } else {
            self.count(format!("payment refused{trap}"));
        }
        self.note(number, &format!("{plan}, order {}, with {card} and {email}: {}", open.order, paid.status));
    }

    /// Some see their confirmation, the others close the tab.
    async fn come_back(&mut self, number: usize, open: &Open) {
        if self.random.once_in(2) {
            let user = &self.customers[number].who.id;
            let seen = confirming::of_order(&self.shop.state, user, &open.order).await.expect("the database answers");
            assert!(seen.is_some(), "their own order");
        }
    }

    /// Buys in another way than through the shop: only the external id says whose it is.
    pub(super) async fn buy_elsewhere(&mut self, number: usize) {
        let who = self.customers[number].who.clone();
        if self.truth.live(&who).next().is_some() {
            return;
        }
        let product = self.truth.products.iter().find(|(_, plan)| *plan == "pro").expect("a product").0;
        let wish = json!({"products": [product], "external_customer_id": who.id});
        let checkout = self.shop.at_polar("POST", "/v1/checkouts/", Some(wish)).await;
        let open = Open { order: "elsewhere".to_owned(), url: text(&checkout, "url").to_owned() };
        self.pay(number, &open, "pro").await;
        self.count("bought elsewhere");
    }
}
