//! How Polar says no where its description is silent (C§1.3, C§1.4).

use serde_json::{Map, Value, json};

/// Errors of the domain that no description of an operation lists, by their status.
const UNDESCRIBED: [(&str, &[&str]); 9] = [
    (
        "400",
        &[
            "BadRequest",
            "NotASeatBasedSubscription",
            "NotAUnitBasedSubscription",
            "RevokeSubscriptionBenefitsProhibited",
        ],
    ),
    (
        "403",
        &[
            "PauseResumeNotAllowed",
            "RefundDisputedPayment",
            "RefundsBlocked",
            "UpdateSubscriptionPlanNotAllowed",
            "UpdateSubscriptionSeatsNotAllowed",
        ],
    ),
    ("404", &["InvoiceDoesNotExist", "ReceiptNotAllocated", "RefundUnknownPayment"]),
    ("409", &["CannotPauseSubscription", "CheckoutCustomerDeleted", "NoScheduledPause", "NotPausedSubscription"]),
    ("410", &["ExpiredCheckoutError", "ResourceUnavailable"]),
    ("411", &["LengthRequired"]),
    ("413", &["RequestBodyTooLarge"]),
    ("422", &["CheckoutCustomerExternalIdMismatch", "MissingInvoiceBillingDetails"]),
    // The sandbox's own word for what it does not imitate.
    ("501", &["NotImitated"]),
];

/// What any request may be answered with this status.
pub fn always(status: &str) -> Vec<Value> {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let oauth = || texts(&["error", "error_description"]);
    let mut allowed = match status {
        "307" | "429" => vec![json!({"type": "null"})],
        "401" => vec![reference("Unauthorized"), oauth()],
        "403" => vec![oauth()],
        "404" => vec![reference("ResourceNotFound"), texts(&["detail"])],
        "405" => vec![texts(&["detail"])],
        "422" => vec![reference("HTTPValidationError")],
        _ => vec![],
    };
    if let Some((_, names)) = UNDESCRIBED.iter().find(|(known, _)| *known == status) {
        let mut domain = texts(&["error", "detail"]);
        domain["properties"]["error"] = json!({"enum": names});
        allowed.push(domain);
    }
    allowed
}

/// An object of these texts and nothing else.
fn texts(keys: &[&str]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "properties": properties, "required": keys, "additionalProperties": false})
}
