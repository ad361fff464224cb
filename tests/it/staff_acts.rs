//! What staff does: given, taken back, attributed, dismissed, tried again; each with its line in the audit log.

use super::{
    patience::wait_for,
    shop::{Open, Person, Shop},
};
use boreal::{
    model::instant::{DAY, spell_date},
    server::{
        db::{Reader, quarantine},
        services::access::{Access, all},
    },
};
use serde_json::json;

/// The causes of somebody's ledger lines, in order, each once.
async fn causes(shop: &Shop, who: &Person) -> Vec<String> {
    let select = "SELECT cause_kind FROM ledger WHERE user_id = $1 ORDER BY seq";
    let rows: Vec<(String,)> = shop.state.db.read(select).bind(&who.id).all().await.expect("rows");
    let mut kinds: Vec<String> = rows.into_iter().map(|row| row.0).collect();
    kinds.dedup();
    kinds
}

/// A day that the form takes.
fn day(at_ms: i64) -> String {
    super::ending::written(at_ms)[..10].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_gives_opens_at_once_and_ends_by_the_clock() {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    let page = format!("/staff/person?id={}", ann.id);
    let until = day(shop.state.clock.billing() + 2 * DAY);
    let form =
        [("id", ann.id.as_str()), ("what", "plan:pro"), ("until", until.as_str()), ("reason", "Sorry for <the> delay")];
    for (name, wrong, words) in [
        ("reason", "", "Please say why"),
        ("what", "plan:none", "Please choose what to give."),
        ("until", "2020-01-01", "Please choose a day that is still to come"),
    ] {
        let mut wrongly = form;
        wrongly.iter_mut().filter(|(field, _)| *field == name).for_each(|(_, value)| *value = wrong);
        let refused = staff.post(&page, &wrongly, 422).await;
        assert!(refused.html.contains(words), "{}", refused.html);
    }
    assert!(!shop.may(&ann, "studio").await, "nothing was given yet");
    assert!(staff.post(&page, &form, 303).await.location().starts_with(&page));
    assert!(shop.may(&ann, "studio").await);
    let held = all(&shop.state, &ann.id).await.expect("rows");
    let end = held["plan:pro"].until.expect("an end");
    assert_eq!((held["studio"].source_kind.as_str(), day(end)), ("staff_grant", until));
    assert_eq!(causes(&shop, &ann).await, ["staff"]);
    let html = staff.get(&page, 200).await.html;
    assert!(html.contains("Sorry for &lt;the&gt; delay"), "{html}");
    assert!(html.contains(&format!("Pro until {}, given by us on", spell_date(end))));

    shop.advance(3 * DAY).await;
    wait_for("the end", async || (!shop.may(&ann, "studio").await).then_some(())).await;
    assert_eq!(causes(&shop, &ann).await, ["staff", "timer"]);
    let acts = shop.acts().await;
    let given = acts.iter().find(|act| act.0 == "give").expect("an act");
    assert_eq!(
        (given.1.as_ref(), given.2.as_ref(), given.4.as_deref()),
        (Some(&sam.id), Some(&ann.id), Some("127.0.0.1"))
    );
    assert!(given.3.as_ref().is_some_and(|details| details.contains("Sorry for <the> delay")));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_takes_back_closes_at_once() {
    let shop = Shop::open().await;
    let (staff, _) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    let page = format!("/staff/person?id={}", ann.id);
    let form = [("id", ann.id.as_str()), ("what", "feature:projects"), ("how_many", "70"), ("reason", "A big job")];
    staff.post(&page, &form, 303).await;
    let projects = async || match shop.access(&ann, "projects").await {
        Access::Granted { value, .. } => value.stored(),
        other => panic!("{other:?}"),
    };
    assert_eq!(projects().await, "70");
    let select = "SELECT id FROM staff_grants";
    let id: String = shop.state.db.read(select).scalar().await.expect("a grant");
    let taking = format!("/staff/withdraw?grant={id}");
    assert!(staff.get(&page, 200).await.html.contains(&taking));
    staff.get(&taking, 200).await;
    staff.post(&taking, &[("grant", &id), ("reason", "The job is done")], 303).await;
    assert_eq!(projects().await, "3", "what everybody has");
    let again = staff.post(&taking, &[("grant", &id), ("reason", "Once more")], 422).await;
    assert!(again.html.contains("This was decided before"));
    assert_eq!(shop.acts().await.iter().filter(|act| act.0 == "take back").count(), 1);
    shop.close().await;
}

/// Something bought at Polar itself, of whom we never heard; its id.
async fn bought_elsewhere(shop: &Shop, email: &str) -> String {
    let products = shop.polar.list("/v1/products/").await;
    let pro = products
        .iter()
        .find(|product| product["metadata"]["plan"] == "pro" && product["recurring_interval"] == "month");
    let body = json!({"products": [pro.expect("a product")["id"]]});
    let (status, checkout) = shop.polar.send("POST", "/v1/checkouts/", Some(body)).await;
    assert_eq!(status, 201, "{checkout}");
    let url = checkout["url"].as_str().expect("a URL").to_owned();
    shop.pay(&Open { order: String::new(), url }, email).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let strays = quarantine::all(&shop.state.db).await.expect("rows");
    assert_eq!(strays.len(), 1, "the subscription alone, without its bill: {strays:?}");
    assert_eq!((strays[0].kind.as_str(), strays[0].plan.as_str()), ("subscription", "pro"));
    strays[0].id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarantine_is_attributed_or_dismissed() {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    let id = bought_elsewhere(&shop, "one@boreal-shop.dev").await;
    assert!(!shop.may(&ann, "studio").await);
    assert!(staff.get("/staff/quarantine", 200).await.html.contains(&id));
    let object = format!("subscription:{id}");
    let page = format!("/staff/quarantine?object={object}");
    let form = |act, user, reason| [("object", object.as_str()), ("act", act), ("user", user), ("reason", reason)];
    let refused = staff.post(&page, &form("attribute", "nobody@boreal-shop.dev", "Their mail"), 422).await;
    assert!(refused.html.contains("Nobody has this e-mail address or id."), "{}", refused.html);
    staff.post(&page, &form("attribute", &ann.email, "They wrote from the other address"), 303).await;
    assert!(shop.may(&ann, "studio").await, "access at once");
    assert_eq!(causes(&shop, &ann).await, ["staff"]);
    assert_eq!(quarantine::count(&shop.state.db).await.expect("a count"), 0);
    let bills = "SELECT COUNT(*) FROM polar_objects WHERE owner_rule = 'staff' AND kind = 'order'";
    assert_eq!(shop.count(bills).await, 1, "its bill goes with it");
    let gone = staff.post(&page, &form("attribute", &sam.email, "No, mine"), 422).await;
    assert!(gone.html.contains("This was decided before"));
    assert!(!shop.may(&sam, "studio").await);

    let id = bought_elsewhere(&shop, "two@boreal-shop.dev").await;
    let object = format!("subscription:{id}");
    let dismiss = [("object", object.as_str()), ("act", "dismiss"), ("reason", "A test of another team")];
    staff.post(&format!("/staff/quarantine?object={object}"), &dismiss, 303).await;
    assert!(staff.get("/staff/quarantine", 200).await.html.contains("belongs to somebody"));
    let acts: Vec<_> = shop.acts().await.into_iter().skip(1).map(|act| (act.0, act.1, act.2)).collect();
    let by_sam = |action: &str, user: Option<String>| (action.to_owned(), Some(sam.id.clone()), user);
    assert_eq!(acts, [by_sam("attribute", Some(ann.id.clone())), by_sam("dismiss", None)]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_row_is_looked_at_and_tried_again() {
    let shop = Shop::open().await;
    let (staff, _) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let seq = shop.count("SELECT MAX(seq) FROM inbox WHERE kind = 'subscription.active'").await;
    let kill = "UPDATE inbox SET state = 'dead', error = 'the disk was full', attempts = 12 WHERE seq = $1";
    shop.state.db.write(kill).bind(seq).execute().await.expect("a row");
    let dead = staff.get("/staff/inbox?state=dead&kind=subscription.active&object=&verdict=", 200).await.html;
    assert!(dead.contains(&format!("/staff/inbox?seq={seq}\"")) && dead.contains("the disk was full"), "{dead}");
    assert!(staff.get("/staff/inbox?state=new", 200).await.html.contains("No row fits."));
    let page = format!("/staff/inbox?seq={seq}");
    let html = staff.get(&page, 200).await.html;
    assert!(html.contains("&quot;current_period_end&quot;") || html.contains("\"current_period_end\""), "{html}");
    assert!(html.contains("Try again"));
    let number = seq.to_string();
    staff.post(&page, &[("seq", &number)], 303).await;
    shop.worked_off().await;
    let state = "SELECT state, error FROM inbox WHERE seq = $1";
    let row: (String, Option<String>) = shop.state.db.read(state).bind(seq).one().await.expect("a row");
    assert_eq!(row, ("done".to_owned(), None));
    let again = staff.post(&page, &[("seq", &number)], 422).await;
    assert!(again.html.contains("This was decided before") && !again.html.contains("Try again"));
    staff.get("/staff/inbox?seq=99999", 404).await;
    assert_eq!(shop.acts().await.iter().filter(|act| act.0 == "retry").count(), 1);
    shop.close().await;
}
