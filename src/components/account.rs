//! The parts of the account page.

use super::quote::per;
use crate::{
    model::{
        beyond::last_charge,
        instant::{Millis, spell_date},
        order::Stage,
        plan::{Plan, Value},
    },
    server::services::overview::{Bill, Contract, Feature, Purchase, Standing, Waiting},
};
use leptos::prelude::*;

/// What I have, until when, from what, and what happens then, in one sentence.
#[must_use]
pub fn first_sentence(headline: Option<&str>, plan: Option<&Plan>, being_checked: bool) -> String {
    match (headline, plan) {
        _ if being_checked => "We are checking what you have.".to_owned(),
        (Some(headline), _) => format!("You have {headline}"),
        (None, Some(plan)) => format!("You have {}.", plan.name),
        (None, None) => "You have no plan.".to_owned(),
    }
}

/// What else gives something, or would after one more step; and that two subscriptions are paid.
#[component]
pub fn Besides(
    /// A sentence each.
    sentences: Vec<String>,
    /// Whether two subscriptions are paid.
    is_double: bool,
) -> impl IntoView {
    let double = is_double.then(|| {
        view! {
            <div class="notice warning" role="status">
                <p>
                    <strong>"You are paying for two subscriptions at once."</strong>
                    " We have noticed and will look into it: one of them will be cancelled and paid back. You need not do "
                    "anything."
                </p>
            </div>
        }
    });
    let list = (!sentences.is_empty()).then(|| {
        let each = sentences.into_iter().map(|sentence| view! { <li>{sentence}</li> }).collect_view();
        view! { <ul class="reasons">{each}</ul> }
    });
    view! { {double} {list} }
}

/// A renewal that failed: until when access goes on, and how to settle it.
#[component]
pub fn PastDue(
    /// All subscriptions.
    contracts: Vec<Contract>,
) -> impl IntoView {
    let late = contracts.into_iter().find_map(|contract| match contract.standing {
        Standing::PastDue(until) => Some((contract.plan, until)),
        _ => None,
    });
    late.map(|(plan, until)| {
        let rest = match until {
            Some(until) => format!("Your access goes on until {}.", spell_date(until)),
            None => "Your access has ended for now.".to_owned(),
        };
        view! {
            <div class="notice warning" role="status">
                <p><strong>"The last payment of "{plan}" did not go through."</strong>" "{rest}" Another card settles it."</p>
                <form method="post" action="/billing">
                    <button class="button small">"Update card"</button>
                </form>
            </div>
        }
    })
}

/// Orders that wait for something.
#[component]
pub fn Waitings(
    /// The orders.
    waiting: Vec<Waiting>,
) -> impl IntoView {
    let each = |order: Waiting| {
        let words = match order.stage {
            Stage::Open | Stage::Preparing => "waits for your payment",
            _ => "is under way",
        };
        let to = format!("/orders/{}", order.id);
        view! { <p class="notice">"Your order of "{order.plan}" "{words}". "<a href=to>"See the order"</a></p> }
    };
    waiting.into_iter().map(each).collect_view()
}

/// Subscriptions, and what happens to each next.
#[component]
pub fn Contracts(
    /// All subscriptions.
    contracts: Vec<Contract>,
) -> impl IntoView {
    let each = |contract: Contract| {
        let price = format!("{} {}", contract.price, per(&contract.interval));
        let (badge, class, what) = fate(contract.standing, contract.sells_more);
        let ways = ways(contract.standing, contract.change.is_some(), &contract.id);
        let change = contract.change.map(|(at, to)| format!("Changes to {to} on {}.", spell_date(at)));
        view! {
            <section class="card contract">
                <h2>{contract.plan} <span class=class>{badge}</span></h2>
                <p class="amount">{price}</p>
                <p>{what}</p>
                {change.map(|change| view! { <p>{change}</p> })}
                <p class="actions">{ways}</p>
            </section>
        }
    };
    contracts.into_iter().map(each).collect_view()
}

/// What can be done about it: another plan, its end, or taking either back.
fn ways(standing: Standing, scheduled: bool, id: &str) -> impl IntoView + use<> {
    let ways: &[(&str, &str)] = match standing {
        Standing::Renews(_) | Standing::Trial(_) if scheduled => {
            &[("undo", "Keep it as it is"), ("change", "Change plan"), ("cancel", "Cancel")]
        }
        Standing::Renews(_) => &[("change", "Change plan"), ("pause", "Pause"), ("cancel", "Cancel")],
        Standing::Trial(_) => &[("change", "Change plan"), ("cancel", "Cancel")],
        Standing::Pauses(_) => &[("unpause", "Do not pause"), ("cancel", "Cancel")],
        Standing::PastDue(_) => &[("cancel", "Cancel")],
        Standing::Ends(_) => &[("resume", "Keep it after all")],
        Standing::Paused => &[("continue", "Continue")],
    };
    let link = |(to, label): &(&str, &'static str)| {
        let to = format!("/subscription/{to}?id={id}");
        let label = *label;
        view! { <a href=to>{label}</a> }
    };
    ways.iter().map(link).collect_view()
}

