//! Paying a bill back, wholly or in part.

use super::refusals::{known, refusal};
use crate::{
    components::{
        account::bill_state,
        form::{Choice, Field, Hidden, Refusal},
        staff::{Remedies, Room},
    },
    model::{
        ending::Bill,
        instant::spell_date,
        money::Money,
        remedy::{CAUSES, shown},
    },
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, BillSide, Refund},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Has a bill paid back.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/refund")]
pub async fn pay_back(
    /// Polar's id of the bill.
    #[server(default)]
    bill: String,
    /// How much, net of tax; empty for all of it.
    #[server(default)]
    amount: String,
    /// Polar's word for why.
    #[server(default)]
    cause: String,
    /// What could be paid back when the page was made.
    #[server(default)]
    shown: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let form = Refund { bill: &bill, amount: &amount, cause: &cause, shown: &shown, why: &reason };
    let decided = staffing::refund(&state(), &actor, form).await;
    decided.map_err(|refused| refusal(refused, &[("amount", &amount), ("cause", &cause), ("reason", &reason)]))?;
    reply::see_other(&format!("/staff/refund?bill={bill}"));
    Ok(())
}

/// `/staff/refund?bill=…`
#[component]
pub fn RefundPage() -> impl IntoView {
    let id = use_query_map().read_untracked().get("bill").unwrap_or_default();
    Suspend::new(async move {
        session::require_staff().await?;
        Some(match known(staffing::bill_side(&state(), &id).await)? {
            Some(side) => Either::Left(view! { <Side side /> }),
            None => Either::Right(view! { <NotFound /> }),
        })
    })
}

#[component]
fn Side(side: BillSide) -> impl IntoView {
    let BillSide { user, billed, subscription, bill, decided } = side;
    let under_way = decided.iter().any(|decision| decision.state == "open");
    let form = (!under_way).then(|| offer(bill.as_ref(), subscription.is_none()));
    let (class, word) = bill_state(&billed.status);
    let ending = subscription.map(|id| {
        let to = format!("/staff/revoke?subscription={id}");
        view! { <dt>"Subscription"</dt><dd><code>{id}</code>" "<a href=to>"End it at once"</a></dd> }
    });
    let lead = format!("{}, {}", billed.what, billed.total);
    view! {
        <Room title="Pay a bill back" lead>
            {under_way.then(|| view! { <meta http-equiv="refresh" content="5" /> })}
            <Refusal />
            <dl class="facts">
                <dt>"State"</dt>
                <dd><span class=class>{word}</span></dd>
                <dt>"Made"</dt>
                <dd>{billed.at.map(spell_date)}</dd>
                <dt>"Paid back so far"</dt>
                <dd>{billed.refunded.to_string()}", tax apart"</dd>
                {ending}
                <dt>"Bill"</dt>
                <dd><code>{billed.id}</code></dd>
            </dl>
            {form}
            <Remedies decided />
            <p><a href=format!("/staff/person?id={user}")>"Back to the customer"</a></p>
        </Room>
    }
}

/// The form, or why there is none.
fn offer(bill: Option<&Bill>, is_purchase: bool) -> AnyView {
    let Some(bill) = bill else {
        let words = "Polar does not answer, so what can be paid back cannot be shown. Please look again in a minute.";
        return view! { <p class="notice warning">{words}</p> }.into_any();
    };
    let whole = bill.whole();
    if whole.amount == 0 {
        return view! { <p class="notice">"Nothing of it can be paid back: it was not paid, or is back already."</p> }
            .into_any();
    }
    let money = |amount| Money::new(amount, &bill.currency);
    let tax = match whole.tax {
        0 => "No tax was paid on it.".to_owned(),
        tax => format!("The tax on it goes back too, {} for all of it.", money(tax)),
    };
    let closes = if is_purchase {
        "Once all of it is back, what it opened closes."
    } else {
        "The subscription goes on: ending it is another decision."
    };
    let options = CAUSES.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
    view! {
        <form method="post" class="card" aria-labelledby="back">
            <h2 id="back">{format!("{} can be paid back", money(whole.amount))}</h2>
            <p>{tax}" "{closes}</p>
            <Hidden name="bill" value=Some(bill.id.clone()) />
            <Hidden name="shown" value=Some(shown(bill)) />
            <Field
                name="amount" label="How much, without tax" autocomplete="off" optional=true
                hint="Like 5 or 5.50. Left empty, all of it is paid back."
            />
            <Choice name="cause" label="What for? Polar keeps this." options />
            <Field name="reason" label="Why" autocomplete="off" hint="The customer does not see this." />
            <button class="button danger">"Pay it back"</button>
        </form>
    }
    .into_any()
}
