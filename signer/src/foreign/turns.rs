//! Who may have a helper: the clients in turn, each in its own order, and none more than half of them. So whoever brings
//! many documents that take long waits for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rsign_api::lanes::Lanes;
use tokio::sync::oneshot;

/// The places there are.
#[derive(Debug)]
pub(super) struct Turns {
    /// Most places of one client.
    share: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Places that clients have.
    held: HashMap<String, usize>,
    /// Requests that wait for a place.
    waiting: Lanes<oneshot::Sender<Place>>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    client: String,
    /// None once nobody wanted it.
    of: Option<Arc<Turns>>,
}

impl Turns {
    /// So many places, one at least.
    pub(super) fn new(places: usize) -> Arc<Self> {
        let free = places.max(1);
        let state = State { free, held: HashMap::new(), waiting: Lanes::default() };
        Arc::new(Self { share: (free / 2).max(1), state: Mutex::new(state) })
    }

    /// Waits for a place for this client. Whoever stops waiting needs none.
    pub(super) async fn take(self: &Arc<Self>, client: &str) -> Option<Place> {
        let (give, place) = oneshot::channel();
        {
            let mut state = self.state();
            state.waiting.push(client, give);
            self.hand_out(&mut state);
        }
        place.await.ok()
    }

    /// Gives free places to those whose turn it is.
    fn hand_out(self: &Arc<Self>, state: &mut State) {
        while state.free > 0 {
            let held = &state.held;
            let may = |client: &str| held.get(client).is_none_or(|held| *held < self.share);
            let Some((client, request)) = state.waiting.pop_of(may) else { return };
            match request.send(Place { client: client.clone(), of: Some(Arc::clone(self)) }) {
                Ok(()) => {
                    state.free -= 1;
                    *state.held.entry(client).or_default() += 1;
                }
                // It waits no more.
                Err(mut place) => place.of = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(turns) = self.of.take() else { return };
        let mut state = turns.state();
        state.free += 1;
        if let Some(held) = state.held.get_mut(&self.client) {
            *held -= 1;
            if *held == 0 {
                state.held.remove(&self.client);
            }
        }
        turns.hand_out(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The place, if there is one at once.
    async fn now(turns: &Arc<Turns>, client: &str) -> Option<Place> {
        tokio::time::timeout(Duration::from_millis(20), turns.take(client)).await.ok().flatten()
    }

    #[tokio::test]
    async fn a_26_no_client_has_more_than_half_of_the_helpers() {
        let turns = Turns::new(4);
        let first = [now(&turns, "a").await.unwrap(), now(&turns, "a").await.unwrap()];
        assert!(now(&turns, "a").await.is_none());
        let other = [now(&turns, "b").await.unwrap(), now(&turns, "c").await.unwrap()];
        assert!(now(&turns, "d").await.is_none(), "all are taken");
        drop(first);
        assert!(now(&turns, "d").await.is_some(), "given back, and what was waited for in vain is not lost");
        assert_eq!(now(&turns, "a").await.iter().len(), 1);
        drop(other);
        assert_eq!(turns.state().free, 4);
        assert!(turns.state().held.is_empty() && turns.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn a_26_clients_have_turns() {
        let turns = Turns::new(1);
        let place = now(&turns, "a").await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all = Vec::new();
        for (client, name) in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")] {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            all.push(tokio::spawn(async move {
                let place = turns.take(client).await.unwrap();
                order.lock().unwrap().push(name);
                drop(place);
            }));
            tokio::task::yield_now().await;
        }
        drop(place);
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }
}
