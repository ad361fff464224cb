//! The pages of those who run the shop. For everybody else there are no such pages: each of them, and each of their
//! forms, asks first who is there.

mod activity;
mod cases;
mod inbox;
mod overview;
mod person;
mod polar;
mod quarantine;
mod refund;
mod refusals;
mod revoke;
mod withdraw;

pub use activity::ActsPage;
pub use cases::CasesPage;
pub use inbox::InboxPage;
pub use overview::StaffPage;
pub use person::PersonPage;
pub use polar::PolarPage;
pub use quarantine::QuarantinePage;
pub use refund::RefundPage;
pub use revoke::RevokePage;
pub use withdraw::WithdrawPage;
