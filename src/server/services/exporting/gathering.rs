//! Gathering what is held about somebody, at one moment.

use crate::server::db::{self, Tx, held};
use serde::Serialize;
use serde_json::{Value, json};

const ABOUT: &str = "Everything that this shop holds about you. Instants are milliseconds since 1970 (UTC), amounts the \
                     smallest unit of their currency. Payments, invoices and your address for them are with Polar, who sold \
                     for us.";

/// Everything about a user, as JSON.
pub(super) async fn gather(tx: &mut Tx, user: &str) -> Result<Value, db::Error> {
    Ok(json!({
        "about": ABOUT,
        "account": plain(held::account(&mut *tx, user).await?),
        "open_log_ins": plain(held::sessions(&mut *tx, user).await?),
        "browsers": plain(held::devices(&mut *tx, user).await?),
        "orders": plain(held::orders(&mut *tx, user).await?),
        "customers_at_polar": plain(held::customers(&mut *tx, user).await?),
        "purchases": plain(held::purchases(&mut *tx, user).await?),
        "open_to_you": plain(held::entitlements(&mut *tx, user).await?),
        "changes_of_what_is_open": plain(held::ledger(&mut *tx, user).await?),
        "given_to_you": plain(held::gifts(&mut *tx, user).await?),
        "what_was_done": plain(held::acts(&mut *tx, user).await?),
        "what_you_used": plain(held::uses(&mut *tx, user).await?),
        "set_aside_for_work": plain(held::holds(&mut *tx, user).await?),
        "what_you_could_use": plain(held::windows(&mut *tx, user).await?),
        "spending_limits": plain(held::limits(&mut *tx, user).await?),
        "mail_about_usage": plain(held::alerts(&mut *tx, user).await?),
        "cases": plain(held::cases(&mut *tx, user).await?),
        "mails": plain(held::mails(&mut *tx, user).await?),
        "codes": plain(crate::studio::codes::newest(&mut *tx, user, i64::MAX).await?), // the studio
    }))
}

/// Rows as JSON; what is stored as JSON in a text becomes part of it.
fn plain(rows: Vec<impl Serialize>) -> Value {
    let mut rows = serde_json::to_value(rows).expect("rows have plain values");
    for row in rows.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        for value in row.values_mut() {
            let inner = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(inner) = inner.filter(|inner| inner.is_object() || inner.is_array()) {
                *value = inner;
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_text_is_unfolded_and_numbers_in_a_text_are_not() {
        let rows = vec![json!({"projection": "{\"status\":\"paid\"}", "value": "50", "none": null})];
        assert_eq!(plain(rows), json!([{"projection": {"status": "paid"}, "value": "50", "none": null}]));
    }
}
