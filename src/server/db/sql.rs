//! One SQL text on both engines: a statement, its values, and where it runs.

use super::Db;
use sqlx::{
    Encode, FromRow, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction, Type,
    postgres::{PgArguments, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

/// What the database answers when it cannot do as asked.
pub type Error = sqlx::Error;
/// A result of the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A write transaction. Dropped without [`Tx::commit`] it is rolled back.
pub struct Tx {
    on: On,
    tells: Vec<Box<dyn FnOnce() + Send>>,
}

enum On {
    /// The one writer connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// A connection of the pool.
    Postgres(Transaction<'static, Postgres>),
}

/// One statement with its values, bound to where it will run.
#[must_use = "a statement does nothing until optional, one, all, scalar or execute is awaited"]
pub enum Sql<'c> {
    /// On a pool of SQLite connections.
    Sqlite(Query<'static, Sqlite, SqliteArguments>, &'c SqlitePool),
    /// Inside a SQLite transaction.
    SqliteTx(Query<'static, Sqlite, SqliteArguments>, &'c mut SqliteConnection),
    /// On a pool of PostgreSQL connections.
    Postgres(Query<'static, Postgres, PgArguments>, &'c PgPool),
    /// Inside a PostgreSQL transaction.
    PostgresTx(Query<'static, Postgres, PgArguments>, &'c mut PgConnection),
}

/// A value both engines can store.
pub trait Bind<'t>: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres> {}
impl<'t, T: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres>> Bind<'t> for T {}

/// A row both engines can give: any `#[derive(sqlx::FromRow)]` struct, or a tuple of columns.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>> Row for T {}

/// Where a read may run: on the database, or inside a transaction that must see its own writes.
pub trait Reader<'c> {
    /// A statement that changes nothing.
    fn read(self, text: &'static str) -> Sql<'c>;
}

macro_rules! on_each {
    ($sql:expr, $query:ident, $on:ident => $call:expr) => {
        match $sql {
            Sql::Sqlite($query, $on) => $call,
            Sql::SqliteTx($query, $on) => $call,
            Sql::Postgres($query, $on) => $call,
            Sql::PostgresTx($query, $on) => $call,
        }
    };
}

impl Sql<'_> {
    /// Gives the next `$n` its value.
    pub fn bind<'t>(self, value: impl Bind<'t>) -> Self {
        match self {
            Sql::Sqlite(query, on) => Sql::Sqlite(query.bind(value), on),
            Sql::SqliteTx(query, on) => Sql::SqliteTx(query.bind(value), on),
            Sql::Postgres(query, on) => Sql::Postgres(query.bind(value), on),
            Sql::PostgresTx(query, on) => Sql::PostgresTx(query.bind(value), on),
        }
    }

    /// The first row, if there is one.
    pub async fn optional<T: Row>(self) -> Result<Option<T>> {
        on_each!(self, query, on => query.fetch_optional(on).await?.as_ref().map(|row| T::from_row(row)).transpose())
    }

    /// The first row; without one, [`Error::RowNotFound`].
    pub async fn one<T: Row>(self) -> Result<T> {
        self.optional().await?.ok_or(Error::RowNotFound)
    }

    /// Every row.
    pub async fn all<T: Row>(self) -> Result<Vec<T>> {
        on_each!(self, query, on => query.fetch_all(on).await?.iter().map(|row| T::from_row(row)).collect())
    }

    /// The first column of the only row.
    pub async fn scalar<T>(self) -> Result<T>
    where
        (T,): Row,
    {
        Ok(self.one::<(T,)>().await?.0)
    }

    /// Runs the statement; how many rows were written.
    pub async fn execute(self) -> Result<u64> {
        on_each!(self, query, on => Ok(query.execute(on).await?.rows_affected()))
    }
}

impl<'c> Reader<'c> for &'c Db {
    fn read(self, text: &'static str) -> Sql<'c> {
        match self {
            Db::Sqlite { read, .. } => Sql::Sqlite(sqlx::query(text), read),
            Db::Postgres(pool) => Sql::Postgres(sqlx::query(text), pool),
        }
    }
}

impl<'c> Reader<'c> for &'c mut Tx {
    fn read(self, text: &'static str) -> Sql<'c> {
        self.sql(text)
    }
}

impl Tx {
    /// A statement inside this transaction.
    pub fn sql(&mut self, text: &'static str) -> Sql<'_> {
        match &mut self.on {
            On::Sqlite(tx) => Sql::SqliteTx(sqlx::query(text), tx),
            On::Postgres(tx) => Sql::PostgresTx(sqlx::query(text), tx),
        }
    }

    /// Tells once everything is durable, and never of what was rolled back: for counters and log lines.
    pub fn after_commit(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.tells.push(Box::new(tell));
    }

    /// Whether the engine locks single rows, as [`Db::locks_rows`].
    #[must_use]
    pub fn locks_rows(&self) -> bool {
        matches!(self.on, On::Postgres(_))
    }

    /// Makes everything durable at once.
    pub async fn commit(self) -> Result<()> {
        match self.on {
            On::Sqlite(tx) => tx.commit().await?,
            On::Postgres(tx) => tx.commit().await?,
        }
        self.tells.into_iter().for_each(|tell| tell());
        Ok(())
    }
}

impl From<Transaction<'static, Sqlite>> for Tx {
    fn from(tx: Transaction<'static, Sqlite>) -> Self {
        Self { on: On::Sqlite(tx), tells: Vec::new() }
    }
}

impl From<Transaction<'static, Postgres>> for Tx {
    fn from(tx: Transaction<'static, Postgres>) -> Self {
        Self { on: On::Postgres(tx), tells: Vec::new() }
    }
}
