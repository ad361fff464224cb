//! What the disk allows, measured in the same run as what is compared with it; and a server of its own on it.

use boreal::server::{config::Config, db::Db, startup, state::State};
use clap::Parser;
use std::{fs::File, io::Write, path::Path, time::Instant};
use tempfile::TempDir;

const COMMITS: usize = 500;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

/// A folder on the disk of the build: a temporary one is often memory, where a commit costs nothing.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// The head of the table, and what the disk allows at all.
pub async fn limits(folder: &Path) {
    println!("| {:<50} | {:>6} | {:>8} | {:>8} |", "what", "count", "seconds", "a second");
    println!("|{:-<52}|{:->8}|{:->10}|{:->10}|", "", ":", ":", ":");
    synced_appends(folder);
    bare_commits(folder).await;
}

/// One line of the table.
pub fn tell(what: &str, count: usize, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = count as f64 / seconds;
    println!("| {what:<50} | {count:>6} | {seconds:>8.2} | {rate:>8.0} |");
}

/// What the disk allows: 4 KiB appended and made durable, one after the other.
fn synced_appends(folder: &Path) {
    let mut file = File::create(folder.join("appended")).expect("a file");
    let begun = Instant::now();
    for _ in 0..COMMITS {
        file.write_all(&[7; 4096]).expect("it is written");
        file.sync_data().expect("it is durable");
    }
    tell("disk: 4 KiB appended and synced", COMMITS, begun);
}

/// What SQLite makes of it: one row a commit, as durable as ours.
async fn bare_commits(folder: &Path) {
    let db = Db::open(&format!("sqlite:{}", folder.join("bare.db").display())).await.expect("a database");
    db.write("CREATE TABLE bare (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)").execute().await.expect("a table");
    let begun = Instant::now();
    for at in 0..COMMITS {
        let row = db.write("INSERT INTO bare (at) VALUES ($1)").bind(i64::try_from(at).expect("small"));
        row.execute().await.expect("a row");
    }
    tell("SQLite: one row, one commit", COMMITS, begun);
    db.close().await;
}

/// A server that answers nobody, on a database here.
pub async fn open(folder: &Path, name: &str) -> State {
    let database = format!("sqlite:{}", folder.join(name).display());
    let plans = concat!(env!("CARGO_MANIFEST_DIR"), "/plans.toml");
    let own = ["boreal", "--database-url", &database, "--plans", plans];
    // Nobody is there: whatever would be asked is not asked here.
    let polar = ["--polar-token", "none", "--polar-webhook-secrets", "polar_whs_0123456789abcdef"];
    let line = Line::parse_from([&own[..], &polar, &["--polar-api-base", "http://127.0.0.1:9"]].concat());
    startup::open(line.config).await.expect("it is put together")
}
