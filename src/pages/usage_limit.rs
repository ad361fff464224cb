//! How much I let usage cost beyond what my plan includes.

use super::refusals::unreachable;
use crate::{
    components::{
        beyond::{per_unit, what_it_allows},
        form::{Field, Hidden, Refusal},
        page::Page,
    },
    model::money::Money,
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, state,
        },
        services::{
            accounts::Asking,
            usage::{self, Limit},
        },
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Chooses how much a meter may cost beyond what is included, in each period.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/usage/limit")]
pub async fn choose_limit(
    /// The meter's key.
    #[server(default)]
    meter: String,
    /// As typed, in whole units of the currency that it is sold in.
    #[server(default)]
    amount: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let state = state();
    let limit = match usage::limit(&state, &user.id, &meter).await {
        Ok(Some(limit)) => limit,
        Ok(None) => {
            reply::gone();
            return Ok(());
        }
        Err(error) => return Err(unreachable(&error)),
    };
    let Some(chosen) = Money::parse(&amount, &limit.beyond.currency) else {
        let why = "Write an amount like 5 or 12.50; 0 for nothing.";
        return Err(reject(Rejected::field("amount", why).with("amount", &amount)));
    };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    match usage::choose_limit(&state, asking, &meter, &chosen).await {
        Ok(()) => reply::see_other("/usage?saved=yes"),
        Err(error) => return Err(unreachable(&error)),
    }
    Ok(())
}

/// `/usage/limit?meter=…`
#[component]
pub fn LimitPage() -> impl IntoView {
    let key = use_query_map().read_untracked().get("meter").unwrap_or_default();
    Suspend::new(async move {
        let user = session::require_user().await?;
        match usage::limit(&state(), &user.id, &key).await {
            Ok(Some(limit)) => return Some(view! { <Choosing key limit /> }),
            Ok(None) => reply::gone(),
            Err(error) => reply::unavailable(&error),
        }
        None
    })
}

#[component]
fn Choosing(key: String, limit: Limit) -> impl IntoView {
    let Limit { meter, balance, beyond, chosen } = limit;
    let standing = chosen.as_ref().map(Money::typed);
    let allows = what_it_allows(&meter, &beyond, chosen.as_ref());
    view! {
        <Page title=format!("Spending limit for {}", meter.many) width="narrow">
            <p>{format!("Your plan includes {} in each period. {}", balance.most, per_unit(&meter, &beyond))}</p>
            <p>{allows}</p>
            <form method="post" class="card">
                <Refusal />
                <Hidden name="meter" value=Some(key) />
                <Field
                    name="amount"
                    label="At most, in each period"
                    autocomplete="off"
                    hint="On top of what the plan costs, tax apart. 0 for nothing. When it is reached it stops: nothing more is made or charged."
                    initial=standing.unwrap_or_default()
                />
                <p class="fine">{format!("In {}.", beyond.currency.to_ascii_uppercase())}</p>
                <button class="button">"Save the limit"</button>
            </form>
            <p class="aside"><a href="/usage">"Back to usage"</a></p>
        </Page>
    }
}
