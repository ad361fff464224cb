//! The html shell and the route table of pages. Every page is `SsrMode::Async`: status, cookies and redirects are
//! right, nothing needs JavaScript, and the inline scripts are the same on every page.

use crate::studio::{page::StudioPage, sheet::SheetPage}; // the studio
use crate::{
    components::{
        layout::{BrandMark, PageFoot, PageHead},
        stage::order_stage,
    },
    pages::{
        account::AccountPage,
        activity::ActivityPage,
        address::AddressPage,
        billing::BillingPage,
        buy::BuyPage,
        confirmation::ConfirmationPage,
        delete::{DeletePage, DeletedPage},
        dev_mail::DevMailPage,
        error::ErrorPage,
        export::ExportPage,
        home::Home,
        login::LogInPage,
        logout::LogOutPage,
        new_password::NewPasswordPage,
        not_found::NotFound,
        order::OrderPage,
        orders::OrdersPage,
        paper::PaperPage,
        password::PasswordPage,
        pausing::{ContinuePage, PausePage, UnpausePage},
        plan_change::ChangePage,
        pricing::PricingPage,
        register::RegisterPage,
        reset::ResetPage,
        sessions::SessionsPage,
        staff::{
            ActsPage, CasesPage, InboxPage, PersonPage, PolarPage, QuarantinePage, RefundPage, RevokePage, StaffPage,
            WithdrawPage,
        },
        subscription::{CancelPage, ResumePage, UndoPage},
        usage::UsagePage,
        usage_limit::LimitPage,
        verify::VerifyPage,
        verify_again::VerifyAgainPage,
    },
    server::{
        http::theme::{Theme, theme},
        services::confirming::Confirmation,
        state::State,
    },
};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

/// The document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme().name()>
            <head>
                <HeadBasics options=options.clone() />
                <HydrationScripts options islands=true />
                <MetaTags />
            </head>
            <body>
                <a class="skip" href="#content">
                    "Skip to content"
                </a>
                <PageHead />
                <App />
                <PageFoot />
            </body>
        </html>
    }
}

#[component]
fn HeadBasics(options: LeptosOptions) -> impl IntoView {
    view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <HashedStylesheet options />
    }
}

/// The route table.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|text| format!("{text} · Boreal") />
        <Router>
            <main id="content">
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=Home ssr=SsrMode::Async />
                    <Route path=path!("/pricing") view=PricingPage ssr=SsrMode::Async />
                    <Route path=path!("/buy") view=BuyPage ssr=SsrMode::Async />
                    <Route path=path!("/orders") view=OrdersPage ssr=SsrMode::Async />
                    <Route path=path!("/orders/paper") view=PaperPage ssr=SsrMode::Async />
                    <Route path=path!("/orders/:id") view=OrderPage ssr=SsrMode::Async />
                    <Route path=path!("/confirmation") view=ConfirmationPage ssr=SsrMode::Async />
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async />
                    <Route path=path!("/account/activity") view=ActivityPage ssr=SsrMode::Async />
                    <Route path=path!("/account/address") view=AddressPage ssr=SsrMode::Async />
                    <Route path=path!("/account/delete") view=DeletePage ssr=SsrMode::Async />
                    <Route path=path!("/account/deleted") view=DeletedPage ssr=SsrMode::Async />
                    <Route path=path!("/account/export") view=ExportPage ssr=SsrMode::Async />
                    <Route path=path!("/account/password") view=PasswordPage ssr=SsrMode::Async />
                    <Route path=path!("/account/sessions") view=SessionsPage ssr=SsrMode::Async />
                    <Route path=path!("/usage") view=UsagePage ssr=SsrMode::Async />
                    <Route path=path!("/usage/limit") view=LimitPage ssr=SsrMode::Async />
                    <Route path=path!("/billing") view=BillingPage ssr=SsrMode::Async />
                    <Route path=path!("/dev/mail") view=DevMailPage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/cancel") view=CancelPage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/change") view=ChangePage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/continue") view=ContinuePage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/pause") view=PausePage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/unpause") view=UnpausePage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/undo") view=UndoPage ssr=SsrMode::Async />
                    <Route path=path!("/subscription/resume") view=ResumePage ssr=SsrMode::Async />
                    <Route path=path!("/studio") view=StudioPage ssr=SsrMode::Async /> // the studio
                    <Route path=path!("/studio/sheet") view=SheetPage ssr=SsrMode::Async /> // the studio
                    <Route path=path!("/staff") view=StaffPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/person") view=PersonPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/activity") view=ActsPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/withdraw") view=WithdrawPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/quarantine") view=QuarantinePage ssr=SsrMode::Async />
                    <Route path=path!("/staff/cases") view=CasesPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/polar") view=PolarPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/inbox") view=InboxPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/refund") view=RefundPage ssr=SsrMode::Async />
                    <Route path=path!("/staff/revoke") view=RevokePage ssr=SsrMode::Async />
                    <Route path=path!("/register") view=RegisterPage ssr=SsrMode::Async />
                    <Route path=path!("/login") view=LogInPage ssr=SsrMode::Async />
                    <Route path=path!("/logout") view=LogOutPage ssr=SsrMode::Async />
                    <Route path=path!("/reset") view=ResetPage ssr=SsrMode::Async />
                    <Route path=path!("/reset/new") view=NewPasswordPage ssr=SsrMode::Async />
                    <Route path=path!("/verify") view=VerifyPage ssr=SsrMode::Async />
                    <Route path=path!("/verify/again") view=VerifyAgainPage ssr=SsrMode::Async />
                </Routes>
            </main>
        </Router>
    }
}

/// The whole page of an error that happened outside every page: it asks nothing and needs no script.
#[must_use]
pub fn error_page(status: u16, theme: Theme, options: &LeptosOptions) -> String {
    Owner::new().with(|| {
        let options = options.clone();
        let (title, _) = crate::pages::error::words(status);
        view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=theme.name()>
                <head>
                    <HeadBasics options />
                    <title inner_html=format!("{title} · Boreal") />
                </head>
                <body>
                    <header class="site">
                        <a class="brand" href="/">
                            <BrandMark />
                            "Boreal"
                        </a>
                    </header>
                    <main id="content">
                        <ErrorPage status />
                    </main>
                </body>
            </html>
        }
        .to_html()
    })
}

/// The fragment that a live page asks for: how far an order is.
#[must_use]
pub fn stage_fragment(state: &State, order: Confirmation) -> String {
    Owner::new().with(|| order_stage(state, order).to_html())
}
