//! The inbox: every fact that came from Polar, stored once, raw.

use super::{Db, Reader, Result, Tx, together::Together};
use crate::model::instant::{Micros, Millis};
use std::sync::Arc;

/// A verified webhook, as it came.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Polar's id of the event for this endpoint; the same for every retry.
    pub webhook_id: String,
    /// The raw bytes.
    pub body: Vec<u8>,
    /// Wall time.
    pub received_at: Millis,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is durable now.
    New,
    /// The same was durable before.
    Again,
    /// Another body had the same id; the first is kept.
    Contradicts,
}

/// One row to be applied.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct InboxRow {
    /// Its number.
    pub seq: i64,
    /// `webhook` or `read`.
    pub source: String,
    /// Set for reads, whose body has no envelope.
    pub kind: Option<String>,
    /// Set for reads.
    pub observed_us: Option<Micros>,
    /// The raw bytes; empty once only the projection is kept.
    pub body: Vec<u8>,
    /// What rules read of it, of an old row.
    pub projection: Option<String>,
    /// Wall time.
    pub received_at: Millis,
    /// How often it was begun, this time included.
    pub attempts: i64,
}

/// What is noted when a row is settled.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// The event's type, or the kind that was read.
    pub kind: String,
    /// Polar's id of the object.
    pub object_id: Option<String>,
    /// When Polar's object was seen like this.
    pub observed_us: Option<Micros>,
    /// `applied`, `older`, `same`, `foreign`, `ignored`.
    pub verdict: &'static str,
    /// What it changed, in words for staff.
    pub effect: Option<String>,
}

/// A handle to what stores deliveries; cheap to clone. On SQLite, deliveries that wait at the same moment share one durable
/// commit.
#[derive(Clone)]
pub struct Intake {
    db: Db,
    together: Together<Delivery, Stored>,
}

impl Intake {
    /// Starts it. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let together = Together::start(db.clone(), |tx, delivery| Box::pin(store_in(tx, delivery)));
        Self { db, together }
    }

    /// Returns when the delivery is durable.
    ///
    /// # Errors
    /// When it could not be stored: the sender must be told to try again.
    pub async fn put(&self, delivery: Delivery) -> Result<Stored, Arc<super::Error>> {
        if self.db.locks_rows() {
            return store_one(&self.db, &delivery).await.map_err(Arc::new);
        }
        self.together.put(delivery).await
    }
}

const INSERT: &str = "INSERT INTO inbox (source, webhook_id, body, received_at, run_at)
     VALUES ('webhook', $1, $2, $3, $3) ON CONFLICT (webhook_id) DO NOTHING";
const SAME_BODY: &str = "SELECT body = $2 OR projection IS NOT NULL FROM inbox WHERE webhook_id = $1";

async fn store_in(tx: &mut Tx, delivery: &Delivery) -> Result<Stored> {
    let row = tx.sql(INSERT).bind(&delivery.webhook_id).bind(&delivery.body).bind(delivery.received_at);
    if row.execute().await? == 1 { Ok(Stored::New) } else { compare(tx, delivery).await }
}

async fn store_one(db: &Db, delivery: &Delivery) -> Result<Stored> {
    let row = db.write(INSERT).bind(&delivery.webhook_id).bind(&delivery.body).bind(delivery.received_at);
    if row.execute().await? == 1 { Ok(Stored::New) } else { compare(db, delivery).await }
}

async fn compare<'c>(on: impl Reader<'c>, delivery: &Delivery) -> Result<Stored> {
    let same: bool = on.read(SAME_BODY).bind(&delivery.webhook_id).bind(&delivery.body).scalar().await?;
    Ok(if same { Stored::Again } else { Stored::Contradicts })
}

/// Stores what a read answered; returns its number. It is leased to the caller, who applies it at once.
pub async fn put_read(
    db: &Db,
    (kind, observed_us, body): (&str, Micros, &[u8]),
    token: &str,
    (now, lease_until): (Millis, Millis),
) -> Result<InboxRow> {
    db.write(
        "INSERT INTO inbox (source, kind, observed_us, body, received_at, run_at, attempts, lease_token, lease_until)
         VALUES ('read', $1, $2, $3, $4, $4, 1, $5, $6)
         RETURNING seq, source, kind, observed_us, body, projection, received_at, attempts",
    )
    .bind(kind)
    .bind(observed_us)
    .bind(body)
    .bind(now)
    .bind(token)
    .bind(lease_until)
    .one()
    .await
}

