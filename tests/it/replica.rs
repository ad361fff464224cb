//! A second database beside a shop: it hears what Polar said to the shop, as often and in whatever order a test likes.

use super::{
    engine::Database,
    shop::{Person, Shop, build, config},
};
use boreal::server::{
    db::{
        Db, Reader,
        inbox::Delivery,
        orders::{self, Opened, OrderRow},
        users,
    },
    polar::Seen,
    services::{
        applying,
        syncing::{Unchanged, observe},
    },
    startup::Server,
    state::State,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;

/// Nothing runs here by itself: only what a test applies is applied.
pub struct Replica {
    /// Its state.
    pub state: State,
    people: Vec<Person>,
    orders: Vec<OrderRow>,
    _server: Server,
    database: Database,
    _folder: TempDir,
}

/// What Polar said: a webhook, or the answer to a read.
#[derive(Clone, Debug)]
pub enum Said {
    /// `webhook-id` and body.
    Webhook(String, String),
    /// The kind that was read, and what was seen.
    Read(String, Seen<Value>),
}

/// One object of the mirror, without the number of the row that it came from.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Object {
    /// As the mirror names it.
    pub kind: String,
    /// Polar's id.
    pub id: String,
    customer_id: Option<String>,
    subscription_id: Option<String>,
    order_id: Option<String>,
    checkout_id: Option<String>,
    product_id: Option<String>,
    metadata_user_id: Option<String>,
    metadata_order_id: Option<String>,
    /// Polar's word.
    pub status: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    currency: Option<String>,
    version_us: i64,
    observed_us: i64,
    /// The facts.
    pub projection: String,
    /// Whose it is.
    pub owner_id: Option<String>,
    owner_rule: Option<String>,
}

type Customer = (String, Option<String>, i64, i64, String, Option<i64>);
type Held = (String, String, String, String, String, Option<i64>);
/// User, revision, feature, before, after, rule.
pub type Line = (String, i64, String, Option<String>, Option<String>, String);

/// Everything that follows from what Polar said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The mirror, customers apart.
    pub objects: Vec<Object>,
    customers: Vec<Customer>,
    plans: Vec<(String, String)>,
    /// User, feature, value, kind and id of the source, until.
    pub entitlements: Vec<Held>,
    /// Our orders and where they are.
    pub orders: Vec<(String, String)>,
}

impl Picture {
    /// What a database holds.
    pub async fn of(db: &Db) -> Self {
        let objects = "SELECT kind, id, customer_id, subscription_id, order_id, checkout_id, product_id,
                              metadata_user_id, metadata_order_id, status, amount, currency, version_us, observed_us,
                              projection, owner_id, owner_rule FROM polar_objects ORDER BY kind, id";
        let customers = "SELECT id, external_id, version_us, observed_us, projection, deleted_at FROM polar_customers
                         ORDER BY id";
        let held = "SELECT user_id, feature, value, source_kind, source_id, until FROM entitlements
                    ORDER BY user_id, feature";
        Self {
            objects: db.read(objects).all().await.expect("rows"),
            customers: db.read(customers).all().await.expect("rows"),
            plans: db.read("SELECT product_id, plan FROM product_plans ORDER BY product_id").all().await.expect("rows"),
            entitlements: db.read(held).all().await.expect("rows"),
            orders: db.read("SELECT id, state FROM orders ORDER BY id").all().await.expect("rows"),
        }
    }

    /// The same without when and as which version things were seen.
    pub fn facts(&self) -> Self {
        let mut facts = self.clone();
        for object in &mut facts.objects {
            (object.version_us, object.observed_us) = (0, 0);
        }
        for (_, _, version_us, observed_us, projection, deleted_at) in &mut facts.customers {
            (*version_us, *observed_us) = (0, 0);
            // Of a customer who is gone Polar says no more than that, and no more when.
            if deleted_at.is_some() {
                (*projection, *deleted_at) = (String::new(), Some(0));
            }
        }
        facts
    }

    /// Fails where both differ, and shows only that.
    pub fn is(&self, other: &Self, context: &str) {
        for one in &self.objects {
            let twin = other.objects.iter().find(|twin| (&twin.kind, &twin.id) == (&one.kind, &one.id));
            assert_eq!(Some(one), twin, "{context}");
        }
        assert_eq!(self.customers, other.customers, "{context}");
        assert_eq!(self.orders, other.orders, "{context}");
        assert_eq!(self, other, "{context}");
    }
}

