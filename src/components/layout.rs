//! What stands around every page: head, notice of the sandbox, foot.

use super::theme::ThemeSwitch;
use crate::server::{
    http::{
        next, reply,
        session::{self, SignedIn},
    },
    state::State,
};
use leptos::{either::Either, prelude::*};

/// The head of every page: where one can go, and who is signed in.
#[component]
pub fn PageHead() -> impl IntoView {
    let path = reply::path();
    let link = move |to: &'static str, text: &'static str| {
        let here = (path == to).then_some("page");
        view! { <a href=to aria-current=here>{text}</a> }
    };
    view! {
        <SandboxBanner />
        <header class="site">
            <a class="brand" href="/">
                <BrandMark />
                "Boreal"
            </a>
            <nav aria-label="Main">
                {link("/pricing", "Pricing")}
                {link("/studio", "Studio")} // the studio
            </nav>
            <div class="visitor">{Suspend::new(visitor())}</div>
        </header>
    }
}

async fn visitor() -> impl IntoView {
    match session::user().await {
        Some(user) => Either::Left(view! { <SignedInLinks user /> }),
        None => {
            // The log-in page itself is no place to come back to; the page that was asked for is.
            let path = reply::path();
            let back = (!matches!(path.as_str(), "/" | "/login" | "/register" | "/logout")).then_some(path);
            Either::Right(view! {
                <a href=next::page_for("/login", back.as_deref())>"Log in"</a>
                <a class="button small" href=next::page_for("/register", back.as_deref())>
                    "Create account"
                </a>
            })
        }
    }
}

#[component]
fn SignedInLinks(user: SignedIn) -> impl IntoView {
    let shown = user.email.clone();
    let is_metered = use_context::<State>().is_some_and(|state| state.plans.meters().next().is_some());
    let usage = is_metered.then(|| view! { <a class="wide-only" href="/usage">"Usage"</a> });
    let staff = user.role.is_staff().then(|| view! { <a href="/staff">"Staff"</a> });
    view! {
        {staff}
        {usage}
        <a class="who" href="/account" title=user.email>
            <span class="phone-only">"Account"</span>
            <span class="wide-only cut">{shown}</span>
        </a>
        <form method="post" action="/logout">
            <button class="quiet small">"Log out"</button>
        </form>
    }
}

/// Says on every page that no real money moves.
#[component]
fn SandboxBanner() -> impl IntoView {
    let on = use_context::<State>().is_some_and(|state| state.config.uses_sandbox());
    on.then(|| {
        view! {
            <aside class="banner" aria-label="Sandbox">
                <p>
                    <strong>"Sandbox. "</strong>
                    "Nothing here costs money. Pay with the card 4242 4242 4242 4242, any date and any code."
                </p>
            </aside>
        }
    })
}

/// The sign of the shop: an arc of northern light.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
            <path class="arc-outer" d="M3 25C5 11 12 5 16 5s11 6 13 20" />
            <path class="arc-middle" d="M9 25c1-9 4-13 7-13s6 4 7 13" />
            <path class="arc-inner" d="M14.5 25c.3-4 .8-6 1.5-6s1.2 2 1.5 6" />
        </svg>
    }
}

/// The foot of every page.
#[component]
pub fn PageFoot() -> impl IntoView {
    view! {
        <footer class="site">
            <p>"Payments, taxes and invoices are handled by Polar, our merchant of record."</p>
            <nav aria-label="Foot">
                <a href="/pricing">"Pricing"</a>
                <a href="/account">"Account"</a>
                <a href="/usage">"Usage"</a>
                <a href="/billing">"Billing"</a>
            </nav>
            <ThemeSwitch />
        </footer>
    }
}
