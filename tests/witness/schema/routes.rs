//! Which operation of the description a request is.

use serde_json::Value;

/// What of ours the description does not have, each a method and a path: kept out of it by Polar, or known to no Polar.
const OURS: [(&str, &str); 1] = [("POST", "/v1/subscriptions/{id}/change-preview")];

/// Whose a request is.
pub enum Route<'a> {
    /// The operation of the description.
    Polars(&'a Value),
    /// Outside of the API, or listed as none of the description's.
    Ours,
    /// Neither: the answer says that there is no such thing.
    Unknown,
}

/// Finds what answers this request.
pub fn find<'a>(description: &'a Value, method: &str, path: &str) -> Route<'a> {
    if !path.starts_with("/v1/") || OURS.iter().any(|(verb, known)| *verb == method && fits(known, path)) {
        return Route::Ours;
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
