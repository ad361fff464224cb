//! Prices of products: the kinds that Polar has, kept as sent within their limits (C§2.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::refusal::{Detail, Refusal};
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::secrets;

const KINDS: &str = "'fixed', 'custom', 'seat_based', 'metered_unit'";

/// One price, with exactly the fields that Polar shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Price {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    source: String,
    pub amount_type: String,
    pub price_currency: String,
    tax_behavior: Option<String>,
    pub is_archived: bool,
    product_id: Uuid,
    #[serde(rename = "type")]
    billing: String,
    recurring_interval: Option<String>,
    /// The fields of its kind, `price_amount` and the like.
    #[serde(flatten)]
    terms: Map<String, Value>,
}

impl Price {
    /// What it costs before anything is used: `None` for metered prices.
    pub fn static_amount(&self, wished: Option<i64>) -> Option<i64> {
        let term = |key: &str| self.terms.get(key).and_then(Value::as_i64);
        match self.amount_type.as_str() {
            "fixed" => term("price_amount"),
            "custom" => wished.or(term("preset_amount")).or(term("minimum_amount")),
            "seat_based" => {
                let tier = self.terms.get("seat_tiers")?.get("tiers")?.get(0)?;
                Some(tier.get("price_per_seat")?.as_i64()? * tier.get("min_seats").and_then(Value::as_i64).unwrap_or(1))
            }
            _ => None,
        }
    }

    /// True for a fixed price of 0: nothing to pay, ever.
    pub fn is_free(&self) -> bool {
        self.amount_type == "fixed" && self.static_amount(None) == Some(0)
    }

    /// The least that a buyer may name for a `custom` price.
    pub fn minimum(&self) -> Option<i64> {
        self.terms.get("minimum_amount").and_then(Value::as_i64)
    }
}

/// Where a new price will belong.
pub struct Home<'a> {
    pub product_id: Uuid,
    pub interval: Option<&'a str>,
}

/// Reads one entry of a product's `prices`.
pub fn create(entry: &Value, home: &Home<'_>, clock: &mut Clock) -> Result<Price, Refusal> {
    let whole = |kind, msg: &str| Refusal::Invalid(vec![Detail::body(kind, "prices", msg, entry.clone())]);
    let Some(sent) = entry.as_object() else {
        return Err(whole(
            "model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from",
        ));
    };
    let mut fields = Fields::of(sent);
    let kind = fields.text("amount_type").unwrap_or_default();
    let currency = fields.text("price_currency").unwrap_or_else(|| "usd".to_owned());
    let Some(terms) = terms(&kind, &mut fields) else {
        let msg =
            format!("Input tag '{kind}' found using 'amount_type' does not match any of the expected tags: {KINDS}");
        return Err(whole("union_tag_invalid", &msg));
    };
    fields.done()?;
    Ok(Price {
        created_at: clock.now(),
        modified_at: None,
        id: secrets::id(),
        source: "catalog".to_owned(),
        amount_type: if kind == "free" { "fixed".to_owned() } else { kind },
        price_currency: currency.to_ascii_lowercase(),
        tax_behavior: None,
        is_archived: false,
        product_id: home.product_id,
        billing: if home.interval.is_some() { "recurring" } else { "one_time" }.to_owned(),
        recurring_interval: home.interval.map(str::to_owned),
        terms,
    })
}

/// The fields of one kind; `free` is an alias of a fixed price of 0.
fn terms(kind: &str, fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    let terms = match kind {
        "free" => json!({"price_amount": 0}),
        "fixed" => {
            fields.require("price_amount");
            json!({"price_amount": fields.integer("price_amount")})
        }
        "custom" => json!({
            "minimum_amount": fields.integer("minimum_amount").unwrap_or(50),
            "maximum_amount": fields.integer("maximum_amount"),
            "preset_amount": fields.integer("preset_amount"),
        }),
        "seat_based" => {
            fields.require("seat_tiers");
            json!({"seat_tiers": fields.object("seat_tiers")})
        }
        "metered_unit" => {
            fields.require("meter_id");
            let id = fields.uuid("meter_id");
            json!({
                "unit_amount": fields.raw("unit_amount"), "cap_amount": fields.integer("cap_amount"), "meter_id": id,
                "meter": {"id": id, "name": "Meter", "unit": "scalar", "custom_label": null, "custom_multiplier": null},
            })
        }
        _ => return None,
    };
    terms.as_object().cloned()
}
