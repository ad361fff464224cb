//! The database itself: durable, and the same on both engines.

use super::{
    engine,
    shop::{Place, Shop},
};
use boreal::server::{
    db::{
        Db, Reader,
        jobs::{self, Job},
    },
    services::new_id,
};
use std::collections::BTreeSet;

/// Table, column, type, nullable, default, place in the primary key.
type Column = (String, String, String, bool, String, bool);

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_on_the_disk() {
    let shop = Shop::open().await;
    if engine::is_postgres() {
        // Whether the server waits for its disk is its operator's choice: our connections leave it alone.
        let select = "SELECT source FROM pg_settings WHERE name = 'synchronous_commit'";
        let source: String = shop.state.db.write(select).scalar().await.expect("a setting");
        assert!(["default", "configuration file", "command line"].contains(&source.as_str()), "{source}");
    } else {
        let db = &shop.state.db;
        assert_eq!(db.write("PRAGMA synchronous").scalar::<i64>().await.expect("a number"), 2, "FULL");
        assert_eq!(db.write("PRAGMA journal_mode").scalar::<String>().await.expect("a word"), "wal");
        assert_eq!(db.write("PRAGMA foreign_keys").scalar::<i64>().await.expect("a number"), 1);
        let refused = db.read("INSERT INTO jobs (id, kind, key, run_at) VALUES ('a', 'b', 'c', 0)").execute().await;
        let why = refused.expect_err("readers cannot write").to_string();
        assert!(why.contains("readonly") || why.contains("read-only"), "{why}");
    }
    shop.close().await;
}

async fn sqlite_columns(db: &Db) -> BTreeSet<Column> {
    let select = "SELECT t.name, c.name, c.type, c.\"notnull\" = 0, COALESCE(c.dflt_value, ''), c.pk > 0
                  FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                  WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    db.read(select).all::<Column>().await.expect("columns").into_iter().map(plain).collect()
}

async fn postgres_columns(db: &Db) -> BTreeSet<Column> {
    let select = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'YES',
                         CASE WHEN c.is_identity = 'YES' THEN '' ELSE COALESCE(c.column_default::text, '') END,
                         EXISTS (SELECT 1 FROM information_schema.table_constraints k
                                 JOIN information_schema.key_column_usage u USING (constraint_schema, constraint_name)
                                 WHERE k.constraint_type = 'PRIMARY KEY' AND u.table_name = c.table_name
                                   AND u.column_name = c.column_name)
                  FROM information_schema.columns c
                  WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'";
    db.read(select).all::<Column>().await.expect("columns").into_iter().map(plain).collect()
}

/// The words of both engines for one type and one default.
fn plain((table, column, kind, nullable, default, key): Column) -> Column {
    let kind = match kind.to_uppercase().as_str() {
        "INTEGER" | "BIGINT" => "number",
        "BLOB" | "BYTEA" => "bytes",
        "TEXT" => "text",
        other => panic!("{table}.{column} has the type {other}"),
    };
    let default = default.split("::").next().unwrap_or_default().to_owned();
    let default = if default.starts_with("nextval(") { String::new() } else { default };
    (table, column, kind.to_owned(), nullable, default, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("schema.db").display());
    let sqlite = Db::open(&url).await.expect("a database");
    let here = sqlite_columns(&sqlite).await;
    assert!(here.iter().any(|column| (column.0.as_str(), column.1.as_str()) == ("orders", "lease_token")), "{here:?}");
    if engine::is_postgres() {
        let place = Place::new().await;
        let postgres = Db::open(&place.database.url).await.expect("a database");
        let there = postgres_columns(&postgres).await;
        let differ: Vec<&Column> = here.symmetric_difference(&there).collect();
        assert!(differ.is_empty(), "{differ:#?}");
        assert_eq!(unique_sqlite(&sqlite).await, unique_postgres(&postgres).await, "what is unique");
        postgres.close().await;
        place.database.remove().await;
    } else {
        let texts = ["sqlite", "postgres"].map(|engine| columns_of_text(&read_migrations(engine)));
        let [here, there] = &texts;
        let differ: Vec<&String> = here.symmetric_difference(there).collect();
        assert!(here.len() > 80 && differ.is_empty(), "{differ:#?}");
    }
    sqlite.close().await;
}

