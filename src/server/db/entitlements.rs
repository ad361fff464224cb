//! Entitlements: what each user has now; each change is written into the ledger with its cause, for ever.

use super::{Reader, Result, Tx};
use crate::model::{
    cause::CauseKind,
    fold::{Change, Entitlement},
    instant::Millis,
};
use std::collections::BTreeMap;

#[derive(sqlx::FromRow)]
struct EntitlementRow {
    feature: String,
    value: String,
    source_kind: String,
    source_id: String,
    until: Option<Millis>,
}

/// Why entitlements changed.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Of which kind.
    pub kind: CauseKind,
    /// Which.
    pub id: String,
}

/// What a user has, by feature.
pub async fn of<'c>(on: impl Reader<'c>, user: &str) -> Result<BTreeMap<String, Entitlement>> {
    let select = "SELECT feature, value, source_kind, source_id, until FROM entitlements WHERE user_id = $1";
    let rows: Vec<EntitlementRow> = on.read(select).bind(user).all().await?;
    Ok(rows.into_iter().map(entry).collect())
}

/// One feature of a user.
pub async fn feature<'c>(on: impl Reader<'c>, user: &str, feature: &str) -> Result<Option<Entitlement>> {
    let select =
        "SELECT feature, value, source_kind, source_id, until FROM entitlements WHERE user_id = $1 AND feature = $2";
    let row: Option<EntitlementRow> = on.read(select).bind(user).bind(feature).optional().await?;
    Ok(row.map(|row| entry(row).1))
}

fn entry(row: EntitlementRow) -> (String, Entitlement) {
    let EntitlementRow { feature, value, source_kind, source_id, until } = row;
    (feature, Entitlement { value, source_kind, source_id, until })
}

/// Writes the changes of one user: the entitlements, one ledger line each, and a new revision. Nothing without changes.
pub async fn change(
    tx: &mut Tx,
    user: &str,
    changes: &[Change],
    cause: &Cause,
    (effective_at, recorded_at): (Millis, Millis),
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let next = "UPDATE users SET access_rev = access_rev + 1 WHERE id = $1 RETURNING access_rev";
    let rev: i64 = tx.sql(next).bind(user).scalar().await?;
    for change in changes {
        store(tx, user, change).await?;
        let line = "INSERT INTO ledger (user_id, rev, feature, before, after, cause_kind, cause_id, rule, effective_at,
                                        recorded_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let row = tx.sql(line).bind(user).bind(rev).bind(&change.feature);
        let row = row.bind(change.before.as_ref().map(stored)).bind(change.after.as_ref().map(stored));
        let row = row.bind(cause.kind.stored()).bind(&cause.id).bind(change.rule).bind(effective_at).bind(recorded_at);
        row.execute().await?;
    }
    Ok(())
}

async fn store(tx: &mut Tx, user: &str, change: &Change) -> Result<()> {
    let Some(after) = &change.after else {
        let delete = "DELETE FROM entitlements WHERE user_id = $1 AND feature = $2";
        return tx.sql(delete).bind(user).bind(&change.feature).execute().await.map(drop);
    };
    tx.sql(
        "INSERT INTO entitlements (user_id, feature, value, source_kind, source_id, until) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, feature) DO UPDATE SET value = excluded.value, source_kind = excluded.source_kind,
           source_id = excluded.source_id, until = excluded.until",
    )
    .bind(user)
    .bind(&change.feature)
    .bind(&after.value)
    .bind(&after.source_kind)
    .bind(&after.source_id)
    .bind(after.until)
    .execute()
    .await
    .map(drop)
}

fn stored(entitlement: &Entitlement) -> String {
    serde_json::to_string(entitlement).expect("an entitlement has plain values")
}
