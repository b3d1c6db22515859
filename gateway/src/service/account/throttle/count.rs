//! What is counted, and how a count forgets.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::sync::Notify;

use super::Rules;

/// Before all times, and so that a time can be added to it.
pub(super) const NEVER: i64 = i64::MIN / 2;

/// Counts that are kept at once.
const ROOM: usize = 100_000;

/// How many failures a count lets be before it asks to wait, and how soon it forgets one, milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) free: u32,
    pub(super) forgets_one: i64,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Pair(String, IpAddr),
    /// An address, or the /56 of an IPv6 address: what one household has.
    Network(IpAddr),
    /// The /48 of an IPv6 address: what one customer may be given.
    Site(IpAddr),
    Account(String),
}

/// All that a try counts for.
pub(super) struct Keys {
    pub(super) pair: Option<Key>,
    /// Whatever the account.
    pub(super) around: Vec<(Key, Rule)>,
    pub(super) account: Key,
}

impl Keys {
    pub(super) fn of(account: &str, address: Option<IpAddr>, rules: &Rules) -> Self {
        let network = address.map(network);
        let site = address.filter(|address| address.to_canonical().is_ipv6()).map(|address| part(address, 48));
        let around = network.map(|network| (Key::Network(network), rules.network)).into_iter();
        Self {
            pair: network.map(|network| Key::Pair(account.to_owned(), network)),
            around: around.chain(site.map(|site| (Key::Site(site), rules.site))).collect(),
            account: Key::Account(account.to_owned()),
        }
    }
}

/// What is taken for one address: an IPv4 address, the /56 of an IPv6 address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    part(address, 56)
}

/// The first so many bits of an IPv6 address; an IPv4 address as a whole, however it is written.
fn part(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let kept = u128::MAX.checked_shl(128 - bits).unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & kept))
        }
    }
}

/// A count.
#[derive(Debug)]
pub(super) struct Count {
    /// When all failures will be forgotten, Unix milliseconds: each puts it off by the rule's time.
    pub(super) clear_at: i64,
    /// The last failure.
    pub(super) failed_at: i64,
    /// Tries that are being judged.
    pub(super) pending: u32,
    /// Of an account: when its next try may begin in each lane, if it is over the count.
    pub(super) next: [i64; 2],
    /// Of an account from a network.
    pub(super) familiar_until: i64,
    /// Tells those that wait for one that is being judged.
    pub(super) judged: Option<Arc<Notify>>,
}

impl Default for Count {
    fn default() -> Self {
        Self { clear_at: 0, failed_at: NEVER, pending: 0, next: [0; 2], familiar_until: 0, judged: None }
    }
}

impl Count {
    fn failures(&self, rule: Rule, now: i64) -> u32 {
        let left = (self.clear_at - now).max(0);
        u32::try_from(left.saturating_add(rule.forgets_one - 1) / rule.forgets_one).unwrap_or(u32::MAX)
    }

    pub(super) fn is_over(&self, rule: Rule, now: i64) -> bool {
        self.failures(rule, now) >= rule.free
    }

    /// Milliseconds until the next try.
    pub(super) fn wait(&self, rule: Rule, now: i64) -> Option<i64> {
        self.is_over(rule, now).then(|| self.clear_at - now - i64::from(rule.free - 1) * rule.forgets_one)
    }

    /// Whether another try might be one too many, if all that are under way fail.
    pub(super) fn is_full(&self, rule: Rule, now: i64) -> bool {
        self.pending > 0 && self.failures(rule, now).saturating_add(self.pending) >= rule.free
    }

    /// One more; past twice what is free it makes no difference, so that no attack is remembered for long.
    pub(super) fn fail(&mut self, rule: Rule, now: i64) {
        let most = now + 2 * i64::from(rule.free) * rule.forgets_one;
        self.clear_at = (self.clear_at.max(now) + rule.forgets_one).min(most);
        self.failed_at = now;
    }

    fn is_forgotten(&self, now: i64) -> bool {
        let failed = self.clear_at > now || self.failed_at + super::LATELY > now;
        self.pending == 0 && !failed && self.familiar_until <= now
    }
}

/// With no room left, what is forgotten goes; if that is not enough, half of the rest, and of what owners are known by
/// only if that alone fills half the room.
pub(super) fn make_room(counts: &mut HashMap<Key, Count>, now: i64) {
    if counts.len() < ROOM {
        return;
    }
    counts.retain(|_, count| !count.is_forgotten(now));
    if counts.len() >= ROOM {
        let familiar = counts.values().filter(|count| count.familiar_until > now).count();
        let mut stays = false;
        counts.retain(|_, count| {
            stays = !stays;
            stays || (familiar <= ROOM / 2 && count.familiar_until > now)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_address_and_part_of_a_site() {
        let of = |text: &str, bits| part(text.parse().unwrap(), bits);
        assert_eq!(of("2001:db8::1", 56), of("2001:db8:0:ff::1", 56));
        assert_ne!(of("2001:db8::1", 56), of("2001:db8:0:100::1", 56));
        assert_eq!(of("2001:db8::1", 48), of("2001:db8:0:ff00::1", 48));
        assert_eq!(of("::ffff:192.0.2.1", 56), of("192.0.2.1", 56));
        assert_eq!(Keys::of("ann", "192.0.2.1".parse().ok(), &super::super::PASSWORDS).around.len(), 1);
        assert_eq!(Keys::of("ann", "2001:db8::1".parse().ok(), &super::super::PASSWORDS).around.len(), 2);
    }

    #[test]
    fn there_is_room_and_owners_keep_theirs() {
        let mut counts = HashMap::new();
        for n in 0..u32::try_from(ROOM).unwrap() {
            let familiar_until = if n % 4 == 0 { 2_000 } else { 0 };
            let key = Key::Account(n.to_string());
            counts.insert(key, Count { familiar_until, clear_at: 2_000, ..Count::default() });
        }
        make_room(&mut counts, 1_000);
        assert!(counts.len() <= ROOM * 3 / 4, "{}", counts.len());
        assert_eq!(counts.values().filter(|count| count.familiar_until > 0).count(), ROOM / 4);
        make_room(&mut counts, 3_000);
        assert!(counts.len() < ROOM);
    }
}
