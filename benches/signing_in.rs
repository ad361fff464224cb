//! How long log-in, reset and registration take for an address that has an account and for one that has none, side by
//! side: `cargo bench --features ssr,sandbox --bench signing_in`. Mail stays in the database, and nobody is asked over the network.

use boreal::server::{
    clock::Clock,
    config::Config,
    db::{self, Reader, users},
    services::{
        accounts::{self, Refused},
        new_id,
    },
    startup,
    state::State,
};
use clap::Parser;
use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::{Duration, Instant},
};

/// So often each way is gone, turn and turn about.
const TIMES: usize = 100;
const PASSWORD: &str = "correct horse battery";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

/// The ways in which a stranger could try an address.
#[derive(Clone, Copy, Debug)]
enum Way {
    LogIn,
    Reset,
    Registration,
}

async fn open(folder: &Path) -> State {
    let database = format!("sqlite:{}", folder.join("boreal.db").display());
    let plans = concat!(env!("CARGO_MANIFEST_DIR"), "/plans.toml");
    let own = ["boreal", "--database-url", &database, "--plans", plans, "--registration", "mailbox"];
    let polar = ["--polar-token", "none", "--polar-webhook-secrets", "polar_whs_0123456789abcdef"];
    let line = Line::parse_from([&own[..], &polar, &["--polar-api-base", "http://127.0.0.1:9"]].concat());
    startup::open(line.config).await.expect("it is put together")
}

/// Every try comes from another network: the limits are not what is measured.
fn somewhere(number: usize) -> IpAddr {
    let [_, _, high, low] = u32::try_from(number).expect("few").to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(198, 18, high, low))
}

/// Accounts that have all the same password, so that it is hashed once.
async fn known(state: &State) -> Vec<String> {
    let first = "first@boreal-shop.dev";
    accounts::register(state, first, PASSWORD.to_owned(), somewhere(0)).await.expect("an account");
    let hash = "SELECT password_hash FROM users WHERE email = $1";
    let hash: String = state.db.read(hash).bind(first).scalar().await.expect("a hash");
    let mut emails = Vec::new();
    for number in 0..TIMES {
        let email = format!("known-{number:04}@boreal-shop.dev");
        let (id, now) = (new_id(), Clock::default().wall());
        let added: Result<bool, db::Error> =
            state.db.transaction(async |tx| users::add(tx, &id, &email, &hash, now).await).await;
        assert!(added.expect("a row"));
        emails.push(email);
    }
    emails
}

/// Goes one way with one address; how long that took.
async fn go(state: &State, way: Way, email: &str, from: IpAddr) -> Duration {
    let begun = Instant::now();
    let fine = match way {
        Way::LogIn => {
            let answer = accounts::log_in(state, email, "another horse battery".to_owned(), from).await;
            matches!(answer, Err(Refused::Wrong))
        }
        Way::Reset => accounts::ask_reset(state, email, from).await.is_ok(),
        Way::Registration => {
            matches!(accounts::register(state, email, PASSWORD.to_owned(), from).await, Ok(None))
        }
    };
    let took = begun.elapsed();
    assert!(fine, "{way:?} with {email}");
    took
}

/// The time below which so many of a hundred were, in milliseconds.
fn below(times: &[Duration], percent: usize) -> f64 {
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

async fn compare(state: &State, way: Way, emails: &[String], networks: &mut usize) {
    let mut times = [Vec::new(), Vec::new()];
    for (number, email) in emails.iter().enumerate() {
        let unknown = format!("{way:?}-{number:04}@boreal-shop.dev").to_lowercase();
        let pair = [email.as_str(), unknown.as_str()];
        // Neither is always the first.
        for which in [number % 2, 1 - number % 2] {
            *networks += 1;
            times[which].push(go(state, way, pair[which], somewhere(*networks)).await);
        }
    }
    for (who, mut times) in ["known", "unknown"].into_iter().zip(times) {
        times.sort();
        let [ten, half, ninety] = [10, 50, 90].map(|percent| below(&times, percent));
        println!("| {:<12} | {who:<7} | {ten:>8.2} | {half:>8.2} | {ninety:>8.2} |", format!("{way:?}"));
    }
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let state = open(folder.path()).await;
    let (emails, mut networks) = (known(&state).await, 1);
    println!("| way          | address |   10 %   |  median  |   90 %   |");
    println!("|--------------|---------|---------:|---------:|---------:|");
    for way in [Way::LogIn, Way::Reset, Way::Registration] {
        compare(&state, way, &emails, &mut networks).await;
    }
    state.db.close().await;
}
