//! What of a discount stays as it was made: its type and duration for ever, its worth once somebody has it.

use serde_json::{Value, json};

use super::body::Fields;
use super::discounts::{Discount, Worth};
use super::refusal::Refusal;

const REDEEMED: &str = "This field cannot be changed because the discount has already been redeemed.";

/// Refuses a change of what must stay.
///
/// # Errors
/// 422 with the first such field.
pub fn check(before: &Discount, after: &Discount, fields: &mut Fields<'_>) -> Result<(), Refusal> {
    if after.duration != before.duration {
        return Err(Refusal::field("duration", "Duration cannot be changed.", json!(after.duration)));
    }
    if let Some(kind) = fields.text("type").filter(|kind| *kind != before.kind) {
        return Err(Refusal::field("type", "Type cannot be changed.", json!(kind)));
    }
    if before.redemptions_count == 0 {
        return Ok(());
    }
    let (was, is) = (worth(before), worth(after));
    if was.1 != is.1 {
        return Err(Refusal::field(was.0, REDEEMED, was.1));
    }
    if after.duration_in_months != before.duration_in_months {
        return Err(Refusal::field("duration_in_months", REDEEMED, json!(before.duration_in_months)));
    }
    Ok(())
}

fn worth(one: &Discount) -> (&'static str, Value) {
    match &one.worth {
        Worth::Percentage { basis_points } => ("basis_points", json!(basis_points)),
        Worth::Fixed { amounts, .. } => ("amounts", json!(amounts)),
    }
}
