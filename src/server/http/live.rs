//! What live pages follow: fragments and numbers written by the server, as a stream of events, and one at a time for
//! where streams fail.

use super::session;
use crate::server::{
    services::{
        access,
        confirming::{self, Confirmation},
    },
    state::State,
};
use axum::{
    extract,
    http::{HeaderName, StatusCode, header},
    response::{
        Html, IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::time::Instant;
use tower_sessions::Session;

/// Writes the fragment that shows how far an order is.
type Write = dyn Fn(&State, Confirmation) -> String + Send + Sync;

/// What the routes of this module need.
#[derive(Clone)]
pub struct Live {
    /// Everything else.
    pub state: State,
    /// See [`Write`].
    pub stage: Arc<Write>,
}

const FRESH: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// A stream looks again so often by itself: what another node did rings no bell here.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Bells that ring at once are answered with one look.
const GATHER: Duration = Duration::from_millis(100);

/// Then a stream ends, and the browser opens another.
const LONGEST: Duration = Duration::from_secs(300);

/// What a stream or a single answer is about, for one signed-in user.
#[derive(Clone)]
enum Subject {
    /// How far an order is: a fragment of markup.
    Stage(String),
    /// The revision of the user's access: a number.
    Access,
}

/// What there is to say about a subject now.
struct News {
    text: String,
    last: bool,
}

/// `/orders/{id}/stage`: how far an order of the signed-in user is. The same answer for another's order as for none.
pub async fn stage(
    extract::State(live): extract::State<Live>,
    extract::Path(order): extract::Path<String>,
    session: Session,
) -> Response {
    answer(&live, &session, Subject::Stage(order)).await
}

/// `/orders/{id}/events`: the same as a stream, until the order is final.
pub async fn stage_events(
    extract::State(live): extract::State<Live>,
    extract::Path(order): extract::Path<String>,
    session: Session,
) -> Response {
    follow(live, &session, Subject::Stage(order)).await
}

/// `/access/revision`: a number that moves whenever the signed-in user's access changes.
pub async fn access(extract::State(live): extract::State<Live>, session: Session) -> Response {
    answer(&live, &session, Subject::Access).await
}

/// `/access/events`: the same as a stream.
pub async fn access_events(extract::State(live): extract::State<Live>, session: Session) -> Response {
    follow(live, &session, Subject::Access).await
}

async fn answer(live: &Live, session: &Session, subject: Subject) -> Response {
    let user = match signed_in(live, session).await {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    match live.news(&user, &subject).await {
        Ok(Some(news)) => (FRESH, Html(news.text)).into_response(),
        Ok(None) => nothing(),
        Err(error) => unreadable(&error),
    }
}

async fn follow(live: Live, session: &Session, subject: Subject) -> Response {
    let user = match signed_in(&live, session).await {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    // Refused before the stream begins: a browser opens a refused stream never again, and asks one by one instead.
    match live.news(&user, &subject).await {
        Ok(Some(_)) => {}
        Ok(None) => return nothing(),
        Err(error) => return unreadable(&error),
    }
    let follower = Follower { live, user, subject, said: None, over: false, ends: Instant::now() + LONGEST };
    let events = stream::unfold(follower, |mut follower| async move {
        let text = follower.next().await?;
        Some((Ok::<_, Infallible>(Event::default().data(text)), follower))
    });
    (FRESH, Sse::new(events).keep_alive(KeepAlive::default())).into_response()
}

async fn signed_in(live: &Live, session: &Session) -> Result<String, Response> {
    match session::user_of(&live.state, session).await {
        Ok(Some(user)) => Ok(user.id),
        Ok(None) => Err(nothing()),
        Err(error) => Err(unreadable(&error.to_string())),
    }
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, FRESH).into_response()
}

fn unreadable(error: &str) -> Response {
    tracing::error!(error, "what a live page follows cannot be read");
    (StatusCode::SERVICE_UNAVAILABLE, FRESH, [(header::RETRY_AFTER, "10")]).into_response()
}

impl Live {
    async fn news(&self, user: &str, subject: &Subject) -> Result<Option<News>, String> {
        match subject {
            Subject::Stage(order) => {
                let found = confirming::of_order(&self.state, user, order).await.map_err(|error| error.to_string())?;
                Ok(found.map(|confirmation| News {
                    last: confirmation.stage.is_final(),
                    text: (self.stage)(&self.state, confirmation),
                }))
            }
            Subject::Access => {
                let revision = access::revision(&self.state, user).await.map_err(|error| error.to_string())?;
                Ok(Some(News { text: revision.to_string(), last: false }))
            }
        }
    }
}

/// One open stream.
struct Follower {
    live: Live,
    user: String,
    subject: Subject,
    said: Option<String>,
    over: bool,
    ends: Instant,
}

impl Follower {
    /// The next thing that was not said yet; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        let state = self.live.state.clone();
        while !self.over && Instant::now() < self.ends && !state.stop.is_cancelled() {
            // Made before looking: a bell that rings meanwhile is not missed.
            let bell = state.wake.live.notified();
            match self.live.news(&self.user, &self.subject).await {
                Ok(Some(news)) => {
                    self.over = news.last;
                    if self.said.as_ref() != Some(&news.text) {
                        self.said = Some(news.text.clone());
                        return Some(news.text);
                    }
                }
                Ok(None) => return None,
                Err(error) => tracing::warn!(error, "a live page could not look; it looks again"),
            }
            tokio::select! {
                () = bell => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = state.stop.cancelled() => {}
            }
        }
        None
    }
}
