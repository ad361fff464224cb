//! The whole configuration: one clap struct, which `--help` documents, environment variables set, and which is checked
//! across fields before anything starts.

use super::mail;
use crate::model::budget::Limit;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use std::{net::SocketAddr, path::PathBuf};
use url::{Host, Url};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What registering ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// The same page for everybody; the mailbox says how to go on, and nobody logs in with an address that is not proved. A
    /// stranger cannot find out who has an account.
    Mailbox,
    /// Signed in at once. Who tries to register with somebody's address learns that it has an account.
    AtOnce,
}

/// Everything that can be set.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "BOREAL_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Where people reach this site, without a path; links and return addresses are built from it alone.
    #[arg(long, env = "BOREAL_ORIGIN", default_value = "http://127.0.0.1:3000")]
    pub origin: Url,

    /// `sqlite:path` for the embedded database, `postgres://…` for a server.
    #[arg(long, env = "BOREAL_DATABASE_URL", default_value = "sqlite:data/boreal.db", hide_env_values = true)]
    pub database_url: String,

    /// The file that describes the plans.
    #[arg(long, env = "BOREAL_PLANS", default_value = "plans.toml")]
    pub plans: PathBuf,

    /// The folder with the built style sheet, scripts and public files.
    #[arg(long, env = "BOREAL_SITE_ROOT", default_value = "target/site")]
    pub site_root: PathBuf,

    /// How log lines are written.
    #[arg(long, env = "BOREAL_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,

    /// Networks whose `X-Forwarded-For` is believed, comma-separated, for example `10.0.0.0/8`.
    #[arg(long, env = "BOREAL_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Address and port where Prometheus metrics are served; none by default.
    #[arg(long, env = "BOREAL_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Organization access token of Polar. Without one the built-in sandbox is used.
    #[arg(long, env = "POLAR_ACCESS_TOKEN", hide_env_values = true)]
    pub polar_token: Option<SecretString>,

    /// Webhook secrets, comma-separated: the present one, and the previous one while it is being changed.
    #[arg(long, env = "POLAR_WEBHOOK_SECRETS", value_delimiter = ',', hide_env_values = true)]
    pub polar_webhook_secrets: Vec<SecretString>,

    /// Polar's API: `https://api.polar.sh`, or `https://sandbox-api.polar.sh`.
    #[arg(long, env = "POLAR_API_BASE", default_value = "https://api.polar.sh")]
    pub polar_api_base: Url,

    /// Requests a minute that Polar takes from this organization: 500, or 100 in Polar's test environment. At most eight
    /// tenths of them are sent, by all nodes together.
    #[arg(long, env = "POLAR_RATE_LIMIT")]
    pub polar_rate_limit: Option<u32>,

    /// After so many days the raw bodies of Polar's messages give way to the facts that were read from them.
    #[arg(long, env = "BOREAL_KEEP_BODIES_DAYS", default_value_t = 90)]
    pub keep_bodies_days: u16,

    /// The mail server: `smtps://user:password@mail.example.org`, or `smtp://…?tls=required`. Without one mail waits; on
    /// this machine it goes into a folder.
    #[arg(long, env = "BOREAL_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,

    /// From whom mail comes: `Boreal <shop@example.org>`.
    #[arg(long, env = "BOREAL_MAIL_FROM")]
    pub mail_from: Option<String>,

    /// Where mail goes in place of a mail server, if this site is reached on this machine alone.
    #[arg(long, env = "BOREAL_MAIL_FOLDER", default_value = "data/mail")]
    pub mail_folder: PathBuf,

    /// What registering ends with: `mailbox`, which tells a stranger nothing about an address, or `at-once`, which signs in.
    /// `mailbox` by default; on this machine, where nobody is a stranger, `at-once`.
    #[arg(long, env = "BOREAL_REGISTRATION", value_enum)]
    pub registration: Option<Registration>,

    /// Address and port of the built-in sandbox.
    #[arg(long, env = "BOREAL_SANDBOX_LISTEN", default_value = "127.0.0.1:3010")]
    pub sandbox_listen: SocketAddr,

    /// The file where the built-in sandbox keeps its state.
    #[arg(long, env = "BOREAL_SANDBOX_STATE", default_value = "data/sandbox.json")]
    pub sandbox_state: PathBuf,
}

