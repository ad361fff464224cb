//! A site without a socket, and what it answers.

use crate::server::{config::Config, startup::Server, state::State};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use clap::Parser;
use tempfile::TempDir;
use tower::ServiceExt;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

pub struct Site {
    pub router: Router,
    pub state: State,
    pub origin: String,
    _folder: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub html: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The session cookie (or else the first), as the browser would send it back.
    pub fn cookie(&self) -> String {
        let all = self.headers.get_all("set-cookie").into_iter().map(|value| value.to_str().unwrap());
        let all: Vec<&str> = all.map(|cookie| cookie.split(';').next().unwrap()).collect();
        let session = all.iter().find(|cookie| cookie.starts_with("id="));
        session.or(all.first()).copied().unwrap_or_default().to_owned()
    }
}

pub async fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("test.db").display());
    let sandbox = folder.path().join("sandbox.json").display().to_string();
    let mail = folder.path().join("mail").display().to_string();
    let arguments = [
        ["boreal", "--listen", "127.0.0.1:0", "--origin", "http://127.0.0.1:0"].as_slice(),
        &[
            "--database-url",
            &database,
            "--sandbox-listen",
            "127.0.0.1:0",
            "--sandbox-state",
            &sandbox,
            "--mail-folder",
            &mail,
        ],
    ]
    .concat();
    let server = Server::build(Line::parse_from(arguments).config).await.unwrap();
    let origin = server.state().config.origin().to_owned();
    assert_eq!(origin, format!("http://{}", server.addr()), "port 0 becomes the port that was found");
    Site { router: server.site().0.clone(), state: server.state(), origin, _folder: folder }
}

impl Site {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let html = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, html }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header("accept", "text/html").header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.post_from(&self.origin, path, cookie, form).await
    }

    pub async fn post_from(&self, origin: &str, path: &str, cookie: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", form.len())
            .header("cookie", cookie)
            .header("origin", origin);
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}
