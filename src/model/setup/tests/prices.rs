//! What units cost beyond what is included: prices at Polar beside the fixed ones.

use super::{
    metering::{credit, meter},
    *,
};

const METER: &str = "[meter.codes]\nname='QR codes'\none='QR code'\nmany='QR codes'\n";

/// One plan that includes 300 codes a month, and whatever else is said of them, for $12 a month and other prices.
fn charging(codes: &str, prices: &str) -> Plans {
    let monthly = "[[plan.price]]\ninterval='month'\namount=1200\ncurrency='usd'\n";
    plans(&format!("[plan.usage.codes]\nincluded=300\n{codes}\n{monthly}{prices}{METER}"))
}

fn each(rate: &str) -> Plans {
    charging(&format!("each={{ usd='{rate}' }}"), "")
}

fn fixed(change: Value) -> Value {
    let price = json!({"id": "p", "source": "catalog", "amount_type": "fixed", "price_currency": "usd",
                       "price_amount": 1200, "tax_behavior": "inclusive", "is_archived": false});
    with(price, change)
}

/// 4 cents for each of the meter `m`, but for what is said.
fn unit(change: Value) -> Value {
    let price = json!({"id": "u", "source": "catalog", "amount_type": "metered_unit", "price_currency": "usd",
                       "unit_amount": "4.000000000000", "cap_amount": null, "tax_behavior": "exclusive",
                       "is_archived": false, "meter_id": "m", "meter": {"id": "m", "name": "QR codes"}});
    with(price, change)
}

fn with(mut price: Value, change: Value) -> Value {
    price.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    price
}

/// Holds the monthly product with these prices, giving its credit, against the plans, with these meters.
fn held(plans: &Plans, prices: Value, meters: &[MeterThere]) -> Setup {
    let there = product("a", json!({"prices": prices, "benefits": [credit(json!({}))]}));
    let benefits = [serde_json::from_value(credit(json!({}))).expect("a benefit")];
    compare(plans, &BTreeMap::new(), &[there], &benefits, meters)
}

/// The same, with the one meter there: what becomes of the prices, and the lines that say so.
fn repriced(plans: &Plans, prices: Value) -> (Vec<Entry>, Vec<String>) {
    let setup = held(plans, prices, &[meter("m", json!({}))]);
    let [Step::Change { changes, .. }] = &setup.steps[..] else { panic!("{setup:#?}") };
    let [Change::Prices { entries, .. }] = &changes[..] else { panic!("{changes:#?}") };
    assert!(!setup.steps[0].waits() && !setup.steps[0].only_adds());
    (entries.clone(), lines(&setup))
}

fn price(rate: &str) -> UnitPrice {
    let [meter, one, id, currency] = ["codes", "QR code", "m", "usd"].map(str::to_owned);
    UnitPrice {
        meter,
        one,
        id: Some(id),
        currency,
        rate: super::super::super::rate::Rate::parse(rate).expect("a rate"),
    }
}

fn kept(id: &str) -> Entry {
    Entry::Keep(id.to_owned())
}

#[test]
fn a_new_product_waits_for_the_meter_that_it_charges_by() {
    let more = "[[plan.price]]\ninterval='month'\namount=1100\ncurrency='eur'\n\
                [[plan.price]]\ninterval='year'\namount=9900\ncurrency='eur'\n\
                [[plan.price]]\ninterval='once'\namount=50000\ncurrency='usd'\n";
    let plans = charging("each={ usd='4', eur='3.5' }\nrollover=true", more);
    let setup = beside(&plans, &[]);
    let said = lines(&setup);
    let of =
        |name: &str| said.iter().find(|line| line.starts_with(&format!("+ {name}: made"))).expect("a line").as_str();
    assert_eq!(
        of("Pro (every month)"),
        "+ Pro (every month): made, for $12 or €11 every month, and $0.04 or €0.035 for each QR code beyond those included"
    );
    assert!(of("Pro (every year)").ends_with("every year, and €0.035 for each QR code beyond those included"));
    assert_eq!(of("Pro"), "+ Pro: made, for $500 once");
    let waits = |setup: &Setup| -> Vec<(String, bool)> {
        let created = |step: &Step| matches!(step, Step::Create(_)).then(|| (step.lines().join(""), step.waits()));
        setup.steps.iter().filter_map(created).collect()
    };
    assert_eq!(waits(&setup).into_iter().map(|(_, waits)| waits).collect::<Vec<_>>(), [true, true, false]);
    assert!(setup.steps.iter().all(Step::only_adds));
    assert!(matches!(&setup.steps[1], Step::MakeCredit { credit, .. } if credit.rollover), "{setup:#?}");

    let later = compare(&plans, &BTreeMap::new(), &[], &[], &[meter("m", json!({}))]);
    let same: Vec<(String, bool)> = waits(&setup).into_iter().map(|(line, _)| (line, false)).collect();
    assert_eq!(waits(&later), same, "it is found again by its words");
    let made = later.steps.iter().find_map(|step| if let Step::Create(wanted) = step { Some(wanted) } else { None });
    assert_eq!(made.expect("a product").units[0], price("4"));
}

