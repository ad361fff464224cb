//! The words of every mail. Short plain sentences; what happens to the money, always; one thing to do.

mod account;
mod billing;

use crate::model::letter::Letter;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// Paragraphs before the action.
    pub before: Vec<String>,
    /// The one thing to do.
    pub action: Option<Action>,
    /// Paragraphs after it.
    pub after: Vec<String>,
    /// Where this site is.
    pub origin: String,
}

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub label: &'static str,
    /// Where it leads.
    pub address: String,
}

/// What links are built from.
#[derive(Clone, Copy)]
pub struct Links<'l> {
    /// Where this site is, without a trailing slash.
    pub origin: &'l str,
    /// The key of this mail, where it carries one.
    pub key: Option<&'l str>,
}

impl Links<'_> {
    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A page that the key of this mail opens.
    fn with_key(&self, path: &str) -> String {
        format!("{}{path}?key={}", self.origin, self.key.unwrap_or_default())
    }

    /// A mail that says this; the action, if any, is added to it.
    fn words(&self, subject: impl Into<String>, before: &[&str], after: &[&str]) -> Words {
        let all = |sentences: &[&str]| sentences.iter().map(|one| (*one).to_owned()).collect();
        let (before, after, origin) = (all(before), all(after), self.origin.to_owned());
        Words { subject: subject.into(), before, action: None, after, origin }
    }
}

impl Words {
    fn action(mut self, label: &'static str, address: String) -> Self {
        self.action = Some(Action { label, address });
        self
    }
}

/// The words of a letter.
#[must_use]
pub fn words(letter: &Letter, links: &Links<'_>) -> Words {
    match letter {
        Letter::Account(letter) => account::words(letter, links),
        Letter::Billing(letter) => billing::words(letter, links),
    }
}
