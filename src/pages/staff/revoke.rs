//! Ending a subscription at once.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Field, Hidden, Refusal},
        staff::{BillTable, Remedies, Room},
    },
    model::{ending::is_over, instant::spell_date},
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, SubscriptionSide},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Has a subscription ended at once.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/revoke")]
pub async fn revoke(
    /// Polar's id.
    #[server(default)]
    subscription: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let decided = staffing::revoke(&state(), &actor, &subscription, &reason).await;
    decided.map_err(|refused| refusal(refused, &[("reason", &reason)]))?;
    reply::see_other(&format!("/staff/revoke?subscription={subscription}"));
    Ok(())
}

/// `/staff/revoke?subscription=…`
#[component]
pub fn RevokePage() -> impl IntoView {
    let id = use_query_map().read_untracked().get("subscription").unwrap_or_default();
    Suspend::new(async move {
        session::require_staff().await?;
        Some(match known(staffing::subscription_side(&state(), &id).await)? {
            Some(side) => Either::Left(view! { <Side side /> }),
            None => Either::Right(view! { <NotFound /> }),
        })
    })
}

#[component]
fn Side(side: SubscriptionSide) -> impl IntoView {
    let SubscriptionSide { id, user, plan, status, until, bills, decided } = side;
    let under_way = decided.iter().any(|decision| decision.state == "open");
    let is_over = is_over(&status);
    let form = (!under_way && !is_over).then(|| view! { <Ending id=id.clone() /> });
    view! {
        <Room title="End a subscription at once" lead=plan>
            {under_way.then(|| view! { <meta http-equiv="refresh" content="5" /> })}
            <Refusal />
            <dl class="facts">
                <dt>"State"</dt>
                <dd>{if is_over { "ended".to_owned() } else { status.replace('_', " ") }}</dd>
                <dt>"Paid until"</dt>
                <dd>{until.map_or_else(|| "not known".to_owned(), spell_date)}</dd>
                <dt>"Subscription"</dt>
                <dd><code>{id}</code></dd>
            </dl>
            {form}
            <Remedies decided />
            <BillTable bills />
            <p><a href=format!("/staff/person?id={user}")>"Back to the customer"</a></p>
        </Room>
    }
}

#[component]
fn Ending(id: String) -> impl IntoView {
    view! {
        <form method="post" class="card" aria-labelledby="end">
            <h2 id="end">"It ends now"</h2>
            <p>"What it opens closes at once, unless something else opens it. Nothing is paid back by this: that is decided bill by bill."</p>
            <Hidden name="subscription" value=Some(id) />
            <Field name="reason" label="Why" autocomplete="off" hint="The customer does not see this." />
            <button class="button danger">"End it now"</button>
        </form>
    }
}
