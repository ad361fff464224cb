//! The frame of every page, its stylesheet, and escaping.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::sandbox::life::currency::is_whole;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--ground:#f4f6f9;--main:#2457d6;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#a3adba;--line:#39424f;--paper:#1b2129;--ground:#12161c;--main:#7ea2ff;--bad:#ff9a92}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
.banner{background:#ffd95a;color:#3a2d00;text-align:center;padding:.4rem 1rem;font-weight:600}
main{max-width:40rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.6rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:1.25rem;margin:1rem 0}
.total{font-size:1.8rem;font-weight:700;margin:.25rem 0}.soft{color:var(--soft)}a{color:var(--main)}
label{display:block;font-weight:600;margin:.9rem 0 .25rem}
input,select{width:100%;min-height:44px;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:8px}
input[readonly]{color:var(--soft)}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
button{min-height:44px;padding:.5rem 1.25rem;font:inherit;font-weight:600;border:0;border-radius:8px;background:var(--main);color:var(--paper);cursor:pointer}
form>button{margin-top:1.25rem}.wide{width:100%}.quiet{background:transparent;color:var(--ink);border:1px solid var(--line)}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}.wrong{border-left:4px solid var(--bad);color:var(--bad);padding:.5rem 1rem;font-weight:600}
table{width:100%;border-collapse:collapse;font-size:.9rem}th,td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid var(--line)}
.scroll{overflow-x:auto}code{font-size:.9em;overflow-wrap:anywhere}.card>:first-child{margin-top:0}.card>:last-child{margin-bottom:0}td code{white-space:nowrap}
";

/// A whole page with this title and body.
pub fn page(status: StatusCode, title: &str, body: &str) -> Response {
    styled(status, title, "", body)
}

/// The same with styles of its own.
pub fn styled(status: StatusCode, title: &str, style: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{STYLE}{style}</style></head><body>\
         <p class=\"banner\" role=\"note\" style=\"margin:0\">Sandbox: no real money</p><main>{body}</main></body></html>",
        escape(title)
    );
    let mut answer = (status, Html(html)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    answer
}

/// Text made safe for content and quoted attributes.
pub fn escape(text: &str) -> String {
    html_escape::encode_quoted_attribute(text).into_owned()
}

/// An amount in minor units with its currency; the common currencies without cents are known.
pub fn money(amount: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    if is_whole(currency) {
        return format!("{amount} {code}");
    }
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02} {code}", amount / 100, amount % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_stays_text() {
        assert_eq!(escape("<b a=\"x\">'&"), "&lt;b a=&quot;x&quot;&gt;&#x27;&amp;");
    }

    #[test]
    fn amounts_know_their_currency() {
        assert_eq!(money(1_005, "usd"), "10.05 USD");
        assert_eq!(money(-5, "eur"), "-0.05 EUR");
        assert_eq!(money(1_500, "jpy"), "1500 JPY");
    }
}
