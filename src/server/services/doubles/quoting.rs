//! What staff sees before they end one of two subscriptions: both, and what would be paid back of each, as Polar has it
//! at this moment.

use super::{super::Error, pair};
use crate::{
    model::{
        ending::{Bill, PayBack, is_over},
        instant::{Millis, parse_ms},
        projection::{Kind, SubscriptionFacts},
    },
    server::{
        db::{cases::CaseRow, mirror, mirror::ObjectRow},
        polar::{self, Client},
        state::State,
    },
};
use std::time::Duration;

/// So long a page waits for Polar.
const PATIENCE: Duration = Duration::from_secs(8);

/// Both of them.
#[derive(Clone, Debug)]
pub struct Double {
    /// The later one, which is the one to end if nothing speaks for the other; then the older.
    pub sides: [Side; 2],
}

/// One of two subscriptions.
#[derive(Clone, Debug)]
pub struct Side {
    /// Polar's id.
    pub id: String,
    /// The name of its plan.
    pub plan: String,
    /// Polar's word for how it stands.
    pub status: String,
    /// When it began.
    pub since: Option<Millis>,
    /// What is paid back if it ends.
    pub back: PayBack,
}

impl Double {
    /// The one with this id, and the other.
    #[must_use]
    pub fn split(&self, id: &str) -> Option<(&Side, &Side)> {
        let [later, older] = &self.sides;
        match id {
            id if id == later.id => Some((later, older)),
            id if id == older.id => Some((older, later)),
            _ => None,
        }
    }
}

/// The two subscriptions of a case, with what each would pay back; `None` if the case is about something else, or one of
/// them is not that customer's any more.
///
/// # Errors
/// When the database fails, or Polar does not answer within seconds.
pub async fn of(state: &State, case: &CaseRow) -> Result<Option<Double>, Error> {
    let (Some((first, second)), Some(user)) = (pair(case), &case.user_id) else { return Ok(None) };
    let (Some(older), Some(later)) = (theirs(state, first, user).await?, theirs(state, second, user).await?) else {
        return Ok(None);
    };
    let both_since = since(&later).unwrap_or(case.opened_at);
    let looked = async {
        let later = side(state, &later, both_since).await?;
        Ok(Double { sides: [later, side(state, &older, both_since).await?] })
    };
    let looked = tokio::time::timeout(PATIENCE, looked).await;
    looked.unwrap_or(Err(Error::Polar(polar::Error::NoAnswer))).map(Some)
}

async fn theirs(state: &State, id: &str, user: &str) -> Result<Option<ObjectRow>, Error> {
    let row = mirror::object(&state.db, Kind::Subscription, id).await?;
    Ok(row.filter(|row| row.owner_id.as_deref() == Some(user)))
}

fn since(row: &ObjectRow) -> Option<Millis> {
    let facts: SubscriptionFacts = serde_json::from_str(&row.projection).ok()?;
    facts.created_at.as_deref().and_then(parse_ms)
}

async fn side(state: &State, row: &ObjectRow, both_since: Millis) -> Result<Side, Error> {
    let plan = match &row.product_id {
        Some(product) => mirror::plan_of_product(&state.db, product).await?.unwrap_or_default(),
        None => String::new(),
    };
    let status = row.status.clone().unwrap_or_default();
    Ok(Side {
        plan: state.plans.get(&plan).map_or(plan, |plan| plan.name.clone()),
        since: since(row),
        back: PayBack::of(bills(&state.polar, &row.id).await?, both_since),
        status: if is_over(&status) { "ended".to_owned() } else { status.replace('_', " ") },
        id: row.id.clone(),
    })
}

/// Polar's bills of a subscription.
async fn bills(polar: &Client, subscription: &str) -> Result<Vec<Bill>, polar::Error> {
    let bills = polar.objects(Kind::Order, &[("subscription_id", subscription)]).await?;
    let read = |bill| serde_json::from_value(bill).map_err(|error| polar::Error::Unreadable(error.to_string()));
    bills.into_iter().map(|seen| read(seen.value)).collect()
}
