//! Everything the sandbox knows, in one value that is saved as one JSON file.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::api::benefits::Benefit;
use super::api::checkouts::Checkout;
use super::api::customer_meters::CustomerMeter;
use super::api::customer_sessions::Session;
use super::api::customers::{Customer, Member};
use super::api::discounts::Discount;
use super::api::grants::Grant;
use super::api::limits::Limits;
use super::api::meters::Meter;
use super::api::orders::Order;
use super::api::organization_settings::PortalSettings;
use super::api::products::Product;
use super::api::refunds::Refund;
use super::api::refusal::Refusal;
use super::api::scopes::Token;
use super::api::subscriptions::Subscription;
use super::api::usage::Usage;
use super::clock::{Clock, Stamp};
use super::control::Faults;
use super::hooks::endpoint::Endpoint;
use super::hooks::events::Event;
use super::journal::Journal;
use super::life::balance::Balance;
use super::life::billing::Line;
use super::life::cards::Saved;
use super::life::discounting::Redemption;
use super::life::jobs::Job;
use super::secrets;

/// The name of the organization that is there from the start.
const NAME: &str = "Boreal sandbox";
/// Its slug.
const SLUG: &str = "boreal-sandbox";

/// What stays the same over a reset: who we are and the secrets that the app was given.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    pub organization_id: Uuid,
    pub account_id: Uuid,
    pub payout_account_id: Uuid,
    pub endpoint_id: Uuid,
    pub created_at: Stamp,
    pub token: String,
    pub webhook_secret: String,
    #[serde(default = "first_name")]
    pub name: String,
    /// In the addresses of its portal and the numbers of its invoices; no other organization has it.
    #[serde(default = "first_slug")]
    pub slug: String,
}

fn first_name() -> String {
    NAME.to_owned()
}

fn first_slug() -> String {
    SLUG.to_owned()
}

/// The whole state. Objects are kept in the order of their creation.
#[derive(Serialize, Deserialize)]
pub struct State {
    pub identity: Identity,
    pub clock: Clock,
    /// With fewer rights than the app's.
    #[serde(default)]
    pub tokens: Vec<Token>,
    pub products: Vec<Product>,
    #[serde(default)]
    pub benefits: Vec<Benefit>,
    #[serde(default)]
    pub discounts: Vec<Discount>,
    #[serde(default)]
    pub redemptions: Vec<Redemption>,
    pub customers: Vec<Customer>,
    #[serde(default)]
    pub members: Vec<Member>,
    pub checkouts: Vec<Checkout>,
    pub subscriptions: Vec<Subscription>,
    pub orders: Vec<Order>,
    /// Cards that customers left, one each.
    #[serde(default)]
    pub cards: Vec<Saved>,
    #[serde(default)]
    pub balances: Vec<Balance>,
    /// What the next bill of a subscription holds beside its period.
    #[serde(default)]
    pub prorations: Vec<(Uuid, Line)>,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    #[serde(default)]
    pub grants: Vec<Grant>,
    #[serde(default)]
    pub meters: Vec<Meter>,
    #[serde(default)]
    pub customer_meters: Vec<CustomerMeter>,
    /// What was ingested and what Polar noted itself, in the order of receipt.
    #[serde(default)]
    pub usage: Vec<Usage>,
    /// What customers may do by themselves.
    #[serde(default)]
    pub portal: PortalSettings,
    /// The quarter of an hour since 1970 in which usage was last worked out.
    #[serde(default)]
    pub quarter: i64,
    pub sessions: Vec<Session>,
    /// The app's own first.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    pub events: Vec<Event>,
    /// How many events there ever were: the index into the series of random numbers.
    pub emitted: u64,
    /// Of them, how many were there at the last pause: shuffled deliveries do not move past it.
    #[serde(default)]
    pub shuffled: u64,
    pub jobs: Vec<Job>,
    pub faults: Faults,
    /// Where pages and API are reached; from the configuration.
    #[serde(skip)]
    pub origin: String,
    #[serde(skip)]
    pub limits: Limits,
    #[serde(skip)]
    pub journal: Journal,
}

impl State {
    /// The organization that is there from the start, in which nothing happened yet.
    pub fn new() -> Self {
        Self::named(first_name(), first_slug())
    }

    /// A new organization.
    pub fn named(name: String, slug: String) -> Self {
        let mut clock = Clock::default();
        Self::with(Identity {
            organization_id: secrets::id(),
            account_id: secrets::id(),
            payout_account_id: secrets::id(),
            endpoint_id: secrets::id(),
            created_at: clock.now(),
            token: secrets::token("polar_oat_"),
            webhook_secret: secrets::token("polar_whs_"),
            name,
            slug,
        })
    }

