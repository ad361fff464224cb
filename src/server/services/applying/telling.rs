//! What owners are told by mail of what Polar said: queued in the transaction that applies it, each fact once, none that
//! is older than a day of billing time. So replays, looks at Polar and a mirror that is built anew tell nothing again.

use super::{
    super::mailing::{self, Mail},
    sources::{Holdings, facts},
};
use crate::{
    model::{
        instant::{Millis, parse_ms},
        news::{self, News},
        plan::Plan,
        projection::{Kind, Mirrored, OrderFacts, SubscriptionFacts},
    },
    server::{
        db::{
            Error, Tx,
            mirror::{self, ObjectRow},
            users,
        },
        state::State,
    },
};

/// Bills and refunds of what belongs to no plan.
const NAMELESS: &str = "your purchase";

/// Tells a user what they own has to tell by how it stands; the next instant of billing time at which that is more.
pub async fn standing(tx: &mut Tx, state: &State, user: &str, holdings: &Holdings) -> Result<Option<Millis>, Error> {
    let (news, now) = (news(state, holdings), state.clock.billing());
    tell(tx, state, user, &news).await?;
    Ok(news.into_iter().map(|news| news.at).filter(|at| *at > now).min())
}

fn news(state: &State, holdings: &Holdings) -> Vec<News> {
    let each = holdings.objects.iter().flat_map(|(row, plan)| {
        let plan = plan.as_deref().and_then(|slug| state.plans.get(slug));
        let name = plan.map_or(NAMELESS, |plan| &plan.name);
        let facts = row.projection.as_str();
        match (Kind::of_stored(&row.kind), plan) {
            (Some(Kind::Subscription), Some(plan)) => serde_json::from_str(facts)
                .map_or_else(|_| Vec::new(), |facts| news::of_subscription(&row.id, &facts, plan)),
            (Some(Kind::Order), _) => serde_json::from_str(facts).map_or_else(
                |_| Vec::new(),
                |facts| {
                    let of = holdings.subscription(row.subscription_id.as_deref());
                    news::of_bill(&row.id, &facts, of.as_ref(), name, None).into_iter().collect()
                },
            ),
            (Some(Kind::Refund), _) => serde_json::from_str(facts).map_or_else(
                |_| Vec::new(),
                |facts| news::of_refund(&row.id, &facts, refunded(state, holdings, row)).into_iter().collect(),
            ),
            _ => Vec::new(),
        }
    });
    each.collect()
}

/// The name of the plan whose bill a refund is about.
fn refunded<'n>(state: &'n State, holdings: &Holdings, refund: &ObjectRow) -> &'n str {
    let bill = holdings.objects.iter().find(|(row, _)| Some(&row.id) == refund.order_id.as_ref());
    let plan = bill.and_then(|(_, plan)| state.plans.get(plan.as_deref()?));
    plan.map_or(NAMELESS, |plan| &plan.name)
}

/// Tells a user that they pay for two subscriptions, which was confirmed at Polar just now.
pub async fn double(
    tx: &mut Tx,
    state: &State,
    user: &str,
    holdings: &Holdings,
    (first, second): (&str, &str),
) -> Result<(), Error> {
    match holdings.subscription(Some(second)).and_then(|facts| parse_ms(facts.created_at.as_deref()?)) {
        Some(since) => tell(tx, state, user, &[news::of_two(first, second, since)]).await,
        None => Ok(()),
    }
}

/// Tells the owner what only the change itself shows: another plan, and a bill that was paid late.
pub async fn change(tx: &mut Tx, state: &State, stored: &ObjectRow, seen: &Mirrored) -> Result<(), Error> {
    let at = seen.version_us / 1000;
    let now = plan(&mut *tx, state, seen.ties.product_id.as_deref()).await?;
    let news = match seen.kind {
        Kind::Subscription if stored.product_id != seen.ties.product_id => {
            let before = plan(&mut *tx, state, stored.product_id.as_deref()).await?;
            before.zip(now).and_then(|(before, now)| news::of_change(&seen.id, before, now, at))
        }
        Kind::Order if stored.status.as_deref() == Some("pending") => {
            let of = subscription(&mut *tx, seen.ties.subscription_id.as_deref()).await?;
            let name = now.map_or(NAMELESS, |plan| &plan.name);
            let facts = serde_json::from_str::<OrderFacts>(&seen.projection).ok();
            facts.and_then(|facts| news::of_bill(&seen.id, &facts, of.as_ref(), name, Some(at)))
        }
        _ => None,
    };
    let owner = mirror::object(&mut *tx, seen.kind, &seen.id).await?.and_then(|row| row.owner_id);
    match (news, owner) {
        // It has happened, even if our clock is a little behind Polar's.
        (Some(news), Some(owner)) => {
            let at = news.at.min(state.clock.billing());
            tell(tx, state, &owner, &[News { at, ..news }]).await
        }
        _ => Ok(()),
    }
}

async fn plan<'s>(tx: &mut Tx, state: &'s State, product: Option<&str>) -> Result<Option<&'s Plan>, Error> {
    let Some(product) = product else { return Ok(None) };
    Ok(mirror::plan_of_product(tx, product).await?.and_then(|slug| state.plans.get(&slug)))
}

async fn subscription(tx: &mut Tx, id: Option<&str>) -> Result<Option<SubscriptionFacts>, Error> {
    let Some(id) = id else { return Ok(None) };
    let row = mirror::object(tx, Kind::Subscription, id).await?;
    Ok(row.and_then(|row| facts(&row).ok()))
}

async fn tell(tx: &mut Tx, state: &State, user: &str, news: &[News]) -> Result<(), Error> {
    let billing = state.clock.billing();
    let fresh: Vec<&News> = news.iter().filter(|news| news.is_fresh(billing)).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    // Whoever deleted their account has no address any more.
    let Some(owner) = users::by_id(&mut *tx, user).await? else { return Ok(()) };
    for News { key, letter, .. } in fresh {
        let mail = Mail { key: key.clone(), user: Some(user), to: &owner.email, letter: letter.clone().into() };
        mailing::queue(tx, &mail, state.clock.wall()).await?;
    }
    Ok(())
}
