//! The start page.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};

const PROMISES: [(&str, &str); 3] = [
    (
        "The price is the price",
        "What the page shows is what is charged, in your currency, with the tax named. If a price changes while you \
         decide, we ask again instead of charging more.",
    ),
    (
        "Yours within seconds",
        "Pay, come back, and the doors are open. If something on the way is slow, your payment is safe and we fetch your \
         access ourselves.",
    ),
    (
        "Leaving is a button",
        "Cancel whenever you like and keep what you paid for until the end of the period. Invoices and cards are in one \
         place.",
    ),
];

const STEPS: [(&str, &str); 3] = [
    ("Choose", "Compare the plans side by side, by month or by year."),
    ("Pay", "On a page of Polar, who sells for us and takes care of cards, taxes and invoices."),
    ("Begin", "The studio opens by itself. Your account says what you have, until when, and why."),
];

/// `/`
#[component]
pub fn Home() -> impl IntoView {
    view! {
        <Title text="A studio that opens the moment you join" />
        <Meta name="description" content="Plans with honest prices, access within seconds, and a cancel button that works." />
        <div class="page wide home">
            <section class="hero">
                <div>
                    <h1>"A studio that opens the moment you join"</h1>
                    <p class="lead">
                        "Plans with honest prices, access within seconds, and a clear answer to what you have and why."
                    </p>
                    <p class="actions">
                        <a class="button large" href="/pricing">
                            "See plans and prices"
                        </a>
                        <a href="/register">"Start for free"</a>
                    </p>
                    <p class="fine">"No card needed to look around."</p>
                </div>
                <Aurora />
            </section>
            <section class="grid three" aria-label="What we promise">
                {PROMISES.map(|(title, text)| view! { <div class="card plain"><h2>{title}</h2><p>{text}</p></div> })}
            </section>
            <section aria-labelledby="how">
                <h2 id="how">"How it works"</h2>
                <ol class="how">{STEPS.map(|(title, text)| view! { <li><h3>{title}</h3><p>{text}</p></li> })}</ol>
            </section>
        </div>
    }
}

/// The picture of the start page: northern light over hills.
#[component]
fn Aurora() -> impl IntoView {
    view! {
        <svg class="aurora" viewBox="0 0 480 360" role="img" aria-label="Northern light over hills">
            <defs>
                <linearGradient id="curtain" x1="0" y1="1" x2="0" y2="0">
                    <stop class="curtain-low" offset="0" />
                    <stop class="curtain-mid" offset=".35" />
                    <stop class="curtain-high" offset="1" />
                </linearGradient>
            </defs>
            <rect class="sky" width="480" height="360" rx="14" />
            <g class="stars">
                <circle cx="60" cy="52" r="1.4" /><circle cx="130" cy="28" r="1" /><circle cx="228" cy="44" r="1.2" />
                <circle cx="318" cy="22" r="1" /><circle cx="402" cy="60" r="1.6" /><circle cx="446" cy="28" r="1" />
                <circle cx="92" cy="112" r="1" /><circle cx="436" cy="120" r="1.2" />
            </g>
            <path fill="url(#curtain)" opacity=".9" d="M40 300C70 150 90 92 128 96c34 4 20 92 62 96 46 4 44-118 96-120 44-2 40 96 78 98 34 2 40-58 64-60 18-2 20 90 12 190z" />
            <path fill="url(#curtain)" opacity=".55" d="M0 320c36-120 60-170 96-120 40 12 28 84 76 82 50-2 60-126 112-116 40 8 36 84 76 84 44 0 60-70 88-66 20 4 32 60 32 186z" />
            <path class="hill-far" d="M0 286c60-34 104-40 150-18 44 20 84 6 130-20 54-30 110-20 200 26v86H0z" />
            <path class="hill-near" d="M0 322c70-30 140-32 210-12 90 26 160 10 270-18v54a14 14 0 0 1-14 14H14a14 14 0 0 1-14-14z" />
        </svg>
    }
}
