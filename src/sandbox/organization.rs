//! One organization as others see it: its name, its slug, and what an app needs to talk to it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::State;

/// First parts of addresses that are no portal's.
pub const TAKEN: [&str; 4] = ["checkout", "documents", "sandbox", "v1"];

/// What a new organization shall be; all of it may be left out.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct New {
    /// Shown to buyers.
    pub name: Option<String>,
    /// Lower-case letters, digits and hyphens; made from the name if not given.
    pub slug: Option<String>,
    /// Where its webhooks go; without one its endpoint is off.
    pub webhook_url: Option<String>,
}

/// Who an organization is, with the secrets that an app needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Polar's id.
    pub id: Uuid,
    /// Shown to buyers.
    pub name: String,
    /// In the addresses of its portal and control page.
    pub slug: String,
    /// Its access token (`polar_oat_…`), the same at every start with one state file.
    pub token: String,
    /// Signs its webhooks: the HMAC key is the whole string (C§3.2).
    pub webhook_secret: String,
    /// Of its first webhook endpoint.
    pub endpoint_id: Uuid,
}

impl Organization {
    /// Who this is.
    pub fn of(state: &State) -> Self {
        let who = &state.identity;
        Self {
            id: who.organization_id,
            name: who.name.clone(),
            slug: who.slug.clone(),
            token: who.token.clone(),
            webhook_secret: state.endpoint(who.endpoint_id).map(|own| own.secret.text.clone()).unwrap_or_default(),
            endpoint_id: who.endpoint_id,
        }
    }
}

/// Lower-case letters and digits, with single hyphens for whatever else was there.
pub fn slugged(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        assert_eq!(slugged("  Café & Co. 24 "), "caf-co-24");
        assert_eq!(slugged("two-words"), "two-words");
        assert_eq!(slugged("¡!"), "");
    }
}
