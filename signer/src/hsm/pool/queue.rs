//! Jobs that wait for a worker, by client: each client's in their order, the clients in turn. So one that brings
//! thousands makes another wait for a few of them; and when all places are taken, who takes the most of them gives way.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue<T> {
    places: usize,
    lanes: Mutex<Lanes<T>>,
    /// As many permits as jobs.
    waiting: Semaphore,
    /// Those who take jobs out.
    takers: AtomicUsize,
}

#[derive(Debug)]
struct Lanes<T> {
    of: HashMap<String, VecDeque<T>>,
    /// Clients that have jobs here, who is next first.
    turns: VecDeque<String>,
    length: usize,
    closed: bool,
}

/// There is no place, or nobody takes jobs any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused;

impl<T> Queue<T> {
    /// With so many places.
    pub(super) fn new(places: usize) -> Self {
        let lanes = Lanes { of: HashMap::new(), turns: VecDeque::new(), length: 0, closed: false };
        Self { places, lanes: Mutex::new(lanes), waiting: Semaphore::new(0), takers: AtomicUsize::new(0) }
    }

    /// Puts a job there. Where all places are taken, the last job of the client that has the most goes, if that client
    /// has more than this one would have: it is given back.
    pub(super) fn push(&self, client: &str, job: T) -> Result<Option<T>, Refused> {
        let mut lanes = self.lanes();
        if lanes.closed {
            return Err(Refused);
        }
        let mut given_back = None;
        if lanes.length >= self.places {
            given_back = Some(lanes.displace(client).ok_or(Refused)?);
        }
        lanes.push(client, job);
        drop(lanes);
        if given_back.is_none() {
            self.waiting.add_permits(1);
        }
        Ok(given_back)
    }

    /// The next job; none when the queue is closed.
    pub(super) async fn next(&self) -> Option<T> {
        self.waiting.acquire().await.ok()?.forget();
        self.lanes().pop()
    }

    /// A job, if there is one.
    pub(super) fn try_next(&self) -> Option<T> {
        self.lanes().pop()
    }

    /// Jobs that wait.
    pub(super) fn len(&self) -> usize {
        self.lanes().length
    }

    /// Takes no more jobs, and hands none out but by [`Self::try_next`].
    pub(super) fn close(&self) {
        self.lanes().closed = true;
        self.waiting.close();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lanes<T> {
    fn push(&mut self, client: &str, job: T) {
        self.length += 1;
        match self.of.get_mut(client) {
            Some(lane) => lane.push_back(job),
            None => {
                self.of.insert(client.to_owned(), VecDeque::from([job]));
                self.turns.push_back(client.to_owned());
            }
        }
    }

    fn pop(&mut self) -> Option<T> {
        let client = self.turns.pop_front()?;
        let lane = self.of.get_mut(&client)?;
        let job = lane.pop_front();
        if lane.is_empty() {
            self.of.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        self.length -= 1;
        job
    }

    /// Makes a place for this client.
    fn displace(&mut self, client: &str) -> Option<T> {
        let own = self.of.get(client).map_or(0, VecDeque::len);
        let (_, longest) = self.of.iter_mut().max_by_key(|(_, lane)| lane.len())?;
        // No lane becomes empty: it has two jobs at least.
        let job = if longest.len() > own + 1 { longest.pop_back() } else { None };
        self.length -= usize::from(job.is_some());
        job
    }
}

/// Who takes jobs out. With the last one the queue closes, and what is in it goes: nobody would ever answer.
#[derive(Debug)]
pub(super) struct Taker<T>(pub(super) Arc<Queue<T>>);

impl<T> Taker<T> {
    /// One more.
    pub(super) fn new(queue: &Arc<Queue<T>>) -> Self {
        queue.takers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(queue))
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let is_last = self.0.takers.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_last || self.0.lanes().closed {
            self.0.close();
            while self.0.try_next().is_some() {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(places: usize, jobs: &[(&str, u32)]) -> Queue<u32> {
        let queue = Queue::new(places);
        for (client, job) in jobs {
            assert_eq!(queue.push(client, *job), Ok(None));
        }
        queue
    }

    fn rest(queue: &Queue<u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.try_next()).collect()
    }

    #[tokio::test]
    async fn a_26_clients_have_turns_and_each_its_order() {
        let queue = filled(10, &[("a", 1), ("a", 2), ("a", 3), ("b", 11), ("a", 4), ("c", 21), ("b", 12)]);
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(queue.next().await.unwrap());
        }
        assert_eq!(order, [1, 11, 21, 2]);
        assert_eq!(queue.push("c", 22), Ok(None), "who comes again waits for the others");
        assert_eq!(rest(&queue), [12, 3, 22, 4]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_26_who_has_most_places_gives_way() {
        let queue = filled(4, &[("a", 1), ("a", 2), ("a", 3), ("b", 11)]);
        assert_eq!(queue.push("a", 4), Err(Refused), "not to itself");
        assert_eq!(queue.push("c", 21), Ok(Some(3)));
        assert_eq!(queue.push("c", 22), Err(Refused), "two each would be no fairer");
        assert_eq!(queue.push("b", 12), Err(Refused));
        assert_eq!(queue.len(), 4);
        assert_eq!(rest(&queue), [1, 11, 21, 2]);
        assert_eq!(queue.push("a", 5), Ok(None), "there is room again");
    }

    #[tokio::test]
    async fn as_many_come_out_as_went_in() {
        let queue = Arc::new(filled(2, &[("a", 1), ("a", 2)]));
        assert_eq!(queue.push("b", 3), Ok(Some(2)));
        assert_eq!((queue.next().await, queue.next().await), (Some(1), Some(3)));
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        assert_eq!(queue.push("b", 4), Ok(None));
        assert_eq!(waiting.await.unwrap(), Some(4));
        let takers = [Taker::new(&queue), Taker::new(&queue)];
        let [first, last] = takers;
        assert_eq!(queue.push("b", 5), Ok(None));
        drop(first);
        assert_eq!(queue.len(), 1, "another may take it");
        drop(last);
        assert_eq!((queue.len(), queue.push("b", 6)), (0, Err(Refused)));
        assert_eq!(queue.next().await, None);
    }
}
