//! One source in the words of whoever has it: what, until when, from what, and what happens then.

use super::{
    instant::{Millis, spell_date},
    verdict::Rule,
};

/// What a sentence about one source is made of. Instants are billing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The name of its plan or feature.
    pub what: String,
    /// When it began.
    pub since: Option<Millis>,
    /// The rule that decided.
    pub rule: Rule,
    /// When the present period of a subscription ends.
    pub period_end: Option<Millis>,
    /// When its trial ends.
    pub trial_end: Option<Millis>,
    /// A change that is scheduled: when, and to which plan.
    pub change: Option<(Millis, String)>,
    /// Whether it pauses when the present period ends.
    pub pauses: bool,
}

impl Told {
    /// The sentence; it can follow "You have" where the rule gives access.
    #[must_use]
    pub fn sentence(&self) -> String {
        let what = &self.what;
        match &self.rule {
            Rule::Active | Rule::Trialing | Rule::Ending(_) => self.running(),
            Rule::Grace(_) | Rule::GraceUnseen(_) | Rule::GrantStands | Rule::GraceOver(_) => self.owing(),
            Rule::Paused => format!("{what} is paused, with {}; resuming opens it again.", self.subscription()),
            Rule::Over(_) => format!("{what} has ended, with {}.", self.subscription()),
            Rule::Bought(_) | Rule::Lapsed(_) | Rule::Refunded | Rule::Unpaid(_) => self.bought(),
            Rule::Granted => format!("{what}, as a benefit of what you bought."),
            Rule::Revoked => format!("{what} has ended: the benefit was taken back."),
            Rule::Given(None) => format!("{what} without an end, given by us{}.", self.on()),
            Rule::Given(Some(at)) => format!("{what} until {}, given by us{}.", spell_date(*at), self.on()),
            Rule::Expired(at) => format!("{what} ended on {}; we had given it{}.", spell_date(*at), self.on()),
            Rule::Withdrawn => format!("{what} has ended: we took back what we had given{}.", self.on()),
            Rule::NoSuchPlan(_) => format!("{what} is not offered any more."),
        }
    }

    fn running(&self) -> String {
        let (what, from) = (&self.what, self.subscription());
        if let Rule::Ending(at) = self.rule {
            return format!("{what} until {}, from {from}; it ends then.", spell_date(at));
        }
        let trial = self.rule == Rule::Trialing;
        match (&self.change, trial, self.trial_end.filter(|_| trial).or(self.period_end).map(spell_date)) {
            (Some((at, next)), false, _) => {
                format!("{what} until {}, from {from}; changes to {next} then.", spell_date(*at))
            }
            (Some((at, next)), true, _) => {
                format!("{what} on trial, from {from}; changes to {next} on {}.", spell_date(*at))
            }
            (None, true, Some(at)) => {
                format!("{what} on trial until {at}, from {from}; the first payment is due then.")
            }
            (None, true, None) => format!("{what} on trial, from {from}."),
            (None, false, Some(at)) if self.pauses => format!("{what} until {at}, from {from}; it pauses then."),
            (None, false, Some(at)) => format!("{what}, from {from}; it renews on {at}."),
            (None, false, None) => format!("{what}, from {from}."),
        }
    }

    fn owing(&self) -> String {
        let (what, from) = (&self.what, self.subscription());
        let unpaid = "its last payment did not go through";
        match self.rule {
            Rule::Grace(at) => {
                format!("{what} until {} at least, from {from}; {unpaid}, and another card settles it.", spell_date(at))
            }
            Rule::GraceOver(at) => {
                format!("{what} ended on {}, with {from}: {unpaid}. A payment opens it again.", spell_date(at))
            }
            Rule::GrantStands => format!("{what} for now, from {from}; {unpaid}, and Polar keeps it open so far."),
            _ => format!("{what} for now, from {from}; {unpaid}, and we are asking Polar again."),
        }
    }

