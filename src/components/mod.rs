//! Pieces of markup that pages share.

pub mod account;
pub mod activity;
pub mod beyond;
pub mod changed;
pub mod chart;
pub mod comparison;
pub mod follow;
pub mod form;
pub mod guarded;
pub mod layout;
pub mod losses;
pub mod page;
pub mod plans;
pub mod quote;
pub mod staff;
pub mod stage;
pub mod switching;
pub mod theme;
pub mod timeline;
pub mod usage;
