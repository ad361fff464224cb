//! What will be bought, what it costs, and the one button that commits it.

use crate::{
    components::{
        form::{Hidden, Refusal},
        page::Page,
        quote::{QuoteFacts, per},
    },
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, source, state,
        },
        services::{
            Error,
            buying::{self, Buyer, Committed, Obstacle, Proposal, Wish},
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Commits an order: on to Polar, or to where an earlier order stands.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/buy")]
pub async fn buy(
    /// Minted by the form.
    #[server(default)]
    order: String,
    /// The plan's slug.
    #[server(default)]
    plan: String,
    /// The interval's slug.
    #[server(default)]
    interval: String,
    /// What was shown.
    #[server(default)]
    quote: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let ip = Some(guard::client_ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    let buyer = Buyer { verified_email: user.is_verified.then_some(user.email), user_id: user.id, ip };
    let wish = Wish { order_id: order, plan, interval, quote_hash: quote, attribution: source::attribution() };
    match buying::commit(&state(), &buyer, &wish).await {
        Ok(committed) => answer(committed),
        Err(error) => {
            reply::unavailable(&error);
            Ok(())
        }
    }
}

const CLOSING: &str = "An account with your address was deleted and is still being closed at Polar, who takes the payment. That \
                       mostly takes seconds. Please try again in a moment.";

const UNVERIFIED: &str = "Please confirm your e-mail address first, so that receipts reach you.";

fn answer(committed: Committed) -> Result<(), ServerFnError> {
    match committed {
        Committed::Checkout(url) => reply::see_other(&url),
        Committed::Confirmation(order) | Committed::Preparing(order) => reply::see_other(&format!("/orders/{order}")),
        Committed::NotFound => reply::gone(),
        Committed::ChangePlan => return Err(reject(Rejected::form("You have a subscription already."))),
        Committed::AlreadyYours => return Err(reject(Rejected::form("You have this for good already."))),
        Committed::Unverified => return Err(reject(Rejected::form(UNVERIFIED))),
        Committed::Closing => return Err(reject(Rejected::form(CLOSING))),
        Committed::NewQuote => {
            let words = "What you saw has changed since. Nothing was charged: please look at it again.";
            return Err(reject(Rejected::form(words)));
        }
        Committed::PolarDown => {
            let words = "Polar, who takes the payment, does not answer just now. Nothing was charged. Please try again in a moment.";
            return Err(reject(Rejected::unavailable(words)));
        }
    }
    Ok(())
}

/// `/buy?plan=&interval=`
#[component]
pub fn BuyPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let (plan, interval) = (query.get("plan").unwrap_or_default(), query.get("interval"));
    Suspend::new(async move {
        let user = session::require_user().await?;
        let found = match proposal(&user.id, &plan, interval).await {
            Ok(found) => found,
            Err(error) => {
                reply::unavailable(&error);
                return None;
            }
        };
        Some(match found {
            Some(proposal) => Either::Left(view! { <Proposed proposal /> }),
            None => Either::Right(view! { <crate::pages::not_found::NotFound /> }),
        })
    })
}

/// Without an interval, the first at which the plan is sold.
async fn proposal(user: &str, plan: &str, interval: Option<String>) -> Result<Option<Proposal>, Error> {
    let state = state();
    let tried =
        interval.map_or_else(|| vec!["month".to_owned(), "once".to_owned(), "year".to_owned()], |one| vec![one]);
    for interval in tried {
        if let Some(found) = buying::propose(&state, user, plan, &interval).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[component]
fn Proposed(proposal: Proposal) -> impl IntoView {
    let Proposal { plan, quote, order_id, obstacle } = proposal;
    let title = format!("{}, {} {}", plan.name, quote.offer.price, per(&quote.offer.interval));
    let interval = quote.offer.interval.slug();
    let hash = quote.hash();
    let facts = view! { <QuoteFacts quote plan=plan.name.clone() /> };
    let way_on = match obstacle {
        Some(obstacle) => {
            let to = format!("/subscription/change?plan={}&interval={interval}", plan.slug);
            Either::Left(obstructed(obstacle, &plan.name, to))
        }
        None => Either::Right(view! {
            <form method="post" class="stack">
                <Hidden name="order" value=Some(order_id) />
                <Hidden name="plan" value=Some(plan.slug.clone()) />
                <Hidden name="interval" value=Some(interval) />
                <Hidden name="quote" value=Some(hash) />
                <button class="button large block">"Continue to payment"</button>
                <p class="fine">
                    "You pay on a page of Polar, who sells for us and sends the invoice. Nothing is charged before you confirm there."
                </p>
            </form>
        }),
    };
    view! {
        <Page title lead=plan.summary.clone() width="order">
            <Refusal />
            <section class="card" aria-label="What you buy">
                {facts}
                <hr />
                {way_on}
            </section>
            <p class="aside"><a href="/pricing">"Back to all plans"</a></p>
        </Page>
    }
}

fn obstructed(obstacle: Obstacle, plan: &str, change: String) -> impl IntoView + use<> {
    let sentence = match obstacle {
        Obstacle::ChangePlan => format!(
            "You have a subscription already, so you would pay twice. It can become {plan} instead: see first what that \
             costs."
        ),
        Obstacle::AlreadyYours => format!("{plan} is yours for good already. There is nothing to pay."),
        Obstacle::Unverified => UNVERIFIED.to_owned(),
        Obstacle::Closing => CLOSING.to_owned(),
        Obstacle::Checking => {
            "A payment of yours is being checked, so nothing more can be bought just now. You need not do \
                               or pay anything."
                .to_owned()
        }
        Obstacle::PolarDown => "Polar, who takes the payment, does not answer just now, so buying is off. Nothing was \
                                charged. Please come back in a moment."
            .to_owned(),
    };
    let (to, label) = match obstacle {
        Obstacle::Unverified => ("/account/address".to_owned(), "Confirm my address"),
        Obstacle::ChangePlan => (change, "Change my subscription"),
        _ => ("/account".to_owned(), "See my account"),
    };
    view! {
        <p class="notice" role="status">{sentence}</p>
        <p class="actions">
            <a class="button" href=to>
                {label}
            </a>
        </p>
    }
}
