//! Table `studio_codes`: what somebody made codes of.

use crate::{
    model::instant::Millis,
    server::db::{Reader, Result, Tx},
};
use serde::Serialize;

/// One code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// Minted by the form: sent twice, it is the same code.
    pub id: String,
    /// What it holds.
    pub text: String,
    /// Wall time.
    pub created_at: Millis,
}

type Columns = (String, String, Millis);

fn code((id, text, created_at): Columns) -> Code {
    Code { id, text, created_at }
}

/// Whose code this is; `None` where there is none.
pub async fn owner<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<String>> {
    let select = "SELECT user_id FROM studio_codes WHERE id = $1";
    Ok(on.read(select).bind(id).optional::<(String,)>().await?.map(|row| row.0))
}

/// Keeps a code; `false` if there is one with this id.
pub async fn add(tx: &mut Tx, user: &str, code: &Code) -> Result<bool> {
    let insert = "INSERT INTO studio_codes (id, user_id, text, created_at) VALUES ($1, $2, $3, $4)
                  ON CONFLICT (id) DO NOTHING";
    Ok(tx.sql(insert).bind(&code.id).bind(user).bind(&code.text).bind(code.created_at).execute().await? == 1)
}

/// Somebody's codes with these ids and those between them, in the order of their ids.
pub async fn between<'c>(on: impl Reader<'c>, user: &str, first: &str, last: &str) -> Result<Vec<Code>> {
    let select = "SELECT id, text, created_at FROM studio_codes
                  WHERE user_id = $1 AND id >= $2 AND id <= $3 ORDER BY id";
    Ok(on.read(select).bind(user).bind(first).bind(last).all().await?.into_iter().map(code).collect())
}

/// Somebody's newest codes, at most so many.
pub async fn newest<'c>(on: impl Reader<'c>, user: &str, many: i64) -> Result<Vec<Code>> {
    let select = "SELECT id, text, created_at FROM studio_codes WHERE user_id = $1
                  ORDER BY created_at DESC, id DESC LIMIT $2";
    Ok(on.read(select).bind(user).bind(many).all().await?.into_iter().map(code).collect())
}

/// Forgets every code of somebody who leaves.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM studio_codes WHERE user_id = $1").bind(user).execute().await.map(drop)
}
