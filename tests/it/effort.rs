//! How much of a long proof is done: `make test` does a part of it, `make prove` all.

/// `all` in `make prove` (`EFFORT=full`), else `part`.
pub fn effort<T>(part: T, all: T) -> T {
    match std::env::var("EFFORT").as_deref() {
        Ok("full") => all,
        Ok("part") | Err(_) => part,
        Ok(other) => panic!("EFFORT is part or full, not {other}"),
    }
}
