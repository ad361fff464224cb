//! Whose id is whose: the recorded ids, secrets and tokens, and ours in their place.

use std::collections::HashMap;

use serde_json::Value;

use super::shape::kind;

/// Lists in no order of their own: grants come by the ids of their benefits, the items of a bill as they are read
/// (webhooks 0108, 0110). Their entries are told apart by this field.
const UNORDERED: [(&str, &str); 2] = [("granted_benefits", "benefit_id"), ("items", "product_price_id")];

/// What the recording calls something, and what we call it.
#[derive(Default)]
pub struct Names {
    ours: HashMap<String, String>,
}

impl Names {
    /// These two are the same thing.
    pub fn set(&mut self, theirs: &str, ours: &str) {
        self.ours.insert(theirs.to_owned(), ours.to_owned());
    }

    /// Puts the unordered lists of our answer in the order of the recording, as far as its names are known.
    pub fn align(&self, theirs: &Value, ours: &mut Value) {
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                let is_page = theirs.contains_key("pagination");
                for (key, theirs) in theirs {
                    let Some(ours) = ours.get_mut(key) else { continue };
                    self.align(theirs, ours);
                    let field = UNORDERED.iter().find(|(list, _)| list == key && !is_page);
                    if let (Some((_, field)), Some(theirs), Some(ours)) =
                        (field, theirs.as_array(), ours.as_array_mut())
                    {
                        let order: Vec<String> =
                            theirs.iter().map(|one| self.translate(one[*field].as_str().unwrap_or_default())).collect();
                        ours.sort_by_key(|one| order.iter().position(|id| one[*field] == *id));
                    }
                }
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                theirs.iter().zip(ours).for_each(|(theirs, ours)| self.align(theirs, ours));
            }
            _ => {}
        }
    }

    /// Walks an answer beside its recording; what stands for something of ours already stays.
    pub fn learn(&mut self, theirs: &Value, ours: &Value) {
        match (theirs, ours) {
            (Value::Object(one), Value::Object(other)) => {
                for (key, theirs) in one {
                    if let Some(ours) = other.get(key) {
                        self.learn(theirs, ours);
                    }
                }
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                one.iter().zip(other).for_each(|(theirs, ours)| self.learn(theirs, ours));
            }
            (Value::String(one), Value::String(other)) if is_name(theirs) && is_name(ours) => {
                self.ours.entry(one.clone()).or_insert_with(|| other.clone());
            }
            _ => {}
        }
    }

    /// A recorded answer with our names in it.
    pub fn translated(&self, value: &Value) -> Value {
        serde_json::from_str(&self.translate(&value.to_string())).expect("names need no escapes")
    }

    /// A recorded text with our names in it.
    pub fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (theirs, ours) in self.ours.iter().filter(|(theirs, ours)| theirs != ours) {
            if text.contains(theirs.as_str()) {
                text = text.replace(theirs.as_str(), ours);
            }
        }
        text
    }
}

fn is_name(value: &Value) -> bool {
    const TOKENS: [&str; 4] = ["polar_c_", "polar_cst_", "polar_mst_", "polar_whs_"];
    kind(value) == "an id" || value.as_str().is_some_and(|text| TOKENS.iter().any(|start| text.starts_with(start)))
}
