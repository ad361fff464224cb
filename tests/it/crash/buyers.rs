//! People who go on trying: whatever breaks off, they come again, log in, press the same button again.

use super::scene::Scene;
use crate::{
    patience::wait_within,
    polar::{PAYS, Polar},
    random::Random,
    visitor::{Answer, Visitor, value},
};
use serde_json::{Value, json};
use std::{cell::RefCell, sync::atomic::Ordering, time::Duration};

/// Longer than several lives and starts of the shop.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is sold.
const WISHES: [(&str, &str); 4] = [("pro", "month"), ("pro", "year"), ("team", "month"), ("lifetime", "once")];

/// Somebody who buys once.
pub struct Buyer {
    visitor: Visitor,
    random: RefCell<Random>,
}

/// What somebody bought.
#[derive(Debug)]
pub struct Bought {
    /// Our user id.
    pub user: String,
    /// Our order that they paid.
    pub order: String,
}

impl Buyer {
    /// Registers. Whether a form that broke off was taken is found out by logging in.
    pub async fn joins(scene: &Scene, random: Random) -> Self {
        let number = scene.people.fetch_add(1, Ordering::Relaxed);
        let mut visitor = Visitor::newcomer(&scene.origin(), &format!("buyer{number}"));
        let joined = wait_within(PATIENCE, "an account", async || {
            let (status, answer) = visitor.try_post("/register", &visitor.credentials()).await.map_err(words)?;
            let (status, answer) = match status {
                422 => visitor.try_post("/login", &visitor.credentials()).await.map_err(words)?,
                _ => (status, answer),
            };
            if status == 303 { Ok(answer) } else { Err(later(status).await) }
        });
        let joined = joined.await;
        visitor.keep_cookie(&joined);
        Self { visitor, random: RefCell::new(random) }
    }

    /// Buys something, and perhaps changes their mind.
    pub async fn lives(self, scene: &Scene) -> Bought {
        let (plan, interval) = WISHES[self.draw(WISHES.len())];
        let (order, way_back) =
            wait_within(PATIENCE, "a purchase", async || self.buys(&scene.polar, plan, interval).await).await;
        let checkout = way_back.split("checkout_id=").nth(1).and_then(|rest| rest.split('&').next()).expect("an id");
        let checkout = scene.polar.get(&format!("/v1/checkouts/{checkout}")).await;
        let user = checkout["external_customer_id"].as_str().expect("our user").to_owned();
        if self.draw(3) > 0 {
            self.comes_back(&way_back).await;
        }
        self.changes_their_mind(&scene.polar, &user).await;
        Bought { user, order }
    }

    fn draw(&self, bound: usize) -> usize {
        self.random.borrow_mut().below(bound)
    }

    /// Looks, presses and pays; the order, and where the way back leads. An error is a reason to begin anew: nothing was
    /// paid.
    async fn buys(&self, polar: &Polar, plan: &str, interval: &str) -> Result<(String, String), String> {
        let page = format!("/buy?plan={plan}&interval={interval}");
        let (status, shown) = self.visitor.try_get(&page).await.map_err(words)?;
        if status != 200 || !shown.html.contains("name=\"quote\"") {
            return Err(later(status).await);
        }
        let form = shown.order_form();
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pressed = async || self.presses(polar, &page, &fields).await;
        let url = wait_within(PATIENCE, "a way to pay", pressed).await?;
        let paid = polar.pay(&url, &self.visitor.email, PAYS).await;
        assert_eq!(paid.status, 303, "{}", paid.page);
        Ok((value(&form, "order").to_owned(), paid.location))
    }

    /// Presses once: where to pay, or that the form is of no use any more. An error is a reason to press it again.
    async fn presses(
        &self,
        polar: &Polar,
        page: &str,
        fields: &[(&str, &str)],
    ) -> Result<Result<String, String>, String> {
        let (status, answer) = self.visitor.try_post(page, fields).await.map_err(words)?;
        match status {
            303 if answer.location().starts_with(&polar.origin) => Ok(Ok(answer.location().to_owned())),
            // Whoever made the checkout is dead, or still at it.
            303 | 503 => Err(later(status).await),
            422 => Ok(Err(notice(&answer))),
            _ => panic!("{status} for a purchase: {}", answer.html),
        }
    }

    /// Follows the way back to the order's page.
    async fn comes_back(&self, way_back: &str) {
        let mut path = way_back.to_owned();
        wait_within(PATIENCE, "the order's page", async || {
            let (status, answer) = self.visitor.try_get(&path).await.map_err(words)?;
            match status {
                200 => return Ok(()),
                303 => path = answer.location().to_owned(),
                503 => {}
                _ => panic!("{path} is answered {status}: {}", answer.html),
            }
            Err(later(status).await)
        })
        .await;
    }

    /// Ends it now or at the end of the period, takes that back, or wants the money back; or is content.
    async fn changes_their_mind(&self, polar: &Polar, user: &str) {
        let bill = bill(polar, user).await;
        let subscription = bill["subscription_id"].as_str();
        match (self.draw(6), subscription) {
            (0, Some(id)) => drop(done(polar, "DELETE", &format!("/v1/subscriptions/{id}"), None).await),
            (1, _) => refund(polar, &bill).await,
            (2 | 3, Some(id)) => {
                let portal = self.portal().await;
                polar.portal(&portal, id, "cancel").await;
                if self.draw(2) == 0 {
                    polar.portal(&portal, id, "keep").await;
                }
            }
            _ => {}
        }
    }

    /// The way into Polar's portal that the shop makes.
    async fn portal(&self) -> String {
        wait_within(PATIENCE, "a way into the portal", async || {
            let (status, answer) = self.visitor.try_post("/billing", &[]).await.map_err(words)?;
            if status == 303 { Ok(answer.location().to_owned()) } else { Err(later(status).await) }
        })
        .await
    }
}

/// The bill of what somebody bought, once Polar has written it.
async fn bill(polar: &Polar, user: &str) -> Value {
    let written = async || {
        let bills = polar.list(&format!("/v1/orders/?external_customer_id={user}")).await;
        bills.into_iter().find(|bill| bill["status"] == "paid").ok_or("no bill")
    };
    wait_within(PATIENCE, "a bill", written).await
}

async fn refund(polar: &Polar, bill: &Value) {
    let amount = &bill["refundable_amount"];
    // A trial costs nothing.
    if amount.as_i64() > Some(0) {
        let refund = json!({"order_id": bill["id"], "reason": "customer_request", "amount": amount});
        done(polar, "POST", "/v1/refunds/", Some(refund)).await;
    }
}

async fn done(polar: &Polar, method: &str, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = polar.send(method, path, body).await;
    assert!((200..300).contains(&status), "{method} {path}: {answer}");
    answer
}

fn words(error: reqwest::Error) -> String {
    error.to_string()
}

/// People wait a little before they try again.
async fn later(status: u16) -> String {
    tokio::time::sleep(Duration::from_millis(200)).await;
    format!("answered {status}")
}

/// What a refused form says.
fn notice(answer: &Answer) -> String {
    let said = answer.html.split("role=\"alert\"").nth(1).and_then(|rest| rest.split('<').next());
    said.unwrap_or("refused").trim_start_matches('>').to_owned()
}
