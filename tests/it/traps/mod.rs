//! The traps in what Polar says, one test each, by the names that people call them. Wherever a trap is in the order of
//! arrival, what the sandbox said of one purchase is told to a second database, changed as Polar was seen to say it.
//!
//! | trap | test |
//! |---|---|
//! | equal version with different contents (wh0119, wh0124) | `pictures::equal_version_with_different_contents` |
//! | `succeeded` checkout with an old `modified_at` (wh0030) | `pictures::succeeded_checkout_with_an_old_modified_at` |
//! | an older `active` after a newer `canceled` | `pictures::older_active_after_a_newer_canceled` |
//! | embedded old subscription inside an order | `pictures::embedded_old_subscription_inside_an_order` |
//! | re-grant with the same id | `pictures::re_grant_with_the_same_id` |
//! | `canceled` twice | `pictures::canceled_twice` |
//! | negative order | `pictures::negative_order` |
//! | order before its customer | `customers::order_before_its_customer` |
//! | null external id after deletion | `customers::null_external_id_after_deletion` |
//! | somebody else's e-mail at the checkout (wh0050–0053) | `another_address` |
//! | database bound to another organization | `surroundings::database_bound_to_another_organization` |
//! | clock skew at both edges | `surroundings::clock_skew_at_both_edges_of_a_webhook`, `…_of_billing_time` |
//!
//! The recordings of Polar's server themselves are replayed in `captures`, whole drawn histories in `convergence`, and
//! deletion from Polar's side to the account page in `scenarios::deletion`.

mod customers;
mod pictures;
mod surroundings;
mod told;
