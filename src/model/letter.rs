//! What we write to people: each kind of mail, with what its words are made of. The words themselves are in
//! `server::mail`.

use super::{
    instant::{DAY, HOUR, Millis},
    money::Money,
};
use serde::{Deserialize, Serialize};

/// A mail older than its cause by more than this is not written any more, in billing time.
pub const FRESH: Millis = DAY;

/// One mail, as stored until it is sent. Nothing in it is a key: keys are made when it is sent. Instants are billing time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Letter {
    /// About who somebody is.
    Account(AccountLetter),
    /// About what somebody pays.
    Billing(BillingLetter),
}

/// A mail about an account: its address and its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccountLetter {
    /// To the address of an account: prove that it is yours.
    VerifyAddress,
    /// To the address that an account wants to have: prove that it is yours.
    ConfirmAddress,
    /// To an address that has an account: another account wanted to have it.
    AddressTaken,
    /// To the address that an account had until now.
    AddressChanged,
    /// To an address that has an account: somebody registered with it again.
    RegisteredAgain,
    /// A link to choose another password.
    ResetPassword,
    /// To an address without an account: somebody asked for such a link.
    NoAccount,
    /// The password is another one now.
    PasswordChanged,
    /// The copy of everything that is held about somebody can be fetched.
    ExportReady,
    /// The account is gone, and nothing is charged any more.
    AccountDeleted {
        /// When it was asked for, wall time.
        asked_at: Millis,
        /// The names of what ended.
        ended: Vec<String>,
    },
    /// Somebody logged in with a browser that was never used before.
    NewSignIn {
        /// When, wall time.
        at: Millis,
        /// From which network address.
        from: String,
    },
}

/// A mail about money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BillingLetter {
    /// Polar has taken a payment.
    OrderPaid {
        /// The name of the plan.
        plan: String,
        /// What was paid, tax included.
        total: Money,
        /// What for, in a word or two.
        what: String,
        /// The number on Polar's invoice, where it has one already.
        invoice: Option<String>,
    },
    /// A renewal was not paid.
    PaymentFailed {
        /// The name of the plan.
        plan: String,
        /// Until when access goes on.
        until: Millis,
    },
    /// A subscription is set to end.
    Canceled {
        /// The name of the plan.
        plan: String,
        /// When it ends.
        ends_at: Option<Millis>,
        /// Whether its plan sells more than it includes.
        #[serde(default)]
        sells_more: bool,
    },
    /// A subscription is over.
    Ended {
        /// The name of the plan.
        plan: String,
        /// Whether its plan sells more than it includes.
        #[serde(default)]
        sells_more: bool,
    },
    /// Money went back.
    Refunded {
        /// What for, in a word or two.
        what: String,
        /// How much, tax included.
        amount: Money,
    },
    /// A subscription is of another plan now.
    PlanChanged {
        /// The name of the plan before.
        from: String,
        /// The name of the plan now.
        to: String,
    },
    /// Two subscriptions are paid at once.
    TwoSubscriptions,
    /// A yearly subscription renews within days.
    RenewalSoon {
        /// The name of the plan.
        plan: String,
        /// What will be billed, tax apart.
        price: Money,
        /// When.
        at: Millis,
    },
    /// Much of what was bought is used up.
    UsageReached {
        /// Several of what is used, in a sentence: `QR codes`.
        many: String,
        /// So many percent, or more.
        percent: i64,
        /// So much.
        used: i64,
        /// So much is included.
        most: i64,
        /// Until then it must last.
        until: Millis,
        /// More of it, where more is sold.
        #[serde(default)]
        more: Option<More>,
    },
}

/// More than is included, in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// What one costs, in a sentence: `each QR code more costs $0.04`.
    pub price: String,
    /// So many more the customer's spending limit allows.
    pub allowed: i64,
}

/// What the key in a mail's link lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Prove that the address of the account is theirs.
    Verify,
    /// Give the account the address that the mail went to.
    Change,
    /// Choose another password.
    Reset,
}

impl From<AccountLetter> for Letter {
    fn from(letter: AccountLetter) -> Self {
        Self::Account(letter)
    }
}

impl From<BillingLetter> for Letter {
    fn from(letter: BillingLetter) -> Self {
        Self::Billing(letter)
    }
}

impl Letter {
    /// The kind's name, for logs and tables.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(letter) => letter.kind(),
            Self::Billing(letter) => letter.kind(),
        }
    }

    /// What the key in its link is for; most mails need none.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Account(AccountLetter::VerifyAddress) => Some(Purpose::Verify),
            Self::Account(AccountLetter::ConfirmAddress) => Some(Purpose::Change),
            Self::Account(AccountLetter::ResetPassword) => Some(Purpose::Reset),
            _ => None,
        }
    }
}

impl AccountLetter {
    fn kind(&self) -> &'static str {
        match self {
            Self::VerifyAddress => "verify_address",
            Self::ConfirmAddress => "confirm_address",
            Self::AddressTaken => "address_taken",
            Self::AddressChanged => "address_changed",
            Self::RegisteredAgain => "registered_again",
            Self::ResetPassword => "reset_password",
            Self::NoAccount => "no_account",
            Self::PasswordChanged => "password_changed",
            Self::ExportReady => "export_ready",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::NewSignIn { .. } => "new_sign_in",
        }
    }
}

impl BillingLetter {
    fn kind(&self) -> &'static str {
        match self {
            Self::OrderPaid { .. } => "order_paid",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::Canceled { .. } => "canceled",
            Self::Ended { .. } => "ended",
            Self::Refunded { .. } => "refunded",
            Self::PlanChanged { .. } => "plan_changed",
            Self::TwoSubscriptions => "two_subscriptions",
            Self::RenewalSoon { .. } => "renewal_soon",
            Self::UsageReached { .. } => "usage_reached",
        }
    }
}

impl Purpose {
    /// As stored.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Change => "change",
            Self::Reset => "reset",
        }
    }

    /// Reads what [`Purpose::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        [Self::Verify, Self::Change, Self::Reset].into_iter().find(|purpose| purpose.stored() == text)
    }

    /// How long the key opens, in wall time from when its mail is sent.
    #[must_use]
    pub fn lasts(self) -> Millis {
        match self {
            Self::Verify => 3 * DAY,
            Self::Change => DAY,
            Self::Reset => HOUR / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_names_its_kind_and_is_read_again() {
        let letters: [Letter; 4] = [
            AccountLetter::VerifyAddress.into(),
            BillingLetter::TwoSubscriptions.into(),
            BillingLetter::PaymentFailed { plan: "Pro".into(), until: 7 }.into(),
            BillingLetter::Refunded { what: "Pro".into(), amount: Money::new(1200, "usd") }.into(),
        ];
        for letter in letters {
            let stored = serde_json::to_string(&letter).unwrap();
            assert!(stored.contains(&format!("\"kind\":\"{}\"", letter.kind())), "{stored}");
            assert_eq!(serde_json::from_str::<Letter>(&stored).unwrap(), letter);
        }
    }

    #[test]
    fn a_key_to_a_password_lasts_half_an_hour() {
        let purpose = Letter::from(AccountLetter::ResetPassword).purpose();
        assert_eq!(purpose.map(Purpose::lasts), Some(30 * 60 * 1000));
        assert_eq!(Letter::from(BillingLetter::TwoSubscriptions).purpose(), None);
        assert_eq!(Purpose::of_stored(Purpose::Change.stored()), Some(Purpose::Change));
    }
}
