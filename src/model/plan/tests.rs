//! The plans as `plans.toml` describes them.

use super::*;

#[test]
fn the_shipped_file_can_be_used() {
    let plans = Plans::parse(include_str!("../../../plans.toml")).unwrap();
    assert_eq!(plans.iter().map(|plan| plan.slug.as_str()).collect::<Vec<_>>(), ["free", "pro", "team", "lifetime"]);
    assert_eq!(plans.free().unwrap().slug, "free");
    assert_eq!(plans.get("team").unwrap().grace(), 14 * DAY);
    assert_eq!(plans.get("pro").unwrap().features["projects"], Value::Limit(50));
    assert_eq!(plans.feature_name("studio"), "The sheet of codes");
    assert!(!plans.requires_verified_email());
}

#[test]
fn mistakes_are_named() {
    let why = |text: &str| Plans::parse(text).unwrap_err().to_string();
    assert!(why("[[plan]]\nslug='a'\nname='A'\nrank=1\n[[plan]]\nslug='b'\nname='B'\nrank=2").contains("only one"));
    assert!(why("[[plan]]\nslug='A b'\nname='A'\nrank=1").contains("slug"));
    assert!(why("[[plan]]\nslug='a'\nname='A'\nrank=1\ncolour='red'").contains("colour"));
    let plan =
        |slug: &str, seats: &str| format!("[[plan]]\nslug='{slug}'\nname='A'\nrank=1\nfeatures={{seats={seats}}}\n");
    assert!(why(&(plan("a", "5") + &plan("b", "true"))).contains("\"seats\""));
    let prices = |more: &str| {
        let price = "[[plan.price]]\ninterval='month'\namount=1\ncurrency='usd'\n";
        why(&format!("[[plan]]\nslug='a'\nname='A'\nrank=1\n{price}[[plan.price]]\n{more}"))
    };
    assert!(prices("interval='month'\namount=2\ncurrency='USD'").contains("two prices in USD"));
    assert!(prices("interval='month'\namount=2\ncurrency='eur'\ntrial_days=7").contains("different trials"));
    assert!(prices("interval='once'\namount=2\ncurrency='usd'\ntrial_days=7").contains("before a single payment"));
}

#[test]
fn changes_take_effect_when_the_file_says() {
    let month = Interval::Every { unit: "month".into(), count: 1 };
    let shipped = include_str!("../../../plans.toml");
    let other = Plans::parse(&format!("{shipped}\n[changes]\nupgrade = \"next_bill\"\n")).unwrap();
    assert_eq!(other.timing(("pro", &month), ("team", &month)), Timing::NextBill);
    assert_eq!(other.timing(("team", &month), ("pro", &month)), Timing::PeriodEnd);
    assert!(Plans::parse(&format!("{shipped}\n[changes]\nupgrade = \"whenever\"\n")).is_err());
}

#[test]
fn values_survive_storage() {
    for value in [Value::Switch(true), Value::Limit(50)] {
        assert_eq!(Value::of_stored(&value.stored()), Some(value));
    }
}
