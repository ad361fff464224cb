//! Writes one type for each feature that `plans.toml` names, so that code which asks for a feature that is not there does
//! not compile. `src/model/features.rs` takes them in.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=plans.toml");
    #[cfg(feature = "ssr")]
    features::write();
}

#[cfg(feature = "ssr")]
mod features {
    use std::{collections::BTreeMap, env, fs, path::Path};
    use toml::{Table, Value};

    const FILE: &str = "plans.toml";

    pub fn write() {
        let text = fs::read_to_string(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        let file: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        let code = code(&file).unwrap_or_else(|mistake| panic!("{FILE}: {mistake}"));
        let folder = env::var("OUT_DIR").expect("cargo names a folder");
        fs::write(Path::new(&folder).join("features.rs"), code).expect("cargo's folder can be written to");
    }

    /// The kind of each feature: the trait of its type.
    fn kinds(file: &Table) -> Result<BTreeMap<&str, &'static str>, String> {
        let mut kinds = BTreeMap::new();
        let plans = file.get("plan").and_then(Value::as_array).into_iter().flatten();
        for (name, value) in plans.filter_map(|plan| plan.get("features")?.as_table()).flatten() {
            let kind = match value {
                Value::Boolean(_) => "Switch",
                Value::Integer(_) => "Limit",
                _ => return Err(format!("the feature {name:?} is neither true nor a whole number")),
            };
            if kinds.insert(name.as_str(), kind).is_some_and(|other| other != kind) {
                return Err(format!("the feature {name:?} is true in one plan and a number in another"));
            }
        }
        Ok(kinds)
    }

    fn code(file: &Table) -> Result<String, String> {
        let (mut code, mut listed, mut known) = (String::new(), String::new(), BTreeMap::new());
        for (name, kind) in kinds(file)? {
            let named = type_name(name)
                .ok_or(format!("the feature {name:?} must begin with a letter, and be letters, digits, - and _"))?;
            if let Some(other) = known.insert(named.clone(), name) {
                return Err(format!("the features {other:?} and {name:?} are too much alike"));
            }
            let words = file.get("feature").and_then(|all| all.get(name)?.get("name")?.as_str()).unwrap_or(name);
            let doc = format!("{words}: the {} `{name}` of `plans.toml`.", kind.to_lowercase());
            code += &format!(
                "#[doc = {doc:?}]\n#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub struct {named};\n\
                 impl crate::model::feature::Feature for {named} {{ const NAME: &'static str = {name:?}; }}\n\
                 impl crate::model::feature::{kind} for {named} {{}}\n"
            );
            listed += &format!("({name:?}, {}), ", kind == "Limit");
        }
        Ok(format!("{code}const BUILT_WITH: &[(&str, bool)] = &[{listed}];\n"))
    }

    /// `exports-a-month` is `ExportsAMonth`.
    fn type_name(feature: &str) -> Option<String> {
        let fits = feature.starts_with(|first: char| first.is_ascii_alphabetic())
            && feature.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        let words = feature.split(['-', '_']).filter_map(|word| Some((word.chars().next()?, word.get(1..)?)));
        fits.then(|| words.map(|(first, rest)| format!("{}{rest}", first.to_ascii_uppercase())).collect())
    }
}
