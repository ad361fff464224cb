//! One file a page: what GET shows, and what its form does (a server function at the same address). Both are one call
//! into a service and some words.

pub mod account;
pub mod billing;
pub mod buy;
pub mod confirmation;
pub mod error;
pub mod home;
pub mod login;
pub mod logout;
pub mod not_found;
pub mod order;
pub mod pricing;
pub mod refusals;
pub mod register;
pub mod staff;
pub mod studio;
pub mod theme;
