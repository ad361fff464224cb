//! The Polar that this server talks to: a real one, or the built-in sandbox running beside it.

use super::{config::Config, startup::Error};
use secrecy::SecretString;
use std::net::SocketAddr;
use url::Url;

/// Where Polar is and how we are known there.
pub struct Upstream {
    /// Address of the API.
    pub api_base: Url,
    /// The organization's access token.
    pub token: SecretString,
    /// What webhooks may be signed with.
    pub webhook_secrets: Vec<SecretString>,
    #[cfg(feature = "sandbox")]
    sandbox: Option<crate::sandbox::Sandbox>,
}

impl Upstream {
    /// The configured Polar; without a token the sandbox is started, which delivers to us at `addr`.
    ///
    /// # Errors
    /// When the sandbox cannot be started, or was not built in.
    pub async fn of(config: &Config, addr: SocketAddr) -> Result<Self, Error> {
        match &config.polar_token {
            Some(token) => Ok(Self {
                api_base: config.polar_api_base.clone(),
                token: token.clone(),
                webhook_secrets: config.polar_webhook_secrets.clone(),
                #[cfg(feature = "sandbox")]
                sandbox: None,
            }),
            None => Self::sandbox(config, addr).await,
        }
    }

    /// The configured Polar, or where the sandbox would be, without starting it.
    ///
    /// # Errors
    /// When the sandbox's address makes no URL.
    pub fn unasked(config: &Config) -> Result<Self, Error> {
        let beside = Url::parse(&format!("http://{}", config.sandbox_listen));
        let beside = beside.map_err(|error| Error::Sandbox(config.sandbox_listen, std::io::Error::other(error)))?;
        let api_base = if config.uses_sandbox() { beside } else { config.polar_api_base.clone() };
        Ok(Self {
            api_base,
            token: config.polar_token.clone().unwrap_or_default(),
            webhook_secrets: config.polar_webhook_secrets.clone(),
            #[cfg(feature = "sandbox")]
            sandbox: None,
        })
    }

    /// The configured Polar; without a token the sandbox that runs inside `boreal serve`, known by its state file.
    ///
    /// # Errors
    /// When there never was one.
    pub fn beside(config: &Config) -> Result<Self, Error> {
        let upstream = Self::unasked(config)?;
        if !config.uses_sandbox() {
            return Ok(upstream);
        }
        #[cfg(feature = "sandbox")]
        if let Some(token) = crate::sandbox::token_in(&config.sandbox_state) {
            return Ok(Self { token: token.into(), ..upstream });
        }
        Err(Error::Mistakes(vec![
            "There is no sandbox yet: `boreal serve` begins one, or set POLAR_ACCESS_TOKEN for a real Polar."
                .to_owned(),
        ]))
    }

    #[cfg(feature = "sandbox")]
    async fn sandbox(config: &Config, addr: SocketAddr) -> Result<Self, Error> {
        let sandbox = start_sandbox(config, format!("http://{addr}/webhooks/polar")).await?;
        let unreadable = |error| Error::Sandbox(config.sandbox_listen, std::io::Error::other(error));
        let api_base = Url::parse(sandbox.origin()).map_err(unreadable)?;
        tracing::info!(sandbox = sandbox.origin(), "the sandbox stands in for Polar: no real money");
        Ok(Self {
            api_base,
            token: sandbox.token().into(),
            webhook_secrets: vec![sandbox.webhook_secret().into()],
            sandbox: Some(sandbox),
        })
    }

    #[cfg(not(feature = "sandbox"))]
    #[expect(clippy::unused_async, reason = "has the shape of the one with a sandbox")]
    async fn sandbox(_config: &Config, _addr: SocketAddr) -> Result<Self, Error> {
        Err(Error::Mistakes(vec![
            "POLAR_ACCESS_TOKEN is missing, and this build has no sandbox: set POLAR_ACCESS_TOKEN and \
             POLAR_WEBHOOK_SECRETS."
                .to_owned(),
        ]))
    }

    /// The origins, besides our own, that a form may lead to: checkout and portal.
    #[must_use]
    pub fn form_targets(&self) -> Vec<String> {
        match self.api_base.host_str() {
            Some(host) if host.ends_with("polar.sh") => vec!["https://polar.sh".into(), "https://*.polar.sh".into()],
            _ => vec![self.api_base.origin().ascii_serialization()],
        }
    }

    /// The sandbox, if it runs.
    #[cfg(feature = "sandbox")]
    #[must_use]
    pub fn stand_in(&self) -> Option<&crate::sandbox::Sandbox> {
        self.sandbox.as_ref()
    }

    /// Stops the sandbox, if it runs.
    pub async fn stop(&self) {
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = &self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// Starts the sandbox where the configuration says; it delivers to `webhook_url`.
///
/// # Errors
/// When the address is taken or the state file is unreadable.
#[cfg(feature = "sandbox")]
pub async fn start_sandbox(config: &Config, webhook_url: String) -> Result<crate::sandbox::Sandbox, Error> {
    let sandbox = crate::sandbox::Sandbox::start(crate::sandbox::Config {
        listen: config.sandbox_listen,
        origin: None,
        state_file: Some(config.sandbox_state.clone()),
        webhook_url,
    });
    sandbox.await.map_err(|error| Error::Sandbox(config.sandbox_listen, error))
}
