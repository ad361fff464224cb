//! Another password: whoever knew only the old one is too late.

use super::{
    shop::Shop,
    visitor::{PASSWORD, Visitor},
};
use boreal::server::{
    db::users,
    services::accounts::{self, Asking, Evidence, Refused},
};
use std::net::{IpAddr, Ipv4Addr};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_the_same_password_at_once_one_wins() {
    let shop = Shop::open().await;
    for (one, other) in [("first of the two", "second of the two"), ("third of the four", "fourth of the four")] {
        let mut ann = Visitor::register(&shop.origin, "ann").await;
        let user = users::id_of(&shop.state.db, &ann.email).await.expect("an answer").expect("an account");
        let asking = Asking { user: &user, from: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let shown = || Evidence::Password(PASSWORD.to_owned());
        let change = |new: &str| accounts::change_password(&shop.state, asking, shown(), new.to_owned());
        let both = tokio::join!(change(one), change(other));
        let winner = match both {
            (Ok(_), Err(Refused::Wrong)) => one,
            (Err(Refused::Wrong), Ok(_)) => other,
            both => panic!("{both:?}"),
        };
        ann = ann.elsewhere();
        ann.log_in(winner, 303).await;
    }
    shop.close().await;
}
