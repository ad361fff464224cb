//! What people are shown of their usage: what they have now and how it goes on, what was before, and the newest uses.

use super::{super::Error, alerts, standing::standing};
use crate::{
    model::{
        chart::{self, Bar},
        forecast::{Forecast, forecast},
        instant::{DAY, Millis, month_of},
        meter::Meter,
        money::Money,
        usage::{self, Balance, Per, Window},
    },
    server::{
        db::{
            self, Tx, usage_alerts,
            usage_history::{self, Counted, PastRow},
            usage_limits,
        },
        state::State,
    },
};

pub use db::usage_history::UseRow;

/// So many uses are listed.
const NEWEST: i64 = 10;

/// So many earlier periods are listed, and so many months.
const EARLIER: i64 = 24;

/// What is counted here alone is shown for so long.
const MEMORY: Millis = 2 * 366 * DAY;

/// A meter, and what somebody has of it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its key in `plans.toml`.
    pub key: String,
    /// Its words.
    pub meter: Meter,
    /// What there is now.
    pub balance: Balance,
    /// How it will end at this pace.
    pub forecast: Option<Forecast>,
    /// The period of which more is sold than is included, and how that will end.
    pub sold: Option<(Balance, Option<Forecast>)>,
    /// What it may cost beyond what is included, as they chose.
    pub limit: Option<Money>,
    /// What was used in the period, or in the calendar month where it is counted by the day.
    pub bars: Vec<Bar>,
    /// Now, billing time: what is after it is still to come.
    pub now: Millis,
    /// What was before, the newest first.
    pub earlier: Vec<Past>,
    /// The newest uses.
    pub newest: Vec<UseRow>,
    /// At how many percent the owner is told by mail; `None` where there is nothing that they would be told of.
    pub percents: Option<Vec<i64>>,
}

/// A period that is over, or a month in which something was counted here alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Billing time.
    pub starts_at: Millis,
    /// Billing time; it does not belong to the period any more.
    pub ends_at: Millis,
    /// So much could be used; `None` where it was counted by the day or month.
    pub most: Option<i64>,
    /// So much was used.
    pub used: i64,
    /// What it cost beyond what was included, tax apart.
    pub cost: Option<Money>,
}

/// Every meter, and what a user has of it now.
///
/// # Errors
/// When the database fails.
pub async fn now(state: &State, user: &str) -> Result<Vec<Shown>, Error> {
    let (mut tx, mut all) = (state.db.snapshot().await?, Vec::new());
    for (key, meter) in state.plans.meters() {
        all.push(one(&mut tx, state, user, (key, meter)).await?);
    }
    Ok(all)
}

async fn one(tx: &mut Tx, state: &State, user: &str, (key, meter): (&str, &Meter)) -> Result<Shown, db::Error> {
    let (about, now) = ((user, key), state.clock.billing());
    let standing = standing(tx, state, user, key).await?;
    let shown = usage::shown(&standing);
    let (span, counted) = match shown {
        Some((Window { per: Per::Period, starts_at, ends_at, .. }, _)) => ((*starts_at, *ends_at), Counted::ByPolar),
        _ => (month_of(now), Counted::All),
    };
    let days = usage_history::days(&mut *tx, about, span, counted).await?;
    let chosen = usage_alerts::of(&mut *tx, user, key).await?;
    let sold = usage::selling(&standing).map(|selling| {
        let forecast = forecast(&selling.0, selling.1, now);
        (usage::balance_of(key, Some(selling), &standing), forecast)
    });
    let limit = usage_limits::of(&mut *tx, user, key).await?;
    let is_told = chosen.is_some() || standing.iter().any(|(window, _)| window.per != Per::Day);
    Ok(Shown {
        key: key.to_owned(),
        meter: meter.clone(),
        balance: usage::balance(key, &standing),
        forecast: shown.and_then(|(window, used)| forecast(window, *used, now)),
        sold,
        limit,
        bars: chart::bars(&days, span),
        now,
        earlier: earlier(tx, about, now).await?,
        newest: usage_history::newest(&mut *tx, user, key, NEWEST).await?,
        percents: is_told.then(|| alerts::percents(chosen)),
    })
}

/// What was before the present period and the present month.
async fn earlier(tx: &mut Tx, about: (&str, &str), now: Millis) -> Result<Vec<Past>, db::Error> {
    let bought = usage_history::past(&mut *tx, about, now, EARLIER).await?;
    let (this_month, _) = month_of(now);
    let days = usage_history::days(&mut *tx, about, (now - MEMORY, this_month), Counted::Here).await?;
    let months = chart::months(&days).into_iter().map(|Bar { from, until, amount }| Past {
        starts_at: from,
        ends_at: until,
        most: None,
        used: amount,
        cost: None,
    });
    let bought = bought.into_iter().map(|PastRow { starts_at, ends_at, most, used, more }| Past {
        starts_at,
        ends_at,
        most: Some(most),
        used,
        cost: more.beyond().filter(|_| used > most).map(|beyond| beyond.cost(used - most)),
    });
    let mut earlier: Vec<Past> = bought.chain(months).collect();
    earlier.sort_by_key(|past| std::cmp::Reverse((past.starts_at, past.most.is_some())));
    Ok(earlier)
}

/// One of the earlier periods of a meter, by its beginning, with what was used on each day; `None` if there is none.
///
/// # Errors
/// When the database fails.
pub async fn past(
    state: &State,
    user: &str,
    key: &str,
    starts_at: Millis,
) -> Result<Option<(Meter, Past, Vec<Bar>)>, Error> {
    let (Some(meter), about) = (state.plans.meter(key), (user, key)) else { return Ok(None) };
    let mut tx = state.db.snapshot().await?;
    let earlier = earlier(&mut tx, about, state.clock.billing()).await?;
    let Some(past) = earlier.into_iter().find(|past| past.starts_at == starts_at) else { return Ok(None) };
    let (span, counted) = ((past.starts_at, past.ends_at), past.counted());
    let days = usage_history::days(&mut tx, about, span, counted).await?;
    Ok(Some((meter.clone(), past, chart::bars(&days, span))))
}

impl Past {
    fn counted(&self) -> Counted {
        if self.most.is_some() { Counted::ByPolar } else { Counted::Here }
    }
}
