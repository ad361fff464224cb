//! How often somebody may try. Counted in memory, by address and by account; each limit has a name, which the log line
//! of a refusal carries.

use super::Refused;
use crate::model::credentials::Email;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

/// So many tries at once, and one more each time that the period is over.
#[derive(Clone, Copy)]
struct Allowed {
    /// As log lines name it.
    name: &'static str,
    burst: NonZeroU32,
    every: Duration,
}

const fn allowed(name: &'static str, burst: u32, every_secs: u64) -> Allowed {
    Allowed { name, burst: NonZeroU32::new(burst).expect("not none"), every: Duration::from_secs(every_secs) }
}

/// Generous to an office or school behind one address, hopeless for guessing: an account's own limit is the tight one.
const LOG_IN_BY_ADDRESS: Allowed = allowed("log-in by address", 100, 5);
/// Counted for every way to try a password: logging in, proving, registering where that signs in.
const LOG_IN_BY_ACCOUNT: Allowed = allowed("log-in by account", 10, 30);
const REGISTER_BY_ADDRESS: Allowed = allowed("register by address", 60, 60);
/// Mails that somebody can have sent by asking: to one recipient few, or we would be a way to pester people.
const MAIL_BY_RECIPIENT: Allowed = allowed("mail by recipient", 5, 300);
const MAIL_BY_ADDRESS: Allowed = allowed("mail by address", 30, 60);

struct Limit<K: Hash + Eq + Clone> {
    name: &'static str,
    counts: DefaultKeyedRateLimiter<K>,
}

/// All limits of accounts.
#[derive(Clone)]
pub(super) struct Limits(Arc<All>);

struct All {
    login_address: Limit<IpAddr>,
    login_account: Limit<Email>,
    register_address: Limit<IpAddr>,
    mail_recipient: Limit<Email>,
    mail_address: Limit<IpAddr>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(Allowed { name, burst, every }: Allowed) -> Self {
        let quota = Quota::with_period(every).expect("every period is a positive constant").allow_burst(burst);
        Self { name, counts: RateLimiter::keyed(quota) }
    }

    fn count(&self, key: &K) -> Result<(), Refused> {
        self.counts.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            tracing::warn!(limit = self.name, wait_secs = wait.as_secs(), "too many attempts");
            Refused::TooMany(wait)
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self(Arc::new(All {
            login_address: Limit::new(LOG_IN_BY_ADDRESS),
            login_account: Limit::new(LOG_IN_BY_ACCOUNT),
            register_address: Limit::new(REGISTER_BY_ADDRESS),
            mail_recipient: Limit::new(MAIL_BY_RECIPIENT),
            mail_address: Limit::new(MAIL_BY_ADDRESS),
        }))
    }
}

impl Limits {
    pub(super) fn logging_in(&self, from: IpAddr) -> Result<(), Refused> {
        self.0.login_address.count(&network(from))
    }

    pub(super) fn logging_in_as(&self, email: &Email) -> Result<(), Refused> {
        self.0.login_account.count(email)
    }

    pub(super) fn registering(&self, from: IpAddr) -> Result<(), Refused> {
        self.0.register_address.count(&network(from))
    }

    /// Somebody at `from` asks for a mail to `recipient`, whether or not that has an account.
    pub(super) fn mailing(&self, recipient: &Email, from: IpAddr) -> Result<(), Refused> {
        self.0.mail_address.count(&network(from))?;
        self.0.mail_recipient.count(recipient)
    }

    /// Forgets whoever has not tried for so long that nothing is counted against them.
    pub(super) fn forget_idle(&self) {
        self.0.login_address.counts.retain_recent();
        self.0.login_account.counts.retain_recent();
        self.0.register_address.counts.retain_recent();
        self.0.mail_recipient.counts.retain_recent();
        self.0.mail_address.counts.retain_recent();
    }
}

/// What one customer of a network provider holds: one IPv4 address, or the first 64 bits of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many tries pass, the next is told when to come again, and whoever else is not touched.
    fn holds(limit: Allowed, attempt: impl Fn(u8) -> Result<(), Refused>) {
        for _ in 0..limit.burst.get() {
            attempt(1).unwrap();
        }
        let refused = attempt(1).unwrap_err();
        let in_time = matches!(refused, Refused::TooMany(wait) if wait > Duration::ZERO && wait <= limit.every);
        assert!(in_time, "{}: {refused:?}", limit.name);
        attempt(2).unwrap();
    }

    #[test]
    fn each_limit_ends_a_burst_and_touches_nobody_else() {
        let limits = Limits::default();
        let ip = |who: u8| IpAddr::from([192, 0, 2, who]);
        let email = |who: u8, number: u8| Email::parse(&format!("{who}-{number}@example.org")).unwrap();
        let next = std::cell::Cell::new(0);
        let another = || next.replace(next.get() + 1);
        holds(LOG_IN_BY_ADDRESS, |who| limits.logging_in(ip(who)));
        holds(LOG_IN_BY_ACCOUNT, |who| limits.logging_in_as(&email(who, 0)));
        holds(REGISTER_BY_ADDRESS, |who| limits.registering(ip(who)));
        holds(MAIL_BY_RECIPIENT, |who| limits.mailing(&email(who, 255), ip(100 + another())));
        holds(MAIL_BY_ADDRESS, |who| limits.mailing(&email(who, another()), ip(who)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let limits = Limits::default();
        let of = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
        for host in 0..u16::try_from(REGISTER_BY_ADDRESS.burst.get()).unwrap() {
            limits.registering(of(host)).unwrap();
        }
        assert!(limits.registering(of(9_999)).is_err());
        limits.registering("2001:db8:0:2::1".parse().unwrap()).unwrap();
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
