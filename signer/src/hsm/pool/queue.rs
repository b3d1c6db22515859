//! Jobs that wait for a worker, the clients in turn; when all places are taken, who takes the most of them gives way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rsign_api::lanes::Lanes;
use tokio::sync::Semaphore;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue<T> {
    places: usize,
    state: Mutex<State<T>>,
    /// As many permits as jobs.
    waiting: Semaphore,
    /// Those who take jobs out.
    takers: AtomicUsize,
}

#[derive(Debug)]
struct State<T> {
    jobs: Lanes<T>,
    closed: bool,
}

/// There is no place, or nobody takes jobs any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused;

impl<T> Queue<T> {
    /// With so many places.
    pub(super) fn new(places: usize) -> Self {
        let state = State { jobs: Lanes::default(), closed: false };
        Self { places, state: Mutex::new(state), waiting: Semaphore::new(0), takers: AtomicUsize::new(0) }
    }

    /// Puts a job there. Where all places are taken, the last job of the client that has the most goes, if that client
    /// has more than this one would have: it is given back.
    pub(super) fn push(&self, client: &str, job: T) -> Result<Option<T>, Refused> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused);
        }
        let mut given_back = None;
        if state.jobs.len() >= self.places {
            given_back = Some(state.jobs.displace(client).ok_or(Refused)?);
        }
        state.jobs.push(client, job);
        drop(state);
        if given_back.is_none() {
            self.waiting.add_permits(1);
        }
        Ok(given_back)
    }

    /// The next job; none when the queue is closed.
    pub(super) async fn next(&self) -> Option<T> {
        self.waiting.acquire().await.ok()?.forget();
        self.state().jobs.pop()
    }

    /// A job, if there is one.
    pub(super) fn try_next(&self) -> Option<T> {
        self.state().jobs.pop()
    }

    /// Jobs that wait.
    pub(super) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    /// Takes no more jobs, and hands none out but by [`Self::try_next`].
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.waiting.close();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        if is_last || self.0.state().closed {
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
