//! How a change ended whose answer was lost, by a look at Polar; and what a customer is told of it.

use super::{super::Error, Changing};
use crate::{
    model::{
        budget::Urgency,
        change::{Change, Fit, Terms},
        ending::is_over,
        instant::{Millis, parse_ms},
        money::Money,
        order::State as OrderState,
        projection::{Kind, OrderFacts, SubscriptionFacts},
    },
    server::{
        db::{changes, mirror, orders},
        polar::{self, Seen},
        state::State,
    },
};
use serde_json::Value;

/// A change as who asked for it may see it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Our order.
    pub order_id: String,
    /// The plan's slug.
    pub plan: String,
    /// What was agreed to.
    pub terms: Terms,
    /// How far it is: `Committing`, `Unsettled`, `Done` or `Refused`.
    pub state: OrderState,
    /// Why it was refused.
    pub outcome: Option<String>,
    /// When it was asked for, wall time.
    pub created_at: Millis,
    /// What Polar billed for a change of plan at once: the total, tax included, and Polar's word for its state.
    pub bill: Option<(Money, String)>,
}

/// A change that `user` asked for; `None` if the order is not theirs, or no such change.
///
/// # Errors
/// When the database fails.
pub async fn of_order(state: &State, user: &str, order: &str) -> Result<Option<Asked>, Error> {
    if uuid::Uuid::parse_str(order).is_err() {
        return Ok(None);
    }
    let order = orders::by_id(&state.db, order).await?.filter(|order| order.user_id == user && order.kind != "buy");
    let Some(order) = order else { return Ok(None) };
    let Some(terms) = Terms::of_stored(&order.quote) else { return Ok(None) };
    let bill = bill_of(state, user, &terms).await?;
    Ok(Some(Asked {
        bill: bill.map(|(_, facts)| (Money::new(facts.total_amount, &facts.currency), facts.status)),
        terms,
        state: order.state(),
        order_id: order.id,
        plan: order.plan,
        outcome: order.outcome,
        created_at: order.created_at,
    }))
}

/// What Polar billed for a change of plan: its first bill with that reason since the quote.
///
/// # Errors
/// When the database fails.
pub async fn bill_of(state: &State, user: &str, terms: &Terms) -> Result<Option<(String, OrderFacts)>, Error> {
    let Some(switch) = &terms.switch else { return Ok(None) };
    let all = mirror::of_owner(&state.db, user).await?.into_iter();
    let of_it = all.filter(|row| row.kind == Kind::Order.stored());
    let of_it = of_it.filter(|row| row.subscription_id.as_deref() == Some(&terms.subscription));
    let facts = of_it.filter_map(|row| Some((row.id, serde_json::from_str::<OrderFacts>(&row.projection).ok()?)));
    let since = |facts: &OrderFacts| parse_ms(&facts.created_at).filter(|at| *at >= switch.quoted_at);
    let bills = facts.filter(|(_, facts)| facts.billing_reason == "subscription_update" && since(facts).is_some());
    Ok(bills.min_by_key(|(_, facts)| since(facts)))
}

/// Settles a change that may have been asked of Polar without an answer; why it must be looked at again, or `None` once it is
/// settled. It is never asked for again: whoever still wants it agrees once more.
///
/// # Errors
/// When Polar cannot be read, or the database fails.
pub async fn settle(state: &State, order: &str) -> Result<Option<String>, Error> {
    let Some(row) = orders::by_id(&state.db, order).await? else { return Ok(None) };
    let Some(terms) = Terms::of_stored(&row.quote) else { return Ok(None) };
    let open = changes::open(&state.db, &terms.subscription, terms.change.stored()).await?;
    let Some(open) = open.filter(|open| open.id == order) else { return Ok(None) };
    let changing = Changing {
        state,
        polar: state.polar.at(Urgency::Following),
        user: &row.user_id,
        decision: order,
        kind: Kind::Subscription,
        id: &terms.subscription,
        reason: "customer_request",
    };
    // Looked at before it is asked whether it waited long enough: what comes between is seen the next time.
    let fit = changing.fit(&terms).await?;
    if fit == Fit::Fits && !changing.is_stale(&open) {
        return Ok(Some("Polar has not answered; it is looked at again".to_owned()));
    }
    changing.conclude(order, terms.change, fit, "not_made").await.map(|()| None)
}

impl Changing<'_> {
    /// The subscription as Polar has it, kept; `None` if Polar knows it no more.
    pub(super) async fn look(&self) -> Result<Option<Seen<Value>>, Error> {
        match self.polar.object(Kind::Subscription, self.id).await {
            Ok(seen) => {
                self.observe(Kind::Subscription, &seen).await?;
                Ok(Some(seen))
            }
            Err(polar::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn fit(&self, terms: &Terms) -> Result<Fit, Error> {
        let Some(seen) = self.look().await? else { return Ok(Fit::Over) };
        let facts = serde_json::from_value::<SubscriptionFacts>(seen.value);
        Ok(terms.fit(&facts.map_err(|error| polar::Error::Unreadable(error.to_string()))?))
    }

    /// Notes how a change that Polar refused, for `why`, is by a look; without an answer the job looks later.
    pub(super) async fn settle_as_found(&self, order: &str, terms: &Terms, why: &str) -> Result<(), Error> {
        match self.fit(terms).await {
            Ok(fit) => self.conclude(order, terms.change, fit, why).await,
            Err(Error::Polar(_)) => self.settle(order, "unsettled", Some(why)).await,
            Err(error) => Err(error),
        }
    }

    async fn conclude(&self, order: &str, change: Change, fit: Fit, why: &str) -> Result<(), Error> {
        match (fit, change) {
            (Fit::AlreadySo, _) | (Fit::Over, Change::Cancel) => self.settle(order, "done", Some("seen")).await,
            (Fit::Over, Change::Undo) => self.settle(order, "refused", Some("too_late")).await,
            (Fit::Over, _) => self.settle(order, "refused", Some("over")).await,
            (Fit::Ending, _) => self.settle(order, "refused", Some("ending")).await,
            (Fit::Unpaid, _) => self.settle(order, "refused", Some("unpaid")).await,
            (Fit::Paused, Change::Unpause) => self.settle(order, "refused", Some("too_late")).await,
            (Fit::Fits | Fit::Paused | Fit::Trial | Fit::Free | Fit::OtherCurrency, _) => {
                self.settle(order, "refused", Some(why)).await
            }
        }
    }

    /// Whether a subscription is over, by a look at Polar; one that Polar knows no more is.
    ///
    /// # Errors
    /// When Polar cannot be read, or the database fails.
    pub async fn is_over(&self, id: &str) -> Result<bool, Error> {
        let of = Changing { id, polar: self.polar.clone(), ..*self };
        let seen = of.look().await?;
        Ok(seen.is_none_or(|seen| seen.value["status"].as_str().is_some_and(is_over)))
    }
}
