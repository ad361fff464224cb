//! Merging one fact into the mirror, and everything that follows from it, in one transaction.

use super::{
    super::new_id,
    fact::{Fact, Parsed},
    folding::refold,
    owning,
};
use crate::{
    model::{
        instant::Millis,
        job,
        merge::{Merge, Picture, Stamp, merge as decide},
        projection::{Kind, Mirrored, MirroredCustomer, ProductFacts},
    },
    server::{
        db::{
            self, Tx,
            entitlements::Cause,
            inbox::{self, InboxRow, Settled},
            jobs,
            mirror::{self, ObjectRow},
            orders, refolds,
        },
        state::State,
    },
};
use std::collections::BTreeSet;

/// A read that should settle two pictures of one version waits at least so long (C§0).
const REREAD_AFTER: Millis = 15_000;

/// A product that is not in the mirror yet mostly comes by itself; it is read if it does not within so long.
const PRODUCT_AFTER: Millis = 3_000;

/// Why a row was not settled.
#[derive(Debug)]
pub enum Failure {
    /// The database failed.
    Db(db::Error),
    /// Another worker has the row now.
    LeaseLost,
}

impl From<db::Error> for Failure {
    fn from(error: db::Error) -> Self {
        Self::Db(error)
    }
}

/// Why an attempt was rolled back.
enum Rollback {
    Failed(Failure),
    /// These users must be locked as well.
    MoreUsers(BTreeSet<String>),
}

impl From<db::Error> for Rollback {
    fn from(error: db::Error) -> Self {
        Self::Failed(Failure::Db(error))
    }
}

/// Merges an object or customer; begins anew whenever more users turn out to be concerned than were locked.
pub async fn merge(state: &State, row: &InboxRow, parsed: &Parsed, token: &str) -> Result<Settled, Failure> {
    let merge = Merging { state, row, parsed, token };
    let mut users = BTreeSet::new();
    loop {
        let attempt = state.db.transaction(async |tx| merge.attempt(tx, &users).await).await;
        match attempt {
            Ok(settled) => {
                if merge.is_product() {
                    state.catalog.expire();
                }
                return Ok(settled);
            }
            Err(Rollback::MoreUsers(more)) => users.extend(more),
            Err(Rollback::Failed(failure)) => return Err(failure),
        }
    }
}

struct Merging<'m> {
    state: &'m State,
    row: &'m InboxRow,
    parsed: &'m Parsed,
    token: &'m str,
}

