//! Pieces of the studio's pages: the form's field, the picture of a code, what is left, and why a form was refused.

use super::{
    METER,
    codes::Code,
    making::Made,
    svg::{Drawing, draw},
    words,
};
use crate::{
    components::guarded::shut,
    model::{
        instant::spell_time,
        usage::{Balance, Bill},
    },
    server::{
        http::{
            forms::{Rejected, reject, rejected},
            reply, state,
        },
        services::{
            Error,
            access::CHECKING,
            guarding::{self, Guard},
            usage,
        },
    },
};
use leptos::{either::Either, prelude::*};

/// What somebody has left, and what they are told where that is nothing.
pub(super) struct Left {
    balance: Balance,
    closed: Option<AnyView>,
}

impl Left {
    /// Whether there is a form no more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

/// What `user` has left.
///
/// # Errors
/// When the database fails.
pub(super) async fn left(user: &str) -> Result<Left, Error> {
    let state = state();
    let balance = usage::balance(&state, user, METER).await?;
    let closed = match (balance.left(), balance.bill) {
        (1.., _) => None,
        (_, Bill::Awaited) => Some(shut::<()>(Guard::Unknown(CHECKING))),
        (_, Bill::Unpaid) => Some(unpaid(&balance)),
        (_, Bill::Paid) => {
            let way = shut(guarding::used_up(&state, user, METER, words::used_up(&balance)).await);
            Some(view! { {way} {by_the_unit(&balance)} }.into_any())
        }
    };
    Ok(Left { balance, closed })
}

/// Where more is paid by the unit, the way to a limit that allows some.
fn by_the_unit(balance: &Balance) -> Option<impl IntoView + use<>> {
    let words = words::by_the_unit(balance)?;
    Some(view! { <p>{words}" "<a href=format!("/usage/limit?meter={METER}")>"Set a spending limit"</a></p> })
}

/// More is not sold to somebody who has a bill to pay: they get it by paying that.
fn unpaid(balance: &Balance) -> AnyView {
    view! {
        <p>{words::used_up(balance)}</p>
        <p>"A bill of yours is not paid yet. What it gives you is here as soon as it is."</p>
        <p class="actions">
            <a class="button small" href="/account">
                "See my account"
            </a>
        </p>
    }
    .into_any()
}

/// The form with what is left below it; where nothing is, why there is none, and the way on.
#[component]
pub(super) fn FormOrWay(
    /// What is left.
    left: Left,
    /// The name of the field: what was typed into it stays to be seen.
    field: &'static str,
    /// What stands in the form.
    children: Children,
) -> impl IntoView {
    let Left { balance, closed } = left;
    match closed {
        Some(way) => Either::Left(view! {
            <section class="card stack" aria-label="Nothing left">
                {way}
                {rejected().value_of(field).map(|typed| view! { <p class="fine">"You wrote:"</p><p class="held">{typed}</p> })}
            </section>
        }),
        None => Either::Right(view! {
            <form method="post" class="card">
                {children()}
                <p class="fine left">{words::left(&balance)}</p>
            </form>
        }),
    }
}

/// A field of several lines, as `components::form::Field` is one of one line.
#[component]
pub(super) fn Lines(
    /// The name that is posted.
    name: &'static str,
    /// The words above it.
    label: &'static str,
    /// A line that helps.
    hint: String,
    /// So many lines are seen.
    rows: u8,
) -> impl IntoView {
    let refusal = rejected();
    let message = refusal.message_for(name);
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = if message.is_some() { format!("{hint_id} {error_id}") } else { hint_id.clone() };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <p class="hint" id=hint_id>{hint}</p>
            <textarea
                id=name
                name=name
                rows=rows
                required
                autofocus=refusal.first_field() == Some(name)
                aria-invalid=message.is_some().then_some("true")
                aria-describedby=described
                inner_html=html_escape::encode_text(&refusal.value_of(name).unwrap_or_default()).into_owned()
            ></textarea>
            {message.map(|message| view! { <p class="error" id=error_id role="alert">{message}</p> })}
        </div>
    }
}

/// A code with what it holds, to be downloaded.
#[component]
pub(super) fn Shown(
    /// Which.
    code: Code,
) -> impl IntoView {
    let Drawing { side, path } = draw(&code.text);
    let label = format!("QR code: {}", code.text);
    view! {
        <figure class="code">
            <svg role="img" aria-label=label viewBox=format!("0 0 {side} {side}") shape-rendering="crispEdges">
                <rect width=side height=side fill="#fff" />
                <path d=path fill="#000" />
            </svg>
            <figcaption>
                <p class="held">{code.text.clone()}</p>
                <p class="actions">
                    <a class="button second small" href=address(&code.id) download="qr-code.svg">
                        "Download SVG"
                    </a>
                </p>
            </figcaption>
        </figure>
    }
}

/// Codes made before, the newest first.
#[component]
pub(super) fn Newest(
    /// Which.
    codes: Vec<Code>,
) -> impl IntoView {
    let line = |code: Code| {
        view! {
            <li>
                <a class="cut" href=format!("/studio?code={}", code.id)>{code.text}</a>
                <span class="fine"><time>{spell_time(code.created_at)}</time></span>
            </li>
        }
    };
    (!codes.is_empty()).then(|| {
        view! {
            <section aria-labelledby="newest">
                <h2 id="newest">"Your newest codes"</h2>
                <ul class="codes">{codes.into_iter().map(line).collect_view()}</ul>
            </section>
        }
    })
}

fn address(id: &str) -> String {
    format!("/studio/code.svg?id={id}")
}

/// The answer to a form that did not make what it asked for, with what was typed kept; `Ok` where there is no such page.
///
/// # Errors
/// The refusal, as the page shows it.
pub(super) fn unmade(
    made: Result<Made, Error>,
    field: &'static str,
    typed: &str,
    many: usize,
) -> Result<(), ServerFnError> {
    let refusal = match made {
        Ok(Made::Done) => return Ok(()),
        Ok(Made::Nobodys) => {
            reply::gone();
            return Ok(());
        }
        Ok(Made::NotEnough(_)) if many > 1 => {
            let why = format!("These are {many} codes, and you have fewer left. None of them was made.");
            Rejected::field(field, why)
        }
        Ok(Made::NotEnough(balance)) => Rejected::form(words::used_up(&balance)),
        Ok(Made::Unknown(why)) => Rejected::unavailable(format!(
            "{why} Nothing was made, and nothing was used up. Please try again in a moment."
        )),
        Err(error) => {
            tracing::error!(%error, "a code cannot be made");
            Rejected::unavailable("We cannot reach our records just now. Please try again in a moment.")
        }
    };
    Err(reject(refusal.with(field, typed)))
}
