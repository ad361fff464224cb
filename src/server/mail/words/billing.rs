//! Mails about money: what was paid, what was not, and what becomes of it.

use super::{Links, Words};
use crate::model::{
    instant::{Millis, spell_date},
    letter::BillingLetter,
    money::Money,
};

pub(super) fn words(letter: &BillingLetter, links: &Links<'_>) -> Words {
    match letter {
        BillingLetter::OrderPaid { plan, total, what, invoice } => paid(links, plan, total, what, invoice.as_deref()),
        BillingLetter::PaymentFailed { plan, until } => failed(links, plan, *until),
        BillingLetter::Canceled { plan, ends_at } => canceled(links, plan, *ends_at),
        BillingLetter::Ended { plan } => ended(links, plan),
        BillingLetter::Refunded { what, amount } => refunded(links, what, amount),
        BillingLetter::PlanChanged { from, to } => changed(links, from, to),
        BillingLetter::TwoSubscriptions => two_subscriptions(links),
        BillingLetter::RenewalSoon { plan, price, at } => renewal_soon(links, plan, price, *at),
        BillingLetter::UsageReached { many, percent, used, most, until } => {
            usage_reached(links, many, *percent, (*used, *most), *until)
        }
    }
}

const SEE: &str = "See my account";

fn paid(links: &Links<'_>, plan: &str, total: &Money, what: &str, invoice: Option<&str>) -> Words {
    let number = invoice.map(|number| format!(" The number of the invoice is {number}.")).unwrap_or_default();
    let told = format!("You paid {total} for {plan} ({what}).{number} Thank you.");
    let receipt = "Receipt and invoice are in the billing portal of Polar, who sells for us. The button leads there.";
    links.words(format!("Paid: {plan}, {total}"), &[&told, receipt], &[]).action("See receipt", links.to("/billing"))
}

fn failed(links: &Links<'_>, plan: &str, until: Millis) -> Words {
    let told = format!("The last payment for {plan} did not go through, so nothing was charged.");
    let until = format!("Your access goes on until {}. Another card settles it at once.", spell_date(until));
    let retry = "Polar tries the card again within the next days. If it pays then, nothing is lost.";
    let words = links.words(format!("Your payment for {plan} did not go through"), &[&told, &until], &[retry]);
    words.action("Update card", links.to("/billing"))
}

fn canceled(links: &Links<'_>, plan: &str, ends_at: Option<Millis>) -> Words {
    let end = ends_at.map_or_else(|| "the end of the paid time".to_owned(), spell_date);
    let told = format!("{plan} will not renew. You keep it until {end}, and nothing more is charged.");
    let back = "If you change your mind before then, you can keep it on your account page.";
    links.words(format!("{plan} is cancelled"), &[&told], &[back]).action(SEE, links.to("/account"))
}

fn ended(links: &Links<'_>, plan: &str) -> Words {
    let told = format!("Your subscription of {plan} is over. Nothing more is charged, and your account stays.");
    links.words(format!("{plan} has ended"), &[&told], &[]).action("See plans and prices", links.to("/pricing"))
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

fn usage_reached(links: &Links<'_>, many: &str, percent: i64, (used, most): (i64, i64), until: Millis) -> Words {
    let until = spell_date(until);
    let (subject, left) = match most - used {
        ..=0 => (format!("You have used all your {many}"), format!("No more are left until {until}.")),
        left => {
            let subject = format!("You have used {percent} percent of your {many}");
            (subject, format!("{left} are left until {until}."))
        }
    };
    let told = format!("You have used {used} of {most} {many}. {left}");
    let money = "Nothing is charged beyond what you have paid. A larger plan gives more.";
    let choice = "When we write to you about this is your choice, on the same page.";
    links.words(subject, &[&told, money], &[choice]).action("See my usage", links.to("/usage"))
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
        let canceled = of(&BillingLetter::Canceled { plan: "Pro".into(), ends_at: None });
        assert!(canceled.before[0].contains("nothing more is charged"));
    }

    #[test]
    fn what_is_used_up_is_said_with_what_is_left() {
        let told = |percent, used| {
            let (many, until) = ("QR codes".to_owned(), 1_795_280_822_556);
            of(&BillingLetter::UsageReached { many, percent, used, most: 300, until })
        };
        let much = told(80, 245);
        assert_eq!(much.subject, "You have used 80 percent of your QR codes");
        assert_eq!(much.before[0], "You have used 245 of 300 QR codes. 55 are left until 21 November 2026.");
        let all = told(100, 310);
        assert_eq!(all.subject, "You have used all your QR codes");
        assert_eq!(all.before[0], "You have used 310 of 300 QR codes. No more are left until 21 November 2026.");
        assert!(all.before[1].contains("Nothing is charged"));
    }
}
