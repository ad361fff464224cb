//! Which windows somebody has of a meter now, and what is used of each: from our tables alone.

use super::super::Error;
use crate::{
    model::{
        fold,
        instant::Millis,
        meter::Allowance,
        money::Money,
        reckoning::LAG,
        usage::{self, Balance, Bill, Per, Window},
    },
    server::{
        db::{self, Tx, entitlements, usage_events, usage_holds, usage_limits, usage_windows},
        state::State,
    },
};

/// What somebody has of a meter now.
///
/// # Errors
/// When the database fails.
pub async fn balance(state: &State, user: &str, meter: &str) -> Result<Balance, Error> {
    let mut tx = state.db.snapshot().await?;
    Ok(balance_in(&mut tx, state, user, meter).await?)
}

/// As [`balance`], as a transaction sees it.
///
/// # Errors
/// When the database fails.
pub async fn balance_in(tx: &mut Tx, state: &State, user: &str, meter: &str) -> Result<Balance, db::Error> {
    Ok(usage::balance(meter, &standing(tx, state, user, meter).await?))
}

/// Every window that is open now, with what is used of it and what is set aside.
pub(super) async fn standing(
    tx: &mut Tx,
    state: &State,
    user: &str,
    meter: &str,
) -> Result<Vec<(Window, i64)>, db::Error> {
    let now = state.clock.billing();
    let mut standing = Vec::new();
    for window in windows(tx, state, user, meter, now).await? {
        let (about, with_kept) = ((user, meter), window.per.is_kept());
        let span = (window.starts_at, window.ends_at);
        let used = usage_events::used(&mut *tx, about, span, with_kept).await?;
        let held = usage_holds::held(&mut *tx, about, state.clock.wall(), with_kept).await?;
        let late = window.beyond.as_ref().map_or(0, |beyond| beyond.late);
        standing.push((window, used.saturating_add(held).saturating_add(late)));
    }
    Ok(standing)
}

async fn windows(tx: &mut Tx, state: &State, user: &str, meter: &str, now: Millis) -> Result<Vec<Window>, db::Error> {
    let rows = usage_windows::open(&mut *tx, user, now).await?;
    let sells_more = rows.iter().any(|row| row.meter == meter && row.more.unit_amount.is_some());
    let limit = if sells_more { usage_limits::of(&mut *tx, user, meter).await? } else { None };
    let mut windows = Vec::new();
    for row in rows.iter().filter(|row| row.meter == meter) {
        let mut window = bought(row, limit.as_ref());
        if let Some(beyond) = &mut window.beyond {
            beyond.late = usage_windows::used_late(&mut *tx, user, row, LAG).await?;
        }
        windows.push(window);
    }
    for (feature, entitlement) in entitlements::of(&mut *tx, user).await? {
        let plan = fold::plan_of_feature(&feature);
        let Some(allowance) = plan.and_then(|plan| state.plans.allowance(plan, meter)) else { continue };
        let is_by_polar = entitlement.source_kind == "subscription" && matches!(allowance, Allowance::AMonth(_));
        if !is_by_polar {
            windows.push(Window::here(allowance, now));
        } else if !windows.iter().any(|window| window.per == Per::Period) {
            windows.push(Window::awaited(now));
        }
    }
    // Nobody has less than everybody.
    let free = state.plans.free().and_then(|plan| state.plans.allowance(&plan.slug, meter));
    windows.extend(free.map(|allowance| Window::here(allowance, now)));
    Ok(windows)
}

fn bought(row: &usage_windows::WindowRow, limit: Option<&Money>) -> Window {
    Window {
        per: Per::Period,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        most: row.most,
        bill: Bill::of_stored(&row.bill),
        beyond: row.more.beyond().map(|beyond| beyond.allowed(limit)),
    }
}
