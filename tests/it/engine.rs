//! A database of its own for each test: a file in a temporary folder, or a new database on a PostgreSQL server.

use boreal::server::services::new_id;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    env,
    io::{Write, stderr},
    panic,
    path::Path,
    sync::Once,
    thread,
};

/// One test's database.
pub struct Database {
    /// As the configuration takes it.
    pub url: String,
    /// The server's address and the database's name, where there is a server.
    made: Option<(String, String)>,
}

/// Whether this run is about PostgreSQL.
pub fn is_postgres() -> bool {
    match env::var("TEST_ENGINE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

impl Database {
    /// An empty one; `folder` is where a file goes.
    pub async fn new(folder: &Path) -> Self {
        say_at_once_why_a_test_fails();
        if !is_postgres() {
            return Self { url: format!("sqlite:{}", folder.join("boreal.db").display()), made: None };
        }
        let server = env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names the server");
        let name = format!("boreal_it_{}", new_id().replace('-', ""));
        order(&server, format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&server).expect("TEST_POSTGRES_URL is an address");
        url.set_path(&name);
        Self { url: url.into(), made: Some((server, name)) }
    }

    /// Removes what was made on the server.
    pub async fn remove(self) {
        if let Some((server, name)) = self.made {
            order(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// A test's output is shown when all have run; of a long log often only the lines around the failure are kept.
fn say_at_once_why_a_test_fails() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let thread = thread::current();
            let why = panic.payload_as_str().unwrap_or("no words");
            // Not by `eprintln!`, which is kept back as well.
            let _ = writeln!(stderr(), "{} failed: {why:.2000}", thread.name().unwrap_or("a task"));
            usual(panic);
        }));
    });
}

async fn order(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("the PostgreSQL server answers");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("databases may be made");
    connection.close().await.expect("a clean end");
}
