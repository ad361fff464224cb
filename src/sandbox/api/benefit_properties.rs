//! The properties of each kind of benefit, with everything that Polar fills in (http/017–020).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::refusal::{Detail, Refusal};
use crate::sandbox::state::State;

const KINDS: [&str; 8] = [
    "custom",
    "discord",
    "github_repository",
    "downloadables",
    "license_keys",
    "meter_credit",
    "feature_flag",
    "slack_shared_channel",
];

/// Reads `properties` of a benefit of this kind.
///
/// # Errors
/// 422 for a kind that Polar does not have or a meter that does not exist, 501 for a kind that is not imitated.
pub fn read(state: &State, kind: &str, fields: &mut Fields<'_>) -> Result<Map<String, Value>, Refusal> {
    let sent = fields.object("properties").cloned().unwrap_or_default();
    let or_null = |key: &str| sent.get(key).cloned().unwrap_or(Value::Null);
    let read = match kind {
        "custom" => json!({"note": or_null("note")}),
        "feature_flag" => json!({}),
        "license_keys" => json!({
            "prefix": or_null("prefix"), "expires": or_null("expires"), "activations": or_null("activations"),
            "limit_usage": or_null("limit_usage"),
        }),
        "meter_credit" => credit(state, &sent)?,
        _ if KINDS.contains(&kind) => {
            let detail = format!("The sandbox does not imitate benefits of type {kind}.");
            return Err(Refusal::domain(StatusCode::NOT_IMPLEMENTED, "NotImitated", detail));
        }
        _ => return Err(unknown(kind)),
    };
    Ok(read.as_object().cloned().unwrap_or_default())
}

fn credit(state: &State, sent: &Map<String, Value>) -> Result<Value, Refusal> {
    let mut fields = Fields::of(sent);
    ["units", "rollover", "meter_id"].iter().for_each(|key| fields.require(key));
    let (units, rollover) = (fields.integer("units"), fields.flag("rollover"));
    let meter_id: Option<Uuid> = fields.uuid("meter_id");
    for detail in &mut fields.wrong {
        detail.loc.splice(1..1, [json!("meter_credit"), json!("properties")]);
    }
    fields.done()?;
    if meter_id.is_none_or(|id| state.meter(id).is_err()) {
        let mut detail = Detail::body("value_error", "properties", "Meter does not exist.", json!(meter_id));
        detail.loc.push(json!("meter_id"));
        return Err(Refusal::Business(vec![detail]));
    }
    Ok(json!({"units": units, "rollover": rollover, "meter_id": meter_id}))
}

fn unknown(kind: &str) -> Refusal {
    let quoted: Vec<String> = KINDS.iter().map(|name| format!("'{name}'")).collect();
    let expected = quoted.join(", ");
    let msg = format!("Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}");
    let ctx = json!({"discriminator": "'type'", "tag": kind, "expected_tags": expected});
    let loc = vec![json!("body")];
    Refusal::Invalid(vec![
        Detail { kind: "union_tag_invalid", loc, msg, input: json!({"type": kind}), ctx: None }.with(ctx),
    ])
}
