//! Somebody with a browser: registers, keeps their cookie, follows no redirect by itself.

use super::polar::{FORM, browser, encoded};
use boreal::server::services::new_id;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// What everybody registers with.
pub const PASSWORD: &str = "correct horse battery";

/// One visitor who is logged in.
pub struct Visitor {
    /// What they registered with.
    pub email: String,
    origin: String,
    cookie: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub html: String,
}

impl Answer {
    /// Where it leads; empty if nowhere.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().expect("text"))
    }

    /// The value of a hidden field of the page's form.
    pub fn hidden(&self, name: &str) -> String {
        let wanted = format!("name=\"{name}\"");
        let input = self.html.split("<input").map(|rest| rest.split('>').next().unwrap_or_default());
        let input = input.filter(|tag| tag.contains(&wanted)).find_map(|tag| tag.split("value=\"").nth(1));
        let value = input.and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("no field {name} in {}", self.html)).to_owned()
    }

    /// The fields of the buying page's form.
    pub fn order_form(&self) -> Vec<(&'static str, String)> {
        ["order", "quote", "plan", "interval"].into_iter().map(|name| (name, self.hidden(name))).collect()
    }

    /// The word of the stage that an order's page or fragment shows.
    pub fn stage(&self) -> &str {
        let word = self.html.split("data-stage=\"").nth(1).and_then(|rest| rest.split('"').next());
        word.unwrap_or_else(|| panic!("no stage in {}", self.html))
    }
}

impl Visitor {
    /// Registers as somebody new.
    pub async fn register(origin: &str, name: &str) -> Self {
        let mut visitor = Self::newcomer(origin, name);
        let registered = visitor.post("/register", &visitor.credentials(), 303).await;
        visitor.keep_cookie(&registered);
        visitor
    }

    /// Somebody with an address, who has no account yet.
    pub fn newcomer(origin: &str, name: &str) -> Self {
        let email = format!("{name}-{}@boreal-shop.dev", &new_id().replace('-', "")[20..]);
        Self { email, ..Self::stranger(origin) }
    }

    /// What they register and log in with.
    pub fn credentials(&self) -> [(&'static str, &str); 2] {
        [("email", self.email.as_str()), ("password", PASSWORD)]
    }

    /// Is from now on whom this answer lets in.
    pub fn keep_cookie(&mut self, answer: &Answer) {
        let mut set = answer.headers.get_all(SET_COOKIE).into_iter();
        assert!(set.any(|cookie| cookie.as_bytes().starts_with(b"id=")), "a session: {:?}", answer.headers);
        self.keep(answer);
    }

    /// Keeps the cookies of an answer.
    pub fn keep(&mut self, answer: &Answer) {
        let set = answer.headers.get_all(SET_COOKIE).into_iter().map(|value| value.to_str().expect("text"));
        let set: Vec<&str> = set.map(|cookie| cookie.split(';').next().unwrap_or_default()).collect();
        let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().to_owned();
        let kept =
            self.cookie.split("; ").filter(|old| !old.is_empty() && set.iter().all(|new| name(new) != name(old)));
        self.cookie = kept.chain(set.iter().copied()).collect::<Vec<_>>().join("; ");
    }

    /// The same person in another browser, where nobody is logged in.
    pub fn elsewhere(&self) -> Self {
        Self { email: self.email.clone(), ..Self::stranger(&self.origin) }
    }

    /// Logs in with this password, or is answered otherwise.
    pub async fn log_in(&mut self, password: &str, expected: u16) {
        let answer = self.post("/login", &[("email", &self.email), ("password", password)], expected).await;
        if expected == 303 {
            self.keep_cookie(&answer);
        }
    }

    /// Logs in with a browser that says this of itself.
    pub async fn log_in_with(&mut self, agent: &str) {
        let form = encoded(&[("email", &self.email), ("password", PASSWORD)]);
        let request = self.http.post(format!("{}/login", self.origin)).header("origin", &self.origin);
        let request = request.header("user-agent", agent).header("content-type", FORM).body(form);
        let answer = as_expected("/login", self.send(request).await, 303);
        self.keep_cookie(&answer);
    }

    /// Somebody who has no account and no cookie.
    pub fn stranger(origin: &str) -> Self {
        Self { email: String::new(), origin: origin.to_owned(), cookie: String::new(), http: browser() }
    }

    /// Opens an address; a path, or one of this site in full.
    pub async fn get(&self, path: &str, expected: u16) -> Answer {
        as_expected(path, self.try_get(path).await, expected)
    }

    /// As [`Visitor::get`], whatever the status is.
    ///
    /// # Errors
    /// When the connection is refused or breaks.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<(u16, Answer)> {
        let path = path.strip_prefix(&self.origin).unwrap_or(path);
        self.send(self.http.get(format!("{}{path}", self.origin))).await
    }

