//! Rules of the house, held by reading the source: which part may name which, every page rendered whole, islands without
//! props, files of a readable size, both engines' migrations side by side. Each rule is proved on a snippet that breaks it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A crate and the only places (path prefixes below `src/`) that may name it.
const NAMED_ONLY_IN: [(&str, &[&str]); 4] = [
    ("sqlx", &["server/db"]),
    ("reqwest", &["server/polar", "sandbox"]),
    ("axum", &["server/http", "sandbox", "studio/http.rs"]),
    ("lettre", &["server/mail"]),
];

/// A part of the house and the modules that it must not reach: arrows point down only.
const MUST_NOT_REACH: [(&str, &[&str]); 11] = [
    ("islands", &["app", "components", "model", "pages", "sandbox", "server"]),
    ("model", &["app", "components", "islands", "pages", "sandbox", "server"]),
    ("sandbox", &["app", "components", "islands", "pages", "server"]),
    ("studio", &["app", "pages", "sandbox", "server::mail", "server::polar", "server::jobs", "server::cli"]),
    ("studio/codes.rs", &["components", "server::http", "server::services"]),
    ("components", &["app", "pages", "server::db", "server::mail", "server::polar", "server::jobs", "server::cli"]),
    ("pages", &["app", "server::db", "server::mail", "server::polar", "server::jobs", "server::cli"]),
    (
        "server/mail",
        &["app", "components", "pages", "sandbox", "server::db", "server::http", "server::polar", "server::services"],
    ),
    ("server/services", &["app", "components", "pages", "sandbox", "server::cli", "server::http", "server::jobs"]),
    ("server/db", &["app", "components", "pages", "sandbox", "server::http", "server::polar", "server::services"]),
    ("server/polar", &["app", "components", "pages", "sandbox", "server::db", "server::http", "server::services"]),
];

const SRC_LINES: usize = 300;
const TEST_LINES: usize = 400;

/// One file: its path below `src/` (or `tests/`) and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    fn is_in(&self, part: &str) -> bool {
        let rest = self.path.strip_prefix(part);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
    }

    /// The module that the file is: `server/db/mod.rs` is `["server", "db"]`.
    fn module(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let parts = stem.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
        parts.map(String::from).collect()
    }

    /// Every path that the code names, as one string each, `use` groups written out, `super` and `self` resolved.
    fn paths(&self) -> BTreeSet<String> {
        let code = without_comments_and_texts(&self.text);
        let (uses, rest) = split_uses(&code);
        let mut found = BTreeSet::new();
        uses.iter().for_each(|tree| write_out("", tree, &mut found));
        found.extend(inline_paths(&rest));
        found.iter().map(|path| resolve(path, &self.module())).collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    fn collect(base: &Path, folder: &Path, into: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                collect(base, &entry, into);
            } else if entry.extension().is_some_and(|kind| kind == "rs") {
                let path = entry.strip_prefix(base).expect("inside").display().to_string();
                into.push(Source { path, text: fs::read_to_string(&entry).expect("a text file") });
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join(folder), &root().join(folder), &mut found);
    assert!(!found.is_empty(), "no source found in {folder}");
    found
}

