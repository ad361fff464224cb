//! Polar's customer of a user: tied to them, and with their address. Only for an address that we have verified, and never
//! by taking somebody else's customer (C§2.5).

use super::{
    Error,
    syncing::{self, Unchanged, observe},
};
use crate::{
    model::budget::Urgency,
    server::{
        db::users,
        polar::{self, Client},
        state::State,
    },
};

/// What to do where Polar knows nobody with the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make a customer.
    Create,
    /// Leave it so: one comes with the first purchase.
    Leave,
}

/// Ties Polar's customer with this address to the user, if it is nobody's; `false` where there is none for them.
///
/// # Errors
/// Only failures that may pass: what Polar refuses is looked at again and left so.
pub async fn tie(state: &State, polar: &Client, user: &str, email: &str, missing: Missing) -> Result<bool, Error> {
    if known(state, polar, user).await? {
        return Ok(true);
    }
    let tied = match polar.customer_by_email(email).await? {
        Some(customer) if customer["external_id"].is_null() => {
            polar.link_customer(customer["id"].as_str().unwrap_or_default(), user).await
        }
        // Somebody else's: their customer stays theirs.
        Some(_) => return Ok(false),
        None if missing == Missing::Leave => return Ok(false),
        None => polar.create_customer(user, email).await,
    };
    match tied {
        Ok(_) | Err(polar::Error::Refused { .. } | polar::Error::NotFound) => known(state, polar, user).await,
        Err(error) => Err(error.into()),
    }
}

async fn known(state: &State, polar: &Client, user: &str) -> Result<bool, Error> {
    let Some(seen) = polar.customer_of(user).await? else { return Ok(false) };
    observe(state, "customer", &seen, Unchanged::Skip).await?;
    Ok(true)
}

/// Ties the customer of a user whose address was verified just now, and looks up what was bought with it.
///
/// # Errors
/// When Polar or the database fails.
pub async fn tie_verified(state: &State, user: &str) -> Result<(), Error> {
    let Some(email) = verified(state, user).await? else { return Ok(()) };
    let polar = state.polar.at(Urgency::Following);
    if tie(state, &polar, user, &email, Missing::Leave).await? {
        syncing::sync_user(state, user).await?;
    }
    Ok(())
}

/// Gives Polar's customer of a user the address that they have now. An address that Polar refuses, since another customer
/// has it or no mail reaches it, leaves the customer as it is: bills then go on to the earlier one.
///
/// # Errors
/// When Polar or the database fails.
pub async fn carry_address(state: &State, user: &str) -> Result<(), Error> {
    let Some(email) = verified(state, user).await? else { return Ok(()) };
    let polar = state.polar.at(Urgency::Following);
    let Some(customer) = polar.customer_of(user).await? else { return tie_verified(state, user).await };
    let has = customer.value["email"].as_str().is_some_and(|has| has.eq_ignore_ascii_case(&email));
    let id = customer.value["id"].as_str().unwrap_or_default();
    if has {
        return Ok(());
    }
    match polar.readdress_customer(id, &email).await {
        Ok(_) => tracing::info!(user_id = user, customer_id = id, "Polar has the new address"),
        Err(polar::Error::Refused { .. }) => {
            tracing::warn!(
                user_id = user,
                customer_id = id,
                "Polar does not take the new address; bills go to the old one"
            );
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn verified(state: &State, user: &str) -> Result<Option<String>, Error> {
    let user = users::by_id(&state.db, user).await?;
    Ok(user.filter(|user| user.email_verified_at.is_some()).map(|user| user.email))
}
