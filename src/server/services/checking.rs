//! `boreal check`: what is wrong, in sentences that say what to do.

use super::{Error, binding};
use crate::{
    model::{catalog::Offers, plan::Plan, projection::Kind},
    server::{polar, state::State},
};

/// What is wrong with Polar as this server sees it; empty when all is well.
///
/// # Errors
/// When the database fails.
pub async fn findings(state: &State) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    match binding::look(state).await {
        Ok(mismatch) => found.extend(mismatch),
        Err(Error::Polar(error)) => return Ok(vec![unreachable(&error)]),
        Err(error) => return Err(error),
    }
    found.extend(clock(state).await);
    found.extend(products(state).await);
    Ok(found)
}

/// What to do about a Polar that cannot be asked.
pub fn unreachable(error: &polar::Error) -> String {
    match error {
        polar::Error::Unauthorized => {
            "Polar does not accept POLAR_ACCESS_TOKEN: it is wrong, expired, or of the other \
                                       environment (production or sandbox). Make a new one in Polar's settings."
                .to_owned()
        }
        polar::Error::MissingScope => {
            "POLAR_ACCESS_TOKEN lacks the scope organizations:read; the README lists every scope.".to_owned()
        }
        error => format!("{error}: check POLAR_API_BASE and this machine's network."),
    }
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
        Err(error) => Some(unreachable(&error)),
    }
}

async fn products(state: &State) -> Vec<String> {
    let products = match state.polar.objects(Kind::Product, &[]).await {
        Ok(products) => products,
        Err(polar::Error::MissingScope) => {
            return vec!["POLAR_ACCESS_TOKEN lacks the scope products:read; the README lists every scope.".to_owned()];
        }
        Err(error) => return vec![unreachable(&error)],
    };
    let facts = products.iter().filter_map(|seen| {
        let id = seen.value["id"].as_str()?.to_owned();
        Some((id, serde_json::from_value(seen.value.clone()).ok()?))
    });
    let offers = Offers::join(&state.plans, &facts.collect::<Vec<_>>(), &state.known.currency());
    let without = |plan: &&Plan| !plan.is_free() && offers.of(&plan.slug).next().is_none();
    (state.plans.iter().filter(without))
        .map(|plan| {
            format!(
                "The plan {} has no product at Polar that can be sold: give a public product with one fixed price the \
                 metadata plan = \"{}\".",
                plan.name, plan.slug
            )
        })
        .collect()
}
