//! What is charged, and when, in words.

use crate::{
    model::{
        catalog::{Extra, Interval, Offer},
        plan::Plans,
        quote::Quote,
    },
    server::http::state,
};
use leptos::prelude::*;

/// `per month`, `every 3 months`, `once`.
#[must_use]
pub fn per(interval: &Interval) -> String {
    match interval {
        Interval::Once => "once".to_owned(),
        Interval::Every { count: 1, .. } => format!("per {}", interval.words()),
        Interval::Every { .. } => format!("every {}", interval.words()),
    }
}

/// Whether tax is in the price.
#[must_use]
pub fn tax(offer: &Offer) -> &'static str {
    match offer.tax.as_deref() {
        Some("inclusive") => "tax included",
        Some("exclusive") => "plus tax",
        _ => "tax, where it applies, is shown before you pay",
    }
}

/// What is billed, and until when.
#[must_use]
pub fn billed(offer: &Offer) -> String {
    match (&offer.interval, &offer.trial) {
        (Interval::Once, _) => "Billed once. No renewals.".to_owned(),
        (_, Some(trial)) => format!("{} free, then billed {} until you cancel.", trial.words(), each(&offer.interval)),
        (_, None) => format!("Billed {} until you cancel.", each(&offer.interval)),
    }
}

fn each(interval: &Interval) -> String {
    match interval {
        Interval::Every { count: 1, .. } => format!("every {}", interval.words()),
        _ => per(interval),
    }
}

/// What more costs than is included, a sentence for each meter.
#[must_use]
pub fn more(plans: &Plans, offer: &Offer) -> Vec<String> {
    let sentence = |extra: &Extra| {
        let (many, each) = (&plans.meter(&extra.meter)?.many, extra.each.words(&offer.price.currency));
        Some(format!("More {many} than are included: {each} each, only as far as you allow."))
    };
    offer.extras.iter().filter_map(sentence).collect()
}

fn renewal(quote: &Quote) -> String {
    let price = &quote.offer.price;
    match (&quote.offer.interval, &quote.trial) {
        (Interval::Once, _) => "Paid once. It does not renew.".to_owned(),
        (interval, Some(trial)) => {
            format!("After {} you pay {price}, and again {}, until you cancel.", trial.words(), each(interval))
        }
        (interval, None) => format!("It renews at {price} {} until you cancel.", each(interval)),
    }
}

/// What is paid today; tax is named where it comes on top, or may.
fn today(quote: &Quote) -> String {
    let due = quote.due_today();
    match quote.tax_included() {
        _ if due.is_zero() => due.to_string(),
        Some(true) => due.to_string(),
        Some(false) => format!("{due} plus tax"),
        None => format!("{due} plus tax where it applies"),
    }
}

/// What the buyer agrees to, fact by fact.
#[component]
pub fn QuoteFacts(
    /// The quote.
    quote: Quote,
    /// The name of the plan.
    plan: String,
) -> impl IntoView {
    let price = format!("{} {}", quote.offer.price, per(&quote.offer.interval));
    let more = more(&state().plans, &quote.offer);
    view! {
        <dl class="facts">
            <dt>"Plan"</dt>
            <dd>{plan}</dd>
            <dt>"Price"</dt>
            <dd>{price} <span class="fine">", "{tax(&quote.offer)}</span></dd>
            {quote.trial.as_ref().map(|trial| view! { <dt>"Trial"</dt><dd>{trial.words()}" free"</dd> })}
            <dt>"Renewal"</dt>
            <dd>{renewal(&quote)}</dd>
            {more.into_iter().map(|words| view! { <dt>"Usage"</dt><dd>{words}</dd> }).collect_view()}
            <dt>"Today"</dt>
            <dd class="total">{today(&quote)}</dd>
        </dl>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{catalog::Trial, money::Money};

    fn offer(interval: Interval, trial: Option<i64>) -> Offer {
        Offer {
            plan: "pro".into(),
            product_id: "p".into(),
            price_id: "x".into(),
            interval,
            price: Money::new(1_200, "usd"),
            tax: None,
            trial: trial.map(|count| Trial { unit: "day".into(), count }),
            extras: Vec::new(),
        }
    }

    #[test]
    fn what_more_costs_is_said() {
        let plans = Plans::parse(include_str!("../../plans.toml")).expect("the shipped plans");
        let each = crate::model::rate::Rate::parse("4").expect("a rate");
        let mut sold = offer(Interval::Every { unit: "month".into(), count: 1 }, None);
        assert!(more(&plans, &sold).is_empty());
        sold.extras = vec![Extra { meter: "codes".into(), each }];
        assert_eq!(more(&plans, &sold), ["More QR codes than are included: $0.04 each, only as far as you allow."]);
    }

    #[test]
    fn what_will_happen_to_the_money_is_said() {
        let every = |unit: &str, count| Interval::Every { unit: unit.into(), count };
        assert_eq!(billed(&offer(every("month", 1), None)), "Billed every month until you cancel.");
        assert_eq!(
            billed(&offer(every("month", 3), Some(14))),
            "14 days free, then billed every 3 months until you cancel."
        );
        assert_eq!(billed(&offer(Interval::Once, None)), "Billed once. No renewals.");
        assert_eq!(per(&every("year", 1)), "per year");
        let trial = Quote::of(&offer(every("month", 1), Some(14)), false);
        assert_eq!(renewal(&trial), "After 14 days you pay $12, and again every month, until you cancel.");
        let later = Quote::of(&offer(every("month", 1), Some(14)), true);
        assert_eq!(renewal(&later), "It renews at $12 every month until you cancel.");
    }
}
