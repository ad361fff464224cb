//! The place where your own product goes: only a plan with the feature `studio` opens it.

use crate::{
    components::{follow::FollowAccess, page::Page},
    server::{
        http::{reply, session, state},
        services::access::{self, Access},
    },
};
use leptos::{either::EitherOf3, prelude::*};

/// The feature that opens this page, as `plans.toml` names it.
const FEATURE: &str = "studio";

/// `/studio`
#[component]
pub fn StudioPage() -> impl IntoView {
    Suspend::new(async move {
        let user = session::require_user().await?;
        let state = state();
        let revision = access::revision(&state, &user.id).await.ok();
        let room = match access::feature(&state, &user.id, FEATURE).await {
            Access::Granted { .. } => EitherOf3::A(view! { <Studio /> }),
            Access::Denied { reason } => {
                reply::forbidden();
                EitherOf3::B(view! { <Closed reason /> })
            }
            Access::Unknown { why } => {
                reply::not_known();
                EitherOf3::C(view! { <Checking why /> })
            }
        };
        Some(view! {
            {room}
            {revision.map(|revision| view! { <FollowAccess revision /> })}
        })
    })
}

#[component]
fn Studio() -> impl IntoView {
    view! {
        <Page title="Studio" lead="Your plan opens this room." width="wide">
            <section class="studio-room">
                <div>
                    <h2>"The room is yours"</h2>
                    <p>"Whoever runs this shop puts their product here."</p>
                </div>
            </section>
        </Page>
    }
}

#[component]
fn Closed(reason: String) -> impl IntoView {
    view! {
        <Page title="The studio is not in your plan" lead=reason width="order">
            <p class="actions">
                <a class="button" href="/pricing">
                    "See plans and prices"
                </a>
                <a href="/account">"See what I have"</a>
            </p>
        </Page>
    }
}

#[component]
fn Checking(why: &'static str) -> impl IntoView {
    view! {
        <Page title="We are checking your access" lead=why width="order">
            <p>"You need not do or pay anything. This page looks again by itself."</p>
            <p class="actions">
                <a class="button" href="/studio">
                    "Look again"
                </a>
                <a href="/confirmation">"See my order"</a>
            </p>
            <meta http-equiv="refresh" content="5" />
        </Page>
    }
}
