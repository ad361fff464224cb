//! Table `sessions`. The key is SHA-256 of the session id, so a stolen copy of the table opens nothing.

use super::{Db, Reader, Tx};
use crate::{
    model::instant::DAY,
    server::clock::{Clock, Millis},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt};
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// The key in a session's data that holds the [`SignIn`].
pub const SIGN_IN: &str = "sign_in";
/// So long after its beginning a session ends, however often it was used.
pub const LONGEST: Millis = 90 * DAY;

/// What is known of a session in which somebody is signed in. All times are wall time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Our user id; copied to a column of its own, so that all sessions of a user can be found.
    pub user: String,
    /// What of the password's stored hash is kept: a session is worth nothing once there is another password.
    pub stamp: String,
    /// When they signed in.
    pub started: Millis,
    /// When they last gave their password in it.
    pub proved: Millis,
    /// When it was last used; moved at most once an hour.
    pub seen: Millis,
    /// The browser, in words.
    pub browser: String,
}

/// One session of somebody.
#[derive(sqlx::FromRow)]
pub struct SessionRow {
    /// SHA-256 of its id.
    pub id_hash: Vec<u8>,
    /// Its data as JSON.
    data: String,
}

impl SessionRow {
    /// Who is signed in, since when and where.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignIn> {
        sign_in_of(&serde_json::from_str(&self.data).ok()?)
    }
}

/// Sessions in our own database, by wall time.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

impl Sessions {
    /// Sessions in `db`, expiring by `clock`.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }
}

/// Removes what has expired; how many there were.
///
/// # Errors
/// When the database cannot be reached.
pub async fn sweep(db: &Db, now: Millis) -> super::Result<u64> {
    db.write("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute().await
}

/// Ends every session of a user.
///
/// # Errors
/// When the database cannot be reached.
pub async fn end_all(tx: &mut Tx, user: &str) -> super::Result<u64> {
    tx.sql("DELETE FROM sessions WHERE user_id = $1").bind(user).execute().await
}

/// The sessions of a user that have not ended.
///
/// # Errors
/// When the database cannot be reached.
pub async fn of_user(db: &Db, user: &str, now: Millis) -> super::Result<Vec<SessionRow>> {
    let select = "SELECT id_hash, data FROM sessions WHERE user_id = $1 AND expires_at > $2";
    db.read(select).bind(user).bind(now).all().await
}

/// Ends one session of a user; false where they have none of this key.
///
/// # Errors
/// When the database cannot be reached.
pub async fn end_one(tx: &mut Tx, user: &str, key: &[u8]) -> super::Result<bool> {
    let delete = "DELETE FROM sessions WHERE user_id = $1 AND id_hash = $2";
    Ok(tx.sql(delete).bind(user).bind(key.to_vec()).execute().await? == 1)
}

/// Ends every session of a user but the one of this key; how many there were.
///
/// # Errors
/// When the database cannot be reached.
pub async fn end_others(tx: &mut Tx, user: &str, key: &[u8]) -> super::Result<u64> {
    let delete = "DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2";
    tx.sql(delete).bind(user).bind(key.to_vec()).execute().await
}

/// What a session is stored under.
#[must_use]
pub fn key(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_le_bytes()).to_vec()
}

fn millis(at: OffsetDateTime) -> Millis {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(Millis::MAX)
}

fn instant(at: Millis) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).map_err(|why| Error::Decode(why.to_string()))
}

fn backend(error: super::Error) -> Error {
    Error::Backend(error.to_string())
}

