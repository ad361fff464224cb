//! What people type to make codes of: which texts a code can hold, and why others are refused.

use crate::model::typed::is_hidden;

/// So many characters a code holds; every text of that length fits, whatever the characters are.
pub(super) const LONGEST: usize = 500;

/// So many codes are on one sheet.
pub(super) const MOST_LINES: usize = 20;

/// The text of one code as it is kept; or how to mend it, in a sentence.
pub(super) fn one(typed: &str) -> Result<String, String> {
    let text = typed.replace("\r\n", "\n").trim().to_owned();
    match text.chars().count() {
        0 => Err("Write what the code is to hold.".to_owned()),
        long if long > LONGEST => Err(format!("This is {long} characters long. A code holds {LONGEST} at most.")),
        _ if text.chars().any(|letter| is_hidden(letter) && letter != '\n') => {
            Err("There are characters in it that nobody can see. Please write it without them.".to_owned())
        }
        _ => Ok(text),
    }
}

/// The texts of a sheet, one a line; or how to mend them, in a sentence.
pub(super) fn many(typed: &str) -> Result<Vec<String>, String> {
    let lines: Vec<(usize, &str)> = typed
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| (at + 1, line))
        .collect();
    match lines.len() {
        0 => Err("Write one text a line.".to_owned()),
        too_many if too_many > MOST_LINES => {
            Err(format!("These are {too_many} lines. A sheet holds {MOST_LINES} at most."))
        }
        _ => lines.into_iter().map(|(at, line)| one(line).map_err(|why| format!("Line {at}: {why}"))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_may_have_lines() {
        assert_eq!(one("  https://example.org \r\n").unwrap(), "https://example.org");
        assert_eq!(one("BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD").unwrap(), "BEGIN:VCARD\nFN:Ann\nEND:VCARD");
        assert_eq!(one(&"ß".repeat(LONGEST)).unwrap().chars().count(), LONGEST, "characters count, not bytes");
    }

    #[test]
    fn what_no_code_holds_is_refused_in_words() {
        assert_eq!(one(" \r\n ").unwrap_err(), "Write what the code is to hold.");
        assert!(one(&"a".repeat(501)).unwrap_err().contains("501 characters long"));
        for hidden in ["a\rb", "a\u{1b}b", "a\u{202e}b", "a\u{200b}b"] {
            assert!(one(hidden).unwrap_err().contains("nobody can see"), "{hidden:?}");
        }
    }

    #[test]
    fn a_sheet_has_a_text_a_line_and_names_the_line_that_is_wrong() {
        assert_eq!(many("one\r\n\r\n two \n").unwrap(), ["one", "two"]);
        assert_eq!(many(" \n\n").unwrap_err(), "Write one text a line.");
        assert!(many(&"a\n".repeat(21)).unwrap_err().contains("These are 21 lines"));
        let long = "a".repeat(501);
        assert!(many(&format!("a\n\n{long}\n")).unwrap_err().starts_with("Line 3: This is 501"));
    }
}
