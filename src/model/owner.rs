//! Whose an object of Polar is. Nobody gains anything by typing another's e-mail: what we ourselves recorded when we made
//! the checkout outranks what Polar says about the customer.

/// The rule that named the owner; in the order in which they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Staff said so.
    Staff,
    /// Its checkout, or that of its subscription or order, is one of our orders'.
    Checkout,
    /// Its metadata names one of our orders together with that order's user.
    Metadata,
    /// Its customer's external id is a user's id.
    Customer,
}

impl Rule {
    /// As stored.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Checkout => "checkout",
            Self::Metadata => "metadata",
            Self::Customer => "customer",
        }
    }
}

/// What each rule says; user ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// By staff attribution.
    pub staff: Option<String>,
    /// By one of our orders' checkout.
    pub checkout: Option<String>,
    /// By metadata that fits one of our orders.
    pub metadata: Option<String>,
    /// By the customer's external id.
    pub customer: Option<String>,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Whose it is, and by which rule; nobody's if no rule holds.
    pub user: Option<(String, Rule)>,
    /// Our own record and the customer's external id name different users: an alarm, never a refusal.
    pub disputed: bool,
}

impl Claims {
    /// The first rule that holds.
    #[must_use]
    pub fn decide(self) -> Owner {
        let ours = self.checkout.as_ref().or(self.metadata.as_ref());
        let disputed = matches!((ours, &self.customer), (Some(ours), Some(customer)) if ours != customer);
        let user = (self.staff.map(|user| (user, Rule::Staff)))
            .or_else(|| self.checkout.map(|user| (user, Rule::Checkout)))
            .or_else(|| self.metadata.map(|user| (user, Rule::Metadata)))
            .or_else(|| self.customer.map(|user| (user, Rule::Customer)));
        Owner { user, disputed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(staff: &str, checkout: &str, metadata: &str, customer: &str) -> Claims {
        let some = |user: &str| (!user.is_empty()).then(|| user.to_owned());
        Claims { staff: some(staff), checkout: some(checkout), metadata: some(metadata), customer: some(customer) }
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        let by = |claims: Claims| claims.decide().user.map(|(user, rule)| format!("{user} by {}", rule.stored()));
        assert_eq!(by(claims("s", "a", "m", "c")).unwrap(), "s by staff");
        assert_eq!(by(claims("", "a", "m", "c")).unwrap(), "a by checkout");
        assert_eq!(by(claims("", "", "m", "c")).unwrap(), "m by metadata");
        assert_eq!(by(claims("", "", "", "c")).unwrap(), "c by customer");
        assert_eq!(by(claims("", "", "", "")), None);
    }

    #[test]
    fn another_persons_customer_is_an_alarm() {
        assert!(claims("", "ann", "", "bob").decide().disputed);
        assert!(!claims("", "ann", "", "ann").decide().disputed);
        assert!(!claims("", "ann", "", "").decide().disputed);
    }
}
