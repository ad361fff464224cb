//! Everything that is counted or measured, by its name: what it means, and how finely its times are told. How to read it is
//! in `docs/metrics.md`; a test holds that both name whatever the code names.
//!
//! Counters begin at 0 with the process and are added up over all nodes. What is read from our tables is the same on every
//! node.

use crate::model::plan::Plans;
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// What only grows, while the process lives.
const COUNTERS: [(&str, &str); 20] = [
    ("polar_checkouts_created_total", "Checkouts that buyers were sent to, by plan."),
    (
        "polar_orders_completed_total",
        "Polar's orders (bills) that were seen paid for the first time, renewals and bills of nothing too, by billing \
         reason.",
    ),
    (
        "polar_revenue_total",
        "Minor units (cents) of those orders that were really due (due_amount: tax in, credits out), by currency. \
         Refunds are not subtracted.",
    ),
    ("polar_answers_total", "Answers of Polar's API, by status."),
    ("polar_budget_waits_total", "Requests to Polar that had to wait for our share of its limit, by urgency."),
    ("polar_holds_total", "Times that Polar asked for a pause (429)."),
    ("webhooks_total", "Webhooks that came, by what became of them at the door."),
    ("inbox_applied_total", "Rows of the inbox that were applied, by verdict."),
    ("inbox_dead_total", "Rows of the inbox that were set aside because they cannot be applied."),
    ("jobs_dead_total", "Jobs that were given up."),
    ("password_hashes_total", "Passwords that were hashed, to keep the hash or to check it against a kept one."),
    ("mail_sent_total", "Mails that a mail server took, by kind."),
    ("mail_dead_total", "Mails that were given up, by kind."),
    ("usage_sent_total", "Uses that Polar took."),
    ("usage_aside_total", "Uses that Polar refused and that were set aside."),
    ("sync_repairs_total", "Things that were found at Polar and not here, and put right, by kind."),
    ("sync_unexplained_total", "Things that were still not as expected after a sync, by kind."),
    ("owner_disputes_total", "Times that an object's order of ours and its customer at Polar named two users."),
    ("product_tag_changes_total", "Times that a product came with another plan tag than it was first seen with."),
    ("cases_opened_total", "Cases that were opened for staff, by kind."),
];

/// What goes up and down.
const GAUGES: [(&str, &str); 13] = [
    ("polar_subscriptions_active", "Subscriptions that are active or on trial, by plan; read from the database."),
    ("polar_webhook_endpoint_ok", "1 while nothing is wrong with Polar's webhook endpoint; read from the database."),
    ("polar_clock_skew_seconds", "How far this node's clock is ahead of Polar's, at the last answer."),
    ("inbox_waiting", "Rows of the inbox that are not applied yet; read from the database."),
    ("inbox_age_seconds", "Age of the oldest of them, 0 without any; read from the database."),
    ("inbox_dead", "Rows of the inbox that are set aside; read from the database."),
    ("jobs_waiting", "Jobs that are queued or run; read from the database."),
    ("jobs_dead", "Jobs that were given up and are kept; read from the database."),
    ("usage_unsent", "Uses that are written down and not sent to Polar yet; read from the database."),
    ("usage_unsent_age_seconds", "Age of the oldest of them, 0 without any; read from the database."),
    ("usage_aside", "Uses that Polar refused and that are set aside; read from the database."),
    ("cases_open", "Open cases of staff; read from the database."),
    ("database_up", "1 if the database answered when these numbers were asked for; else those read from it are old."),
];

/// The one gauge that is an instant.
const FINISHED: (&str, &str) = (
    "sync_finished_timestamp_seconds",
    "When a sync of this kind last ended well, in seconds since 1970; read from the database.",
);

/// A time, with the upper bounds of its buckets in seconds.
type Time = (&'static str, &'static str, &'static [f64]);

/// Times.
const TIMES: [Time; 3] = [
    (
        "polar_webhook_duration_seconds",
        "From a webhook's last byte to its answer, which comes after it is durable, by what became of it.",
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
    ),
    (
        "received_to_access_seconds",
        "From Polar's word that something was bought, reaching us, to access: our own share of the wait.",
        &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0],
    ),
    (
        "click_to_access_seconds",
        "From the button that buys to access, with the time that the buyer takes to pay.",
        &[1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 86400.0],
    ),
];

/// Why Polar makes bills (C§2.9).
const REASONS: [&str; 4] = ["purchase", "subscription_create", "subscription_cycle", "subscription_update"];

/// Counts from now on in this process; the handle tells what was counted.
///
/// # Errors
/// When something in this process counts already.
pub fn begin() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for (name, _, buckets) in TIMES {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
    }
    let handle = builder.install_recorder()?;
    COUNTERS.iter().for_each(|(name, meaning)| describe_counter!(*name, *meaning));
    GAUGES.iter().chain([&FINISHED]).for_each(|(name, meaning)| describe_gauge!(*name, *meaning));
    TIMES.iter().for_each(|(name, meaning, _)| describe_histogram!(*name, *meaning));
    Ok(handle)
}

/// Counters that are known before anything happens are told as 0: else their first step would not be seen.
pub fn zero(plans: &Plans) {
    for plan in plans.iter().filter(|plan| !plan.is_free()) {
        metrics::counter!("polar_checkouts_created_total", "plan" => plan.slug.clone()).increment(0);
    }
    for reason in REASONS {
        metrics::counter!("polar_orders_completed_total", "billing_reason" => reason).increment(0);
    }
    metrics::counter!("inbox_dead_total").increment(0);
    metrics::counter!("jobs_dead_total").increment(0);
}
