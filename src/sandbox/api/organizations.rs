//! The organization of the token (C§2.1).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::body::Body;
use super::listing::Query;
use super::organization_settings;
use super::products::{join, path_id};
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::state;

/// `GET /v1/organizations/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    let found = app.read(full);
    query.page(Vec::from_iter(query.matches(&found, &["slug"]).then_some(found)), "created_at")
}

/// `GET /v1/organizations/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.read(|state| if state.identity.organization_id == id { Ok(full(state)) } else { Err(Refusal::NotFound) })
        .map(|found| Json(found).into_response())
}

/// `PATCH /v1/organizations/{id}`: what customers may do in the portal; the rest of an organization stands still here.
pub async fn update(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let settings = organization_settings::read(&sent)?;
    app.write(|state| {
        if state.identity.organization_id != id {
            return Err(Refusal::NotFound);
        }
        state.portal = settings.unwrap_or_else(|| state.portal.clone());
        let shown = full(state);
        state.emit("organization.updated", shown.clone());
        Ok(Json(shown).into_response())
    })
}

/// The organization inside what its customers see in the portal (http/092).
pub fn for_customers(state: &state::State) -> Value {
    let mut shown = short(state);
    let features = json!({"member_model_enabled": true, "checkout_localization_enabled": false});
    join(&mut shown, json!({"customer_portal_settings": state.portal, "organization_features": features}));
    shown
}

/// The organization as it shows itself to buyers, inside a client's checkout.
pub fn short(state: &state::State) -> Value {
    let at = state.identity.created_at;
    json!({
        "created_at": at, "modified_at": at, "id": state.identity.organization_id,
        "name": state.identity.name, "slug": state.identity.slug, "avatar_url": null, "proration_behavior": "prorate", "allow_customer_updates": true,
        "bio": "A stand-in for Polar", "company": null, "blog": null, "location": null, "twitter_username": null,
        "pledge_minimum_amount": 0, "pledge_badge_show_amount": false, "default_upfront_split_to_contributors": null,
        "email": "support@boreal.dev", "website": state.origin, "socials": [], "status": "active", "details_submitted_at": at,
        "feature_settings": features(), "subscription_settings": subscriptions(), "customer_email_settings": mails(),
    })
}

fn full(state: &state::State) -> Value {
    let mut found = short(state);
    let rest = json!({
        "onboarding_resubmission_requested_at": null, "sso_enforced": false, "default_presentment_currency": "usd",
        "default_tax_behavior": "location",
        "customer_portal_settings": state.portal,
        "dispute_settings": {"auto_accept_below_amount": null}, "embed_hosts": [], "embed_hosts_enforced": true,
        "country": null, "account_id": state.identity.account_id, "payout_account_id": state.identity.payout_account_id,
        "capabilities": {"checkout_payments": true, "subscription_renewals": true, "payouts": true, "refunds": true,
            "api_access": true, "dashboard_access": true},
        "notification_settings": {"new_order": true, "new_subscription": true, "chargeback_prevention": true,
            "subscription_renewal": false},
    });
    join(&mut found, rest);
    found
}

fn features() -> Value {
    json!({
        "issue_funding_enabled": false, "seat_based_pricing_enabled": true, "unit_based_pricing_enabled": false,
        "wallets_enabled": false, "member_model_enabled": true, "checkout_localization_enabled": false,
        "overview_metrics": null, "reset_proration_behavior_enabled": false, "off_session_charges_enabled": false,
        "meter_cycling_enabled": false, "slack_benefit_enabled": false, "preview_access_enabled": false,
        "disputes_enabled": false, "sso_enabled": false, "dispute_auto_accept_enabled": false, "compass_enabled": false,
        "merchant_migration_enabled": false,
    })
}

fn subscriptions() -> Value {
    json!({
        "allow_multiple_subscriptions": false, "proration_behavior": "prorate", "benefit_revocation_grace_period": 0,
        "prevent_trial_abuse": false, "allow_customer_updates": true,
    })
}

fn mails() -> Value {
    json!({
        "order_confirmation": true, "payment_method_expiration_reminder": true, "subscription_cancellation": true,
        "subscription_confirmation": true, "subscription_cycled": true, "subscription_cycled_after_trial": true,
        "subscription_past_due": true, "subscription_paused": true, "subscription_resumed": true,
        "subscription_renewal_reminder": true, "subscription_revoked": true,
        "subscription_trial_conversion_reminder": true, "subscription_uncanceled": true, "subscription_updated": true,
    })
}
