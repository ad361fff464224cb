//! What was called one thing in the file is called another in the replay: ids and tokens are made anew each time.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::journal::mask;

/// Names of the file and their twins in the replay, learnt from answers and events as they come.
#[derive(Default)]
pub struct Twins {
    ids: HashMap<String, String>,
    /// The mark of a token, and the random part of its twin.
    tokens: HashMap<String, String>,
}

impl Twins {
    /// Two names of one thing; the first that is learnt stays.
    pub fn pair(&mut self, old: &str, new: &str) {
        self.ids.entry(old.to_owned()).or_insert_with(|| new.to_owned());
    }

    /// Two texts that say the same: their ids and tokens are each other's twins, place by place.
    pub fn learn_text(&mut self, old: &str, new: &str) {
        if Uuid::parse_str(old).is_ok() && Uuid::parse_str(new).is_ok() {
            return self.pair(old, new);
        }
        let (marks, randoms) = (mask::marks(old), mask::randoms(new));
        if marks.len() == randoms.len() {
            for (mark, random) in marks.into_iter().zip(randoms) {
                self.tokens.entry(mark.to_owned()).or_insert_with(|| random.to_owned());
            }
        }
    }

    /// The same for everything in two bodies.
    pub fn learn(&mut self, old: &Value, new: &Value) {
        match (old, new) {
            (Value::String(old), Value::String(new)) => self.learn_text(old, new),
            (Value::Array(old), Value::Array(new)) => old.iter().zip(new).for_each(|(old, new)| self.learn(old, new)),
            (Value::Object(old), Value::Object(new)) => {
                old.iter()
                    .filter_map(|(key, old)| Some((old, new.get(key)?)))
                    .for_each(|(old, new)| self.learn(old, new));
            }
            _ => {}
        }
    }

    /// A text of the file with the names of the replay; what has no twin stays.
    pub fn translate(&self, text: &str) -> String {
        let mut translated = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let (taken, put) = self.next(rest);
            translated.push_str(put);
            rest = &rest[taken..];
        }
        translated
    }

    /// How much of `text` to take, and what to put in its place.
    fn next<'a>(&'a self, text: &'a str) -> (usize, &'a str) {
        let id = text.get(..36).and_then(|id| self.ids.get(id));
        if let Some(twin) = id {
            return (36, twin);
        }
        let mark = text.get(..mask::MARK).and_then(|mark| self.tokens.get(mark));
        if let Some(twin) = mark {
            return (mask::MARK, twin);
        }
        let first = text.chars().next().map_or(1, char::len_utf8);
        (first, &text[..first])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::secrets;

    #[test]
    fn ids_and_tokens_of_answers_are_found_again_in_requests() {
        let (old, new) = (secrets::id().to_string(), secrets::id().to_string());
        let (old_token, new_token) = (secrets::token("polar_c_"), secrets::token("polar_c_"));
        let mut twins = Twins::default();
        let recorded = json!({"items": [{"id": old, "url": mask::tokens(&format!("/checkout/{old_token}?x=1"))}]});
        twins.learn(&recorded, &json!({"items": [{"id": new, "url": format!("/checkout/{new_token}?x=1")}]}));
        let asked = mask::tokens(&format!("/v1/é/{old}/{old_token}/confirm"));
        assert_eq!(twins.translate(&asked), format!("/v1/é/{new}/{new_token}/confirm"));
    }
}