impl Merging<'_> {
    async fn attempt(&self, tx: &mut Tx, users: &BTreeSet<String>) -> Result<Settled, Rollback> {
        mirror::lock_products(tx, self.is_product()).await?;
        if let Some(customer) = self.customer_id() {
            mirror::lock_customer(tx, customer).await?;
        }
        for user in users {
            refolds::lock_user(tx, user).await?;
        }
        let merged = match &self.parsed.fact {
            Fact::Customer(seen) => self.customer(tx, seen).await?,
            Fact::Object(seen) => self.object(tx, seen).await?,
            Fact::Checkout(_) | Fact::Other => Merge::Same,
        };
        let owned = match merged {
            Merge::Replace { .. } | Merge::Confirm => self.follow(tx, users).await?,
            Merge::Same | Merge::Older { .. } => true,
        };
        if let (Merge::Replace { reread: true } | Merge::Older { reread: true }, Fact::Object(seen)) =
            (merged, &self.parsed.fact)
        {
            let key = job::object_key(seen.kind, &seen.id);
            let run_at = self.state.clock.wall() + REREAD_AFTER;
            jobs::queue(tx, &new_id(), job::READ_OBJECT, &key, run_at).await?;
        }
        self.settle(tx, verdict(merged, owned), None).await
    }

    fn is_product(&self) -> bool {
        matches!(&self.parsed.fact, Fact::Object(seen) if seen.kind == Kind::Product)
    }

    fn customer_id(&self) -> Option<&str> {
        match &self.parsed.fact {
            Fact::Customer(seen) => Some(&seen.id),
            Fact::Object(seen) => seen.ties.customer_id.as_deref(),
            Fact::Checkout(_) | Fact::Other => None,
        }
    }

    fn stamp(&self, version_us: i64) -> Stamp {
        Stamp { version_us, observed_us: self.parsed.observed_us }
    }

    async fn customer(&self, tx: &mut Tx, seen: &MirroredCustomer) -> Result<Merge, db::Error> {
        let stored = mirror::customer(&mut *tx, &seen.id).await?;
        let incoming = Picture { stamp: self.stamp(seen.version_us), projection: &seen.projection };
        let merged = decide(stored.as_ref().and_then(|row| row.picture()), incoming);
        match merged {
            Merge::Replace { .. } => mirror::put_customer(tx, seen, self.parsed.observed_us, self.row.seq).await?,
            Merge::Confirm => mirror::confirm_customer(tx, &seen.id, self.parsed.observed_us).await?,
            Merge::Same | Merge::Older { .. } => {}
        }
        Ok(merged)
    }

    async fn object(&self, tx: &mut Tx, seen: &Mirrored) -> Result<Merge, db::Error> {
        let stored = mirror::object(&mut *tx, seen.kind, &seen.id).await?;
        let incoming = Picture { stamp: self.stamp(seen.version_us), projection: &seen.projection };
        let merged = decide(stored.as_ref().map(ObjectRow::picture), incoming);
        match merged {
            Merge::Replace { .. } => mirror::put_object(tx, seen, self.parsed.observed_us, self.row.seq).await?,
            Merge::Confirm => mirror::confirm_object(tx, seen.kind, &seen.id, self.parsed.observed_us).await?,
            Merge::Same | Merge::Older { .. } => {}
        }
        Ok(merged)
    }

    /// Owners, access and orders after the mirror moved; whether what was merged has an owner.
    async fn follow(&self, tx: &mut Tx, locked: &BTreeSet<String>) -> Result<bool, Rollback> {
        if let Fact::Object(seen) = &self.parsed.fact
            && seen.kind == Kind::Product
        {
            self.tie_product(tx, seen).await?;
            return Ok(true);
        }
        let Some(customer) = self.customer_id() else { return Ok(false) };
        let external_id = mirror::customer(&mut *tx, customer).await?.and_then(|row| row.external_id);
        let touched = self.touched(tx, customer).await?;
        let owners = owning::update(tx, &touched, external_id.as_deref()).await?;
        if !owners.users.is_subset(locked) {
            return Err(Rollback::MoreUsers(owners.users));
        }
        self.ask_for_product(tx).await?;
        let cause = Cause { kind: "inbox", id: self.row.seq.to_string() };
        for user in &owners.users {
            refold(tx, self.state, user, &cause, self.row.received_at).await?;
        }
        Ok(owners.owned || matches!(self.parsed.fact, Fact::Customer(_)))
    }

    /// The objects whose owner may have changed: all of a customer's, a subscription with its bills, a bill alone.
    async fn touched(&self, tx: &mut Tx, customer: &str) -> Result<Vec<ObjectRow>, db::Error> {
        let mut objects = mirror::of_customer(&mut *tx, customer).await?;
        if let Fact::Object(seen) = &self.parsed.fact {
            let kind = seen.kind.stored();
            let of_this =
                |row: &ObjectRow| seen.kind == Kind::Subscription && row.subscription_id.as_ref() == Some(&seen.id);
            objects.retain(|row| (row.kind == kind && row.id == seen.id) || of_this(row));
        }
        Ok(objects)
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
        let tag = serde_json::from_str::<ProductFacts>(&seen.projection).ok();
        let Some(tag) = tag.as_ref().and_then(ProductFacts::plan) else { return Ok(()) };
        let (held, new) = mirror::tie_product(tx, &seen.id, tag, self.state.clock.wall()).await?;
        if held != tag {
            metrics::counter!("product_tag_changes_total").increment(1);
            tracing::error!(product_id = seen.id, held, tag, "a product's plan tag changed; access stays as it was");
        }
        if new {
            for (user,) in mirror::owners_of_product(&mut *tx, &seen.id).await? {
                refolds::hasten(tx, &user, self.state.clock.billing()).await?;
            }
        }
        Ok(())
    }

    async fn settle(&self, tx: &mut Tx, verdict: &'static str, effect: Option<String>) -> Result<Settled, Rollback> {
        let settled = Settled {
            kind: self.parsed.kind.clone(),
            object_id: self.parsed.object_id.clone(),
            observed_us: Some(self.parsed.observed_us),
            verdict,
            effect,
        };
        if inbox::settle(tx, self.row.seq, self.token, &settled).await? {
            Ok(settled)
        } else {
            Err(Rollback::Failed(Failure::LeaseLost))
        }
    }
}

fn verdict(merged: Merge, owned: bool) -> &'static str {
    match merged {
        Merge::Replace { .. } if !owned => "foreign",
        Merge::Replace { .. } => "applied",
        Merge::Confirm | Merge::Same => "same",
        Merge::Older { .. } => "older",
    }
}

/// A checkout's event is a hint: the order that it belongs to is looked at, unless it is done.
pub async fn note_checkout(
    state: &State,
    row: &InboxRow,
    parsed: &Parsed,
    checkout: &str,
    token: &str,
) -> Result<Settled, Failure> {
    finish(state, row, parsed, token, async |tx| {
        let order = orders::by_checkout(&mut *tx, checkout).await?.filter(|order| order.state != "done");
        let Some(order) = order else { return Ok(None) };
        jobs::queue(tx, &new_id(), job::SYNC_CHECKOUT, &order.id, state.clock.wall()).await?;
        Ok(Some(format!("order {} will be looked at", order.id)))
    })
    .await
}

/// Nothing follows from this kind; it stays stored.
pub async fn ignore(state: &State, row: &InboxRow, parsed: &Parsed, token: &str) -> Result<Settled, Failure> {
    finish(state, row, parsed, token, async |_| Ok(None)).await
}

async fn finish(
    state: &State,
    row: &InboxRow,
    parsed: &Parsed,
    token: &str,
    work: impl AsyncFnOnce(&mut Tx) -> Result<Option<String>, db::Error>,
) -> Result<Settled, Failure> {
    let merging = Merging { state, row, parsed, token };
    let attempt = state.db.transaction(async |tx| {
        let effect = work(tx).await?;
        merging.settle(tx, "ignored", effect).await
    });
    match attempt.await {
        Ok(settled) => Ok(settled),
        Err(Rollback::Failed(failure)) => Err(failure),
        Err(Rollback::MoreUsers(_)) => Err(Failure::LeaseLost),
    }
}
