//! The mirror: our copy of Polar's objects, one row an object, newest version wins, owner known or not.

use super::{Reader, Result, Tx};
use crate::model::{
    ending::is_live,
    instant::{Micros, Millis},
    merge::{Picture, Stamp},
    projection::{Kind, Mirrored, MirroredCustomer},
};

/// One object, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ObjectRow {
    /// `product`, `subscription`, `order`, `refund`, `benefit_grant`.
    pub kind: String,
    /// Polar's id.
    pub id: String,
    /// Polar's customer.
    pub customer_id: Option<String>,
    /// The subscription that a bill, a refund or a grant is about.
    pub subscription_id: Option<String>,
    /// Polar's order that a refund or a grant is about.
    pub order_id: Option<String>,
    /// The checkout it came from.
    pub checkout_id: Option<String>,
    /// The product.
    pub product_id: Option<String>,
    /// Metadata `user_id`.
    pub metadata_user_id: Option<String>,
    /// Metadata `order_id`.
    pub metadata_order_id: Option<String>,
    /// Polar's word.
    pub status: Option<String>,
    /// max(`modified_at`, `created_at`).
    pub version_us: Micros,
    /// When it was seen like this.
    pub observed_us: Micros,
    /// The facts as JSON.
    pub projection: String,
    /// Whose it is.
    pub owner_id: Option<String>,
    /// By which rule.
    pub owner_rule: Option<String>,
}

impl ObjectRow {
    /// Whether it is a subscription that is changed, not bought again.
    #[must_use]
    pub fn is_live_subscription(&self) -> bool {
        self.kind == Kind::Subscription.stored() && self.status.as_deref().is_some_and(is_live)
    }
}

/// One customer, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CustomerRow {
    /// Polar's id.
    pub id: String,
    /// Our user id, once known for ever known.
    pub external_id: Option<String>,
    /// max(`modified_at`, `created_at`); 0 while only its objects are known.
    pub version_us: Micros,
    /// When it was seen like this.
    pub observed_us: Micros,
    /// The facts as JSON.
    pub projection: String,
    /// When Polar deleted it.
    pub deleted_at: Option<Millis>,
}

macro_rules! select_objects {
    ($rest:literal) => {
        concat!(
            "SELECT kind, id, customer_id, subscription_id, order_id, checkout_id, product_id, metadata_user_id,
                    metadata_order_id, status, version_us, observed_us, projection, owner_id, owner_rule FROM polar_objects ",
            $rest
        )
    };
}

impl ObjectRow {
    /// What the merge compares.
    #[must_use]
    pub fn picture(&self) -> Picture<'_> {
        let stamp = Stamp { version_us: self.version_us, observed_us: self.observed_us };
        Picture { stamp, projection: &self.projection }
    }
}

impl CustomerRow {
    /// What the merge compares; `None` while only its objects are known.
    #[must_use]
    pub fn picture(&self) -> Option<Picture<'_>> {
        let stamp = Stamp { version_us: self.version_us, observed_us: self.observed_us };
        (self.version_us > 0).then_some(Picture { stamp, projection: &self.projection })
    }
}

/// One object.
pub async fn object<'c>(on: impl Reader<'c>, kind: Kind, id: &str) -> Result<Option<ObjectRow>> {
    on.read(select_objects!("WHERE kind = $1 AND id = $2")).bind(kind.stored()).bind(id).optional().await
}

/// Every object of a customer, in a fixed order.
pub async fn of_customer<'c>(on: impl Reader<'c>, customer: &str) -> Result<Vec<ObjectRow>> {
    on.read(select_objects!("WHERE customer_id = $1 ORDER BY kind, id")).bind(customer).all().await
}

/// Every object that a user owns, the newest first.
pub async fn of_owner<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<ObjectRow>> {
    on.read(select_objects!("WHERE owner_id = $1 ORDER BY version_us DESC, kind, id")).bind(user).all().await
}

/// Every product.
pub async fn products<'c>(on: impl Reader<'c>) -> Result<Vec<ObjectRow>> {
    on.read(select_objects!("WHERE kind = 'product' ORDER BY id")).all().await
}

/// The users who own something of this product.
pub async fn owners_of_product<'c>(on: impl Reader<'c>, product: &str) -> Result<Vec<(String,)>> {
    let select = "SELECT DISTINCT owner_id FROM polar_objects WHERE product_id = $1 AND owner_id IS NOT NULL
                  ORDER BY owner_id";
    on.read(select).bind(product).all().await
}

