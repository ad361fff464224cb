//! Who is signed in. The cookie holds a random id and nothing else; what it stands for is a row of ours.

use super::{guard, next, reply};
use crate::{
    model::{
        browser,
        instant::{HOUR, Millis},
        role::Role,
    },
    server::{
        db::{
            self,
            sessions::{SIGN_IN, Sessions, SignIn, key},
        },
        services::{
            accounts::{self, Evidence, Proof, Stamp},
            staffing::Actor,
        },
        state::State,
    },
};
use axum::http::{header, request::Parts};
use leptos::prelude::{provide_context, use_context};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite, session};

/// The cookie by which a browser is known that somebody logged in with before; it opens nothing.
pub const DEVICE: &str = "device";
/// The end of a session is moved at most this often: reading a page is not a write.
const TOUCH_EVERY: Millis = HOUR;
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
    /// The name of this session among theirs.
    pub session: String,
    /// Of the password that they gave in this session a little while ago: see [`accounts::FRESH`].
    recent: Option<Stamp>,
}

impl SignedIn {
    /// Whether the password was given in this session so lately that it is not asked for again.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.recent.is_some()
    }

    /// What shows that the account is theirs: that the password was given lately, else what was typed now.
    #[must_use]
    pub fn evidence(&self, typed: String) -> Evidence {
        self.recent.clone().map_or(Evidence::Password(typed), Evidence::Recent)
    }
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

/// Sessions for every route: `id`, or `__Host-id` over TLS, is forgotten after 14 days without a visit,
/// and after 90 days in any case.
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
    let (Some(mut sign_in), Some(id)) = (session.get::<SignIn>(SIGN_IN).await?, session.id()) else { return Ok(None) };
    let Some((user, stamp)) = accounts::signed_in(state, &sign_in).await? else { return Ok(None) };
    let now = state.clock.wall();
    let recent = Some(stamp).filter(|_| now - sign_in.proved < accounts::FRESH);
    if now - sign_in.seen >= TOUCH_EVERY {
        sign_in.seen = now;
        session.insert(SIGN_IN, sign_in).await?;
    }
    let (role, is_verified) = (Role::of_stored(&user.role), user.email_verified_at.is_some());
    let session = accounts::hex(&key(&id));
    Ok(Some(SignedIn { id: user.id, email: user.email, is_verified, role, session, recent }))
}

/// Signs somebody in, under a new session id: one that was known before is worth nothing. A browser that is new beside others
/// is told by mail.
///
/// # Errors
/// When the session cannot be written.
pub async fn start(proof: &Proof) -> Result<(), Error> {
    let (Some(session), Some(state)) = (reply::part::<Session>(), use_context::<State>()) else { return Ok(()) };
    let now = state.clock.wall();
    session.cycle_id().await?;
    let (user, stamp) = (proof.user.clone(), proof.stamp.as_str().to_owned());
    let sign_in = SignIn { user, stamp, started: now, proved: now, seen: now, browser: browser_in_words() };
    session.insert(SIGN_IN, sign_in).await?;
    let asking = accounts::Asking { user: &proof.user, from: guard::client_ip() };
    if let Some(device) = accounts::note_device(&state, asking, reply::cookie(DEVICE).as_deref()).await {
        let secure = if state.config.is_https() { "; Secure" } else { "" };
        reply::set_cookie(&format!("{DEVICE}={device}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"));
    }
    Ok(())
}

fn browser_in_words() -> String {
    let parts = use_context::<Parts>();
    let agent = parts.as_ref().and_then(|parts| parts.headers.get(header::USER_AGENT)?.to_str().ok());
    browser::in_words(agent.unwrap_or_default())
}

/// Notes that whoever is signed in here has just shown that the account is theirs by the password they typed: for a while it
/// is not asked for again.
///
/// # Errors
/// When the session cannot be written.
pub async fn note_proof(user: &SignedIn) -> Result<(), Error> {
    let (Some(session), Some(state)) = (reply::part::<Session>(), use_context::<State>()) else { return Ok(()) };
    if let Some(sign_in) = session.get::<SignIn>(SIGN_IN).await?.filter(|_| !user.is_fresh()) {
        session.insert(SIGN_IN, SignIn { proved: state.clock.wall(), ..sign_in }).await?;
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
