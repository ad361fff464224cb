//! The first step: the order is written, or found, under the user's lock.

use super::{
    super::{Error, new_id},
    Buyer, Wish,
};
use crate::{
    model::{instant::Millis, order::State as OrderState, quote::Quote},
    server::{
        db::{
            self, Tx,
            orders::{self, OrderRow},
            refolds, users,
        },
        state::State,
    },
};

/// Longer than all calls to Polar of one commit may take together: its reads, tried three times each, and one write.
pub const LEASE: Millis = 120_000;

/// What the first step found.
pub enum Begun {
    /// The order is ours to commit, under this lease token.
    Mine(String),
    /// It was committed before, or is being committed.
    There(Box<OrderRow>),
    /// The form shows what is no longer true.
    NewQuote,
    /// The id is another user's.
    NotTheirs,
}

/// Writes or finds the order.
pub async fn begin(state: &State, buyer: &Buyer, wish: &Wish, quote: &Quote) -> Result<Begun, Error> {
    let (token, now) = (new_id(), state.clock.wall());
    let begun: Result<Begun, db::Error> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, &buyer.user_id).await?;
            if users::has_left(&mut *tx, &buyer.user_id).await? {
                return Ok(Begun::NotTheirs);
            }
            match orders::by_id(&mut *tx, &wish.order_id).await? {
                Some(order) if order.user_id != buyer.user_id => Ok(Begun::NotTheirs),
                Some(order) => {
                    let as_shown = order.quote_hash == wish.quote_hash && order.quote_hash == quote.hash();
                    found(tx, order, as_shown, &token, now).await
                }
                None if wish.quote_hash != quote.hash() => Ok(Begun::NewQuote),
                None => write(tx, &row(buyer, wish, quote, &token, now)).await,
            }
        })
        .await;
    Ok(begun?)
}

/// An abandoned commit is taken over, unless the price moved since it was agreed to; anything else is answered as it is.
async fn found(tx: &mut Tx, order: OrderRow, as_shown: bool, token: &str, now: Millis) -> Result<Begun, db::Error> {
    let abandoned = order.state() == OrderState::Committing && order.lease_until <= now;
    if !abandoned || !orders::lease_again(tx, &order.id, token, now, now + LEASE).await? {
        return Ok(Begun::There(Box::new(order)));
    }
    if as_shown {
        return Ok(Begun::Mine(token.to_owned()));
    }
    orders::refuse(tx, &order.id, token, "quote_changed").await?;
    Ok(Begun::NewQuote)
}

async fn write(tx: &mut Tx, order: &OrderRow) -> Result<Begun, db::Error> {
    orders::supersede(tx, order).await?;
    if orders::insert(tx, order).await? {
        let token = order.lease_token.clone().unwrap_or_default();
        return Ok(Begun::Mine(token));
    }
    // Only another user can have taken the id since: ours are locked.
    Ok(Begun::NotTheirs)
}

fn row(buyer: &Buyer, wish: &Wish, quote: &Quote, token: &str, now: Millis) -> OrderRow {
    OrderRow {
        id: wish.order_id.clone(),
        user_id: buyer.user_id.clone(),
        kind: "buy".to_owned(),
        recurring: i64::from(quote.recurs()),
        plan: wish.plan.clone(),
        product_id: quote.offer.product_id.clone(),
        quote: quote.stored(),
        quote_hash: quote.hash(),
        state: OrderState::Committing.stored().to_owned(),
        outcome: None,
        lease_token: Some(token.to_owned()),
        lease_until: now + LEASE,
        checkout_id: None,
        checkout_url: None,
        checkout_status: None,
        expires_at: None,
        checked_at: None,
        paid_at: None,
        received_at: None,
        done_at: None,
        created_at: now,
    }
}
