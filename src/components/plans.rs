//! The cards of the pricing page.

use super::quote::{billed, more, per, tax};
use crate::{
    model::{
        catalog::{Interval, Offer, Offers},
        money::Money,
        plan::Plan,
    },
    server::http::state,
};
use leptos::prelude::*;

/// Who looks at the prices.
#[derive(Clone, Debug, Default)]
pub struct Looker {
    /// Has an account.
    pub signed_in: bool,
    /// The slug of the plan they have a source for.
    pub held: Option<String>,
    /// That source is a subscription, which is changed rather than bought again.
    pub subscribed: bool,
}

/// Whether some plan is sold both by month and by year.
#[must_use]
pub fn has_both(offers: &Offers) -> bool {
    offers.iter().any(|offer| is_every(&offer.interval, "month") && offers.find(&offer.plan, "year").is_some())
}

fn is_every(interval: &Interval, wanted: &str) -> bool {
    matches!(interval, Interval::Every { unit, count: 1 } if unit == wanted)
}

/// Monthly or yearly: two radio buttons, which the style sheet reads.
#[component]
pub fn IntervalSwitch() -> impl IntoView {
    view! {
        <div class="switch-row">
            <fieldset class="switch">
                <legend class="visually-hidden">"How often you pay"</legend>
                <label>
                    <input type="radio" name="interval" value="month" checked autocomplete="off" />
                    "Monthly"
                </label>
                <label>
                    <input type="radio" name="interval" value="year" autocomplete="off" />
                    "Yearly"
                </label>
            </fieldset>
        </div>
    }
}

/// One plan with its prices and its one button.
pub fn plan_card(plan: &Plan, offers: &Offers, looker: &Looker, buying: bool) -> impl IntoView + use<> {
    let own: Vec<&Offer> = offers.of(&plan.slug).collect();
    let plans = &state().plans;
    let prices = own.iter().map(|offer| price(offer, &own, more(plans, offer))).collect_view();
    let free =
        plan.is_free().then(|| price_words(&Money::new(0, currency(offers)), "for ever", "No card needed.", None));
    let mark = plan.recommended.then(|| view! { <span class="badge chosen">"Recommended"</span> });
    view! {
        <article class=if plan.recommended { "plan recommended" } else { "plan" }>
            <header>
                <h2>{plan.name.clone()}</h2>
                {mark}
            </header>
            <p class="tagline">{plan.summary.clone()}</p>
            <div>{prices} {free}</div>
            <ul class="ticks">{plan.highlights.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view()}</ul>
            <div class="buy">{button(plan, &own, looker, buying)}</div>
        </article>
    }
}

fn currency(offers: &Offers) -> &str {
    offers.iter().next().map_or("usd", |offer| &offer.price.currency)
}

/// Where a plan is sold both ways, each way is shown for its own setting of the switch.
fn shown_when(offer: &Offer, all: &[&Offer]) -> &'static str {
    let sold = |unit: &str| all.iter().any(|other| is_every(&other.interval, unit));
    match (is_every(&offer.interval, "month"), is_every(&offer.interval, "year")) {
        (true, _) if sold("year") => "by-month",
        (_, true) if sold("month") => "by-year",
        _ => "",
    }
}

fn price(offer: &Offer, all: &[&Offer], more: Vec<String>) -> impl IntoView + use<> {
    let notes = format!("{} {}.", billed(offer), capital(tax(offer)));
    let more = more.into_iter().map(|words| view! { <p class="billed">{words}</p> }).collect_view();
    let block = price_words(&offer.price, &per(&offer.interval), &notes, saving(offer, all));
    view! { <div class=shown_when(offer, all)>{block}{more}</div> }
}

fn price_words(amount: &Money, per: &str, notes: &str, saving: Option<Money>) -> impl IntoView + use<> {
    view! {
        <p class="price">
            <span class="amount">{amount.to_string()}</span>
            <span class="per">{per.to_owned()}</span>
            {saving.map(|saving| view! { <span class="badge good">"Saves "{saving.to_string()}" a year"</span> })}
        </p>
        <p class="billed">{notes.to_owned()}</p>
    }
}

/// What a yearly price saves against twelve months.
fn saving(offer: &Offer, all: &[&Offer]) -> Option<Money> {
    let monthly = all.iter().find(|other| is_every(&other.interval, "month"))?;
    let saved = monthly.price.amount.checked_mul(12)?.checked_sub(offer.price.amount)?;
    let comparable = is_every(&offer.interval, "year") && monthly.price.currency == offer.price.currency;
    (comparable && saved > 0).then(|| Money::new(saved, &offer.price.currency))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn button(plan: &Plan, own: &[&Offer], looker: &Looker, buying: bool) -> AnyView {
    let is_held = looker.held.as_ref() == Some(&plan.slug);
    let is_theirs = is_held || (plan.is_free() && looker.signed_in && looker.held.is_none());
    let class = if plan.recommended { "button block" } else { "button second block" };
    if is_theirs {
        return view! { <a class="button second block" href="/account">"Your plan"</a> }.into_any();
    }
    if plan.is_free() {
        return match looker.signed_in {
            true => view! { <p class="fine">"Part of what you have."</p> }.into_any(),
            false => view! { <a class=class href="/register">"Start for free"</a> }.into_any(),
        };
    }
    if !buying || own.is_empty() {
        return view! { <span class="button block" aria-disabled="true">"Not for sale just now"</span> }.into_any();
    }
    let link = |offer: &&Offer| {
        let switches = looker.subscribed && offer.interval.recurs();
        let (word, page) = if switches { ("Switch to", "/subscription/change") } else { ("Start", "/buy") };
        let to = format!("{page}?plan={}&interval={}", plan.slug, offer.interval.slug());
        let text = format!("{word} {}", plan.name);
        view! { <div class=shown_when(offer, own)><a class=class href=to>{text}</a></div> }
    };
    own.iter().map(link).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(unit: &str, amount: i64) -> Offer {
        Offer {
            plan: "pro".into(),
            product_id: unit.into(),
            price_id: unit.into(),
            interval: Interval::Every { unit: unit.into(), count: 1 },
            price: Money::new(amount, "usd"),
            tax: None,
            trial: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn the_switch_hides_a_price_only_where_there_is_the_other() {
        let (month, year) = (offer("month", 1_200), offer("year", 12_000));
        assert_eq!(shown_when(&month, &[&month, &year]), "by-month");
        assert_eq!(shown_when(&year, &[&month, &year]), "by-year");
        assert_eq!(shown_when(&month, &[&month]), "");
    }

    #[test]
    fn a_year_saves_only_what_it_saves() {
        let (month, year) = (offer("month", 1_200), offer("year", 12_000));
        assert_eq!(saving(&year, &[&month, &year]), Some(Money::new(2_400, "usd")));
        assert_eq!(saving(&month, &[&month, &year]), None);
        assert_eq!(saving(&offer("year", 14_400), &[&month]), None);
    }
}
