//! Tokens that may do only some things (C§1.2).

use axum::http::Method;
use serde::{Deserialize, Serialize};

use super::customer_sessions::running;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// A token beside the app's own, which may do everything.
#[derive(Serialize, Deserialize)]
pub struct Token {
    pub token: String,
    scopes: Vec<String>,
}

/// What a token is to a request.
pub enum Standing {
    Allowed,
    Unknown,
    /// A customer's, for the portal alone.
    Customer,
    /// Known, but without any of these scopes.
    Lacks(Vec<String>),
}

impl State {
    /// A new token with these scopes.
    pub fn issue(&mut self, scopes: Vec<String>) -> String {
        let token = secrets::token("polar_oat_");
        self.tokens.push(Token { token: token.clone(), scopes });
        token
    }

    /// True for the tokens of the organization, whatever they may do.
    pub fn is_merchants(&self, token: &str) -> bool {
        self.identity.token == token || self.tokens.iter().any(|one| one.token == token)
    }

    /// Whether the holder of `token` may make this request.
    pub fn standing(&self, token: &str, method: &Method, path: &str) -> Standing {
        if self.identity.token == token {
            return Standing::Allowed;
        }
        let Some(found) = self.tokens.iter().find(|one| one.token == token) else {
            return if running(self, token).is_some() { Standing::Customer } else { Standing::Unknown };
        };
        let needed = needed(method, path);
        if found.scopes.iter().any(|scope| needed.contains(scope)) {
            Standing::Allowed
        } else {
            Standing::Lacks(needed)
        }
    }
}

/// Any one of these will do: reading is also allowed to those who may write.
fn needed(method: &Method, path: &str) -> Vec<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let group = match parts.as_slice() {
        ["benefit-grants", ..] => "benefits".to_owned(),
        [first, ..] => first.replace('-', "_"),
        [] => String::new(),
    };
    let (read, write) = (format!("{group}:read"), format!("{group}:write"));
    match (method, group.as_str()) {
        (&Method::GET, "orders") => vec![read],
        (&Method::GET, _) => vec![read, write],
        _ => vec![write],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_named_after_the_first_part_of_the_path() {
        assert_eq!(needed(&Method::POST, "/v1/checkouts/"), ["checkouts:write"]);
        assert_eq!(needed(&Method::GET, "/v1/customer-meters/"), ["customer_meters:read", "customer_meters:write"]);
        assert_eq!(needed(&Method::GET, "/v1/orders/1"), ["orders:read"]);
        assert_eq!(needed(&Method::GET, "/v1/benefit-grants/"), ["benefits:read", "benefits:write"]);
    }
}
