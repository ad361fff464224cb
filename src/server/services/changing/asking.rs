//! A customer has agreed to a change: it is written down, and asked of Polar once.

use super::{
    super::{Error, new_id},
    Changing,
    proposing::{Proposal, Wish, changing, examine, is_theirs},
};
use crate::{
    model::{
        change::{Change, Fit, Terms},
        ending::PATIENCE,
        instant::Millis,
        job::SETTLE_CHANGE,
        projection::Kind,
    },
    server::{
        db::{self, audit, changes, jobs, orders, refolds},
        polar::{self, Seen},
        state::State,
    },
};
use serde_json::Value;
use std::net::IpAddr;

/// Figures that move by the second can be agreed to for so long.
const QUOTE_LASTS: Millis = 15 * 60 * 1000;

/// So far a quote may lie in our future: another server of ours wrote it.
const CLOCK_SKEW: Millis = 60 * 1000;

/// What somebody agreed to.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Who.
    pub user: String,
    /// From which address.
    pub from: IpAddr,
    /// Minted by the form.
    pub order: String,
    /// What is wanted.
    pub wish: Wish,
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
    /// What they want is not for sale, or not any more; nothing was asked for.
    NotSold,
    /// It stands otherwise than the form says; nothing was asked for.
    Unfit(Fit),
    /// What was shown is no longer true; nothing was asked for.
    NewTerms,
    /// Another change of the subscription is under way.
    Busy,
    /// Polar does not answer; nothing was asked for.
    PolarDown,
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
    if !is_theirs(state, &consent.user, &consent.wish.subscription).await? {
        return Ok(Answer::NotFound);
    }
    let wish = recent(state, consent.wish.clone());
    let done = changes::done(&state.db, &wish.subscription).await?;
    let changing = changing(state, &consent.user, &wish, &consent.order);
    let found = match examine(&changing, &wish, true).await {
        Err(Error::Polar(error)) => {
            tracing::warn!(user_id = consent.user, error = %error, "a subscription cannot be looked at before its change");
            return Ok(Answer::PolarDown);
        }
        found => found?,
    };
    let Some(proposal) = found else { return Ok(Answer::NotSold) };
    match proposal.fit {
        Fit::Fits if proposal.terms.hash() == consent.terms => {}
        Fit::Fits => return Ok(Answer::NewTerms),
        other => return Ok(Answer::Unfit(other)),
    }
    if !begin(state, consent, &proposal, done).await? {
        let busy = changes::is_busy(&state.db, &wish.subscription).await?;
        return Ok(earlier(state, consent).await?.unwrap_or(if busy { Answer::Busy } else { Answer::NewTerms }));
    }
    changing.send(consent, &proposal.terms).await?;
    Ok(Answer::Ordered(consent.order.clone()))
}

/// Figures that move by the second can be agreed to for a while: what was quoted at another time is quoted again.
fn recent(state: &State, mut wish: Wish) -> Wish {
    let now = state.clock.billing();
    if let Some(to) = wish.to.as_mut().filter(|to| !(now - QUOTE_LASTS..=now + CLOCK_SKEW).contains(&to.quoted_at)) {
        to.quoted_at = now;
    }
    wish
}

/// What became of the same form that was sent before.
async fn earlier(state: &State, consent: &Consent) -> Result<Option<Answer>, Error> {
    Ok(orders::by_id(&state.db, &consent.order).await?.map(|order| match order.user_id == consent.user {
        true => Answer::Ordered(order.id),
        false => Answer::NotFound,
    }))
}

/// Writes the order down, with the job that looks how it ended if nobody else does.
async fn begin(state: &State, consent: &Consent, proposal: &Proposal, done: i64) -> Result<bool, Error> {
    let now = state.clock.wall();
    let (terms, ip) = (proposal.terms.stored(), consent.from.to_string());
    let target = format!("subscription:{}", consent.wish.subscription);
    let change = changes::Change {
        id: &consent.order,
        user: &consent.user,
        kind: consent.wish.change.stored(),
        plan: &proposal.plan,
        product: &proposal.terms.product_id,
        subscription: &consent.wish.subscription,
        purpose: &consent.order,
        quote: &terms,
        after: Some(done),
    };
    let begun: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, &consent.user).await?;
            if !changes::begin(tx, change, now).await? {
                return Ok(false);
            }
            let (user, target) = (Some(consent.user.as_str()), Some(target.as_str()));
            let action = consent.wish.change.act();
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
    async fn send(&self, consent: &Consent, terms: &Terms) -> Result<(), Error> {
        let error = match self.ask(consent, terms).await {
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
            error => self.settle_as_found(&consent.order, terms, why(&error)).await,
        }
    }

    async fn ask(&self, consent: &Consent, terms: &Terms) -> Result<Seen<Value>, polar::Error> {
        match (terms.change, &terms.switch) {
            (Change::Cancel, _) => {
                self.polar.cancel_subscription(self.id, consent.reason.as_deref(), consent.comment.as_deref()).await
            }
            (Change::Resume, _) => self.polar.resume_subscription(self.id).await,
            (Change::Switch, Some(switch)) => {
                self.polar.change_subscription(self.id, &switch.to.product_id, switch.timing.behavior()).await
            }
            (Change::Pause | Change::Unpause, _) => self.polar.set_pause(self.id, terms.change == Change::Pause).await,
            (Change::Continue, _) => self.polar.continue_subscription(self.id).await,
            (Change::Undo | Change::Switch, _) => self.polar.keep_product(self.id).await,
        }
    }
}

/// The word that is kept of a refusal; `components::changed` has a sentence for each.
fn why(error: &polar::Error) -> &'static str {
    match error {
        polar::Error::Refused { status: 402, .. } => "declined",
        polar::Error::Refused { status: 403 | 409, .. } => "forbidden",
        polar::Error::Refused { status: 410, .. } | polar::Error::NotFound => "over",
        polar::Error::Refused { status: 400 | 422, .. } => "invalid",
        polar::Error::Unauthorized | polar::Error::MissingScope | polar::Error::NoRoute => "shop",
        _ => "refused",
    }
}
