//! Walking the mirror and its owners for a sweep: in portions, or at random.

use super::{Reader, Result};
use crate::model::instant::Millis;

/// So many rows at a time.
pub const PORTION: usize = 500;

/// One object that may still matter: its kind, id and projection.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Walked {
    /// `subscription` or `order`.
    pub kind: String,
    /// Polar's id.
    pub id: String,
    /// The facts as JSON.
    pub projection: String,
}

/// Subscriptions and bills that are not over, after this one, a portion at a time.
pub async fn unfinished<'c>(on: impl Reader<'c>, (kind, id): (&str, &str)) -> Result<Vec<Walked>> {
    on.read(
        "SELECT kind, id, projection FROM polar_objects
         WHERE ((kind = 'subscription' AND status NOT IN ('canceled', 'unpaid', 'incomplete_expired', 'gone'))
             OR (kind = 'order' AND status NOT IN ('void', 'refunded', 'gone')))
           AND (kind > $1 OR (kind = $1 AND id > $2))
         ORDER BY kind, id LIMIT 500",
    )
    .bind(kind)
    .bind(id)
    .all()
    .await
}

/// Customers that are not known to be deleted, after this one, a portion at a time.
pub async fn customers<'c>(on: impl Reader<'c>, after: &str) -> Result<Vec<(String,)>> {
    let select = "SELECT id FROM polar_customers WHERE deleted_at IS NULL AND version_us > 0 AND id > $1
                  ORDER BY id LIMIT 500";
    on.read(select).bind(after).all().await
}

/// Users who own something of Polar's or have access to something, after this one, a portion at a time.
pub async fn owners<'c>(on: impl Reader<'c>, after: &str) -> Result<Vec<(String,)>> {
    on.read(
        "SELECT u.id FROM users u WHERE u.id > $1
           AND (EXISTS (SELECT 1 FROM polar_objects o WHERE o.owner_id = u.id)
             OR EXISTS (SELECT 1 FROM entitlements e WHERE e.user_id = u.id))
         ORDER BY u.id LIMIT 500",
    )
    .bind(after)
    .all()
    .await
}

/// So many users at random, of those who ever began to buy, own something, or have access to something; those who were
/// looked at after `since` are left out.
pub async fn sample<'c>(on: impl Reader<'c>, many: i64, since: Millis) -> Result<Vec<(String,)>> {
    on.read(
        "SELECT u.id FROM users u WHERE (u.synced_at IS NULL OR u.synced_at < $2)
           AND (EXISTS (SELECT 1 FROM orders r WHERE r.user_id = u.id)
             OR EXISTS (SELECT 1 FROM polar_objects o WHERE o.owner_id = u.id)
             OR EXISTS (SELECT 1 FROM entitlements e WHERE e.user_id = u.id))
         ORDER BY RANDOM() LIMIT $1",
    )
    .bind(many)
    .bind(since)
    .all()
    .await
}