impl Replica {
    /// One that knows these people and their orders of `shop`, as they were before anything was paid.
    pub async fn beside(shop: &Shop, people: &[Person], orders: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::new(folder.path()).await;
        let secret = shop.state.webhook_secrets[0].expose_secret().to_owned();
        let polar = ["--polar-token", &shop.polar.token, "--polar-webhook-secrets", &secret];
        let more = [&polar[..], &["--polar-api-base", &shop.polar.origin]].concat();
        let config = config(&database.url, &folder.path().join("unused.json"), &more);
        let server = build(config).await.expect("the server starts");
        let mut rows = Vec::new();
        for order in orders {
            rows.push(shop.order(order).await);
        }
        let state = server.state();
        let replica = Self { state, people: people.to_vec(), orders: rows, _server: server, database, _folder: folder };
        replica.meet_people().await;
        replica.forget().await;
        replica
    }

    async fn meet_people(&self) {
        for person in &self.people {
            let added: Result<bool, boreal::server::db::Error> = (self.state.db)
                .transaction(async |tx| users::add(tx, &person.id, &person.email, "no password", 0).await)
                .await;
            assert!(added.expect("a row"));
        }
    }

    /// As if nothing had been said yet.
    pub async fn forget(&self) {
        let tables = [
            "DELETE FROM inbox",
            "DELETE FROM jobs",
            "DELETE FROM polar_objects",
            "DELETE FROM polar_customers",
            "DELETE FROM product_plans",
            "DELETE FROM entitlements",
            "DELETE FROM usage_windows",
            "DELETE FROM ledger",
            "DELETE FROM orders",
            "UPDATE users SET access_rev = 0, refold_at = NULL",
        ];
        for statement in tables {
            self.state.db.write(statement).execute().await.expect("rows");
        }
        for order in &self.orders {
            self.open(order).await;
        }
    }

    /// The order with its checkout, unpaid.
    async fn open(&self, order: &OrderRow) {
        let token = "replica";
        let fresh = OrderRow { lease_token: Some(token.to_owned()), lease_until: i64::MAX, ..order.clone() };
        let checkout = order.checkout_id.as_deref().expect("it has a checkout");
        let opened = Opened { id: checkout, url: "https://polar.example/", status: "open", expires_at: None };
        let done: Result<(), boreal::server::db::Error> = (self.state.db)
            .transaction(async |tx| {
                assert!(orders::insert(tx, &fresh).await?);
                assert!(orders::open(tx, &order.id, token, opened, order.created_at).await?);
                Ok(())
            })
            .await;
        done.expect("a row");
    }

    /// Hears one thing; webhooks wait for [`Replica::apply`], reads are applied at once.
    pub async fn hear(&self, said: &Said) {
        match said {
            Said::Webhook(id, body) => {
                let received_at = self.state.clock.wall();
                let delivery = Delivery { webhook_id: id.clone(), body: body.clone().into_bytes(), received_at };
                self.state.intake.put(delivery).await.expect("it is stored");
            }
            Said::Read(kind, seen) => {
                observe(&self.state, kind, seen, Unchanged::Keep).await.expect("the database answers");
            }
        }
    }

    /// Applies what waits.
    pub async fn apply(&self) {
        applying::drain(&self.state).await.expect("the database answers");
    }

    /// Applies everything, and folds whoever is due; what there is then.
    pub async fn settle(&self) -> Picture {
        self.apply().await;
        while applying::refold_due(&self.state).await.expect("the database answers") > 0 {}
        let left = "SELECT COUNT(*) FROM inbox WHERE state <> 'done'";
        assert_eq!(self.state.db.read(left).scalar::<i64>().await.expect("a count"), 0, "everything was understood");
        Picture::of(&self.state.db).await
    }

    /// The ledger, line by line.
    pub async fn ledger(&self) -> Vec<Line> {
        let select = "SELECT user_id, rev, feature, before, after, rule FROM ledger ORDER BY user_id, rev, feature";
        self.state.db.read(select).all().await.expect("rows")
    }

    /// Removes it.
    pub async fn close(self) {
        self.state.db.close().await;
        self.database.remove().await;
    }
}
