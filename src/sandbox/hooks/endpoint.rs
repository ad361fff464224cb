//! Webhook endpoints: who is told what, and with which key it is signed (C§2.13, C§3.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::{Event, KINDS};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// So many events given up in a row disable an endpoint (C§3.3).
const PATIENCE: usize = 10;
const PREFIX: &str = "whsec_";

/// One endpoint, as Polar shows it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Endpoint {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub url: String,
    pub name: Option<String>,
    pub format: String,
    pub secret: Secret,
    pub organization_id: Uuid,
    pub events: Vec<String>,
    pub enabled: bool,
}

/// What signs the deliveries of an endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secret {
    /// As the merchant sees it.
    pub text: String,
    /// The key is what the part after `whsec_` decodes to; else it is the whole text.
    decoded: bool,
}

impl Secret {
    /// A secret that the merchant chose: its key is the whole string, in both eras.
    pub fn chosen(text: String) -> Self {
        Self { text, decoded: false }
    }

    /// A generated secret: of the era since September 2026 if `standard`, else of the one before.
    pub fn generated(standard: bool) -> Self {
        if standard {
            let random = [secrets::id().into_bytes(), secrets::id().into_bytes()].concat();
            return Self { text: format!("{PREFIX}{}", STANDARD.encode(random)), decoded: true };
        }
        Self::chosen(secrets::token(PREFIX))
    }

    /// The HMAC key.
    pub fn key(&self) -> Vec<u8> {
        let decoded = self.text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
        decoded.filter(|_| self.decoded).unwrap_or_else(|| self.text.as_bytes().to_vec())
    }
}

impl State {
    /// The endpoint of the app itself: it is told everything.
    pub fn own_endpoint(&self) -> Endpoint {
        Endpoint {
            created_at: self.identity.created_at,
            modified_at: None,
            id: self.identity.endpoint_id,
            url: String::new(),
            name: Some("the app".to_owned()),
            format: "raw".to_owned(),
            secret: Secret::chosen(self.identity.webhook_secret.clone()),
            organization_id: self.identity.organization_id,
            events: KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            enabled: true,
        }
    }

    /// Points the app's own endpoint at `url`, and switches it off if there is none; an endpoint that is missing is made,
    /// and gets the events that have none.
    pub fn adopt(&mut self, url: &str) {
        let own = self.identity.endpoint_id;
        if self.endpoint(own).is_none() {
            self.endpoints.insert(0, self.own_endpoint());
        }
        self.events.iter_mut().filter(|event| event.endpoint_id.is_nil()).for_each(|event| event.endpoint_id = own);
        if let Some(endpoint) = self.endpoint_mut(own) {
            url.clone_into(&mut endpoint.url);
            endpoint.enabled &= !url.is_empty();
        }
    }

    /// The endpoint with this id.
    pub fn endpoint(&self, id: Uuid) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// The same, to be changed.
    pub fn endpoint_mut(&mut self, id: Uuid) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id)
    }

    /// The endpoints that are told about events of this kind. Kinds that Polar does not have reach the app alone.
    pub fn listeners(&self, kind: &str) -> Vec<Uuid> {
        let (own, known) = (self.identity.endpoint_id, KINDS.contains(&kind));
        let wants = |one: &&Endpoint| if known { one.events.iter().any(|name| name == kind) } else { one.id == own };
        self.endpoints.iter().filter(|one| one.enabled).filter(wants).map(|one| one.id).collect()
    }

    /// Whether the latest completed events of an endpoint were all given up.
    pub fn is_hopeless(&self, id: Uuid) -> bool {
        let completed = self.events.iter().rev().filter(|event| event.endpoint_id == id && event.succeeded().is_some());
        completed.take(PATIENCE).take_while(|event| event.succeeded() == Some(false)).count() == PATIENCE
    }

    /// Switches an endpoint off, unless something was taken in the meantime (C§11 "Endpoint disabling"). What waits for it
    /// counts as skipped, but arrives if the endpoint is enabled again before the retry comes due.
    ///
    /// # Errors
    /// When the endpoint is gone.
    pub fn disable(&mut self, id: Uuid) -> Result<(), Refusal> {
        if !self.is_hopeless(id) {
            return Ok(());
        }
        self.endpoint_mut(id).ok_or(Refusal::NotFound)?.enabled = false;
        let waits = |event: &&mut Event| event.endpoint_id == id && !event.finished && !event.in_flight;
        self.events.iter_mut().filter(waits).for_each(|event| event.skipped = true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_from_before_there_were_endpoints_is_taken_over() {
        let mut state = State::new();
        state.emit("order.paid", serde_json::json!({}));
        let mut saved = serde_json::to_value(&state).expect("json");
        let whole = saved.as_object_mut().expect("an object");
        ["endpoints", "benefits", "members", "grants", "meters", "usage", "tokens"].iter().for_each(|key| {
            whole.remove(*key).expect("it was saved");
        });
        saved["events"][0].as_object_mut().expect("an event").retain(|key, _| key != "endpoint_id" && key != "skipped");
        let mut state: State = serde_json::from_value(saved).expect("a state");
        state.adopt("http://127.0.0.1:1/hooks");
        let own = state.identity.endpoint_id;
        assert_eq!((state.endpoints[0].id, state.endpoints[0].url.as_str()), (own, "http://127.0.0.1:1/hooks"));
        assert_eq!(state.events[0].endpoint_id, own);
    }

    #[test]
    fn the_key_is_the_whole_secret_in_one_era_and_what_it_encodes_in_the_other() {
        let before = Secret::generated(false);
        assert_eq!(before.key(), before.text.as_bytes());
        let since = Secret::generated(true);
        assert_eq!(since.key().len(), 32);
        assert_eq!(format!("whsec_{}", STANDARD.encode(since.key())), since.text);
        let chosen = Secret::chosen(since.text.clone());
        assert_eq!(chosen.key(), since.text.as_bytes(), "a merchant's own secret is never decoded");
    }
}
