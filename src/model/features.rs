//! A type for each feature that `plans.toml` named when the program was built: see [`super::feature`]. `build.rs` wrote them.

use super::plan::{Plans, Value};

include!(concat!(env!("OUT_DIR"), "/features.rs"));

/// Why a program that was built with other plans cannot serve these: one sentence a mistake. What these leave out is no
/// mistake: then no plan opens it.
#[must_use]
pub fn contradictions(plans: &Plans) -> Vec<String> {
    let stands = |name: &str, limit: bool| {
        let mut values = plans.iter().filter_map(|plan| plan.features.get(name));
        values.all(|value| matches!(value, Value::Limit(_)) == limit)
    };
    let word = |limit: bool| if limit { "a number" } else { "true or false" };
    let wrong = BUILT_WITH.iter().filter(|(name, limit)| !stands(name, *limit));
    wrong
        .map(|(name, limit)| {
            let was = word(*limit);
            format!(
                "plans.toml: the feature {name:?} was {was} when this program was built. Build it again with this file."
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::feature::{Feature, Limit, Switch};

    #[test]
    fn every_feature_of_the_file_has_a_type_of_its_kind() {
        let plans = Plans::parse(include_str!("../../plans.toml")).unwrap();
        assert_eq!(BUILT_WITH.iter().map(|(name, _)| *name).collect::<Vec<_>>(), plans.features());
        fn switch<F: Switch>(_: F) -> (&'static str, bool) {
            (F::NAME, false)
        }
        fn limit<F: Limit>(_: F) -> (&'static str, bool) {
            (F::NAME, true)
        }
        assert_eq!(BUILT_WITH, [switch(Exports), limit(Projects), switch(Sharing), switch(Studio)]);
        assert_eq!(<Studio as Feature>::NAME, "studio");
        assert!(contradictions(&plans).is_empty());
    }

    #[test]
    fn plans_that_the_program_was_not_built_for_are_refused() {
        let other = |features: &str| {
            let text = format!("[[plan]]\nslug='a'\nname='A'\nrank=1\n[plan.features]\n{features}");
            contradictions(&Plans::parse(&text).unwrap())
        };
        assert_eq!(
            other("projects = 7\nrockets = true").len(),
            0,
            "one may sell less, and more than there is code for"
        );
        assert!(other("studio = 7")[0].contains("\"studio\" was true or false"));
        assert!(other("projects = true")[0].contains("\"projects\" was a number"));
    }
}
