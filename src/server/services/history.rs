//! Everything that somebody ordered or was billed, the newest first.

use super::{
    Error,
    overview::{self, Bill},
};
use crate::{
    model::{
        change::{Change, Terms},
        instant::Millis,
        order::{Stage, State as OrderState},
    },
    server::{
        db::orders::{self, OrderRow},
        state::State,
    },
};

/// So many lines are on a page.
pub const PAGE: usize = 20;

/// One line.
#[derive(Clone, Debug)]
pub enum Line {
    /// An order of ours.
    Order(Ordered),
    /// A bill of Polar's.
    Bill(Bill),
}

/// An order of ours.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Its id.
    pub id: String,
    /// The name of the plan that it is about.
    pub plan: String,
    /// What was wanted.
    pub what: What,
    /// When, wall time.
    pub at: Millis,
}

/// What an order was for, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// To buy something.
    Purchase(Stage),
    /// To change a subscription.
    Change(Change, OrderState),
}

impl Line {
    fn at(&self) -> Millis {
        match self {
            Self::Order(order) => order.at,
            Self::Bill(bill) => bill.at.unwrap_or(0),
        }
    }
}

/// One page of the lines of `user`, counted from 0, and whether there are more.
///
/// # Errors
/// When the database fails.
pub async fn of(state: &State, user: &str, page: usize) -> Result<(Vec<Line>, bool), Error> {
    let orders = orders::of_user(&state.db, user).await?;
    let mut lines: Vec<Line> = orders.into_iter().filter_map(|row| ordered(state, row)).map(Line::Order).collect();
    lines.extend(overview::bills(state, user).await?.into_iter().map(Line::Bill));
    lines.sort_by_key(|line| std::cmp::Reverse(line.at()));
    let first = page.saturating_mul(PAGE);
    let more = lines.len() > first.saturating_add(PAGE);
    Ok((lines.into_iter().skip(first).take(PAGE).collect(), more))
}

/// `None` for what staff or a job did about a subscription: its facts are in the bills and on the account page.
fn ordered(state: &State, row: OrderRow) -> Option<Ordered> {
    let what = match row.kind.as_str() {
        "buy" => What::Purchase(row.progress().stage()),
        _ => What::Change(Terms::of_stored(&row.quote)?.change, row.state()),
    };
    let plan = state.plans.get(&row.plan).map_or_else(|| row.plan.clone(), |plan| plan.name.clone());
    Some(Ordered { plan, what, at: row.created_at, id: row.id })
}
