//! Meters and credits at Polar, held against the plans.

use super::*;

/// One plan that includes so many codes a month, paid every month.
fn including(units: i64) -> Plans {
    plans(&format!(
        "[plan.usage.codes]\nincluded={units}\n[[plan.price]]\ninterval='month'\namount=1200\ncurrency='usd'\n\
         [meter.codes]\nname='QR codes'\none='QR code'\nmany='QR codes'\n"
    ))
}

pub(super) fn meter(id: &str, change: Value) -> MeterThere {
    let mut there = json!({
        "id": id, "created_at": "2026-11-21T17:00:00Z", "name": "QR codes", "archived_at": null, "metadata": {"meter": "codes"},
        "filter": {"conjunction": "and", "clauses": [{"property": "name", "operator": "eq", "value": "codes"}]},
        "aggregation": {"func": "sum", "property": "amount"},
    });
    there.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    serde_json::from_value(there).expect("a meter")
}

/// The credit of the monthly product as it should be with 300, but for what is said.
pub(super) fn credit(change: Value) -> Value {
    let mut there = json!({
        "id": "c", "type": "meter_credit", "description": "300 QR codes a month",
        "metadata": {"meter": "codes", "plan": "pro", "interval": "month"},
        "properties": {"units": 300, "rollover": false, "meter_id": "m"},
    });
    there.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    there
}

/// Holds the monthly product, giving these, and this meter against 300 codes a month.
fn held(plans: &Plans, benefits: &[Value], meters: &[MeterThere]) -> Setup {
    let there = product("a", json!({ "benefits": benefits }));
    let read = |value: &Value| serde_json::from_value(value.clone()).expect("a benefit");
    let benefits: Vec<Benefit> = benefits.iter().map(read).collect();
    compare(plans, &BTreeMap::new(), &[there], &benefits, meters)
}

#[test]
fn what_is_as_the_plans_say_stays() {
    let support = json!({"id": "s", "type": "custom", "metadata": {}});
    let setup = held(&including(300), &[support, credit(json!({}))], &[meter("m", json!({}))]);
    assert_eq!(setup, Setup::default());
}

#[test]
fn a_step_waits_for_what_it_is_about() {
    let setup = held(&including(300), &[], &[]);
    let waits: Vec<bool> = setup.steps.iter().map(Step::waits).collect();
    assert_eq!(waits, [false, true, true], "{setup:#?}");
    assert!(setup.steps.iter().all(Step::only_adds));
    let setup = held(&including(300), &[], &[meter("m", json!({}))]);
    let [Step::MakeCredit { credit, meter: Some(id) }, Step::Give { at: None, .. }] = &setup.steps[..] else {
        panic!("{setup:#?}")
    };
    assert_eq!((id.as_str(), credit.units), ("m", 300));
    let tags =
        BTreeMap::from([("meter", "codes"), ("plan", "pro"), ("interval", "month")].map(|(k, v)| (k, v.to_owned())));
    assert_eq!(credit.tags(), tags);
}

#[test]
fn another_number_changes_the_benefit_that_is_there() {
    let setup = held(&including(400), &[credit(json!({}))], &[meter("m", json!({}))]);
    let [Step::ChangeCredit { id, meter: Some(meter), changes, .. }] = &setup.steps[..] else { panic!("{setup:#?}") };
    assert_eq!((id.as_str(), meter.as_str(), &changes[..]), ("c", "m", &[CreditChange::Units(300)][..]));
    let told =
        "~ benefit 400 QR codes a month: instead of 300; subscribers are given so many from their next renewal on";
    assert_eq!(lines(&setup), [told]);
    assert!(!setup.steps[0].only_adds());
}

#[test]
fn what_somebody_changed_by_hand_is_put_back() {
    let other = json!({"description": "Codes", "properties": {"units": 300, "rollover": true, "meter_id": "x"}});
    let setup = held(&including(300), &[credit(other)], &[meter("m", json!({"name": "Codes"}))]);
    let [Step::RenameMeter { id, name, from }, Step::ChangeCredit { changes, .. }] = &setup.steps[..] else {
        panic!("{setup:#?}")
    };
    assert_eq!((id.as_str(), name.as_str(), from.as_str()), ("m", "QR codes", "Codes"));
    let all = [CreditChange::Description("Codes".to_owned()), CreditChange::Meter, CreditChange::Rollover(true)];
    assert_eq!(changes[..], all);
}

#[test]
fn of_several_meters_the_oldest_that_counts_is_ours() {
    let archived = meter("o", json!({"created_at": "2026-11-01T00:00:00Z", "archived_at": "2026-11-02T00:00:00Z"}));
    let newer = meter("n", json!({"created_at": "2026-11-22T00:00:00Z", "name": "Newer"}));
    let foreign = meter("f", json!({"created_at": "2026-11-01T00:00:00Z", "metadata": {}}));
    let all = [archived.clone(), newer, foreign, meter("m", json!({}))];
    assert_eq!(held(&including(300), &[credit(json!({}))], &all), Setup::default());
    // A new one is made for the archived, and the credit goes over to it.
    let setup = held(&including(300), &[credit(json!({}))], &[archived]);
    let [Step::MakeMeter { .. }, Step::ChangeCredit { meter: None, .. }] = &setup.steps[..] else {
        panic!("{setup:#?}")
    };
}

#[test]
fn a_meter_that_counts_otherwise_is_told_of() {
    let counting = meter("m", json!({"aggregation": {"func": "count"}}));
    let setup = held(&including(300), &[credit(json!({}))], &[counting]);
    assert_eq!((setup.steps, &setup.notes), (vec![], &vec![Note::Counts("QR codes".into(), "codes".into())]));
    assert!(setup.notes[0].sentence().contains("Archive it"));
}

#[test]
fn what_is_included_no_more_is_given_no_more() {
    let daily = plans(
        "[plan.usage.codes]\na_day=3\n[[plan.price]]\ninterval='month'\namount=1200\ncurrency='usd'\n\
         [meter.codes]\nname='QR codes'\none='QR code'\nmany='QR codes'\n",
    );
    let by_hand = credit(json!({"id": "h", "metadata": {"meter": "codes"}}));
    let setup = held(&daily, &[by_hand, credit(json!({}))], &[meter("m", json!({}))]);
    let [Step::Give { at: Some((_, left)), loses, .. }] = &setup.steps[..] else { panic!("{setup:#?}") };
    assert_eq!((left.join(" "), loses.join(" ")), ("h".to_owned(), "300 QR codes a month".to_owned()));
    // Meters that the plans do not name are somebody else's.
    assert_eq!(held(&monthly(), &[credit(json!({}))], &[meter("m", json!({"name": "Mine"}))]), Setup::default());
}

#[test]
fn what_is_paid_once_is_given_nothing() {
    let once = plans(
        "[plan.usage.codes]\nincluded=100\n[[plan.price]]\ninterval='once'\namount=1200\ncurrency='usd'\n\
         [meter.codes]\nname='QR codes'\none='QR code'\nmany='QR codes'\n",
    );
    let said = lines(&beside(&once, &[]));
    assert_eq!(said, ["+ meter QR codes: made, counts the events \"codes\"", "+ Pro: made, for $12 once"]);
}