    fn with(identity: Identity) -> Self {
        let mut state = Self {
            identity,
            clock: Clock::default(),
            tokens: Vec::new(),
            products: Vec::new(),
            benefits: Vec::new(),
            discounts: Vec::new(),
            redemptions: Vec::new(),
            customers: Vec::new(),
            members: Vec::new(),
            checkouts: Vec::new(),
            subscriptions: Vec::new(),
            orders: Vec::new(),
            cards: Vec::new(),
            balances: Vec::new(),
            prorations: Vec::new(),
            refunds: Vec::new(),
            grants: Vec::new(),
            meters: Vec::new(),
            customer_meters: Vec::new(),
            usage: Vec::new(),
            portal: PortalSettings::default(),
            quarter: 0,
            sessions: Vec::new(),
            endpoints: Vec::new(),
            events: Vec::new(),
            emitted: 0,
            shuffled: 0,
            jobs: Vec::new(),
            faults: Faults::default(),
            origin: String::new(),
            limits: Limits::default(),
            journal: Journal::of_a_new_sandbox(),
        };
        state.endpoints.push(state.own_endpoint());
        state
    }

    /// Whether this is the token of the organization, of somebody with fewer rights, or of one of its customers.
    pub fn knows_token(&self, token: &str) -> bool {
        self.identity.token == token
            || self.tokens.iter().any(|one| one.token == token)
            || self.sessions.iter().any(|one| one.token == token)
    }

    /// Whether `key` is this organization's id or slug.
    pub fn is_called(&self, key: &str) -> bool {
        self.identity.slug == key || self.identity.organization_id.to_string() == key
    }

    /// Forgets everything but the organization and its secrets.
    pub fn reset(&mut self) {
        let url = self.endpoint(self.identity.endpoint_id).map(|own| own.url.clone()).unwrap_or_default();
        let mut fresh = Self::with(self.identity.clone());
        fresh.origin = std::mem::take(&mut self.origin);
        fresh.journal = std::mem::take(&mut self.journal);
        fresh.adopt(&url);
        *self = fresh;
    }

    /// The product with this id.
    pub fn product(&self, id: Uuid) -> Result<&Product, Refusal> {
        self.products.iter().find(|product| product.id == id).ok_or(Refusal::NotFound)
    }

    /// The benefit with this id, unless it was deleted.
    pub fn benefit(&self, id: Uuid) -> Result<&Benefit, Refusal> {
        self.benefits.iter().find(|benefit| benefit.id == id && !benefit.is_deleted).ok_or(Refusal::NotFound)
    }

    /// The meter with this id.
    pub fn meter(&self, id: Uuid) -> Result<&Meter, Refusal> {
        self.meters.iter().find(|meter| meter.id == id).ok_or(Refusal::NotFound)
    }

    /// The customer with this id, also one that was deleted: its purchases still show it.
    pub fn customer(&self, id: Uuid) -> Result<&Customer, Refusal> {
        self.customers.iter().find(|customer| customer.id == id).ok_or(Refusal::NotFound)
    }

    /// The customer with this id, unless it was deleted.
    pub fn living(&self, id: Uuid) -> Result<&Customer, Refusal> {
        self.customer(id).ok().filter(|customer| customer.deleted_at.is_none()).ok_or(Refusal::NotFound)
    }

    /// The customer with this external id (C§2.5); deleted ones have freed theirs.
    pub fn customer_by_external(&self, external_id: &str) -> Option<&Customer> {
        let mut there = self.customers.iter().filter(|customer| customer.deleted_at.is_none());
        there.find(|customer| customer.external_id.as_deref() == Some(external_id))
    }

    /// The customer with this e-mail address, whatever its case.
    pub fn customer_by_email(&self, email: &str) -> Option<&Customer> {
        let mut there = self.customers.iter().filter(|customer| customer.deleted_at.is_none());
        there.find(|customer| customer.email.eq_ignore_ascii_case(email))
    }

    /// The checkout with this id.
    pub fn checkout(&self, id: Uuid) -> Result<&Checkout, Refusal> {
        self.checkouts.iter().find(|checkout| checkout.id == id).ok_or(Refusal::NotFound)
    }

    /// The subscription with this id.
    pub fn subscription(&self, id: Uuid) -> Result<&Subscription, Refusal> {
        self.subscriptions.iter().find(|subscription| subscription.id == id).ok_or(Refusal::NotFound)
    }

    /// The same, to be changed.
    pub fn subscription_mut(&mut self, id: Uuid) -> Result<&mut Subscription, Refusal> {
        self.subscriptions.iter_mut().find(|subscription| subscription.id == id).ok_or(Refusal::NotFound)
    }

    /// The same for an order.
    pub fn order(&self, id: Uuid) -> Result<&Order, Refusal> {
        self.orders.iter().find(|order| order.id == id).ok_or(Refusal::NotFound)
    }

    /// The same, to be changed.
    pub fn order_mut(&mut self, id: Uuid) -> Result<&mut Order, Refusal> {
        self.orders.iter_mut().find(|order| order.id == id).ok_or(Refusal::NotFound)
    }
}
