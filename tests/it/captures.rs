//! What Polar's own server sent and answered, replayed: every webhook verifies and applies, and in any order the mirror
//! ends at the newest picture of each object.

use crate::{engine::Database, shop::config};
use boreal::{
    model::{instant::Micros, projection::Kind},
    server::{
        clock::Millis,
        db::{
            Db, Reader,
            inbox::{self, Delivery},
        },
        polar::signature::{self, Headers},
        services::applying::{self, Fact, of_read},
        startup::Server,
        state::State,
    },
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

const SECRET: &str = "polar_whs_loopbackpeersecret0123456789abcdef";
const SHUFFLES: u64 = 50;

/// (kind, id)
type Key = (String, String);

/// One thing that Polar said.
#[derive(Clone)]
enum Said {
    Webhook { id: String, body: Vec<u8>, received_at: Millis },
    Read { kind: String, observed_us: Micros, object: Value },
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/polar/captures");
    folder.join("INDEX.md").exists().then_some(folder)
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).expect("a folder of recordings").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = all.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a readable recording")).expect("a recording is JSON")
}

/// Every recorded webhook, after its signature was checked with the clock set to when it came.
fn webhooks(folder: &Path) -> Vec<(Micros, Said)> {
    let mut said = Vec::new();
    for path in files(&folder.join("webhooks"), ".body") {
        let body = fs::read(&path).expect("a readable body");
        let meta = json(&path.with_extension("meta.json"));
        let header = |name: &str| meta["headers"][name].as_str().expect("a recorded header").to_owned();
        let (id, timestamp, signature) =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
        let received_us = instant(&meta["received_at"]);
        let headers = Headers { id: &id, timestamp: &timestamp, signature: &signature };
        signature::verify(&[SECRET.into()], headers, &body, received_us / 1_000_000)
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        said.push((received_us, Said::Webhook { id, body, received_at: received_us / 1000 }));
    }
    said
}

/// Every object that a recorded GET of this organization answered with.
fn reads(folder: &Path) -> Vec<(Micros, Said)> {
    let mut said = Vec::new();
    for path in files(&folder.join("http"), ".json") {
        let exchange = json(&path);
        let (request, response) = (&exchange["request"], &exchange["response"]);
        let ours = request["headers"]["Authorization"] == "Bearer polar_oat_ALL_SCOPES";
        let kind = kind_of(request["path"].as_str().unwrap_or_default());
        let Some(kind) = kind.filter(|_| ours && request["method"] == "GET" && response["status"] == 200) else {
            continue;
        };
        let body = &response["body"];
        // A bill has items of its own; only a list has pages.
        let listed = body["items"].as_array().filter(|_| body["pagination"].is_object());
        let objects = listed.cloned().unwrap_or_else(|| vec![body.clone()]);
        for object in objects {
            let said_it = Said::Read { kind: kind.clone(), observed_us: date(response), object };
            said.push((instant(&exchange["at"]), said_it));
        }
    }
    said
}

/// Which kind a path lists or shows, if it is one of the mirror's.
fn kind_of(path: &str) -> Option<String> {
    let path = path.split('?').next()?;
    let mut parts = path.strip_prefix("/v1/")?.split('/');
    let kind = ["product", "subscription", "order", "customer"];
    let plural = parts.next()?;
    let kind = kind.into_iter().find(|kind| format!("{kind}s") == plural)?;
    let rest: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let whole = rest.len() <= 1 || (rest.len() == 2 && rest[0] == "external");
    whole.then(|| kind.to_owned())
}

fn date(response: &Value) -> Micros {
    let headers = response["headers"].as_array().expect("recorded headers");
    let date = headers.iter().find(|pair| pair[0] == "date").expect("a Date");
    let date = date[1].as_str().expect("text").replace("GMT", "+0000");
    OffsetDateTime::parse(&date, &Rfc2822).expect("a Date").unix_timestamp() * 1_000_000
}

fn instant(text: &Value) -> Micros {
    boreal::model::instant::parse_us(text.as_str().expect("an instant")).expect("an instant")
}

/// The picture that must win for each object: its last read, unless a webhook's version is newer; else the newest webhook.
fn expected(said: &[(Micros, Said)]) -> BTreeMap<Key, String> {
    let mut webhooks: BTreeMap<Key, (Micros, Micros, String)> = BTreeMap::new();
    let mut reads: BTreeMap<Key, (Micros, Micros, String)> = BTreeMap::new();
    for (at, said) in said {
        let Some((key, version_us, observed_us, projection)) = picture(said) else { continue };
        match said {
            Said::Webhook { .. } => {
                let new = (version_us, observed_us, projection);
                let newest = webhooks.entry(key).or_insert_with(|| new.clone());
                *newest = newest.clone().max(new);
            }
            Said::Read { .. } => {
                let new = (*at, version_us, projection);
                let last = reads.entry(key).or_insert_with(|| new.clone());
                *last = last.clone().max(new);
            }
        }
    }
    let mut wanted: BTreeMap<Key, String> =
        webhooks.iter().map(|(key, (_, _, text))| (key.clone(), text.clone())).collect();
    for (key, (_, version_us, projection)) in reads {
        if webhooks.get(&key).is_none_or(|(newest, ..)| version_us >= *newest) {
            wanted.insert(key, projection);
        }
    }
    wanted
}

