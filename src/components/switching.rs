//! What another plan for a subscription means, in words and figures.

use super::quote::{more, per};
use crate::{
    model::{
        catalog::Offer,
        change::Terms,
        instant::spell_date,
        meter::Allowance,
        plan::{Plans, Value},
        switch::{Left, Switch, Timing, Today, Worth, gains_and_losses, more_and_less},
    },
    server::http::state,
};
use leptos::prelude::*;

/// When, what is paid today, and what the next bill is.
#[component]
pub fn SwitchFacts(
    /// What is agreed to.
    terms: Terms,
    /// The name of the plan now.
    from: String,
    /// The name of the plan then.
    to: String,
) -> impl IntoView {
    let switch = terms.switch.clone()?;
    let replaces = switch.replaces.as_ref().map(|slug| {
        let other = state().plans.get(slug).map_or_else(|| "another plan".to_owned(), |plan| plan.name.clone());
        view! { <dt>"Instead of"</dt><dd>"the scheduled change to "{other}</dd> }
    });
    let more = more(&state().plans, &switch.to);
    Some(view! {
        <dl class="facts">
            <dt>"Now"</dt>
            <dd>{from}", "{format!("{} {}", terms.price, per(&terms.interval))}</dd>
            <dt>"Then"</dt>
            <dd>
                {to}", "{format!("{} {}", switch.to.price, per(&switch.to.interval))}
                <span class="fine">", "{tax(&switch.to)}</span>
            </dd>
            {replaces}
            <dt>"When"</dt>
            <dd>{when(&terms, &switch)}</dd>
            <dt>"Next bill"</dt>
            <dd>{next(&switch)}</dd>
            {more.into_iter().map(|words| view! { <dt>"Usage"</dt><dd>{words}</dd> }).collect_view()}
            <dt>"Today"</dt>
            <dd class="total">{today(&switch)}</dd>
        </dl>
        {note(&switch).map(|note| view! { <p class="fine">{note}</p> })}
    })
}

/// Whether tax is in the price: no page of Polar's shows it before it is paid.
fn tax(offer: &Offer) -> &'static str {
    match offer.tax.as_deref() {
        Some("inclusive") => "tax included",
        _ => "plus tax where it applies",
    }
}

fn when(terms: &Terms, switch: &Switch) -> String {
    match (switch.timing, terms.until) {
        (Timing::PeriodEnd, Some(until)) => format!("On {}, when the time you paid for is over", spell_date(until)),
        (Timing::PeriodEnd, None) => "When the time you paid for is over".to_owned(),
        (Timing::Now | Timing::NextBill, _) => "At once".to_owned(),
    }
}

fn today(switch: &Switch) -> String {
    match switch.figures.today {
        Today::Nothing | Today::Credit(_) => "Nothing".to_owned(),
        Today::About(0) => "Nothing".to_owned(),
        Today::Exactly(amount) => format!("{}, {}", switch.money(amount), tax(&switch.to)),
        Today::About(amount) => format!("about {}, {}", switch.money(amount), tax(&switch.to)),
        Today::Unknown => "what Polar computes".to_owned(),
    }
}

fn next(switch: &Switch) -> String {
    match (switch.figures.next, switch.figures.next_at) {
        (Some(amount), Some(at)) => format!("{} on {}, {}", switch.money(amount), spell_date(at), tax(&switch.to)),
        _ => "as Polar computes it".to_owned(),
    }
}

/// Whether the amount is exact or an estimate, and where the rest of what is paid goes.
fn note(switch: &Switch) -> Option<String> {
    Some(match switch.figures.today {
        Today::About(amount) if amount > 0 => {
            "This is an estimate: the price of the time that is left, less what you paid for it already. Polar computes the \
             exact amount to the second, adds what it still holds of earlier changes, and charges the card that you pay \
             with. We show it to you afterwards."
                .to_owned()
        }
        Today::Credit(amount) => format!(
            "About {} of what you paid already stays as credit with Polar and pays your next bills. It is not paid out.",
            switch.money(amount)
        ),
        Today::Unknown => "The subscription has prices that only Polar can add up. We show you its bill afterwards.".to_owned(),
        Today::Exactly(_) => "Your trial ends with the change, so the first payment is due today.".to_owned(),
        _ if switch.timing == Timing::NextBill => "The difference for the time that is left is on the next bill.".to_owned(),
        _ => return None,
    })
}

/// What is gained and what is lost.
#[component]
pub fn Trade(
    /// The plan's slug now.
    from: String,
    /// The plan's slug then.
    to: String,
) -> impl IntoView {
    let plans = &state().plans;
    let (gained, lost) = gains_and_losses(plans.get(&from), plans.get(&to)?);
    let (more, less) = more_and_less(plans, &from, &to);
    let all = |features: Worth, meters: Left, only: &str| -> Vec<String> {
        let features = features.into_iter().map(|one| feature_words(plans, one, only));
        features.chain(meters.into_iter().map(|one| meter_words(one, only))).collect()
    };
    let list = |title: &'static str, all: Vec<String>| {
        (!all.is_empty()).then(|| {
            let each = all.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
            view! { <h2 class="small">{title}</h2><ul class="reasons">{each}</ul> }
        })
    };
    Some(view! { {list("You gain", all(gained, more, "up to"))} {list("You lose", all(lost, less, "only"))} })
}

fn feature_words(plans: &Plans, (feature, value): (String, Value), only: &str) -> String {
    let name = plans.feature_name(&feature);
    match value {
        Value::Limit(limit) if limit > 0 => format!("{name}: {only} {limit}"),
        Value::Limit(_) | Value::Switch(_) => name.to_owned(),
    }
}

fn meter_words((name, allowance): (String, Option<Allowance>), only: &str) -> String {
    match allowance {
        Some(allowance) => format!("{name}: {only} {}", allowance.words()),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        catalog::{Interval, Offer},
        money::Money,
        switch::Figures,
    };

    fn switch(today: Today, timing: Timing) -> Switch {
        let to = Offer {
            plan: "team".into(),
            product_id: "t".into(),
            price_id: "x".into(),
            interval: Interval::Every { unit: "month".into(), count: 1 },
            price: Money::new(3_900, "usd"),
            tax: None,
            trial: None,
            extras: Vec::new(),
        };
        let figures = Figures { today, next: Some(3_900), next_at: Some(1_803_895_200_000) };
        Switch { to, timing, figures, replaces: None, quoted_at: 0 }
    }

    #[test]
    fn an_estimate_says_that_it_is_one_and_an_exact_amount_does_not() {
        let about = switch(Today::About(1_350), Timing::Now);
        assert_eq!(today(&about), "about $13.50, plus tax where it applies");
        assert!(note(&about).unwrap().contains("estimate"));
        assert_eq!(today(&switch(Today::Exactly(3_900), Timing::Now)), "$39, plus tax where it applies");
        let later = switch(Today::Nothing, Timing::PeriodEnd);
        assert_eq!((today(&later).as_str(), note(&later)), ("Nothing", None));
        assert!(note(&switch(Today::Credit(500), Timing::Now)).unwrap().contains("About $5 of what you paid"));
        assert!(next(&later).starts_with("$39 on "));
    }
}
