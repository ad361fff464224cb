//! The integration binary: the real server and the sandbox over HTTP.

fn main() {}
