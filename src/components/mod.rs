//! Pieces of markup that pages share.

pub mod form;
pub mod layout;
pub mod page;
pub mod theme;
