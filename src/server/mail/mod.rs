//! Mail: the only place that names lettre. It goes to a mail server, or into a folder in development.
//!
//! What SMTP itself cannot tell: when the connection or this program dies after the server has the whole message and
//! before its answer is noted here, nobody knows whether it was taken. Then it is sent again, with the same Message-ID, by
//! which mail programs know it. In every other case each mail is sent once.

mod folder;
mod layout;
mod words;

pub use folder::Kept;
pub use words::{Links, Words, words};

use crate::model::instant::Millis;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{self, extension::ClientId},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

/// Longer than this no answer of the mail server is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// From whom mail comes where no mail server is configured.
const NOBODY: &str = "Boreal <shop@boreal.localhost>";

/// How mail is sent, as configured.
#[derive(Clone, Debug)]
pub struct Settings<'s> {
    /// `smtps://user:password@host` or the like.
    pub smtp_url: Option<&'s SecretString>,
    /// From whom mail comes.
    pub from: Option<&'s str>,
    /// The folder that stands in for a mail server where none is configured; `None` where nothing may.
    pub folder: Option<&'s Path>,
    /// The host of this site, for greeting the mail server.
    pub host: &'s str,
}

/// Sends mail.
pub struct Mailer {
    way: Way,
    from: Mailbox,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
    Nowhere,
}

/// One mail, ready to be sent.
pub struct Draft<'d> {
    /// Ours; becomes its Message-ID.
    pub id: &'d str,
    /// The recipient's address.
    pub to: &'d str,
    /// When it was queued, wall time.
    pub at: Millis,
    /// What it says.
    pub words: &'d Words,
}

/// Why a mail was not sent. Says nothing of addresses: a mail server's own words do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Worth trying again.
    #[error("{0}")]
    Later(String),
    /// There is no such mailbox, or no mail can be made of it.
    #[error("{0}")]
    Never(String),
}

impl Mailer {
    /// Sends as configured.
    ///
    /// # Errors
    /// One sentence for each mistake in the configuration.
    pub fn of(settings: &Settings<'_>) -> Result<Self, Vec<String>> {
        let Some(url) = settings.smtp_url else {
            let from = settings.from.unwrap_or(NOBODY).parse().map_err(|_| vec![WRONG_FROM.to_owned()])?;
            let way = settings.folder.map_or(Way::Nowhere, |folder| Way::Folder(folder.to_owned()));
            return Ok(Self { way, from });
        };
        let from = settings.from.ok_or_else(|| NO_FROM.to_owned());
        let from = from.and_then(|from| from.parse::<Mailbox>().map_err(|_| WRONG_FROM.to_owned()));
        match (transport(url.expose_secret().trim(), settings.host), from) {
            (Ok(transport), Ok(from)) => Ok(Self { way: Way::Smtp(transport), from }),
            (transport, from) => Err(transport.err().into_iter().chain(from.err()).collect()),
        }
    }

    /// Whether mail is neither sent nor kept: then it waits until a mail server is configured.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        matches!(self.way, Way::Nowhere)
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// See [`Undelivered`].
    pub async fn deliver(&self, draft: &Draft<'_>) -> Result<(), Undelivered> {
        let message = self.message(draft)?;
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(drop).map_err(|error| undelivered(&error)),
            Way::Folder(folder) => folder::keep(folder, draft, &message.formatted()).await.map_err(|error| {
                Undelivered::Later(format!("the folder of mails cannot be written: {}", error.kind()))
            }),
            Way::Nowhere => Err(Undelivered::Later("no mail server is configured".to_owned())),
        }
    }

    /// Whether the mail server answers, and takes our name and password; else why not.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub async fn reach(&self) -> Result<(), String> {
        match &self.way {
            Way::Smtp(transport) => match transport.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("it does not answer as a mail server".to_owned()),
                Err(error) => Err(undelivered(&error).to_string()),
            },
            Way::Folder(_) => Ok(()),
            Way::Nowhere => Err("no mail server is configured".to_owned()),
        }
    }

    /// The mails in the folder, the newest first; `None` where they go elsewhere.
    pub async fn kept(&self) -> Option<Vec<Kept>> {
        match &self.way {
            Way::Folder(folder) => Some(folder::all(folder).await),
            Way::Smtp(_) | Way::Nowhere => None,
        }
    }

    /// The message as it travels. Addresses and subject are typed values here: no text in them can begin a header.
    fn message(&self, draft: &Draft<'_>) -> Result<Message, Undelivered> {
        let never = |what: &str| Undelivered::Never(what.to_owned());
        let to: Address = draft.to.parse().map_err(|_| never("the recipient is no address"))?;
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(draft.at).unwrap_or_default());
        let id = format!("<{}@{}>", draft.id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let parts = MultiPart::alternative_plain_html(layout::text(draft.words), layout::html(draft.words));
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(layout::line(&draft.words.subject))
            .message_id(Some(id))
            .date(at)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(parts)
            .map_err(|_| never("no message can be made of it"))
    }
}

const NO_FROM: &str =
    "BOREAL_MAIL_FROM is missing: it says from whom mail comes, for example Boreal <shop@example.org>.";
const WRONG_FROM: &str = "BOREAL_MAIL_FROM must be an address, for example Boreal <shop@example.org>.";

fn transport(url: &str, host: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let wrong = "BOREAL_SMTP_URL cannot be read: it has the form smtps://user:password@mail.example.org, or \
                 smtp://user:password@mail.example.org?tls=required for a server that begins without encryption.";
    let parsed = url::Url::parse(url).map_err(|_| wrong.to_owned())?;
    let encrypted =
        parsed.scheme() == "smtps" || parsed.query_pairs().any(|pair| pair == ("tls".into(), "required".into()));
    if parsed.password().is_some() && !encrypted {
        return Err(
            "BOREAL_SMTP_URL would send the password unencrypted: begin it with smtps:// or add ?tls=required."
                .to_owned(),
        );
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| wrong.to_owned())?;
    let builder = builder.timeout(Some(PATIENCE));
    let named = parsed.path().trim_matches('/').is_empty();
    Ok(if named { builder.hello_name(ClientId::Domain(host.to_owned())) } else { builder }.build())
}

/// Codes by which a server says that there is no such mailbox.
const NO_MAILBOX: [u16; 3] = [550, 551, 553];

fn undelivered(error: &smtp::Error) -> Undelivered {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        let why = format!("the mail server answered {code}");
        return if NO_MAILBOX.contains(&code) { Undelivered::Never(why) } else { Undelivered::Later(why) };
    }
    let why = match error {
        error if error.is_tls() => "no encrypted connection to the mail server can be made",
        error if error.is_timeout() => "the mail server did not answer in time",
        error if error.is_response() => "the mail server's answer cannot be read",
        error if error.is_client() => "the mail server cannot take this mail, or not our way to log in",
        _ => "the mail server cannot be reached",
    };
    Undelivered::Later(why.to_owned())
}

#[cfg(test)]
mod tests;
