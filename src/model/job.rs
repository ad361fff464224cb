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

/// Look whether somebody really pays for two subscriptions; the key is the user's id.
pub const CONFIRM_DOUBLES: &str = "confirm_doubles";

/// Look how a change of a subscription ended whose answer may be lost; the key is our order's id.
pub const SETTLE_CHANGE: &str = "settle_change";

/// End a subscription and pay it back, as staff decided; the key is the decision's id.
pub const END_SUBSCRIPTION: &str = "end_subscription";

/// Pay a bill back or end a subscription, as staff decided; the key is the decision's id.
pub const REMEDY: &str = "remedy";

/// Go on with somebody's leaving, or end what came after it; the key is the user's id.
pub const LEAVE: &str = "leave";

/// Make the copy of everything that is held about somebody; the key is the user's id.
pub const EXPORT: &str = "export";

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
