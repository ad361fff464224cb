//! The database: an embedded SQLite file or a PostgreSQL server, behind one SQL text. Nothing outside this folder names
//! sqlx, and every table family has one file here.
//!
//! `db.read("SELECT …").bind(id).optional::<User>().await?` reads like sqlx itself. Columns are always named, never `*`:
//! PostgreSQL refuses an open connection's prepared `SELECT *` once a migration has added a column. Inside a transaction
//! a conflict is avoided with `ON CONFLICT DO NOTHING` and the row count, never caught: PostgreSQL would refuse
//! everything after it.

mod sql;
mod together;

pub mod audit;
pub mod budget;
pub mod cases;
pub mod changes;
pub mod devices;
pub mod email_tokens;
pub mod endings;
pub mod endpoint_case;
pub mod entitlements;
pub mod exports;
pub mod held;
pub mod inbox;
pub mod inbox_shelf;
pub mod installation;
pub mod jobs;
pub mod leavings;
pub mod ledger;
pub mod mirror;
pub mod mirror_walk;
pub mod orders;
pub mod outgoing_mail;
pub mod quarantine;
pub mod refolds;
pub mod remedies;
pub mod replay;
pub mod sessions;
pub mod staff_grants;
pub mod sync_runs;
pub mod synced;
pub mod usage_alerts;
pub mod usage_events;
pub mod usage_history;
pub mod usage_holds;
pub mod usage_limits;
pub mod usage_windows;
pub mod users;

pub use sql::{Bind, Error, Reader, Result, Row, Sql, Tx};
pub use together::Together;

use sqlx::{
    Connection, PgConnection, PgPool, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// A handle to the database; cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// One writer connection with `synchronous=FULL`, and readers that cannot write.
    Sqlite {
        /// The only connection that writes.
        write: SqlitePool,
        /// Connections that only read.
        read: SqlitePool,
    },
    /// A pool of connections to a server.
    Postgres(PgPool),
}

impl Db {
    /// Opens `sqlite:path` or `postgres://…` and brings the schema up to date.
    ///
    /// # Errors
    /// When the file or server cannot be reached, or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        if url.starts_with("postgres") {
            // On a connection without time limits: a migration may be long, and nodes that start together wait in turn.
            let mut alone = PgConnection::connect(url).await?;
            POSTGRES.run(&mut alone).await?;
            alone.close().await?;
        }
        let db = Self::connect(url).await?;
        if let Self::Sqlite { write, .. } = &db {
            SQLITE.run(write).await?;
        }
        Ok(db)
    }

    async fn connect(url: &str) -> Result<Self> {
        if url.starts_with("postgres") {
            // Whatever waits longer is given back and tried again, so that a frozen node cannot hold up the others.
            let limits =
                [("lock_timeout", "10s"), ("statement_timeout", "20s"), ("idle_in_transaction_session_timeout", "20s")];
            let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(5));
            return Ok(Self::Postgres(pool.connect_with(PgConnectOptions::from_str(url)?.options(limits)).await?));
        }
        // busy_timeout comes first: switching to WAL may itself have to wait for a lock.
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(5))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        if let Some(folder) = options.get_filename().parent().filter(|folder| *folder != Path::new("")) {
            std::fs::create_dir_all(folder).map_err(Error::Io)?;
        }
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let read = SqlitePoolOptions::new().max_connections(4).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self::Sqlite { write, read })
    }

    /// Closes every connection once its present work is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// A statement that changes something; also `INSERT … RETURNING`.
    pub fn write(&self, text: &'static str) -> Sql<'_> {
        match self {
            Self::Sqlite { write, .. } => Sql::Sqlite(sqlx::query(text), write),
            Self::Postgres(pool) => Sql::Postgres(sqlx::query(text), pool),
        }
    }

    /// Begins a write transaction; SQLite's begins IMMEDIATE.
    ///
    /// # Errors
    /// When no connection is to be had in time.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => write.begin_with("BEGIN IMMEDIATE").await?.into(),
            Self::Postgres(pool) => pool.begin().await?.into(),
        })
    }

    /// Begins a transaction that only reads: everything in it is of one moment, and nobody waits for it.
    ///
    /// # Errors
    /// When no connection is to be had in time.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => read.begin().await?.into(),
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                let whole = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
                sqlx::query(whole).execute(&mut *tx).await?;
                tx.into()
            }
        })
    }

    /// Runs `work` in one write transaction; an error rolls back.
    ///
    /// # Errors
    /// Whatever `work` answers, or a failed begin or commit.
    pub async fn transaction<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut tx = self.begin().await?;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Whether the engine locks single rows (PostgreSQL) instead of having one writer (SQLite).
    #[must_use]
    pub fn locks_rows(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}
