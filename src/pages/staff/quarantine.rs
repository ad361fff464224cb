//! What was bought of a plan of ours and belongs to nobody: given to somebody, or dismissed.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        staff::{Room, Strays},
    },
    server::{
        http::{reply, session, state},
        services::staffing::{self, Stray},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Gives it to somebody, or takes it off the list.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/quarantine")]
pub async fn decide(
    /// `kind:id`.
    #[server(default)]
    object: String,
    /// `attribute` or `dismiss`.
    #[server(default)]
    act: String,
    /// To whom: e-mail address or id.
    #[server(default)]
    user: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let done = match act.as_str() {
        "dismiss" => staffing::dismiss(&state(), &actor, &object, &reason).await,
        _ => staffing::attribute(&state(), &actor, &object, &user, &reason).await,
    };
    done.map_err(|refused| refusal(refused, &[("act", &act), ("user", &user), ("reason", &reason)]))?;
    reply::see_other("/staff/quarantine");
    Ok(())
}

/// `/staff/quarantine`, and one thing with `object=kind:id`
#[component]
pub fn QuarantinePage() -> impl IntoView {
    let object = use_query_map().read_untracked().get("object");
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        Some(match object {
            Some(object) => {
                let stray = known(staffing::stray(&state, &object).await)?;
                Either::Left(view! { <One object stray /> })
            }
            None => {
                let strays = known(staffing::strays(&state).await)?;
                Either::Right(view! {
                    <Room
                        title="Quarantine"
                        lead="Bought of a plan of ours at Polar, and by nobody whom we know. It gives access to nobody, and \
                              leaves this list by itself when its owner becomes known."
                    >
                        <Strays title="Without an owner" strays />
                    </Room>
                })
            }
        })
    })
}

#[component]
fn One(object: String, stray: Option<Stray>) -> impl IntoView {
    let form = stray.is_some().then(|| {
        let acts = [("attribute", "It belongs to a customer of ours"), ("dismiss", "It belongs to nobody here")];
        let options = acts.map(|(act, words)| (act.to_owned(), words.to_owned())).to_vec();
        view! {
            <form method="post" class="card">
                <Hidden name="object" value=Some(object) />
                <Choice name="act" label="Decision" options />
                <Field
                    name="user" label="Customer" autocomplete="off" optional=true
                    hint="E-mail address or id. They get what it opens at once."
                />
                <Field name="reason" label="Why" autocomplete="off" hint="The customer does not see this." />
                <button class="button">"Decide"</button>
            </form>
        }
    });
    let gone = stray.is_none().then(|| view! { <p>"This is not in quarantine any more."</p> });
    view! {
        <Room title="Whose is it?" lead="Say to whom it belongs, or that it shall belong to nobody.">
            <Refusal />
            {gone}
            {stray.map(|stray| view! { <Strays title="What was bought" strays=vec![stray] /> })}
            {form}
            <p><a href="/staff/quarantine">"Back to the quarantine"</a></p>
        </Room>
    }
}
