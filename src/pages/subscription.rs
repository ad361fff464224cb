//! A subscription of one's own: letting it end when the paid time is over, and letting it go on after all; taking a scheduled
//! change of plan back.

use super::pausing;
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        page::Page,
        quote::per,
    },
    model::{
        beyond::last_charge,
        change::{Change, Fit, REASONS},
        instant::spell_date,
        plan::Plan,
        typed::is_hidden,
    },
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, state,
        },
        services::changing::{self, Answer, Consent, Proposal, Proposed, Wish},
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// So long a comment may be: Polar takes no more.
const LONGEST_COMMENT: usize = 500;

/// Lets a subscription end when the paid time is over.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/subscription/cancel")]
pub async fn cancel(
    /// Polar's id of the subscription.
    #[server(default)]
    subscription: String,
    /// Minted by the form.
    #[server(default)]
    order: String,
    /// What was shown.
    #[server(default)]
    terms: String,
    /// One of Polar's words, or nothing.
    #[server(default)]
    reason: String,
    /// As typed.
    #[server(default)]
    comment: String,
) -> Result<(), ServerFnError> {
    let comment = comment.trim();
    if !reason.is_empty() && !REASONS.iter().any(|(word, _)| *word == reason) {
        return Err(reject(Rejected::field("reason", "Please choose one of these reasons, or none.")));
    }
    if comment.chars().count() > LONGEST_COMMENT || comment.contains(is_hidden) {
        let words = format!("Please say it in at most {LONGEST_COMMENT} ordinary letters, in one line.");
        return Err(reject(Rejected::field("comment", words).with("comment", comment).with("reason", &reason)));
    }
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let wish = Wish { subscription, change: Change::Cancel, to: None };
    commit(wish, (order, terms), (some(&reason), some(comment))).await
}

