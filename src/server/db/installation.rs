//! Which Polar this database belongs to. Purchases of one organization never become access in another.

use super::{Db, Reader, Result};
use crate::model::instant::Millis;

/// The binding.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Installation {
    /// Address of the API.
    pub api_base: String,
    /// Polar's id of the organization.
    pub organization_id: String,
    /// Its name in addresses.
    pub organization_slug: String,
    /// Its name for people.
    pub organization_name: String,
    /// The plans that the entitlements were folded with.
    pub plans_hash: Option<String>,
}

/// The binding, if there is one yet.
pub async fn get<'c>(on: impl Reader<'c>) -> Result<Option<Installation>> {
    let select = "SELECT api_base, organization_id, organization_slug, organization_name, plans_hash
                  FROM installation WHERE id = 1";
    on.read(select).optional().await
}

/// Binds the database, unless it is bound already; what holds.
pub async fn bind(db: &Db, to: &Installation, now: Millis) -> Result<Installation> {
    let insert =
        "INSERT INTO installation (id, api_base, organization_id, organization_slug, organization_name, bound_at)
                  VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let row = db.write(insert).bind(&to.api_base).bind(&to.organization_id).bind(&to.organization_slug);
    row.bind(&to.organization_name).bind(now).execute().await?;
    get(db).await?.ok_or(super::Error::RowNotFound)
}

/// Notes the plans in force; if they differ from the stored ones, everybody who bought or was given something is due for a
/// fold. `true` if so.
pub async fn plans_changed(db: &Db, hash: &str, now: Millis) -> Result<bool> {
    db.transaction(async |tx| {
        let update = "UPDATE installation SET plans_hash = $1 WHERE id = 1 AND plans_hash IS DISTINCT FROM $1";
        if tx.sql(update).bind(hash).execute().await? == 0 {
            return Ok(false);
        }
        let due = "UPDATE users SET refold_at = $1, refold_because = 'plans'
                   WHERE id IN (SELECT owner_id FROM polar_objects WHERE owner_id IS NOT NULL
                                UNION SELECT user_id FROM staff_grants)";
        tx.sql(due).bind(now).execute().await?;
        Ok(true)
    })
    .await
}

/// Notes when Polar last confirmed what is for sale.
pub async fn catalog_confirmed(db: &Db, now: Millis) -> Result<()> {
    db.write("UPDATE installation SET catalog_at = $1 WHERE id = 1").bind(now).execute().await.map(drop)
}

/// When Polar last confirmed what is for sale.
pub async fn catalog_confirmed_at<'c>(on: impl Reader<'c>) -> Result<Option<Millis>> {
    let row: Option<(Option<Millis>,)> = on.read("SELECT catalog_at FROM installation WHERE id = 1").optional().await?;
    Ok(row.and_then(|row| row.0))
}

/// Whether these plans are the newest that any node noted; also before the first were.
pub async fn plans_are<'c>(on: impl Reader<'c>, hash: &str) -> Result<bool> {
    let select = "SELECT NOT EXISTS (SELECT 1 FROM installation WHERE plans_hash IS NOT NULL AND plans_hash <> $1)";
    on.read(select).bind(hash).scalar().await
}
