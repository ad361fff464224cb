//! One recorded exchange, as its file holds it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::clock::Stamp;

/// What was asked and what Polar answered.
pub struct Exchange {
    /// `041`
    pub number: String,
    /// `checkout-client-confirm-free`
    pub name: String,
    pub at: Stamp,
    pub method: String,
    pub path: String,
    /// Without the token and what every client sends of itself.
    pub version: Option<String>,
    /// As recorded, with its stand-in.
    pub token: Option<String>,
    /// As sent; not always JSON.
    pub body: Option<String>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub answer: Value,
}

/// Where the recordings are, if they are there at all.
pub fn captures() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/polar/captures");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the recordings are not at {}", folder.display());
    None
}

/// The files of a folder of recordings with this ending, in the order of their numbers.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("recordings");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

/// All exchanges in their order.
pub fn exchanges(captures: &Path) -> Vec<Exchange> {
    files(&captures.join("http"), ".json").iter().map(|path| read(path)).collect()
}

/// A file of JSON.
pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("bytes")).expect("JSON")
}

fn read(path: &Path) -> Exchange {
    let recorded = json(path);
    let (request, response) = (&recorded["request"], &recorded["response"]);
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let body = match &request["body"] {
        Value::Null => None,
        sent => Some(sent["_raw"].as_str().map_or_else(|| sent.to_string(), str::to_owned)),
    };
    let answer = match response["body"]["_nonjson"].as_str() {
        Some(text) => Value::from(text),
        None => response["body"].clone(),
    };
    let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
    Exchange {
        number: stem[..3].to_owned(),
        name: stem[4..].to_owned(),
        at: Stamp::read(recorded["at"].as_str().expect("an instant")).expect("an instant"),
        method: word(&request["method"]).expect("a method"),
        path: word(&request["path"]).expect("a path"),
        version: word(&request["headers"]["Polar-Version"]),
        token: word(&request["headers"]["Authorization"]).map(|value| value.replace("Bearer ", "")),
        body,
        status: u16::try_from(response["status"].as_u64().expect("a status")).expect("a status"),
        headers: serde_json::from_value(response["headers"].clone()).expect("pairs"),
        answer,
    }
}