/// A word for the badge, its class, and what happens next.
fn fate(standing: Standing, sells_more: bool) -> (&'static str, &'static str, String) {
    let on = |word: &str, at: Option<Millis>| at.map_or_else(String::new, |at| format!("{word} {}.", spell_date(at)));
    match standing {
        Standing::Renews(at) => ("Active", "badge good", on("Renews on", at)),
        Standing::Trial(at) => ("Trial", "badge good", on("Free until", at) + " Then the first payment is due."),
        Standing::Ends(at) => {
            let rest = format!(" Until then everything stays as it is, and {}.", last_charge(sells_more));
            ("Ending", "badge warn", on("Ends on", Some(at)) + &rest)
        }
        Standing::PastDue(at) => ("Payment due", "badge bad", on("Your access goes on until", at)),
        Standing::Pauses(at) => {
            let rest = " Then nothing is charged, and it gives nothing, until you continue it.";
            ("Pausing", "badge warn", on("Pauses on", at) + rest)
        }
        Standing::Paused => ("Paused", "badge", "Nothing is charged while it is paused.".to_owned()),
    }
}

/// What was bought once.
#[component]
pub fn Purchases(
    /// The purchases.
    purchases: Vec<Purchase>,
) -> impl IntoView {
    let each = |purchase: Purchase| {
        let lasts = match purchase.until {
            Some(until) => format!("Yours until {}.", spell_date(until)),
            None => "Yours for good. It does not renew.".to_owned(),
        };
        view! {
            <section class="card contract">
                <h2>{purchase.plan} <span class="badge good">"Paid"</span></h2>
                <p>{lasts}</p>
            </section>
        }
    };
    purchases.into_iter().map(each).collect_view()
}

/// Every feature, and why.
#[component]
pub fn Features(
    /// The features.
    features: Vec<Feature>,
) -> impl IntoView {
    let row = |feature: Feature| {
        let amount = match feature.value {
            Value::Limit(limit) => limit.to_string(),
            Value::Switch(_) => "open".to_owned(),
        };
        view! { <tr><th scope="row">{feature.name}</th><td>{amount}</td><td>{feature.because}</td></tr> }
    };
    view! {
        <section aria-labelledby="why">
            <h2 id="why">"What that opens, and why"</h2>
            <div class="table-frame">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"How much"</th>
                            <th scope="col">"Why"</th>
                        </tr>
                    </thead>
                    <tbody>{features.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

/// The badge of a bill in this state of Polar's words: its class, and its word.
#[must_use]
pub fn bill_state(status: &str) -> (&'static str, &'static str) {
    match status {
        "paid" => ("badge good", "Paid"),
        "refunded" => ("badge", "Refunded"),
        "partially_refunded" => ("badge", "Partly refunded"),
        "pending" => ("badge warn", "Being paid"),
        _ => ("badge", "Not due"),
    }
}

/// What Polar billed.
#[component]
pub fn Bills(
    /// The bills, newest first.
    bills: Vec<Bill>,
) -> impl IntoView {
    let row = |bill: Bill| {
        let (class, word) = bill_state(&bill.status);
        let day = bill.at.map_or_else(String::new, spell_date);
        view! {
            <tr>
                <td>{day}</td>
                <td>{bill.what}</td>
                <td class="number">{bill.total.to_string()}</td>
                <td><span class=class>{word}</span></td>
            </tr>
        }
    };
    (!bills.is_empty()).then(|| {
        view! {
            <section aria-labelledby="paid">
                <h2 id="paid">"What was billed"</h2>
                <div class="table-frame" role="region" aria-labelledby="paid" tabindex="0">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Date"</th>
                                <th scope="col">"What for"</th>
                                <th scope="col" class="number">"Total"</th>
                                <th scope="col">"State"</th>
                            </tr>
                        </thead>
                        <tbody>{bills.into_iter().take(6).map(row).collect_view()}</tbody>
                    </table>
                </div>
                <p class="actions"><a href="/orders">"All orders and bills, with receipts and invoices"</a></p>
            </section>
        }
    })
}
