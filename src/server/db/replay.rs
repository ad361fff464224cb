//! What a replay needs: copying our own facts into an empty database, and reading everything that follows from Polar's.

use super::{Db, Result, Tx, inbox::InboxRow, inbox_shelf};
use crate::model::instant::{Micros, Millis};
use serde::Serialize;

/// So many rows of the inbox at once.
const PAGE: i64 = 200;

/// One object of the mirror, without the number of the row that it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct MirrorRow {
    /// Its kind; a customer too.
    pub kind: String,
    /// Polar's id.
    pub id: String,
    customer_id: Option<String>,
    external_id: Option<String>,
    subscription_id: Option<String>,
    order_id: Option<String>,
    checkout_id: Option<String>,
    product_id: Option<String>,
    metadata_user_id: Option<String>,
    metadata_order_id: Option<String>,
    status: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    version_us: Micros,
    observed_us: Micros,
    projection: String,
    deleted_at: Option<Millis>,
    owner_id: Option<String>,
    owner_rule: Option<String>,
}

/// One entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct HeldRow {
    /// Whose.
    pub user_id: String,
    /// Which.
    pub feature: String,
    value: String,
    source_kind: String,
    source_id: String,
    until: Option<Millis>,
}

/// One line of the ledger.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LineRow {
    /// Whose.
    pub user_id: String,
    /// Its revision.
    pub rev: i64,
    /// Which feature.
    pub feature: String,
    /// The entitlement before, as JSON.
    pub before: Option<String>,
    /// The entitlement after, as JSON.
    pub after: Option<String>,
}

/// The whole mirror.
pub async fn mirror(tx: &mut Tx) -> Result<Vec<MirrorRow>> {
    let select =
        "SELECT kind, id, customer_id, NULL AS external_id, subscription_id, order_id, checkout_id, product_id,
                         metadata_user_id, metadata_order_id, status, amount, currency, version_us, observed_us,
                         projection, NULL AS deleted_at, owner_id, owner_rule FROM polar_objects ORDER BY kind, id";
    let customers = "SELECT 'customer' AS kind, id, NULL AS customer_id, external_id, NULL AS subscription_id,
                            NULL AS order_id, NULL AS checkout_id, NULL AS product_id, NULL AS metadata_user_id,
                            NULL AS metadata_order_id, NULL AS status, NULL AS amount, NULL AS currency, version_us,
                            observed_us, projection, deleted_at, NULL AS owner_id, NULL AS owner_rule
                     FROM polar_customers ORDER BY id";
    let mut rows: Vec<MirrorRow> = tx.sql(select).all().await?;
    rows.extend(tx.sql(customers).all::<MirrorRow>().await?);
    Ok(rows)
}

/// Everybody's entitlements.
pub async fn held(tx: &mut Tx) -> Result<Vec<HeldRow>> {
    let select = "SELECT user_id, feature, value, source_kind, source_id, until FROM entitlements
                  ORDER BY user_id, feature";
    tx.sql(select).all().await
}

/// The whole ledger, user by user, each oldest first.
pub async fn lines(tx: &mut Tx) -> Result<Vec<LineRow>> {
    tx.sql("SELECT user_id, rev, feature, before, after FROM ledger ORDER BY user_id, seq").all().await
}

/// Rows that could not be applied, and why.
pub async fn stuck(tx: &mut Tx) -> Result<Vec<(i64, String)>> {
    tx.sql("SELECT seq, COALESCE(error, '') FROM inbox WHERE state <> 'done' ORDER BY seq").all().await
}

/// Users whose access is about to be computed again at billing time `now`.
pub async fn due(tx: &mut Tx, now: Millis) -> Result<Vec<(String,)>> {
    tx.sql("SELECT id FROM users WHERE refold_at IS NOT NULL AND refold_at <= $1").bind(now).all().await
}

