//! Table `users`. Somebody who is deleted stays as a row without address, password or log-in.

use super::{Db, Reader, Result, Tx};
use crate::server::clock::Millis;

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// UUID v7, also the external id at Polar.
    pub id: String,
    /// In lower case.
    pub email: String,
    /// When the address was proved to be theirs; `None` until then.
    pub email_verified_at: Option<Millis>,
    /// `member`, `staff` or `owner`.
    pub role: String,
}

/// What a log-in is held against.
#[derive(sqlx::FromRow)]
pub struct Credentials {
    /// Whose they are.
    pub id: String,
    /// A PHC string; `None` for an account without a password.
    pub password_hash: Option<String>,
    /// When the address was proved to be theirs.
    pub email_verified_at: Option<Millis>,
}

/// Somebody with an account, and what their password is held against.
#[derive(sqlx::FromRow)]
pub struct Holder {
    /// Who they are.
    #[sqlx(flatten)]
    pub user: User,
    /// A PHC string; `None` for an account without a password.
    pub password_hash: Option<String>,
}

/// Adds an account; false when the address has one already.
///
/// # Errors
/// When the database cannot be reached.
pub async fn add(tx: &mut Tx, id: &str, email: &str, password_hash: &str, now: Millis) -> Result<bool> {
    let insert = "INSERT INTO users (id, email, password_hash, role, created_at) VALUES ($1, $2, $3, 'member', $4) \
                  ON CONFLICT (email) DO NOTHING";
    Ok(tx.sql(insert).bind(id).bind(email).bind(password_hash).bind(now).execute().await? == 1)
}

/// The id of the account with this address.
///
/// # Errors
/// When the database cannot be reached.
pub async fn id_of<'c>(on: impl Reader<'c>, email: &str) -> Result<Option<String>> {
    let select = "SELECT id FROM users WHERE email = $1 AND deleted_at IS NULL";
    Ok(on.read(select).bind(email).optional::<(String,)>().await?.map(|row| row.0))
}

/// Notes that an account's present address was proved to be its holder's; `false` if it has another address by now.
///
/// # Errors
/// When the database cannot be reached.
pub async fn verify(tx: &mut Tx, id: &str, email: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE users SET email_verified_at = COALESCE(email_verified_at, $3) \
                  WHERE id = $1 AND email = $2 AND deleted_at IS NULL";
    Ok(tx.sql(update).bind(id).bind(email).bind(now).execute().await? == 1)
}

/// Gives an account an address that was proved to be its holder's; `false` if that has an account by now.
///
/// # Errors
/// When the database cannot be reached.
pub async fn set_email(tx: &mut Tx, id: &str, email: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE users SET email = $2, email_verified_at = $3 WHERE id = $1 AND deleted_at IS NULL \
                  AND NOT EXISTS (SELECT 1 FROM users WHERE email = $2)";
    Ok(tx.sql(update).bind(id).bind(email).bind(now).execute().await? == 1)
}

/// Gives an account another password.
///
/// # Errors
/// When the database cannot be reached.
pub async fn set_password(tx: &mut Tx, id: &str, password_hash: &str) -> Result<bool> {
    let update = "UPDATE users SET password_hash = $2 WHERE id = $1 AND deleted_at IS NULL";
    Ok(tx.sql(update).bind(id).bind(password_hash).execute().await? == 1)
}

/// What the password of an account is held against; `None` for an account without one.
///
/// # Errors
/// When the database cannot be reached.
pub async fn password_hash<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<String>> {
    let select = "SELECT password_hash FROM users WHERE id = $1 AND deleted_at IS NULL";
    Ok(on.read(select).bind(id).optional::<(Option<String>,)>().await?.and_then(|row| row.0))
}

/// Takes away all by which somebody could be known or log in; false if that was done before.
///
/// # Errors
/// When the database cannot be reached.
pub async fn leave(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE users SET email = NULL, email_verified_at = NULL, password_hash = NULL, role = 'member', \
                  deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    Ok(tx.sql(update).bind(id).bind(now).execute().await? == 1)
}

/// Whether this is somebody who has left, or is leaving.
///
/// # Errors
/// When the database cannot be reached.
pub async fn has_left<'c>(on: impl Reader<'c>, id: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND deleted_at IS NOT NULL)";
    on.read(select).bind(id).scalar().await
}

