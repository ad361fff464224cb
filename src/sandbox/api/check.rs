//! The checks behind the fields: ids, e-mail addresses, URLs and metadata, with Polar's words.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::refusal::Detail;

/// Names that are reserved for examples and tests: nothing there receives mail.
const RESERVED: [&str; 4] = ["test", "invalid", "localhost", "example"];

/// A UUID, or an entry at `loc`.
pub fn uuid(text: &str, loc: &[&str]) -> Result<Uuid, Detail> {
    text.parse::<Uuid>().map_err(|error| {
        let stray = text.chars().position(|letter| !letter.is_ascii_hexdigit() && letter != '-');
        let error = match stray.and_then(|place| Some((place, text.chars().nth(place)?))) {
            Some((place, letter)) => format!("invalid character: found `{letter}` at {}", place + 1),
            None => error.to_string(),
        };
        Detail {
            kind: "uuid_parsing",
            loc: loc.iter().map(|part| json!(part)).collect(),
            msg: format!("Input should be a valid UUID, {error}"),
            input: json!(text),
            ctx: Some(Box::new(json!({"error": error}))),
        }
    })
}

/// An e-mail address. There is no DNS here: malformed ones and reserved domains are refused with http/036's words.
pub fn email(text: &str, field: &str) -> Result<String, Detail> {
    let malformed = |reason: &str| {
        let msg = format!("value is not a valid email address: {reason}");
        Detail::body("value_error", field, msg, json!(text)).with(json!({"reason": reason}))
    };
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(malformed("An email address must have an @-sign."));
    };
    if local.is_empty() {
        return Err(malformed("There must be something before the @-sign."));
    }
    if domain.is_empty() {
        return Err(malformed("There must be something after the @-sign."));
    }
    let domain = domain.to_ascii_lowercase();
    if unreachable(&domain) {
        let reason = format!("The domain name {domain} does not exist.");
        let msg = format!("{text} is not a valid email address: {reason}");
        return Err(Detail::body("value_error", field, msg, json!(text)).with(json!({"email": text, "reason": reason})));
    }
    if !email_address::EmailAddress::is_valid(text) {
        return Err(malformed("The email address contains invalid characters."));
    }
    if !domain.contains('.') {
        return Err(malformed("The part after the @-sign is not valid. It should have a period."));
    }
    Ok(format!("{local}@{domain}"))
}

fn unreachable(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    RESERVED.contains(&top)
        || ["example.com", "example.net", "example.org"]
            .iter()
            .any(|name| domain == *name || domain.ends_with(&format!(".{name}")))
}

/// An absolute http(s) URL, as sent.
pub fn url(text: &str, field: &str) -> Result<String, Detail> {
    match url::Url::parse(text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(text.to_owned()),
        Ok(_) => Err(Detail::body("url_scheme", field, "URL scheme should be 'http' or 'https'", json!(text))
            .with(json!({"expected_schemes": "'http' or 'https'"}))),
        Err(error) => {
            let error = error.to_string();
            Err(Detail::body("url_parsing", field, format!("Input should be a valid URL, {error}"), json!(text))
                .with(json!({"error": error})))
        }
    }
}

/// What is wrong with a metadata map (C§1.3): at most 50 keys of 1–40 characters; strings of 1–500, numbers and flags.
pub fn metadata(map: &Map<String, Value>, field: &str) -> Vec<Detail> {
    let mut wrong = Vec::new();
    if map.len() > 50 {
        let msg = format!("Dictionary should have at most 50 items after validation, not {}", map.len());
        let ctx = json!({"field_type": "Dictionary", "max_length": 50, "actual_length": map.len()});
        wrong.push(Detail::body("too_long", field, msg, json!(map)).with(ctx));
    }
    for (key, value) in map {
        match key.chars().count() {
            0 => wrong.push(entry(
                "string_too_short",
                field,
                key,
                "[key]",
                "String should have at least 1 character",
                json!(key),
            )),
            1..=40 => {}
            _ => wrong.push(entry(
                "string_too_long",
                field,
                key,
                "[key]",
                "String should have at most 40 characters",
                json!(key),
            )),
        }
        wrong.extend(value_entries(field, key, value));
    }
    wrong
}

/// A value that is none of the four kinds is refused once for each kind, as a union is.
fn value_entries(field: &str, key: &str, value: &Value) -> Vec<Detail> {
    let at = |kind, variant, msg: &str| entry(kind, field, key, variant, msg, value.clone());
    match value {
        Value::Number(_) | Value::Bool(_) => Vec::new(),
        Value::String(text) => {
            let first = match text.chars().count() {
                0 => at("string_too_short", "constrained-str", "String should have at least 1 character")
                    .with(json!({"min_length": 1})),
                1..=500 => return Vec::new(),
                _ => at("string_too_long", "constrained-str", "String should have at most 500 characters")
                    .with(json!({"max_length": 500})),
            };
            vec![
                first,
                at("int_parsing", "int", "Input should be a valid integer, unable to parse string as an integer"),
                at("float_parsing", "float", "Input should be a valid number, unable to parse string as a number"),
                at("bool_parsing", "bool", "Input should be a valid boolean, unable to interpret input"),
            ]
        }
        _ => vec![
            at("string_type", "constrained-str", "Input should be a valid string"),
            at("int_type", "int", "Input should be a valid integer"),
            at("float_type", "float", "Input should be a valid number"),
            at("bool_type", "bool", "Input should be a valid boolean"),
        ],
    }
}

fn entry(kind: &'static str, field: &str, key: &str, variant: &str, msg: &str, input: Value) -> Detail {
    let loc = vec![json!("body"), json!(field), json!(key), json!(variant)];
    Detail { kind, loc, msg: msg.to_owned(), input, ctx: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_malformed_addresses_are_refused() {
        for text in ["a", "@b.de", "a@", "a b@c.de", "a@b", "a@example.com", "a@Mail.Example.ORG", "x@shop.test"] {
            assert!(email(text, "email").is_err(), "{text} passed");
        }
        assert_eq!(email("Ada@Mail.Boreal.DEV", "email").expect("fine"), "Ada@mail.boreal.dev");
        let refused = email("user1@example.com", "email").expect_err("reserved");
        assert_eq!(
            refused.msg,
            "user1@example.com is not a valid email address: The domain name example.com does not exist."
        );
    }

    #[test]
    fn a_bad_id_is_refused_in_the_words_of_the_recording() {
        let refused = uuid("xyz", &["path", "id"]).expect_err("no id");
        assert_eq!(refused.msg, "Input should be a valid UUID, invalid character: found `x` at 1");
    }

    #[test]
    fn metadata_keeps_to_its_limits() {
        let wrong = |value: Value| metadata(value.as_object().expect("a map"), "metadata").len();
        assert_eq!(wrong(json!({"a": "b", "n": 1, "f": 1.5, "t": true})), 0);
        assert_eq!(wrong(json!({"a": ""})), 4);
        assert_eq!(wrong(json!({"a": null})), 4);
        assert_eq!(wrong(json!({"a": {"b": 1}})), 4);
        assert_eq!(wrong(json!({"a": "v".repeat(501)})), 4);
        assert_eq!(wrong(json!({"k".repeat(41): 1})), 1);
    }
}
