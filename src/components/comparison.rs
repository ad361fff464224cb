//! What each plan opens, side by side, and the questions that people ask before paying.

use crate::model::{
    meter::Meter,
    plan::{Plan, Plans, Value},
};
use leptos::prelude::*;

/// Every feature of every plan in one table, and how much of each meter it allows.
pub fn comparison(plans: &Plans) -> impl IntoView + use<> {
    let heads = plans.shown().map(|plan| view! { <th scope="col">{plan.name.clone()}</th> }).collect_view();
    let meters: Vec<_> = plans.meters().map(|(key, meter)| meter_row(plans, key, meter)).collect();
    let features: Vec<_> = plans.features().into_iter().map(|feature| row(plans, feature)).collect();
    view! {
        <section aria-labelledby="compare">
            <h2 id="compare">"Side by side"</h2>
            <div class="table-frame" role="region" aria-labelledby="compare" tabindex="0">
                <table class="compare">
                    <thead>
                        <tr>
                            <th scope="col">"What you get"</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{meters}{features}</tbody>
                </table>
            </div>
        </section>
    }
}

fn meter_row(plans: &Plans, key: &str, meter: &Meter) -> impl IntoView + use<> {
    let cell = |plan: &Plan| match plan.usage.get(key) {
        Some(allowance) => allowance.words().into_any(),
        None => none().into_any(),
    };
    let cells = plans.shown().map(|plan| view! { <td>{cell(plan)}</td> }).collect_view();
    view! { <tr><th scope="row">{meter.name.clone()}</th>{cells}</tr> }
}

fn row(plans: &Plans, feature: &str) -> impl IntoView + use<> {
    let cells = plans.shown().map(|plan| cell(plan, feature)).collect_view();
    view! { <tr><th scope="row">{plans.feature_name(feature).to_owned()}</th>{cells}</tr> }
}

fn cell(plan: &Plan, feature: &str) -> impl IntoView + use<> {
    let content = match plan.features.get(feature) {
        Some(Value::Limit(limit)) => limit.to_string().into_any(),
        Some(Value::Switch(true)) => {
            view! { <span class="yes" aria-hidden="true">"✓"</span><span class="visually-hidden">"yes"</span> }
                .into_any()
        }
        _ => none().into_any(),
    };
    view! { <td>{content}</td> }
}

fn none() -> impl IntoView + use<> {
    view! { <span class="no" aria-hidden="true">"–"</span><span class="visually-hidden">"no"</span> }
}

const QUESTIONS: [(&str, &str); 5] = [
    (
        "What happens when I cancel?",
        "You keep what you paid for until the end of the period, and it does not renew. You cancel on your account page, \
         and can take it back until the last day.",
    ),
    (
        "Can I get my money back?",
        "Write to us within two weeks of a payment. A refund goes back to the card that paid, through Polar.",
    ),
    (
        "What about taxes?",
        "Polar sells to you, works out the tax of the place where you live and shows it before you pay. A company can \
         enter its tax number there.",
    ),
    (
        "Where are my invoices?",
        "With your orders, which your account page leads to. Each payment is also confirmed by e-mail.",
    ),
    (
        "What if a payment fails?",
        "Your access goes on for some days while Polar tries again, and your account page says until when. Putting in \
         another card settles it.",
    ),
];

/// Questions and answers.
#[component]
pub fn Questions() -> impl IntoView {
    let each = QUESTIONS.map(|(question, answer)| {
        view! { <details><summary>{question}</summary><p>{answer}</p></details> }
    });
    view! {
        <section aria-labelledby="questions">
            <h2 id="questions">"Questions"</h2>
            <div class="questions">{each}</div>
        </section>
    }
}
