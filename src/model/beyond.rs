//! What goes beyond what a period includes: paid by the unit with the next bill, as far as the customer allows. Without a
//! limit of theirs it is nothing: use stops where the plan ends, and nobody is surprised by a bill.

use super::{money::Money, rate::Rate};

/// More of a meter, paid by the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// What one unit costs.
    pub each: Rate,
    /// Lower-case ISO code.
    pub currency: String,
    /// Polar's own end of what a bill charges; minor units.
    pub cap: Option<i64>,
    /// So many units the customer allows.
    pub most: i64,
    /// So many units of the last hours before the period count in it as well: Polar counts late and may bill them here,
    /// where they must not become a bill that nobody allowed.
    pub late: i64,
}

/// What is still charged of a subscription that is cancelled, in a clause; of one whose plan sells more, the last use.
#[must_use]
pub fn last_charge(sells_more: bool) -> &'static str {
    if sells_more {
        "nothing more is charged but what you use beyond what is included"
    } else {
        "nothing more is charged"
    }
}

impl Beyond {
    /// As far as a limit allows it; one in another currency allows nothing.
    #[must_use]
    pub fn allowed(self, limit: Option<&Money>) -> Self {
        let limit = limit.filter(|limit| limit.currency == self.currency);
        Self { most: limit.map_or(0, |limit| self.each.units_for(limit.amount)), ..self }
    }

    /// What so many units cost on one bill, tax apart.
    #[must_use]
    pub fn cost(&self, units: i64) -> Money {
        let cost = self.each.cost(units);
        Money::new(self.cap.map_or(cost, |cap| cost.min(cap)), &self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(cap: Option<i64>) -> Beyond {
        let each = Rate::parse("4").expect("a rate");
        Beyond { each, currency: "usd".into(), cap, most: 0, late: 0 }
    }

    #[test]
    fn without_a_limit_there_is_nothing_beyond() {
        assert_eq!(beyond(None).allowed(None).most, 0);
        assert_eq!(beyond(None).allowed(Some(&Money::new(500, "usd"))).most, 125);
        assert_eq!(beyond(None).allowed(Some(&Money::new(500, "eur"))).most, 0, "another currency");
        assert_eq!(beyond(None).allowed(Some(&Money::new(3, "usd"))).most, 0);
    }

    #[test]
    fn a_bill_charges_no_more_than_the_price_says() {
        assert_eq!(beyond(None).cost(125), Money::new(500, "usd"));
        assert_eq!(beyond(Some(300)).cost(125), Money::new(300, "usd"));
        assert_eq!(beyond(Some(300)).cost(10), Money::new(40, "usd"));
    }
}
