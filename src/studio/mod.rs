//! The product of this shop, small and whole: QR codes of whatever somebody types, as SVG, made on the server. Each code is one
//! unit of the meter `codes`, and a sheet of many is for those whose plan has the studio.
//!
//! This folder is what you replace by your own. Everything else names it only in lines marked `// the studio`, and
//! `scripts/without-studio` shows that what is left without it is a working app.

pub mod codes;
mod desk;
pub mod http;
pub mod making;
pub mod page;
pub mod sheet;
mod svg;
mod texts;
mod words;

/// The meter in `plans.toml` of which each code uses one unit.
pub const METER: &str = "codes";
