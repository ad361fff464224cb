//! The sample product behind the doors of its plan: put yours in its place.

use crate::{
    components::{
        guarded::{Granted, UpTo},
        page::Page,
    },
    model::features::{Projects, Sharing, Studio},
};
use leptos::prelude::*;

/// `/studio`: the whole page is for those whose plan has the studio, and a piece of it for those whose plan has more.
#[component]
pub fn StudioPage() -> impl IntoView {
    view! {
        <Granted feature=Studio whole=true>
            <Room />
        </Granted>
    }
}

#[component]
fn Room() -> impl IntoView {
    view! {
        <Page title="Studio" lead="Your plan opens this room." width="wide">
            <section class="studio-room">
                <div>
                    <h2>"The room is yours"</h2>
                    <p>"Whoever runs this shop puts their product here."</p>
                </div>
            </section>
            <div class="grid three">
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
        </Page>
    }
}
