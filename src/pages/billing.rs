//! The way to Polar's customer portal: cards and invoices.

use crate::{
    components::{form::Refusal, page::Page},
    server::{
        http::{
            forms::{Rejected, reject, rejected},
            guard, reply, session, state,
        },
        services::{
            accounts::Asking,
            portal::{self, Portal},
        },
    },
};
use leptos::prelude::*;

/// Makes a way into the portal and goes there. The address is a key: nothing keeps it.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/billing")]
pub async fn manage_billing() -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    match portal::enter(&state(), asking).await {
        Ok(Portal::Signed(address)) => reply::see_other(&address),
        Ok(Portal::Public { address, why }) => {
            return Err(reject(Rejected::note(why).with("portal", address.as_deref().unwrap_or_default())));
        }
        Ok(Portal::Down) => {
            let words =
                "Polar does not answer just now, so the billing portal cannot be opened. Please try again in a moment.";
            return Err(reject(Rejected::unavailable(words)));
        }
        Err(error) => reply::unavailable(&error),
    }
    Ok(())
}

/// `/billing`
#[component]
pub fn BillingPage() -> impl IntoView {
    Suspend::new(async move {
        session::require_user().await?;
        let public = rejected().value_of("portal").filter(|address| !address.is_empty());
        Some(view! {
            <Page title="Billing" lead="Cards and invoices are in the billing portal of Polar." width="order">
                <Refusal />
                {public.map(|address| view! {
                    <p>
                        "Polar's "<a href=address>"public portal"</a>
                        " shows everything that was bought under an e-mail address: it sends a code there first."
                    </p>
                })}
                <form method="post" class="actions">
                    <button class="button">"Manage billing"</button>
                    <a href="/account">"Back to my account"</a>
                </form>
            </Page>
        })
    })
}
