//! A Polar of our own, for trying, developing and testing without an account.
