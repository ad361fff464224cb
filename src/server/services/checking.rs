//! `boreal check`: what is wrong, in sentences that say what to do.

use super::{Error, binding, watching};
use crate::{
    model::{catalog::Offers, plan::Plan, projection::Kind},
    server::{mail::Mailer, polar, state::State},
};

/// What is wrong with Polar as this server sees it; empty when all is well.
///
/// # Errors
/// When the database fails.
pub async fn findings(state: &State) -> Result<Vec<String>, Error> {
    let mut found = Vec::from_iter(mail(&state.mail).await);
    match binding::look(state).await {
        Ok(mismatch) => found.extend(mismatch),
        Err(Error::Polar(error)) => {
            found.push(unreachable(&error, "organizations:read"));
            return Ok(found);
        }
        Err(error) => return Err(error),
    }
    found.extend(clock(state).await);
    found.extend(organization(state).await);
    found.extend(webhooks(state).await);
    found.extend(products(state).await);
    Ok(found)
}

/// What to do about a Polar that does not do what was asked with this scope.
pub fn unreachable(error: &polar::Error, scope: &str) -> String {
    match error {
        polar::Error::Unauthorized => {
            "Polar does not accept POLAR_ACCESS_TOKEN: it is wrong, expired, or of the other \
                                       environment (production or sandbox). Make a new one in Polar's settings."
                .to_owned()
        }
        polar::Error::MissingScope => {
            format!("POLAR_ACCESS_TOKEN lacks the scope {scope}; the README lists every scope.")
        }
        polar::Error::Limited { .. } | polar::Error::Failed(_) => format!("{error}: try again in a minute."),
        error => format!("{error}: check POLAR_API_BASE and this machine's network."),
    }
}

/// What is wrong with the way of mail.
pub async fn mail(mailer: &Mailer) -> Option<String> {
    if mailer.is_nowhere() {
        return Some(
            "BOREAL_SMTP_URL is missing: mail waits, so nobody can confirm an address or choose another password. Set it \
             and BOREAL_MAIL_FROM."
                .to_owned(),
        );
    }
    let why = mailer.reach().await.err()?;
    Some(format!(
        "The mail server of BOREAL_SMTP_URL: {why}. Check its address, name and password, and this machine's network."
    ))
}

async fn clock(state: &State) -> Option<String> {
    match state.polar.clock_skew().await {
        Ok(skew) if skew.abs() > polar::MOST_SKEW => Some(format!(
            "This machine's clock is {} seconds {} Polar's: webhooks more than five minutes off are refused. Set the \
             clock, for example with systemd-timesyncd.",
            skew.abs() / 1000,
            if skew > 0 { "ahead of" } else { "behind" }
        )),
        Ok(_) => None,
        Err(error) => Some(unreachable(&error, "organizations:read")),
    }
}

async fn organization(state: &State) -> Option<String> {
    match state.polar.organization().await {
        Ok(organization) => several_subscriptions(&organization),
        Err(error) => Some(unreachable(&error, "organizations:read")),
    }
}

/// With several allowed, one customer can pay twice for what we sell once.
fn several_subscriptions(organization: &polar::Organization) -> Option<String> {
    let allowed = organization.subscription_settings.is_some_and(|settings| settings.allow_multiple_subscriptions);
    allowed.then(|| {
        "The organization lets one customer have several subscriptions, so somebody could pay twice: switch multiple \
         subscriptions off in Polar's settings, under Subscriptions."
            .to_owned()
    })
}

async fn webhooks(state: &State) -> Vec<String> {
    match watching::problems(state).await {
        Ok(problems) => problems.iter().map(watching::Problem::sentence).collect(),
        Err(Error::Polar(error)) => vec![unreachable(&error, "webhooks:read")],
        Err(error) => vec![error.to_string()],
    }
}

async fn products(state: &State) -> Vec<String> {
    let products = match state.polar.objects(Kind::Product, &[]).await {
        Ok(products) => products,
        Err(error) => return vec![unreachable(&error, "products:read")],
    };
    let facts = products.iter().filter_map(|seen| {
        let id = seen.value["id"].as_str()?.to_owned();
        Some((id, serde_json::from_value(seen.value.clone()).ok()?))
    });
    let offers = Offers::join(&state.plans, &facts.collect::<Vec<_>>(), &state.known.currency());
    let without = |plan: &&Plan| !plan.is_free() && offers.of(&plan.slug).next().is_none();
    (state.plans.shown().filter(without))
        .map(|plan| {
            format!(
                "The plan {} has no product at Polar that can be sold: `boreal polar push` makes it, or give a public product \
                 with one fixed price the metadata plan = \"{}\".",
                plan.name, plan.slug
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_to_do_depends_on_what_polar_said() {
        let said = |error| unreachable(&error, "products:write");
        assert!(said(polar::Error::MissingScope).contains("lacks the scope products:write"));
        assert!(said(polar::Error::Unauthorized).contains("expired"));
        assert!(said(polar::Error::Limited { retry_after: std::time::Duration::ZERO }).contains("in a minute"));
        assert!(said(polar::Error::NoAnswer).contains("POLAR_API_BASE"));
    }

    #[test]
    fn several_subscriptions_must_not_be_allowed() {
        let said = |settings| {
            let organization = json!({"id": "o", "slug": "s", "name": "n", "subscription_settings": settings});
            several_subscriptions(&serde_json::from_value(organization).expect("an organization"))
        };
        assert!(said(json!({"allow_multiple_subscriptions": true})).expect("a sentence").contains("pay twice"));
        assert_eq!(said(json!({"allow_multiple_subscriptions": false})), None);
        assert_eq!(said(json!(null)), None);
    }
}
