//! A failed check in words: of a union, what is wrong with the part that fits best.

use jsonschema::{ValidationError, error::ValidationErrorKind};

/// Characters of one complaint: some print the whole body.
const LONGEST: usize = 300;

/// Where and what, once for each thing that is wrong.
pub fn explain(error: &ValidationError<'_>) -> Vec<String> {
    let ValidationErrorKind::AnyOf { context } = error.kind() else {
        return vec![format!("{}: {error}", error.instance_path()).chars().take(LONGEST).collect()];
    };
    let parts = context.iter().map(|errors| errors.iter().flat_map(explain).collect::<Vec<_>>());
    // Of another kind (its `type` is not the constant) is worse than lacking a field or two.
    let misfit = |wrong: &Vec<String>| {
        let other = wrong.iter().filter(|text| text.contains(" was expected") || text.contains(" is not of type"));
        wrong.len() + 10 * other.count()
    };
    parts.min_by_key(misfit).unwrap_or_default()
}
