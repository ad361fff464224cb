//! What everything that was heard ends in: the mirror, everybody's access, our orders, and the explanation in words.

use crate::{
    convergence::adds_up,
    replica::{Line, Picture},
    shop::Person,
};
use boreal::server::{
    db::Reader,
    services::{access, explaining, usage},
    state::State,
};
use std::fmt::Write;

/// The end of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    picture: Picture,
    /// Person by person.
    explanations: Vec<String>,
}

impl Outcome {
    /// What `state` holds; its ledger must add up to it.
    pub async fn of(state: &State, people: &[Person], context: &str) -> Self {
        let picture = Picture::of(&state.db).await;
        let select = "SELECT user_id, rev, feature, before, after, rule FROM ledger ORDER BY user_id, rev, feature";
        let ledger: Vec<Line> = state.db.read(select).all().await.expect("rows");
        adds_up(&ledger, &picture, context);
        let mut explanations = Vec::new();
        for person in people {
            explanations.push(explained(state, person).await);
        }
        Self { picture, explanations }
    }

    /// The same without when and as which version it was seen: a read sees later, and sometimes a later version of the
    /// same contents.
    pub fn facts(&self) -> Self {
        Self { picture: self.picture.facts(), explanations: self.explanations.clone() }
    }

    /// Fails where both differ, and says in what.
    pub fn is(&self, other: &Self, context: &str) {
        assert_eq!(self.explanations, other.explanations, "{context}");
        self.picture.is(&other.picture, context);
    }
}

async fn explained(state: &State, person: &Person) -> String {
    let explanation = explaining::now(state, &person.id).await.expect("the database answers");
    let mut text = format!("{}: ", person.email);
    for open in &explanation.features {
        let _ = write!(text, "{} {} by {:?} because {:?}; ", open.feature, open.value.stored(), open.by, open.rule);
    }
    for source in &explanation.sources {
        let told = &source.told;
        let _ = write!(text, "{} {} {:?}: {} ", source.kind, source.id, source.owned_by, told.sentence());
        let _ = write!(text, "{} {} ", told.rule.because(), told.rule.changes_when());
    }
    let codes = usage::balance(state, &person.id, "codes").await;
    let _ = write!(text, "Codes: {codes:?}. ");
    let studio = access::feature(state, &person.id, "studio").await;
    let _ = write!(text, "The studio: {studio:?}. Looked at again: {:?}", explanation.refold_at);
    text
}
