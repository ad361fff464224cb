//! What somebody loses who deletes their account.

use crate::{
    components::quote::per,
    model::{
        instant::{Millis, spell_date},
        order::Stage,
    },
    server::services::overview::{Contract, Overview, Purchase, Standing, Waiting},
};
use leptos::prelude::*;

/// What is live now, and what becomes of it.
#[component]
pub fn Losses(
    /// Everything that somebody has.
    overview: Overview,
) -> impl IntoView {
    let Overview { contracts, purchases, waiting, bills, uncertain, .. } = overview;
    let checked =
        uncertain.then(|| "A payment of yours is being checked. If it went through, it goes back to you.".to_owned());
    let ending: Vec<String> = (contracts.iter().map(contract))
        .chain(purchases.iter().map(purchase))
        .chain(waiting.iter().map(order))
        .chain(checked)
        .collect();
    let kept = match bills.len() {
        0 => "Nothing was billed, so nothing of you is kept.",
        _ => {
            "Of what you were billed we keep amounts, dates and numbers of invoices, as the law wants; your invoices stay \
              with Polar. Save what you still need before."
        }
    };
    let nothing = ending.is_empty().then(|| view! { <p>"Nothing is running, and nothing is open."</p> });
    view! {
        <section aria-labelledby="ends">
            <h2 id="ends">"What ends at once"</h2>
            {nothing}
            <ul class="source-list">
                {ending.into_iter().map(|sentence| view! { <li class="card">{sentence}</li> }).collect_view()}
            </ul>
        </section>
        <section aria-labelledby="stays" class="stack">
            <h2 id="stays">"What happens to your data"</h2>
            <p>"Your e-mail address, password, browsers and settings are deleted here, and your name and address at Polar."</p>
            <p>{kept}</p>
            <p><a href="/account/export">"Get a copy of my data first"</a></p>
        </section>
    }
}

fn contract(contract: &Contract) -> String {
    let Contract { plan, price, interval, .. } = contract;
    let on =
        |words: &str, at: Option<Millis>| at.map_or_else(String::new, |at| format!(" {words} {}.", spell_date(at)));
    let rest = "What is left of that time is lost, and is not paid back.";
    let what = match contract.standing {
        Standing::Renews(until) => format!("{} {rest}", on("Paid until", until)),
        Standing::Trial(until) => format!("{} Nothing was charged, and nothing will be.", on("On trial until", until)),
        Standing::Ends(at) => format!("{} {rest}", on("Set to end on", Some(at))),
        Standing::PastDue(_) => " The last payment did not go through, and is not tried again.".to_owned(),
        Standing::Pauses(until) => format!("{} {rest}", on("Paid until", until)),
        Standing::Paused => " It is paused.".to_owned(),
    };
    let change = contract.change.as_ref().map(|(_, to)| format!(" The change to {to} does not happen."));
    format!("{plan}, {price} {}.{what}{}", per(interval), change.unwrap_or_default())
}

fn purchase(purchase: &Purchase) -> String {
    match purchase.until {
        Some(until) => format!("{}, yours until {}. It is lost.", purchase.plan, spell_date(until)),
        None => format!("{}, yours for good. It is lost.", purchase.plan),
    }
}

fn order(order: &Waiting) -> String {
    match order.stage {
        Stage::Open | Stage::Preparing => {
            format!(
                "Your order of {}, which is not paid. Please do not pay it any more: it would go back to you.",
                order.plan
            )
        }
        _ => format!(
            "Your order of {}, which is under way. What was paid for it after you confirm here goes back to you.",
            order.plan
        ),
    }
}
