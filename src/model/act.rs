//! What is written down about an account, in words. Everything that changes one is an act with a name; this is the one place
//! that says what each name means to people.

/// Who did something, as the person is told whom it happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The person.
    You,
    /// Somebody of the shop, or its machine.
    Us,
}

impl By {
    /// Who did something to `user`; `actor` is `None` for the command line.
    #[must_use]
    pub fn of(actor: Option<&str>, user: &str) -> Self {
        if actor == Some(user) { Self::You } else { Self::Us }
    }

    /// In a word.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::You => "You",
            Self::Us => "Our staff",
        }
    }
}

const WORDS: [(&str, &str); 33] = [
    ("registered", "The account was created."),
    ("signed in", "Logged in."),
    ("signed in with a new browser", "Logged in with a browser that was not used before."),
    ("address confirmed", "The e-mail address was confirmed."),
    ("address changed", "The e-mail address was changed."),
    ("password changed", "The password was changed."),
    ("password reset", "Another password was chosen, with a link from a mail."),
    ("session ended", "One browser was logged out."),
    ("other sessions ended", "All other browsers were logged out."),
    ("portal opened", "The billing portal was opened."),
    ("copy of data asked for", "A copy of everything held about the account was asked for."),
    ("spending limit chosen", "It was chosen how much usage may cost beyond what is included."),
    ("usage mail chosen", "It was chosen when mail tells of what is used."),
    ("account deleted", "The account was deleted."),
    ("cancel subscription", "A subscription was set to end when the paid time is over."),
    ("resume subscription", "A subscription that was to end was kept."),
    ("change subscription", "A subscription was given another plan, at once or from the next bill on."),
    ("undo change", "A scheduled change of a subscription was taken back."),
    ("pause subscription", "A subscription was set to pause when the paid time is over."),
    ("undo pause", "A subscription that was to pause was kept."),
    ("continue subscription", "A paused subscription was continued."),
    ("give", "A plan or a feature was given."),
    ("take back", "Something that had been given was taken back."),
    ("attribute", "A purchase was put under this account."),
    ("dismiss", "A purchase without an owner was set aside."),
    ("set role", "The role in the shop was changed."),
    ("close case", "An open question was settled."),
    ("end subscription", "One of two subscriptions was chosen to be ended and paid back."),
    ("refund bill", "A bill was chosen to be paid back, wholly or in part."),
    ("revoke subscription", "A subscription was chosen to be ended at once."),
    ("retry", "A message from Polar was tried again."),
    ("look at webhooks", "What Polar sent was compared with what is held."),
    ("mend endpoint", "The address for Polar's webhooks was put in order."),
];

/// The sentence for an act; its name, where there is none yet.
#[must_use]
pub fn in_words(action: &str) -> String {
    let known = WORDS.iter().find(|(name, _)| *name == action);
    known.map_or_else(|| format!("{action}."), |(_, words)| (*words).to_owned())
}

/// Whether an act has words of its own.
#[must_use]
pub fn is_known(action: &str) -> bool {
    WORDS.iter().any(|(name, _)| *name == action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_act_has_one_sentence() {
        let names: BTreeSet<_> = WORDS.iter().map(|(name, _)| name).collect();
        let sentences: BTreeSet<_> = WORDS.iter().map(|(_, words)| words).collect();
        assert_eq!((names.len(), sentences.len()), (WORDS.len(), WORDS.len()));
        assert!(sentences.iter().all(|words| words.ends_with('.')));
        assert_eq!(
            (in_words("set role"), in_words("fly")),
            ("The role in the shop was changed.".into(), "fly.".into())
        );
        assert!(is_known("give") && !is_known("fly"));
    }

    #[test]
    fn nobody_but_the_person_is_you() {
        assert_eq!(By::of(Some("ann"), "ann"), By::You);
        assert_eq!((By::of(Some("sam"), "ann"), By::of(None, "ann")), (By::Us, By::Us));
    }
}
