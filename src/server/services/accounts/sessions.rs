//! Where somebody is signed in, and ending that.

use super::{
    super::super::{
        db::{self, sessions as rows},
        state::State,
    },
    Asking, note,
};
use crate::model::instant::Millis;

/// One session of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is stored under, in hexadecimal digits: names it, and opens nothing.
    pub key: String,
    /// The browser, in words.
    pub browser: String,
    /// When they signed in.
    pub started: Millis,
    /// When it was last used, to the hour.
    pub seen: Millis,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The sessions of somebody who asks in the one of key `this`: that one first, then what was used last.
///
/// # Errors
/// When the database does not answer.
pub async fn sessions(state: &State, user: &str, this: &str) -> Result<Vec<Place>, db::Error> {
    let found = rows::of_user(&state.db, user, state.clock.wall()).await?;
    let place = |row: rows::SessionRow| {
        let rows::SignIn { browser, started, seen, .. } = row.sign_in()?;
        let key = hex(&row.id_hash);
        Some(Place { is_this: key == this, key, browser, started, seen })
    };
    let mut places: Vec<Place> = found.into_iter().filter_map(place).collect();
    places.sort_by_key(|place| (!place.is_this, -place.seen));
    Ok(places)
}

/// Ends one session of theirs; false where there is none of this key.
///
/// # Errors
/// When the database does not answer.
pub async fn end_session(state: &State, asking: Asking<'_>, key: &str) -> Result<bool, db::Error> {
    let Some(key) = bytes(key) else { return Ok(false) };
    let now = state.clock.wall();
    (state.db)
        .transaction(async |tx| {
            let ended = rows::end_one(tx, asking.user, &key).await?;
            if ended {
                note(tx, asking, "session ended", now).await?;
            }
            Ok(ended)
        })
        .await
}

/// Ends all their sessions but the one of key `this`.
///
/// # Errors
/// When the database does not answer.
pub async fn end_other_sessions(state: &State, asking: Asking<'_>, this: &str) -> Result<(), db::Error> {
    let (key, now) = (bytes(this).unwrap_or_default(), state.clock.wall());
    (state.db)
        .transaction(async |tx| {
            rows::end_others(tx, asking.user, &key).await?;
            note(tx, asking, "other sessions ended", now).await
        })
        .await
}

/// The name of a stored key.
#[must_use]
pub fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let of_pair = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (hex.len() == 64).then(|| (0..64).step_by(2).map(of_pair).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_nothing_else_is_one() {
        let key: Vec<u8> = (100..132).collect();
        assert_eq!(bytes(&hex(&key)), Some(key.clone()));
        for odd in
            ["", "64", &hex(&key)[1..], &format!("{}ž", &hex(&key)[..62]), &"+1".repeat(32)[..63], &"zz".repeat(32)]
        {
            assert_eq!(bytes(odd), None, "{odd}");
        }
    }
}
