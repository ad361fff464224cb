//! One order, to buy or to change something: how far it is, and what was agreed to.

use crate::{
    components::{changed::ChangedOrder, quote::QuoteFacts, stage::order_stage, timeline::Timeline},
    islands::Live,
    model::instant::spell_time,
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::{
            Error, changing,
            confirming::{self, Confirmation},
            timeline,
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// `/orders/{id}`
#[component]
pub fn OrderPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    Suspend::new(async move {
        let user = session::require_user().await?;
        let state = state();
        let page = match changing::of_order(&state, &user.id, &id).await {
            Ok(Some(asked)) => Either::Left(view! { <ChangedOrder asked /> }),
            Ok(None) => Either::Right(found(confirming::of_order(&state, &user.id, &id).await)),
            Err(error) => Either::Right(found(Err(error))),
        };
        // After the look: it may have seen something new.
        let moments =
            timeline::of_order(&state, &user.id, &id).await.inspect_err(|error| reply::unavailable(error)).ok();
        Some(view! {
            {page}
            <div class="page order happened"><Timeline moments=moments.unwrap_or_default() /></div>
        })
    })
}

/// The page of what was found; another's order is not found.
pub fn found(order: Result<Option<Confirmation>, Error>) -> impl IntoView {
    match order {
        Ok(Some(order)) => Either::Left(view! { <Found order /> }),
        Ok(None) => Either::Right(view! { <NotFound /> }),
        Err(error) => {
            reply::unavailable(&error);
            Either::Right(view! { <NotFound /> })
        }
    }
}

#[component]
fn Found(order: Confirmation) -> impl IntoView {
    let state = state();
    let (events, poll) = (format!("/orders/{}/events", order.order_id), format!("/orders/{}/stage", order.order_id));
    let under_way = !order.stage.is_final();
    let plan = state.plans.get(&order.plan).map_or_else(|| order.plan.clone(), |plan| plan.name.clone());
    let (quote, made, id) = (order.quote.clone(), spell_time(order.created_at), order.order_id.clone());
    let facts = quote.map(|quote| view! { <QuoteFacts quote plan=plan.clone() /> });
    view! {
        <Title text=format!("Your order of {plan}") />
        <div class="page order">
            <div data-live=events data-poll=poll aria-live="polite">
                {order_stage(&state, order)}
            </div>
            <section class="card quiet-facts" aria-labelledby="agreed">
                <h2 id="agreed">"What you agreed to"</h2>
                {facts}
                <p class="fine">"Made on "{made}". Order "<code>{id}</code></p>
            </section>
        </div>
        {under_way.then(|| view! {
            <Live />
            <noscript><meta http-equiv="refresh" content="3" /></noscript>
        })}
    }
}
