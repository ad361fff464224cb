//! What people type to say who they are. Neither type shows its value when it is printed for debugging.

use super::typed::is_hidden;
use email_address::{EmailAddress, Options};
use std::fmt;
use zxcvbn::{Score, zxcvbn};

/// The shortest password that may be chosen, in characters.
pub const SHORTEST_PASSWORD: usize = 10;
/// The longest password that is hashed, in bytes.
pub const LONGEST_PASSWORD: usize = 128;
/// So many characters of a password are judged: judging takes ever longer with the length, and more than these are not needed to
/// be hard to guess.
const JUDGED: usize = 32;
/// What stands between the words of an address.
const BETWEEN: [char; 5] = ['@', '.', '+', '-', '_'];
/// What the name of the site is guessed from.
const SITE: &str = "boreal";
const LONGEST_EMAIL: usize = 254;

/// An e-mail address in the one form in which it is stored and compared: trimmed and in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// A password as typed. It is only ever hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why what was typed cannot be an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailMistake {
    /// Nothing was typed.
    #[error("Enter your e-mail address.")]
    Missing,
    /// Longer than mail can be delivered to.
    #[error("This address is too long. The longest that mail reaches has 254 characters.")]
    TooLong,
    /// Not of the form name@example.org.
    #[error("This does not look like an e-mail address. It has the form name@example.org.")]
    Malformed,
}

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordMistake {
    /// Fewer than [`SHORTEST_PASSWORD`] characters.
    #[error("Choose at least 10 characters. A few words in a row are easy to remember and hard to guess.")]
    TooShort,
    /// More than [`LONGEST_PASSWORD`] bytes.
    #[error("Choose a shorter password: at most 128 bytes, which is 128 plain letters.")]
    TooLong,
    /// Holds the character U+0000, which no keyboard types.
    #[error("This password holds a character that cannot be kept. Type it instead of pasting it.")]
    Unusable,
    /// One character again and again.
    #[error("This password is one character repeated. Choose something that others would not try first.")]
    Repeated,
    /// Among the most common ones, or made from one of them, from a row of keys, or from the address or the site's name.
    #[error(
        "This password is one of those that are tried first: a common one, or close to your address. Choose a few words that \
         have nothing to do with each other."
    )]
    Common,
}

