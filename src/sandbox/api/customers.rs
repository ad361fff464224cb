//! Customers (C§2.5): by id and by external id, which is write-once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::listing::Query;
use super::products::{join, path_id};
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::jobs::What;
use crate::sandbox::secrets;
use crate::sandbox::state;

/// One customer, as Polar shows it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Customer {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub metadata: Map<String, Value>,
    pub external_id: Option<String>,
    pub email: String,
    email_verified: bool,
    #[serde(rename = "type")]
    kind: String,
    pub name: Option<String>,
    pub billing_name: Option<String>,
    pub billing_address: Option<Value>,
    tax_id: Option<Value>,
    pub locale: Option<String>,
    organization_id: Uuid,
    default_payment_method_id: Option<Uuid>,
    pub deleted_at: Option<Stamp>,
    pub first_user_event_at: Option<Stamp>,
}

impl Customer {
    /// The customer as its own routes and events show it.
    pub fn full(&self) -> Value {
        let mut shown = json!(self);
        join(&mut shown, json!({"avatar_url": self.avatar()}));
        shown
    }

    /// The older form that subscriptions and orders still carry beside the customer.
    pub fn as_user(&self) -> Value {
        let name = self.name.as_ref().unwrap_or(&self.email);
        let initial: String = name.chars().take(1).collect();
        json!({"id": self.id, "email": self.email, "public_name": initial, "avatar_url": self.avatar(), "github_username": null})
    }

    fn avatar(&self) -> String {
        let hash = Sha256::digest(self.email.to_lowercase().as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("https://www.gravatar.com/avatar/{hex}?d=404")
    }
}

/// The person behind a customer; an individual has one, the owner.
#[derive(Clone, Serialize, Deserialize)]
pub struct Member {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub customer_id: Uuid,
    pub email: String,
    pub name: Option<String>,
    pub external_id: Option<String>,
    pub role: String,
}

impl Member {
    fn owner(customer: &Customer) -> Self {
        Self {
            id: secrets::id(),
            created_at: customer.created_at,
            modified_at: None,
            customer_id: customer.id,
            email: customer.email.clone(),
            name: customer.name.clone(),
            external_id: customer.external_id.clone(),
            role: "owner".to_owned(),
        }
    }
}

/// Who a new customer is.
pub struct Newcomer {
    pub email: String,
    pub external_id: Option<String>,
    pub name: Option<String>,
    pub metadata: Map<String, Value>,
    pub billing_address: Option<Value>,
    pub locale: Option<String>,
}

/// Adds a customer and its owner member; `customer.created` is the caller's, since a checkout puts its own event between.
pub fn add(state: &mut state::State, who: Newcomer) -> Uuid {
    let customer = Customer {
        id: secrets::id(),
        created_at: state.clock.now(),
        modified_at: None,
        metadata: who.metadata,
        external_id: who.external_id,
        email: who.email,
        email_verified: false,
        kind: "individual".to_owned(),
        billing_name: who.name.clone(),
        name: who.name,
        billing_address: who.billing_address,
        tax_id: None,
        locale: who.locale,
        organization_id: state.identity.organization_id,
        default_payment_method_id: None,
        deleted_at: None,
        first_user_event_at: None,
    };
    let (id, member) = (customer.id, Member::owner(&customer));
    state.customers.push(customer);
    state.emit("member.created", json!(member));
    state.members.push(member);
    // Usage may have been sent before its customer was known.
    if state.usage.iter().any(|one| one.customer(state).is_some_and(|who| who.id == id)) {
        state.later(What::Meters(id));
    }
    id
}

/// Sends `customer.created`, `customer.updated` or `customer.deleted`, and the changed state after it.
pub fn announce(state: &mut state::State, kind: &str, id: Uuid) {
    if let Ok(shown) = state.customer(id).map(Customer::full) {
        state.emit(kind, shown);
        state.later(What::StateChanged(id));
    }
}

/// `GET /v1/customers/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    let email = query.one("email").map(str::to_lowercase);
    let words = query.one("query").map(str::to_lowercase);
    let items = app.read(|state| {
        let wanted = |customer: &&Customer| {
            let address = customer.email.to_lowercase();
            let name = customer.name.as_deref().unwrap_or_default().to_lowercase();
            let external = customer.external_id.as_deref().unwrap_or_default().to_lowercase();
            customer.deleted_at.is_none()
                && email.as_ref().is_none_or(|email| *email == address)
                && words.as_ref().is_none_or(|w| name.contains(w) || address.contains(w) || external.starts_with(w))
        };
        state.customers.iter().filter(wanted).map(Customer::full).collect::<Vec<_>>()
    });
    query.select(items, &[], "-created_at")
}

