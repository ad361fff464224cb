//! Products and benefits at Polar, held against the plans.

use super::{
    super::{money::Money, plan::Plans},
    *,
};
use serde_json::{Value, json};

mod metering;
mod prices;

const SHIPPED: &str = include_str!("../../../plans.toml");

/// One plan for $12 a month, and whatever else is said about it.
fn plans(more: &str) -> Plans {
    let pro = "[[plan]]\nslug = \"pro\"\nname = \"Pro\"\nrank = 10\n";
    Plans::parse(&format!("{pro}{more}")).expect("plans")
}

fn monthly() -> Plans {
    plans("[[plan.price]]\ninterval = \"month\"\namount = 1200\ncurrency = \"usd\"\n")
}

/// The monthly product as it should be, but for what is said.
fn product(id: &str, change: Value) -> There {
    let mut sold = json!({
        "id": id, "created_at": "2026-11-21T17:00:00Z", "name": "Pro (every month)", "description": null,
        "is_archived": false, "visibility": "public", "recurring_interval": "month", "recurring_interval_count": 1,
        "trial_interval": null, "trial_interval_count": null, "metadata": {"plan": "pro"}, "benefits": [],
        "prices": [{"id": "p", "source": "catalog", "amount_type": "fixed", "price_currency": "usd",
                    "price_amount": 1200, "tax_behavior": null, "is_archived": false}]
    });
    sold.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    serde_json::from_value(sold).expect("a product")
}

fn beside(plans: &Plans, there: &[There]) -> Setup {
    compare(plans, &BTreeMap::new(), there, &[], &[])
}

fn lines(setup: &Setup) -> Vec<String> {
    setup.steps.iter().flat_map(Step::lines).collect()
}

