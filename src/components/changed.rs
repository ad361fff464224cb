//! How far a change of a subscription is, in words.

use super::{page::Page, quote::per, switching::SwitchFacts};
use crate::{
    model::{
        beyond::last_charge,
        change::Change,
        instant::{spell_date, spell_time},
        money::Money,
        order::State as OrderState,
        plan::Plan,
        switch::{Switch, Timing, Today},
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
    let name = plan_name(&asked.plan);
    let (title, lead) = words(&asked, &name);
    let waits = matches!(asked.state, OrderState::Committing | OrderState::Unsettled);
    let next = way_on(&asked).map(|(label, to)| view! { <a class="button" href=to>{label}</a> });
    let facts = asked.terms.switch.clone().map(|switch| {
        let to = plan_name(&switch.to.plan);
        view! {
            <section class="card quiet-facts" aria-labelledby="agreed">
                <h2 id="agreed">"What you agreed to"</h2>
                <SwitchFacts terms=asked.terms.clone() from=name.clone() to />
            </section>
        }
    });
    let waits = waits || waits_for_bill(&asked);
    view! {
        <Page title lead width="order">
            {facts}
            <p class="actions">
                {next}
                <a href="/account">"To my account"</a>
            </p>
            <p class="fine">"Asked for on "{spell_time(asked.created_at)}". Order "<code>{asked.order_id}</code></p>
        </Page>
        {waits.then(|| view! { <meta http-equiv="refresh" content="5" /> })}
    }
}

fn plan_name(slug: &str) -> String {
    state().plans.get(slug).map_or_else(|| "Your subscription".to_owned(), |plan| plan.name.clone())
}

/// What can be done next.
fn way_on(asked: &Asked) -> Option<(&'static str, String)> {
    let page = |change: Change| format!("/subscription/{}?id={}", change.slug(), asked.terms.subscription);
    match (asked.state, asked.outcome.as_deref(), &asked.terms.switch) {
        (OrderState::Refused, Some("ending"), _) => Some(("Keep it first", page(Change::Resume))),
        (OrderState::Refused, _, Some(switch)) => {
            let to = format!("&plan={}&interval={}", switch.to.plan, switch.to.interval.slug());
            Some(("Look at it again", page(Change::Switch) + &to))
        }
        (OrderState::Refused, ..) => Some(("Look at it again", page(asked.terms.change))),
        (OrderState::Done, _, Some(switch)) if switch.timing == Timing::PeriodEnd => {
            Some(("Take it back", page(Change::Undo)))
        }
        _ => None,
    }
}

/// Whether the bill of a change that is made is still on its way, or still being paid: mostly a second, and nobody waits
/// for minutes.
fn waits_for_bill(asked: &Asked) -> bool {
    let is_billed =
        |switch: &Switch| matches!(switch.figures.today, Today::About(_) | Today::Exactly(_) | Today::Unknown);
    let recent = state().clock.wall() - asked.created_at < 2 * 60 * 1000;
    let is_settled = asked.bill.as_ref().is_some_and(|(_, status)| status != "pending" && status != "draft");
    asked.state == OrderState::Done && !is_settled && recent && asked.terms.switch.as_ref().is_some_and(is_billed)
}

/// What became of a change of plan that is made.
fn switched(asked: &Asked, switch: &Switch) -> (String, String) {
    let to = plan_name(&switch.to.plan);
    let price = format!("{} {}", switch.to.price, per(&switch.to.interval));
    let next = switch
        .figures
        .next_at
        .map_or_else(|| "the next bill".to_owned(), |at| format!("the bill of {}", spell_date(at)));
    if switch.timing == Timing::PeriodEnd {
        let until = asked.terms.until.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
        let lead = format!(
            "On {until} it becomes {to}, at {price}. Until then everything stays as it is, nothing is charged, and you can \
             take it back."
        );
        return (format!("{to} is scheduled"), lead);
    }
    let billed = match (&asked.bill, switch.figures.today) {
        (Some((total, _)), Today::Credit(_)) if total.amount < 0 => {
            format!("{} stay as credit with Polar and pay your next bills.", Money::new(-total.amount, &total.currency))
        }
        (Some((total, status)), _) if status == "paid" => format!("Polar charged {total}, tax included."),
        (Some((total, _)), _) => format!("Polar is charging {total}, tax included."),
        (None, Today::About(_) | Today::Exactly(_) | Today::Unknown) => {
            "Polar's bill is shown here as soon as Polar has sent it.".to_owned()
        }
        (None, _) if switch.timing == Timing::NextBill => format!("The difference is on {next}."),
        (None, _) => "Nothing was charged.".to_owned(),
    };
    (format!("You have {to} now"), format!("It renews at {price}. {billed}"))
}

fn words(asked: &Asked, name: &str) -> (String, String) {
    let until = asked.terms.until.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
    let last = last_charge(state().plans.get(&asked.plan).is_some_and(Plan::sells_more));
    match (asked.state, asked.terms.change) {
        (OrderState::Done, Change::Cancel) => (
            format!("{name} is cancelled"),
            format!("It stays yours until {until}, and {last}. Until then you can change your mind."),
        ),
        (OrderState::Done, Change::Resume) => (
            format!("{name} goes on"),
            format!("It renews on {until} at {} {}.", asked.terms.price, per(&asked.terms.interval)),
        ),
        (OrderState::Done, Change::Pause) => (
            format!("{name} will pause"),
            format!("It stays yours until {until}. Then nothing is charged until you continue it."),
        ),
        (OrderState::Done, Change::Continue) => (
            format!("{name} goes on"),
            format!("A new period has begun, at {} {}. Its bill is in your account.", asked.terms.price, per(&asked.terms.interval)),
        ),
        (OrderState::Done, Change::Unpause) => (
            format!("{name} stays"),
            format!("It does not pause. It renews on {until} at {} {}.", asked.terms.price, per(&asked.terms.interval)),
        ),
        (OrderState::Done, Change::Undo) => (
            format!("{name} stays"),
            format!("The scheduled change does not happen. It renews on {until} at {} {}.", asked.terms.price, per(&asked.terms.interval)),
        ),
        (OrderState::Done, Change::Switch) => match &asked.terms.switch {
            Some(switch) => switched(asked, switch),
            None => ("It is changed".to_owned(), String::new()),
        },
        (OrderState::Refused, Change::Continue) if asked.outcome.as_deref() == Some("declined") => (
            "Nothing was changed".to_owned(),
            "Your card was declined, so it stays paused. Another card can be added in the billing portal; then try again."
                .to_owned(),
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

/// A sentence for each word that `services::changing` keeps of a refusal.
fn why(outcome: Option<&str>) -> String {
    match outcome {
        Some("over") => "The subscription was over already.",
        Some("too_late") => "It had taken effect already.",
        Some("ending") => "The subscription is set to end. First keep it; then it can be changed.",
        Some("unpaid") => "The last payment did not go through. Once another card has settled it, please try again.",
        Some("declined") => {
            "Your card was declined, so you keep what you have, at the same price. Another card can be added in the billing \
             portal; then try again."
        }
        Some("busy") => "Polar has too much to do just now. Please try again in a moment.",
        Some("not_made") => "Polar did not answer and did not make the change. Please try again.",
        Some("forbidden") => "Polar does not allow this change of the subscription as it stands now.",
        Some("invalid") => "Polar does not offer this for your subscription. Please choose something else.",
        Some("shop") => "This shop is not set up for changes at Polar. Please write to us: you cannot mend it.",
        _ => "Polar did not make the change. Please try again, or use the billing portal.",
    }
    .to_owned()
}
