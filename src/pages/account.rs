//! What I have and until when; why; what I can do; what was paid.

use crate::{
    components::{
        account::{Besides, Bills, Contracts, Features, PastDue, Purchases, Waitings, first_sentence},
        follow::FollowAccess,
        page::Page,
    },
    server::{
        http::{reply, session, state},
        services::{
            Error, access,
            overview::{self, Overview},
        },
    },
};
use leptos::prelude::*;

/// `/account`
#[component]
pub fn AccountPage() -> impl IntoView {
    Suspend::new(async move {
        let user = session::require_user().await?;
        match read(&user.id).await {
            Ok((revision, overview)) => Some(view! {
                <Account overview email=user.email />
                <FollowAccess revision />
            }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

/// The revision first: what changes while the rest is read makes the page load once more.
async fn read(user: &str) -> Result<(i64, Overview), Error> {
    let state = state();
    Ok((access::revision(&state, user).await?, overview::of(&state, user).await?))
}

#[component]
fn Account(overview: Overview, email: String) -> impl IntoView {
    let Overview {
        plan,
        is_paid,
        headline,
        besides,
        is_double,
        uncertain,
        contracts,
        purchases,
        features,
        bills,
        waiting,
    } = overview;
    let lead = first_sentence(headline.as_deref(), plan.as_ref(), uncertain && !is_paid);
    let offer =
        (!is_paid && !uncertain).then(|| view! { <a class="button" href="/pricing">"See plans and prices"</a> });
    view! {
        <Page title="Your account" lead width="text">
            {uncertain.then(|| view! {
                <p class="notice" role="status">
                    "A payment of yours is being checked. You need not do or pay anything. "
                    <a href="/confirmation">"See my order"</a>
                </p>
            })}
            <PastDue contracts=contracts.clone() />
            <Besides sentences=besides is_double />
            <Waitings waiting />
            <Contracts contracts />
            <Purchases purchases />
            <Features features />
            <section aria-labelledby="next">
                <h2 id="next">"What you can do"</h2>
                <div class="actions">
                    {offer}
                    <form method="post" action="/billing">
                        <button class="button second">"Manage billing"</button>
                    </form>
                    {is_paid.then(|| view! { <a href="/pricing">"Compare plans"</a> })}
                    <a href="/usage">"What I have used"</a>
                </div>
                <p class="fine">"Cards and invoices are in the billing portal of Polar."</p>
            </section>
            <Bills bills />
            <section aria-labelledby="self" class="quiet-end">
                <h2 id="self">"Your log-in"</h2>
                <p>"You log in with "{email}"."</p>
                <p class="actions">
                    <a href="/account/address">"E-mail address"</a>
                    <a href="/account/password">"Password"</a>
                    <a href="/account/sessions">"Where you are logged in"</a>
                    <a href="/account/activity">"Activity"</a>
                    <a href="/account/export">"A copy of my data"</a>
                    <a href="/account/delete">"Delete my account"</a>
                </p>
            </section>
        </Page>
    }
}