fn encode(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn sign_in_of(data: &HashMap<String, serde_json::Value>) -> Option<SignIn> {
    SignIn::deserialize(data.get(SIGN_IN)?).ok()
}

fn user_of(record: &Record) -> Option<&str> {
    record.data.get(SIGN_IN)?.get("user")?.as_str()
}

/// When a session ends if it is not used until then: nothing moves that beyond [`LONGEST`].
fn end_of(record: &Record) -> Millis {
    let idle = millis(record.expiry_date);
    sign_in_of(&record.data).map_or(idle, |sign_in| idle.min(sign_in.started + LONGEST))
}

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let insert = "INSERT INTO sessions (id_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT DO NOTHING";
        let (data, expires) = (encode(record)?, end_of(record));
        loop {
            let row = self.db.write(insert).bind(key(&record.id)).bind(user_of(record)).bind(&data).bind(expires);
            if row.execute().await.map_err(backend)? == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    /// Updates only: a session that another request ended stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let update = "UPDATE sessions SET user_id = $2, data = $3, expires_at = $4 WHERE id_hash = $1";
        let row = self.db.write(update).bind(key(&record.id)).bind(user_of(record)).bind(encode(record)?);
        row.bind(end_of(record)).execute().await.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let select = "SELECT data, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2";
        let row = self.db.read(select).bind(key(id)).bind(self.clock.wall());
        let Some((data, expires)) = row.optional::<(String, i64)>().await.map_err(backend)? else { return Ok(None) };
        let data: HashMap<_, _> = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        let record = Record { id: *id, data, expiry_date: instant(expires)? };
        Ok(Some(record).filter(|record| end_of(record) > self.clock.wall()))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let delete = "DELETE FROM sessions WHERE id_hash = $1";
        self.db.write(delete).bind(key(id)).execute().await.map(drop).map_err(backend)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Sessions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store() -> (tempfile::TempDir, Sessions) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("test.db").display())).await.unwrap();
        (folder, Sessions::new(db, Clock::default()))
    }

    fn record(id: i128, expires_in: i64, clock: &Clock) -> Record {
        begun(id, expires_in, clock.wall(), clock)
    }

    fn begun(id: i128, expires_in: i64, started: Millis, clock: &Clock) -> Record {
        let [user, stamp, browser] = ["u1", "s", "Firefox on Linux"].map(String::from);
        let sign_in = SignIn { user, stamp, started, proved: started, seen: started, browser };
        let data = HashMap::from([(SIGN_IN.to_owned(), serde_json::to_value(sign_in).unwrap())]);
        Record { id: Id(id), data, expiry_date: instant(clock.wall() + expires_in).unwrap() }
    }

    #[tokio::test]
    async fn a_collision_gets_another_id() {
        let (_folder, store) = store().await;
        let (mut one, mut two) = (record(7, 60_000, &store.clock), record(7, 60_000, &store.clock));
        store.create(&mut one).await.unwrap();
        store.create(&mut two).await.unwrap();
        assert!(one.id == Id(7) && two.id != Id(7));
        assert_eq!(store.load(&one.id).await.unwrap().unwrap().data, one.data);
        let users: i64 = store.db.read("SELECT COUNT(*) FROM sessions WHERE user_id = 'u1'").scalar().await.unwrap();
        assert_eq!(users, 2);
    }

    #[tokio::test]
    async fn what_expired_or_ended_stays_so() {
        let (_folder, store) = store().await;
        let (mut late, mut ended) = (record(1, -1, &store.clock), record(2, 60_000, &store.clock));
        store.create(&mut late).await.unwrap();
        store.create(&mut ended).await.unwrap();
        assert!(store.load(&late.id).await.unwrap().is_none(), "expired");
        store.delete(&ended.id).await.unwrap();
        store.save(&ended).await.unwrap();
        assert!(store.load(&ended.id).await.unwrap().is_none(), "a late save revives nothing");
        assert_eq!(sweep(&store.db, store.clock.wall()).await.unwrap(), 1, "only the expired row was left");
    }

    #[tokio::test]
    async fn no_session_is_used_for_ever() {
        let (_folder, store) = store().await;
        let (idle, now) = (14 * DAY, store.clock.wall());
        let old = |id: i128, left: Millis| begun(id, idle, now + left - LONGEST, &store.clock);
        let (mut last, mut over) = (old(1, DAY), old(2, 0));
        store.create(&mut last).await.unwrap();
        let found = store.load(&last.id).await.unwrap().unwrap();
        assert_eq!(millis(found.expiry_date), now + DAY, "not the fourteen days of one that is younger");
        store.save(&last).await.unwrap();
        assert_eq!(
            millis(store.load(&last.id).await.unwrap().unwrap().expiry_date),
            now + DAY,
            "using it moves nothing"
        );
        store.create(&mut over).await.unwrap();
        store.db.write("UPDATE sessions SET expires_at = expires_at + 86400000").execute().await.unwrap();
        assert!(store.load(&over.id).await.unwrap().is_none(), "whatever the row says");
        assert_eq!(of_user(&store.db, "u1", now).await.unwrap().len(), 2);
    }
}
