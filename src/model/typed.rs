//! What people type: which characters are kept.

/// Whether a character is of the kind that nobody sees and that makes a text look like another one: controls, and those
/// that turn the direction of writing or take no room. The joiners of emoji and of some scripts are none of them.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_hidden_and_what_people_write_is_not() {
        for hidden in ["\0", "\r", "\n", "\u{1b}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{2028}"]
        {
            assert!(hidden.chars().all(is_hidden), "{hidden:?}");
        }
        for seen in ["Ann's häuschen, 50 €", "e\u{301}", "👩\u{200d}💻", "می\u{200c}خواهم", "שלום"] {
            assert!(!seen.chars().any(is_hidden), "{seen:?}");
        }
    }
}
