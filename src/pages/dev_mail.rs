//! The mails of a development machine, which has no mail server. Everywhere else there is no such page.

use super::not_found::NotFound;
use crate::{
    components::page::Page,
    model::instant::spell_time,
    server::{
        http::{guard, reply, state},
        services::mailing::{self, Kept},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// `/dev/mail?id=`
#[component]
pub fn DevMailPage() -> impl IntoView {
    let id = use_query_map().read_untracked().get("id");
    Suspend::new(async move {
        reply::no_referrer();
        let kept = mailing::kept(&state()).await.filter(|_| guard::client_ip().is_loopback());
        match kept {
            Some(kept) => Either::Left(view! { <Mails kept id /> }),
            None => Either::Right(view! { <NotFound /> }),
        }
    })
}

#[component]
fn Mails(kept: Vec<Kept>, id: Option<String>) -> impl IntoView {
    let shown = kept.iter().find(|mail| Some(&mail.id) == id.as_ref()).cloned();
    let row = |mail: Kept| {
        let to = format!("/dev/mail?id={}", mail.id);
        view! { <tr><td><a href=to>{mail.subject}</a></td><td>{mail.to}</td><td>{spell_time(mail.at)}</td></tr> }
    };
    let none = kept.is_empty().then(|| view! { <p>"No mail yet."</p> });
    view! {
        <Page title="Mail" lead="What this shop would have sent if it had a mail server." width="text">
            {shown.map(|mail| view! { <Shown mail /> })}
            {none}
            <div class="table-frame" role="region" aria-label="Mails" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Subject"</th>
                            <th scope="col">"To"</th>
                            <th scope="col">"When"</th>
                        </tr>
                    </thead>
                    <tbody>{kept.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Page>
    }
}

#[component]
fn Shown(mail: Kept) -> impl IntoView {
    let line = |line: &str| {
        if line.starts_with("http") {
            Either::Left(view! { <p><a href=line.to_owned()>{line.to_owned()}</a></p> })
        } else {
            Either::Right((!line.is_empty()).then(|| view! { <p>{line.to_owned()}</p> }))
        }
    };
    let html = format!("/dev/mail/{}/html", mail.id);
    view! {
        <article class="card stack">
            <h2>{mail.subject}</h2>
            <p class="fine">"To "{mail.to}", "{spell_time(mail.at)}". "<a href=html>"The HTML part"</a></p>
            <hr />
            {mail.text.lines().map(line).collect_view()}
        </article>
    }
}
