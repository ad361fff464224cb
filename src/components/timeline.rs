//! What happened with an order, each with its time.

use crate::{model::instant::spell_time, server::services::timeline::Moment};
use leptos::prelude::*;

/// What happened, the first at the top; nothing while nothing is known.
#[component]
pub fn Timeline(
    /// In their order.
    moments: Vec<Moment>,
) -> impl IntoView {
    let each = |moment: Moment| {
        view! {
            <li>
                <p>{moment.words}</p>
                {moment.at.map(|at| view! { <p class="fine">{spell_time(at)}</p> })}
            </li>
        }
    };
    (!moments.is_empty()).then(|| {
        view! {
            <section class="quiet-facts" aria-labelledby="happened">
                <h2 id="happened">"What happened"</h2>
                <ol class="acts">{moments.into_iter().map(each).collect_view()}</ol>
            </section>
        }
    })
}
