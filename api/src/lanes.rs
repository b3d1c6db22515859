//! What waits, by client: each client's in their order, the clients in turn. So one that brings thousands makes
//! another wait for one of each, and not for all of its own.

use std::collections::{HashMap, VecDeque};

/// One lane a client; none of them is empty.
#[derive(Debug)]
pub struct Lanes<T> {
    of: HashMap<String, VecDeque<T>>,
    /// Clients that have a lane, who is next first.
    turns: VecDeque<String>,
    length: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { of: HashMap::new(), turns: VecDeque::new(), length: 0 }
    }
}

impl<T> Lanes<T> {
    /// So many wait, of all clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The last of this client's; a client that had none is the last to have its turn.
    pub fn push(&mut self, client: &str, one: T) {
        self.length += 1;
        match self.of.get_mut(client) {
            Some(lane) => lane.push_back(one),
            None => {
                self.of.insert(client.to_owned(), VecDeque::from([one]));
                self.turns.push_back(client.to_owned());
            }
        }
    }

    /// The first of the client whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        self.pop_of(|_| true).map(|(_, one)| one)
    }

    /// The client whose turn it is among those that may, and its first.
    pub fn pop_of(&mut self, may: impl Fn(&str) -> bool) -> Option<(String, T)> {
        let place = self.turns.iter().position(|client| may(client))?;
        let client = self.turns.remove(place)?;
        let lane = self.of.get_mut(&client)?;
        let one = lane.pop_front()?;
        if lane.is_empty() {
            self.of.remove(&client);
        } else {
            self.turns.push_back(client.clone());
        }
        self.length -= 1;
        Some((client, one))
    }

    /// Makes room for one more of this client: the last of the client that has the most, if that one has more than this
    /// one would have.
    pub fn displace(&mut self, client: &str) -> Option<T> {
        let own = self.of.get(client).map_or(0, VecDeque::len);
        let longest = self.of.values_mut().max_by_key(|lane| lane.len()).filter(|lane| lane.len() > own + 1)?;
        // It had two at least, so its lane does not become empty.
        let one = longest.pop_back()?;
        self.length -= 1;
        Some(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(those: &[(&str, u32)]) -> Lanes<u32> {
        let mut lanes = Lanes::default();
        for (client, one) in those {
            lanes.push(client, *one);
        }
        lanes
    }

    fn rest(lanes: &mut Lanes<u32>) -> Vec<u32> {
        std::iter::from_fn(|| lanes.pop()).collect()
    }

    #[test]
    fn a_26_clients_have_turns_and_each_its_order() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("a", 3), ("b", 11), ("a", 4), ("c", 21), ("b", 12)]);
        let first: Vec<_> = (0..4).filter_map(|_| lanes.pop()).collect();
        assert_eq!(first, [1, 11, 21, 2]);
        lanes.push("c", 22);
        assert_eq!(lanes.len(), 4);
        assert_eq!(rest(&mut lanes), [12, 3, 22, 4], "who comes again waits for the others");
        assert!(lanes.is_empty() && lanes.of.is_empty() && lanes.turns.is_empty());
    }

    #[test]
    fn who_may_not_now_keeps_its_turn() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("b", 11), ("b", 12), ("c", 21)]);
        let no_a = |client: &str| client != "a";
        assert_eq!(lanes.pop_of(no_a), Some(("b".to_owned(), 11)));
        assert_eq!(lanes.pop_of(|_| false), None);
        assert_eq!(lanes.pop(), Some(1));
        assert_eq!(lanes.pop_of(no_a), Some(("c".to_owned(), 21)));
        assert_eq!(rest(&mut lanes), [12, 2]);
    }

    #[test]
    fn a_26_who_has_most_gives_way() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("a", 3), ("b", 11)]);
        assert_eq!(lanes.displace("a"), None, "not to itself");
        assert_eq!(lanes.displace("c"), Some(3));
        lanes.push("c", 21);
        assert_eq!(lanes.displace("c"), None, "two each would be no fairer");
        assert_eq!(lanes.displace("b"), None);
        assert_eq!((lanes.len(), rest(&mut lanes)), (4, vec![1, 11, 21, 2]));
        assert_eq!(lanes.displace("a"), None, "there is nothing");
    }
}
