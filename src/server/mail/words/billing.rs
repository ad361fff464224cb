//! Mails about money: what was paid, what was not, and what becomes of it.

use super::{Links, Words};
use crate::model::{
    beyond::last_charge,
    instant::{Millis, spell_date},
    letter::{BillingLetter, More},
    money::Money,
};

pub(super) fn words(letter: &BillingLetter, links: &Links<'_>) -> Words {
    match letter {
        BillingLetter::OrderPaid { plan, total, what, invoice } => paid(links, plan, total, what, invoice.as_deref()),
        BillingLetter::PaymentFailed { plan, until } => failed(links, plan, *until),
        BillingLetter::Canceled { plan, ends_at, sells_more } => canceled(links, plan, *ends_at, *sells_more),
        BillingLetter::Ended { plan, sells_more } => ended(links, plan, *sells_more),
        BillingLetter::Refunded { what, amount } => refunded(links, what, amount),
        BillingLetter::PlanChanged { from, to } => changed(links, from, to),
        BillingLetter::TwoSubscriptions => two_subscriptions(links),
        BillingLetter::RenewalSoon { plan, price, at } => renewal_soon(links, plan, price, *at),
        BillingLetter::UsageReached { many, percent, used, most, until, more } => {
            let reached = Reached { many, percent: *percent, used: *used, most: *most, until: spell_date(*until) };
            usage_reached(links, &reached, more.as_ref())
        }
    }
}

const SEE: &str = "See my account";

fn paid(links: &Links<'_>, plan: &str, total: &Money, what: &str, invoice: Option<&str>) -> Words {
    let number = invoice.map(|number| format!(" The number of the invoice is {number}.")).unwrap_or_default();
    let told = format!("You paid {total} for {plan} ({what}).{number} Thank you.");
    let receipt = "Receipt and invoice come from Polar, who sells for us. The button leads to them.";
    links.words(format!("Paid: {plan}, {total}"), &[&told, receipt], &[]).action("See receipt", links.to("/orders"))
}

fn failed(links: &Links<'_>, plan: &str, until: Millis) -> Words {
    let told = format!("The last payment for {plan} did not go through, so nothing was charged.");
    let until = format!("Your access goes on until {}. Another card settles it at once.", spell_date(until));
    let retry = "Polar tries the card again within the next days. If it pays then, nothing is lost.";
    let words = links.words(format!("Your payment for {plan} did not go through"), &[&told, &until], &[retry]);
    words.action("Update card", links.to("/billing"))
}

fn canceled(links: &Links<'_>, plan: &str, ends_at: Option<Millis>, sells_more: bool) -> Words {
    let end = ends_at.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
    let told = format!("{plan} will not renew. You keep it until {end}, and {}.", last_charge(sells_more));
    let back = "If you change your mind before then, you can keep it on your account page.";
    links.words(format!("{plan} is cancelled"), &[&told], &[back]).action(SEE, links.to("/account"))
}

fn ended(links: &Links<'_>, plan: &str, sells_more: bool) -> Words {
    let told = format!("Your subscription of {plan} is over. It does not renew, and your account stays.");
    let last = "Whatever you used beyond what was included comes on one last bill.";
    let lines = if sells_more { &[told.as_str(), last][..] } else { &[told.as_str()] };
    links.words(format!("{plan} has ended"), lines, &[]).action("See plans and prices", links.to("/pricing"))
}

fn refunded(links: &Links<'_>, what: &str, amount: &Money) -> Words {
    let told = format!("{amount} for {what} goes back the way you paid. Banks take a few days until it shows.");
    links.words(format!("Paid back: {amount}"), &[&told], &[]).action(SEE, links.to("/account"))
}

fn changed(links: &Links<'_>, from: &str, to: &str) -> Words {
    let told =
        format!("Your subscription was changed from {from} to {to}. What it costs, and when, is in your account.");
    links.words(format!("You have {to} now"), &[&told], &[]).action(SEE, links.to("/account"))
}

fn two_subscriptions(links: &Links<'_>) -> Words {
    let told = "You are paying for two subscriptions at once. We have noticed and will look into it: one of them will be \
                cancelled and paid back. You need not do anything.";
    links.words("You are paying for two subscriptions", &[told], &[]).action(SEE, links.to("/account"))
}

fn renewal_soon(links: &Links<'_>, plan: &str, price: &Money, at: Millis) -> Words {
    let day = spell_date(at);
    let told = format!("Your yearly subscription of {plan} renews on {day}, for {price}, tax apart.");
    let choice = "To keep it you need not do anything. If you do not want it, cancel before that day.";
    links.words(format!("{plan} renews on {day}"), &[&told, choice], &[]).action(SEE, links.to("/account"))
}

/// How much of what is used.
struct Reached<'l> {
    many: &'l str,
    percent: i64,
    used: i64,
    most: i64,
    until: String,
}