    fn bought(&self) -> String {
        let (what, purchase) = (&self.what, self.from("purchase"));
        match &self.rule {
            Rule::Bought(None) => format!("{what} for good, from {purchase}."),
            Rule::Bought(Some(at)) => format!("{what} until {}, from {purchase}.", spell_date(*at)),
            Rule::Lapsed(at) => format!("{what} ended on {}, with {purchase}.", spell_date(*at)),
            Rule::Refunded => format!("{what} has ended: {purchase} was refunded."),
            _ => format!("{what} is not open yet: {purchase} is not paid."),
        }
    }

    fn subscription(&self) -> String {
        self.from("subscription")
    }

    fn from(&self, noun: &str) -> String {
        self.since.map_or_else(|| format!("your {noun}"), |at| format!("your {noun} of {}", spell_date(at)))
    }

    fn on(&self) -> String {
        self.since.map_or_else(String::new, |at| format!(" on {}", spell_date(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::instant::parse_ms, *};

    fn at(day: &str) -> Millis {
        parse_ms(&format!("{day}T10:00:00Z")).expect("a date")
    }

    fn told(rule: Rule) -> Told {
        Told {
            what: "Pro".to_owned(),
            since: Some(at("2026-02-03")),
            rule,
            period_end: Some(at("2026-03-03")),
            trial_end: Some(at("2026-02-17")),
            change: None,
            pauses: false,
        }
    }

    fn says(rule: Rule, sentence: &str) {
        assert_eq!(told(rule).sentence(), sentence);
    }

    #[test]
    fn a_subscription_that_runs() {
        says(Rule::Active, "Pro, from your subscription of 3 February 2026; it renews on 3 March 2026.");
        let pauses = Told { pauses: true, ..told(Rule::Active) };
        let until = "Pro until 3 March 2026, from your subscription of 3 February 2026; it pauses then.";
        assert_eq!(pauses.sentence(), until);
        says(
            Rule::Trialing,
            "Pro on trial until 17 February 2026, from your subscription of 3 February 2026; the first payment is due then.",
        );
        says(
            Rule::Ending(at("2026-03-03")),
            "Pro until 3 March 2026, from your subscription of 3 February 2026; it ends then.",
        );
        let mut changing = told(Rule::Active);
        changing.change = Some((at("2026-03-03"), "Basic".to_owned()));
        assert_eq!(
            changing.sentence(),
            "Pro until 3 March 2026, from your subscription of 3 February 2026; changes to Basic then."
        );
        changing.rule = Rule::Trialing;
        assert!(changing.sentence().ends_with("; changes to Basic on 3 March 2026."));
    }

    #[test]
    fn a_subscription_that_owes() {
        let grace = at("2026-03-10");
        says(
            Rule::Grace(grace),
            "Pro until 10 March 2026 at least, from your subscription of 3 February 2026; its last payment did not go \
             through, and another card settles it.",
        );
        assert!(told(Rule::GraceUnseen(grace)).sentence().starts_with("Pro for now, "));
        assert!(told(Rule::GrantStands).sentence().contains("Polar keeps it open"));
        assert!(told(Rule::GraceOver(grace)).sentence().starts_with("Pro ended on 10 March 2026, "));
        says(Rule::Paused, "Pro is paused, with your subscription of 3 February 2026; resuming opens it again.");
        says(Rule::Over("canceled".into()), "Pro has ended, with your subscription of 3 February 2026.");
    }

    #[test]
    fn purchases_and_gifts() {
        let end = at("2026-03-03");
        says(Rule::Bought(None), "Pro for good, from your purchase of 3 February 2026.");
        says(Rule::Bought(Some(end)), "Pro until 3 March 2026, from your purchase of 3 February 2026.");
        says(Rule::Lapsed(end), "Pro ended on 3 March 2026, with your purchase of 3 February 2026.");
        says(Rule::Refunded, "Pro has ended: your purchase of 3 February 2026 was refunded.");
        says(Rule::Unpaid("pending".into()), "Pro is not open yet: your purchase of 3 February 2026 is not paid.");
        says(Rule::Granted, "Pro, as a benefit of what you bought.");
        says(Rule::Given(Some(end)), "Pro until 3 March 2026, given by us on 3 February 2026.");
        says(Rule::Given(None), "Pro without an end, given by us on 3 February 2026.");
        says(Rule::Expired(end), "Pro ended on 3 March 2026; we had given it on 3 February 2026.");
    }
}
