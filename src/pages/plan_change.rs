//! Another plan for a subscription: which there are, what one costs today and at the next bill, and the one button.

use super::subscription::{NOT_SOLD, commit, unfit};
use crate::{
    components::{
        form::{Hidden, Refusal},
        page::Page,
        quote::per,
        switching::{SwitchFacts, Trade},
    },
    model::{
        catalog::Offer,
        change::{Change, Fit},
    },
    pages::not_found::NotFound,
    server::{
        http::{
            forms::{WHOLE_FORM, rejected},
            reply, session, state,
        },
        services::{
            Error,
            changing::{self, Proposal, Proposed, Target, Wish},
        },
    },
};
use leptos::{
    either::{Either, EitherOf3, EitherOf4},
    prelude::*,
};
use leptos_router::hooks::use_query_map;

/// Gives a subscription another plan, or bills it at another interval.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/subscription/change")]
pub async fn change_plan(
    /// Polar's id of the subscription.
    #[server(default)]
    subscription: String,
    /// Minted by the form.
    #[server(default)]
    order: String,
    /// What was shown.
    #[server(default)]
    terms: String,
    /// The plan's slug.
    #[server(default)]
    plan: String,
    /// The interval's slug.
    #[server(default)]
    interval: String,
    /// When the figures were computed, in milliseconds of billing time.
    #[server(default)]
    quoted_at: String,
) -> Result<(), ServerFnError> {
    // What is no instant was quoted at none: it is too old.
    let to = Target { plan, interval, quoted_at: quoted_at.parse().unwrap_or(0) };
    commit(Wish { subscription, change: Change::Switch, to: Some(to) }, (order, terms), (None, None)).await
}

/// What the page shows.
enum Content {
    Choices(Choices),
    NotSold(Choices),
    Quote(Box<Proposal>),
    PolarDown,
    NotFound,
}

