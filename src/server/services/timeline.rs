//! What happened with one order, in the order in which it comes: agreed to, paid, received, opened, billed, paid back, ended.
//! Reads our own tables only.

use super::{Error, changing};
use crate::{
    model::{
        change::Terms,
        instant::{Millis, parse_ms},
        money::Money,
        order::State as OrderState,
        projection::{Kind, OrderFacts, RefundFacts, SubscriptionFacts},
    },
    server::{
        db::{
            mirror::{self, ObjectRow},
            orders::{self, OrderRow},
            remedies,
        },
        state::State,
    },
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, if that is known: ours by the wall, Polar's by Polar's clock.
    pub at: Option<Millis>,
    /// A sentence.
    pub words: String,
}

/// What happened with an order of `user`; nothing of one that is not theirs.
///
/// # Errors
/// When the database fails.
pub async fn of_order(state: &State, user: &str, id: &str) -> Result<Vec<Moment>, Error> {
    let order = orders::by_id(&state.db, id).await?.filter(|order| order.user_id == user);
    let Some(order) = order else { return Ok(Vec::new()) };
    let bill = match (order.kind.as_str(), Terms::of_stored(&order.quote)) {
        ("buy", _) => bought(state, user, &order).await?,
        (_, Some(terms)) => changing::bill_of(state, user, &terms).await?,
        // What staff or a job did about a subscription has no page.
        (_, None) => return Ok(Vec::new()),
    };
    let mut polars = Vec::new();
    if let Some((id, facts)) = bill {
        polars.push(billed(&facts));
        polars.extend(paid_back(state, &id, &facts.customer_id).await?);
        if let Some(subscription) = facts.subscription_id.filter(|_| order.kind == "buy") {
            polars.extend(ended(state, &subscription).await?);
        }
    }
    polars.sort_by_key(|moment| moment.at);
    Ok(own(state, &order).into_iter().chain(polars).collect())
}

/// What we saw ourselves.
fn own(state: &State, order: &OrderRow) -> Vec<Moment> {
    let plan = state.plans.get(&order.plan).map_or(order.plan.as_str(), |plan| plan.name.as_str());
    let is_purchase = order.kind == "buy";
    let agreed = if is_purchase { format!("You ordered {plan}.") } else { "You agreed to it.".to_owned() };
    let done = if is_purchase { format!("{plan} was opened to you.") } else { "Polar made the change.".to_owned() };
    let ended = match order.state() {
        OrderState::Refused => Some("Nothing came of it."),
        OrderState::Expired => Some("The time to pay ran out."),
        OrderState::Superseded => Some("A newer order took its place."),
        _ => None,
    };
    let seen = [
        (Some(order.created_at), agreed),
        (order.paid_at, "Polar said that it is paid.".to_owned()),
        (order.received_at, "Polar's record of it arrived here.".to_owned()),
        (order.done_at, done),
    ];
    let seen = seen.into_iter().filter(|(at, _)| at.is_some()).map(|(at, words)| Moment { at, words });
    seen.chain(ended.map(|words| Moment { at: None, words: words.to_owned() })).collect()
}

/// The bill of a purchase: that of its checkout.
async fn bought(state: &State, user: &str, order: &OrderRow) -> Result<Option<(String, OrderFacts)>, Error> {
    let Some(checkout) = &order.checkout_id else { return Ok(None) };
    let is_it = |row: &ObjectRow| row.kind == Kind::Order.stored() && row.checkout_id.as_ref() == Some(checkout);
    let bills = mirror::of_owner(&state.db, user).await?.into_iter().filter(is_it);
    let read = |row: ObjectRow| Some((row.id, serde_json::from_str::<OrderFacts>(&row.projection).ok()?));
    // A subscription's later bills name the same checkout.
    Ok(bills.filter_map(read).min_by_key(|(_, facts)| parse_ms(&facts.created_at)))
}

fn billed(facts: &OrderFacts) -> Moment {
    let total = Money::new(facts.total_amount, &facts.currency);
    let words = match &facts.invoice_number {
        Some(number) => format!("Polar billed {total}, tax included, number {number}."),
        None => format!("Polar billed {total}, tax included."),
    };
    Moment { at: parse_ms(&facts.created_at), words }
}

async fn paid_back(state: &State, bill: &str, customer: &str) -> Result<Vec<Moment>, Error> {
    let all = mirror::of_customer(&state.db, customer).await?.into_iter();
    let of_it = all.filter(|row| row.kind == Kind::Refund.stored() && row.order_id.as_deref() == Some(bill));
    let refunds = of_it.filter_map(|row| serde_json::from_str::<RefundFacts>(&row.projection).ok());
    Ok(refunds.map(|refund| refunded(&refund)).collect())
}

fn refunded(facts: &RefundFacts) -> Moment {
    let back = Money::new(facts.amount + facts.tax_amount, &facts.currency);
    let words = match facts.status.as_str() {
        "succeeded" => format!("{back} was paid back."),
        "pending" => format!("{back} is on its way back."),
        _ => format!("{back} could not be paid back."),
    };
    Moment { at: parse_ms(&facts.created_at), words }
}

/// That the subscription which was bought is over, and whether staff decided so.
async fn ended(state: &State, subscription: &str) -> Result<Option<Moment>, Error> {
    let row = mirror::object(&state.db, Kind::Subscription, subscription).await?;
    let facts = row.and_then(|row| serde_json::from_str::<SubscriptionFacts>(&row.projection).ok());
    let Some(at) = facts.and_then(|facts| facts.ended_at) else { return Ok(None) };
    let decided = remedies::of_object(&state.db, subscription).await?;
    let is_ours = decided.iter().any(|decision| decision.state == "done");
    let words = if is_ours { "We ended the subscription." } else { "The subscription ended." };
    Ok(Some(Moment { at: parse_ms(&at), words: words.to_owned() }))
}
