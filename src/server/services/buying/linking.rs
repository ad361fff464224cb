//! Tying Polar's customer to our user before the first checkout, so that purchases carry our user id (C§2.5). Only for an
//! address that we have verified; nothing here ever stops a purchase.

use super::Buyer;
use crate::{
    model::budget::Urgency,
    server::{
        polar::Error,
        services::syncing::{Unchanged, observe},
        state::State,
    },
};

/// Ties the customer if that can be done; `false` goes on unlinked.
///
/// # Errors
/// Only failures that may pass: then nothing may be made, since a linked customer might be missed.
pub async fn link(state: &State, buyer: &Buyer) -> Result<bool, super::Error> {
    let Some(email) = &buyer.verified_email else { return Ok(false) };
    if known(state, &buyer.user_id).await? {
        return Ok(true);
    }
    let tied = match state.polar.at(Urgency::Buying).customer_by_email(email).await? {
        Some(customer) if customer["external_id"].is_null() => {
            let id = customer["id"].as_str().unwrap_or_default();
            state.polar.at(Urgency::Buying).link_customer(id, &buyer.user_id).await
        }
        // Somebody else's: their customer stays theirs, and the purchase goes on unlinked.
        Some(_) => return Ok(false),
        None => state.polar.at(Urgency::Buying).create_customer(&buyer.user_id, email).await,
    };
    match tied {
        Ok(_) => known(state, &buyer.user_id).await,
        Err(Error::Refused { .. } | Error::NotFound) => known(state, &buyer.user_id).await,
        Err(error) => Err(error.into()),
    }
}

async fn known(state: &State, user: &str) -> Result<bool, super::Error> {
    let Some(seen) = state.polar.at(Urgency::Buying).customer_of(user).await? else { return Ok(false) };
    observe(state, "customer", &seen, Unchanged::Skip).await?;
    Ok(true)
}
