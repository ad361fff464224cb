//! Staff grants: a plan or a feature, with a reason and, where wished, an end.

use super::{
    super::{Error, applying, new_id},
    Act, Actor, Refused, note, reason,
};
use crate::{
    model::{
        instant::{DAY, Millis, parse_ms},
        plan::{Plans, Value},
    },
    server::{
        db::{refolds, staff_grants, staff_grants::StaffGrantRow},
        state::State,
    },
};

/// What the form says.
#[derive(Clone, Debug, Default)]
pub struct Gift {
    /// `plan:<slug>` or `feature:<name>`.
    pub what: String,
    /// How much of a feature that is a limit.
    pub how_many: String,
    /// The last day, as `2027-03-03`; empty for no end.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// Gives it to `user`, whose access follows at once.
///
/// # Errors
/// See [`Refused`].
pub async fn give(state: &State, actor: &Actor, user: &str, gift: &Gift) -> Result<(), Refused> {
    let (plan, feature, value) = what(&state.plans, gift)?;
    let expires_at = last_moment(&gift.until, state.clock.billing())?;
    let (reason, now) = (reason(&gift.reason)?, state.clock.wall());
    let row = StaffGrantRow {
        id: new_id(),
        user_id: user.to_owned(),
        plan,
        feature,
        value,
        reason: reason.to_owned(),
        staff_id: actor.id.clone(),
        created_at: now,
        expires_at,
        withdrawn_at: None,
    };
    let (target, details) =
        (format!("staff_grant:{}", row.id), format!("{} {}: {reason}", gift.what, gift.until.trim()));
    (state.db)
        .transaction(async |tx| {
            if !refolds::lock_user(tx, user).await? {
                return Err(Refused::NoSuchUser);
            }
            staff_grants::add(tx, &row).await?;
            let act = Act { action: "give", user: Some(user), target: &target, details: &details };
            let cause = note(tx, actor, act, now).await?;
            Ok(applying::refold(tx, state, user, &cause, now).await?)
        })
        .await
}

/// Takes a grant back; access follows at once. Whose it was.
///
/// # Errors
/// See [`Refused`].
pub async fn withdraw(state: &State, actor: &Actor, id: &str, why: &str) -> Result<String, Refused> {
    let (why, now) = (reason(why)?, state.clock.wall());
    let user = grant(state, id).await?.filter(|row| row.withdrawn_at.is_none()).ok_or(Refused::Gone)?.user_id;
    (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, &user).await?;
            if staff_grants::withdraw(tx, id, &actor.id, now).await?.is_none() {
                return Err(Refused::Gone);
            }
            let target = format!("staff_grant:{id}");
            let act = Act { action: "take back", user: Some(&user), target: &target, details: why };
            let cause = note(tx, actor, act, now).await?;
            Ok(applying::refold(tx, state, &user, &cause, now).await?)
        })
        .await?;
    Ok(user)
}

/// One grant.
///
/// # Errors
/// When the database fails.
pub async fn grant(state: &State, id: &str) -> Result<Option<StaffGrantRow>, Error> {
    Ok(staff_grants::by_id(&state.db, id).await?)
}

type What = (Option<String>, Option<String>, Option<String>);

fn what(plans: &Plans, gift: &Gift) -> Result<What, Refused> {
    match gift.what.split_once(':') {
        Some(("plan", slug)) if plans.get(slug).is_some_and(|plan| !plan.is_free()) => {
            Ok((Some(slug.to_owned()), None, None))
        }
        Some(("feature", name)) if plans.features().contains(&name) => {
            let value = if is_limit(plans, name) {
                let many = gift.how_many.trim().parse().ok().filter(|many| *many > 0);
                Value::Limit(many.ok_or(Refused::HowMany)?)
            } else {
                Value::Switch(true)
            };
            Ok((None, Some(name.to_owned()), Some(value.stored())))
        }
        _ => Err(Refused::NoSuchThing),
    }
}

fn is_limit(plans: &Plans, feature: &str) -> bool {
    plans.iter().any(|plan| matches!(plan.features.get(feature), Some(Value::Limit(_))))
}

/// The last second of a day in UTC, which must be to come.
fn last_moment(day: &str, now: Millis) -> Result<Option<Millis>, Refused> {
    if day.trim().is_empty() {
        return Ok(None);
    }
    let midnight = parse_ms(&format!("{}T00:00:00Z", day.trim())).ok_or(Refused::Expiry)?;
    let end = midnight + DAY - 1000;
    if end > now { Ok(Some(end)) } else { Err(Refused::Expiry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> Plans {
        Plans::parse(include_str!("../../../../plans.toml")).expect("our own plans")
    }

    fn of(thing: &str, how_many: &str) -> Result<What, String> {
        let gift = Gift { what: thing.into(), how_many: how_many.into(), ..Gift::default() };
        what(&plans(), &gift).map_err(|refused| refused.to_string())
    }

    #[test]
    fn only_what_is_sold_can_be_given() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("plan:pro", ""), Ok((some("pro"), None, None)));
        assert_eq!(of("feature:studio", ""), Ok((None, some("studio"), some("true"))));
        assert_eq!(of("feature:projects", " 7 "), Ok((None, some("projects"), some("7"))));
        for (thing, how_many) in [("plan:free", ""), ("plan:none", ""), ("feature:none", ""), ("", ""), ("pro", "")] {
            assert_eq!(of(thing, how_many), Err(Refused::NoSuchThing.to_string()), "{thing}");
        }
        for how_many in ["", "0", "-1", "many"] {
            assert_eq!(of("feature:projects", how_many), Err(Refused::HowMany.to_string()), "{how_many}");
        }
    }

    #[test]
    fn a_day_is_given_to_its_last_second() {
        let now = parse_ms("2027-03-03T10:00:00Z").expect("an instant");
        assert_eq!(last_moment("2027-03-03", now).expect("today"), parse_ms("2027-03-03T23:59:59Z"));
        assert_eq!(last_moment(" ", now).expect("no end"), None);
        for day in ["2027-03-02", "soon", "2027-02-30"] {
            assert!(matches!(last_moment(day, now), Err(Refused::Expiry)), "{day}");
        }
    }
}
