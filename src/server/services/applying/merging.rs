//! Merging one fact into the mirror, and everything that follows from it, in one transaction. What follows is next door.

use super::{
    super::new_id,
    counting, departing,
    fact::{Fact, Parsed},
    telling,
};
use crate::{
    model::{
        instant::Millis,
        job,
        merge::{Merge, Picture, Stamp, merge as decide},
        projection::{Kind, Mirrored, MirroredCustomer},
    },
    server::{
        db::{
            self, Tx,
            inbox::{self, InboxRow, Settled},
            jobs,
            mirror::{self, CustomerRow, ObjectRow},
            refolds,
        },
        state::State,
    },
};
use std::collections::BTreeSet;

/// A read that should settle two pictures of one version waits at least so long (C§0).
const REREAD_AFTER: Millis = 15_000;

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
pub(super) enum Rollback {
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

/// What was decided, what that did in words, and the object as it was before.
type Merged = (Merge, Option<String>, Option<ObjectRow>);

/// One row on its way into the mirror.
pub(super) struct Merging<'m> {
    pub(super) state: &'m State,
    pub(super) row: &'m InboxRow,
    pub(super) parsed: &'m Parsed,
    pub(super) token: &'m str,
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
        let (merged, effect, before) = match &self.parsed.fact {
            Fact::Customer(seen) => self.customer(tx, seen).await?,
            Fact::Object(seen) => self.object(tx, seen).await?,
            Fact::Checkout(_) | Fact::Other => (Merge::Same, None, None),
        };
        if let Some(customer) = self.customer_id() {
            departing::look_at_customer(tx, customer, self.state.clock.wall()).await?;
        }
        let owned = match merged {
            Merge::Replace { .. } | Merge::Confirm => self.follow(tx, users).await?,
            Merge::Older { .. } if effect.is_some() => self.follow(tx, users).await?,
            Merge::Same | Merge::Older { .. } => true,
        };
        if let (Merge::Replace { .. }, Fact::Object(seen), Some(before)) = (merged, &self.parsed.fact, &before) {
            telling::change(tx, self.state, before, seen).await?;
        }
        if let (Merge::Replace { reread: true } | Merge::Older { reread: true }, Fact::Object(seen)) =
            (merged, &self.parsed.fact)
        {
            let key = job::object_key(seen.kind, &seen.id);
            let run_at = self.state.clock.wall() + REREAD_AFTER;
            jobs::queue(tx, &new_id(), job::READ_OBJECT, &key, run_at).await?;
        }
        self.settle(tx, verdict(merged, owned), effect).await
    }

    fn is_product(&self) -> bool {
        matches!(&self.parsed.fact, Fact::Object(seen) if seen.kind == Kind::Product)
    }

    pub(super) fn customer_id(&self) -> Option<&str> {
        match &self.parsed.fact {
            Fact::Customer(seen) => Some(&seen.id),
            Fact::Object(seen) => seen.ties.customer_id.as_deref(),
            Fact::Checkout(_) | Fact::Other => None,
        }
    }

    fn stamp(&self, version_us: i64) -> Stamp {
        Stamp { version_us, observed_us: self.parsed.observed_us }
    }

    /// Merges a customer; what that did to it, in words.
    async fn customer(&self, tx: &mut Tx, seen: &MirroredCustomer) -> Result<Merged, db::Error> {
        let stored = mirror::customer(&mut *tx, &seen.id).await?;
        let incoming = Picture { stamp: self.stamp(seen.version_us), projection: &seen.projection };
        let merged = decide(stored.as_ref().and_then(|row| row.picture()), incoming);
        match merged {
            Merge::Replace { .. } => mirror::put_customer(tx, seen, self.parsed.observed_us, self.row.seq).await?,
            Merge::Confirm => mirror::confirm_customer(tx, &seen.id, self.parsed.observed_us).await?,
            Merge::Older { .. } => mirror::name_customer(tx, &seen.id, seen.external_id.as_deref()).await?,
            Merge::Same => {}
        }
        Ok((merged, customer_effect(stored.as_ref(), seen, merged), None))
    }

    /// Merges an object; what that did to its state, in words, and how it was before.
    async fn object(&self, tx: &mut Tx, seen: &Mirrored) -> Result<Merged, db::Error> {
        let stored = mirror::object(&mut *tx, seen.kind, &seen.id).await?;
        let incoming = Picture { stamp: self.stamp(seen.version_us), projection: &seen.projection };
        let merged = decide(stored.as_ref().map(ObjectRow::picture), incoming);
        match merged {
            Merge::Replace { .. } => {
                mirror::put_object(tx, seen, self.parsed.observed_us, self.row.seq).await?;
                counting::bill(tx, stored.as_ref(), seen);
            }
            Merge::Confirm => mirror::confirm_object(tx, seen.kind, &seen.id, self.parsed.observed_us).await?,
            Merge::Same | Merge::Older { .. } => {}
        }
        Ok((merged, effect(stored.as_ref(), seen, merged), stored))
    }

    /// Marks the row as done, unless another worker has it.
    pub(super) async fn settle(
        &self,
        tx: &mut Tx,
        verdict: &'static str,
        effect: Option<String>,
    ) -> Result<Settled, Rollback> {
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

/// `new: active`, `active → canceled`, or that something else changed; `None` when nothing did.
#[must_use]
pub fn effect(stored: Option<&ObjectRow>, seen: &Mirrored, merged: Merge) -> Option<String> {
    let Merge::Replace { .. } = merged else { return None };
    if stored.is_some_and(|row| row.projection == seen.projection) {
        return None;
    }
    let word = |status: Option<&String>| status.map_or("known", String::as_str).to_owned();
    let now = word(seen.status.as_ref());
    Some(match stored.map(|row| word(row.status.as_ref())) {
        None => format!("new: {now}"),
        Some(before) if before == now => format!("{now}, with other contents"),
        Some(before) => format!("{before} → {now}"),
    })
}

/// `new`, `deleted`, or that something else changed; `None` when nothing did. An older picture changes one thing: it tells
/// the external id of a customer that was heard of only after its deletion.
#[must_use]
pub fn customer_effect(stored: Option<&CustomerRow>, seen: &MirroredCustomer, merged: Merge) -> Option<String> {
    if let Merge::Older { .. } = merged {
        let unnamed = stored.is_some_and(|row| row.external_id.is_none());
        return (unnamed && seen.external_id.is_some()).then(|| "known by its external id".to_owned());
    }
    let Merge::Replace { .. } = merged else { return None };
    let known = stored.filter(|row| row.picture().is_some());
    if known.is_some_and(|row| row.projection == seen.projection) {
        return None;
    }
    Some(match known {
        _ if seen.deleted_us.is_some() && known.is_none_or(|row| row.deleted_at.is_none()) => "deleted".to_owned(),
        None => "new: known".to_owned(),
        Some(_) => "known, with other contents".to_owned(),
    })
}
