//! Every route and who gets what there. The table below is held against the routes that the site really has, both ways:
//! one that is added without a line here fails, and so does a line about one that is gone.

use super::{
    mail::with_sink,
    shop::{Place, Shop},
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::role::Role,
    server::{
        db::Reader,
        services::{
            new_id,
            staffing::{self, Actor, Gift},
        },
    },
};
use std::{collections::BTreeSet, fs};

/// Method, route, what is asked for there (`{…}` names a thing of Ann's), the form, and what is answered to a stranger,
/// another member, staff, the owner of the shop, and Ann.
type Line = (&'static str, &'static str, &'static str, &'static str, [&'static str; 5]);

const ALL: [&str; 5] = ["200"; 5];
const NOBODY: [&str; 5] = ["404"; 5];
/// Pages of whoever is logged in.
const MEMBERS: [&str; 5] = ["303 /login", "200", "200", "200", "200"];
/// For everybody else there are no such pages.
const STAFF: [&str; 5] = ["303 /login", "404", "200", "200", "404"];
/// A form that staff sent with a mistake.
const STAFF_MISTAKEN: [&str; 5] = ["303 /login", "404", "422", "422", "404"];
const WITHDRAWN_ONCE: [&str; 5] = ["303 /login", "404", "303 /staff/person", "422", "404"];
/// Also staff has no business here: they have pages of their own.
const ANN: [&str; 5] = ["303 /login", "404", "404", "404", "200"];
const ANN_UNSEEN: [&str; 5] = ["404", "404", "404", "404", "200"];
const MISTAKEN: [&str; 5] = ["422"; 5];
const STRANGERS_MISTAKEN: [&str; 5] = ["422", "303 /account", "303 /account", "303 /account", "303 /account"];
const MEMBERS_MISTAKEN: [&str; 5] = ["303 /login", "422", "422", "422", "422"];
const SPENT: [&str; 5] = ["410"; 5];
/// Whoever is logged in has no business at these.
const STRANGERS: [&str; 5] = ["200", "303 /account", "303 /account", "303 /account", "303 /account"];

/// The form of a change of a subscription, with terms that were never shown.
const CHANGE: &str = "order={unused}&subscription={subscription}&terms=x";
/// What somebody gets for it whose subscription it is, and what nobody else does.
const ANN_MISTAKEN: [&str; 5] = ["303 /login", "404", "404", "404", "422"];

/// Whoever is logged in is led there.
const fn members_to(there: &'static str) -> [&'static str; 5] {
    ["303 /login", there, there, there, there]
}

/// In the order in which it is asked: what ends a thing comes after what looks at it, and Ann comes last.
static TABLE: &[Line] = &[
    ("GET", "/", "", "", ALL),
    ("GET", "/pricing", "", "", ALL),
    ("GET", "/healthz", "", "", ALL),
    ("GET", "/readyz", "", "", ALL),
    ("GET", "/speculation.json", "", "", ALL),
    ("GET", "/favicon.svg", "", "", ALL),
    ("GET", "/nowhere", "", "", NOBODY),
    ("GET", "/metrics", "", "", NOBODY),
    ("GET", "/sandbox/faults", "", "", NOBODY),
    ("GET", "/v1/customers/", "", "", NOBODY),
    ("GET", "/pkg", "/nothing.js", "", NOBODY),
    ("GET", "/pkg", "/..%2f..%2fCargo.toml", "", NOBODY),
    ("GET", "/..%2fCargo.toml", "", "", NOBODY),
    ("POST", "/webhooks/polar", "", "not signed", ["403"; 5]),
    ("POST", "/theme", "", "theme=dark", ["303 /"; 5]),
    // The tests' own address is near; who is logged in does not matter on a machine for development.
    ("GET", "/dev/mail", "", "", ALL),
    ("GET", "/dev/mail/{id}/html", "{mail}", "", ALL),
    ("GET", "/dev/mail/{id}/html", "nothing", "", NOBODY),
    ("GET", "/register", "", "", STRANGERS),
    ("GET", "/login", "", "", STRANGERS),
    ("POST", "/register", "", "email=no&password=no", STRANGERS_MISTAKEN),
    ("POST", "/login", "", "email=nobody@boreal-shop.dev&password=no", STRANGERS_MISTAKEN),
    ("GET", "/reset", "", "", ALL),
    ("POST", "/reset", "", "email=no", MISTAKEN),
    ("GET", "/reset/new", "?key=nothing", "", SPENT),
    ("POST", "/reset/new", "", "key=nothing&password=correct+horse+battery", SPENT),
    ("GET", "/logout", "", "", ALL),
    ("GET", "/account", "", "", MEMBERS),
    ("GET", "/account/activity", "", "", MEMBERS),
    ("GET", "/account/sessions", "", "", MEMBERS),
    ("POST", "/account/sessions", "", "session=nothing", members_to("303 /account/sessions")),
    ("GET", "/account/address", "", "", MEMBERS),
    ("POST", "/account/address", "", "email=no&password=wrong", MEMBERS_MISTAKEN),
    ("GET", "/account/password", "", "", MEMBERS),
    ("POST", "/account/password", "", "present=wrong&password=short", MEMBERS_MISTAKEN),
    ("GET", "/account/export", "", "", MEMBERS),
    ("POST", "/account/export", "", "", members_to("303 /account/export")),
    ("POST", "/account/export/file", "", "key=nothing", ["303 /account/export"; 5]),
    ("GET", "/account/delete", "", "", MEMBERS),
    ("POST", "/account/delete", "", "sure=yes&password=wrong", MEMBERS_MISTAKEN),
    ("GET", "/account/deleted", "", "", ALL),
    ("GET", "/verify/again", "", "", MEMBERS),
    ("POST", "/verify/again", "", "", members_to("303 /account/address")),
    ("GET", "/verify", "?key=nothing", "", SPENT),
    ("POST", "/verify", "", "key=nothing", SPENT),
    // Whoever holds the link of somebody else sees a form that asks for the password of that account.
    ("GET", "/verify", "?key={key}", "", ALL),
    (
        "POST",
        "/verify",
        "?key={key}",
        "key={key}&password=wrong+horse+battery",
        ["422", "422", "422", "422", "303 /account/address"],
    ),
    // the studio: begin
    ("GET", "/studio", "", "", MEMBERS),
    ("GET", "/studio", "?code=nothing", "", ["303 /login", "404", "404", "404", "404"]),
    ("GET", "/studio", "?code={code}", "", ANN),
    ("POST", "/studio", "", "text=", MEMBERS_MISTAKEN),
    ("POST", "/studio", "", "text=a&id={code}", ["303 /login", "404", "404", "404", "303 /studio"]),
    ("GET", "/studio/code.svg", "?id={code}", "", ANN),
    ("GET", "/studio/sheet", "", "", ["303 /login", "403", "403", "403", "200"]),
    ("GET", "/studio/sheet", "?first={code}&many=1", "", ["303 /login", "403", "403", "403", "200"]),
    ("GET", "/studio/sheet", "?first=nothing", "", ["303 /login", "403", "403", "403", "404"]),
    ("POST", "/studio/sheet", "", "texts=", ["303 /login", "403", "403", "403", "422"]),
    ("GET", "/api/studio", "?have=49", "", ["401", "403", "403", "403", "200"]),
    ("GET", "/api/studio", "?have=50", "", ["401", "403", "403", "403", "403"]),
    ("GET", "/api/studio", "?have=-1", "", ["401", "403", "403", "403", "400"]),
    // the studio: end
    ("GET", "/billing", "", "", MEMBERS),
    ("POST", "/billing", "", "", ["303 /login", "200", "200", "200", "303 {portal}"]),
    ("GET", "/buy", "?plan=pro&interval=month", "", MEMBERS),
    ("GET", "/buy", "?plan=unheard-of", "", ["303 /login", "404", "404", "404", "404"]),
    (
        "POST",
        "/buy",
        "",
        "order={order}&plan=pro&interval=month&quote=x",
        ["303 /login", "404", "404", "404", "303 /orders/{order}"],
    ),
    ("GET", "/orders/{id}", "{order}", "", ANN),
    ("GET", "/orders/{id}", "nothing", "", ["303 /login", "404", "404", "404", "404"]),
    ("GET", "/orders/{id}/stage", "{order}", "", ANN_UNSEEN),
    ("GET", "/orders/{id}/events", "{order}", "", ANN_UNSEEN),
    ("GET", "/access/revision", "", "", ["404", "200", "200", "200", "200"]),
    ("GET", "/access/events", "", "", ["404", "200", "200", "200", "200"]),
    ("GET", "/confirmation", "", "", MEMBERS),
    ("GET", "/confirmation", "?checkout_id={checkout}", "", ANN),
    ("POST", "/confirmation", "", "order={order}", ["303 /login", "404", "404", "404", "303 /orders/{order}"]),
    ("GET", "/orders", "", "", MEMBERS),
    ("GET", "/usage", "", "", MEMBERS),
    ("GET", "/usage", "?meter=codes&period=0", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/usage", "", "meter=codes&at80=yes", members_to("303 /usage")),
    ("POST", "/usage/limit", "", "meter=unheard-of&amount=5", ["303 /login", "404", "404", "404", "404"]),
    ("GET", "/usage/limit", "?meter=unheard-of", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/usage", "", "meter=unheard-of", MEMBERS_MISTAKEN),
    ("GET", "/orders/paper", "?bill=none&sort=invoice", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/orders/paper", "?bill=none&sort=invoice", "bill=none", ["303 /login", "404", "404", "404", "404"]),
    ("GET", "/subscription/cancel", "?id={subscription}", "", ANN),
    ("POST", "/subscription/cancel", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/subscription/resume", "?id={subscription}", "", ANN),
    ("POST", "/subscription/resume", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/subscription/change", "?id={subscription}", "", ANN),
    ("GET", "/subscription/change", "?id={subscription}&plan=pro&interval=year", "", ANN),
    (
        "POST",
        "/subscription/change",
        "?id={subscription}&plan=pro&interval=year",
        "order={unused}&subscription={subscription}&terms=x&plan=pro&interval=year&quoted_at=0",
        ["303 /login", "404", "404", "404", "422"],
    ),
    ("GET", "/subscription/undo", "?id={subscription}", "", ANN),
    ("POST", "/subscription/undo", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/subscription/pause", "?id={subscription}", "", ANN),
    ("POST", "/subscription/pause", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/subscription/unpause", "?id={subscription}", "", ANN),
    ("POST", "/subscription/unpause", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/subscription/continue", "?id={subscription}", "", ANN),
    ("POST", "/subscription/continue", "?id={subscription}", CHANGE, ANN_MISTAKEN),
    ("GET", "/staff", "", "", STAFF),
    ("GET", "/staff", "?who={ann}", "", STAFF),
    ("GET", "/staff/person", "?id={ann}", "", STAFF),
    ("GET", "/staff/person", "?id=nobody", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/staff/person", "?id={ann}", "id={ann}&what=plan:pro", STAFF_MISTAKEN),
    (
        "POST",
        "/staff/person",
        "",
        "id={ann}&what=plan:pro&reason=Thanks",
        ["303 /login", "404", "303 /staff/person", "303 /staff/person", "404"],
    ),
    ("GET", "/staff/activity", "?id={ann}", "", STAFF),
    ("GET", "/staff/activity", "?id=nobody", "", ["303 /login", "404", "404", "404", "404"]),
    ("GET", "/staff/withdraw", "?grant={grant}", "", STAFF),
    ("POST", "/staff/withdraw", "?grant={grant}", "grant={grant}", STAFF_MISTAKEN),
    ("POST", "/staff/withdraw", "?grant={grant}", "grant={grant}&reason=Enough", WITHDRAWN_ONCE),
    ("GET", "/staff/quarantine", "", "", STAFF),
    ("POST", "/staff/quarantine", "", "object=subscription:x&act=dismiss&reason=Enough", STAFF_MISTAKEN),
    ("GET", "/staff/cases", "", "", STAFF),
    ("GET", "/staff/cases", "?id=nothing", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/staff/cases", "", "id=nothing&act=close&reason=Enough", STAFF_MISTAKEN),
    ("GET", "/staff/refund", "?bill={bill}", "", STAFF),
    ("GET", "/staff/refund", "?bill=nothing", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/staff/refund", "?bill={bill}", "bill={bill}&cause=other&amount=1&reason=Sorry&shown=x", STAFF_MISTAKEN),
    ("GET", "/staff/revoke", "?subscription={subscription}", "", STAFF),
    ("POST", "/staff/revoke", "?subscription={subscription}", "subscription={subscription}", STAFF_MISTAKEN),
    ("GET", "/staff/inbox", "", "", STAFF),
    ("GET", "/staff/inbox", "?seq=1", "", STAFF),
    ("POST", "/staff/inbox", "", "seq=1", STAFF_MISTAKEN),
    ("GET", "/staff/polar", "", "", STAFF),
    ("GET", "/staff/polar", "?run=nothing", "", ["303 /login", "404", "404", "404", "404"]),
    ("POST", "/staff/polar", "", "act=look", ["303 /login", "404", "303 /staff/polar", "303 /staff/polar", "404"]),
    ("POST", "/logout", "", "", ["303 /"; 5]),
    // And then nobody is anybody any more.
    ("GET", "/account", "", "", ["303 /login"; 5]),
    ("GET", "/staff", "", "", ["303 /login"; 5]),
    ("POST", "/staff/person", "", "id={ann}&what=plan:pro&reason=Thanks", ["303 /login"; 5]),
    ("GET", "/orders/{id}", "{order}", "", ["303 /login"; 5]),
    ("GET", "/access/revision", "", "", NOBODY),
];

/// Lines about what is no route of its own: a file of the site, and what must not be here.
const NO_ROUTES: [&str; 6] =
    ["/favicon.svg", "/nowhere", "/metrics", "/sandbox/faults", "/v1/customers/", "/..%2fCargo.toml"];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

type Routes = BTreeSet<(String, String)>;

/// Every route that the site has: pages, server functions, and what the router names itself.
fn real() -> Routes {
    let pair = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    let pages = leptos_axum::generate_route_list(boreal::app::App);
    let forms = leptos::server_fn::axum::server_fn_paths().map(|(path, method)| pair(method.as_str(), path));
    let mut found: Routes = forms.collect();
    assert!(pages.len() > 20 && found.len() > 15, "{} pages, {found:?}", pages.len());
    found.extend(pages.iter().map(|page| pair("GET", page.path())));
    found.extend(plain(include_str!("../../src/server/http/router.rs")));
    found
}

/// What `router.rs` names, read from its text: axum does not tell what a router holds.
fn plain(router: &str) -> Routes {
    let routes = router.split(".route(\"").skip(1).filter_map(|rest| {
        let (path, rest) = rest.split_once("\", ")?;
        let method = rest.split('(').next()?;
        Some((method.to_uppercase(), path.to_owned()))
    });
    let folders = router.split(".nest_service(\"").skip(1).filter_map(|rest| rest.split('"').next());
    routes.chain(folders.map(|path| ("GET".to_owned(), path.to_owned()))).collect()
}

fn described() -> Routes {
    let lines = TABLE.iter().filter(|line| !NO_ROUTES.contains(&line.1));
    lines.map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect()
}

#[test]
fn every_route_is_in_the_table_and_no_other() {
    let (real, described) = (real(), described());
    let missing: Vec<_> = real.difference(&described).collect();
    let gone: Vec<_> = described.difference(&real).collect();
    assert!(missing.is_empty(), "say in the table who gets what at {missing:?}");
    assert!(gone.is_empty(), "the table tells of routes that are gone: {gone:?}");
    assert!(plain(".route(\"/new\", post(x)).nest_service(\"/old\"").len() == 2, "the reading itself works");
    // Nothing else of the server may open a way in.
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/server")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("http/router.rs") && !path.ends_with("http/metrics.rs") {
                let text = fs::read_to_string(&path).expect("text");
                assert!(!text.contains(".route(") && !text.contains("nest_service("), "{}", path.display());
            }
        }
    }
}

/// Who asks, and what Ann has.
struct Scene {
    shop: Shop,
    /// A stranger, another member, staff, the owner of the shop, Ann.
    people: [Visitor; 5],
    things: Vec<(&'static str, String)>,
}

async fn scene() -> Scene {
    let public = [env!("CARGO_MANIFEST_DIR"), "/public"].concat();
    let shop = Shop::open_with(Place::new().await, &["--site-root".to_owned(), public]).await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let (other, boss) = (Visitor::register(&shop.origin, "bob").await, Visitor::register(&shop.origin, "olga").await);
    let (staff, sam) = shop.hire("sam").await;
    let owner = shop.account(&boss).await;
    staffing::set_role(&shop.state, &owner.id, Role::Owner).await.expect("a role");
    let person = shop.account(&ann).await;
    let order = shop.buy(&person, "pro", "month").await;
    shop.polar.idle().await;
    let gift = Gift { what: "feature:studio".into(), reason: "Thanks".into(), ..Gift::default() };
    let actor = Actor { id: sam.id, ip: "127.0.0.1".into() };
    staffing::give(&shop.state, &actor, &person.id, &gift).await.expect("a gift");
    let grant: String = shop.state.db.read("SELECT id FROM staff_grants").scalar().await.expect("a grant");
    let (mail, key) = welcome(&ann).await;
    let code = new_id(); // the studio
    ann.post("/studio", &[("id", &code), ("text", "Ann's")], 303).await; // the studio
    let portal = format!("{}/boreal-sandbox/portal", shop.polar.origin);
    let checkout = shop.order(&order).await.checkout_id.expect("a checkout");
    let subscription = shop.subscription(&person).await["id"].as_str().expect("an id").to_owned();
    shop.worked_off().await;
    let bill = shop.polar.list("/v1/orders/").await[0]["id"].as_str().expect("an id").to_owned();
    let things = vec![
        ("{bill}", bill),
        ("{code}", code), // the studio
        ("{subscription}", subscription),
        ("{unused}", new_id()),
        ("{ann}", person.id),
        ("{order}", order),
        ("{checkout}", checkout),
        ("{grant}", grant),
        ("{mail}", mail),
        ("{key}", key),
        ("{portal}", portal),
    ];
    let stranger = Visitor::stranger(&shop.origin);
    Scene { shop, people: [stranger, other, staff, boss, ann], things }
}

/// The id of the mail that Ann got first, and the key in it.
async fn welcome(ann: &Visitor) -> (String, String) {
    let list = async || {
        let page = ann.get("/dev/mail", 200).await.html;
        let row = page.split("<tr>").find(|row| row.contains(&ann.email) && row.contains("Confirm your"))?.to_owned();
        Some(row.split("/dev/mail?id=").nth(1)?.split('"').next()?.to_owned())
    };
    let id = super::patience::wait_for("Ann's first mail", list).await;
    let page = ann.get(&format!("/dev/mail?id={id}"), 200).await.html;
    let key = page.split("/verify?key=").nth(1).and_then(|rest| rest.split(['"', '<', '&']).next());
    (id, key.unwrap_or_else(|| panic!("no key in {page}")).to_owned())
}

impl Scene {
    fn filled(&self, text: &str) -> String {
        self.things.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
    }

    /// The address that a line asks for.
    fn address(&self, route: &str, ask: &str) -> String {
        match route.split_once("{id}") {
            Some((before, after)) => format!("{before}{}{after}", self.filled(ask)),
            None => format!("{route}{}", self.filled(ask)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says() {
    let scene = scene().await;
    let mut wrong = Vec::new();
    for &(method, route, ask, form, expected) in TABLE {
        let (address, form) = (scene.address(route, ask), scene.filled(form));
        for ((who, expected), name) in
            scene.people.iter().zip(expected).zip(["a stranger", "a member", "staff", "the owner", "Ann"])
        {
            let form = (method == "POST").then_some(form.as_str());
            let (got, expected) = (who.brief(method, &address, form).await, scene.filled(expected));
            if got != expected {
                wrong.push(format!("{method} {address} as {name}: {got} in place of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_a_method_that_it_does_not_have() {
    let scene = scene().await;
    let real = real();
    let paths: BTreeSet<&String> = real.iter().map(|(_, path)| path).collect();
    for path in paths {
        let address = path.replace("{id}", "nothing");
        for method in METHODS.into_iter().filter(|method| !real.contains(&((*method).to_owned(), path.clone()))) {
            for who in [&scene.people[0], &scene.people[3]] {
                let form = (method != "GET").then_some("a=b");
                assert_eq!(who.brief(method, &address, form).await, "405", "{method} {address}");
            }
        }
    }
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_mail_is_sent_nobody_reads_it_here() {
    let (shop, sink) = with_sink().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let letter = sink.letter(&ann.email, "Confirm").await;
    assert!(letter.header("Message-ID").contains('@'));
    for path in ["/dev/mail", "/dev/mail?id=1", "/dev/mail/1/html"] {
        assert_eq!(ann.brief("GET", path, None).await, "404", "{path}");
    }
    ann.elsewhere().log_in(PASSWORD, 303).await;
    shop.close().await;
}
