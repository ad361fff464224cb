//! What else there is to know, folded away on the control page: test cards, and the switches for programs.

use crate::sandbox::life::cards;
use crate::sandbox::pages::markup::escape;

const SWITCHES: [(&str, &str); 12] = [
    (
        "GET, POST /sandbox/organizations",
        "{\"name\": \"…\", \"webhook_url\": \"…\"}: another organization, with a token of its own",
    ),
    ("DELETE /sandbox/organizations/{slug}", "stop and forget one"),
    (
        "GET, PUT /sandbox/faults",
        "sender, down, duplicate, shuffle, hold_ms, hold_jobs_ms, drop_percent, corrupt_percent, seed, answer (null, 429, 500, \"500 after\", \
         \"cut\", \"timeout\"), answer_to, answer_count, answer_percent, delay_ms, refunds_pend, refunds_fail, retry_scale, rate_limit, limit_confirms, limit_new_tokens, standard_secrets",
    ),
    ("DELETE /sandbox/faults", "all off"),
    (
        "GET, POST /sandbox/clock",
        "{\"advance\": \"30d\"}, {\"advance_ms\": 86400000}, {\"to\": \"2027-01-31T12:00:00Z\"}, {\"to\": \"next renewal\"} or \
         {\"to\": \"past dunning\"}, the last two also with \"subscription_id\"",
    ),
    ("GET /sandbox/deliveries", "what was sent, and what the app answered"),
    ("GET /sandbox/idle", "whether anything is still to be done or delivered"),
    ("POST /sandbox/deliver", "{\"webhook_id\": \"…\"}: send it again"),
    ("POST /sandbox/events", "{\"type\": \"…\", \"data\": {}}: sign and send any event"),
    ("POST /sandbox/tokens", "{\"scopes\": [\"products:read\"]}: a token that may do only this"),
    ("POST /sandbox/reset", "forget everything but the token and the secret"),
    ("boreal sandbox --help", "the same from a shell"),
];

/// Cards and switches.
pub fn section() -> String {
    let row =
        |(route, text): &(&str, &str)| format!("<dt><code>{}</code></dt><dd>{}</dd>", escape(route), escape(text));
    let switches: String = SWITCHES.iter().map(row).collect();
    format!(
        "<section class=\"card\"><h2>Test cards</h2><p>{}. Any future date and any security code will do.</p></section>\
         <details class=\"card\"><summary>Switches for programs</summary><p class=\"soft\">Each concerns the organization of the bearer \
         token, or of <code>?organization=</code>.</p><dl>{switches}</dl></details>",
        cards::described(),
    )
}
