//! Table `staff_grants`: what staff gave somebody, with the reason; withdrawn rows stay.

use super::{Reader, Result, Tx};
use crate::model::instant::Millis;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StaffGrantRow {
    /// Ours.
    pub id: String,
    /// Who has it.
    pub user_id: String,
    /// All that this plan opens; either this or `feature`.
    pub plan: Option<String>,
    /// This feature alone.
    pub feature: Option<String>,
    /// So much of the feature.
    pub value: Option<String>,
    /// Why.
    pub reason: String,
    /// Who gave it.
    pub staff_id: String,
    /// Wall time.
    pub created_at: Millis,
    /// Billing time; `None` for no end.
    pub expires_at: Option<Millis>,
    /// Wall time.
    pub withdrawn_at: Option<Millis>,
}

/// Everything that staff ever gave a user, oldest first.
pub async fn of<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<StaffGrantRow>> {
    let select = "SELECT id, user_id, plan, feature, value, reason, staff_id, created_at, expires_at, withdrawn_at
                  FROM staff_grants WHERE user_id = $1 ORDER BY id";
    on.read(select).bind(user).all().await
}

/// One of them.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<StaffGrantRow>> {
    let select = "SELECT id, user_id, plan, feature, value, reason, staff_id, created_at, expires_at, withdrawn_at
                  FROM staff_grants WHERE id = $1";
    on.read(select).bind(id).optional().await
}

/// Gives. The caller folds the user in the same transaction.
pub async fn add(tx: &mut Tx, row: &StaffGrantRow) -> Result<()> {
    tx.sql(
        "INSERT INTO staff_grants (id, user_id, plan, feature, value, reason, staff_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&row.id)
    .bind(&row.user_id)
    .bind(&row.plan)
    .bind(&row.feature)
    .bind(&row.value)
    .bind(&row.reason)
    .bind(&row.staff_id)
    .bind(row.created_at)
    .bind(row.expires_at)
    .execute()
    .await
    .map(drop)
}

/// Takes back; whose it was, unless it was taken back before. The caller folds the user in the same transaction.
pub async fn withdraw(tx: &mut Tx, id: &str, staff: &str, now: Millis) -> Result<Option<String>> {
    let update = "UPDATE staff_grants SET withdrawn_at = $3, withdrawn_by = $2
                  WHERE id = $1 AND withdrawn_at IS NULL RETURNING user_id";
    let row: Option<(String,)> = tx.sql(update).bind(id).bind(staff).bind(now).optional().await?;
    Ok(row.map(|row| row.0))
}
