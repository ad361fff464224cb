//! Starting while Polar is down: what is known goes on, nothing is sold, and a database that knows no Polar yet waits.

use super::shop::{Place, Shop, build, config};
use boreal::server::services::{
    access::{self, Access},
    buying::{self, Buyer, Committed, Obstacle},
};
use std::net::TcpListener;

/// A configuration for a Polar that nobody answers for.
fn silent(place: &Place) -> boreal::server::config::Config {
    // Bound for a moment, so that nobody else has the port.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let (api, secret) = (format!("http://{free}"), "polar_whs_0123456789abcdef");
    let polar = ["--polar-token", "polar_oat_x", "--polar-webhook-secrets", secret, "--polar-api-base", &api];
    config(&place.database.url, &place.sandbox(), &polar)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_while_polar_is_down_goes_on_with_what_is_known() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    let place = shop.halt().await;

    let state = build(silent(&place)).await.expect("it starts all the same").state();
    assert!(state.known.is_bound() && !state.known.is_compared());
    assert!(matches!(access::feature(&state, &ann.id, "studio").await, Access::Granted { .. }), "access is ours");
    assert!(matches!(access::feature(&state, &bob.id, "studio").await, Access::Denied { .. }));

    let proposal = buying::propose(&state, &bob.id, "pro", "month").await.expect("the database answers");
    let proposal = proposal.expect("the last known price is shown");
    assert_eq!((proposal.obstacle, proposal.quote.offer.price.amount), (Some(Obstacle::PolarDown), 1200));
    let buyer = Buyer { user_id: bob.id.clone(), verified_email: None, ip: None };
    let committed = buying::commit(&state, &buyer, &Shop::wish(&proposal)).await.expect("the database answers");
    assert_eq!(committed, Committed::PolarDown);
    state.db.close().await;
    place.database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_sells_and_applies_nothing_before_it_met_polar() {
    let place = Place::new().await;
    let state = build(silent(&place)).await.expect("it starts all the same").state();
    assert!(!state.known.is_bound());
    let found = buying::propose(&state, "nobody", "pro", "month").await.expect("the database answers");
    assert!(found.is_none(), "there is nothing to sell");
    state.db.close().await;
    place.database.remove().await;
}
