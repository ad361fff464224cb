//! Everything that is held about one person, table by table, for their copy of it.

use super::{Reader, Result};
use crate::model::instant::Millis;
use serde::Serialize;

/// The rows of one table that are about a user.
macro_rules! held {
    ($doc:literal, $name:ident, $row:ident { $($field:ident: $type:ty),* $(,)? }, $select:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Serialize, sqlx::FromRow)]
        pub struct $row {
            $(#[doc = "As stored."] pub $field: $type,)*
        }

        #[doc = $doc]
        pub async fn $name<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<$row>> {
            on.read($select).bind(user).all().await
        }
    };
}

held!(
    "The account itself.",
    account,
    AccountRow {
        id: String,
        email: Option<String>,
        email_verified_at: Option<Millis>,
        role: String,
        created_at: Millis,
        synced_at: Option<Millis>,
    },
    "SELECT id, email, email_verified_at, role, created_at, synced_at FROM users WHERE id = $1"
);

held!(
    "Log-ins that are open.",
    sessions,
    SessionRow { expires_at: Millis },
    "SELECT expires_at FROM sessions WHERE user_id = $1 ORDER BY expires_at"
);

held!(
    "Browsers that were used to log in.",
    devices,
    DeviceRow { first_at: Millis, last_at: Millis },
    "SELECT first_at, last_at FROM devices WHERE user_id = $1 ORDER BY first_at"
);

held!(
    "Orders with us.",
    orders,
    OrderRow {
        id: String,
        kind: String,
        plan: String,
        product_id: String,
        subscription_id: Option<String>,
        checkout_id: Option<String>,
        quote: String,
        state: String,
        outcome: Option<String>,
        created_at: Millis,
        paid_at: Option<Millis>,
        done_at: Option<Millis>,
    },
    "SELECT id, kind, plan, product_id, subscription_id, checkout_id, quote, state, outcome, created_at, paid_at, done_at
     FROM orders WHERE user_id = $1 ORDER BY created_at, id"
);

held!(
    "What Polar told us of their purchases.",
    purchases,
    PurchaseRow {
        kind: String,
        id: String,
        customer_id: Option<String>,
        status: Option<String>,
        amount: Option<i64>,
        currency: Option<String>,
        projection: String,
    },
    "SELECT kind, id, customer_id, status, amount, currency, projection FROM polar_objects WHERE owner_id = $1
     ORDER BY kind, id"
);

held!(
    "Who they are at Polar.",
    customers,
    CustomerRow { id: String, projection: String, deleted_at: Option<Millis> },
    "SELECT id, projection, deleted_at FROM polar_customers WHERE external_id = $1 ORDER BY id"
);

held!(
    "What is open to them.",
    entitlements,
    HeldRow { feature: String, value: String, source_kind: String, source_id: String, until: Option<Millis> },
    "SELECT feature, value, source_kind, source_id, until FROM entitlements WHERE user_id = $1 ORDER BY feature"
);

held!(
    "Each change of what is open to them.",
    ledger,
    LineRow {
        rev: i64,
        feature: String,
        before: Option<String>,
        after: Option<String>,
        rule: String,
        cause_kind: String,
        recorded_at: Millis,
    },
    "SELECT rev, feature, before, after, rule, cause_kind, recorded_at FROM ledger WHERE user_id = $1 ORDER BY seq"
);

held!(
    "What was given to them.",
    gifts,
    GiftRow {
        plan: Option<String>,
        feature: Option<String>,
        value: Option<String>,
        reason: String,
        created_at: Millis,
        expires_at: Option<Millis>,
        withdrawn_at: Option<Millis>,
    },
    "SELECT plan, feature, value, reason, created_at, expires_at, withdrawn_at FROM staff_grants WHERE user_id = $1
     ORDER BY created_at, id"
);

held!(
    "What was done to the account, with the network address where they did it themselves.",
    acts,
    ActRow { at: Millis, by: String, action: String, details: Option<String>, ip: Option<String> },
    "SELECT at, CASE WHEN actor_id = $1 THEN 'you' ELSE 'us' END AS by, action, details,
            CASE WHEN actor_id = $1 THEN ip END AS ip
     FROM audit_log WHERE user_id = $1 ORDER BY seq"
);

held!(
    "What waits for a decision of staff about them, or did.",
    cases,
    CaseRow { kind: String, details: String, opened_at: Millis, closed_at: Option<Millis>, outcome: Option<String> },
    "SELECT kind, details, opened_at, closed_at, outcome FROM cases WHERE user_id = $1 ORDER BY opened_at, id"
);

held!(
    "Mails to them: of which kind, and when.",
    mails,
    MailRow { kind: String, state: String, created_at: Millis, sent_at: Option<Millis> },
    "SELECT kind, state, created_at, sent_at FROM outgoing_mail WHERE user_id = $1 ORDER BY created_at, id"
);

held!(
    "What they used.",
    uses,
    UseRow {
        id: String,
        meter: String,
        amount: i64,
        properties: String,
        key: String,
        state: String,
        counted_at: Millis,
        sent_at: Option<Millis>,
    },
    "SELECT id, meter, amount, properties, key, state, counted_at, sent_at FROM usage_events WHERE user_id = $1
     ORDER BY counted_at, id"
);

held!(
    "What was set aside for work of theirs.",
    holds,
    HoldRow {
        id: String,
        meter: String,
        amount: i64,
        properties: String,
        key: String,
        state: String,
        created_at: Millis,
        expires_at: Millis,
    },
    "SELECT id, meter, amount, properties, key, state, created_at, expires_at FROM usage_holds WHERE user_id = $1
     ORDER BY created_at, id"
);

held!(
    "How much they could use, period by period.",
    windows,
    WindowRow {
        meter: String,
        source_id: String,
        starts_at: Millis,
        ends_at: Millis,
        most: i64,
        bill: String,
        unit_amount: Option<String>,
        currency: Option<String>,
    },
    "SELECT meter, source_id, starts_at, ends_at, most, bill, unit_amount, currency FROM usage_windows WHERE user_id = $1
     ORDER BY meter, starts_at, source_id"
);

held!(
    "How much they let usage cost beyond what is included.",
    limits,
    LimitRow { meter: String, amount: i64, currency: String },
    "SELECT meter, amount, currency FROM usage_limits WHERE user_id = $1 ORDER BY meter"
);

held!(
    "At how many percent of a meter they want to be told.",
    alerts,
    AlertRow { meter: String, percents: String },
    "SELECT meter, percents FROM usage_alerts WHERE user_id = $1 ORDER BY meter"
);
