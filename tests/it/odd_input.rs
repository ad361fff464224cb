//! What no browser of ours sends: odd texts in every field of every form and in every address, bodies that are broken, too
//! long or of another kind, fields that no form has. Each is answered clearly, nothing breaks, nothing odd is stored.
//! Forms and fields are read from the code: a new one is tried without a word here.

use super::{
    shop::Shop,
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::role::Role,
    server::{
        db::Reader,
        services::staffing::{self, Actor, Gift},
    },
};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Percent-encoded, as they travel.
const ODD: [&str; 24] = [
    "",
    "+",
    "%00",
    "a%00b",
    "%01%07%1b%7f",
    "a%0d%0aBcc:+eve@boreal-shop.dev",
    "a%0d%0aSet-Cookie:+id=1",
    "%0d%0a%0d%0a",
    "%c2%85%e2%80%a8",
    "abc%e2%80%ae%d7%a9fdp",
    "%e2%80%8b%ef%bb%bf",
    "e%cc%81%cc%81%cc%81%cc%81",
    "%f0%9f%91%a9%e2%80%8d%f0%9f%92%bb",
    "%f4%8f%bf%bf",
    "%ff%fe",
    "%c3%28",
    "%",
    "%zz",
    "%2500",
    "%27+OR+1=1+--",
    "%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "-9223372036854775809",
    "..%2f..%2fetc%2fpasswd",
    "a@%e2%80%aeboreal-shop.dev",
];

/// Addresses at which somebody who is logged in has no business.
const OPEN: [&str; 7] = ["/login", "/register", "/reset", "/reset/new", "/verify", "/logout", "/theme"];

/// Of a form: its address, and the names of its fields.
type Forms = BTreeMap<String, Vec<String>>;

/// Every form, by reading what the pages declare.
fn forms() -> Forms {
    let mut found = Forms::new();
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![src.join("pages")];
    folders.push(src.join("studio")); // the studio
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => found.extend(declared(&fs::read_to_string(path).expect("text"))),
            }
        }
    }
    found
}

fn declared(source: &str) -> Forms {
    let declared = source.split("#[server(prefix = \"\", endpoint = \"").skip(1).filter_map(|rest| {
        let (address, rest) = rest.split_once('"')?;
        let (_, arguments) = rest.split_once("pub async fn")?;
        let (arguments, _) = arguments.split_once("->")?;
        let lines = arguments.lines().filter_map(|line| line.trim().strip_suffix(": String,"));
        Some((address.to_owned(), lines.map(str::to_owned).collect()))
    });
    declared.collect()
}

/// Of a shop: somebody without and somebody with every right, and what a form may name.
struct Scene {
    shop: Shop,
    stranger: Visitor,
    owner: Visitor,
    spare: Visitor,
    customer: String,
}

async fn scene() -> Scene {
    let shop = Shop::open().await;
    let owner = Visitor::register(&shop.origin, "olga").await;
    let boss = shop.account(&owner).await;
    staffing::set_role(&shop.state, &boss.id, Role::Owner).await.expect("a role");
    let actor = Actor { id: boss.id.clone(), ip: "127.0.0.1".into() };
    let gift = Gift { what: "feature:studio".into(), reason: "Every form".into(), ..Gift::default() };
    staffing::give(&shop.state, &actor, &boss.id, &gift).await.expect("a gift");
    let customer = shop.person("ann").await;
    let (stranger, spare) = (Visitor::stranger(&shop.origin), Visitor::register(&shop.origin, "pam").await);
    Scene { stranger, owner, spare, customer: customer.id, shop }
}

impl Scene {
    /// Who has business at this address: whoever is logged in has none at these.
    fn visitor(&self, address: &str) -> &Visitor {
        match address {
            // Where it is answered with another password, nobody is logged in any more.
            "/account/password" => &self.spare,
            address if OPEN.contains(&address) => &self.stranger,
            _ => &self.owner,
        }
    }

    /// What stands in a field beside an odd one, so that the form is read to its end.
    fn usual(&self, field: &str, number: usize) -> String {
        match field {
            "email" => format!("odd{number}@boreal-shop.dev"),
            "password" => PASSWORD.replace(' ', "+"),
            "id" => self.customer.clone(),
            "what" => "plan:pro".to_owned(),
            "reason" => "A+reason".to_owned(),
            "plan" => "pro".to_owned(),
            "interval" => "month".to_owned(),
            "act" => "close".to_owned(),
            _ => String::new(),
        }
    }

    /// A form with `odd` in one field.
    fn body(&self, fields: &[String], place: usize, odd: &str, number: usize) -> String {
        let field = |(at, name): (usize, &String)| {
            let value = if at == place { odd.to_owned() } else { self.usual(name, number) };
            format!("{name}={value}")
        };
        fields.iter().enumerate().map(field).collect::<Vec<_>>().join("&")
    }

