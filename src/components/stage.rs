//! How far an order is: three steps and what to do next. The same markup is the first answer and each later fragment.

use crate::{
    model::{
        instant::{Millis, spell_time},
        order::Stage,
    },
    server::{services::confirming::Confirmation, state::State},
};
use leptos::prelude::*;

/// Longer than this after the payment, it is said that nothing is lost.
const SLOW: Millis = 15_000;

/// How far the order is, with the steps.
pub fn order_stage(state: &State, order: Confirmation) -> impl IntoView + use<> {
    let name = state.plans.get(&order.plan).map_or_else(|| order.plan.clone(), |plan| plan.name.clone());
    let (title, sentence) = words(&order, &name);
    let is_slow = is_slow(&order, state.clock.wall());
    view! {
        <section class="stage" data-stage=order.stage.word() data-final=order.stage.is_final().then_some("")>
            <h1>{title}</h1>
            <p class="lead">{sentence}</p>
            {with_steps(order.stage).then(|| steps(&order))}
            {is_slow.then(|| view! {
                <p class="notice">"Your payment is safe. Polar has confirmed it; we are fetching your access."</p>
            })}
            {(order.polar_is_down && !order.stage.is_final()).then(|| view! {
                <p class="notice warning">
                    "Polar does not answer just now, so this may be out of date. We keep asking; you need not stay."
                </p>
            })}
            {actions(&order)}
        </section>
    }
}

fn is_slow(order: &Confirmation, now: Millis) -> bool {
    let since = order.paid_at.unwrap_or(now);
    matches!(order.stage, Stage::Paid | Stage::Received) && now - since > SLOW
}

fn words(order: &Confirmation, plan: &str) -> (String, String) {
    let (title, sentence): (&str, String) = match order.stage {
        Stage::Preparing => {
            ("Preparing your payment", "Your checkout at Polar is being made. This takes a moment.".into())
        }
        Stage::Open => {
            ("Waiting for your payment", format!("{plan} begins as soon as it is paid. So far nothing was charged."))
        }
        Stage::Confirmed => (
            "Your bank is checking the payment",
            "This mostly takes seconds. You are charged only if it agrees.".into(),
        ),
        Stage::Paid => ("Thank you, your payment arrived", format!("We are opening {plan} for you.")),
        Stage::Received => ("Almost there", format!("Polar's record is here, and {plan} is being opened.")),
        Stage::Granted if order.is_over => {
            let lead =
                format!("It was paid and opened to you. You do not have {plan} now; your account says what you have.");
            return (format!("Your order of {plan}"), lead);
        }
        Stage::Granted => {
            return (format!("You have {plan}"), "Everything is paid and open. Polar mails you the invoice.".into());
        }
        Stage::Expired => ("This checkout has run out", "It was not paid in time, and nothing was charged.".into()),
        Stage::Superseded => {
            ("A newer order took its place", "This one was not paid, and nothing was charged for it.".into())
        }
        Stage::Refused => ("This order was not made", refusal(order.outcome.as_deref()).into()),
    };
    (title.to_owned(), sentence)
}

fn refusal(outcome: Option<&str>) -> &'static str {
    match outcome {
        Some("quote_changed") => "The price changed in the meantime. Nothing was charged; please look at the new one.",
        Some("already_yours") => "You have this for good already. Nothing was charged.",
        Some("change_plan") => "You have a subscription already. Nothing was charged.",
        Some("paid_earlier") => "An earlier order of yours is paid or being paid. Nothing was charged for this one.",
        Some("polar_down") => "Polar did not answer. Nothing was charged; please try again in a moment.",
        _ => "Nothing was charged.",
    }
}

fn with_steps(stage: Stage) -> bool {
    !matches!(stage, Stage::Expired | Stage::Superseded | Stage::Refused)
}