impl Email {
    /// Reads an address as typed.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn parse(typed: &str) -> Result<Self, EmailMistake> {
        let address = typed.trim().to_lowercase();
        if address.is_empty() {
            return Err(EmailMistake::Missing);
        }
        if address.len() > LONGEST_EMAIL {
            return Err(EmailMistake::TooLong);
        }
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let odd = address.chars().any(|letter| is_hidden(letter) || letter.is_whitespace() || letter == '"');
        if odd || EmailAddress::parse_with_options(&address, options).is_err() {
            return Err(EmailMistake::Malformed);
        }
        Ok(Self(address))
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Password {
    /// A password that the holder of this address wants to have from now on. May take some milliseconds.
    ///
    /// # Errors
    /// A sentence for the person who chose it.
    pub fn choose(typed: String, email: &Email) -> Result<Self, PasswordMistake> {
        let first = typed.chars().next();
        if typed.contains('\0') {
            Err(PasswordMistake::Unusable)
        } else if typed.len() > LONGEST_PASSWORD {
            Err(PasswordMistake::TooLong)
        } else if typed.chars().count() < SHORTEST_PASSWORD {
            Err(PasswordMistake::TooShort)
        } else if typed.chars().all(|letter| Some(letter) == first) {
            Err(PasswordMistake::Repeated)
        } else if is_common(&typed, email) {
            Err(PasswordMistake::Common)
        } else {
            Ok(Self(typed))
        }
    }

    /// A password that somebody claims to have. Too long to have been chosen is nobody's password: `None`.
    #[must_use]
    pub fn claimed(typed: String) -> Option<Self> {
        (typed.len() <= LONGEST_PASSWORD).then_some(Self(typed))
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Whether fewer than a million guesses find it: by lists of the most common passwords, names and words (1,090 of those
/// passwords are as long as we ask), with letters exchanged for look-alikes, dates, sequences, repetitions and rows of keys.
fn is_common(password: &str, email: &Email) -> bool {
    let judged: String = password.chars().take(JUDGED).collect();
    let together = |part: &str| part.replace(BETWEEN, "");
    let written_together: Vec<String> = email.as_str().split('@').map(together).collect();
    let mut own = vec![SITE, email.as_str()];
    own.extend(email.as_str().split('@').chain(email.as_str().split(BETWEEN)).filter(|part| part.len() > 2));
    own.extend(written_together.iter().map(String::as_str));
    zxcvbn(&judged, &own).score() < Score::Two
}

impl fmt::Debug for Email {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Email(…)")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ann() -> Email {
        Email::parse("ann@example.org").unwrap()
    }

    #[test]
    fn one_address_has_one_form() {
        let typed = ["ann@example.org", "  Ann@Example.ORG\n", "ANN@EXAMPLE.ORG"];
        assert!(typed.iter().all(|typed| Email::parse(typed).unwrap().as_str() == "ann@example.org"));
        assert_eq!(Email::parse("ann+shop@mail.example.org").unwrap().as_str(), "ann+shop@mail.example.org");
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        assert_eq!(Email::parse("  "), Err(EmailMistake::Missing));
        assert_eq!(Email::parse(&format!("{}@example.org", "a".repeat(250))), Err(EmailMistake::TooLong));
        let wrong = [
            "ann",
            "ann@",
            "@example.org",
            "ann@localhost",
            "ann@[127.0.0.1]",
            "Ann <ann@example.org>",
            "a@b@example.org",
            "ann\0@example.org",
            "an n@example.org",
            "\"a b\"@example.org",
            "ann@example.org,bob@example.org",
        ];
        for typed in wrong {
            assert_eq!(Email::parse(typed), Err(EmailMistake::Malformed), "{typed}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters_and_bounded_in_bytes() {
        let choose = |typed: String| Password::choose(typed, &ann());
        assert_eq!(choose("123456789".into()), Err(PasswordMistake::TooShort));
        assert!(choose("žluťoučký1".into()).is_ok(), "ten characters of more bytes");
        assert!(choose("correct horse".to_owned() + &" correct horse".repeat(8)).is_ok());
        assert_eq!(choose("correct horse".repeat(10)), Err(PasswordMistake::TooLong));
        assert_eq!(choose("correct\0horse".into()), Err(PasswordMistake::Unusable));
        assert_eq!(choose("a".repeat(12)), Err(PasswordMistake::Repeated));
        assert_eq!(Password::claimed("x".repeat(129)), None);
        assert!(Password::claimed("short".into()).is_some(), "whether it is right is for the hash to say");
    }

    #[test]
    fn what_others_try_first_cannot_be_chosen() {
        let common = [
            "1234567890",
            "qwertyuiop",
            "QwertyUIOP1",
            "password123",
            "P@ssw0rd12",
            "football12",
            "iloveyou12",
            "abcdefghij",
            "abababababab",
            "1q2w3e4r5t",
            "zxcvbnm123",
            "2026-11-22",
            "passwordpassword",
            "boreal2026",
            "BorealBoreal",
            "aurora-borg",
            "AuroraBorg1",
            "aurora-borg@example.org",
            "aurora-borg@",
        ];
        let aurora = Email::parse("aurora-borg@example.org").unwrap();
        for typed in common {
            assert_eq!(Password::choose(typed.into(), &aurora), Err(PasswordMistake::Common), "{typed}");
        }
        for typed in ["correct horse", "a long enough pass phrase", "nobody has this password", "xK7#mQ2$vL"] {
            assert!(Password::choose(typed.into(), &aurora).is_ok(), "{typed}");
        }
    }

    #[test]
    fn a_password_made_to_be_hard_to_judge_is_judged_in_time() {
        let begun = std::time::Instant::now();
        let _ = Password::choose("4@8({[<369!|10$5+7%2".repeat(6), &ann());
        assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
    }

    #[test]
    fn debugging_shows_neither() {
        let shown =
            format!("{:?}", (Email::parse("ann@example.org"), Password::choose("correct horse".into(), &ann())));
        assert!(!shown.contains("ann") && !shown.contains("horse"), "{shown}");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_settled_at_once(typed in "\\PC{0,40}(@\\PC{0,40})?") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(email.as_str().contains('@') && !email.as_str().contains(char::is_whitespace));
            }
        }

        #[test]
        fn a_chosen_password_can_be_claimed(typed in "\\PC{0,60}") {
            if let Ok(chosen) = Password::choose(typed.clone(), &ann()) {
                prop_assert_eq!(Password::claimed(typed), Some(chosen));
            }
        }
    }
}
