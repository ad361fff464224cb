//! A mail server that keeps what it is sent, and can be told to fail at each line of the conversation.

use super::{door::Door, patience::wait_for};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// How it behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes every mail.
    Takes,
    /// Answers this code to every recipient.
    Refuses(u16),
    /// Says nothing any more once a recipient was named.
    SilentBefore,
    /// Takes every mail and then says nothing: the sender cannot know.
    SilentAfter,
    /// Takes every mail and then hangs up without a word.
    HangsUpAfter,
}

/// One mail, as it came.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whom it was for, by the envelope.
    pub to: String,
    /// Head and body.
    pub raw: String,
}

/// A running mail server; gone when it is dropped.
pub struct Sink {
    /// Where it listens.
    pub addr: SocketAddr,
    taken: Arc<Mutex<Vec<Letter>>>,
    mood: Arc<Mutex<Mood>>,
    listening: AbortHandle,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Sink {
    /// On a port of its own.
    pub async fn open() -> Self {
        Self::behind(Door::keep()).await
    }

    /// On this port, where nobody was answered until now.
    pub async fn behind(door: Door) -> Self {
        let listener = door.open();
        let (taken, mood) = (Arc::default(), Arc::new(Mutex::new(Mood::Takes)));
        let addr = listener.local_addr().expect("an address");
        let listening = tokio::spawn(listen(listener, Arc::clone(&taken), Arc::clone(&mood))).abort_handle();
        Self { addr, taken, mood, listening }
    }

    /// What a server's configuration says to use it.
    pub fn settings(&self) -> Vec<String> {
        settings(self.addr)
    }

    /// Behaves so from now on.
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().expect("a mood") = mood;
    }

    /// Everything that was taken.
    pub fn letters(&self) -> Vec<Letter> {
        self.taken.lock().expect("letters").clone()
    }

    /// The newest mail to somebody whose subject begins so, once it is there.
    pub async fn letter(&self, to: &str, subject: &str) -> Letter {
        let look =
            async || self.letters().into_iter().rev().find(|one| one.to == to && one.subject().starts_with(subject));
        wait_for(&format!("the mail {subject:?} to {to}"), look).await
    }

    /// How many mails to somebody have a subject that begins so.
    pub fn count(&self, to: &str, subject: &str) -> usize {
        self.letters().iter().filter(|one| one.to == to && one.subject().starts_with(subject)).count()
    }
}

/// What a server's configuration says to use the mail server at `addr`.
pub fn settings(addr: SocketAddr) -> Vec<String> {
    ["--smtp-url", &format!("smtp://{addr}"), "--mail-from", "Boreal <shop@boreal-shop.dev>"]
        .map(str::to_owned)
        .to_vec()
}

async fn listen(listener: TcpListener, taken: Arc<Mutex<Vec<Letter>>>, mood: Arc<Mutex<Mood>>) {
    // Conversations end with the server.
    let mut talking = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (taken, mood) = (Arc::clone(&taken), Arc::clone(&mood));
        talking.spawn(async move { drop(talk(stream, &taken, &mood).await) });
    }
}

async fn talk(stream: TcpStream, taken: &Mutex<Vec<Letter>>, mood: &Mutex<Mood>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = String::new();
    say(&mut stream, "220 sink").await?;
    loop {
        let line = hear(&mut stream).await?;
        let mood = *mood.lock().expect("a mood");
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" | "NOOP" | "RSET" | "MAIL" => say(&mut stream, "250 yes").await?,
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                match mood {
                    Mood::Refuses(code) => say(&mut stream, &format!("{code} <{to}> not here")).await?,
                    Mood::SilentBefore => std::future::pending().await,
                    _ => say(&mut stream, "250 yes").await?,
                }
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let raw = data(&mut stream).await?;
                taken.lock().expect("letters").push(Letter { to: to.clone(), raw });
                match mood {
                    Mood::SilentAfter => std::future::pending().await,
                    Mood::HangsUpAfter => return Ok(()),
                    _ => say(&mut stream, "250 taken").await?,
                }
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "500 what").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await
}

async fn hear(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Ok(raw);
        }
        raw += line.strip_prefix('.').unwrap_or(&line);
        raw += "\r\n";
    }
}

impl Letter {
    /// The value of a header, folded lines joined.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default().to_owned()
    }

    /// Its subject.
    pub fn subject(&self) -> String {
        self.header("Subject")
    }

    /// Its text part, as people read it.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// One of its parts, decoded.
    pub fn part(&self, kind: &str) -> String {
        let boundary =
            self.header("Content-Type").split("boundary=").nth(1).map(|rest| rest.trim_matches('"').to_owned());
        let part = self
            .raw
            .split(&format!("\r\n--{}", boundary.expect("parts")))
            .find(|part| part.contains(&format!("Content-Type: {kind}")));
        let (head, body) = part.and_then(|part| part.split_once("\r\n\r\n")).expect("a part");
        if !head.contains("quoted-printable") {
            assert!(!head.contains("base64"), "the sink does not read base64");
            return body.to_owned();
        }
        let joined = body.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let [first, after @ ..] = rest {
            let code = (*first == b'=').then(|| std::str::from_utf8(&after[..2]).expect("two digits"));
            bytes.push(code.map_or(*first, |code| u8::from_str_radix(code, 16).expect("two digits")));
            rest = if code.is_some() { &after[2..] } else { after };
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The link in it, without the origin.
    pub fn link(&self) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.starts_with("http") && line.contains('?'));
        let address = url::Url::parse(line.unwrap_or_else(|| panic!("no link in {text}"))).expect("an address");
        address[url::Position::BeforePath..].to_owned()
    }

    /// The key in its link.
    pub fn key(&self) -> String {
        self.link().split_once("key=").expect("a key").1.to_owned()
    }
}