/// Whether this is the id of somebody, who may have left.
///
/// # Errors
/// When the database cannot be reached.
pub async fn is_known<'c>(on: impl Reader<'c>, id: &str) -> Result<bool> {
    on.read("SELECT EXISTS (SELECT 1 FROM users WHERE id = $1)").bind(id).scalar().await
}

/// The account with this id, unless it was deleted.
///
/// # Errors
/// When the database cannot be reached.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<User>> {
    on.read(
        "SELECT id, email, email_verified_at, role FROM users \
         WHERE id = $1 AND deleted_at IS NULL AND email IS NOT NULL",
    )
    .bind(id)
    .optional()
    .await
}

/// As [`by_id`], with what the password is held against.
///
/// # Errors
/// When the database cannot be reached.
pub async fn holder<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<Holder>> {
    on.read(
        "SELECT id, email, email_verified_at, role, password_hash FROM users \
         WHERE id = $1 AND deleted_at IS NULL AND email IS NOT NULL",
    )
    .bind(id)
    .optional()
    .await
}

/// The id of the account with this id or address.
///
/// # Errors
/// When the database cannot be reached.
pub async fn find<'c>(on: impl Reader<'c>, named: &str) -> Result<Option<String>> {
    let select = "SELECT id FROM users WHERE id = $1 OR email = LOWER($1) ORDER BY id LIMIT 1";
    Ok(on.read(select).bind(named.trim()).optional::<(String,)>().await?.map(|row| row.0))
}

/// What a log-in with this address is held against.
///
/// # Errors
/// When the database cannot be reached.
pub async fn credentials(db: &Db, email: &str) -> Result<Option<Credentials>> {
    let select = "SELECT id, password_hash, email_verified_at FROM users WHERE email = $1 AND deleted_at IS NULL";
    db.read(select).bind(email).optional().await
}

/// Locks a user's row until the transaction ends, so that what is decided about them is decided by one at a time;
/// false when there is no such user. SQLite has one writer anyway.
///
/// # Errors
/// When the database cannot be reached.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.sql("UPDATE users SET access_rev = access_rev WHERE id = $1").bind(id).execute().await? == 1)
}

/// Somebody as staff sees them, also after the account was deleted.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonRow {
    /// UUID v7.
    pub id: String,
    /// In lower case; `None` once deleted.
    pub email: Option<String>,
    /// When the address was proved to be theirs.
    pub email_verified_at: Option<Millis>,
    /// `member`, `staff` or `owner`.
    pub role: String,
    /// Revision of access.
    pub access_rev: i64,
    /// When access is computed next because of time alone, billing time.
    pub refold_at: Option<Millis>,
    /// Wall time.
    pub created_at: Millis,
    /// Wall time.
    pub deleted_at: Option<Millis>,
}

macro_rules! select_people {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, email_verified_at, role, access_rev, refold_at, created_at, deleted_at FROM users ",
            $rest
        )
    };
}

/// Whoever has this id or this address.
///
/// # Errors
/// When the database cannot be reached.
pub async fn person<'c>(on: impl Reader<'c>, who: &str) -> Result<Option<PersonRow>> {
    on.read(select_people!("WHERE id = $1 OR email = $1")).bind(who).optional().await
}

/// Those whose id or address begins so, by address; at most twenty.
///
/// # Errors
/// When the database cannot be reached.
pub async fn beginning<'c>(on: impl Reader<'c>, with: &str) -> Result<Vec<PersonRow>> {
    let select = select_people!(
        "WHERE SUBSTR(id, 1, LENGTH($1)) = $1 OR SUBSTR(email, 1, LENGTH($1)) = $1 ORDER BY email, id LIMIT 20"
    );
    on.read(select).bind(with).all().await
}

/// Gives somebody a role; false when there is no such user.
///
/// # Errors
/// When the database cannot be reached.
pub async fn set_role(tx: &mut Tx, id: &str, role: &str) -> Result<bool> {
    Ok(tx.sql("UPDATE users SET role = $2 WHERE id = $1").bind(id).bind(role).execute().await? == 1)
}
