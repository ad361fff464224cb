//! The shape of every mail: one column, one action, no picture, nothing that tells on its reader. The text part says all.

use super::Words;
use html_escape::encode_quoted_attribute;
use std::fmt::Write;

/// A single line without control characters.
pub(super) fn line(text: &str) -> String {
    text.split(|letter: char| letter.is_control() || letter.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text part.
pub(super) fn text(words: &Words) -> String {
    let mut blocks: Vec<String> = words.before.iter().map(|sentence| line(sentence)).collect();
    blocks.extend(words.action.as_ref().map(|action| format!("{}:\n{}", action.label, action.address)));
    blocks.extend(words.after.iter().map(|sentence| line(sentence)));
    blocks.push(format!("Boreal\n{}", words.origin));
    blocks.join("\n\n") + "\n"
}

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
    <meta name=\"supported-color-schemes\" content=\"light dark\">\
    <style>:root{color-scheme:light dark}</style></head>";
/// Colours are left to the reader's program, light or dark; only the action brings its own two.
const BODY: &str = "<body style=\"margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif\">\
    <div style=\"max-width:34em;margin:0 auto\">";
const BUTTON: &str =
    "display:inline-block;padding:12px 20px;border-radius:8px;background:#0b6e5f;color:#ffffff;text-decoration:none";

/// The HTML part.
pub(super) fn html(words: &Words) -> String {
    let mut page = format!("{HEAD}{BODY}");
    let paragraph = |page: &mut String, text: &str| {
        let _ = write!(page, "<p style=\"margin:0 0 16px\">{}</p>", encode_quoted_attribute(&line(text)));
    };
    words.before.iter().for_each(|sentence| paragraph(&mut page, sentence));
    if let Some(action) = &words.action {
        let (to, label) = (encode_quoted_attribute(&action.address), encode_quoted_attribute(action.label));
        let _ = write!(page, "<p style=\"margin:0 0 24px\"><a href=\"{to}\" style=\"{BUTTON}\">{label}</a></p>");
    }
    words.after.iter().for_each(|sentence| paragraph(&mut page, sentence));
    let origin = encode_quoted_attribute(&words.origin);
    let _ = write!(
        page,
        "<p style=\"margin:32px 0 0;font-size:14px;opacity:.75\">Boreal<br><a href=\"{origin}\" \
         style=\"color:inherit\">{origin}</a></p></div></body></html>"
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line(" Pro\r\nBcc:\teve \0 x"), "Pro Bcc: eve x");
    }

    #[test]
    fn nothing_in_the_html_is_taken_for_a_tag() {
        assert_eq!(encode_quoted_attribute("<a href='x'>\"&\""), "&lt;a href=&#x27;x&#x27;&gt;&quot;&amp;&quot;");
    }
}
