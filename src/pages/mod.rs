//! One file a page: what GET shows, and what its form does (a server function at the same address). Both are one call
//! into a service and some words.

pub mod account;
pub mod activity;
pub mod address;
pub mod billing;
pub mod buy;
pub mod confirmation;
pub mod delete;
pub mod dev_mail;
pub mod error;
pub mod export;
pub mod home;
pub mod login;
pub mod logout;
pub mod new_password;
pub mod not_found;
pub mod order;
pub mod orders;
pub mod paper;
pub mod password;
pub mod pausing;
pub mod plan_change;
pub mod pricing;
pub mod refusals;
pub mod register;
pub mod reset;
pub mod sessions;
pub mod staff;
pub mod subscription;
pub mod theme;
pub mod usage;
pub mod usage_limit;
pub mod verify;
pub mod verify_again;
