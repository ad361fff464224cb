//! What kinds of features there are. [`super::features`] holds a type for each that `plans.toml` names, made when the program
//! is built: a name that is not there does not compile, nor does a limit where a switch is asked for.
//!
//! ```no_run
//! use boreal::{components::guarded, model::features::{Projects, Studio}, server::http::guarded::{Granted, UpTo}};
//! async fn opens(_door: Granted<Studio>, projects: UpTo<Projects>) -> String { projects.most.to_string() }
//! let page = guarded::GrantedProps::builder().feature(Studio);
//! ```
//!
//! The same with one word changed does not compile, because there is no such feature,
//! ```compile_fail
//! use boreal::{components::guarded, model::features::{Projects, Studoi}, server::http::guarded::{Granted, UpTo}};
//! async fn opens(_door: Granted<Studoi>, projects: UpTo<Projects>) -> String { projects.most.to_string() }
//! ```
//! because a limit is no switch, in a route and in a page,
//! ```compile_fail
//! use boreal::{components::guarded, model::features::{Projects, Studio}, server::http::guarded::{Granted, UpTo}};
//! async fn opens(_door: Granted<Projects>, projects: UpTo<Projects>) -> String { projects.most.to_string() }
//! ```
//! ```compile_fail
//! use boreal::{components::guarded, model::features::{Projects, Studio}, server::http::guarded::{Granted, UpTo}};
//! let page = guarded::GrantedProps::builder().feature(Projects);
//! ```
//! and because a switch has no number.
//! ```compile_fail
//! use boreal::{components::guarded, model::features::{Projects, Studio}, server::http::guarded::{Granted, UpTo}};
//! async fn opens(_door: Granted<Studio>, projects: UpTo<Studio>) -> String { projects.most.to_string() }
//! ```

/// Something that a plan opens.
pub trait Feature: Copy + Send + Sync + 'static {
    /// Its name in `plans.toml`.
    const NAME: &'static str;
}

/// A feature that is open or closed: `studio = true`.
pub trait Switch: Feature {}

/// A feature that says how many: `projects = 50`.
pub trait Limit: Feature {}