impl Reached<'_> {
    fn subject(&self) -> String {
        let Self { many, percent, used, most, .. } = self;
        if used < most {
            format!("You have used {percent} percent of your {many}")
        } else {
            format!("You have used all your {many}")
        }
    }

    /// What is left, and what comes after it.
    fn rest(&self, more: Option<&More>) -> String {
        let (left, until) = (self.most - self.used, &self.until);
        match more.map(|more| (&more.price, more.allowed)) {
            Some((price, allowed @ 1..)) if left <= 0 => {
                let allowed = allowed + left;
                format!("From here on {price}. Your spending limit allows {} more until {until}.", allowed.max(0))
            }
            Some((price, allowed @ 1..)) => {
                format!("{left} are left until {until}. After them {price}; your spending limit allows {allowed}.")
            }
            _ if left <= 0 => format!("No more are left until {until}."),
            _ => format!("{left} are left until {until}."),
        }
    }

    /// What it costs to go on, for whoever allowed nothing.
    fn money(more: Option<&More>) -> String {
        let nothing = "Nothing is charged beyond what you have paid.";
        match more {
            None => format!("{nothing} A larger plan gives more."),
            Some(More { allowed: 1.., .. }) => {
                "It goes on the next bill. You can lower the limit at any time.".to_owned()
            }
            Some(More { price, .. }) => {
                format!("{nothing} If you set a spending limit, you can go on: {price}. A larger plan gives more, too.")
            }
        }
    }
}

fn usage_reached(links: &Links<'_>, reached: &Reached<'_>, more: Option<&More>) -> Words {
    let Reached { many, used, most, .. } = reached;
    let told = format!("You have used {used} of {most} {many}. {}", reached.rest(more));
    let choice = "When we write to you about this is your choice, on the same page.";
    links
        .words(reached.subject(), &[&told, &Reached::money(more)], &[choice])
        .action("See my usage", links.to("/usage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(letter: &BillingLetter) -> Words {
        words(letter, &Links { origin: "https://shop.example.org", key: None })
    }

    #[test]
    fn what_happens_to_the_money_is_said() {
        let (plan, what) = ("Pro".to_owned(), "first payment".to_owned());
        let total = Money::new(1428, "usd");
        let paid = of(&BillingLetter::OrderPaid { plan, total, what, invoice: Some("BOR-1".into()) });
        assert_eq!(paid.subject, "Paid: Pro, $14.28");
        assert_eq!(
            paid.before[0],
            "You paid $14.28 for Pro (first payment). The number of the invoice is BOR-1. Thank you."
        );
        let failed = of(&BillingLetter::PaymentFailed { plan: "Pro".into(), until: 1_795_280_822_556 });
        assert!(failed.before[1].contains("until 21 November 2026"), "{failed:?}");
        let canceled = of(&BillingLetter::Canceled { plan: "Pro".into(), ends_at: None, sells_more: false });
        assert!(canceled.before[0].ends_with("and nothing more is charged."));
        let canceled = of(&BillingLetter::Canceled { plan: "Pro".into(), ends_at: None, sells_more: true });
        assert!(canceled.before[0].ends_with("nothing more is charged but what you use beyond what is included."));
        for (sells_more, lines) in [(false, 1), (true, 2)] {
            assert_eq!(of(&BillingLetter::Ended { plan: "Pro".into(), sells_more }).before.len(), lines);
        }
    }

    #[test]
    fn what_is_used_up_is_said_with_what_is_left() {
        let told = |percent, used| {
            let (many, until) = ("QR codes".to_owned(), 1_795_280_822_556);
            of(&BillingLetter::UsageReached { many, percent, used, most: 300, until, more: None })
        };
        let much = told(80, 245);
        assert_eq!(much.subject, "You have used 80 percent of your QR codes");
        assert_eq!(much.before[0], "You have used 245 of 300 QR codes. 55 are left until 21 November 2026.");
        let all = told(100, 310);
        assert_eq!(all.subject, "You have used all your QR codes");
        assert_eq!(all.before[0], "You have used 310 of 300 QR codes. No more are left until 21 November 2026.");
        assert!(all.before[1].contains("Nothing is charged"));
    }

    #[test]
    fn where_more_is_sold_it_is_said_how_far_it_goes() {
        let told = |used, allowed| {
            let (many, until) = ("QR codes".to_owned(), 1_795_280_822_556);
            let more = Some(More { price: "each QR code more costs $0.04".into(), allowed });
            of(&BillingLetter::UsageReached { many, percent: 80, used, most: 300, until, more }).before
        };
        assert!(told(300, 0)[0].ends_with("No more are left until 21 November 2026."));
        assert!(told(300, 0)[1].contains("If you set a spending limit, you can go on: each QR code more costs $0.04."));
        let soon = "After them each QR code more costs $0.04; your spending limit allows 25.";
        assert!(told(245, 25)[0].ends_with(soon));
        let over =
            "From here on each QR code more costs $0.04. Your spending limit allows 15 more until 21 November 2026.";
        assert!(told(310, 25)[0].ends_with(over));
        assert!(!told(310, 25)[1].contains("Nothing is charged"));
    }
}
