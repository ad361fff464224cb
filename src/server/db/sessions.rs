//! Table `sessions`. The key is SHA-256 of the session id, so a stolen copy of the table opens nothing.

use super::{Db, Reader, Tx};
use crate::server::clock::{Clock, Millis};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt};
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// The key in a session's data that holds the signed-in user's id; it is copied to a column of its own, so that all
/// sessions of a user can be found.
pub const USER: &str = "user";

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

fn key(id: &Id) -> Vec<u8> {
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

fn user_of(record: &Record) -> Option<&str> {
    record.data.get(USER)?.as_str()
}

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let insert = "INSERT INTO sessions (id_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT DO NOTHING";
        let (data, expires) = (encode(record)?, millis(record.expiry_date));
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
        row.bind(millis(record.expiry_date)).execute().await.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let select = "SELECT data, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2";
        let row = self.db.read(select).bind(key(id)).bind(self.clock.wall());
        let Some((data, expires)) = row.optional::<(String, i64)>().await.map_err(backend)? else { return Ok(None) };
        let data: HashMap<_, _> = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: instant(expires)? }))
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
        let data = HashMap::from([(USER.to_owned(), serde_json::json!("u1"))]);
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
}
