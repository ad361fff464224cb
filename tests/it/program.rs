//! The program itself as a process of its own: started, killed, asked to stop, and run for one command.

use super::{
    patience::{wait_for, wait_within},
    polar::{Polar, browser},
};
use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A start takes so long at most, on a machine that does much else.
const START: Duration = Duration::from_secs(180);

/// A running `boreal serve`; killed when it is dropped.
pub struct Process {
    /// The child.
    pub child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free, and stays so until a program takes it: below those that the kernel gives to whoever asks for any,
/// and given to one test only.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(97).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(next % 20_000).expect("below 20,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Process {
    /// Starts one that listens at `addr`; what it says at the level of `filter` goes to `log` in the folder. It does not
    /// answer yet.
    pub fn spawn(addr: SocketAddr, folder: &Path, filter: &str, arguments: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("log")).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_boreal"))
            .args(["serve", "--listen", &addr.to_string(), "--log-format", "json"])
            .args([Path::new("--mail-folder"), &folder.join("mail")])
            .args(arguments)
            .env("RUST_LOG", filter)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same file"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Self { child, addr }
    }

    /// Waits until it answers.
    pub async fn answers(&mut self) {
        let (http, address) = (browser(), format!("http://{}/readyz", self.addr));
        let ready = async || {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("it ended while it was starting: {status}");
            }
            http.get(&address).send().await.map(drop)
        };
        wait_within(START, "the program to answer", ready).await;
    }

    /// As from outside, without any chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        wait_for("the program to end", async || self.child.try_wait().expect("a child")).await
    }
}

/// Runs one command beside a server, on its database and with its Polar.
pub async fn boreal(origin: &str, database: &str, polar: &Polar, secret: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boreal"));
    command.args(arguments).args(["--origin", origin, "--database-url", database]);
    command.env("POLAR_ACCESS_TOKEN", &polar.token).env("POLAR_API_BASE", &polar.origin);
    command.env("POLAR_WEBHOOK_SECRETS", secret);
    let ran = tokio::task::spawn_blocking(move || command.output());
    ran.await.expect("no panic").expect("the program runs")
}

/// What a command that went well printed.
pub fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}
