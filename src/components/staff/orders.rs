//! A customer's orders with us, in words.

use super::tables::Table;
use crate::{
    model::{instant::spell_time, order::State},
    server::services::staffing::Ordered,
};
use leptos::prelude::*;

/// Their orders with us.
#[component]
pub fn Orders(
    /// Newest first.
    orders: Vec<Ordered>,
) -> impl IntoView {
    let row = |order: Ordered| {
        let what = kind_words(&order.kind);
        let what = order.back.map_or_else(|| what.clone(), |back| format!("{what} of {back}"));
        view! {
            <td class="when">{spell_time(order.created_at)}</td>
            <td>{what}</td>
            <td>{order.plan}</td>
            <td>{state_words(&order.kind, order.state)}</td>
            <td class="long">{order.outcome.as_deref().map(outcome_words)}</td>
            <td><code>{order.id}</code></td>
        }
        .into_any()
    };
    let rows = orders.into_iter().map(row).collect();
    let columns = &["Made", "What", "Plan", "State", "Outcome", "Id"];
    view! { <Table title="Orders" columns empty="None." rows /> }
}

fn kind_words(kind: &str) -> String {
    match kind {
        "buy" => "Purchase".to_owned(),
        "change" => "Change of plan".to_owned(),
        "cancel" => "Cancellation".to_owned(),
        "resume" => "Resumption".to_owned(),
        "pause" => "Pause".to_owned(),
        "refund" => "Refund".to_owned(),
        other => other.replace('_', " "),
    }
}

fn state_words(kind: &str, state: State) -> &'static str {
    match (kind, state) {
        ("buy", State::Committing) => "the checkout is being made",
        (_, State::Committing) => "asked of Polar",
        (_, State::CheckoutOpen) => "waits for the payment",
        (_, State::Paid) => "paid, not open yet",
        ("buy", State::Done) => "paid and open",
        ("cancel", State::Done) => "cancelled",
        ("refund", State::Done) => "paid back",
        (_, State::Done) => "done",
        ("buy", State::Refused) => "not made",
        (_, State::Refused) => "not done",
        (_, State::Expired) => "the checkout ran out",
        (_, State::Superseded) => "replaced by a newer order",
        (_, State::Unsettled) => "Polar's answer is missing; it is looked at again by itself",
    }
}

fn outcome_words(outcome: &str) -> String {
    match outcome {
        "quote_changed" => "The price had changed.".to_owned(),
        "already_yours" => "They have it already.".to_owned(),
        "change_plan" => "They have a subscription: changing it was offered.".to_owned(),
        "paid_earlier" => "An earlier order was paid.".to_owned(),
        "polar_down" => "Polar did not answer.".to_owned(),
        "seen" => "Seen at Polar; its answer was lost.".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stored_word_is_shown_as_it_is() {
        let kinds = ["buy", "change", "cancel", "resume", "pause", "refund"];
        let states = [
            State::Committing,
            State::CheckoutOpen,
            State::Paid,
            State::Done,
            State::Refused,
            State::Expired,
            State::Superseded,
            State::Unsettled,
        ];
        for kind in kinds {
            assert!(kind_words(kind).chars().all(|letter| letter != '_') && kind_words(kind) != kind, "{kind}");
            for state in states {
                let words = state_words(kind, state);
                assert!(words == "done" || words != state.stored(), "{kind} {words}");
            }
        }
        for outcome in ["quote_changed", "already_yours", "change_plan", "paid_earlier", "polar_down", "seen"] {
            assert!(outcome_words(outcome).ends_with('.'), "{outcome}");
        }
        assert_eq!(outcome_words("Polar failed with 500"), "Polar failed with 500");
    }
}
