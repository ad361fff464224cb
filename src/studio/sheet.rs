//! A sheet of many codes at once, for those whose plan has the studio; with pieces of the page for those whose plan has more.

use super::{
    codes::{self, Code},
    desk::{FormOrWay, Left, Lines, Shown, left, unmade},
    making::{self, Made},
    texts::{self, MOST_LINES},
};
use crate::{
    components::{
        form::{Hidden, Refusal},
        guarded::{Granted, UpTo},
        page::Page,
    },
    model::features::{Projects, Sharing, Studio},
    server::{
        http::{
            forms::{Rejected, reject},
            reply, session, state,
        },
        services::{
            Error,
            guarding::{self, Guard},
            new_id,
        },
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Makes a code of each line, all or none, once however often the form is sent.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/studio/sheet")]
pub async fn make_sheet(
    /// Of the first code that is to be made.
    #[server(default)]
    id: String,
    /// As typed.
    #[server(default)]
    texts: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    // Whoever may not is shown the page, which says so.
    if guarding::switch::<Studio>(&state(), &user.id).await != Guard::Granted(()) {
        return Err(reject(Rejected::form("This sheet is not open to you just now.")));
    }
    let wanted = texts::many(&texts).map_err(|why| reject(Rejected::field("texts", why).with("texts", &texts)))?;
    let first = making::id_of(&id);
    match making::make(&state(), &user.id, first, &wanted).await {
        Ok(Made::Done) => reply::see_other(&format!("/studio/sheet?first={first}&many={}", wanted.len())),
        other => unmade(other, "texts", &texts, wanted.len())?,
    }
    Ok(())
}

/// `/studio/sheet`, and with `first=…&many=…` the codes of a sheet
#[component]
pub fn SheetPage() -> impl IntoView {
    view! {
        <Granted feature=Studio whole=true>
            <Room />
        </Granted>
    }
}

#[component]
fn Room() -> impl IntoView {
    let query = use_query_map();
    let asked = |name| query.read_untracked().get(name).filter(|value| !value.is_empty());
    let asked = asked("first").map(|first| (first, asked("many").unwrap_or_default()));
    Suspend::new(async move {
        let user = session::user().await?;
        match look(&user.id, asked).await {
            Ok(Some((left, sheet))) => Some(view! { <Sheet left sheet /> }),
            Ok(None) => {
                reply::gone();
                None
            }
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

/// What is left, and the codes of a sheet; `None` where one was asked for that is not theirs.
async fn look(user: &str, asked: Option<(String, String)>) -> Result<Option<(Left, Vec<Code>)>, Error> {
    let sheet = match asked {
        None => Vec::new(),
        Some((first, many)) => {
            let many = many.parse::<usize>().unwrap_or(1).clamp(1, MOST_LINES);
            let last = making::nth(making::id_of(&first), many - 1);
            let sheet = codes::between(&state().db, user, &first, &last).await?;
            if sheet.is_empty() {
                return Ok(None);
            }
            sheet
        }
    };
    Ok(Some((left(user).await?, sheet)))
}

#[component]
fn Sheet(left: Left, sheet: Vec<Code>) -> impl IntoView {
    let shown = (!sheet.is_empty()).then(|| {
        view! {
            <section class="sheet" aria-label="Your sheet">
                {sheet.into_iter().map(|code| view! { <Shown code /> }).collect_view()}
            </section>
        }
    });
    view! {
        <Page title="A sheet of codes" lead="One text a line makes one code each. The page can be printed as it is." width="wide">
            {shown}
            <section class="stack">
                <Refusal />
                <FormOrWay left field="texts">
                    <Hidden name="id" value=Some(new_id()) />
                    <Lines
                        name="texts"
                        label="What the codes hold"
                        hint=format!("One text a line, up to {MOST_LINES} lines. All of them are made, or none.")
                        rows=8
                    />
                    <button class="button">"Make the sheet"</button>
                </FormOrWay>
            </section>
            <div class="grid three besides">
                <section class="card">
                    <h2>"Projects"</h2>
                    <UpTo limit=Projects let:most>
                        <p>{format!("You may have {most}.")}</p>
                    </UpTo>
                </section>
                <section class="card">
                    <h2>"Shared libraries"</h2>
                    <Granted feature=Sharing>
                        <p>"What your group shares has its place here."</p>
                    </Granted>
                </section>
            </div>
            <p class="aside"><a href="/studio">"Back to the studio"</a></p>
        </Page>
    }
}