#[test]
fn rates_are_compared_as_numbers() {
    let meters = [meter("m", json!({}))];
    let capped = unit(json!({"cap_amount": 5000, "price_currency": "usd"}));
    assert_eq!(held(&each("4.00"), json!([fixed(json!({})), capped]), &meters), Setup::default());
    let old = unit(json!({"id": "o", "unit_amount": "9", "is_archived": true}));
    assert_eq!(held(&each("4"), json!([old, unit(json!({})), fixed(json!({}))]), &meters), Setup::default());
}

#[test]
fn another_rate_is_a_new_price_beside_those_that_stay() {
    let capped = unit(json!({"cap_amount": 5000}));
    let (entries, said) = repriced(&each("5"), json!([capped, fixed(json!({}))]));
    let tax = Some("exclusive".to_owned());
    assert_eq!(entries, [kept("p"), Entry::Unit { price: price("5"), cap: Some(5000), tax }]);
    let words = "~ Pro (every month): $0.05 for each QR code beyond those included for new buyers, instead of $0.04; \
                 subscribers keep the price they have";
    assert_eq!(said, [words]);

    let (entries, said) = repriced(&each("4"), json!([fixed(json!({"price_amount": 900})), unit(json!({}))]));
    let tax = Some("inclusive".to_owned());
    assert_eq!(entries, [Entry::New { price: Money::new(1200, "usd"), tax }, kept("u")]);
    assert_eq!(said.len(), 1);
}

#[test]
fn a_price_of_units_comes_and_goes() {
    let (entries, said) = repriced(&each("4"), json!([fixed(json!({}))]));
    let tax = Some("inclusive".to_owned());
    assert_eq!(entries, [kept("p"), Entry::Unit { price: price("4"), cap: None, tax }], "tax as beside it");
    let words = "~ Pro (every month): $0.04 for each QR code beyond those included for new buyers; subscribers go on \
                 without such a price";
    assert_eq!(said, [words]);

    let (entries, said) = repriced(&charging("", ""), json!([fixed(json!({})), unit(json!({}))]));
    assert_eq!(entries, [kept("p")]);
    let words = "~ Pro (every month): $0.04 for each QR code is charged to new buyers no more; subscribers keep the price \
                 they have";
    assert_eq!(said, [words]);
}

#[test]
fn a_meter_that_was_made_anew_gets_the_price() {
    let meters = [meter("m", json!({"archived_at": "2026-11-22T00:00:00Z"}))];
    let there = json!([fixed(json!({})), unit(json!({}))]);
    let setup = held(&each("4"), there.clone(), &meters);
    assert_eq!(setup.steps.iter().map(Step::waits).collect::<Vec<_>>(), [false, true, true], "{setup:#?}");
    let meters = [&meters[..], &[meter("n", json!({"created_at": "2026-11-22T00:00:00Z"}))]].concat();
    let setup = held(&each("4"), there, &meters);
    let [Step::ChangeCredit { .. }, Step::Change { changes, .. }] = &setup.steps[..] else { panic!("{setup:#?}") };
    let [Change::Prices { entries, .. }] = &changes[..] else { panic!("{changes:#?}") };
    let anew = UnitPrice { id: Some("n".to_owned()), ..price("4") };
    assert_eq!(entries, &[kept("p"), Entry::Unit { price: anew, cap: None, tax: Some("exclusive".to_owned()) }]);
    assert!(lines(&setup)[1].contains("counted by the meter that plans.toml means, instead of another"));
}

#[test]
fn what_plans_cannot_say_of_units_stays() {
    let foreign = unit(json!({"meter_id": "f", "meter": {"id": "f", "name": "Calls"}}));
    let meters = [
        meter("m", json!({})),
        meter("f", json!({"metadata": {"meter": "calls"}})),
        meter("g", json!({"metadata": {}})),
    ];
    let nobodys = unit(json!({"meter": {"id": "g", "name": "Calls"}}));
    for odd in [foreign, nobodys, unit(json!({"unit_amount": "much"})), unit(json!({"meter": null}))] {
        let setup = held(&each("5"), json!([fixed(json!({"price_amount": 900})), odd]), &meters);
        assert_eq!((setup.steps, setup.notes), (vec![], vec![Note::Kind("Pro (every month)".to_owned())]), "{odd}");
    }
}

#[test]
fn what_is_left_goes_along_as_the_plans_say() {
    let meters = [meter("m", json!({}))];
    let setup = held(&charging("rollover=true", ""), json!([fixed(json!({}))]), &meters);
    let [Step::ChangeCredit { credit, changes, .. }] = &setup.steps[..] else { panic!("{setup:#?}") };
    assert!(credit.rollover && changes[..] == [CreditChange::Rollover(false)]);
    let words = "~ benefit 300 QR codes a month: what is left at a renewal goes along, instead of lapsing";
    assert_eq!(lines(&setup), [words]);
}
