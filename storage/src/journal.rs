//! The hash chain an audit trail is kept in: each entry commits to all before it.

use sha2::{Digest, Sha256};

/// What stands before the first entry of every chain.
pub const GENESIS: [u8; 32] = [0; 32];

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chained {
    /// Place in the chain, from 1, without gaps.
    pub sequence: u64,
    /// SHA-256 over the previous hash, the sequence number and the event; see [`link`].
    pub hash: [u8; 32],
    /// The event as it was appended, JSON.
    pub event: Vec<u8>,
}

/// The hash of the entry at `sequence` that follows `previous`:
/// `SHA-256(previous | u64 sequence, big-endian | event)`.
#[must_use]
pub fn link(previous: &[u8; 32], sequence: u64, event: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(sequence.to_be_bytes());
    hash.update(event);
    hash.finalize().into()
}

/// Checks that `entries` follow `previous`, the hash at sequence number `before`; gives the last good hash, or the
/// sequence number at which the chain breaks (an edit, a gap, a swap).
///
/// # Errors
/// The sequence number where an unbroken chain would have gone on.
pub fn verify(previous: [u8; 32], before: u64, entries: &[Chained]) -> Result<[u8; 32], u64> {
    let mut hash = previous;
    for (expected, entry) in (before + 1..).zip(entries) {
        if entry.sequence != expected || entry.hash != link(&hash, expected, &entry.event) {
            return Err(expected);
        }
        hash = entry.hash;
    }
    Ok(hash)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Chained, GENESIS, link, verify};
    use proptest::prelude::*;

    fn chain(events: &[Vec<u8>]) -> Vec<Chained> {
        let mut hash = GENESIS;
        let chained = |(sequence, event): (u64, &Vec<u8>)| {
            hash = link(&hash, sequence, event);
            Chained { sequence, hash, event: event.clone() }
        };
        (1..).zip(events).map(chained).collect()
    }

    /// Two or more different events and two different places among them.
    fn events() -> impl Strategy<Value = (Vec<Vec<u8>>, usize, usize)> {
        prop::collection::hash_set(prop::collection::vec(any::<u8>(), 0..40), 2..20)
            .prop_map(|events| events.into_iter().collect::<Vec<_>>())
            .prop_flat_map(|events| {
                let (last, all) = (events.len() - 1, 0..events.len());
                (Just(events), 0..last, all).prop_map(move |(events, one, other)| {
                    let other = if other <= one { last } else { other };
                    (events, one, other)
                })
            })
    }

    proptest! {
        #[test]
        fn an_untouched_chain_verifies_whole_and_in_two_parts((events, cut, _) in events()) {
            let entries = chain(&events);
            let (first, second) = entries.split_at(cut);
            let middle = verify(GENESIS, 0, first).unwrap();
            let end = verify(middle, cut as u64, second).unwrap();
            prop_assert_eq!(end, entries.last().unwrap().hash);
            prop_assert_eq!(verify(GENESIS, 0, &entries), Ok(end));
        }

        #[test]
        fn an_edited_event_is_found((events, at, _) in events(), byte in any::<u8>()) {
            let mut entries = chain(&events);
            entries[at].event.push(byte);
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(at as u64 + 1));
        }

        #[test]
        fn an_edited_hash_is_found((events, at, _) in events(), bit in 0..256_usize) {
            let mut entries = chain(&events);
            entries[at].hash[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(at as u64 + 1));
        }

        #[test]
        fn an_edit_with_its_own_hash_made_to_fit_is_found_at_the_next((events, at, _) in events()) {
            let mut entries = chain(&events);
            let previous = at.checked_sub(1).map_or(GENESIS, |before| entries[before].hash);
            entries[at].event.push(0);
            entries[at].hash = link(&previous, at as u64 + 1, &entries[at].event);
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(at as u64 + 2));
        }

        #[test]
        fn a_missing_entry_is_found((events, at, _) in events()) {
            let mut entries = chain(&events);
            entries.remove(at);
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(at as u64 + 1));
        }

        #[test]
        fn two_entries_that_changed_places_are_found((events, one, other) in events(), renumbered in any::<bool>()) {
            let mut entries = chain(&events);
            entries.swap(one, other);
            if renumbered {
                entries[one].sequence = one as u64 + 1;
                entries[other].sequence = other as u64 + 1;
            }
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(one as u64 + 1));
        }

        #[test]
        fn an_entry_repeated_is_found((events, at, _) in events()) {
            let mut entries = chain(&events);
            entries.insert(at, entries[at].clone());
            prop_assert_eq!(verify(GENESIS, 0, &entries), Err(at as u64 + 2));
        }
    }
}
