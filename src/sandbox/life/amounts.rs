//! What the lines of a bill come to: discount first, then tax, then what the customer has as credit. Bills and
//! previews of them are the same sum.

use serde_json::{Value, json};

use super::billing::{Bill, Line};
use super::{balance, discounting, tax};
use crate::sandbox::api::discounts::Discount;
use crate::sandbox::state::State;

/// The sums of a bill, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub subtotal: i64,
    pub discount: i64,
    pub tax: i64,
    pub inclusive: bool,
    /// Negative where credit pays, positive where a credit clears a debt.
    pub applied: i64,
}

impl Amounts {
    /// Before tax.
    pub fn net(self) -> i64 {
        self.subtotal - self.discount - if self.inclusive { self.tax } else { 0 }
    }

    /// With tax.
    pub fn total(self) -> i64 {
        self.net() + self.tax
    }

    /// The cash of it.
    pub fn due(self) -> i64 {
        (self.total() + self.applied).max(0)
    }

    /// As the previews show it (http/115).
    pub fn view(self) -> Value {
        json!({
            "subtotal_amount": self.subtotal, "discount_amount": self.discount, "net_amount": self.net(),
            "tax_amount": self.tax, "total_amount": self.total(), "applied_balance_amount": self.applied,
            "due_amount": self.due(),
        })
    }
}

/// The sums of a bill that is not made yet.
pub fn of(state: &State, bill: &Bill) -> Amounts {
    let address = state.customer(bill.customer_id).ok().and_then(|customer| customer.billing_address.clone());
    let discount = discounting::known(state, bill.discount_id);
    let mut sums = sums(&bill.lines, discount, &bill.currency);
    sums.inclusive = bill.tax_inclusive;
    sums.tax = tax::of(sums.subtotal - sums.discount, address.as_ref(), bill.tax_inclusive);
    sums.applied = balance::applied(state, bill.customer_id, &bill.currency, sums.total());
    sums
}

/// Prorations were discounted when they were worked out: only the other lines are.
fn sums(lines: &[Line], discount: Option<&Discount>, currency: &str) -> Amounts {
    let whole: i64 = lines.iter().filter(|line| !line.proration).map(|line| line.amount).sum();
    Amounts {
        subtotal: lines.iter().map(|line| line.amount).sum(),
        discount: discount.map_or(0, |discount| discount.off(whole, currency)),
        ..Amounts::default()
    }
}
