//! The studio: a code at a time, for everybody who is logged in.

use super::{
    codes::{self, Code},
    desk::{FormOrWay, Left, Lines, Newest, Shown, left, unmade},
    making::{self, Made},
    texts,
};
use crate::{
    components::{
        follow::FollowAccess,
        form::{Hidden, Refusal},
        guarded::Granted,
        page::Page,
    },
    model::features::Studio,
    server::{
        http::{
            forms::{Rejected, reject},
            reply, session, state,
        },
        services::{Error, access, new_id},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// So many of the codes made before are shown.
const NEWEST: i64 = 10;

/// Makes a code, once however often the form is sent.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/studio")]
pub async fn make_code(
    /// Of the code that is to be made.
    #[server(default)]
    id: String,
    /// As typed.
    #[server(default)]
    text: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let wanted = texts::one(&text).map_err(|why| reject(Rejected::field("text", why).with("text", &text)))?;
    let id = making::id_of(&id);
    match making::make(&state(), &user.id, id, &[wanted]).await {
        Ok(Made::Done) => reply::see_other(&format!("/studio?code={id}")),
        other => unmade(other, "text", &text, 1)?,
    }
    Ok(())
}

/// `/studio`, and with `code=…` that code
#[component]
pub fn StudioPage() -> impl IntoView {
    let asked = use_query_map().read_untracked().get("code").filter(|id| !id.is_empty());
    Suspend::new(async move {
        let user = session::require_user().await?;
        match look(&user.id, asked).await {
            Ok(Some(room)) => Some(view! { <Room room /> }),
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

/// What is in the studio for one person.
struct Inside {
    revision: i64,
    shown: Option<Code>,
    left: Left,
    newest: Vec<Code>,
}

/// `None` where a code was asked for that is not theirs.
async fn look(user: &str, asked: Option<String>) -> Result<Option<Inside>, Error> {
    let state = state();
    let revision = access::revision(&state, user).await?;
    let shown = match &asked {
        Some(id) => making::one(&state, user, id).await?,
        None => None,
    };
    if shown.is_none() && asked.is_some() {
        return Ok(None);
    }
    let newest = codes::newest(&state.db, user, NEWEST).await?;
    Ok(Some(Inside { revision, shown, left: left(user).await?, newest }))
}

#[component]
fn Room(room: Inside) -> impl IntoView {
    let Inside { revision, shown, left, newest } = room;
    // Only where nobody types does the page load itself anew, and one way on is enough.
    let besides = match left.is_closed() {
        true => Either::Left(view! { <FollowAccess revision /> }),
        false => Either::Right(view! { <Many /> }),
    };
    let lead = "Write something, and have it as a QR code: an address, a few words, a business card.";
    let shown = match shown {
        Some(code) => Either::Left(view! { <Shown code /> }),
        None => Either::Right(view! { <p class="code-place">"Your code will be here."</p> }),
    };
    view! {
        <Page title="Studio" lead width="wide">
            <div class="studio">
                <div class="stack">
                    <Refusal />
                    <FormOrWay left field="text">
                        <Hidden name="id" value=Some(new_id()) />
                        <Lines name="text" label="What the code holds" hint=format!("Up to {} characters.", texts::LONGEST) rows=4 />
                        <button class="button">"Make the code"</button>
                    </FormOrWay>
                </div>
                {shown}
            </div>
            <Newest codes=newest />
            {besides}
        </Page>
    }
}

/// The way to the sheet, for those whose plan has it; for others, what opens it.
#[component]
fn Many() -> impl IntoView {
    view! {
        <section aria-labelledby="many">
            <h2 id="many">"Many at once"</h2>
            <p>"One text a line, one code each, on a page to print."</p>
            <Granted feature=Studio>
                <p class="actions">
                    <a class="button second" href="/studio/sheet">
                        "Make a sheet"
                    </a>
                </p>
            </Granted>
        </section>
    }
}
