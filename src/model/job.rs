//! The kinds of jobs and their keys.

use super::projection::Kind;

/// Look at the checkout of one of our orders; the key is the order's id.
pub const SYNC_CHECKOUT: &str = "sync_checkout";

/// Read one object of the mirror; the key is [`object_key`].
pub const READ_OBJECT: &str = "read_object";

/// Look up everything of one user at Polar; the key is the user's id.
pub const SYNC_USER: &str = "sync_user";

/// Tie Polar's customer with a user's verified address to the user; the key is the user's id.
pub const TIE_CUSTOMER: &str = "tie_customer";

/// Give Polar's customer of a user the user's address; the key is the user's id.
pub const CARRY_ADDRESS: &str = "carry_address";

/// `subscription:<id>`.
#[must_use]
pub fn object_key(kind: Kind, id: &str) -> String {
    format!("{}:{id}", kind.stored())
}

/// Reads what [`object_key`] wrote.
#[must_use]
pub fn object_of_key(key: &str) -> Option<(Kind, &str)> {
    let (kind, id) = key.split_once(':')?;
    Some((Kind::of_stored(kind)?, id))
}