    /// Asks a route that is no page: its status, its headers and its JSON.
    pub async fn ask(&self, path: &str) -> (u16, HeaderMap, Value) {
        let request = self.http.get(format!("{}{path}", self.origin)).header("cookie", &self.cookie);
        let answer = request.header("accept", "application/json").send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.json().await.expect("JSON"))
    }

    /// Opens a stream of events.
    pub async fn follow(&self, path: &str) -> Events {
        let request = self.http.get(format!("{}{path}", self.origin)).header("cookie", &self.cookie);
        let answer = request.header("accept", "text/event-stream").send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        Events { answer, waiting: String::new() }
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)], expected: u16) -> Answer {
        as_expected(path, self.try_post(path, form).await, expected)
    }

    /// As [`Visitor::post`], whatever the status is.
    ///
    /// # Errors
    /// When the connection is refused or breaks: whether the form was taken is not known then.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<(u16, Answer)> {
        let request = self.http.post(format!("{}{path}", self.origin)).header("origin", &self.origin);
        self.send(request.header("content-type", FORM).body(encoded(form))).await
    }

    /// Sends a form to an address that answers with a file.
    pub async fn fetch(&self, http: &reqwest::Client, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let request = http.post(format!("{}{path}", self.origin)).header("origin", &self.origin);
        let request = request.header("cookie", &self.cookie).header("content-type", FORM).body(encoded(form));
        request.send().await.expect("an answer")
    }

    /// What any request is answered, in short: `200`, or `303 /login` with the path that it leads to. Reads no body.
    pub async fn brief(&self, method: &str, path: &str, form: Option<&str>) -> String {
        let method: reqwest::Method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.origin)).header("origin", &self.origin);
        let request = match form {
            Some(form) => request.header("content-type", FORM).body(form.to_owned()),
            None => request,
        };
        let request = request.header("accept", "text/html").header("cookie", &self.cookie);
        let answer = request.send().await.expect("an answer");
        let to = answer.headers().get(LOCATION).map(|to| to.to_str().expect("text").replace(&self.origin, ""));
        let to = to.map(|to| format!(" {}", to.split(['?', '#']).next().unwrap_or_default()));
        format!("{}{}", answer.status().as_u16(), to.unwrap_or_default())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<(u16, Answer)> {
        let request = request.header("accept", "text/html").header("cookie", &self.cookie);
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok((status, Answer { headers, html: answer.text().await? }))
    }

    /// Looks at the buying page; the fields of its form.
    pub async fn form(&self, plan: &str, interval: &str) -> Vec<(&'static str, String)> {
        self.get(&format!("/buy?plan={plan}&interval={interval}"), 200).await.order_form()
    }

    /// Presses the button of the buying page.
    pub async fn press(&self, form: &[(&'static str, String)], expected: u16) -> Answer {
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (plan, interval) = (value(form, "plan"), value(form, "interval"));
        self.post(&format!("/buy?plan={plan}&interval={interval}"), &fields, expected).await
    }
}

fn as_expected(path: &str, answered: reqwest::Result<(u16, Answer)>, expected: u16) -> Answer {
    let (status, answer) = answered.expect("an answer");
    assert_eq!(status, expected, "{path} leads to {:?}: {}", answer.location(), answer.html);
    answer
}

/// An open stream of events.
pub struct Events {
    answer: reqwest::Response,
    waiting: String,
}

impl Events {
    /// The data of the next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.waiting.split_once("\n\n") {
                let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
                let data = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
                self.waiting = rest.to_owned();
                // A comment alone keeps the connection open.
                if !data.is_empty() {
                    return Some(data);
                }
                continue;
            }
            let more = timeout(Duration::from_secs(20), self.answer.chunk()).await.expect("an event in time");
            self.waiting += std::str::from_utf8(&more.expect("a stream")?).expect("text");
        }
    }
}

/// The value of one field.
pub fn value<'f>(form: &'f [(&'static str, String)], name: &str) -> &'f str {
    form.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str()).expect("a field")
}
