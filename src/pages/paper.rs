//! The receipt or the invoice of one bill: looked for when the page is opened, made on a press.

use crate::{
    components::{
        form::{Hidden, Refusal},
        page::Page,
    },
    pages::not_found::NotFound,
    server::{
        http::{
            forms::{Rejected, reject},
            reply, session, state,
        },
        services::papers::{self, Asked, Sort},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

const NEEDS_ADDRESS: &str = "Polar does not know your name and address yet, which an invoice needs. Add them in the billing \
                             portal, then come back.";
const SHARED: &str = "Your purchases and somebody else's share one customer record at Polar, so we do not show what stands on \
                      it. Please write to us.";
const DOWN: &str = "Polar, who makes receipts and invoices, does not answer just now. Please try again in a moment.";

/// Has the invoice of a bill made.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/orders/paper")]
pub async fn make_invoice(
    /// Polar's id of the bill.
    #[server(default)]
    bill: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    match papers::make_invoice(&state(), &user.id, &bill).await {
        Ok(Asked::BeingMade | Asked::Ready(_)) => {
            reply::see_other(&format!("/orders/paper?bill={bill}&sort=invoice&made=yes"))
        }
        Ok(Asked::NotFound) => reply::gone(),
        Ok(Asked::NeedsAddress) => return Err(reject(Rejected::form(NEEDS_ADDRESS))),
        Ok(Asked::Shared) => return Err(reject(Rejected::form(SHARED))),
        Ok(Asked::Missing) => {
            return Err(reject(Rejected::form("There is no invoice for this, because nothing was due.")));
        }
        Ok(Asked::Down) => return Err(reject(Rejected::unavailable(DOWN))),
        Err(error) => reply::unavailable(&error),
    }
    Ok(())
}

/// `/orders/paper?bill=&sort=receipt|invoice`
#[component]
pub fn PaperPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let (bill, made) = (query.get("bill").unwrap_or_default(), query.get("made").is_some());
    let sort = query.get("sort").and_then(|word| Sort::of_word(&word));
    Suspend::new(async move {
        let user = session::require_user().await?;
        let Some(sort) = sort else { return Some(Either::Left(view! { <NotFound /> })) };
        match papers::find(&state(), &user.id, &bill, sort).await {
            Ok(Asked::NotFound) => Some(Either::Left(view! { <NotFound /> })),
            Ok(found) => {
                reply::no_referrer();
                Some(Either::Right(view! { <Found found sort bill made /> }))
            }
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

#[component]
fn Found(found: Asked, sort: Sort, bill: String, made: bool) -> impl IntoView {
    let title = if sort == Sort::Receipt { "Receipt" } else { "Invoice" };
    let word = sort.word();
    let waits = matches!(found, Asked::BeingMade) || (made && matches!(found, Asked::Missing));
    let content = match found {
        Asked::Ready(address) => view! {
            <p>"Polar keeps it for you. The link works for some minutes."</p>
            <p class="actions"><a class="button" href=address rel="noreferrer">{format!("Open the {word}")}</a></p>
        }
        .into_any(),
        _ if waits => view! {
            <p class="notice" role="status">{format!("Polar is making the {word}. That mostly takes seconds; this page looks again by itself.")}</p>
        }
        .into_any(),
        Asked::Missing if sort == Sort::Invoice => view! {
            <p>"There is none yet. It is made with the name and the address that Polar has of you, and cannot be changed afterwards."</p>
            <form method="post">
                <Hidden name="bill" value=Some(bill) />
                <button class="button">"Make the invoice"</button>
            </form>
        }
        .into_any(),
        Asked::Missing => view! { <p class="notice" role="status">"There is none, because nothing was paid."</p> }.into_any(),
        Asked::Shared => view! { <p class="notice" role="status">{SHARED}</p> }.into_any(),
        _ => {
            reply::not_known();
            view! { <p class="notice" role="status">{DOWN}</p> }.into_any()
        }
    };
    view! {
        <Page title width="order">
            <Refusal />
            {content}
            <p class="aside"><a href="/orders">"Back to orders and bills"</a></p>
        </Page>
        {waits.then(|| view! { <meta http-equiv="refresh" content="3" /> })}
    }
}
