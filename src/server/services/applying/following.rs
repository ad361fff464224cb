//! What follows when the mirror moved: owners, their access and orders, and the product that is still missing.

use super::{
    super::new_id,
    fact::Fact,
    folding::refold,
    merging::{Merging, Rollback},
    noticing, owning,
};
use crate::{
    model::{
        cause::CauseKind,
        instant::Millis,
        job,
        projection::{Kind, Mirrored, ProductFacts},
    },
    server::db::{self, Tx, entitlements::Cause, jobs, mirror, refolds},
};
use std::collections::BTreeSet;

/// A product that is not in the mirror yet mostly comes by itself; it is read if it does not within so long.
const PRODUCT_AFTER: Millis = 3_000;

impl Merging<'_> {
    /// Owners, access and orders after the mirror moved; whether what was merged has an owner.
    pub(super) async fn follow(&self, tx: &mut Tx, locked: &BTreeSet<String>) -> Result<bool, Rollback> {
        if let Fact::Object(seen) = &self.parsed.fact
            && seen.kind == Kind::Product
        {
            self.tie_product(tx, seen).await?;
            return Ok(true);
        }
        let Some(customer) = self.customer_id() else { return Ok(false) };
        let external_id = mirror::customer(&mut *tx, customer).await?.and_then(|row| row.external_id);
        let about = match &self.parsed.fact {
            Fact::Object(seen) => Some((seen.kind, seen.id.as_str())),
            _ => None,
        };
        let touched = owning::touched(tx, customer, about).await?;
        let owners = owning::update(tx, &touched, external_id.as_deref(), self.state.clock.wall()).await?;
        if !owners.users.is_subset(locked) {
            return Err(Rollback::MoreUsers(owners.users));
        }
        self.ask_for_product(tx).await?;
        let cause = Cause { kind: CauseKind::Inbox, id: self.row.seq.to_string() };
        for user in &owners.users {
            refold(tx, self.state, user, &cause, self.row.received_at).await?;
        }
        Ok(owners.owned || matches!(self.parsed.fact, Fact::Customer(_)))
    }

    /// Without its product nothing can be granted by an object: one that is not in the mirror yet is read.
    async fn ask_for_product(&self, tx: &mut Tx) -> Result<(), db::Error> {
        let Fact::Object(seen) = &self.parsed.fact else { return Ok(()) };
        let Some(product) = &seen.ties.product_id else { return Ok(()) };
        if mirror::object(&mut *tx, Kind::Product, product).await?.is_none() {
            let run_at = self.state.clock.wall() + PRODUCT_AFTER;
            jobs::queue(tx, &new_id(), job::READ_OBJECT, &job::object_key(Kind::Product, product), run_at).await?;
        }
        Ok(())
    }

    async fn tie_product(&self, tx: &mut Tx, seen: &Mirrored) -> Result<(), db::Error> {
        let facts = serde_json::from_str::<ProductFacts>(&seen.projection).ok();
        let (tag, now) = (facts.as_ref().and_then(ProductFacts::plan), self.state.clock.wall());
        let Some(tag) = tag else {
            return match mirror::plan_of_product(&mut *tx, &seen.id).await? {
                Some(held) => noticing::retagged_product(tx, &seen.id, &held, None, now).await,
                None => Ok(()),
            };
        };
        let (held, new) = mirror::tie_product(tx, &seen.id, tag, now).await?;
        if held != tag {
            noticing::retagged_product(tx, &seen.id, &held, Some(tag), now).await?;
        }
        if new {
            for (user,) in mirror::owners_of_product(&mut *tx, &seen.id).await? {
                refolds::hasten(tx, &user, self.state.clock.billing()).await?;
            }
        }
        Ok(())
    }
}
