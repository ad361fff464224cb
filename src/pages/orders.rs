//! Everything that I ordered and was billed, with receipts and invoices.

use crate::{
    components::{account::bill_state, page::Page},
    model::{
        change::Change,
        instant::spell_date,
        order::{Stage, State as OrderState},
    },
    server::{
        http::{reply, session, state},
        services::{
            history::{self, Line, Ordered, What},
            overview::Bill,
            papers::Sort,
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// `/orders`, and `?page=` from 0
#[component]
pub fn OrdersPage() -> impl IntoView {
    let page = use_query_map().read_untracked().get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    Suspend::new(async move {
        let user = session::require_user().await?;
        match history::of(&state(), &user.id, page).await {
            Ok((lines, more)) => Some(view! { <Lines lines more page /> }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

#[component]
fn Lines(lines: Vec<Line>, more: bool, page: usize) -> impl IntoView {
    let empty = lines.is_empty().then(|| match page {
        0 => view! { <p>"Nothing yet. " <a href="/pricing">"See plans and prices"</a></p> }.into_any(),
        _ => view! { <p>"Nothing before that."</p> }.into_any(),
    });
    let each = |line: Line| match line {
        Line::Order(order) => Either::Left(ordered(order)),
        Line::Bill(bill) => Either::Right(billed(bill)),
    };
    let earlier = more.then(|| view! { <a href=format!("/orders?page={}", page + 1)>"Earlier"</a> });
    let newest = (page > 0).then(|| view! { <a href="/orders">"The newest"</a> });
    view! {
        <Page title="Orders and bills" lead="Everything that you ordered, and what Polar billed for it, the newest first." width="text">
            {empty}
            <ol class="acts">{lines.into_iter().map(each).collect_view()}</ol>
            <p class="actions">{earlier} {newest} <a href="/account">"Back to my account"</a></p>
        </Page>
    }
}

fn ordered(order: Ordered) -> impl IntoView {
    let (what, state) = words(&order);
    let to = format!("/orders/{}", order.id);
    view! {
        <li>
            <p><a href=to>{what}</a></p>
            <p class="fine">{spell_date(order.at)}", "{state}</p>
        </li>
    }
}

fn words(order: &Ordered) -> (String, &'static str) {
    let plan = &order.plan;
    match order.what {
        What::Purchase(stage) => (format!("{plan} ordered"), far(stage)),
        What::Change(change, state) => {
            let what = match change {
                Change::Cancel => format!("{plan} cancelled"),
                Change::Resume | Change::Undo | Change::Unpause => format!("{plan} kept"),
                Change::Switch => format!("{plan} changed"),
                Change::Pause => format!("{plan} paused"),
                Change::Continue => format!("{plan} continued"),
            };
            let far = match state {
                OrderState::Done => "done",
                OrderState::Refused => "not done",
                _ => "under way",
            };
            (what, far)
        }
    }
}

fn far(stage: Stage) -> &'static str {
    match stage {
        Stage::Granted => "paid, and opened to you",
        Stage::Expired | Stage::Refused => "not paid",
        Stage::Superseded => "replaced by a newer order",
        Stage::Open | Stage::Preparing => "waits for your payment",
        Stage::Confirmed | Stage::Paid | Stage::Received => "under way",
    }
}

fn billed(bill: Bill) -> impl IntoView {
    let (class, word) = bill_state(&bill.status);
    let day = bill.at.map_or_else(String::new, spell_date);
    let number = bill.number.map(|number| format!(", {number}"));
    let back = (bill.refunded.amount > 0).then(|| format!(", {} paid back", bill.refunded));
    let link = |sort: Sort| {
        let to = format!("/orders/paper?bill={}&sort={}", bill.id, sort.word());
        let label = if sort == Sort::Receipt { "Receipt" } else { "Invoice" };
        view! { <a href=to>{label}</a> }
    };
    view! {
        <li>
            <p>{bill.what}", "{bill.total.to_string()}" "<span class=class>{word}</span></p>
            <p class="fine">{day}{number}{back}</p>
            <p class="actions">{link(Sort::Receipt)} {link(Sort::Invoice)}</p>
        </li>
    }
}
