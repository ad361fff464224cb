//! What may happen in a history: what people do in the shop and at Polar, what the merchant does in Polar's dashboard, what
//! staff does, and time that passes. Drawn here, done in [`super::doing`].

use super::stage::days;
use crate::{
    polar::{DECLINED, PAYS},
    random::Random,
    scenarios::scene::PAYS_ONCE,
};
use serde_json::{Value, json};

const OFFERS: [(&str, &str); 5] =
    [("pro", "month"), ("pro", "year"), ("team", "month"), ("lifetime", "once"), ("pro", "month")];
const CARDS: [&str; 6] = [PAYS, PAYS, PAYS, PAYS_ONCE, PAYS_ONCE, DECLINED];

/// One act; people are numbers.
#[derive(Clone, Debug)]
pub enum Act {
    /// Buys in the shop, and pays as `payer` with a card, or does not pay at all.
    Buy { who: usize, offer: (&'static str, &'static str), payer: usize, card: Option<&'static str> },
    /// Pays somewhere else than in the shop: the merchant's link, with the e-mail of one of them or of a stranger, perhaps with somebody's external id or
    /// somebody's id in the metadata.
    Elsewhere { offer: (&'static str, &'static str), payer: Option<usize>, named: Option<usize>, tagged: Option<usize> },
    /// Polar meets somebody before they buy: with their own address, or with that of another.
    Meet { who: usize, address: usize },
    /// Cancels, pauses or revokes some subscription, as a dashboard or portal does.
    Change(&'static str, Value),
    /// Takes something of that back, or goes on with what waits.
    Undo,
    /// Moves some subscription to another product.
    Move { offer: (&'static str, &'static str), when: &'static str },
    /// Gives some bill back, wholly or in part.
    Refund { percent: i64 },
    /// Deletes some customer at Polar.
    Delete { anonymize: bool },
    /// Gives a customer without an external id one.
    Link { who: usize },
    /// A product gives a feature benefit from now on, or none any more.
    Benefit { offer: (&'static str, &'static str), given: bool },
    /// A product is not sold any more, or is again.
    Archive { offer: (&'static str, &'static str), archived: bool },
    /// Staff gives something, for a while or for good.
    Give { who: usize, what: &'static str, until: &'static str },
    /// Staff gives something from the quarantine to somebody.
    Attribute { who: usize },
    /// Time passes.
    Wait(i64),
}

impl Act {
    /// Every kind that comes to pass.
    pub const KINDS: [&str; 21] = [
        "Archive",
        "Attribute",
        "Benefit",
        "Buy",
        "Buy, declined",
        "Buy, not paid",
        "Cancel",
        "Delete",
        "Elsewhere",
        "End trial",
        "Give",
        "Keep",
        "Link",
        "Meet",
        "Move",
        "Pause",
        "Refund",
        "Resume",
        "Revoke",
        "Stay",
        "Wait",
    ];

    /// Some act.
    pub fn draw(random: &mut Random) -> Self {
        let (who, other) = (random.below(4), random.below(4));
        let offer = *random.pick(&OFFERS);
        match random.below(44) {
            0..=8 => Self::draw_purchase(random),
            9..=11 => {
                let payer = random.happens(60).then_some(other);
                let named = random.happens(40).then(|| random.below(4));
                let tagged = random.happens(40).then(|| random.below(4));
                Self::Elsewhere { offer, payer, named, tagged }
            }
            12..=13 => Self::Meet { who, address: if random.happens(60) { who } else { other } },
            14..=17 => {
                let (name, body) = change(random);
                Self::Change(name, body)
            }
            18..=22 => Self::Undo,
            23..=25 => Self::Move { offer, when: random.pick::<&str>(&["invoice", "prorate", "next_period", "reset"]) },
            26..=27 => Self::Refund { percent: *random.pick(&[100, 100, 40]) },
            28 => Self::Delete { anonymize: random.happens(50) },
            29 => Self::Link { who },
            30..=31 => Self::Benefit { offer, given: random.happens(70) },
            32 => Self::Archive { offer, archived: random.happens(60) },
            33 => {
                let what = random.pick::<&str>(&["plan:team", "feature:exports", "plan:pro"]);
                Self::Give { who, what, until: random.pick::<&str>(&["", "2027-01-10", "2026-12-01"]) }
            }
            34..=35 => Self::Attribute { who },
            _ => Self::Wait(days(*random.pick(&[0, 4, 9, 16, 32, 32, 45]))),
        }
    }

    /// Somebody buys, mostly with their own address.
    pub fn draw_purchase(random: &mut Random) -> Self {
        let (who, other) = (random.below(4), random.below(4));
        let payer = if random.happens(75) { who } else { other };
        let card = random.happens(90).then(|| *random.pick(&CARDS));
        Self::Buy { who, offer: *random.pick(&OFFERS), payer, card }
    }
}

/// One shape of a subscription's change.
fn change(random: &mut Random) -> (&'static str, Value) {
    let shapes = [
        ("Cancel", json!({"cancel_at_period_end": true})),
        ("Cancel", json!({"cancel_at_period_end": true, "customer_cancellation_reason": "too_expensive"})),
        ("Revoke", json!({"revoke": true})),
        ("Pause", json!({"pause_at_period_end": true})),
        ("Pause", json!({"pause_at_period_end": true})),
    ];
    random.pick(&shapes).clone()
}
