//! Coming back from Polar. The address proves nothing: only an order of the signed-in user is shown.

use super::order::found;
use crate::{
    components::page::Page,
    server::{
        http::{reply, session, state},
        services::confirming,
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Looks at Polar again, and shows the order.
///
/// # Errors
/// None: what cannot be read is said by the page.
#[server(prefix = "", endpoint = "/confirmation")]
pub async fn check_again(
    /// Our order.
    #[server(default)]
    order: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    match confirming::of_order(&state(), &user.id, &order).await {
        Ok(Some(order)) => reply::see_other(&format!("/orders/{}", order.order_id)),
        Ok(None) => reply::gone(),
        Err(error) => reply::unavailable(&error),
    }
    Ok(())
}

/// `/confirmation?checkout_id=`; without an id the newest own order.
#[component]
pub fn ConfirmationPage() -> impl IntoView {
    let checkout = use_query_map().read_untracked().get("checkout_id");
    Suspend::new(async move {
        let user = session::require_user().await?;
        let state = state();
        Some(match checkout {
            Some(checkout) => Either::Left(found(confirming::of_checkout(&state, &user.id, &checkout).await)),
            None => match confirming::newest(&state, &user.id).await {
                Ok(None) => Either::Right(view! { <Nothing /> }),
                newest => Either::Left(found(newest)),
            },
        })
    })
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Page title="No orders yet" lead="When you buy something, this page says how far it is." width="narrow">
            <p class="actions">
                <a class="button" href="/pricing">
                    "See plans and prices"
                </a>
            </p>
        </Page>
    }
}