/// The code alone: comments vanish, the content of string literals too.
fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if next == '"' {
            end_of_text(rest)
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The length of the string literal that `rest` begins with, both quotes included.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The trees of all `use` declarations, and the code without them.
fn split_uses(code: &str) -> (Vec<String>, String) {
    let (mut uses, mut rest) = (Vec::new(), String::new());
    let mut open: Option<String> = None;
    for line in code.lines() {
        let line = line.trim();
        let declared = line
            .strip_prefix("use ")
            .or_else(|| line.split_once(" use ").filter(|(v, _)| v.starts_with("pub")).map(|(_, tree)| tree));
        match (&mut open, declared) {
            (Some(tree), _) => tree.push_str(line),
            (None, Some(tree)) => open = Some(tree.into()),
            (None, None) => rest.push_str(&format!("{line}\n")),
        }
        if let Some(tree) = open.take_if(|tree| tree.contains(';')) {
            uses.push(tree.replace([' ', ';'], ""));
        }
    }
    (uses, rest)
}

/// Writes the `use` tree out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn write_out(prefix: &str, tree: &str, into: &mut BTreeSet<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        into.insert(format!("{prefix}{tree}"));
        return;
    };
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in group.char_indices().chain([(group.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = &group[start..at];
                if !part.is_empty() {
                    write_out(&format!("{prefix}{head}"), part, into);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths with at least one `::` in code that holds no `use` declaration.
fn inline_paths(code: &str) -> Vec<String> {
    let words = code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':'));
    words.filter(|word| word.contains("::")).map(|word| word.trim_start_matches(':').to_string()).collect()
}

/// The path as seen from the crate: `super::db` in `server::jobs` is `crate::server::db`.
fn resolve(path: &str, module: &[String]) -> String {
    let (mut module, mut rest, mut relative) = (module.to_vec(), path, false);
    loop {
        if let Some(inner) = rest.strip_prefix("super::") {
            module.pop();
            (rest, relative) = (inner, true);
        } else if let Some(inner) = rest.strip_prefix("self::") {
            (rest, relative) = (inner, true);
        } else {
            break;
        }
    }
    if !relative {
        return path.strip_prefix("boreal::").map_or_else(|| path.into(), |inner| format!("crate::{inner}"));
    }
    let parts = ["crate".to_string()].into_iter().chain(module).chain([rest.to_string()]);
    parts.collect::<Vec<_>>().join("::")
}

fn leads_into(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn foreign_crates(source: &Source) -> Vec<String> {
    let paths = source.paths();
    let broken = NAMED_ONLY_IN.iter().filter(|(name, homes)| {
        !homes.iter().any(|home| source.is_in(home)) && paths.iter().any(|path| leads_into(path, name))
    });
    broken.map(|(name, homes)| format!("{}: names {name}, which only {homes:?} may", source.path)).collect()
}

fn wrong_arrows(source: &Source) -> Vec<String> {
    let parts = MUST_NOT_REACH.iter().filter(|(part, _)| source.is_in(part));
    let forbidden = parts.flat_map(|(_, modules)| modules.iter());
    let paths = source.paths();
    let reached = forbidden.filter(|module| paths.iter().any(|path| leads_into(path, &format!("crate::{module}"))));
    reached.map(|module| format!("{}: reaches crate::{module}", source.path)).collect()
}

/// Routes that are not rendered whole before the first byte: their status, cookies and redirects would come too late.
fn streamed_routes(app: &str) -> Vec<String> {
    let routes = app.split("<Route ").skip(1).map(|rest| rest.split("/>").next().unwrap_or(rest));
    routes.filter(|route| !route.contains("ssr=SsrMode::Async")).map(|route| route.trim().to_string()).collect()
}

/// Islands with props: the first prop of any island costs every page 20 KB.
fn islands_with_props(text: &str) -> Vec<String> {
    let marked = text.split("#[island").skip(1).filter_map(|rest| rest.split_once("fn "));
    let signatures = marked.map(|(_, rest)| rest.split(')').next().unwrap_or(rest).trim());
    signatures.filter(|signature| !signature.ends_with('(')).map(String::from).collect()
}

/// Pages and forms of staff that do not ask who is there.
fn unguarded(source: &Source) -> Option<String> {
    let doors = source.text.matches("Suspend::new(").count() + source.text.matches("#[server(prefix").count();
    let guards = source.text.matches("session::require_staff().await").count();
    let open = source.is_in("pages/staff") && doors != guards;
    open.then(|| format!("{}: {doors} pages and forms, {guards} guards", source.path))
}

fn unreadable(source: &Source, most: usize) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = (lines > most).then(|| format!("{}: {lines} lines, at most {most}", source.path));
    let bare = (!source.text.starts_with("//!")).then(|| format!("{}: no //! on its first line", source.path));
    let vague = ["utils", "util", "helpers", "common", "misc"];
    let vague = source.path.trim_end_matches(".rs").split('/').any(|part| vague.contains(&part));
    let vague = vague.then(|| format!("{}: a name that says nothing", source.path));
    [long, bare, vague].into_iter().flatten().collect()
}

fn file_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn only_on_one_side(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    sqlite.symmetric_difference(postgres).cloned().collect()
}

/// The names of everything that this code counts or measures.
fn counted(text: &str) -> BTreeSet<String> {
    let calls = ["counter!(", "gauge!(", "histogram!("].into_iter().flat_map(|call| text.split(call).skip(1));
    calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next()).map(String::from).collect()
}

/// The names in the first column of the tables of a page.
fn first_column(page: &str) -> BTreeSet<String> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(String::from).collect()
}

