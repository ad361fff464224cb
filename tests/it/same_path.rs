//! Whether an address has an account cannot be told from outside: known and unknown ones cost the same hashes and mails in
//! log-in, reset and registration, and get the same answers. Counted in a process of its own.

use super::{
    engine::Database,
    process::Running,
    sink::Sink,
    visitor::{Answer, PASSWORD, Visitor},
};
use boreal::server::{
    db::{Db, Reader},
    services::new_id,
};

const OTHER: &str = "another horse battery";

/// What going one way cost: passwords hashed, and mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    hashes: u64,
    mails: i64,
}

struct Site {
    process: Running,
    database: Database,
    db: Db,
    sink: Sink,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn open(registration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, sink) = (Database::new(folder.path()).await, Sink::open().await);
        let more = [sink.settings(), vec!["--registration".to_owned(), registration.to_owned()]].concat();
        let process = Running::start_with(&database, folder.path(), &more).await;
        let db = Db::open(&database.url).await.expect("a database");
        Self { process, database, db, sink, _folder: folder }
    }

    fn stranger(&self) -> Visitor {
        Visitor::stranger(&self.process.origin())
    }

    async fn spent(&self) -> Cost {
        let metrics = self.process.metrics().await;
        let of = |what: &str| {
            let line = format!("password_hashes_total{{for=\"{what}\"}} ");
            metrics.lines().find_map(|other| other.strip_prefix(&line)?.parse::<u64>().ok()).unwrap_or(0)
        };
        let mails = self.db.read("SELECT COUNT(*) FROM outgoing_mail").scalar().await.expect("a count");
        Cost { hashes: of("keeping") + of("checking"), mails }
    }

    /// Sends a form as somebody whom the site has never seen; what comes back, and what it cost.
    async fn send(&self, path: &str, form: &[(&str, &str)]) -> (u16, Answer, Cost) {
        let before = self.spent().await;
        let (status, answer) = self.stranger().try_post(path, form).await.expect("an answer");
        let after = self.spent().await;
        let cost = Cost { hashes: after.hashes - before.hashes, mails: after.mails - before.mails };
        (status, answer, cost)
    }

    /// Goes one way with both addresses: the same answer and the same cost, which is this.
    async fn same(&self, path: &str, known: &str, unknown: &str, password: Option<&str>, wanted: (u16, Cost)) {
        let of = async |email: &str| {
            let form: Vec<_> =
                [("email", email)].into_iter().chain(password.map(|typed| ("password", typed))).collect();
            let (status, answer, cost) = self.send(path, &form).await;
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            let location = answer.location().to_owned();
            assert_eq!((status, cost), wanted, "{path} with {email}");
            (names, location, answer.html.replace(email, "somebody"))
        };
        assert_eq!(of(known).await, of(unknown).await, "{path}");
    }

    async fn close(self) {
        self.db.close().await;
        drop(self.process);
        self.database.remove().await;
    }
}

fn nobody() -> String {
    format!("nobody-{}@boreal-shop.dev", &new_id()[24..])
}

#[tokio::test(flavor = "multi_thread")]
async fn log_in_reset_and_registration_tell_nothing_about_an_address() {
    let site = Site::open("mailbox").await;
    let mut ann = Visitor::newcomer(&site.process.origin(), "ann");
    let form = [&ann.credentials()[..], &[("next", "/buy?plan=pro&interval=month")]].concat();
    let registered = ann.post("/register", &form, 303).await;
    assert_eq!(registered.location(), "/register?sent=yes");
    ann.keep(&registered);
    ann.get("/account", 303).await;

    // On the way to buying, through the mailbox.
    let link = site.sink.letter(&ann.email, "Confirm your e-mail address").await.link();
    let key = link.split_once("key=").expect("a key").1;
    let confirmed = ann.post("/verify", &[("key", key), ("password", PASSWORD)], 303).await;
    assert_eq!(confirmed.location(), "/buy?plan=pro&interval=month", "on to where they were going");
    ann.keep_cookie(&confirmed);
    assert!(ann.get(confirmed.location(), 200).await.html.contains("Continue to payment"));

    let (known, new) = (ann.email.as_str(), nobody());
    let free = Cost { hashes: 0, mails: 0 };
    site.same("/login", known, &nobody(), Some(OTHER), (422, Cost { hashes: 1, ..free })).await;
    site.same("/reset", known, &nobody(), None, (303, Cost { mails: 1, ..free })).await;
    site.same("/register", known, &new, Some(OTHER), (303, Cost { hashes: 1, mails: 1 })).await;
    // What was registered just now cannot be told from what was there either, nor by its own password.
    site.same("/login", known, &new, Some(OTHER), (422, Cost { hashes: 1, ..free })).await;
    for refused in ["password123", "short", ""] {
        site.same("/register", known, &nobody(), Some(refused), (422, free)).await;
    }
    site.sink.letter(known, "You have an account already").await;
    site.sink.letter(&new, "Confirm your e-mail address").await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_registering_signs_in_only_the_right_password_does_for_a_known_address() {
    let site = Site::open("at-once").await;
    let ann = Visitor::register(&site.process.origin(), "ann").await;
    let register = async |email: &str, password: &str| {
        let (status, answer, cost) = site.send("/register", &[("email", email), ("password", password)]).await;
        (status, answer.location().to_owned(), cost)
    };
    let one = Cost { hashes: 1, mails: 1 };
    assert_eq!(register(&nobody(), PASSWORD).await, (303, "/pricing".to_owned(), one));
    assert_eq!(register(&ann.email, OTHER).await, (422, String::new(), one));
    site.sink.letter(&ann.email, "You have an account already").await;
    // Whoever has forgotten that they have an account, and not its password, is let in, as by logging in.
    assert_eq!(register(&ann.email, PASSWORD).await, (303, "/pricing".to_owned(), one));
    site.sink.letter(&ann.email, "New log-in to your account").await;
    site.same("/login", &ann.email, &nobody(), Some(OTHER), (422, Cost { hashes: 1, mails: 0 })).await;
    site.same("/reset", &ann.email, &nobody(), None, (303, Cost { hashes: 0, mails: 1 })).await;
    site.close().await;
}