/// What is changed about the one product that is there.
fn changes(plans: &Plans, there: There) -> Vec<Change> {
    match &beside(plans, &[there]).steps[..] {
        [] => Vec::new(),
        [Step::Change { id, changes, .. }] if id == "a" => changes.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_organization_gets_every_product() {
    let plans = Plans::parse(SHIPPED).expect("the shipped plans");
    let setup = beside(&plans, &[]);
    assert_eq!(
        lines(&setup),
        [
            "+ meter QR codes: made, counts the events \"codes\"",
            "+ benefit 300 QR codes a month: made",
            "+ benefit 3600 QR codes a year: made",
            "+ benefit 2000 QR codes a month: made",
            "+ Pro (every month): made, for $12 every month, and $0.04 for each QR code beyond those included",
            "+ Pro (every year): made, for $120 every year, and $0.04 for each QR code beyond those included",
            "+ Team (every month): made, for $39 every month, after 14 days without payment, and $0.03 for each QR code beyond \
             those included",
            "+ Lifetime: made, for $249 once",
            "+ Pro (every month): gives the benefits 300 QR codes a month",
            "+ Pro (every year): gives the benefits 3600 QR codes a year",
            "+ Team (every month): gives the benefits 2000 QR codes a month",
        ]
    );
    assert!(setup.steps.iter().all(Step::only_adds));
    assert_eq!(unfit(&plans), Vec::<String>::new());
}

#[test]
fn what_is_as_it_should_be_stays() {
    assert_eq!(beside(&monthly(), &[product("a", json!({}))]), Setup::default());
    let foreign = product("b", json!({"metadata": {}, "name": "Something else"}));
    let archived = product("c", json!({"is_archived": true, "metadata": {"plan": "old"}}));
    assert_eq!(beside(&monthly(), &[product("a", json!({})), foreign, archived]), Setup::default());
}

#[test]
fn an_archived_product_stands_for_nothing() {
    let setup = beside(&monthly(), &[product("a", json!({"is_archived": true}))]);
    assert!(matches!(&setup.steps[..], [Step::Create(_)]), "{setup:?}");
}

#[test]
fn another_price_replaces_one_and_keeps_how_tax_is_counted() {
    let price = |id: &str, currency: &str, amount: i64| {
        json!({"id": id, "source": "catalog", "amount_type": "fixed", "price_currency": currency,
               "price_amount": amount, "tax_behavior": "inclusive", "is_archived": false})
    };
    let old = json!({"id": "o", "amount_type": "legacy", "is_archived": true});
    let there =
        product("a", json!({"prices": [price("u", "usd", 900), price("e", "eur", 800), price("j", "jpy", 9), old]}));
    let both = "[[plan.price]]\ninterval='month'\namount=1200\ncurrency='USD'\n\
                [[plan.price]]\ninterval='month'\namount=800\ncurrency='eur'\n\
                [[plan.price]]\ninterval='month'\namount=700\ncurrency='gbp'\n";
    let (usd, gbp) = (Money::new(1200, "usd"), Money::new(700, "gbp"));
    let tax = Some("inclusive".to_owned());
    let found = changes(&plans(both), there.clone());
    let [Change::Prices { told, entries, .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(told[0], (Some(Money::new(900, "usd")), Some(usd.clone())));
    assert_eq!(told[1..], [(None, Some(gbp.clone())), (Some(Money::new(9, "jpy")), None)]);
    let new = |price: Money| Entry::New { price, tax: tax.clone() };
    assert_eq!(entries, &[new(usd), Entry::Keep("e".to_owned()), new(gbp)]);
    assert_eq!(
        lines(&beside(&plans(both), &[there]))[0],
        "~ Pro (every month): $12 for new buyers, instead of $9; subscribers keep the price they have"
    );
}

#[test]
fn names_descriptions_and_trials_follow_the_plans() {
    let text = "summary = \" Much. \"\n[[plan.price]]\ninterval='month'\namount=1200\ncurrency='usd'\ntrial_days=14\n";
    let weeks = json!({"trial_interval": "week", "trial_interval_count": 2, "description": "Much. "});
    assert_eq!(changes(&plans(text), product("a", weeks)), [], "two weeks are 14 days");
    let found = changes(&plans(text), product("a", json!({"name": "Mine", "description": "Little."})));
    let names: Vec<_> = found.iter().map(std::mem::discriminant).collect();
    let trial = Change::Trial { from: None, to: None };
    let all = [trial, Change::Name(String::new()), Change::Description(String::new())];
    assert_eq!(names, all.each_ref().map(std::mem::discriminant));
    let days =
        json!({"trial_interval": "day", "trial_interval_count": 7, "description": "kept where there is no summary"});
    let found = changes(&monthly(), product("a", days));
    assert!(matches!(&found[..], [Change::Trial { from: Some(_), to: None }]), "{found:?}");
}

#[test]
fn a_tag_that_was_lost_or_changed_is_put_back() {
    let ties = BTreeMap::from([("a".to_owned(), "pro".to_owned())]);
    for (metadata, words) in [(json!({"n": 3}), "its tag is gone"), (json!({"plan": "team", "n": 3}), "not \"team\"")] {
        let setup = compare(&monthly(), &ties, &[product("a", json!({"metadata": metadata}))], &[], &[]);
        let [Step::Change { changes, .. }] = &setup.steps[..] else { panic!("{setup:?}") };
        let [Change::Tag { metadata, .. }] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(json!(metadata), json!({"plan": "pro", "n": 3}));
        assert!(lines(&setup)[0].contains(words), "{:?}", lines(&setup));
    }
}

#[test]
fn only_what_is_ours_and_for_sale_is_archived() {
    let yearly = product("y", json!({"recurring_interval": "year", "name": "Yearly"}));
    let unknown = product("u", json!({"metadata": {"plan": "old"}, "name": "Old"}));
    let newer = product("n", json!({"created_at": "2026-11-22T00:00:00Z"}));
    let quarterly = product("q", json!({"recurring_interval_count": 3, "name": "Quarterly"}));
    let secret = product("s", json!({"metadata": {"plan": "old"}, "visibility": "private", "name": "Secret"}));
    let foreign = product("f", json!({"metadata": {"n": 1}}));
    let all = [newer, yearly, unknown, quarterly, secret, foreign, product("a", json!({}))];
    let setup = beside(&monthly(), &all);
    let gone: Vec<&str> =
        setup.steps.iter().map(|step| if let Step::Archive { id, .. } = step { id } else { "?" }).collect();
    assert_eq!(gone, ["n", "y"], "{:#?}", setup.steps);
    let said = lines(&setup).join("\n");
    assert!(said.contains("Yearly: archived, sold no more: plans.toml has no price of Pro every year; who has it"));
    let notes: Vec<String> = setup.notes.iter().map(Note::sentence).collect();
    assert!(
        notes.len() == 3
            && notes[0].starts_with("Old is tagged with the plan \"old\"")
            && notes[1].contains("every 3 months")
            && notes[2].starts_with("Secret is private"),
        "{notes:?}"
    );
    assert!(setup.steps.iter().all(|step| !step.only_adds()));
}

#[test]
fn what_was_ours_and_has_no_tag_any_more_is_not_archived() {
    let ties = BTreeMap::from([("a".to_owned(), "old".to_owned())]);
    let setup = compare(&monthly(), &ties, &[product("a", json!({"metadata": {}})), product("b", json!({}))], &[], &[]);
    assert_eq!(setup.steps, []);
}

#[test]
fn a_retired_plan_is_sold_no_more() {
    let retired = plans("retired = true\n[[plan.price]]\ninterval='month'\namount=1200\ncurrency='usd'\n");
    let said = lines(&beside(&retired, &[product("a", json!({}))]));
    assert!(said.len() == 1 && said[0].contains("Pro is retired; who has it keeps it"), "{said:?}");
    assert_eq!(beside(&retired, &[]), Setup::default());
    assert!(retired.free().is_none() && plans("retired = true").free().is_none(), "nobody gets it for nothing");
}

#[test]
fn prices_and_visibility_that_plans_cannot_say_stay() {
    let metered = json!({"prices": [{"id": "m", "amount_type": "metered_unit", "price_currency": "usd"}]});
    let setup = beside(&monthly(), &[product("a", metered)]);
    assert_eq!((setup.steps, setup.notes), (vec![], vec![Note::Kind("Pro (every month)".to_owned())]));
    let deal = product("d", json!({"visibility": "private", "name": "For Ann", "prices": []}));
    let setup = beside(&monthly(), &[deal]);
    assert_eq!(setup.steps, [], "a private deal is not renamed and not repriced");
    let draft = product("a", json!({"visibility": "draft"}));
    let setup = beside(&monthly(), std::slice::from_ref(&draft));
    assert_eq!((setup.steps, setup.notes), (vec![], vec![Note::Hidden("Pro (every month)".to_owned())]));
    let setup = beside(&monthly(), &[draft, product("b", json!({}))]);
    assert_eq!(setup, Setup::default(), "of two, the one for sale stands for the plan");
}

#[test]
fn features_become_benefits_where_the_file_says_so() {
    let text = "[plan.features]\nstudio = true\nprojects = 50\nexports = true\n[[plan.price]]\ninterval='month'\n\
                amount=1200\ncurrency='usd'\n[feature.studio]\nname='The studio'\nbenefit=true\n\
                [feature.projects]\nname='Projects'\nbenefit=true\n[feature.exports]\nname='Exports'\n";
    let plans = plans(text);
    let benefit = |id: &str, kind: &str, metadata: Value| json!({"id": id, "type": kind, "metadata": metadata});
    let flag = |id: &str, metadata: Value| benefit(id, "feature_flag", metadata);
    let given = |benefits: Value| product("a", json!({ "benefits": benefits }));
    let read = |value: Value| serde_json::from_value::<Benefit>(value).expect("a benefit");

    let fresh = compare(&plans, &BTreeMap::new(), &[], &[], &[]);
    let said = lines(&fresh);
    assert_eq!(said[..2], ["+ benefit Projects: 50: made", "+ benefit The studio: made"]);
    assert_eq!(said[3], "+ Pro (every month): gives the benefits Projects: 50, The studio");
    assert!(matches!(fresh.steps.last(), Some(Step::Give { at: None, .. })) && fresh.steps.iter().all(Step::only_adds));

    let support = benefit("c", "custom", json!({}));
    let (studio, fewer) =
        (flag("s", json!({"feature": "studio"})), flag("p", json!({"feature": "projects", "limit": 30})));
    let other = flag("o", json!({"feature": "exports"}));
    let there = given(json!([support, fewer, other]));
    let more = flag("m", json!({"feature": "projects", "limit": 50}));
    let flags = [read(studio.clone()), read(fewer), read(more.clone())];
    let setup = compare(&plans, &BTreeMap::new(), &[there], &flags, &[]);
    let [Step::Give { at: Some((id, ids)), gains, loses, .. }] = &setup.steps[..] else { panic!("{setup:?}") };
    assert_eq!((id.as_str(), ids.join(" ")), ("a", "c o m s".to_owned()), "what is not ours stays");
    assert_eq!((gains.join(" "), loses.join(" ")), ("Projects: 50 The studio".to_owned(), "Projects: 30".to_owned()));
    assert!(!setup.steps[0].only_adds());
    let whole = given(json!([studio, more]));
    assert_eq!(compare(&plans, &BTreeMap::new(), &[whole], &[], &[]).steps, []);
}

#[test]
fn names_that_polar_refuses_are_told() {
    let text = "[plan.features]\nai=true\n[[plan.price]]\ninterval='once'\namount=1\ncurrency='usd'\n\
                [feature.ai]\nname='AI'\nbenefit=true\n";
    let plans = Plans::parse(&format!("[[plan]]\nslug='go'\nname='Go'\nrank=1\n{text}")).expect("plans");
    let said = unfit(&plans);
    assert!(
        said.len() == 2 && said[0].contains("3 to 42 characters, not \"AI\"") && said[1].contains("not \"Go\""),
        "{said:?}"
    );
}
