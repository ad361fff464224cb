//! Which operation of the description a request is.

use serde_json::Value;

/// Operations that Polar keeps out of its description: a method, a path, and the schema of the answer, which is in it (the
/// preview of a change has that of a charge: http/115).
const UNLISTED: [(&str, &str, &str); 3] = [
    ("POST", "/v1/subscriptions/{id}/change-preview", "SubscriptionChargePreview"),
    ("GET", "/v1/subscriptions/{id}/charge-preview", "SubscriptionChargePreview"),
    ("GET", "/v1/subscriptions/{id}/cancel-preview", "SubscriptionCancelPreview"),
];

/// Whose a request is.
pub enum Route<'a> {
    /// The operation of the description.
    Polars(&'a Value),
    /// None of the description's, whose answer has this schema.
    Unlisted(&'static str),
    /// Outside of the API.
    Elsewhere,
    /// Neither: the answer says that there is no such thing.
    Unknown,
}

/// Finds what answers this request.
pub fn find<'a>(description: &'a Value, method: &str, path: &str) -> Route<'a> {
    if !path.starts_with("/v1/") {
        return Route::Elsewhere;
    }
    if let Some((_, _, schema)) = UNLISTED.iter().find(|(verb, known, _)| *verb == method && fits(known, path)) {
        return Route::Unlisted(schema);
    }
    let paths = description["paths"].as_object().expect("the description has paths");
    let fitting = paths.iter().filter(|(known, _)| fits(known, path));
    // `/external/{id}` is meant before `/{id}/state`, and words before any placeholder.
    let best = fitting.min_by_key(|(known, _)| known.matches('{').count());
    let operation = best.and_then(|(_, methods)| methods.get(method.to_ascii_lowercase()));
    operation.map_or(Route::Unknown, Route::Polars)
}

fn fits(known: &str, path: &str) -> bool {
    let (known, path): (Vec<&str>, Vec<&str>) = (known.split('/').collect(), path.split('/').collect());
    let same = |(known, given): (&&str, &&str)| known == given || (known.starts_with('{') && !given.is_empty());
    known.len() == path.len() && known.iter().zip(&path).all(same)
}
