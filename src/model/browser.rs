//! A browser in words, from what it says of itself. It is shown to people who look for a session that is not theirs, and
//! decides nothing: anybody can send anything.

/// What the text holds, and the name for it. The first that fits: nearly every browser names others too.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("Trident/", "Internet Explorer"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
];

/// "Firefox on Linux", for the header `User-Agent`; what is not known is left out.
#[must_use]
pub fn in_words(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "An unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_browsers_have_their_names() {
        let apple = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(), "Firefox on Linux"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36"), "Chrome on Windows"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36 Edg/142.0"), "Edge on Windows"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {chrome} Mobile Safari/537.36"), "Chrome on Android"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {chrome} Mobile Safari/537.36 EdgA/142"), "Edge on Android"),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {chrome} Safari/537.36 OPR/120.0"), "Opera on Linux"),
            (
                format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {apple} Version/18.5 Safari/604.1"),
                "Safari on iPhone",
            ),
            (
                format!("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {apple} CriOS/142.0 Safari/604.1"),
                "Chrome on iPad",
            ),
            (
                format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {apple} Version/18.5 Safari/605.1.15"),
                "Safari on Mac",
            ),
            ("Something (Linux)".to_owned(), "A browser on Linux"),
            ("curl/8.5".to_owned(), "curl"),
            (String::new(), "An unknown browser"),
        ];
        for (agent, words) in cases {
            assert_eq!(in_words(&agent), words, "{agent}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_an_unknown_text_is_shown(agent in "\\PC{0,200}") {
            let words = in_words(&agent);
            let known = BROWSERS.iter().chain(&SYSTEMS).any(|(_, name)| words.contains(name));
            prop_assert!(known || words == "An unknown browser");
        }
    }
}
