//! Looks on at the sandbox of a test. If the test passes, everything that the sandbox said must be as Polar describes it;
//! if it fails, what happened is written to a file that `boreal sandbox replay` makes happen again.

mod schema;

use serde_json::Value;
use std::{fs, io, path::PathBuf, thread};

/// Judges a sandbox when the test is over.
pub struct Witness {
    /// What `GET /sandbox/history` says of each organization.
    histories: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    /// A history must be there from its beginning; else what is left of a long one is judged.
    whole: bool,
}

impl Witness {
    /// Looks on at the sandbox whose histories these are; a `whole` one tells everything, of others the beginning may be
    /// forgotten.
    pub fn new(histories: impl Fn() -> Vec<String> + Send + Sync + 'static, whole: bool) -> Self {
        Self { histories: Box::new(histories), whole }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let histories = (self.histories)();
        if !thread::panicking() {
            let wrong: Vec<String> = histories.iter().flat_map(|history| complaints(history, self.whole)).collect();
            assert!(wrong.is_empty(), "not as Polar describes it: {wrong:#?}");
            return;
        }
        for history in &histories {
            match keep(history) {
                Ok(path) => eprintln!("what happened in the sandbox: {}", path.display()),
                Err(error) => eprintln!("what happened in the sandbox could not be written: {error}"),
            }
        }
    }
}

/// What in a history Polar would not have said; of a `whole` one nothing may be missing.
pub fn complaints(history: &str, whole: bool) -> Vec<String> {
    let lines = history.lines().skip(1);
    let entries: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let first = entries.first().map_or(1, |entry| entry["number"].as_u64().expect("a number"));
    let mut wrong = schema::complaints(&entries);
    wrong
        .extend((first > 1 && whole).then(|| format!("the first {} entries are forgotten and not checked", first - 1)));
    wrong
}

/// Writes a history where it outlives the test; the file, named after the test.
pub fn keep(history: &str) -> io::Result<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/histories");
    fs::create_dir_all(&folder)?;
    // Of two sandboxes of one test each has its own organization.
    let head: Value = history.lines().next().and_then(|head| serde_json::from_str(head).ok()).unwrap_or_default();
    let whose = head["organization_id"].as_str().unwrap_or_default().split('-').next().unwrap_or_default().to_owned();
    let test = thread::current().name().unwrap_or("unnamed").replace("::", "-");
    let path = folder.join(format!("{test}-{whose}.jsonl"));
    fs::write(&path, history)?;
    Ok(path)
}
