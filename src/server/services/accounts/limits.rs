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

/// Generous to an office or school behind one address, hopeless for guessing: an account's own limit is the tight one.
const LOGIN_BURST_PER_ADDRESS: u32 = 100;
const LOGIN_EVERY_PER_ADDRESS: Duration = Duration::from_secs(5);
const LOGIN_BURST_PER_ACCOUNT: u32 = 10;
const LOGIN_EVERY_PER_ACCOUNT: Duration = Duration::from_secs(30);
const REGISTER_BURST_PER_ADDRESS: u32 = 60;
const REGISTER_EVERY_PER_ADDRESS: Duration = Duration::from_secs(60);
/// Mails that somebody can have sent by asking: to one recipient few, or we would be a way to pester people.
const MAIL_BURST_PER_RECIPIENT: u32 = 5;
const MAIL_EVERY_PER_RECIPIENT: Duration = Duration::from_secs(300);
const MAIL_BURST_PER_ADDRESS: u32 = 30;
const MAIL_EVERY_PER_ADDRESS: Duration = Duration::from_secs(60);

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
    fn new(name: &'static str, burst: u32, every: Duration) -> Self {
        let burst = NonZeroU32::new(burst).expect("every burst is a positive constant");
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
            login_address: Limit::new("log-in by address", LOGIN_BURST_PER_ADDRESS, LOGIN_EVERY_PER_ADDRESS),
            login_account: Limit::new("log-in by account", LOGIN_BURST_PER_ACCOUNT, LOGIN_EVERY_PER_ACCOUNT),
            register_address: Limit::new("register by address", REGISTER_BURST_PER_ADDRESS, REGISTER_EVERY_PER_ADDRESS),
            mail_recipient: Limit::new("mail by recipient", MAIL_BURST_PER_RECIPIENT, MAIL_EVERY_PER_RECIPIENT),
            mail_address: Limit::new("mail by address", MAIL_BURST_PER_ADDRESS, MAIL_EVERY_PER_ADDRESS),
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

    #[test]
    fn an_account_is_guarded_whatever_the_address_and_others_are_not_touched() {
        let limits = Limits::default();
        let (ann, bob) = (Email::parse("ann@example.org").unwrap(), Email::parse("bob@example.org").unwrap());
        for _ in 0..LOGIN_BURST_PER_ACCOUNT {
            limits.logging_in_as(&ann).unwrap();
        }
        let refused = limits.logging_in_as(&ann).unwrap_err();
        assert!(matches!(refused, Refused::TooMany(wait) if wait > Duration::ZERO && wait <= LOGIN_EVERY_PER_ACCOUNT));
        limits.logging_in_as(&bob).unwrap();
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let limits = Limits::default();
        let of = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
        for host in 0..u16::try_from(REGISTER_BURST_PER_ADDRESS).unwrap() {
            limits.registering(of(host)).unwrap();
        }
        assert!(limits.registering(of(9_999)).is_err());
        limits.registering("2001:db8:0:2::1".parse().unwrap()).unwrap();
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
