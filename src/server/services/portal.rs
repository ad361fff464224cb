//! The way to Polar's customer portal: a key made on click, handed on, never stored or logged (C§6).

use super::{Error, accounts::Asking, binding};
use crate::server::{
    db::{self, audit, mirror},
    polar,
    state::State,
};

/// Where "Manage billing" leads.
pub enum Portal {
    /// Straight in. The address is a key: it goes into the answer's Location and nowhere else.
    Signed(String),
    /// The user has no customer of their own at Polar: the public portal, which mails a code.
    Public {
        /// Its address, if the organization is known.
        address: Option<String>,
        /// One sentence.
        why: &'static str,
    },
    /// Polar does not answer now.
    Down,
}

/// Makes a way into the portal for somebody who asks for it, and writes down that they were let in.
///
/// # Errors
/// When the database fails.
pub async fn enter(state: &State, asking: Asking<'_>) -> Result<Portal, Error> {
    let portal = open(state, asking.user).await?;
    if matches!(portal, Portal::Signed(_)) {
        let (actor, ip) = (Some(asking.user), asking.from.to_string());
        let (action, ip) = ("portal opened", Some(ip.as_str()));
        let entry = audit::Entry { actor, action, user: actor, target: None, details: None, ip };
        let noted: Result<i64, db::Error> =
            (state.db).transaction(async |tx| audit::add(tx, entry, state.clock.wall()).await).await;
        noted?;
    }
    Ok(portal)
}

/// Makes a way into the portal for `user`.
///
/// # Errors
/// When the database fails.
pub async fn open(state: &State, user: &str) -> Result<Portal, Error> {
    if mirror::holds_foreign(&state.db, user).await? {
        return public(state, "Your purchases and somebody else's share one customer record at Polar.").await;
    }
    let back = format!("{}/account", state.config.origin());
    match state.polar.create_session(user, &back).await {
        Ok(session) => Ok(Portal::Signed(session.customer_portal_url)),
        Err(error) if error.is_invalid() || matches!(error, polar::Error::NotFound) => {
            public(state, "There is no customer record at Polar under your account yet.").await
        }
        Err(error) => {
            tracing::warn!(user_id = user, error = %error, "no customer session");
            Ok(Portal::Down)
        }
    }
}

async fn public(state: &State, why: &'static str) -> Result<Portal, Error> {
    let bound = binding::get(state).await?;
    let address = bound.map(|bound| format!("{}/{}/portal", web_of(&bound.api_base), bound.organization_slug));
    Ok(Portal::Public { address, why })
}

/// Polar's pages stand on the API's host without its `api` (C§1.1); the built-in sandbox has one host for both.
fn web_of(api_base: &str) -> String {
    api_base.replace("://sandbox-api.", "://sandbox.").replace("://api.", "://")
}

#[cfg(test)]
mod tests {
    use super::web_of;

    #[test]
    fn the_pages_of_each_polar() {
        assert_eq!(web_of("https://api.polar.sh"), "https://polar.sh");
        assert_eq!(web_of("https://sandbox-api.polar.sh"), "https://sandbox.polar.sh");
        assert_eq!(web_of("http://localhost:3010"), "http://localhost:3010");
    }
}