fn steps(order: &Confirmation) -> impl IntoView + use<> {
    let reached = match order.stage {
        Stage::Paid => 1,
        Stage::Received => 2,
        Stage::Granted => 3,
        _ => 0,
    };
    let times = [
        order.paid_at.map(spell_time),
        order.paid_at.zip(order.received_at).map(|(from, to)| took(to - from)),
        order.received_at.or(order.paid_at).zip(order.done_at).map(|(from, to)| took(to - from)),
    ];
    let each = ["Paid", "Received", "Access granted"].into_iter().zip(times).enumerate();
    let step = move |(place, (name, time)): (usize, (&'static str, Option<String>))| {
        let (class, sign, said) = match place.cmp(&reached) {
            std::cmp::Ordering::Less => ("done", "✓".to_owned(), "done"),
            std::cmp::Ordering::Equal => ("now", (place + 1).to_string(), "under way"),
            std::cmp::Ordering::Greater => ("later", (place + 1).to_string(), "to come"),
        };
        let time = time.filter(|_| class == "done");
        view! {
            <li class=class aria-current=(class == "now").then_some("step")>
                <span class="sign" aria-hidden="true">{sign}</span>
                <div>
                    <span class="name">{name}<span class="visually-hidden">": "{said}</span></span>
                    {time.map(|time| view! { <span class="took">{time}</span> })}
                </div>
            </li>
        }
    };
    view! { <ol class="steps">{each.map(step).collect_view()}</ol> }
}

/// `at once`, `after 0.4 seconds`, `after 12 seconds`, `after 3 minutes`.
fn took(millis: Millis) -> String {
    match millis.max(0) {
        0..100 => "at once".to_owned(),
        short @ 100..10_000 => format!("after {}.{} seconds", short / 1_000, short % 1_000 / 100),
        middle @ 10_000..120_000 => format!("after {} seconds", middle / 1_000),
        long => format!("after {} minutes", long / 60_000),
    }
}

fn actions(order: &Confirmation) -> impl IntoView + use<> {
    let interval = order.quote.as_ref().map_or_else(|| "month".to_owned(), |quote| quote.offer.interval.slug());
    let again = format!("/buy?plan={}&interval={interval}", order.plan);
    let link =
        |to: String, text: &'static str, class: &'static str| view! { <a class=class href=to>{text}</a> }.into_any();
    let choices = match order.stage {
        Stage::Open => {
            (order.checkout_url.clone()).map(|url| link(url, "Continue to payment", "button")).into_iter().collect()
        }
        Stage::Granted if order.is_over => {
            vec![link("/account".into(), "See my account", "button"), link("/pricing".into(), "See all plans", "")]
        }
        Stage::Granted => vec![
            link("/studio".into(), "Open the studio", "button"), // the studio
            link("/account".into(), "See my account", ""),
        ],
        Stage::Expired => vec![link(again, "Start again", "button"), link("/pricing".into(), "See all plans", "")],
        Stage::Superseded => vec![link("/confirmation".into(), "See my newest order", "button")],
        Stage::Refused => {
            vec![link("/account".into(), "See my account", "button"), link("/pricing".into(), "See all plans", "")]
        }
        Stage::Preparing | Stage::Confirmed | Stage::Paid | Stage::Received => Vec::new(),
    };
    let id = order.order_id.clone();
    let ask = (!order.stage.is_final()).then(|| {
        view! {
            <form method="post" action="/confirmation">
                <input type="hidden" name="order" value=id />
                <button class="quiet small">"Check again"</button>
            </form>
        }
    });
    view! { <div class="actions">{choices} {ask}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(took(-5), "at once");
        assert_eq!(took(1_250), "after 1.2 seconds");
        assert_eq!(took(42_900), "after 42 seconds");
        assert_eq!(took(200_000), "after 3 minutes");
    }

    #[test]
    fn every_outcome_says_that_nothing_was_charged() {
        let outcomes = ["quote_changed", "already_yours", "change_plan", "paid_earlier", "polar_down", "another"];
        assert!(outcomes.iter().all(|outcome| refusal(Some(outcome)).contains("Nothing was charged")));
    }
}
