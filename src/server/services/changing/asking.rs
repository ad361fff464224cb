//! A customer asks for a change: what it means is shown, agreed to, and asked of Polar once.

use super::{
    super::{Error, new_id},
    Changing,
};
use crate::{
    model::{
        budget::Urgency,
        change::{Change, Fit, Terms},
        ending::PATIENCE,
        job::SETTLE_CHANGE,
        projection::{Kind, SubscriptionFacts},
    },
    server::{
        db::{self, audit, changes, jobs, mirror, orders, refolds},
        polar,
        state::State,
    },
};
use std::net::IpAddr;

/// What is shown before somebody agrees.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What they agree to.
    pub terms: Terms,
    /// The plan's slug; empty for a product that belongs to none.
    pub plan: String,
    /// Whether it can be made.
    pub fit: Fit,
    /// For the form: the same form sent twice is one order.
    pub order_id: String,
}

/// What somebody agreed to.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Who.
    pub user: String,
    /// From which address.
    pub from: IpAddr,
    /// Minted by the form.
    pub order: String,
    /// Polar's id of the subscription.
    pub subscription: String,
    /// What is wanted.
    pub change: Change,
    /// Of what was shown.
    pub terms: String,
    /// Why, in Polar's words.
    pub reason: Option<String>,
    /// Why, in their own.
    pub comment: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is an order: it tells how far it is.
    Ordered(String),
    /// There is no such subscription of theirs.
    NotFound,
    /// It stands otherwise than the form says; nothing was asked for.
    Unfit(Fit),
    /// What was shown is no longer true; nothing was asked for.
    NewTerms,
    /// Another change of the subscription is under way.
    Busy,
    /// Polar does not answer; nothing was asked for.
    PolarDown,
}

/// What `change` would mean for a subscription of `user`; `None` if it is not theirs.
///
/// # Errors
/// When the database fails.
pub async fn propose(state: &State, user: &str, subscription: &str, change: Change) -> Result<Option<Proposal>, Error> {
    let row = mirror::object(&state.db, Kind::Subscription, subscription).await?;
    let Some(row) = row.filter(|row| row.owner_id.as_deref() == Some(user)) else { return Ok(None) };
    let Ok(facts) = serde_json::from_str::<SubscriptionFacts>(&row.projection) else { return Ok(None) };
    let plan = mirror::plan_of_product(&state.db, &facts.product_id).await?.unwrap_or_default();
    let terms = Terms::of(change, subscription, &facts);
    Ok(Some(Proposal { terms, plan, fit: change.fit(&facts), order_id: new_id() }))
}

/// Makes the change that somebody agreed to: looks how the subscription stands at Polar, writes the order down, and asks
/// once. The work goes on when the visitor leaves.
///
/// # Errors
/// When the database fails.
pub async fn commit(state: &State, consent: Consent) -> Result<Answer, Error> {
    let for_task = state.clone();
    let task = state.tasks.spawn(async move { commit_whole(&for_task, &consent).await });
    task.await.map_err(|_| Error::Interrupted)?
}

async fn commit_whole(state: &State, consent: &Consent) -> Result<Answer, Error> {
    if !state.known.is_compared() {
        return Ok(Answer::PolarDown);
    }
    if uuid::Uuid::parse_str(&consent.order).is_err() {
        return Ok(Answer::NotFound);
    }
    if let Some(answer) = earlier(state, consent).await? {
        return Ok(answer);
    }
    if propose(state, &consent.user, &consent.subscription, consent.change).await?.is_none() {
        return Ok(Answer::NotFound);
    }
    let changing = Changing {
        state,
        polar: state.polar.at(Urgency::Buying),
        user: &consent.user,
        decision: &consent.order,
        kind: Kind::Subscription,
        id: &consent.subscription,
        reason: "customer_request",
    };
    match changing.look().await {
        Ok(_) => {}
        Err(Error::Polar(error)) => {
            tracing::warn!(user_id = consent.user, error = %error, "a subscription cannot be looked at before its change");
            return Ok(Answer::PolarDown);
        }
        Err(error) => return Err(error),
    }
    let found = propose(state, &consent.user, &consent.subscription, consent.change).await?;
    let Some(proposal) = found else { return Ok(Answer::NotFound) };
    match proposal.fit {
        Fit::Fits if proposal.terms.hash() == consent.terms => {}
        Fit::Fits => return Ok(Answer::NewTerms),
        other => return Ok(Answer::Unfit(other)),
    }
    if !begin(state, consent, &proposal).await? {
        return Ok(earlier(state, consent).await?.unwrap_or(Answer::Busy));
    }
    changing.send(consent).await?;
    Ok(Answer::Ordered(consent.order.clone()))
}

/// What became of the same form that was sent before.
async fn earlier(state: &State, consent: &Consent) -> Result<Option<Answer>, Error> {
    Ok(orders::by_id(&state.db, &consent.order).await?.map(|order| match order.user_id == consent.user {
        true => Answer::Ordered(order.id),
        false => Answer::NotFound,
    }))
}

/// Writes the order down, with the job that looks how it ended if nobody else does.
async fn begin(state: &State, consent: &Consent, proposal: &Proposal) -> Result<bool, Error> {
    let now = state.clock.wall();
    let (terms, ip) = (proposal.terms.stored(), consent.from.to_string());
    let target = format!("subscription:{}", consent.subscription);
    let change = changes::Change {
        id: &consent.order,
        user: &consent.user,
        kind: consent.change.stored(),
        plan: &proposal.plan,
        product: &proposal.terms.product_id,
        subscription: &consent.subscription,
        purpose: &consent.order,
        quote: &terms,
    };
    let begun: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, &consent.user).await?;
            if !changes::begin(tx, change, now).await? {
                return Ok(false);
            }
            let (user, target) = (Some(consent.user.as_str()), Some(target.as_str()));
            let action = match consent.change {
                Change::Cancel => "cancel subscription",
                Change::Resume => "resume subscription",
            };
            let entry = audit::Entry { actor: user, action, user, target, details: None, ip: Some(&ip) };
            audit::add(tx, entry, now).await?;
            jobs::queue(tx, &new_id(), SETTLE_CHANGE, &consent.order, now + PATIENCE).await?;
            Ok(true)
        })
        .await;
    Ok(begun?)
}

impl Changing<'_> {
    /// Asks Polar, and notes how it ended.
    async fn send(&self, consent: &Consent) -> Result<(), Error> {
        let asked = match consent.change {
            Change::Cancel => {
                self.polar.cancel_subscription(self.id, consent.reason.as_deref(), consent.comment.as_deref()).await
            }
            Change::Resume => self.polar.resume_subscription(self.id).await,
        };
        let error = match asked {
            Ok(seen) => {
                self.observe(Kind::Subscription, &seen).await?;
                return self.settle(&consent.order, "done", None).await;
            }
            Err(error) => error,
        };
        tracing::warn!(user_id = self.user, order_id = consent.order, error = %error, "a change was not answered with yes");
        match error {
            error if error.may_be_done() => self.settle(&consent.order, "unsettled", Some(&error.to_string())).await,
            polar::Error::Limited { .. } => self.settle(&consent.order, "refused", Some("busy")).await,
            error => self.settle_as_found(&consent.order, consent.change, &error.to_string()).await,
        }
    }
}
