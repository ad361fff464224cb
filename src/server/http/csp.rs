//! Content-Security-Policy by hash. In islands mode with `SsrMode::Async` Leptos writes the same inline scripts into
//! every page of a build, so their hashes are taken once at start and pages can be kept as bytes.

use axum::http::{HeaderName, HeaderValue, header};
use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The header's name.
pub const HEADER: HeaderName = header::CONTENT_SECURITY_POLICY;

/// The text of every inline script of a page, external ones left out.
pub fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!tag.contains(" src=")).then_some(text)
    })
}

/// The policy's words for the inline scripts of a page.
#[must_use]
pub fn hashes(html: &str) -> BTreeSet<String> {
    inline_scripts(html).map(|text| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))).collect()
}

/// The policy of a site whose pages have these inline scripts. Browsers hold `form-action` against the redirects of a
/// form too, so every host that a form may lead to is named in `form_targets`.
#[must_use]
pub fn policy(hashes: &BTreeSet<String>, form_targets: &[String]) -> HeaderValue {
    let scripts = hashes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let targets = form_targets.join(" ");
    let text = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {scripts}; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; form-action 'self' {targets}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_external_ones_left_out() {
        let html = "<script type=\"module\">one()</script><script src=\"/a.js\"></script><script>two()</script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["one()", "two()"]);
        assert!(hashes("<script>alert(1)</script>").contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"));
    }

    #[test]
    fn forms_may_lead_to_named_hosts_and_no_inline_code_runs() {
        let policy = policy(&hashes("<script>a</script>"), &["https://polar.sh".to_owned()]);
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://polar.sh;") && !policy.contains("unsafe-inline"));
    }
}