/// Unique indexes by name; those of constraints have other names on each engine.
async fn unique_sqlite(db: &Db) -> BTreeSet<(String, String)> {
    let select = "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'";
    db.read(select).all().await.expect("indexes").into_iter().collect()
}

async fn unique_postgres(db: &Db) -> BTreeSet<(String, String)> {
    let select = "SELECT tablename::text, indexname::text FROM pg_indexes WHERE schemaname = 'public'
                  AND indexdef LIKE 'CREATE UNIQUE%' AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key'";
    db.read(select).all().await.expect("indexes").into_iter().collect()
}

fn read_migrations(engine: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("a migration")).collect()
}

/// `table: column TYPE …` of every column, in the words of SQLite, and every list of words that a column may hold: an engine
/// that cannot change such a list makes its table anew.
fn columns_of_text(sql: &str) -> BTreeSet<String> {
    let words = sql.replace("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT");
    let words = words.replace("BIGINT GENERATED BY DEFAULT AS IDENTITY", "INTEGER").replace(" COLLATE \"C\"", "");
    let words = words.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace(" STRICT", "");
    let lists = words.split("IN").map(str::trim_start).filter(|rest| rest.starts_with("('"));
    let lists = lists.filter_map(|rest| Some(format!("one of {})", rest.split_once(')')?.0)));
    let (mut table, mut found) = ("", lists.collect::<BTreeSet<String>>());
    for line in words.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("CREATE TABLE ") {
            table = name.trim_end_matches(" (");
        } else if line.starts_with(')') {
            table = "";
        } else if !table.is_empty() && !line.starts_with('(') {
            let line = line.split(" CHECK (").next().unwrap_or_default();
            let line =
                line.trim_end_matches(',').replace("NOT NULL PRIMARY KEY AUTOINCREMENT", "PRIMARY KEY AUTOINCREMENT");
            found.insert(format!("{table}: {line}"));
        }
    }
    found
}

async fn queue(db: &Db, key: &str, run_at: i64) -> boreal::server::db::Result<()> {
    db.transaction(async |tx| jobs::queue(tx, &new_id(), "read_object", key, run_at).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn work_given_back_while_the_same_is_queued_waits_once() {
    let shop = Shop::open().await;
    shop.polar.idle().await;
    let db = &shop.state.db;
    let far = shop.state.clock.wall() + 3_600_000;
    for round in 0..100 {
        let key = format!("product:{round}");
        queue(db, &key, far).await.expect("a row");
        let token = new_id();
        // As a worker claims it; it is due so late that the shop's own workers leave it alone.
        let claim = "UPDATE jobs SET state = 'running', lease_token = $2, lease_until = $3, attempts = attempts + 1
                     WHERE key = $1 AND state = 'queued' RETURNING id, kind, key, attempts";
        let job: Job = db.write(claim).bind(&key).bind(&token).bind(far).one().await.expect("the queued one");
        let other = db.clone();
        let (given_back, queued) = tokio::join!(
            jobs::retry(db, &job, &token, far, "later"),
            tokio::spawn({
                let key = key.clone();
                async move { queue(&other, &key, far).await }
            })
        );
        given_back.expect("no collision");
        queued.expect("no panic").expect("no collision");
        let waiting: i64 = (db.read("SELECT COUNT(*) FROM jobs WHERE key = $1 AND state = 'queued'"))
            .bind(&key)
            .scalar()
            .await
            .expect("a count");
        assert_eq!(waiting, 1, "round {round}");
    }
    shop.close().await;
}
