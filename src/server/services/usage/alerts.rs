//! Telling by mail that much of what was bought is used: queued in the transaction that counts, once a threshold and period.
//! What is only recorded is looked at by the sender, before it is handed to Polar.

use super::{super::Error, standing::standing};
use crate::{
    model::{
        alert,
        letter::{BillingLetter, More},
        usage::Window,
    },
    server::{
        db::{self, Tx, audit, usage_alerts, users},
        services::{
            accounts::Asking,
            mailing::{self, Mail},
        },
        state::State,
    },
};

/// Whose uses of which meter.
pub(super) type About<'a> = (&'a str, &'a str);

/// Somebody chooses at how many percent of a meter they are told; nothing for never. `false` if there is no such meter.
///
/// # Errors
/// When the database fails: then nothing is chosen.
pub async fn choose(state: &State, asking: Asking<'_>, meter: &str, percents: &[i64]) -> Result<bool, Error> {
    if state.plans.meter(meter).is_none() {
        return Ok(false);
    }
    let (user, ip, now) = (asking.user, asking.from.to_string(), state.clock.wall());
    let chosen: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, user).await?;
            usage_alerts::choose(tx, user, meter, &alert::stored(percents)).await?;
            let (whose, action) = (Some(user), "usage mail chosen");
            let entry = audit::Entry { actor: whose, action, user: whose, target: None, details: None, ip: Some(&ip) };
            audit::add(tx, entry, now).await.map(drop)
        })
        .await;
    chosen?;
    Ok(true)
}

/// At how many percent somebody is told who chose this, or nothing yet.
pub(super) fn percents(chosen: Option<String>) -> Vec<i64> {
    chosen.map_or_else(|| alert::USUAL.to_vec(), |chosen| alert::of_stored(&chosen))
}

/// Looks whether a use that was counted beside the limits has reached anything.
pub(super) async fn recorded(tx: &mut Tx, state: &State, about: About<'_>, kept: bool) -> Result<(), db::Error> {
    let standing = standing(tx, state, about.0, about.1).await?;
    match alert::watched(&standing, kept) {
        Some((window, used)) => counted(tx, state, about, (window, used)).await,
        None => Ok(()),
    }
}

/// Queues the mail for what is reached of a window, now that so much of it is used.
pub(super) async fn counted(
    tx: &mut Tx,
    state: &State,
    (user, meter): About<'_>,
    (window, used): (Window, i64),
) -> Result<(), db::Error> {
    // Spares the common case three statements.
    if !alert::is_told(&window) || alert::reached(&alert::OFFERED, used, window.most).is_none() {
        return Ok(());
    }
    let percents = match usage_alerts::of(&mut *tx, user, meter).await? {
        None if is_everybodys(state, meter, &window) => return Ok(()),
        chosen => percents(chosen),
    };
    let Some(percent) = alert::reached(&percents, used, window.most) else { return Ok(()) };
    let (Some(owner), Some(named)) = (users::by_id(&mut *tx, user).await?, state.plans.meter(meter)) else {
        return Ok(());
    };
    let Window { starts_at, ends_at: until, most, beyond, .. } = window;
    let more = beyond.map(|beyond| More {
        price: format!("each {} more costs {}", named.one, beyond.each.words(&beyond.currency)),
        allowed: beyond.most,
    });
    let mail = Mail {
        // Another plan in the same period is another amount, which is told of anew.
        key: format!("usage:{user}:{meter}:{starts_at}:{most}:{percent}"),
        user: Some(user),
        to: &owner.email,
        letter: BillingLetter::UsageReached { many: named.many.clone(), percent, used, most, until, more }.into(),
    };
    if mailing::queue(tx, &mail, state.clock.wall()).await? {
        let state = state.clone();
        tx.after_commit(move || state.wake.mail.notify_one());
    }
    Ok(())
}

/// Whether it is what everybody has without buying anything.
fn is_everybodys(state: &State, meter: &str, window: &Window) -> bool {
    let allowance = state.plans.free().and_then(|plan| state.plans.allowance(&plan.slug, meter));
    allowance.is_some_and(|allowance| Window::here(allowance, window.starts_at) == *window)
}
