//! Table `audit_log`: who did what to which account, written with the act itself.

use super::{Reader, Result, Tx};
use crate::model::instant::Millis;

/// One act, about to be done.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    /// Who; `None` for the command line.
    pub actor: Option<&'e str>,
    /// What, in one word or two.
    pub action: &'static str,
    /// Which user it is about.
    pub user: Option<&'e str>,
    /// Which thing it is about, as `kind:id`.
    pub target: Option<&'e str>,
    /// How and why; no secrets.
    pub details: Option<&'e str>,
    /// From which address.
    pub ip: Option<&'e str>,
}

/// One act, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Its number.
    pub seq: i64,
    /// Wall time.
    pub at: Millis,
    /// Who; `None` for the command line.
    pub actor_id: Option<String>,
    /// Their address, while they have an account.
    pub actor: Option<String>,
    /// What.
    pub action: String,
    /// Which user it is about.
    pub user_id: Option<String>,
    /// Which thing it is about.
    pub target: Option<String>,
    /// How and why.
    pub details: Option<String>,
    /// From which address.
    pub ip: Option<String>,
}

macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "SELECT a.seq, a.at, a.actor_id, u.email AS actor, a.action, a.user_id, a.target, a.details, a.ip
             FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id ",
            $rest
        )
    };
}

/// Writes an act down; its number.
pub async fn add(tx: &mut Tx, entry: Entry<'_>, at: Millis) -> Result<i64> {
    let insert = "INSERT INTO audit_log (at, actor_id, action, user_id, target, details, ip)
                  VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq";
    let row = tx.sql(insert).bind(at).bind(entry.actor).bind(entry.action).bind(entry.user);
    row.bind(entry.target).bind(entry.details).bind(entry.ip).scalar().await
}

/// Forgets from where somebody acted.
pub async fn forget_addresses(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("UPDATE audit_log SET ip = NULL WHERE actor_id = $1").bind(user).execute().await.map(drop)
}

/// The newest acts that somebody did not do to their own account.
pub async fn newest<'c>(on: impl Reader<'c>, limit: i64) -> Result<Vec<AuditRow>> {
    let select = select_entries!(
        "WHERE a.user_id IS NULL OR a.actor_id IS NULL OR a.actor_id <> a.user_id ORDER BY a.seq DESC LIMIT $1"
    );
    on.read(select).bind(limit).all().await
}

/// The acts about a user with numbers below `before`, newest first.
pub async fn of_user<'c>(on: impl Reader<'c>, user: &str, before: i64, limit: i64) -> Result<Vec<AuditRow>> {
    let select = select_entries!("WHERE a.user_id = $1 AND a.seq < $2 ORDER BY a.seq DESC LIMIT $3");
    on.read(select).bind(user).bind(before).bind(limit).all().await
}

/// One act.
pub async fn by_seq<'c>(on: impl Reader<'c>, seq: i64) -> Result<Option<AuditRow>> {
    on.read(select_entries!("WHERE a.seq = $1")).bind(seq).optional().await
}
