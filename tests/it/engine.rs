//! A database of its own for each test: a file in a temporary folder, or a new database on a PostgreSQL server.

use boreal::server::services::new_id;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{env, path::Path};

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

async fn order(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("the PostgreSQL server answers");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("databases may be made");
    connection.close().await.expect("a clean end");
}
