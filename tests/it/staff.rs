//! The pages of those who run the shop: closed to everybody else, and what they show.

use super::{
    ending::envelope,
    patience::wait_for,
    shop::{Person, Shop},
    visitor::Visitor,
};
use boreal::{
    model::role::Role,
    server::{
        db::{Reader, cases},
        services::{explaining, staffing},
    },
};
use serde_json::json;

const PAGES: [&str; 7] =
    ["/staff", "/staff/person", "/staff/withdraw", "/staff/quarantine", "/staff/cases", "/staff/inbox", "/staff/polar"];

impl Shop {
    /// The account of somebody who registered.
    pub async fn account(&self, visitor: &Visitor) -> Person {
        let found = explaining::person(&self.state, &visitor.email).await.expect("an answer").expect("an account");
        Person { id: found.id, email: visitor.email.clone() }
    }

    /// Somebody of the staff, signed in.
    pub async fn hire(&self, name: &str) -> (Visitor, Person) {
        let visitor = Visitor::register(&self.origin, name).await;
        let person = self.account(&visitor).await;
        staffing::set_role(&self.state, &person.id, Role::Staff).await.expect("a role");
        (visitor, person)
    }

    /// A number out of the database.
    pub async fn count(&self, select: &'static str) -> i64 {
        self.state.db.read(select).scalar().await.expect("a count")
    }

    /// What staff did, as action, actor, user, details and address; the oldest first.
    pub async fn acts(&self) -> Vec<(String, Option<String>, Option<String>, Option<String>, Option<String>)> {
        let select = "SELECT action, actor_id, user_id, details, ip FROM audit_log
                      WHERE user_id IS NULL OR actor_id IS NULL OR actor_id <> user_id ORDER BY seq";
        self.state.db.read(select).all().await.expect("rows")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_everybody_else_there_are_no_such_pages() {
    let shop = Shop::open().await;
    let member = Visitor::register(&shop.origin, "ann").await;
    let (ann, stranger) = (shop.account(&member).await, Visitor::stranger(&shop.origin));
    let form = [("id", ann.id.as_str()), ("what", "plan:pro"), ("reason", "I would like it"), ("seq", "1")];
    for page in PAGES {
        member.get(page, 404).await;
        let looked = stranger.get(page, 303).await;
        assert!(looked.location().starts_with("/login?next="), "{page} leads to {}", looked.location());
    }
    for page in &PAGES[1..] {
        member.post(page, &form, 404).await;
        let sent = stranger.post(page, &form, 303).await;
        assert!(sent.location().starts_with("/login?next="), "{page} leads to {}", sent.location());
    }
    assert!(shop.acts().await.is_empty());
    assert_eq!(shop.count("SELECT COUNT(*) FROM staff_grants").await, 0);
    assert!(!member.get("/account", 200).await.html.contains("href=\"/staff\""));

    staffing::set_role(&shop.state, &ann.id, Role::Owner).await.expect("a role");
    for page in ["/staff", "/staff/quarantine", "/staff/cases", "/staff/inbox", "/staff/polar"] {
        member.get(page, 200).await;
    }
    assert!(member.get("/account", 200).await.html.contains("href=\"/staff\""));
    staffing::set_role(&shop.state, &ann.id, Role::Member).await.expect("a role");
    member.get("/staff", 404).await;
    let acts = shop.acts().await;
    assert_eq!(acts.len(), 2, "roles are written down");
    assert_eq!((acts[0].0.as_str(), &acts[0].1, &acts[0].2), ("set role", &None, &Some(ann.id)));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_found_and_everything_about_them_is_on_one_page() {
    let shop = Shop::open().await;
    let (staff, _) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    let order = shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    for text in [&ann.email, &ann.id, &ann.email[..8].to_uppercase()] {
        let found = staff.get(&format!("/staff?who={text}"), 200).await.html;
        assert!(found.contains(&format!("/staff/person?id={}", ann.id)), "{text} is found");
    }
    assert!(staff.get("/staff?who=nobody@else", 200).await.html.contains("Nobody."));

    let page = staff.get(&format!("/staff/person?id={}", ann.id), 200).await.html;
    let subscription = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    for part in [&ann.email, &order, &subscription, "The subscription is active.", "by the rule", "/staff/inbox?seq="] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let then = staff.get(&format!("/staff/person?id={}&at=2020-01-01T10%3A00", ann.id), 200).await.html;
    assert!(then.contains("What we believed then") && then.contains("Nothing beyond what everybody has."));
    let now = staff.get(&format!("/staff/person?id={}&at=2999-01-01T10%3A00", ann.id), 200).await.html;
    assert!(now.contains("The webhook subscription.") || now.contains("The read subscription"), "{now}");
    staff.get("/staff/person?id=nobody", 404).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_are_one_case_and_decided_once() {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    let body = json!({"email": bob.email, "external_id": bob.id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(body)).await.0, 201);
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &bob.email).await;
    shop.wait_for_state(&open.order, "done").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let found = cases::open(&shop.state.db).await.expect("rows");
    assert_eq!(found.len(), 1, "subscription and bill are one conflict: {found:?}");
    assert_eq!((found[0].kind.as_str(), found[0].user_id.as_ref()), ("owner_conflict", Some(&ann.id)));
    assert!(staff.get("/staff/cases", 200).await.html.contains("Two owners"));

    let page = format!("/staff/cases?id={}", found[0].id);
    assert!(staff.get(&page, 200).await.html.contains(&bob.id));
    let refused = staff.post(&page, &[("id", &found[0].id), ("reason", " ")], 422).await;
    assert!(refused.html.contains("Please say why"), "{}", refused.html);
    staff.post(&page, &[("id", &found[0].id), ("reason", "They share a mailbox.")], 303).await;
    let again = staff.post(&page, &[("id", &found[0].id), ("reason", "Once more")], 422).await;
    assert!(again.html.contains("This was decided before"));

    // The same conflict, seen again: nobody is asked twice.
    let subscription = shop.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", bob.id)).await.remove(0);
    let mut later = subscription.clone();
    let at = shop.state.clock.billing() + 1000;
    later["cancel_at_period_end"] = json!(true);
    later["modified_at"] = json!(super::ending::written(at));
    assert_eq!(shop.webhook("again", &envelope("subscription.updated", at, &later)).await, 202);
    shop.worked_off().await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM cases").await, 1);
    let acts = shop.acts().await;
    let closed = acts.iter().find(|act| act.0 == "close case").expect("an act");
    assert_eq!((closed.1.as_ref(), closed.2.as_ref()), (Some(&sam.id), Some(&ann.id)));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_tag_is_a_case() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    let first = shop.subscription(&ann).await;
    let product = first["product_id"].as_str().expect("an id");
    let path = format!("/v1/products/{product}");
    for metadata in [json!({"plan": "team"}), json!({})] {
        assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"metadata": metadata}))).await.0, 200);
        shop.polar.idle().await;
        shop.worked_off().await;
    }
    let select = "SELECT COUNT(*) FROM cases WHERE kind = 'retagged_product'";
    wait_for("two changes of the tag", async || (shop.count(select).await == 2).then_some(())).await;
    assert!(shop.may(&ann, "studio").await && !shop.may(&ann, "sharing").await, "what was bought stays as it was");
    shop.close().await;
}
