//! How far a change of a subscription is, in words.

use super::{page::Page, quote::per};
use crate::{
    model::{
        change::Change,
        instant::{spell_date, spell_time},
        order::State as OrderState,
    },
    server::{http::state, services::changing::Asked},
};
use leptos::prelude::*;

/// One change that was asked for, and what came of it.
#[component]
pub fn ChangedOrder(
    /// The order.
    asked: Asked,
) -> impl IntoView {
    let name = state().plans.get(&asked.plan).map_or_else(|| "Your subscription".to_owned(), |plan| plan.name.clone());
    let (title, lead) = words(&asked, &name);
    let waits = matches!(asked.state, OrderState::Committing | OrderState::Unsettled);
    let retry = (asked.state == OrderState::Refused).then(|| {
        let to = format!("/subscription/{}?id={}", asked.terms.change.stored(), asked.terms.subscription);
        view! { <a class="button" href=to>"Look at it again"</a> }
    });
    view! {
        <Page title lead width="order">
            <p class="actions">
                {retry}
                <a href="/account">"To my account"</a>
            </p>
            <p class="fine">"Asked for on "{spell_time(asked.created_at)}". Order "<code>{asked.order_id}</code></p>
        </Page>
        {waits.then(|| view! { <meta http-equiv="refresh" content="5" /> })}
    }
}

fn words(asked: &Asked, name: &str) -> (String, String) {
    let until = asked.terms.until.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
    match (asked.state, asked.terms.change) {
        (OrderState::Done, Change::Cancel) => (
            format!("{name} is cancelled"),
            format!("It stays yours until {until}, and nothing more is charged. Until then you can change your mind."),
        ),
        (OrderState::Done, Change::Resume) => (
            format!("{name} goes on"),
            format!("It renews on {until} at {} {}.", asked.terms.price, per(&asked.terms.interval)),
        ),
        (OrderState::Refused, _) => ("Nothing was changed".to_owned(), why(asked.outcome.as_deref())),
        _ => (
            "We are asking Polar".to_owned(),
            "Polar holds the subscription and has not answered yet. We look again within a minute; you need not stay, and \
             need not ask twice."
                .to_owned(),
        ),
    }
}

fn why(outcome: Option<&str>) -> String {
    match outcome {
        Some("over") => "The subscription was over already.",
        Some("busy") => "Polar has too much to do just now. Please try again in a moment.",
        Some("not_made") => "Polar did not answer and did not make the change. Please try again.",
        _ => "Polar did not make the change. Please try again, or use the billing portal.",
    }
    .to_owned()
}
