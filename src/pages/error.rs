//! Words for what went wrong, and the way on.

use leptos::prelude::*;

/// Heading and sentence for a status.
#[must_use]
pub fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 | 415 | 422 => ("That did not arrive whole", "Please go back, reload the page and send it again."),
        401 => ("Please log in", "This is for those who have an account. Log in, and open it again."),
        403 => (
            "This request was refused",
            "It did not come from a page of this site, or it is not yours to open. Go back, reload the page and try again.",
        ),
        404 => ("Not found", "There is no page at this address. It may have moved, or the link is incomplete."),
        405 => {
            ("This address shows no page", "It only takes what a form sends. Please start from the page with the form.")
        }
        413 => {
            ("That is too large", "What was sent is larger than this form takes. Please shorten it and send it again.")
        }
        429 => ("Too many attempts", "Please wait a moment and try again."),
        503 => (
            "We are not ready just now",
            "Something that we need does not answer. Your account and your plan are safe. Please try again in a moment.",
        ),
        400..500 => ("That did not work", "Please go back, reload the page and try again."),
        _ => {
            ("Something went wrong on our side", "It has been recorded. Nothing was charged by this. Please try again.")
        }
    }
}

/// One error, said to a person.
#[component]
pub fn ErrorPage(
    /// The status of the answer.
    status: u16,
) -> impl IntoView {
    let (title, sentence) = words(status);
    view! {
        <div class="page narrow error-page">
            <p class="code">{status}</p>
            <h1>{title}</h1>
            <p class="lead">{sentence}</p>
            <p class="actions">
                <a class="button" href="/">
                    "To the start page"
                </a>
                <a href="/account">"To my account"</a>
            </p>
        </div>
    }
}
