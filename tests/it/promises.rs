//! docs/security.md names a test for each promise: they all exist.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of tests that a page tells of: words of code with at least two underscores.
fn told_tests(page: &str) -> BTreeSet<String> {
    let code = page.split('`').skip(1).step_by(2);
    let is_name =
        |word: &&str| word.matches('_').count() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    code.filter(is_name).map(String::from).collect()
}

/// The names of the tests in this code.
fn tests_of(text: &str) -> BTreeSet<String> {
    let marked = ["#[test]", "#[tokio::test"].into_iter().flat_map(|mark| text.split(mark).skip(1));
    marked.filter_map(|rest| rest.split_once("fn ")?.1.split('(').next()).map(|name| name.trim().to_owned()).collect()
}

fn tests_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(tests_below(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.extend(tests_of(&fs::read_to_string(path).expect("text")));
        }
    }
    found
}

#[test]
fn every_promise_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let told = told_tests(&page);
    assert!(told.len() > 40, "{told:?}");
    let mut known = tests_below(&root().join("src"));
    known.extend(tests_below(&root().join("tests")));
    let missing: Vec<_> = told.difference(&known).collect();
    assert!(missing.is_empty(), "docs/security.md names {missing:?}, which are no tests");
    let table = page.split("## Not promised").next().unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let bare: Vec<_> = rows.filter(|line| told_tests(line).is_empty()).collect();
    assert!(bare.is_empty(), "promises without a test: {bare:?}");
}

#[test]
fn the_reading_itself_works() {
    assert_eq!(told_tests("| no | `a_b_c`, `BOREAL_X_Y`, `make run` |").into_iter().collect::<Vec<_>>(), ["a_b_c"]);
    let code = "#[test]\nfn one() {}\n#[tokio::test(flavor = \"x\")]\nasync fn two(a: u8) {}\nfn three() {}";
    assert_eq!(tests_of(code).into_iter().collect::<Vec<_>>(), ["one", "two"]);
}