/// `/subscription/change?id=&plan=&interval=`; without a plan, the choice of them; without an id, the only subscription.
#[component]
pub fn ChangePage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let of = move |name: &str| query.get(name).unwrap_or_default();
    let (id, plan, interval) = (of("id"), of("plan"), of("interval"));
    Suspend::new(async move {
        let user = session::require_user().await?;
        match content(&user.id, id, plan, interval).await {
            Ok(content) => Some(show(content)),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

/// What a subscription can become.
struct Choices {
    id: String,
    name: String,
    offers: Vec<Offer>,
}

async fn content(user: &str, id: String, plan: String, interval: String) -> Result<Content, Error> {
    let state = state();
    let id = if id.is_empty() { changing::only_one(&state, user).await?.unwrap_or_default() } else { id };
    if plan.is_empty() {
        return choices(user, id, Content::Choices).await;
    }
    let to = Target { plan, interval, quoted_at: state.clock.billing() };
    let wish = Wish { subscription: id, change: Change::Switch, to: Some(to) };
    Ok(match changing::propose(&state, user, &wish).await? {
        Proposed::Shown(proposal) => Content::Quote(proposal),
        Proposed::PolarDown => Content::PolarDown,
        Proposed::NotSold => return choices(user, wish.subscription, Content::NotSold).await,
        Proposed::NotFound => Content::NotFound,
    })
}

async fn choices(user: &str, id: String, content: fn(Choices) -> Content) -> Result<Content, Error> {
    let state = state();
    let found = changing::choices(&state, user, &id).await?;
    let name = |plan: &str| state.plans.get(plan).map_or_else(|| "your plan".to_owned(), |plan| plan.name.clone());
    Ok(found.map_or(Content::NotFound, |(plan, offers)| content(Choices { id, name: name(&plan), offers })))
}

fn show(content: Content) -> impl IntoView {
    match content {
        Content::Choices(choices) => EitherOf4::A(view! { <Choose choices /> }),
        Content::NotSold(choices) => {
            let refused = rejected().message_for(WHOLE_FORM).is_some();
            if !refused {
                reply::not_found();
            }
            EitherOf4::A(view! { <Choose choices note=(!refused).then_some(NOT_SOLD) /> })
        }
        Content::Quote(proposal) => EitherOf4::B(view! { <Quoted proposal=*proposal /> }),
        Content::PolarDown => {
            reply::not_known();
            EitherOf4::C(view! { <Down /> })
        }
        Content::NotFound => EitherOf4::D(view! { <NotFound /> }),
    }
}

#[component]
fn Choose(choices: Choices, #[prop(optional_no_strip)] note: Option<&'static str>) -> impl IntoView {
    let Choices { id, name, offers } = choices;
    let state = state();
    let note = note.map(|note| view! { <p class="notice" role="status">{note}</p> });
    let none = offers
        .is_empty()
        .then(|| view! { <p class="notice" role="status">"There is nothing else that it could become."</p> });
    let each = move |offer: Offer| {
        let plan = state.plans.get(&offer.plan);
        let (title, summary) =
            plan.map_or_else(|| (offer.plan.clone(), String::new()), |plan| (plan.name.clone(), plan.summary.clone()));
        let to = format!("/subscription/change?id={id}&plan={}&interval={}", offer.plan, offer.interval.slug());
        let price = format!("{} {}", offer.price, per(&offer.interval));
        view! {
            <li class="card">
                <h2>{title}", "{price}</h2>
                <p>{summary}</p>
                <p><a class="button second small" href=to>"See what it would cost"</a></p>
            </li>
        }
    };
    let lead = format!("You have {name}. Nothing is charged and nothing changes before you agree.");
    view! {
        <Page title="Change your plan" lead width="narrow">
            <Refusal />
            {note}
            {none}
            <ul class="source-list">{offers.into_iter().map(each).collect_view()}</ul>
            <p class="aside"><a href="/account">"Back to my account"</a></p>
        </Page>
    }
}

#[component]
fn Down() -> impl IntoView {
    view! {
        <Page title="Change your plan" lead="Polar, who holds the subscription, does not answer just now." width="narrow">
            <p class="notice" role="status">
                "So we cannot tell what a change would cost. Nothing was changed. Please try again in a moment."
            </p>
            <p class="aside"><a href="/account">"Back to my account"</a></p>
        </Page>
    }
}

#[component]
fn Quoted(proposal: Proposal) -> impl IntoView {
    let Proposal { terms, plan, fit, order_id } = proposal;
    let switch = terms.switch.clone()?;
    let state = state();
    let name = |slug: &str| state.plans.get(slug).map_or_else(|| slug.to_owned(), |plan| plan.name.clone());
    let (from, to) = (name(&plan), name(&switch.to.plan));
    let way_on = if fit == Fit::Fits {
        Either::Left(view! {
            <form method="post" class="stack">
                <Hidden name="subscription" value=Some(terms.subscription.clone()) />
                <Hidden name="order" value=Some(order_id) />
                <Hidden name="terms" value=Some(terms.hash()) />
                <Hidden name="plan" value=Some(switch.to.plan.clone()) />
                <Hidden name="interval" value=Some(switch.to.interval.slug()) />
                <Hidden name="quoted_at" value=Some(switch.quoted_at.to_string()) />
                <button class="button large block">{format!("Switch to {to}, {} {}", switch.to.price, per(&switch.to.interval))}</button>
            </form>
        })
    } else {
        Either::Right(obstacle(fit, &terms.subscription))
    };
    let title =
        if from == to { format!("{to}, billed {}", per(&switch.to.interval)) } else { format!("{from} becomes {to}") };
    Some(view! {
        <Page title lead="This is what would happen. Nothing changes before you agree." width="order">
            <Refusal />
            <section class="card" aria-label="What would happen">
                <SwitchFacts terms=terms.clone() from=from.clone() to=to.clone() />
                <Trade from=plan to=switch.to.plan />
                <hr />
                {way_on}
            </section>
            <p class="aside">
                <a href=format!("/subscription/change?id={}", terms.subscription)>"Other plans"</a>" · "
                <a href="/account">"Back to my account"</a>
            </p>
        </Page>
    })
}

/// Why it cannot be, and what to do first.
fn obstacle(fit: Fit, subscription: &str) -> impl IntoView + use<> {
    let resume = format!("/subscription/resume?id={subscription}");
    let way = match fit {
        Fit::Ending => EitherOf3::A(view! { <a class="button" href=resume>"Keep it first"</a> }),
        Fit::Unpaid | Fit::Paused => EitherOf3::B(view! {
            <form method="post" action="/billing"><button class="button">"Open the billing portal"</button></form>
        }),
        _ => EitherOf3::C(view! { <a class="button" href="/account">"See my account"</a> }),
    };
    view! {
        <p class="notice" role="status">{unfit(fit)}</p>
        <div class="actions">{way}</div>
    }
}