/// `GET /v1/customers/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| state.living(id).map(Customer::full))?).into_response())
}

/// `GET /v1/customers/external/{external_id}`
pub async fn read_external(State(app): Shared, Path(id): Path<String>) -> Answer {
    let found = app.read(|state| state.customer_by_external(&id).map(Customer::full));
    Ok(Json(found.ok_or(Refusal::NotFound)?).into_response())
}

/// `POST /v1/customers/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let mut fields = Fields::of(&sent);
    fields.require("email");
    let who = Newcomer {
        email: fields.email("email").unwrap_or_default(),
        external_id: fields.text("external_id"),
        name: fields.text("name"),
        metadata: fields.metadata("metadata").unwrap_or_default(),
        billing_address: fields.address("billing_address"),
        locale: fields.text("locale"),
    };
    fields.no_organization()?;
    fields.done()?;
    let shown = app.write(|state| {
        free_email(state, &who.email, None)?;
        free_external(state, who.external_id.as_deref())?;
        let id = add(state, who);
        announce(state, "customer.created", id);
        state.customer(id).map(Customer::full)
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// `PATCH /v1/customers/{id}`
pub async fn update(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.write(|state| change(state, id, &sent, true))?).into_response())
}

/// `PATCH /v1/customers/external/{external_id}`: as by id, but the external id stays.
pub async fn update_external(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let id = state.customer_by_external(&id).ok_or(Refusal::NotFound)?.id;
        change(state, id, &sent, false)
    })?;
    Ok(Json(shown).into_response())
}

fn change(state: &mut state::State, id: Uuid, sent: &Map<String, Value>, linking: bool) -> Result<Value, Refusal> {
    let mut customer = state.living(id)?.clone();
    let mut fields = Fields::of(sent);
    let email = fields.email("email");
    let external_id = if linking { fields.text("external_id") } else { None };
    if fields.has("name") {
        customer.name = fields.text("name");
        customer.billing_name.clone_from(&customer.name);
    }
    if let Some(metadata) = fields.metadata("metadata") {
        customer.metadata = metadata;
    }
    if let Some(address) = fields.address("billing_address") {
        customer.billing_address = Some(address);
    }
    fields.done()?;
    if let Some(email) = email.filter(|email| *email != customer.email) {
        free_email(state, &email, Some(id))?;
        (customer.email, customer.email_verified) = (email, false);
    }
    if let Some(wished) = external_id.filter(|wished| customer.external_id.as_ref() != Some(wished)) {
        if customer.external_id.is_some() {
            return Err(Refusal::field("external_id", "Customer external ID cannot be updated.", json!(wished)));
        }
        free_external(state, Some(&wished))?;
        customer.external_id = Some(wished);
    }
    customer.modified_at = Some(state.clock.now());
    if let Some(place) = state.customers.iter_mut().find(|place| place.id == id) {
        *place = customer;
    }
    announce(state, "customer.updated", id);
    state.customer(id).map(Customer::full)
}

fn free_email(state: &state::State, email: &str, but: Option<Uuid>) -> Result<(), Refusal> {
    match state.customer_by_email(email) {
        Some(taken) if Some(taken.id) != but => {
            Err(Refusal::field("email", "A customer with this email address already exists.", json!(email)))
        }
        _ => Ok(()),
    }
}

fn free_external(state: &state::State, external_id: Option<&str>) -> Result<(), Refusal> {
    match external_id.and_then(|id| state.customer_by_external(id)) {
        Some(_) => {
            Err(Refusal::field("external_id", "A customer with this external ID already exists.", json!(external_id)))
        }
        None => Ok(()),
    }
}
