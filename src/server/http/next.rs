//! Where a visitor was going: the `next` of the log-in page accepts only a path of ours.

use super::reply;
use url::form_urlencoded::{byte_serialize, parse};

/// `next` where it is a path on this site: not another host, nothing that a browser reads as one, no control characters.
#[must_use]
pub fn local_path(next: Option<&str>) -> Option<&str> {
    next.filter(|next| {
        let mut bytes = next.bytes();
        let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
        rooted && next.len() <= 2_000 && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    })
}

/// The log-in page that leads to `path` afterwards.
#[must_use]
pub fn login_for(path: &str) -> String {
    page_for("/login", Some(path))
}

/// `page` with `next` kept, where that is a path of ours.
#[must_use]
pub fn page_for(page: &str, next: Option<&str>) -> String {
    match local_path(next) {
        Some(next) => format!("{page}?next={}", byte_serialize(next.as_bytes()).collect::<String>()),
        None => page.to_owned(),
    }
}

/// The cookie in which a browser that has to look into its mailbox first keeps where it was going.
const NEXT: &str = "next";
const REMEMBERED_SECS: u32 = 3_600;

/// Keeps where the visitor was going until they come back by a link; nothing where that is no path of ours.
pub fn remember(next: &str) {
    if let Some(next) = local_path(Some(next)) {
        let value = byte_serialize(next.as_bytes()).collect::<String>();
        reply::set_cookie(&format!("{NEXT}={value}; Path=/verify; Max-Age={REMEMBERED_SECS}; HttpOnly; SameSite=Lax"));
    }
}

/// Where the visitor was going, once.
#[must_use]
pub fn recall() -> Option<String> {
    let value = reply::cookie(NEXT)?;
    reply::set_cookie(&format!("{NEXT}=; Path=/verify; Max-Age=0; HttpOnly; SameSite=Lax"));
    let (next, _) = parse(value.as_bytes()).next()?;
    local_path(Some(&next)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    #[test]
    fn paths_of_ours_pass_and_others_do_not() {
        for fine in ["/", "/account", "/buy?plan=pro&interval=month", "/orders/0192#stage"] {
            assert_eq!(local_path(Some(fine)), Some(fine));
        }
        let bad = [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=1",
            "/a b",
            "/\t/evil.example",
            "\\\\evil.example",
            "/a\\..\\b",
        ];
        for bad in bad {
            assert_eq!(local_path(Some(bad)), None, "{bad}");
        }
        assert_eq!(local_path(None), None);
    }

    #[test]
    fn the_way_back_survives_the_log_in_page() {
        assert_eq!(login_for("/buy?plan=pro&interval=month"), "/login?next=%2Fbuy%3Fplan%3Dpro%26interval%3Dmonth");
        assert_eq!(page_for("/register", Some("//evil.example")), "/register");
    }

    proptest! {
        #[test]
        fn whatever_passes_stays_on_this_site(next in "[/\\\\.:@a-z?#%\\PC]{0,30}") {
            if let Some(path) = local_path(Some(&next)) {
                let home = Url::parse("https://shop.example.org/login").unwrap();
                prop_assert_eq!(home.join(path).unwrap().origin(), home.origin());
            }
        }
    }
}
