//! The program does not start a sandbox beside a real Polar, for other machines, or where others reach it.

use super::{patience::wait_for, polar::browser, program::free_port};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// What the process says when the configuration is wrong.
const WRONG_CONFIGURATION: i32 = 2;
const TOKEN: &str = "polar_oat_of_somebody";

/// The program in a folder of its own, with nothing from the environment of the tests.
fn program(folder: &Path, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_boreal"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BOREAL_") || name.starts_with("POLAR_")) {
        program.env_remove(name);
    }
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans.toml");
    program.current_dir(folder).arg(command).env("BOREAL_PLANS", plans).env("BOREAL_LISTEN", "127.0.0.1:0");
    program.env("BOREAL_SANDBOX_LISTEN", "127.0.0.1:0").stdin(Stdio::null());
    program.stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// What a program says that must end by itself.
async fn ended(mut program: Command) -> Output {
    let mut child = Ending(program.spawn().expect("the program starts"));
    wait_for("the program to refuse", async || child.0.try_wait().expect("a child")).await;
    let mut output = Output { status: child.0.wait().expect("it is gone"), stdout: Vec::new(), stderr: Vec::new() };
    let pipes = (child.0.stdout.take().expect("a pipe"), child.0.stderr.take().expect("a pipe"));
    std::io::copy(&mut { pipes.0 }, &mut output.stdout).expect("text");
    std::io::copy(&mut { pipes.1 }, &mut output.stderr).expect("text");
    output
}

/// A process that does not outlive its test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// It says what is wrong and to which setting, and has made nothing.
async fn refuses(command: &str, settings: &[(&str, &str)], named: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = program(folder.path(), command);
    program.envs(settings.iter().copied());
    let said = ended(program).await;
    let why = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(WRONG_CONFIGURATION), "{command} with {settings:?}: {why}");
    assert!(why.contains(named), "{command} with {settings:?} does not name {named}: {why}");
    assert!(!why.contains(TOKEN), "{why}");
    assert!(said.stdout.is_empty(), "{}", String::from_utf8_lossy(&said.stdout));
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sandbox_beside_a_token_of_polar() {
    refuses("sandbox", &[("POLAR_ACCESS_TOKEN", TOKEN)], "POLAR_ACCESS_TOKEN").await;
    let secrets = ("POLAR_WEBHOOK_SECRETS", "polar_whs_0123456789abcdef");
    refuses("sandbox", &[("POLAR_ACCESS_TOKEN", TOKEN), secrets], "POLAR_ACCESS_TOKEN").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sandbox_for_a_site_on_another_machine() {
    for origin in ["https://shop.example.org", "http://192.168.1.7:3000", "http://localhost.example.org"] {
        for command in ["sandbox", "serve"] {
            refuses(command, &[("BOREAL_ORIGIN", origin)], "BOREAL_ORIGIN").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sandbox_where_others_reach_it() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.168.1.7:3010"] {
        for command in ["sandbox", "serve"] {
            refuses(command, &[("BOREAL_SANDBOX_LISTEN", listen)], "BOREAL_SANDBOX_LISTEN").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_the_site_runs_without_a_sandbox() {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let (port, sandbox) = (free_port(), free_port());
    let address = format!("http://127.0.0.1:{port}");
    let mut program = program(folder.path(), "serve");
    program.envs([("POLAR_ACCESS_TOKEN", TOKEN), ("POLAR_WEBHOOK_SECRETS", "polar_whs_0123456789abcdef")]);
    program.env("POLAR_API_BASE", format!("http://127.0.0.1:{}", free_port()));
    program.env("BOREAL_LISTEN", format!("127.0.0.1:{port}")).env("BOREAL_ORIGIN", &address);
    program.env("BOREAL_SANDBOX_LISTEN", format!("127.0.0.1:{sandbox}"));
    let state = folder.path().join("sandbox.json");
    program.env("BOREAL_SANDBOX_STATE", &state).env("BOREAL_DATABASE_URL", "sqlite:boreal.db");
    program.stdout(Stdio::null()).stderr(Stdio::null());
    let _running = Ending(program.spawn().expect("the program starts"));
    let http = browser();
    let page = async || http.get(format!("{address}/")).send().await.ok();
    let page = wait_for("the site to answer", page).await.text().await.expect("a page");
    assert!(TcpStream::connect(("127.0.0.1", sandbox)).is_err(), "nobody stands in for Polar");
    assert!(!state.exists());
    assert!(!page.to_lowercase().contains("sandbox"), "and no page says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn alone_on_this_machine_it_starts_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = Ending(program(folder.path(), "sandbox").spawn().expect("the program starts"));
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    let text = |key: &str| said[key].as_str().unwrap_or_else(|| panic!("no {key} in {said}")).to_owned();
    let origin = text("origin");
    assert!(origin.starts_with("http://localhost:"), "{origin}");
    let read = browser().get(format!("{origin}/v1/organizations/")).bearer_auth(text("token")).send().await;
    assert_eq!(read.expect("it answers").status().as_u16(), 200);
    assert!(text("webhook_secret").len() > 16);
}
