//! The whole site without a socket: every layer, over a database in a temporary folder.

mod site;

use super::{csp, guard};
use axum::http::StatusCode;
use site::site;

const ANN: &str = "email=Ann%40Example.org&password=correct+horse";

#[tokio::test]
async fn from_registering_to_logging_out() {
    let site = site().await;
    let registered = site.post("/register", "", ANN).await;
    assert_eq!((registered.status, registered.header("location")), (StatusCode::SEE_OTHER, "/pricing"));
    let cookies: Vec<_> = registered.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2, "the session, and by what the browser is known: {cookies:?}");
    let is_safe = |one: &&str| one.contains("HttpOnly") && one.contains("SameSite=Lax") && !one.contains("Secure");
    assert!(cookies.iter().all(is_safe), "{cookies:?}");

    let home = site.get("/", &registered.cookie()).await;
    assert!(home.html.contains("ann@example.org") && home.html.contains("Log out") && !home.html.contains("/login"));
    assert_eq!(home.header("set-cookie"), "", "reading writes nothing");

    let out = site.post("/logout", &registered.cookie(), "").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(
        !site.get("/", &registered.cookie()).await.html.contains("ann@example.org"),
        "the old cookie is worth nothing"
    );

    let back = site.post("/login", &registered.cookie(), &format!("{ANN}&next=%2Forders%2F1%3Fa%3Db")).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, "/orders/1?a=b"));
    assert_ne!(back.cookie(), registered.cookie());
    assert_eq!(site.get("/login?next=/studio", &back.cookie()).await.header("location"), "/studio");
}

#[tokio::test]
async fn a_session_known_before_the_log_in_is_not_the_one_after_it() {
    let site = site().await;
    let ann = site.post("/register", "", ANN).await.cookie();
    let bob = site.post("/register", &ann, "email=bob%40example.org&password=correct+horse").await.cookie();
    assert_ne!(ann, bob);
    assert!(!site.get("/", &ann).await.html.contains("bob@example.org"), "nobody rides on a cookie planted before");
}

#[tokio::test]
async fn refusals_are_the_same_page_with_what_was_typed() {
    let site = site().await;
    site.post("/register", "", ANN).await;
    let wrong = site.post("/login?next=/account", "", "email=ann%40example.org&password=correct+mouse").await;
    let unknown = site.post("/login?next=/account", "", "email=bob%40example.org&password=correct+mouse").await;
    for refused in [&wrong, &unknown] {
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.html.contains("E-mail and password do not match."));
        assert!(
            refused.html.contains("aria-describedby=\"password-error\"") && !refused.html.contains("correct mouse")
        );
        assert!(refused.html.contains("name=\"next\" value=\"/account\""), "still on the way to the account");
    }
    assert!(wrong.html.contains("value=\"ann@example.org\""));

    let taken = site.post("/register", "", "email=Ann%40Example.org&password=correct+mouse").await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.html.contains("has an account already"));
    let short = site.post("/register", "", "email=%22%3E%3Cscript%3E&password=short").await;
    assert!(short.html.contains("id=\"email-error\"") && !short.html.contains("\"><script>"));
    let missing = site.post("/register", "", "").await;
    assert!(missing.html.contains("Enter your e-mail address."));
    let nul = site.post("/register", "", "email=c%40example.org&password=correct%00horse").await;
    assert_eq!(nul.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn of_two_who_register_one_address_at_once_one_wins() {
    let site = site().await;
    let other = "email=ann%40example.org&password=correct+mouse";
    let (one, two) = tokio::join!(site.post("/register", "", ANN), site.post("/register", "", other));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY]);
}

/// So many of these forms pass, and the next is told when to come again.
async fn throttled(path: &str, passes: usize, form: impl Fn(usize) -> String) {
    let site = site().await;
    for number in 0..passes {
        assert_ne!(site.post(path, "", &form(number)).await.status, StatusCode::TOO_MANY_REQUESTS, "{path} {number}");
    }
    let last = site.post(path, "", &form(passes)).await;
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    assert!(last.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(
        last.html.contains("That was tried too often. Please wait ") && last.html.contains("value=\"Ann"),
        "{path}"
    );
}

#[tokio::test]
async fn trying_often_ends_with_a_page_that_says_when_to_go_on() {
    throttled("/login", 10, |_| ANN.to_owned()).await;
    throttled("/login", 100, |number| format!("email=Ann{number}&password=correct+horse")).await;
    throttled("/register", 60, |number| format!("email=Ann{number}%40example.org&password=short")).await;
    throttled("/reset", 5, |_| "email=Ann%40example.org".to_owned()).await;
    throttled("/reset", 30, |number| format!("email=Ann{number}%40example.org")).await;
}

#[tokio::test]
async fn next_never_leaves_the_site() {
    let site = site().await;
    site.post("/register", "", ANN).await;
    for next in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example", "%2Fa%0D%0ASet-Cookie%3A+x"]
    {
        let answer = site.post("/login", "", &format!("{ANN}&next={next}")).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/account"), "{next}");
    }
}

#[tokio::test]
async fn nothing_is_changed_from_another_site() {
    let site = site().await;
    for origin in ["https://evil.example", "null", ""] {
        let refused = site.post_from(origin, "/register", "", ANN).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.html.contains("This request was refused"));
    }
    assert_eq!(site.post("/register", "", ANN).await.status, StatusCode::SEE_OTHER, "none of them registered");
}

