//! Making codes: each is stored and spent in one transaction, so that nothing is paid for that is not there, and nothing is
//! there that was not paid for.

use super::{
    METER,
    codes::{self, Code},
};
use crate::{
    model::usage::{Balance, Use},
    server::{
        db::{self, Tx, users},
        services::{
            Error,
            usage::{self, Spent},
        },
        state::State,
    },
};
use serde_json::json;
use uuid::Uuid;

/// What became of a wish for codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// They are there; also when the same form was sent before.
    Done,
    /// Fewer are left than were asked for, and none was made.
    NotEnough(Balance),
    /// It cannot be said now whether they may, in one sentence; none was made.
    Unknown(&'static str),
    /// An id is that of a code of somebody else, or whoever asks has just left; none was made.
    Nobodys,
}

/// The id that a form carries; another one where that is none of ours.
#[must_use]
pub fn id_of(form: &str) -> Uuid {
    let minted = Uuid::parse_str(form).ok().filter(|id| id.get_version_num() == 7);
    minted.unwrap_or_else(Uuid::now_v7)
}

/// The id of a code, by its place among those of one form.
#[must_use]
pub fn nth(first: Uuid, place: usize) -> String {
    Uuid::from_u128(first.as_u128().wrapping_add(place as u128)).to_string()
}

/// Makes a code of each text, all or none. The ids begin at `first`: the same form sent again makes nothing more.
///
/// # Errors
/// When the database fails.
pub async fn make(state: &State, user: &str, first: Uuid, texts: &[String]) -> Result<Made, Error> {
    let mut tx = state.db.begin().await?;
    users::lock(&mut tx, user).await?;
    if users::by_id(&mut tx, user).await?.is_none() {
        return Ok(Made::Nobodys);
    }
    for (place, text) in texts.iter().enumerate() {
        let (id, created_at) = (nth(first, place), state.clock.wall());
        let made = make_one(&mut tx, state, user, Code { id, text: text.clone(), created_at }).await?;
        if made != Made::Done {
            // What is unknown is looked up again by a job, which is to stay; what was made before it is not.
            if place == 0 {
                tx.commit().await?;
            }
            return Ok(made);
        }
    }
    tx.commit().await?;
    Ok(Made::Done)
}

async fn make_one(tx: &mut Tx, state: &State, user: &str, code: Code) -> Result<Made, db::Error> {
    if let Some(owner) = codes::owner(&mut *tx, &code.id).await? {
        return Ok(if owner == user { Made::Done } else { Made::Nobodys });
    }
    let use_ = Use { meter: METER.to_owned(), amount: 1, key: code.id.clone(), properties: json!({}) };
    match usage::spend_in(tx, state, user, &use_).await? {
        Spent::NotEnough(balance) => return Ok(Made::NotEnough(balance)),
        Spent::Unknown(why) => return Ok(Made::Unknown(why)),
        Spent::Done => {}
    }
    Ok(if codes::add(tx, user, &code).await? { Made::Done } else { Made::Nobodys })
}

/// A code of somebody's; `None` where it is not theirs, or none.
///
/// # Errors
/// When the database fails.
pub async fn one(state: &State, user: &str, id: &str) -> Result<Option<Code>, Error> {
    Ok(codes::between(&state.db, user, id, id).await?.pop())
}