    /// Every text that the database holds and that somebody typed.
    async fn typed(&self) -> Vec<String> {
        let selects = [
            "SELECT email FROM users WHERE email IS NOT NULL",
            "SELECT details FROM audit_log WHERE details IS NOT NULL",
            "SELECT target FROM audit_log WHERE target IS NOT NULL",
            "SELECT reason FROM staff_grants",
            "SELECT recipient FROM outgoing_mail",
            "SELECT letter FROM outgoing_mail",
            "SELECT email FROM email_tokens",
            "SELECT plan FROM orders",
            "SELECT id FROM orders",
            "SELECT REPLACE(text, '\n', ' ') FROM studio_codes", // the studio
        ];
        let mut found = Vec::new();
        for select in selects {
            let rows: Vec<(String,)> = self.shop.state.db.read(select).all().await.expect("rows");
            found.extend(rows.into_iter().map(|row| row.0));
        }
        found
    }

    async fn holds_nothing_odd(&self) {
        let hidden = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        let odd: Vec<String> = self.typed().await.into_iter().filter(|text| text.contains(hidden)).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}

/// Clear answers: done, led on, or a refusal that names what is wrong. Nothing of these is our failure.
fn is_clear(answer: &str) -> bool {
    ["200", "303", "400", "403", "404", "410", "413", "415", "422", "429"].contains(&&answer[..3])
}

fn hold(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_in_every_field_of_every_form_are_answered_clearly_and_never_stored() {
    let (scene, forms) = (scene().await, forms());
    assert!(forms.len() >= 17 && forms["/staff/person"].len() == 5, "{forms:?}");
    let mut wrong = Vec::new();
    let mut number = 0;
    for (address, fields) in &forms {
        let who = scene.visitor(address);
        for place in 0..fields.len() {
            for odd in ODD {
                number += 1;
                let body = scene.body(fields, place, odd, number);
                let answer = who.brief("POST", address, Some(&body)).await;
                if !is_clear(&answer) || answer.contains("evil") {
                    wrong.push(format!("{address} {body}: {answer}"));
                }
            }
        }
    }
    hold(&wrong);
    scene.holds_nothing_odd().await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_form_are_refused_at_every_address() {
    let (scene, forms) = (scene().await, forms());
    let mut wrong = Vec::new();
    for (address, fields) in &forms {
        let who = scene.visitor(address);
        let name = fields.first().map_or("email", String::as_str);
        let whole = scene.body(fields, usize::MAX, "", 0);
        let odd = [
            (format!("{name}={}", "x".repeat(66_000)), &["413"][..]),
            (format!("{name}={}", "x".repeat(60_000)), &["200", "303", "404", "410", "422", "429"]),
            (format!("{name}=%F0%9F%92%A9{}", "%CC%81".repeat(9_000)), &["200", "303", "404", "410", "422", "429"]),
            (format!("{name}[]=x&{name}[a][b]=y"), &["200", "303", "400", "404", "410", "422", "429"]),
            (format!("{}{whole}", "&".repeat(5_000)), &["200", "303", "400", "404", "410", "422", "429"]),
            ("\u{0}".to_owned(), &["400"]),
            ("%00=x".to_owned(), &["400"]),
        ];
        for (body, expected) in odd {
            let answer = who.brief("POST", address, Some(&body)).await;
            if !expected.contains(&&answer[..3]) {
                wrong.push(format!("{address} {}: {answer}", &body[..body.len().min(40)]));
            }
        }
        for kind in
            ["application/json", "multipart/form-data; boundary=x", "text/plain", "application/octet-stream", ""]
        {
            for accept in ["text/html", "*/*"] {
                let answer = scene.raw(address, kind, accept, b"{\"email\": \"\xff\"}").await;
                if !(300..500).contains(&answer) && answer != 200 {
                    wrong.push(format!("{address} as {kind:?} for {accept}: {answer}"));
                }
            }
        }
        for body in [&b"email=\xff\xfe"[..], b"email=%ff%fe", b"email=a&email=b"] {
            let answer = scene.raw(address, "application/x-www-form-urlencoded", "*/*", body).await;
            if !(300..500).contains(&answer) && answer != 200 {
                wrong.push(format!("{address} {:?}: {answer}", String::from_utf8_lossy(body)));
            }
        }
    }
    hold(&wrong);
    scene.holds_nothing_odd().await;
    scene.shop.close().await;
}

impl Scene {
    /// The status that a body of some kind is answered with, if the answer can be read.
    async fn try_raw(&self, address: &str, kind: &str, accept: &str, body: Vec<u8>) -> Option<u16> {
        let request = self.shop.http.post(format!("{}{address}", self.shop.origin)).header("origin", &self.shop.origin);
        let request = request.header("accept", accept).header("content-type", kind).body(body);
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    async fn raw(&self, address: &str, kind: &str, accept: &str, body: &[u8]) -> u16 {
        self.try_raw(address, kind, accept, body.to_owned()).await.expect("an answer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_no_form_has_change_nothing() {
    let (scene, forms) = (scene().await, forms());
    let mut eve = Visitor::newcomer(&scene.shop.origin, "eve");
    let more =
        "&role=owner&user_id={ann}&user={ann}&id={ann}&is_verified=1&email_verified_at=1&access_rev=9&password_hash=x";
    let more = more.replace("{ann}", &scene.customer);
    let form = format!("email={}&password={}{more}", eve.email, PASSWORD.replace(' ', "+"));
    assert_eq!(eve.brief("POST", "/register", Some(&form)).await, "303 /pricing");
    eve.log_in(PASSWORD, 303).await;
    let given = scene.shop.count("SELECT COUNT(*) FROM staff_grants").await;
    for (address, fields) in &forms {
        let body = scene.body(fields, usize::MAX, "", 0) + if address == "/staff/person" { "" } else { &more };
        // Where nobody is logged in there is nobody to log out.
        let who = if OPEN.contains(&address.as_str()) { &scene.stranger } else { &eve };
        let answer = who.brief("POST", address, Some(&body)).await;
        assert!(is_clear(&answer), "{address}: {answer}");
        if address == "/account/password" {
            eve = eve.elsewhere();
            eve.log_in(PASSWORD, 303).await;
        }
    }
    let who = scene.shop.account(&eve).await;
    let select = "SELECT role, email_verified_at IS NULL, access_rev FROM users WHERE id = $1";
    let row: (String, bool, i64) = scene.shop.state.db.read(select).bind(&who.id).one().await.expect("a user");
    assert_eq!(row, ("member".to_owned(), true, 0));
    let touched = "SELECT COUNT(*) FROM orders WHERE user_id <> $1";
    let touched: i64 = scene.shop.state.db.read(touched).bind(&who.id).scalar().await.expect("a count");
    assert_eq!((touched, scene.shop.count("SELECT COUNT(*) FROM staff_grants").await), (0, given));
    eve.get("/staff", 404).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_addresses_of_every_page_are_answered_clearly() {
    let scene = scene().await;
    let names = [
        "at",
        "before",
        "checkout_id",
        "grant",
        "id",
        "interval",
        "key",
        "next",
        "object",
        "plan",
        "run",
        "sent",
        "seq",
        "who",
        "changed",
        "state",
        "kind",
    ];
    let mut wrong = Vec::new();
    for page in leptos_axum::generate_route_list(boreal::app::App) {
        for odd in ODD {
            let query = names.map(|name| format!("{name}={odd}")).join("&");
            let alone = names.map(|name| format!("{}?{name}={odd}", page.path().replace("{id}", "x")));
            let inside = page.path().contains("{id}").then(|| page.path().replace("{id}", odd));
            for address in [format!("{}?{query}", page.path())].into_iter().chain(alone).chain(inside) {
                for who in [&scene.stranger, &scene.owner] {
                    let answer = who.brief("GET", &address, None).await;
                    if !is_clear(&answer) {
                        wrong.push(format!("{address}: {answer}"));
                    }
                }
            }
        }
    }
    for odd in ODD {
        for path in [format!("/orders/{odd}/stage"), format!("/orders/{odd}/events"), format!("/dev/mail/{odd}/html")] {
            let answer = scene.owner.brief("GET", &path, None).await;
            if !is_clear(&answer) {
                wrong.push(format!("{path}: {answer}"));
            }
        }
    }
    hold(&wrong);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_headers_and_cookies_are_no_way_in_and_break_nothing() {
    let scene = scene().await;
    let odd = ["\u{fffd}", "\"", "x; id=y", "=", ";;;", "%00", "id=", &"x".repeat(6_000)];
    for text in odd {
        for name in ["id", "theme", "device", "came", "__Host-id"] {
            for page in ["/", "/account", "/login"] {
                let request = scene.shop.http.get(format!("{}{page}", scene.shop.origin)).header("accept", "text/html");
                let answer = request.header("cookie", format!("{name}={text}")).send().await.expect("an answer");
                let status = answer.status().as_u16();
                assert!([200, 303, 400, 431].contains(&status), "{name}={text} at {page}: {status}");
                assert!(page != "/account" || status != 200);
            }
        }
        for header in ["accept", "accept-language", "x-forwarded-for", "referer", "user-agent", "x-forwarded-host"] {
            let request = scene.shop.http.get(format!("{}/login?next=/account", scene.shop.origin));
            let answer = request.header(header, text).send().await.expect("an answer");
            assert!(answer.status().as_u16() < 500, "{header}: {text}");
        }
    }
    scene.shop.close().await;
}