/// Whether an address is this very machine.
#[must_use]
pub fn is_here(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The shortest webhook secret that is accepted, in bytes: shorter ones were cut on the way.
const SHORTEST_SECRET: usize = 16;

impl Config {
    /// Whether the built-in sandbox stands in for Polar.
    #[must_use]
    pub fn uses_sandbox(&self) -> bool {
        self.polar_token.is_none()
    }

    /// Requests a minute that Polar takes (C§1.5); the built-in sandbox has no limit of its own.
    #[must_use]
    pub fn rate_limit(&self) -> Limit {
        let host = self.polar_api_base.host_str().unwrap_or_default();
        let usual = match host {
            _ if self.uses_sandbox() => 60_000,
            "sandbox-api.polar.sh" => 100,
            _ => 500,
        };
        Limit(self.polar_rate_limit.unwrap_or(usual))
    }

    /// Where people reach this site, without a trailing slash.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str().trim_end_matches('/')
    }

    /// Whether people reach this site over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.scheme() == "https"
    }

    /// Whether the origin is this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_here(&self.origin)
    }

    /// What registering ends with.
    #[must_use]
    pub fn registration(&self) -> Registration {
        let usual = if self.is_loopback() { Registration::AtOnce } else { Registration::Mailbox };
        self.registration.unwrap_or(usual)
    }

    /// How mail is sent.
    #[must_use]
    pub fn mail(&self) -> mail::Settings<'_> {
        mail::Settings {
            smtp_url: self.smtp_url.as_ref(),
            from: self.mail_from.as_deref(),
            folder: self.is_loopback().then_some(&*self.mail_folder),
            host: self.origin.host_str().unwrap_or("localhost"),
        }
    }

    /// One sentence for each mistake; empty when the configuration can be used.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = self.setup_mistakes();
        if self.polar_token.is_some() && self.polar_webhook_secrets.is_empty() {
            let missing = "POLAR_WEBHOOK_SECRETS is missing: without it no webhook can be trusted. Copy it from the \
                           endpoint in Polar's settings, which `boreal polar push` makes.";
            found.push(missing.to_owned());
        }
        found.extend(mail::Mailer::of(&self.mail()).err().unwrap_or_default());
        found
    }

    /// As [`Config::mistakes`], as long as there is no webhook endpoint yet, and mail does not matter.
    #[must_use]
    pub fn setup_mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut say = |wrong: bool, sentence: &str| {
            if wrong {
                found.push(sentence.to_owned());
            }
        };
        let has_path = self.origin.path() != "/" || self.origin.query().is_some() || self.origin.fragment().is_some();
        say(has_path, "BOREAL_ORIGIN must be scheme, host and port alone, for example https://shop.example.org.");
        say(
            !matches!(self.origin.scheme(), "http" | "https"),
            "BOREAL_ORIGIN must begin with https:// (or http:// on this machine).",
        );
        say(
            self.origin.scheme() == "http" && !self.is_loopback() && !self.uses_sandbox(),
            "BOREAL_ORIGIN must use https unless it is this machine: cookies and card data pass through it.",
        );
        say(
            self.uses_sandbox() && !self.is_loopback(),
            "BOREAL_ORIGIN is not this machine, but POLAR_ACCESS_TOKEN is missing: the sandbox sells for play money and \
             is only for this machine. Set POLAR_ACCESS_TOKEN and POLAR_WEBHOOK_SECRETS.",
        );
        say(
            self.uses_sandbox() && !self.sandbox_listen.ip().is_loopback(),
            "BOREAL_SANDBOX_LISTEN must be a loopback address: everybody who reaches the sandbox can buy for free.",
        );
        found.extend(self.secret_mistakes());
        found
    }

    fn secret_mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.polar_token.as_ref().is_some_and(|token| token.expose_secret().trim().is_empty()) {
            found.push("POLAR_ACCESS_TOKEN is empty: leave it out to use the sandbox.".to_owned());
        }
        let lengths = self.polar_webhook_secrets.iter().map(|secret| secret.expose_secret().trim().len());
        if lengths.clone().any(|length| length == 0) {
            found.push("POLAR_WEBHOOK_SECRETS holds an empty secret: remove the stray comma.".to_owned());
        } else if lengths.clone().any(|length| length < SHORTEST_SECRET) {
            found.push(format!(
                "POLAR_WEBHOOK_SECRETS holds a secret of fewer than {SHORTEST_SECRET} characters: it was cut while copying."
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        config: Config,
    }

    fn of(arguments: &[&str]) -> Config {
        Line::parse_from(std::iter::once("boreal").chain(arguments.iter().copied())).config
    }

    #[test]
    fn defaults_are_the_sandbox_on_this_machine() {
        let config = of(&[]);
        assert!(config.uses_sandbox() && config.is_loopback());
        assert_eq!(config.mistakes(), Vec::<String>::new());
    }

    #[test]
    fn the_limit_is_that_of_the_polar_in_use() {
        let token = ["--polar-token", "polar_oat_x"];
        let limit = |more: &[&str]| of(&[&token[..], more].concat()).rate_limit().0;
        assert_eq!(limit(&[]), 500);
        assert_eq!(limit(&["--polar-api-base", "https://sandbox-api.polar.sh"]), 100);
        assert_eq!(limit(&["--polar-rate-limit", "60"]), 60);
        assert!(of(&[]).rate_limit().0 > 500);
    }

    #[test]
    fn registering_tells_nothing_but_on_this_machine() {
        let registration = |arguments: &[&str]| of(arguments).registration();
        assert_eq!(registration(&[]), Registration::AtOnce);
        assert_eq!(registration(&["--origin", "https://shop.example.org"]), Registration::Mailbox);
        assert_eq!(registration(&["--registration", "mailbox"]), Registration::Mailbox);
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        let token = ["--polar-token", "polar_oat_x", "--origin", "https://shop.example.org"];
        let secret = "polar_whs_0123456789abcdef";
        let with = |more: &[&str]| of(&[&token[..], more].concat()).mistakes().join(" ");
        assert!(of(&["--origin", "https://shop.example.org"]).mistakes()[0].contains("POLAR_ACCESS_TOKEN is missing"));
        assert!(with(&[]).contains("POLAR_WEBHOOK_SECRETS is missing"));
        assert!(with(&["--polar-webhook-secrets", &format!("{secret},")]).contains("empty secret"));
        assert!(with(&["--polar-webhook-secrets", "short"]).contains("cut while copying"));
        assert_eq!(with(&["--polar-webhook-secrets", secret]), "");
        assert!(of(&["--origin", "http://127.0.0.1:3000/shop"]).mistakes()[0].contains("alone"));
        assert!(of(&["--sandbox-listen", "0.0.0.0:3010"]).mistakes()[0].contains("loopback"));
        assert!(of(&["--smtp-url", "smtp://127.0.0.1:25"]).mistakes()[0].contains("BOREAL_MAIL_FROM"));
    }
}
