//! The words and instants of one source, from the object that it was read from.

use super::Explained;
use crate::{
    model::{
        fold::plan_of_feature,
        instant::{Millis, parse_ms},
        plan::Plans,
        projection::SubscriptionFacts,
        source::{Given, Source, StaffGrant},
        told::Told,
        verdict::Rule,
    },
    server::{db::mirror::ObjectRow, services::applying::Holdings},
};
use std::collections::BTreeMap;

/// What the words are taken from.
pub(super) struct Words<'w> {
    pub(super) plans: &'w Plans,
    pub(super) products: &'w BTreeMap<String, String>,
    pub(super) holdings: &'w Holdings,
}

impl Words<'_> {
    pub(super) fn explained(&self, source: &Source, rule: Rule) -> Explained {
        let (kind, id) = source.key();
        let what = self.what(source);
        let (since, period_end, trial_end, change, pauses) = (None, None, None, None, false);
        let mut told = Told { what, since, rule, period_end, trial_end, change, pauses };
        match source {
            Source::Subscription(_) => self.add_terms(id, &mut told),
            Source::Purchase(purchase) => told.since = Some(purchase.bought_at),
            Source::Grant(_) => {}
            Source::StaffGrant(given) => told.since = self.given_at(given),
        }
        let owned_by = self.object(id).and_then(|row| row.owner_rule.clone());
        Explained { kind, id: id.to_owned(), told, owned_by }
    }

    fn what(&self, source: &Source) -> String {
        let feature = match source {
            Source::Grant(grant) => Some(&grant.feature),
            Source::StaffGrant(StaffGrant { what: Given::Feature(feature, _), .. }) => Some(feature),
            _ => None,
        };
        match (source.plan(), feature) {
            (Some(slug), _) => plan_name(self.plans, slug),
            (None, Some(feature)) => self.plans.feature_name(feature).to_owned(),
            (None, None) => "Something".to_owned(),
        }
    }

    fn object(&self, id: &str) -> Option<&ObjectRow> {
        self.holdings.objects.iter().map(|(row, _)| row).find(|row| row.id == id)
    }

    fn add_terms(&self, id: &str, told: &mut Told) {
        let facts = self.object(id).and_then(|row| serde_json::from_str::<SubscriptionFacts>(&row.projection).ok());
        let Some(facts) = facts else { return };
        told.pauses = facts.pause_at_period_end;
        let instant = |text: &Option<String>| text.as_deref().and_then(parse_ms);
        told.since = instant(&facts.created_at);
        told.period_end = instant(&facts.current_period_end);
        told.trial_end = instant(&facts.trial_end);
        told.change = facts.pending_update.and_then(|change| {
            let slug = self.products.get(&change.product_id?)?;
            Some((parse_ms(&change.applies_at)?, plan_name(self.plans, slug)))
        });
    }

    fn given_at(&self, given: &StaffGrant) -> Option<Millis> {
        self.holdings.staff_grants.iter().find(|row| row.id == given.id).map(|row| row.created_at)
    }
}

fn plan_name(plans: &Plans, slug: &str) -> String {
    plans.get(slug).map_or_else(|| slug.to_owned(), |plan| plan.name.clone())
}

/// The name people read, also of holding a plan.
pub(super) fn feature_name(plans: &Plans, feature: &str) -> String {
    match plan_of_feature(feature) {
        Some(slug) => format!("The plan {}", plan_name(plans, slug)),
        None => plans.feature_name(feature).to_owned(),
    }
}