/// Copies what is ours: users without their addresses, orders without quotes, what staff decided, the plans of products.
pub async fn copy_ours(from: &mut Tx, to: &mut Tx) -> Result<()> {
    let users: Vec<(String, Millis, Option<Millis>)> =
        from.sql("SELECT id, created_at, deleted_at FROM users").all().await?;
    for (id, at, left) in users {
        let insert = "INSERT INTO users (id, created_at, deleted_at) VALUES ($1, $2, $3)";
        to.sql(insert).bind(id).bind(at).bind(left).execute().await?;
    }
    copy_orders(from, to).await?;
    let given: Vec<(String, String, String)> = from.sql("SELECT kind, id, user_id FROM attributions").all().await?;
    for (kind, id, user) in given {
        let insert =
            "INSERT INTO attributions (kind, id, user_id, staff_id, reason, at) VALUES ($1, $2, $3, '', '', 0)";
        to.sql(insert).bind(kind).bind(id).bind(user).execute().await?;
    }
    let plans: Vec<(String, String)> = from.sql("SELECT product_id, plan FROM product_plans").all().await?;
    for (product, plan) in plans {
        let insert = "INSERT INTO product_plans (product_id, plan, since) VALUES ($1, $2, 0)";
        to.sql(insert).bind(product).bind(plan).execute().await?;
    }
    copy_staff_grants(from, to).await
}

type Order = (String, String, String, i64, String, String, String, Option<String>, Millis);

async fn copy_orders(from: &mut Tx, to: &mut Tx) -> Result<()> {
    let select = "SELECT id, user_id, kind, recurring, plan, product_id, state, checkout_id, created_at FROM orders";
    let orders: Vec<Order> = from.sql(select).all().await?;
    for (id, user, kind, recurring, plan, product, state, checkout, at) in orders {
        let insert =
            "INSERT INTO orders (id, user_id, kind, recurring, plan, product_id, state, checkout_id, created_at,
                                          quote, quote_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '')";
        let row = to.sql(insert).bind(id).bind(user).bind(kind).bind(recurring).bind(plan).bind(product);
        row.bind(state).bind(checkout).bind(at).execute().await?;
    }
    Ok(())
}

type Given = (String, String, Option<String>, Option<String>, Option<String>, Option<Millis>, Option<Millis>);

async fn copy_staff_grants(from: &mut Tx, to: &mut Tx) -> Result<()> {
    let select = "SELECT id, user_id, plan, feature, value, expires_at, withdrawn_at FROM staff_grants";
    let given: Vec<Given> = from.sql(select).all().await?;
    for (id, user, plan, feature, value, expires_at, withdrawn_at) in given {
        let insert = "INSERT INTO staff_grants (id, user_id, plan, feature, value, expires_at, withdrawn_at, reason,
                                                staff_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0)";
        let row = to.sql(insert).bind(id).bind(user).bind(plan).bind(feature).bind(value);
        row.bind(expires_at).bind(withdrawn_at).execute().await?;
    }
    Ok(())
}

/// Copies every settled row of the inbox, to be applied anew in the order of arrival; how many.
pub async fn copy_inbox(from: &mut Tx, to: &Db) -> Result<usize> {
    let (mut after, mut count) = (0, 0);
    loop {
        let rows = inbox_shelf::settled_after(&mut *from, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.seq;
        count += rows.len();
        to.transaction::<(), super::Error>(async |tx| {
            for row in &rows {
                put(tx, row).await?;
            }
            Ok(())
        })
        .await?;
    }
}

async fn put(tx: &mut Tx, row: &InboxRow) -> Result<()> {
    let insert = "INSERT INTO inbox (seq, source, kind, observed_us, body, projection, received_at, run_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
    let put = tx.sql(insert).bind(row.seq).bind(&row.source).bind(&row.kind).bind(row.observed_us);
    put.bind(&row.body).bind(&row.projection).bind(row.received_at).execute().await.map(drop)
}

/// Makes everybody's access due, by the plans with this hash.
pub async fn begin(db: &Db, plans_hash: &str) -> Result<()> {
    let installation = "INSERT INTO installation (id, api_base, organization_id, organization_slug, organization_name,
                                                  plans_hash, bound_at) VALUES (1, '', '', '', '', $1, 0)";
    db.write(installation).bind(plans_hash).execute().await?;
    db.write("UPDATE users SET refold_at = 0").execute().await.map(drop)
}