/// One customer.
pub async fn customer<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<CustomerRow>> {
    let select =
        "SELECT id, external_id, version_us, observed_us, projection, deleted_at FROM polar_customers WHERE id = $1";
    on.read(select).bind(id).optional().await
}

/// The customers that carry this user's id.
pub async fn customers_of_user<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<CustomerRow>> {
    on.read(
        "SELECT id, external_id, version_us, observed_us, projection, deleted_at
         FROM polar_customers WHERE external_id = $1 AND deleted_at IS NULL ORDER BY id",
    )
    .bind(user)
    .all()
    .await
}

/// Every customer that carries, or carried, this user's id, the deleted ones too.
pub async fn customer_ids<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<(String,)>> {
    on.read("SELECT id FROM polar_customers WHERE external_id = $1 ORDER BY id").bind(user).all().await
}

/// Whether a customer that carries this user's id holds an object that is somebody else's.
pub async fn holds_foreign<'c>(on: impl Reader<'c>, user: &str) -> Result<bool> {
    on.read(
        "SELECT EXISTS (SELECT 1 FROM polar_objects o JOIN polar_customers c ON c.id = o.customer_id
                        WHERE c.external_id = $1 AND o.owner_id IS NOT NULL AND o.owner_id <> $1)",
    )
    .bind(user)
    .scalar()
    .await
}

/// Held until the transaction ends: alone by a merge of a product, together by all others. Else a product and what was
/// bought of it, merged at the same moment, would not see each other. SQLite has one writer anyway.
pub async fn lock_products(tx: &mut Tx, alone: bool) -> Result<()> {
    let lock = match (tx.locks_rows(), alone) {
        (false, _) => return Ok(()),
        (true, true) => "SELECT pg_advisory_xact_lock(1)",
        (true, false) => "SELECT pg_advisory_xact_lock_shared(1)",
    };
    tx.sql(lock).execute().await.map(drop)
}

/// Locks the customer's row for the rest of the transaction, inserting an empty one if it is not known yet. Everything of
/// one customer is merged one after the other.
pub async fn lock_customer(tx: &mut Tx, id: &str) -> Result<()> {
    let touch =
        "INSERT INTO polar_customers (id, version_us, observed_us, projection, inbox_seq) VALUES ($1, 0, 0, '', 0)
                 ON CONFLICT (id) DO UPDATE SET id = excluded.id";
    tx.sql(touch).bind(id).execute().await.map(drop)
}

/// Writes an object over whatever is stored. The caller has merged under the customer's lock.
pub async fn put_object(tx: &mut Tx, seen: &Mirrored, observed_us: Micros, seq: i64) -> Result<()> {
    tx.sql(
        "INSERT INTO polar_objects (kind, id, customer_id, subscription_id, order_id, checkout_id, product_id, metadata_user_id,
           metadata_order_id, status, amount, currency, version_us, observed_us, projection, inbox_seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (kind, id) DO UPDATE SET
           customer_id = excluded.customer_id, subscription_id = excluded.subscription_id,
           order_id = excluded.order_id, checkout_id = excluded.checkout_id, product_id = excluded.product_id,
           metadata_user_id = excluded.metadata_user_id, metadata_order_id = excluded.metadata_order_id,
           status = excluded.status, amount = excluded.amount, currency = excluded.currency,
           version_us = excluded.version_us, observed_us = excluded.observed_us, projection = excluded.projection,
           inbox_seq = excluded.inbox_seq
         WHERE (polar_objects.version_us, polar_objects.observed_us) <= (excluded.version_us, excluded.observed_us)",
    )
    .bind(seen.kind.stored())
    .bind(&seen.id)
    .bind(&seen.ties.customer_id)
    .bind(&seen.ties.subscription_id)
    .bind(&seen.ties.polar_order_id)
    .bind(&seen.ties.checkout_id)
    .bind(&seen.ties.product_id)
    .bind(&seen.ties.user_id)
    .bind(&seen.ties.order_id)
    .bind(&seen.status)
    .bind(seen.amount)
    .bind(&seen.currency)
    .bind(seen.version_us)
    .bind(observed_us)
    .bind(&seen.projection)
    .bind(seq)
    .execute()
    .await
    .map(drop)
}