fn hold(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn each_crate_is_named_in_its_own_place_only() {
    hold(sources("src").iter().flat_map(foreign_crates).collect());
    for code in ["use sqlx::Row;", "fn f() -> sqlx::Result<()> {}", "use {serde::Serialize, sqlx::Pool};"] {
        assert_eq!(foreign_crates(&Source::new("server/services/buying.rs", code)).len(), 1, "{code}");
        assert!(foreign_crates(&Source::new("server/db/orders.rs", code)).is_empty(), "{code}");
    }
    let harmless =
        "//! Never sqlx::query.\nuse leptos_axum::redirect; /* axum::Router */ const TEXT: &str = \"reqwest::Client\";";
    assert!(foreign_crates(&Source::new("pages/home.rs", harmless)).is_empty());
    assert_eq!(foreign_crates(&Source::new("pages/home.rs", "use axum::Router;\nuse reqwest::Client;")).len(), 2);
}

#[test]
fn arrows_point_down_only() {
    hold(sources("src").iter().flat_map(wrong_arrows).collect());
    let broken = [
        ("sandbox/state.rs", "use crate::server::clock::Clock;"),
        ("model/fold.rs", "use crate::{\n    model::plan::Plan,\n    server::{db, state::State},\n};"),
        ("islands/live.rs", "use super::super::pages::home;"),
        ("pages/login.rs", "fn f() { crate::server::db::users::by_email(); }"),
        ("server/services/buying.rs", "use super::super::http::session;"),
        ("server/db/mod.rs", "pub(crate) use crate::server::services::access;"),
        ("server/polar/client.rs", "use boreal::server::db::Db;"),
        ("components/card.rs", "use crate::pages::pricing;"),
        ("server/mail/words.rs", "use crate::server::db::users;"),
        ("pages/verify.rs", "use crate::server::mail::Mailer;"),
    ];
    for (path, code) in broken {
        assert_eq!(wrong_arrows(&Source::new(path, code)).len(), 1, "{path}: {code}");
    }
    let right = "use crate::server::{services::access, http::reply};\nuse super::forms;\n// crate::server::db";
    assert!(wrong_arrows(&Source::new("pages/login.rs", right)).is_empty());
    assert!(wrong_arrows(&Source::new("server/services/buying.rs", "use crate::server::db::orders;")).is_empty());
}

#[test]
fn every_route_is_rendered_whole() {
    let app = fs::read_to_string(root().join("src/app.rs")).expect("src/app.rs");
    assert!(app.contains("<Route "), "src/app.rs holds no route");
    hold(streamed_routes(&app));
    let broken = r#"<Route path=path!("/") view=Home ssr=SsrMode::Async/> <Route path=path!("/x") view=X/>"#;
    assert_eq!(streamed_routes(broken), [r#"path=path!("/x") view=X"#]);
}

#[test]
fn every_page_of_staff_is_guarded() {
    let staff = sources("src").into_iter().filter(|source| source.is_in("pages/staff")).collect::<Vec<_>>();
    assert!(staff.iter().any(|source| source.text.contains("#[server(prefix")), "no form of staff was found");
    hold(staff.iter().filter_map(unguarded).collect());
    let open = "Suspend::new(async move { session::require_staff().await?; }) #[server(prefix = \"\")] fn f() {}";
    assert!(unguarded(&Source::new("pages/staff/person.rs", open)).is_some());
    assert!(unguarded(&Source::new("pages/account.rs", open)).is_none());
}

#[test]
fn no_island_has_props() {
    hold(sources("src").iter().flat_map(|source| islands_with_props(&source.text)).collect());
    let broken = "#[island]\npub fn Live(\n    url: String,\n) -> impl IntoView {}\n#[island]\npub fn Theme() -> impl IntoView {}";
    assert_eq!(islands_with_props(broken).len(), 1);
}

#[test]
fn every_file_is_readable() {
    let src = sources("src").iter().flat_map(|source| unreadable(source, SRC_LINES)).collect::<Vec<_>>();
    let tests = sources("tests").iter().flat_map(|source| unreadable(source, TEST_LINES)).collect::<Vec<_>>();
    hold([src, tests].concat());
    assert_eq!(unreadable(&Source::new("model/utils.rs", &"x\n".repeat(301)), SRC_LINES).len(), 3);
    assert!(
        unreadable(&Source::new("model/fold.rs", &format!("//! Fold.\n{}", "x\n".repeat(299))), SRC_LINES).is_empty()
    );
}

#[test]
fn both_engines_have_the_same_migrations() {
    let [sqlite, postgres] = ["sqlite", "postgres"].map(|engine| file_names(&root().join("migrations").join(engine)));
    assert!(!sqlite.is_empty(), "no migration");
    hold(only_on_one_side(&sqlite, &postgres));
    let [one, two] = [["0001_a.sql"], ["0001_b.sql"]].map(|names| names.map(String::from).into());
    assert_eq!(only_on_one_side(&one, &two).len(), 2);
}

#[test]
fn everything_that_is_counted_is_described() {
    let text = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"));
    let counted_in_src: BTreeSet<String> = sources("src").iter().flat_map(|source| counted(&source.text)).collect();
    assert!(counted_in_src.len() > 20, "{counted_in_src:?}");
    assert_eq!(first_column(&text("docs/metrics.md")), counted_in_src, "docs/metrics.md names what the code counts");
    let described = text("src/server/measures.rs");
    let missing = counted_in_src.iter().filter(|name| !described.contains(&format!("\"{name}\",")));
    hold(missing.map(|name| format!("src/server/measures.rs does not describe {name}")).collect());
    let code =
        "metrics::counter!(\"a_total\").increment(1); gauge!(\n    \"b\", \"kind\" => kind); describe_counter!(*name)";
    assert_eq!(counted(code).into_iter().collect::<Vec<_>>(), ["a_total", "b"]);
    assert_eq!(first_column("| `a_total` | counter |\n| name |\n`b`").into_iter().collect::<Vec<_>>(), ["a_total"]);
}