/// The claim as text; only the row lock differs.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE inbox SET lease_token = $1, lease_until = $3, attempts = attempts + 1
             WHERE seq = (SELECT seq FROM inbox WHERE state = 'new' AND run_at <= $2 AND lease_until <= $2
                          ORDER BY run_at, seq LIMIT 1 ",
            $lock,
            ") RETURNING seq, source, kind, observed_us, body, projection, received_at, attempts"
        )
    };
}

/// Takes the next row that is due, until `lease_until`.
pub async fn claim(db: &Db, token: &str, now: Millis, lease_until: Millis) -> Result<Option<InboxRow>> {
    let text = if db.locks_rows() { claim!("FOR UPDATE SKIP LOCKED") } else { claim!("") };
    db.write(text).bind(token).bind(now).bind(lease_until).optional().await
}

/// Marks a row as done; `false` if the lease was lost.
pub async fn settle(tx: &mut Tx, seq: i64, token: &str, settled: &Settled) -> Result<bool> {
    let update = "UPDATE inbox SET state = 'done', kind = $3, object_id = $4, observed_us = $5, verdict = $6,
                         effect = $7, error = NULL, lease_token = NULL, lease_until = 0
                  WHERE seq = $1 AND lease_token = $2 AND state = 'new'";
    let row = tx.sql(update).bind(seq).bind(token).bind(&settled.kind).bind(&settled.object_id);
    let row = row.bind(settled.observed_us).bind(settled.verdict).bind(&settled.effect);
    Ok(row.execute().await? == 1)
}

/// Gives a row back, to be tried again at `run_at`.
pub async fn retry(db: &Db, seq: i64, token: &str, run_at: Millis, error: &str) -> Result<()> {
    let update = "UPDATE inbox SET run_at = $3, error = $4, lease_token = NULL, lease_until = 0
                  WHERE seq = $1 AND lease_token = $2 AND state = 'new'";
    db.write(update).bind(seq).bind(token).bind(run_at).bind(error).execute().await.map(drop)
}

/// Sets a row aside with its reason; it stays visible and can be replayed.
pub async fn bury(db: &Db, seq: i64, token: &str, about: (&str, Option<&str>), error: &str) -> Result<()> {
    let update = "UPDATE inbox SET state = 'dead', kind = $3, object_id = $4, error = $5, lease_token = NULL,
                         lease_until = 0
                  WHERE seq = $1 AND lease_token = $2 AND state = 'new'";
    db.write(update).bind(seq).bind(token).bind(about.0).bind(about.1).bind(error).execute().await.map(drop)
}

/// Whether a dead row is about an object that is tied to this user by the mirror or by an order.
pub async fn dead_for_user<'c>(on: impl Reader<'c>, user: &str) -> Result<bool> {
    on.read(
        "SELECT EXISTS (
           SELECT 1 FROM inbox i WHERE i.state = 'dead' AND i.object_id IS NOT NULL AND (
             EXISTS (SELECT 1 FROM polar_objects o WHERE o.id = i.object_id AND o.owner_id = $1)
             OR EXISTS (SELECT 1 FROM polar_customers c WHERE c.id = i.object_id AND c.external_id = $1)
             OR EXISTS (SELECT 1 FROM orders r WHERE r.user_id = $1
                        AND (r.checkout_id = i.object_id OR r.subscription_id = i.object_id))))",
    )
    .bind(user)
    .scalar()
    .await
}

/// How many rows wait, and how many are dead.
pub async fn backlog<'c>(on: impl Reader<'c>) -> Result<(i64, i64)> {
    on.read(
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new'), (SELECT COUNT(*) FROM inbox WHERE state = 'dead')",
    )
    .one()
    .await
}

/// When the row that has waited longest came; `None` when none waits.
pub async fn oldest_new<'c>(on: impl Reader<'c>) -> Result<Option<Millis>> {
    on.read("SELECT MIN(received_at) FROM inbox WHERE state = 'new'").scalar().await
}

/// Whether just this answer of a read was set aside before.
pub async fn is_dead<'c>(on: impl Reader<'c>, kind: &str, body: &[u8]) -> Result<bool> {
    on.read("SELECT EXISTS (SELECT 1 FROM inbox WHERE state = 'dead' AND source = 'read' AND kind = $1 AND body = $2)")
        .bind(kind)
        .bind(body)
        .scalar()
        .await
}

/// Whether a webhook is held, whatever became of it.
pub async fn holds<'c>(on: impl Reader<'c>, webhook_id: &str) -> Result<bool> {
    on.read("SELECT EXISTS (SELECT 1 FROM inbox WHERE webhook_id = $1)").bind(webhook_id).scalar().await
}
