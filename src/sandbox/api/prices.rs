//! Prices of products: the kinds that Polar has, kept as sent within their limits (C§2.2).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::meters::Meter;
use super::refusal::{Detail, Refusal};
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::secrets;

/// The least that a card is charged, in minor units.
const LEAST: i64 = 50;
/// Decimals of the price of a unit, and all its digits.
const PLACES: u32 = 12;
const DIGITS: u32 = 17;
const KINDS: &str = "'fixed', 'custom', 'seat_based', 'metered_unit'";

/// One price, with exactly the fields that Polar shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Price {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub source: String,
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
        match self.amount_type.as_str() {
            "fixed" => self.term("price_amount"),
            "custom" => wished.or(self.term("preset_amount")).or(self.term("minimum_amount")),
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

    /// True if the buyer names the amount.
    pub fn is_custom(&self) -> bool {
        self.amount_type == "custom"
    }

    /// Refuses an amount that the buyer may not name (http/191).
    ///
    /// # Errors
    /// 422 below the least or above the most; nothing at all is fine where the least is 0.
    pub fn check_named(&self, amount: i64) -> Result<(), Refusal> {
        let least = self.term("minimum_amount").unwrap_or(0);
        let wrong = |kind, msg: &str| Err(Refusal::Business(vec![Detail::body(kind, "amount", msg, json!(amount))]));
        match self.term("maximum_amount") {
            _ if amount < 0 => wrong("greater_than_equal", "Amount must be at least 0."),
            _ if amount < least => wrong("greater_than_equal", "Amount is below minimum."),
            _ if amount > 0 && amount < LEAST => wrong("invalid_amount", "Amount must be 0 or at least $0.50."),
            Some(most) if amount > most => wrong("less_than_equal", "Amount is above maximum."),
            _ => Ok(()),
        }
    }

    /// The terms of a metered price.
    pub fn metered(&self) -> Option<Terms> {
        let text = |key: &str| self.terms.get(key).and_then(Value::as_str);
        let unit_amount = text("unit_amount")?.parse().ok()?;
        Some(Terms { meter_id: text("meter_id")?.parse().ok()?, unit_amount, cap_amount: self.term("cap_amount") })
    }

    /// As it reads from now on: only the first answer has the price of a unit as it was sent (http/016, http/209).
    pub fn stored(&mut self) {
        if let Some(terms) = self.metered() {
            let mut exact = terms.unit_amount;
            exact.rescale(PLACES);
            self.terms.insert("unit_amount".to_owned(), json!(exact.to_string()));
        }
    }

    fn term(&self, key: &str) -> Option<i64> {
        self.terms.get(key).and_then(Value::as_i64)
    }
}

/// What a metered price charges for.
pub struct Terms {
    pub meter_id: Uuid,
    /// Minor units for one unit of usage.
    pub unit_amount: Decimal,
    /// The most that one bill charges.
    pub cap_amount: Option<i64>,
}

/// Where a new price will belong.
pub struct Home<'a> {
    pub product_id: Uuid,
    pub interval: Option<&'a str>,
    /// Part of the catalog, or made for one checkout.
    pub source: &'static str,
    pub meters: &'a [Meter],
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
    let Some(terms) = terms(&kind, &mut fields, home) else {
        let msg =
            format!("Input tag '{kind}' found using 'amount_type' does not match any of the expected tags: {KINDS}");
        return Err(whole("union_tag_invalid", &msg));
    };
    fields.done()?;
    Ok(Price {
        created_at: clock.now(),
        modified_at: None,
        id: secrets::id(),
        source: home.source.to_owned(),
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
fn terms(kind: &str, fields: &mut Fields<'_>, home: &Home<'_>) -> Option<Map<String, Value>> {
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
        "metered_unit" => metered_terms(fields, home),
        _ => return None,
    };
    terms.as_object().cloned()
}

/// Usage can only be charged again and again, and by a meter that there is.
fn metered_terms(fields: &mut Fields<'_>, home: &Home<'_>) -> Value {
    ["meter_id", "unit_amount"].iter().for_each(|key| fields.require(key));
    let id = fields.uuid("meter_id");
    let meter = home.meters.iter().find(|meter| Some(meter.id) == id);
    if id.is_some() && meter.is_none() {
        fields.wrong.push(Detail::body("value_error", "meter_id", "Meter does not exist.", json!(id)));
    }
    if home.interval.is_none() {
        let msg = "Metered pricing is not supported on one-time products.";
        fields.wrong.push(Detail::body("value_error", "amount_type", msg, json!("metered_unit")));
    }
    json!({
        "unit_amount": unit_amount(fields), "cap_amount": fields.integer("cap_amount"), "meter_id": id,
        "meter": meter.map(Meter::brief),
    })
}

/// A positive decimal, sent as a string or a number and kept as it was written.
fn unit_amount(fields: &mut Fields<'_>) -> Option<String> {
    let sent = fields.raw("unit_amount")?.clone();
    let text = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
    let (kind, msg) = match text.parse::<Decimal>().map(|found| (found, found.normalize())) {
        Err(_) => ("decimal_parsing", "Input should be a valid decimal"),
        Ok((found, _)) if found <= Decimal::ZERO => ("greater_than", "Input should be greater than 0"),
        Ok((_, short)) if short.scale() > PLACES => {
            ("decimal_max_places", "Decimal input should have no more than 12 decimal places")
        }
        Ok((_, short)) if short >= Decimal::from(10_u64.pow(DIGITS - PLACES)) => {
            ("decimal_whole_digits", "Decimal input should have no more than 5 digits before the decimal point")
        }
        Ok(_) => return Some(text),
    };
    fields.wrong.push(Detail::body(kind, "unit_amount", msg, sent));
    None
}