/// Writes a customer over whatever is stored; a known external id is never erased (C§0: deletion sends null).
pub async fn put_customer(tx: &mut Tx, seen: &MirroredCustomer, observed_us: Micros, seq: i64) -> Result<()> {
    tx.sql(
        "UPDATE polar_customers SET external_id = COALESCE($2, external_id), version_us = $3, observed_us = $4,
                projection = $5, deleted_at = $6, inbox_seq = $7
         WHERE id = $1",
    )
    .bind(&seen.id)
    .bind(&seen.external_id)
    .bind(seen.version_us)
    .bind(observed_us)
    .bind(&seen.projection)
    .bind(seen.deleted_us.map(|us| us / 1000))
    .bind(seq)
    .execute()
    .await
    .map(drop)
}

/// Notes that an object was seen unchanged, later.
pub async fn confirm_object(tx: &mut Tx, kind: Kind, id: &str, observed_us: Micros) -> Result<()> {
    let update = "UPDATE polar_objects SET observed_us = $3 WHERE kind = $1 AND id = $2 AND observed_us < $3";
    tx.sql(update).bind(kind.stored()).bind(id).bind(observed_us).execute().await.map(drop)
}

/// Keeps the external id that an older picture of a customer shows, unless one is known.
pub async fn name_customer(tx: &mut Tx, id: &str, external_id: Option<&str>) -> Result<()> {
    let update = "UPDATE polar_customers SET external_id = $2 WHERE id = $1 AND external_id IS NULL";
    tx.sql(update).bind(id).bind(external_id).execute().await.map(drop)
}

/// Notes that a customer was seen unchanged, later.
pub async fn confirm_customer(tx: &mut Tx, id: &str, observed_us: Micros) -> Result<()> {
    let update = "UPDATE polar_customers SET observed_us = $2 WHERE id = $1 AND observed_us < $2";
    tx.sql(update).bind(id).bind(observed_us).execute().await.map(drop)
}

/// Notes whose an object is.
pub async fn set_owner(tx: &mut Tx, kind: &str, id: &str, owner: Option<(&str, &str)>) -> Result<()> {
    let update = "UPDATE polar_objects SET owner_id = $3, owner_rule = $4 WHERE kind = $1 AND id = $2";
    let row = tx.sql(update).bind(kind).bind(id).bind(owner.map(|owner| owner.0)).bind(owner.map(|owner| owner.1));
    row.execute().await.map(drop)
}

/// How many subscriptions of each plan are active or on trial; of products without a plan under the plan `''`.
pub async fn active_subscriptions<'c>(on: impl Reader<'c>) -> Result<Vec<(String, i64)>> {
    on.read(
        "SELECT COALESCE(p.plan, ''), COUNT(CASE WHEN o.status IN ('active', 'trialing') THEN 1 END)
         FROM polar_objects o LEFT JOIN product_plans p ON p.product_id = o.product_id
         WHERE o.kind = 'subscription' GROUP BY COALESCE(p.plan, '')",
    )
    .all()
    .await
}

/// The plan of each product, as first seen: a tag that vanishes or changes takes nobody's access.
pub async fn product_plans<'c>(on: impl Reader<'c>) -> Result<Vec<(String, String)>> {
    on.read("SELECT product_id, plan FROM product_plans").all().await
}

/// The plan that a product is tied to.
pub async fn plan_of_product<'c>(on: impl Reader<'c>, product: &str) -> Result<Option<String>> {
    let select = "SELECT plan FROM product_plans WHERE product_id = $1";
    let row: Option<(String,)> = on.read(select).bind(product).optional().await?;
    Ok(row.map(|row| row.0))
}

/// Ties a product to a plan, unless it is tied already; the plan that holds.
pub async fn tie_product(tx: &mut Tx, product: &str, plan: &str, now: Millis) -> Result<(String, bool)> {
    let insert = "INSERT INTO product_plans (product_id, plan, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let new = tx.sql(insert).bind(product).bind(plan).bind(now).execute().await? == 1;
    let held = tx.sql("SELECT plan FROM product_plans WHERE product_id = $1").bind(product).scalar().await?;
    Ok((held, new))
}

/// The user that staff has given an object to.
pub async fn attributed<'c>(on: impl Reader<'c>, kind: &str, id: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = (on.read("SELECT user_id FROM attributions WHERE kind = $1 AND id = $2"))
        .bind(kind)
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(|row| row.0))
}
