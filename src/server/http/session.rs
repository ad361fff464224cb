//! Who is signed in. The cookie holds a random id and nothing else; what it stands for is a row of ours.

use super::{guard, next, reply};
use crate::{
    model::role::Role,
    server::{
        db::{
            self,
            sessions::{Sessions, USER},
        },
        services::{accounts, staffing::Actor},
        state::State,
    },
};
use leptos::prelude::{provide_context, use_context};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite, session};

/// When the session was last extended, in seconds since 1970.
const SEEN: &str = "seen";
/// The cookie by which a browser is known that somebody logged in with before; it opens nothing.
pub const DEVICE: &str = "device";
/// The end of a session is moved at most this often: reading a page is not a write.
const TOUCH_EVERY_SECS: i64 = 3_600;
const IDLE_DAYS: i64 = 14;

/// The visitor with an account whose session this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Our user id.
    pub id: String,
    /// The address they log in with.
    pub email: String,
    /// Whether the address was proved to be theirs.
    pub is_verified: bool,
    /// What they may do here.
    pub role: Role,
}

/// Why it is not known who is signed in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The session cannot be read or written.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The user cannot be read.
    #[error(transparent)]
    Store(#[from] db::Error),
}

/// The answer to "who is there", found once a page.
#[derive(Clone, Default)]
struct Visitor(Arc<OnceCell<Option<SignedIn>>>);

/// Sessions for every route: `id`, or `__Host-id` over TLS, is forgotten after 14 days without a visit.
pub fn layer(state: &State) -> SessionManagerLayer<Sessions> {
    let https = state.config.is_https();
    SessionManagerLayer::new(Sessions::new(state.db.clone(), state.clock.clone()))
        .with_name(if https { "__Host-id" } else { "id" })
        .with_secure(https)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(time::Duration::days(IDLE_DAYS)))
}

/// Makes room for the answer of [`user`]; called once for each page.
pub(super) fn provide() {
    provide_context(Visitor::default());
}

/// Who is signed in, for a page or server function. When that cannot be found out the answer becomes "unavailable",
/// whatever the page makes of the `None`.
pub async fn user() -> Option<SignedIn> {
    let (visitor, state, session) = (use_context::<Visitor>()?, use_context::<State>()?, reply::part::<Session>()?);
    let find = async || {
        user_of(&state, &session).await.unwrap_or_else(|error| {
            reply::unavailable(&error);
            None
        })
    };
    visitor.0.get_or_init(find).await.clone()
}

/// Who is signed in; nobody is sent to the log-in page and comes back here. What is shown is not kept by the browser.
pub async fn require_user() -> Option<SignedIn> {
    let user = user().await;
    reply::no_store();
    if user.is_none() {
        reply::see_other(&next::login_for(&reply::path_and_query()));
    }
    user
}

/// Whoever of the staff is signed in, ready to act. Nobody is sent to the log-in page; for a customer there is no such
/// page.
pub async fn require_staff() -> Option<Actor> {
    let user = require_user().await?;
    if !user.role.is_staff() {
        reply::gone();
        return None;
    }
    Some(Actor { id: user.id, ip: guard::client_ip().to_string() })
}

/// Who is signed in, for a route that is no page. Reads only, but once an hour moves the end of the session.
///
/// # Errors
/// When the database does not answer: not the same as nobody.
pub async fn user_of(state: &State, session: &Session) -> Result<Option<SignedIn>, Error> {
    let Some(id) = session.get::<String>(USER).await? else { return Ok(None) };
    let Some(user) = accounts::by_id(state, &id).await? else { return Ok(None) };
    let now = state.clock.wall() / 1_000;
    if now - session.get::<i64>(SEEN).await?.unwrap_or(0) >= TOUCH_EVERY_SECS {
        session.insert(SEEN, now).await?;
    }
    let role = Role::of_stored(&user.role);
    Ok(Some(SignedIn { id: user.id, email: user.email, is_verified: user.email_verified_at.is_some(), role }))
}

/// Signs somebody in, under a new session id: one that was known before is worth nothing. A browser that is new beside others
/// is told by mail.
///
/// # Errors
/// When the session cannot be written.
pub async fn start(user_id: &str) -> Result<(), Error> {
    let (Some(session), Some(state)) = (reply::part::<Session>(), use_context::<State>()) else { return Ok(()) };
    session.cycle_id().await?;
    session.insert(USER, user_id).await?;
    session.insert(SEEN, state.clock.wall() / 1_000).await?;
    let asking = accounts::Asking { user: user_id, from: guard::client_ip() };
    if let Some(device) = accounts::note_device(&state, asking, reply::cookie(DEVICE).as_deref()).await {
        let secure = if state.config.is_https() { "; Secure" } else { "" };
        reply::set_cookie(&format!("{DEVICE}={device}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"));
    }
    Ok(())
}

/// Signs out here; sessions in other browsers go on.
///
/// # Errors
/// When the session cannot be removed.
pub async fn end() -> Result<(), Error> {
    match reply::part::<Session>() {
        Some(session) => Ok(session.flush().await?),
        None => Ok(()),
    }
}
