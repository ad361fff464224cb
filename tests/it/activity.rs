//! What happened to an account, as the person and staff are told: who did what, when and from where.

use super::{
    mail::with_sink,
    scenarios::text,
    shop::Shop,
    visitor::{PASSWORD, Visitor},
};
use boreal::{
    model::{act, role::Role},
    server::{
        db::{self, audit},
        services::staffing,
    },
};
use serde_json::json;

const PAGE: &str = "/account/activity";

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_was_done_to_their_account_and_by_whom() {
    let (shop, sink) = with_sink().await;
    let mut ann = Visitor::register(&shop.origin, "ann").await;
    let person = shop.account(&ann).await;
    let first = text(&ann.get(PAGE, 200).await);
    assert!(first.contains("The account was created.") && first.contains("Logged in."), "{first}");
    assert!(first.contains("127.0.0.1") && first.contains("You") && !first.contains("Our staff"), "{first}");

    let mut phone = ann.elsewhere();
    phone.log_in(PASSWORD, 303).await;
    let link = sink.letter(&ann.email, "Confirm your e-mail address").await;
    ann.post(&link.link(), &[("key", &link.key())], 303).await;
    let customer = json!({"email": ann.email, "external_id": person.id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(customer)).await.0, 201);
    let portal = ann.post("/billing", &[], 303).await;
    assert!(portal.location().contains("customer_session_token"));
    let new = "another horse battery";
    let done = ann.post("/account/password", &[("present", PASSWORD), ("password", new)], 303).await;
    ann.keep_cookie(&done);
    let (staff, sam) = shop.hire("sam").await;
    let given = [("id", person.id.as_str()), ("what", "plan:pro"), ("reason", "A friend of the boss")];
    staff.post(&format!("/staff/person?id={}", person.id), &given, 303).await;
    staffing::set_role(&shop.state, &person.id, Role::Member).await.expect("a role");

    let page = text(&ann.get(PAGE, 200).await);
    for words in [
        "Logged in with a browser that was not used before.",
        "The e-mail address was confirmed.",
        "The billing portal was opened.",
        "The password was changed.",
        "A plan or a feature was given.",
        "The role in the shop was changed.",
        "Our staff",
    ] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    for secret in ["A friend of the boss", &staff.email, &sam.id] {
        assert!(!page.contains(secret), "{secret} is nothing for customers");
    }
    assert!(!page.contains("customer_session_token") && !page.contains(&link.key()));
    assert!(ann.get("/account", 200).await.html.contains("href=\"/account/activity\""));

    let shown = text(&staff.get(&format!("/staff/activity?id={}", person.id), 200).await);
    for words in ["the customer", &staff.email, "A friend of the boss", "command line", "The password was changed."] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    let room = staff.get(&format!("/staff/person?id={}", person.id), 200).await.html;
    assert!(room.contains(&format!("/staff/activity?id={}", person.id)));
    assert!(!text(&staff.get("/staff", 200).await).contains("Logged in"), "people's own acts are not what staff did");
    let other = Visitor::register(&shop.origin, "bob").await;
    assert!(!text(&other.get(PAGE, 200).await).contains("Our staff"), "everybody sees their own");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_past_has_pages() {
    let shop = Shop::open().await;
    let ann = Visitor::register(&shop.origin, "ann").await;
    let person = shop.account(&ann).await;
    let (user, now) = (Some(person.id.as_str()), shop.state.clock.wall());
    let written: Result<(), db::Error> = (shop.state.db)
        .transaction(async |tx| {
            for _ in 0..120 {
                let entry = audit::Entry {
                    actor: user,
                    action: "password changed",
                    user,
                    target: None,
                    details: None,
                    ip: Some("192.0.2.1"),
                };
                audit::add(tx, entry, now).await?;
            }
            Ok(())
        })
        .await;
    written.expect("rows");
    let (staff, _) = shop.hire("sam").await;
    for (who, first) in [(&ann, PAGE.to_owned()), (&staff, format!("/staff/activity?id={}", person.id))] {
        let (mut address, mut lines, mut pages) = (first, 0, 0);
        loop {
            let html = who.get(&address, 200).await.html;
            lines += html.matches("The password was changed.").count();
            pages += 1;
            assert_eq!(html.contains("The newest"), pages > 1);
            let Some(next) = html.split("href=\"").find(|rest| rest.contains("before=")) else {
                assert!(html.contains("The account was created."), "the oldest is the last: {html}");
                break;
            };
            address = next.split('"').next().expect("an address").replace("&amp;", "&");
        }
        assert_eq!((lines, pages), (120, 3));
    }
    assert!(text(&ann.get(&format!("{PAGE}?before=0"), 200).await).contains("Nothing before that."));
    for odd in ["x", "-1", "99999999999999999999999", "%ff"] {
        ann.get(&format!("{PAGE}?before={odd}"), 200).await;
    }
    shop.close().await;
}

/// The names of acts in the code that writes them down.
fn written(source: &str) -> Vec<String> {
    let marks = [
        "note(tx, asking, \"",
        "action: \"",
        "action, details) = (\"",
        "action, details, ip) = (\"",
        "action, ip) = (\"",
    ];
    let found = marks.iter().flat_map(|mark| source.split(mark).skip(1));
    found.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn every_act_has_words() {
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/server/services")];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => names.extend(written(&std::fs::read_to_string(path).expect("text"))),
            }
        }
    }
    assert!(names.len() >= 14, "{names:?}");
    let silent: Vec<_> = names.iter().filter(|name| !act::is_known(name)).collect();
    assert!(silent.is_empty(), "say in model/act.rs what {silent:?} means to people");
    assert_eq!(written("note(tx, asking, \"fly\", now)"), ["fly"]);
}
