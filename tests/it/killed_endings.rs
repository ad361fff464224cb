//! The program is killed again and again while it carries out what staff decided, before and after each deed: in the end
//! there is one cancellation and one refund. Polar is another program's sandbox, which lives on.

use super::{
    doubles::options,
    engine::Database,
    patience::{wait_for, wait_until},
    polar::{PAYS, Sent},
    process::Running,
    shop::Shop,
    visitor::{Visitor, value},
};
use boreal::server::db::{Db, Reader, refolds};
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::Path;

/// One program after the other on one database, with the same Polar.
pub struct Mortal<'m> {
    /// Its database.
    pub database: &'m Database,
    /// Its files.
    pub folder: &'m Path,
    /// Whose sandbox it talks to.
    pub polar: &'m Shop,
    /// Another connection to the database.
    pub db: Db,
}

impl Mortal<'_> {
    /// Starts it, again.
    pub async fn start(&self) -> Running {
        let secret = self.polar.state.webhook_secrets[0].expose_secret().to_owned();
        Running::start_at(self.database, self.folder, &self.polar.polar, &secret).await
    }

    /// What the killed one held is free at once, and its last question is more than a minute old.
    pub async fn release(&self) {
        for update in [
            "UPDATE jobs SET run_at = 0, lease_until = 0",
            "UPDATE inbox SET lease_until = 0 WHERE state = 'new'",
            "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind <> 'buy'",
        ] {
            self.db.write(update).execute().await.expect("rows");
        }
    }

    async fn asked(&self, kind: &str) -> i64 {
        let select = "SELECT COALESCE(MAX(attempts), 0) FROM orders WHERE kind = $1";
        self.db.read(select).bind(kind).scalar().await.expect("a number")
    }

    /// Lets `process` go on until it asks for `kind`, and kills it: before that is done, or after, but before it is noted.
    pub async fn kill_at(&self, mut process: Running, kind: &str, user: &str, later: &str, is_done: bool) {
        let asked = async || (self.asked(kind).await > 0).then_some(());
        let before = self.asked(kind).await;
        let again = async || (self.asked(kind).await > before).then_some(());
        if before == 0 {
            wait_for("the question", asked).await
        } else {
            wait_for("the question, again", again).await
        }
        if is_done {
            let mut held = self.db.begin().await.expect("a transaction");
            refolds::lock_user(&mut held, user).await.expect("a lock");
            let done = async || match kind {
                "cancel" => (self.polar.status_at_polar(later).await == "canceled").then_some(()),
                _ => (!self.polar.paid_back(later).await.is_empty()).then_some(()),
            };
            wait_for("the deed", done).await;
            process.kill();
            drop(held);
        } else {
            process.kill();
        }
        self.release().await;
    }
}

/// Pays an order of a visitor at Polar, and comes back.
pub async fn buy(polar: &Shop, visitor: &Visitor, form: &[(&'static str, String)], url: &str, email: &str) {
    let paid = polar.polar.pay(url, email, PAYS).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    let order = value(form, "order").to_owned();
    let granted = async || match visitor.get(&format!("/orders/{order}/stage"), 200).await {
        answer if answer.stage() == "granted" => Ok(()),
        answer => Err(answer.html),
    };
    wait_until("access", granted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_and_after_each_deed_it_ends_in_one_of_each() {
    let polar = Shop::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let db = Db::open(&database.url).await.expect("a database");
    let mortal = Mortal { database: &database, folder: folder.path(), polar: &polar, db };
    let mut process = mortal.start().await;

    let (ann, sam) =
        (Visitor::register(&process.origin(), "ann").await, Visitor::register(&process.origin(), "sam").await);
    let hire = "UPDATE users SET role = 'staff' WHERE email = $1";
    mortal.db.write(hire).bind(&sam.email).execute().await.expect("a row");
    let id = "SELECT id FROM users WHERE email = $1";
    let user: String = mortal.db.read(id).bind(&ann.email).scalar().await.expect("a user");
    let (monthly, yearly) = (ann.form("pro", "month").await, ann.form("pro", "year").await);
    let first = ann.press(&monthly, 303).await.location().to_owned();
    let second = ann.press(&yearly, 303).await.location().to_owned();
    let other = polar.person("other").await;
    let known = json!({"email": other.email, "external_id": other.id});
    assert_eq!(polar.polar.send("POST", "/v1/customers/", Some(known)).await.0, 201);
    buy(&polar, &ann, &monthly, &first, &ann.email).await;
    buy(&polar, &ann, &yearly, &second, &other.email).await;
    let case = "SELECT id, key FROM cases WHERE closed_at IS NULL";
    let case = async || mortal.db.read(case).optional::<(String, String)>().await.expect("rows");
    let (case, key) = wait_for("the case", case).await;
    let (older, later) = key.split_once('+').expect("two");

    polar.polar.idle().await;
    let page = format!("/staff/cases?id={case}");
    let chosen = options(&sam.get(&page, 200).await.html).remove(0);
    assert!(chosen.contains(later), "{chosen}");
    polar.polar.faults(json!({"delay_ms": 400})).await;
    sam.post(&page, &[("id", &case), ("act", &chosen), ("reason", "Bought twice")], 303).await;
    for (kind, is_done) in [("cancel", false), ("cancel", true), ("refund", false), ("refund", true)] {
        mortal.kill_at(process, kind, &user, later, is_done).await;
        process = mortal.start().await;
    }
    polar.polar.faults(json!({"delay_ms": 0})).await;
    let decision = "SELECT state, outcome FROM endings";
    let done = async || match mortal.db.read(decision).one::<(String, Option<String>)>().await.expect("a decision") {
        (state, _) if state == "done" => Ok(()),
        other => Err(other),
    };
    wait_until("the decision to be carried out", done).await;

    polar.polar.idle().await;
    let sent = polar.polar.events().await;
    let revoked = |sent: &&Sent| sent.kind == "subscription.revoked" && sent.body.contains(later);
    assert_eq!(sent.iter().filter(revoked).count(), 1, "one end");
    assert_eq!(polar.paid_back(later).await, [12000], "one refund of all");
    assert_eq!(polar.status_at_polar(older).await, "active");
    let orders = "SELECT kind, state FROM orders WHERE kind <> 'buy' ORDER BY created_at, id";
    let orders: Vec<(String, String)> = mortal.db.read(orders).all().await.expect("rows");
    let done = |kind: &str| (kind.to_owned(), "done".to_owned());
    assert_eq!(orders, [done("cancel"), done("refund")]);
    let open: i64 =
        mortal.db.read("SELECT COUNT(*) FROM cases WHERE closed_at IS NULL").scalar().await.expect("a count");
    assert_eq!(open, 0);
    process.kill();
    mortal.db.close().await;
    database.remove().await;
    polar.halt().await.database.remove().await;
}