#[tokio::test]
async fn every_inline_script_is_in_the_policy_and_every_answer_is_guarded() {
    let site = site().await;
    let ann = site.post("/register", "", ANN).await.cookie();
    let mut answers =
        vec![site.post("/login", "", "email=a&password=b").await, site.post_from("", "/login", "", "").await];
    let paths = ["/", "/pricing", "/register", "/login", "/logout", "/account", "/billing", "/studio", "/confirmation"];
    let of_mail = [
        "/reset",
        "/reset?sent=yes",
        "/account/address",
        "/account/password",
        "/account/sessions",
        "/verify/again",
        "/register?sent=yes",
    ];
    for path in paths.into_iter().chain(of_mail).chain(["/buy?plan=pro", "/orders/x", "/nowhere", "/theme"]) {
        answers.extend([site.get(path, "").await, site.get(path, &ann).await, site.get(path, "theme=dark").await]);
    }
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert!(!policy.contains("unsafe-inline") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(csp::hashes(&answer.html).iter().all(|hash| policy.contains(hash)), "{}", answer.html);
        assert!(!answer.html.contains(" style=") && !answer.html.contains(" onclick="));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn every_error_is_a_page_of_ours() {
    let site = site().await;
    let large = "a".repeat(guard::LARGEST_FORM + 1);
    let cases = [
        (site.get("/nowhere", "").await, StatusCode::NOT_FOUND, "Not found"),
        (site.get("/theme", "").await, StatusCode::METHOD_NOT_ALLOWED, "This address shows no page"),
        (site.post("/login", "", &large).await, StatusCode::PAYLOAD_TOO_LARGE, "That is too large"),
        (site.post("/login", "", "email=a&email=b").await, StatusCode::BAD_REQUEST, "That did not arrive whole"),
    ];
    for (answer, status, words) in cases {
        assert_eq!(answer.status, status);
        assert!(
            answer.html.contains(words) && answer.header("content-type").starts_with("text/html"),
            "{}",
            answer.html
        );
    }
}

#[tokio::test]
async fn without_the_database_nobody_is_taken_for_a_stranger() {
    let site = site().await;
    let ann = site.post("/register", "", ANN).await.cookie();
    site.state.db.close().await;
    let page = site.get("/logout", &ann).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.html.contains("Your account and your plan are safe") && page.header("retry-after") == "10");
    assert_eq!(site.post("/login", "", ANN).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.get("/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.get("/healthz", "").await.status, StatusCode::OK);
    assert_eq!(site.get("/", "").await.status, StatusCode::OK, "who is nobody needs no database");
}

#[tokio::test]
async fn a_kept_page_shows_nobody_and_has_a_copy_a_theme() {
    let site = site().await;
    let ann = site.post("/register", "", ANN).await.cookie();
    for _ in 0..2 {
        assert!(!site.get("/", "").await.html.contains("ann@example.org"));
        assert!(site.get("/", "theme=dark").await.html.contains("data-theme=\"dark\""));
        assert!(site.get("/", "").await.html.contains("data-theme=\"system\""));
        assert!(site.get("/", &ann).await.html.contains("ann@example.org"));
    }
}

#[tokio::test]
async fn the_token_of_the_way_back_goes_before_anything_else() {
    let site = site().await;
    let answer = site.get("/confirmation?checkout_id=c1&customer_session_token=polar_cst_x", "").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/confirmation?checkout_id=c1"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn what_belongs_to_somebody_asks_who_is_there() {
    let site = site().await;
    for (path, next) in [
        ("/account", "%2Faccount"),
        ("/studio", "%2Fstudio"), // the studio
        ("/buy?plan=pro&interval=year", "%2Fbuy%3Fplan%3Dpro%26interval%3Dyear"),
        ("/confirmation?checkout_id=c1", "%2Fconfirmation%3Fcheckout_id%3Dc1"),
    ] {
        let answer = site.get(path, "").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, &*format!("/login?next={next}"))
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(site.get("/orders/x/stage", "").await.status, StatusCode::NOT_FOUND);
    let ann = site.post("/register", "", ANN).await.cookie();
    let cases = [
        ("/account", StatusCode::OK, "You have Free."),
        ("/studio", StatusCode::OK, "3 of 3 QR codes left today."), // the studio
        ("/studio/sheet", StatusCode::FORBIDDEN, "The sheet of codes is not in your plan"), // the studio
        ("/confirmation", StatusCode::OK, "No orders yet"),
        ("/confirmation?checkout_id=c1", StatusCode::NOT_FOUND, "Not found"),
        ("/orders/x", StatusCode::NOT_FOUND, "Not found"),
        ("/buy?plan=unheard-of", StatusCode::NOT_FOUND, "Not found"),
    ];
    for (path, status, words) in cases {
        let answer = site.get(path, &ann).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.html.contains(words), "{path}: {}", answer.html);
    }
}

#[tokio::test]
async fn the_theme_can_be_chosen_without_a_script() {
    let site = site().await;
    let answer = site.post("/theme", "", "theme=dark").await;
    assert_eq!((answer.status, answer.cookie().as_str()), (StatusCode::SEE_OTHER, "theme=dark"));
}
