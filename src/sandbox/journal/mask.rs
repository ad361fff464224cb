//! Tokens and secrets leave a mark in the journal that tells them apart, and nothing by which they could be used.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sandbox::life::cards::Card;

/// Random parts of tokens are at least so long; nothing else in bodies has such a run of letters and digits.
const SHORTEST: usize = 32;
/// Begins a mark.
const SIGN: &str = "masked-";
/// Characters of a fingerprint in a mark.
const KEPT: usize = 16;
/// Characters of a mark.
pub const MARK: usize = SIGN.len() + KEPT;

/// The hexadecimal SHA-256 of `bytes`.
pub fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands in the journal for the random part of a token.
fn mark(random: &str) -> String {
    format!("{SIGN}{}", &fingerprint(random.as_bytes())[..KEPT])
}

/// A text cut where the random parts of its tokens begin and end: every second piece is one.
fn cut(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(found) = text[from..].find('_') {
        let begin = from + found + 1;
        let encoded = text[..begin].ends_with("whsec_");
        let random = |letter: char| letter.is_ascii_alphanumeric() || encoded && matches!(letter, '+' | '/' | '=');
        let length = text[begin..].find(|letter| !random(letter)).unwrap_or(text.len() - begin);
        if length >= SHORTEST {
            pieces.extend([&text[start..begin], &text[begin..begin + length]]);
            start = begin + length;
        }
        from = begin + length;
    }
    pieces.push(&text[start..]);
    pieces
}

/// The text with every token (`polar_oat_…`, `polar_c_…`, `whsec_…`) masked behind its prefix. A token has the same mark everywhere.
pub fn tokens(text: &str) -> String {
    let pieces = cut(text).into_iter().enumerate();
    pieces.map(|(place, piece)| if place % 2 == 1 { mark(piece) } else { piece.to_owned() }).collect()
}

/// The random parts of the tokens in a text that is not masked, in their order.
pub fn randoms(text: &str) -> Vec<&str> {
    cut(text).into_iter().skip(1).step_by(2).collect()
}

/// The marks in a masked text, in their order.
pub fn marks(text: &str) -> Vec<&str> {
    text.match_indices(SIGN).filter_map(|(at, _)| text.get(at..at + MARK)).collect()
}

/// A masked text with all marks alike.
pub fn blank(text: &str) -> String {
    marks(text).into_iter().fold(text.to_owned(), |blank, mark| blank.replace(mark, SIGN))
}

/// A body of the API: tokens, and the secrets that a merchant chose for an endpoint.
pub fn json(text: &str) -> String {
    let masked = tokens(text);
    if !masked.contains("\"secret\"") {
        return masked;
    }
    let Ok(mut whole) = serde_json::from_str::<Value>(&masked) else { return masked };
    secrets(&mut whole);
    whole.to_string()
}

fn secrets(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(text) if key == "secret" && !text.contains(SIGN) => *text = mark(text),
                    _ => secrets(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(secrets),
        _ => {}
    }
}

/// A form of the hosted pages: tokens, and card numbers other than those for testing.
pub fn form(text: &str) -> String {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    let shown = pairs.map(|(name, value)| {
        let own = name == "number" && !value.is_empty() && Card::of_number(&value).is_none();
        (name, if own { "0".into() } else { value })
    });
    tokens(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(shown).finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::secrets;

    #[test]
    fn tokens_are_masked_wherever_they_stand_and_the_same_one_alike() {
        let (one, two) = (secrets::token("polar_mst_"), secrets::token("polar_c_"));
        let text = format!("{{\"token\":\"{one}\",\"url\":\"http://localhost/checkout/{two}/confirm?t={one}\"}}");
        let masked = tokens(&text);
        assert!(!masked.contains(&one[10..]) && !masked.contains(&two[8..]), "{masked}");
        let (mark, other) = (format!("polar_mst_{}", mark(&one[10..])), format!("polar_c_{}", mark(&two[8..])));
        assert_eq!(masked.matches(&mark).count(), 2, "{masked}");
        assert!(masked.contains(&format!("/checkout/{other}/confirm?")), "{masked}");
        assert_eq!(randoms(&text), [&one[10..], &two[8..], &one[10..]]);
        assert_eq!(marks(&masked), [&mark[10..], &other[8..], &mark[10..]]);
        let plain = "an_external_id and 0192aa3c-8f6e-4f7b-9f5a-3c1d4f5e6a7b stay_";
        assert_eq!(tokens(plain), plain);
    }

    #[test]
    fn encoded_secrets_are_masked_whole() {
        let masked = tokens("\"whsec_ab+cd/efghijklmnopqrstuvwxyz0123456789ABC=\",");
        assert!(masked.starts_with("\"whsec_masked-") && masked.ends_with("\",") && masked.len() == 10 + MARK - 1);
    }

    #[test]
    fn chosen_secrets_are_masked_in_every_depth() {
        let masked = json("{\"items\":[{\"secret\":\"my own\",\"name\":\"n\"}],\"secret\":null}");
        let masked: Value = serde_json::from_str(&masked).expect("json");
        assert!(masked["items"][0]["secret"].as_str().expect("text").starts_with(SIGN));
        assert_eq!((&masked["items"][0]["name"], &masked["secret"]), (&Value::from("n"), &Value::Null));
    }

    #[test]
    fn only_the_numbers_of_test_cards_are_kept() {
        assert_eq!(form("number=4242+4242+4242+4242&cvc=1"), "number=4242+4242+4242+4242&cvc=1");
        assert_eq!(form("number=5555+5555+5555+4444&cvc=1"), "number=0&cvc=1");
    }
}