/// A server function for a change that needs nothing but consent.
macro_rules! plain_change {
    ($(#[$doc:meta])+ $name:ident at $path:literal is $change:ident) => {
        $(#[$doc])+
        #[server(prefix = "", endpoint = $path)]
        pub async fn $name(
            /// Polar's id of the subscription.
            #[server(default)]
            subscription: String,
            /// Minted by the form.
            #[server(default)]
            order: String,
            /// What was shown.
            #[server(default)]
            terms: String,
        ) -> Result<(), ServerFnError> {
            commit(Wish { subscription, change: Change::$change, to: None }, (order, terms), (None, None)).await
        }
    };
}
pub(super) use plain_change;

plain_change! {
    /// Lets a subscription go on that was to end.
    ///
    /// # Errors
    /// The refusal, as the page shows it.
    resume at "/subscription/resume" is Resume
}

plain_change! {
    /// Lets a subscription stay what it is that was to become another plan.
    ///
    /// # Errors
    /// The refusal, as the page shows it.
    undo at "/subscription/undo" is Undo
}

/// Makes the change that was agreed to, and goes to its order.
///
/// # Errors
/// The refusal, as the page shows it.
pub(super) async fn commit(
    wish: Wish,
    (order, terms): (String, String),
    (reason, comment): (Option<String>, Option<String>),
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let consent = Consent { user: user.id, from: guard::client_ip(), order, wish, terms, reason, comment };
    match changing::commit(&state(), consent).await {
        Ok(answer) => answered(answer),
        Err(error) => {
            reply::unavailable(&error);
            Ok(())
        }
    }
}

fn answered(answer: Answer) -> Result<(), ServerFnError> {
    let words = match answer {
        Answer::Ordered(order) => {
            reply::see_other(&format!("/orders/{order}"));
            return Ok(());
        }
        Answer::NotFound => {
            reply::gone();
            return Ok(());
        }
        Answer::NotSold => NOT_SOLD,
        Answer::Unfit(fit) => unfit(fit),
        Answer::NewTerms => "What you saw has changed since. Nothing was done: please look at it again.",
        Answer::Busy => {
            "Another change of this subscription is under way. Nothing more was done: please try again in a minute."
        }
        Answer::PolarDown => {
            let words = "Polar, who holds the subscription, does not answer just now. Nothing was changed. Please try again \
                         in a moment.";
            return Err(reject(Rejected::unavailable(words)));
        }
    };
    Err(reject(Rejected::form(words)))
}

/// What is said of a plan that nobody can have.
pub(super) const NOT_SOLD: &str =
    "This is not for sale, or not any more. Nothing was changed: please choose something else.";

/// Why a change cannot be made of a subscription that stands so.
pub(super) fn unfit(fit: Fit) -> &'static str {
    match fit {
        Fit::Fits => "Please look at it again.",
        Fit::AlreadySo => "It is so already. There is nothing to do.",
        Fit::Over => "This subscription is over. There is nothing to do.",
        Fit::Paused => {
            "This subscription is paused, so nothing is charged. First continue it; it can be ended in the billing portal."
        }
        Fit::Ending => "This subscription is set to end. First keep it; then it can be changed.",
        Fit::Unpaid => "The last payment did not go through. Once another card has settled it, please try again.",
        Fit::Trial => "This subscription is on trial: nothing is charged yet, and it can be cancelled at any time.",
        Fit::Free => {
            "Nothing is paid for this subscription, so there may be no card to charge. Let it end, and then buy the plan \
             that you want."
        }
        Fit::OtherCurrency => {
            "This subscription is billed in another currency than the plan. Let it end, and then buy the plan that you \
             want."
        }
    }
}

/// `/subscription/cancel?id=`
#[component]
pub fn CancelPage() -> impl IntoView {
    change_page(Change::Cancel)
}

/// `/subscription/resume?id=`
#[component]
pub fn ResumePage() -> impl IntoView {
    change_page(Change::Resume)
}

/// `/subscription/undo?id=`
#[component]
pub fn UndoPage() -> impl IntoView {
    change_page(Change::Undo)
}

/// The page of a change that needs no choice: what it means, and the one button.
pub(super) fn change_page(change: Change) -> impl IntoView {
    let id = use_query_map().read_untracked().get("id").unwrap_or_default();
    Suspend::new(async move {
        let user = session::require_user().await?;
        let wish = Wish { subscription: id, change, to: None };
        Some(match changing::propose(&state(), &user.id, &wish).await {
            Ok(Proposed::Shown(proposal)) => EitherOf3::A(view! { <Shown proposal=*proposal /> }),
            Ok(_) => EitherOf3::B(view! { <crate::pages::not_found::NotFound /> }),
            Err(error) => {
                reply::unavailable(&error);
                EitherOf3::C(())
            }
        })
    })
}

#[component]
fn Shown(proposal: Proposal) -> impl IntoView {
    let Proposal { terms, plan, fit, order_id } = proposal;
    let state = state();
    let plan = state.plans.get(&plan);
    let name = plan.map_or_else(|| "your subscription".to_owned(), |plan| plan.name.clone());
    let last = last_charge(plan.is_some_and(Plan::sells_more));
    let until = terms.until.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
    let price = format!("{} {}", terms.price, per(&terms.interval));
    let (title, lead) = match terms.change {
        Change::Cancel => {
            (format!("Cancel {name}"), format!("{name} stays yours until {until}. After that it ends, and {last}."))
        }
        Change::Resume => (
            format!("Keep {name}"),
            format!("{name} goes on: it renews on {until} at {price}, until you cancel. Nothing is charged before."),
        ),
        Change::Pause | Change::Unpause | Change::Continue => pausing::words(terms.change, &name, (&until, &price)),
        Change::Undo | Change::Switch => (
            format!("Keep {name}"),
            format!(
                "{name} stays as it is: the scheduled change does not happen, and it renews on {until} at {price}."
            ),
        ),
    };
    let form = (fit == Fit::Fits).then(|| {
        let (hash, change) = (terms.hash(), terms.change);
        view! {
            <form method="post" class="card">
                <Hidden name="subscription" value=Some(terms.subscription) />
                <Hidden name="order" value=Some(order_id) />
                <Hidden name="terms" value=Some(hash) />
                {(change == Change::Cancel).then(|| view! { <Why /> })}
                {button(change, &name)}
            </form>
        }
    });
    let obstacle = (fit != Fit::Fits).then(|| view! { <p class="notice" role="status">{unfit(fit)}</p> });
    view! {
        <Page title lead width="narrow">
            <Refusal />
            {form}
            {obstacle}
            <p class="aside"><a href="/account">"Back to my account"</a></p>
        </Page>
    }
}

#[component]
fn Why() -> impl IntoView {
    let none = std::iter::once((String::new(), "I would rather not say".to_owned()));
    let options = none.chain(REASONS.iter().map(|(word, words)| ((*word).to_owned(), (*words).to_owned()))).collect();
    view! {
        <Choice name="reason" label="Why, if you like to tell us" options />
        <Field name="comment" label="Anything else" autocomplete="off" optional=true />
    }
}

fn button(change: Change, name: &str) -> impl IntoView + use<> {
    match change {
        Change::Cancel => view! { <button class="button danger">{format!("Cancel {name}")}</button> },
        Change::Pause => view! { <button class="button">{format!("Pause {name}")}</button> },
        Change::Continue => view! { <button class="button">{format!("Continue {name} and pay now")}</button> },
        _ => view! { <button class="button">{format!("Keep {name}")}</button> },
    }
}