fn picture(said: &Said) -> Option<(Key, Micros, Micros, String)> {
    let parsed = match said {
        Said::Webhook { body, .. } => {
            let envelope: Value = serde_json::from_slice(body).expect("a recorded body is JSON");
            let name = envelope["type"].as_str().expect("a type");
            let family = if name == "customer.state_changed" { "state" } else { name.split('.').next()? };
            of_read(family, instant(&envelope["timestamp"]), &envelope["data"])
        }
        Said::Read { kind, observed_us, object } => of_read(kind, *observed_us, object),
    };
    let parsed = parsed.unwrap_or_else(|dead| panic!("{}: {}", dead.kind, dead.reason));
    match parsed.fact {
        Fact::Object(seen) => {
            let key = (seen.kind.stored().to_owned(), seen.id);
            Some((key, seen.version_us, parsed.observed_us, seen.projection))
        }
        Fact::Customer(seen) => {
            Some((("customer".to_owned(), seen.id), seen.version_us, parsed.observed_us, seen.projection))
        }
        Fact::Checkout(_) | Fact::Other => None,
    }
}

async fn replay(state: &State, said: &[(Micros, Said)]) {
    for (place, (_, said)) in said.iter().enumerate() {
        match said {
            Said::Webhook { id, body, received_at } => {
                let delivery = Delivery { webhook_id: id.clone(), body: body.clone(), received_at: *received_at };
                state.intake.put(delivery).await.expect("a stored webhook");
            }
            Said::Read { kind, observed_us, object } => {
                let (token, body) = (format!("replay-{place}"), object.to_string());
                let now = state.clock.wall();
                let about = (kind.as_str(), *observed_us, body.as_bytes());
                let row = inbox::put_read(&state.db, about, &token, (now, now + 60_000)).await.expect("a stored read");
                applying::apply(state, &row, &token).await.expect("an applied read");
            }
        }
        applying::drain(state).await.expect("an applied inbox");
    }
}

async fn mirrored(db: &Db) -> BTreeMap<Key, String> {
    let mut rows: Vec<(String, String, String)> =
        db.read("SELECT kind, id, projection FROM polar_objects").all().await.expect("objects");
    let customers: Vec<(String, String)> =
        db.read("SELECT id, projection FROM polar_customers WHERE version_us > 0").all().await.expect("customers");
    rows.extend(customers.into_iter().map(|(id, projection)| ("customer".to_owned(), id, projection)));
    rows.into_iter().map(|(kind, id, projection)| ((kind, id), projection)).collect()
}

/// Everything that Polar's objects lead to, but for what the order of arrival may show in.
async fn empty(db: &Db) {
    for table in ["DELETE FROM polar_objects", "DELETE FROM polar_customers", "DELETE FROM inbox", "DELETE FROM jobs"] {
        db.write(table).execute().await.expect("an emptied table");
    }
}

/// A small generator: the same seed gives the same order.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for place in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(place, usize::try_from(state % (place as u64 + 1)).expect("a place"));
    }
}

fn compare(found: &BTreeMap<Key, String>, wanted: &BTreeMap<Key, String>, when: &str) {
    for (key, projection) in wanted {
        assert_eq!(found.get(key), Some(projection), "{key:?} {when}");
    }
    assert_eq!(found.len(), wanted.len(), "nothing else is in the mirror {when}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_history_ends_at_the_newest_picture_in_every_order() {
    let Some(folder) = folder() else {
        println!("skipped: the recordings of Polar's server are not beside this project");
        return;
    };
    let mut said = webhooks(&folder);
    assert!(said.len() > 400, "all recordings are there");
    said.extend(reads(&folder));
    said.sort_by_key(|(at, _)| *at);
    let wanted = expected(&said);
    assert!(Kind::of_stored("subscription").is_some() && wanted.len() > 30, "{} objects", wanted.len());

    // Built and never run: nothing else works on the inbox.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let temporary = tempfile::tempdir().expect("a folder");
    let database = Database::new(temporary.path()).await;
    let server = Server::build(config(&database.url, &temporary.path().join("sandbox.json"), &[])).await;
    let state = server.expect("the server is put together").state();
    empty(&state.db).await;
    replay(&state, &said).await;
    compare(&mirrored(&state.db).await, &wanted, "in the recorded order");
    for seed in 1..=SHUFFLES {
        empty(&state.db).await;
        shuffle(&mut said, seed);
        replay(&state, &said).await;
        compare(&mirrored(&state.db).await, &wanted, &format!("in shuffle {seed}"));
    }
    state.db.close().await;
    database.remove().await;
}
