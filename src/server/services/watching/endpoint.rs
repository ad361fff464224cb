//! What our endpoint at Polar must be like.

use crate::server::polar::Endpoint;

/// The kinds that something follows from (C§3.4). Others do no harm.
const NEEDED: [&str; 27] = [
    "benefit_grant.created",
    "benefit_grant.cycled",
    "benefit_grant.revoked",
    "benefit_grant.updated",
    "checkout.expired",
    "checkout.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "order.created",
    "order.paid",
    "order.refunded",
    "order.updated",
    "product.created",
    "product.updated",
    "refund.created",
    "refund.updated",
    "subscription.active",
    "subscription.canceled",
    "subscription.created",
    "subscription.cycled",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "subscription.revoked",
    "subscription.uncanceled",
    "subscription.updated",
];

/// What can be wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// None delivers to us; where we are, and where others deliver to.
    Nowhere {
        /// Our address.
        ours: String,
        /// Those of the endpoints there are.
        others: Vec<String>,
    },
    /// It is switched off.
    Disabled,
    /// It does not send JSON as we read it, but this.
    Format(String),
    /// It is not told about these kinds.
    Missing(Vec<String>),
}

impl Problem {
    /// What is wrong and what to do, in one or two sentences.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Nowhere { ours, others } if others.is_empty() => format!(
                "Polar has no webhook endpoint: `boreal polar push` adds one for {ours}, or do so in Polar's settings (format \
                 Raw); and put its secret into POLAR_WEBHOOK_SECRETS."
            ),
            Self::Nowhere { ours, others } => format!(
                "No webhook endpoint at Polar delivers to {ours}, only to {}: change its URL in Polar's settings, let \
                 `boreal polar push` add one, or set BOREAL_ORIGIN to where people really reach this site.",
                others.join(", ")
            ),
            Self::Disabled => {
                "Polar has switched our webhook endpoint off, as after many failed deliveries: `boreal check \
                               --fix` switches it on again and looks up what was missed."
                    .to_owned()
            }
            Self::Format(format) => format!(
                "Our webhook endpoint at Polar sends the format {format} instead of raw: `boreal check --fix` changes it."
            ),
            Self::Missing(kinds) => format!(
                "Our webhook endpoint at Polar is not told about {}: `boreal check --fix` adds them.",
                kinds.join(", ")
            ),
        }
    }
}

impl Problem {
    /// What mending it does, in a few words.
    #[must_use]
    pub fn mended(&self) -> String {
        match self {
            Self::Nowhere { ours, .. } => format!("made for {ours}, told about {} kinds of events", NEEDED.len()),
            Self::Disabled => "switched on again".to_owned(),
            Self::Format(format) => format!("sends the format raw instead of {format}"),
            Self::Missing(kinds) => format!("told about {} as well", kinds.join(", ")),
        }
    }
}

/// Our endpoint among those there are, and what is wrong. The built-in sandbox delivers to where we listen, whatever the
/// origin is.
pub(super) fn judge(endpoints: Vec<Endpoint>, ours: &str, sandbox: bool) -> (Option<Endpoint>, Vec<Problem>) {
    let is_ours = |one: &Endpoint| one.url == ours || (sandbox && one.url.ends_with("/webhooks/polar"));
    let others = endpoints.iter().map(|one| one.url.clone()).collect();
    let (mut on, mut off): (Vec<_>, Vec<_>) = endpoints.into_iter().filter(is_ours).partition(|one| one.enabled);
    let Some(endpoint) = on.pop().or_else(|| off.pop()) else {
        return (None, vec![Problem::Nowhere { ours: ours.to_owned(), others }]);
    };
    let mut problems = Vec::new();
    if !endpoint.enabled {
        problems.push(Problem::Disabled);
    }
    if endpoint.format != "raw" {
        problems.push(Problem::Format(endpoint.format.clone()));
    }
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|kind| !endpoint.events.iter().any(|told| told == *kind))
        .map(ToString::to_string)
        .collect();
    if !missing.is_empty() {
        problems.push(Problem::Missing(missing));
    }
    (Some(endpoint), problems)
}

/// The kinds that it is told about, with those that we need.
pub(super) fn kinds_with_ours(told: &[String]) -> Vec<String> {
    let mut kinds: Vec<String> = told.iter().cloned().chain(NEEDED.iter().map(ToString::to_string)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://shop.example.org/webhooks/polar";

    fn endpoint(url: &str) -> Endpoint {
        Endpoint {
            id: "e".to_owned(),
            url: url.to_owned(),
            format: "raw".to_owned(),
            events: kinds_with_ours(&[]),
            enabled: true,
        }
    }

    fn problems(endpoints: Vec<Endpoint>) -> Vec<Problem> {
        judge(endpoints, OURS, false).1
    }

    #[test]
    fn an_endpoint_as_it_should_be_is_no_problem() {
        assert_eq!(problems(vec![endpoint("https://elsewhere.example.org/"), endpoint(OURS)]), []);
        let off = Endpoint { enabled: false, ..endpoint(OURS) };
        assert_eq!(problems(vec![endpoint(OURS), off.clone()]), [], "a second one that is off is none");
        assert_eq!(problems(vec![off]), [Problem::Disabled]);
    }

    #[test]
    fn each_problem_says_what_to_do() {
        let nowhere = problems(vec![endpoint("https://old.example.org/webhooks/polar")]);
        assert!(nowhere[0].sentence().contains("only to https://old.example.org/webhooks/polar"), "{nowhere:?}");
        assert!(problems(Vec::new())[0].sentence().contains("POLAR_WEBHOOK_SECRETS"));
        let few = Endpoint {
            format: "slack".to_owned(),
            events: NEEDED[2..].iter().map(ToString::to_string).collect(),
            ..endpoint(OURS)
        };
        let wrong = problems(vec![few]);
        assert_eq!(wrong[0], Problem::Format("slack".to_owned()));
        assert!(wrong[1].sentence().contains("benefit_grant.created, benefit_grant.cycled:"), "{wrong:?}");
    }

    #[test]
    fn kinds_that_we_do_not_need_stay() {
        let kinds = kinds_with_ours(&["member.created".to_owned(), "order.paid".to_owned()]);
        assert_eq!(kinds.len(), NEEDED.len() + 1);
    }
}
