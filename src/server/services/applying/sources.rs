//! What a user's access comes from: objects whose product belongs to a plan of ours, Polar's grants of a feature, and what
//! staff gave.

use crate::{
    model::{
        instant::parse_ms,
        plan::Value,
        projection::{GrantFacts, Kind, OrderFacts, SubscriptionFacts},
        source::{Given, Grant, Purchase, Source, StaffGrant, Subscription},
    },
    server::{
        db::{
            self, Tx,
            mirror::{self, ObjectRow},
            staff_grants::{self, StaffGrantRow},
            users,
        },
        state::State,
    },
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Everything that can give a user access, as it is stored.
pub struct Holdings {
    /// Everything of Polar's that the user owns, with the plan of its product where it belongs to one.
    pub objects: Vec<(ObjectRow, Option<String>)>,
    /// What staff gave.
    pub staff_grants: Vec<StaffGrantRow>,
    /// They have left: nothing gives them anything.
    pub has_left: bool,
}

impl Holdings {
    /// A subscription among them, as Polar told it.
    #[must_use]
    pub fn subscription(&self, id: Option<&str>) -> Option<SubscriptionFacts> {
        let is_it = |row: &ObjectRow| row.kind == Kind::Subscription.stored() && Some(row.id.as_str()) == id;
        let (row, _) = self.objects.iter().find(|(row, _)| is_it(row))?;
        facts(row).ok()
    }
}

/// Reads a user's holdings. Nothing is said about a bought product without a plan: its order stays open, and its buyer is
/// told that we are checking, never that there is nothing.
///
/// # Errors
/// When the database fails.
pub async fn holdings(tx: &mut Tx, state: &State, user: &str) -> Result<Holdings, db::Error> {
    let plans: BTreeMap<String, String> = mirror::product_plans(&mut *tx).await?.into_iter().collect();
    let objects = mirror::of_owner(&mut *tx, user).await?.into_iter().map(|row| {
        let plan = row.product_id.as_ref().and_then(|id| plans.get(id)).filter(|slug| state.plans.get(slug).is_some());
        let plan = plan.cloned();
        (row, plan)
    });
    let objects = objects.collect();
    let has_left = users::has_left(&mut *tx, user).await?;
    Ok(Holdings { objects, staff_grants: staff_grants::of(tx, user).await?, has_left })
}

impl Holdings {
    /// The objects whose product belongs to a plan, with its slug.
    pub fn planned(&self) -> impl Iterator<Item = (&ObjectRow, &str)> {
        self.objects.iter().filter_map(|(row, plan)| Some((row, plan.as_deref()?)))
    }

    /// The sources among them.
    ///
    /// # Errors
    /// When a stored object cannot be read, as after a rollback to an older version: then nothing may be concluded, and
    /// what was granted stays.
    pub fn sources(&self) -> Result<Vec<Source>, db::Error> {
        if self.has_left {
            return Ok(Vec::new());
        }
        let grants: Vec<(&ObjectRow, GrantFacts)> = (self.objects.iter().map(|(row, _)| row))
            .filter(|row| row.kind == Kind::Grant.stored())
            .map(|row| Ok((row, facts(row)?)))
            .collect::<Result<_, db::Error>>()?;
        let stands = |subscription: &str| {
            let of_it = |row: &ObjectRow| row.subscription_id.as_deref() == Some(subscription);
            grants.iter().any(|(row, grant)| grant.keeps_open() && of_it(row))
        };
        let mut sources = Vec::new();
        for (row, plan) in self.planned() {
            match Kind::of_stored(&row.kind) {
                Some(Kind::Subscription) => sources.push(subscription(row, plan, stands(&row.id))?),
                Some(Kind::Order) => sources.extend(purchase(row, plan)?),
                Some(Kind::Product | Kind::Refund | Kind::Grant) | None => {}
            }
        }
        sources.extend(grants.iter().filter_map(|(row, grant)| feature_grant(row, grant)));
        sources.extend(self.staff_grants.iter().filter_map(given));
        Ok(sources)
    }
}

fn subscription(row: &ObjectRow, plan: &str, grant_stands: bool) -> Result<Source, db::Error> {
    let facts: SubscriptionFacts = facts(row)?;
    // Without an instant the change to past due is the best there is: one that a later look does not move.
    let since = (facts.status == "past_due").then_some(row.version_us / 1000);
    Ok(Source::Subscription(Subscription {
        id: row.id.clone(),
        plan: plan.to_owned(),
        past_due_at: facts.past_due_at.as_deref().and_then(parse_ms).or(since),
        ends_at: facts.ends_at.as_deref().and_then(parse_ms),
        status: facts.status,
        observed_at: row.observed_us / 1000,
        grant_stands,
    }))
}

fn purchase(row: &ObjectRow, plan: &str) -> Result<Option<Source>, db::Error> {
    let facts: OrderFacts = facts(row)?;
    if facts.billing_reason != "purchase" || facts.subscription_id.is_some() {
        return Ok(None);
    }
    let bought_at = parse_ms(&facts.created_at).unwrap_or(row.version_us / 1000);
    let (id, plan) = (row.id.clone(), plan.to_owned());
    Ok(Some(Source::Purchase(Purchase { id, plan, status: facts.status, bought_at })))
}

fn feature_grant(row: &ObjectRow, facts: &GrantFacts) -> Option<Source> {
    let (feature, value) = facts.feature()?;
    let (id, feature) = (row.id.clone(), feature.to_owned());
    Some(Source::Grant(Grant { id, feature, value, stands: facts.stands() }))
}

fn given(row: &StaffGrantRow) -> Option<Source> {
    let what = match (&row.plan, &row.feature) {
        (Some(plan), _) => Given::Plan(plan.clone()),
        (None, Some(feature)) => Given::Feature(feature.clone(), Value::of_stored(row.value.as_deref()?)?),
        (None, None) => return None,
    };
    let withdrawn = row.withdrawn_at.is_some();
    Some(Source::StaffGrant(StaffGrant { id: row.id.clone(), what, expires_at: row.expires_at, withdrawn }))
}

/// Reads the facts of an object.
pub(super) fn facts<T: DeserializeOwned>(row: &ObjectRow) -> Result<T, db::Error> {
    serde_json::from_str(&row.projection).map_err(|error| db::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(kind: Kind, subscription: Option<&str>, facts: serde_json::Value) -> ObjectRow {
        ObjectRow {
            kind: kind.stored().to_owned(),
            id: "s".to_owned(),
            customer_id: None,
            subscription_id: subscription.map(str::to_owned),
            order_id: None,
            checkout_id: None,
            product_id: None,
            metadata_user_id: None,
            metadata_order_id: None,
            status: None,
            version_us: 0,
            observed_us: 0,
            projection: facts.to_string(),
            owner_id: None,
            owner_rule: None,
        }
    }

    #[test]
    fn a_feature_that_stands_prolongs_what_is_past_due_and_units_of_a_meter_do_not() {
        let subscription = json!({
            "status": "past_due", "amount": 1200, "currency": "usd", "cancel_at_period_end": false, "customer_id": "c",
            "product_id": "p", "created_at": "2026-11-21T17:00:00Z", "metadata": {},
        });
        let stands = |benefit: &str, granted: bool| {
            let grant = json!({
                "is_granted": granted, "is_revoked": !granted, "benefit": {"type": benefit, "metadata": {"meter": "codes"}},
                "customer_id": "c", "subscription_id": "s",
            });
            let objects = vec![
                (row(Kind::Subscription, None, subscription.clone()), Some("pro".to_owned())),
                (row(Kind::Grant, Some("s"), grant), None),
            ];
            let sources = Holdings { objects, staff_grants: Vec::new(), has_left: false }.sources().expect("sources");
            let [Source::Subscription(one)] = &sources[..] else { panic!("{sources:?}") };
            one.grant_stands
        };
        assert!(stands("feature_flag", true) && !stands("feature_flag", false));
        assert!(!stands("meter_credit", true));
    }
}
