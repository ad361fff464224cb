//! The plans with their prices.

use crate::{
    components::{
        comparison::{Questions, comparison},
        page::Page,
        plans::{IntervalSwitch, Looker, has_both, plan_card},
    },
    model::instant::spell_time,
    server::{
        http::{reply, session, state},
        services::{
            Error, access,
            catalog::{self, Catalog},
        },
        state::State,
    },
};
use leptos::prelude::*;

/// `/pricing`
#[component]
pub fn PricingPage() -> impl IntoView {
    Suspend::new(async move {
        let state = state();
        match content(&state).await {
            Ok((catalog, looker)) => Some(view! { <Prices state catalog looker /> }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

async fn content(state: &State) -> Result<(Catalog, Looker), Error> {
    let catalog = catalog::current(state).await?;
    if catalog.stale || catalog.confirmed_at.is_none() {
        reply::no_store();
    }
    let Some(user) = session::user().await else { return Ok((catalog, Looker::default())) };
    let held = access::plan(state, &user.id).await?;
    let subscribed = held.as_ref().is_some_and(|(_, given)| given.source_kind == "subscription");
    Ok((catalog, Looker { signed_in: true, held: held.map(|(slug, _)| slug), subscribed }))
}

#[component]
fn Prices(state: State, catalog: Catalog, looker: Looker) -> impl IntoView {
    let buying = !catalog.stale;
    let cards: Vec<_> = state.plans.shown().map(|plan| plan_card(plan, &catalog.offers, &looker, buying)).collect();
    let age = catalog.stale.then(|| {
        let known = catalog.confirmed_at.map_or_else(
            || "We do not know the prices yet, because Polar does not answer.".to_owned(),
            |at| format!("These are the prices of {}. Polar does not answer just now.", spell_time(at)),
        );
        view! { <p class="notice warning">{known}" Buying is off until it does; what you have goes on as it is."</p> }
    });
    view! {
        <Page title="Plans and prices" lead="Start small, change when you like, leave whenever you want." width="wide">
            {age}
            <section class="plans" aria-label="Plans">
                {has_both(&catalog.offers).then(IntervalSwitch)}
                <div class="cards">{cards}</div>
            </section>
            {comparison(&state.plans)}
            <Questions />
        </Page>
    }
}
