//! Guards of pages and of pieces of pages: what stands inside is made only for whoever may use it. Everybody else is offered
//! the plan that opens it, or told that it is being checked. Routes that are no pages have [`crate::server::http::guarded`].

use super::{follow::FollowAccess, page::Page, quote::per};
use crate::{
    model::{
        feature::{Limit, Switch},
        opening::{Need, Way},
    },
    server::{
        http::{next, reply, session, state},
        services::{
            access,
            guarding::{self, Denied, Guard},
        },
    },
};
use leptos::{either::Either, prelude::*};

/// Shows what stands inside to whoever may use a feature.
#[component]
pub fn Granted<F: Switch>(
    /// Which.
    feature: F,
    /// It is the whole page, and not a piece of one: nobody is sent to the log-in page, the status says what holds, and the
    /// page loads itself anew when access changes.
    #[prop(optional)]
    whole: bool,
    /// For whoever may.
    children: Children,
) -> impl IntoView {
    let _: F = feature;
    Suspend::new(async move { if whole { page::<F>(children).await } else { piece::<F>(children).await } })
}

async fn page<F: Switch>(children: Children) -> Option<AnyView> {
    let user = session::require_user().await?;
    let state = state();
    let revision = access::revision(&state, &user.id).await.ok();
    let room = match guarding::switch::<F>(&state, &user.id).await {
        Guard::Granted(()) => children(),
        Guard::Denied(denied) => {
            reply::forbidden();
            view! { <Closed denied=*denied /> }.into_any()
        }
        Guard::Unknown(why) => {
            reply::not_known();
            view! { <Checking why /> }.into_any()
        }
    };
    Some(view! { {room} {revision.map(|revision| view! { <FollowAccess revision /> })} }.into_any())
}

async fn piece<F: Switch>(children: Children) -> Option<AnyView> {
    let state = state();
    Some(match session::user().await {
        None => stranger(guarding::open::<F>()).await,
        Some(user) => match guarding::switch::<F>(&state, &user.id).await {
            Guard::Granted(()) => children(),
            other => shut(other),
        },
    })
}

/// Shows what stands inside to whoever may have one more of something, and hands it how many they may have in all.
#[component]
pub fn UpTo<F, C, V>(
    /// Of what.
    limit: F,
    /// How many they have.
    #[prop(optional)]
    have: i64,
    /// For whoever may have more.
    children: C,
) -> impl IntoView
where
    F: Limit,
    C: FnOnce(i64) -> V + Send + 'static,
    V: IntoView + 'static,
{
    let _: F = limit;
    Suspend::new(async move {
        let state = state();
        match session::user().await {
            None => stranger(guarding::more_than::<F>(have)).await,
            Some(user) => match guarding::limit::<F>(&state, &user.id, have).await {
                Guard::Granted(most) => children(most).into_any(),
                other => shut(other),
            },
        }
    })
}

async fn stranger(need: Need<'static>) -> AnyView {
    let denied = guarding::to_a_stranger(&state(), need).await;
    let log_in = next::login_for(&reply::path_and_query());
    view! {
        <p>{denied.reason.clone()}</p>
        <p class="actions">{button(&denied, "button small")} <a href=log_in>"Log in"</a></p>
    }
    .into_any()
}

/// What stands in the place of a piece that is not open.
pub fn shut<T>(guard: Guard<T>) -> AnyView {
    match guard {
        Guard::Granted(_) => ().into_any(),
        Guard::Denied(denied) => view! {
            <p>{denied.reason.clone()}</p>
            {words(&denied).map(|words| view! { <p>{words}</p> })}
            <p class="actions">{button(&denied, "button small")}</p>
        }
        .into_any(),
        Guard::Unknown(why) => view! {
            <p class="notice" role="status">
                {why}" You need not do or pay anything. "<a href=reply::path_and_query()>"Look again"</a>
            </p>
        }
        .into_any(),
    }
}

/// The page for those who may not: which plan opens it, what it costs, and where to get it.
#[component]
fn Closed(denied: Denied) -> impl IntoView {
    let title = format!("{} is not in your plan", denied.what);
    view! {
        <Page title lead=denied.reason.clone() width="order">
            {words(&denied).map(|words| view! { <p>{words}</p> })}
            <p class="actions">
                {button(&denied, "button")}
                {denied.way.is_some().then(|| view! { <a href="/pricing">"See plans and prices"</a> })}
                {(denied.way != Some(Way::Account)).then(|| view! { <a href="/account">"See what I have"</a> })}
            </p>
        </Page>
    }
}

/// What the button leads to, where that needs saying.
fn words(denied: &Denied) -> Option<String> {
    match (&denied.way, &denied.plan) {
        (Some(Way::Change(..)), Some(plan)) => Some(format!(
            "You can switch to {plan}. The next page says what that costs, and nothing changes before you agree."
        )),
        (Some(Way::Account), _) => {
            Some("Something that you bought needs a look first. Your account says what.".to_owned())
        }
        _ => None,
    }
}

fn button(denied: &Denied, class: &'static str) -> impl IntoView + use<> {
    let Some((way, offer)) = denied.way.as_ref().and_then(|way| Some((way, way.offer()?))) else {
        let (to, text) = match denied.way {
            Some(_) => ("/account", "See my account"),
            None => ("/pricing", "See plans and prices"),
        };
        return Either::Left(view! { <a class=class href=to>{text}</a> });
    };
    let verb = if matches!(way, Way::Change(..)) { "Switch to" } else { "Start" };
    let plan = denied.plan.as_deref().unwrap_or(&offer.plan);
    let text = format!("{verb} {plan}, {} {}", offer.price, per(&offer.interval));
    Either::Right(view! { <a class=class href=way.path()>{text}</a> })
}

#[component]
fn Checking(why: &'static str) -> impl IntoView {
    view! {
        <Page title="We are checking your access" lead=why width="order">
            <p>"You need not do or pay anything. This page looks again by itself."</p>
            <p class="actions">
                <a class="button" href=reply::path_and_query()>
                    "Look again"
                </a>
                <a href="/confirmation">"See my order"</a>
            </p>
            <meta http-equiv="refresh" content="5" />
        </Page>
    }
}
