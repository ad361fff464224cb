//! Taking back what staff gave.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Field, Hidden, Refusal},
        staff::{Gifts, Room},
    },
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, GiftRow},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Takes a grant back.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/withdraw")]
pub async fn withdraw(
    /// Which; an id.
    #[server(default)]
    grant: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let user = staffing::withdraw(&state(), &actor, &grant, &reason).await;
    let user = user.map_err(|refused| refusal(refused, &[("reason", &reason)]))?;
    reply::see_other(&format!("/staff/person?id={user}#given-by-staff"));
    Ok(())
}

/// `/staff/withdraw?grant=…`
#[component]
pub fn WithdrawPage() -> impl IntoView {
    let id = use_query_map().read_untracked().get("grant").unwrap_or_default();
    Suspend::new(async move {
        session::require_staff().await?;
        Some(match known(staffing::grant(&state(), &id).await)? {
            Some(gift) => Either::Left(view! { <Taking gift /> }),
            None => Either::Right(view! { <NotFound /> }),
        })
    })
}

#[component]
fn Taking(gift: GiftRow) -> impl IntoView {
    let (id, back, is_open) =
        (gift.id.clone(), format!("/staff/person?id={}", gift.user_id), gift.withdrawn_at.is_none());
    let form = is_open.then(|| {
        view! {
            <form method="post" class="card">
                <Hidden name="grant" value=Some(id) />
                <Field name="reason" label="Why" autocomplete="off" hint="The customer does not see this." />
                <button class="button danger">"Take it back"</button>
            </form>
        }
    });
    view! {
        <Room title="Take back" lead="What it opened closes at once, unless something else opens it.">
            <Refusal />
            <Gifts gifts=vec![gift] />
            {form}
            <p><a href=back>"Back to the customer"</a></p>
        </Room>
    }
}
