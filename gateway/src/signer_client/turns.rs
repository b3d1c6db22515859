//! Turns at the signer: so many calls are under way at once, and those that wait are let on client by client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rsign_api::lanes::Lanes;
use tokio::sync::oneshot;

/// The turns.
#[derive(Debug)]
pub(super) struct Turns {
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    waiting: Lanes<oneshot::Sender<Turn>>,
}

/// A turn; it goes to the next when it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Turns>>);

impl Turns {
    /// So many at once.
    pub(super) fn new(free: usize) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(Queue { free, waiting: Lanes::default() }) })
    }

    /// Waits for a turn.
    pub(super) async fn take(self: &Arc<Self>, client: &str) -> Turn {
        let waiting = {
            let mut queue = self.queue();
            if queue.free > 0 {
                queue.free -= 1;
                return Turn(Some(Arc::clone(self)));
            }
            queue.wait(client)
        };
        // The other end stays where it is until there is a turn.
        waiting.await.unwrap_or(Turn(None))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next one on that still waits.
    fn pass_on(self: Arc<Self>) {
        let mut turn = Turn(Some(Arc::clone(&self)));
        loop {
            let next = {
                let mut queue = self.queue();
                let next = queue.waiting.pop();
                queue.free += usize::from(next.is_none());
                next
            };
            let Some(next) = next else { break };
            match next.send(turn) {
                Ok(()) => return,
                Err(back) => turn = back,
            }
        }
        turn.0 = None;
    }
}

impl Queue {
    fn wait(&mut self, client: &str) -> oneshot::Receiver<Turn> {
        let (turn, waiting) = oneshot::channel();
        self.waiting.push(client, turn);
        waiting
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    /// A call that waits, begins when it has its turn and says so.
    async fn begin(turns: &Arc<Turns>, client: &'static str, order: &Arc<Mutex<Vec<&'static str>>>) -> JoinHandle<()> {
        let (turns, order) = (Arc::clone(turns), Arc::clone(order));
        let call = tokio::spawn(async move {
            let _turn = turns.take(client).await;
            order.lock().unwrap().push(client);
        });
        tokio::task::yield_now().await;
        call
    }

    #[tokio::test]
    async fn a_26_a_client_with_many_calls_makes_others_wait_for_one() {
        let (turns, order) = (Turns::new(1), Arc::default());
        let first = turns.take("a").await;
        let mut calls = Vec::new();
        for client in ["a", "a", "a", "b", "a", "c", "b"] {
            calls.push(begin(&turns, client, &order).await);
        }
        assert!(order.lock().unwrap().is_empty());
        drop(first);
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["a", "b", "c", "a", "b", "a", "a"]);
    }

    #[tokio::test]
    async fn who_hangs_up_keeps_no_turn() {
        let (turns, order) = (Turns::new(2), Arc::default());
        let [first, second] = [turns.take("a").await, turns.take("a").await];
        let gone = begin(&turns, "a", &order).await;
        let last = begin(&turns, "b", &order).await;
        gone.abort();
        assert!(gone.await.is_err());
        drop(first);
        last.await.unwrap();
        assert_eq!(*order.lock().unwrap(), ["b"]);
        drop(second);
        let queue = turns.queue();
        assert_eq!((queue.free, queue.waiting.len()), (2, 0));
    }

    #[tokio::test]
    async fn a_turn_that_comes_when_nobody_waits_any_more_goes_on() {
        let turns = Turns::new(1);
        let first = turns.take("a").await;
        let waiting = turns.queue().wait("b");
        drop(first);
        assert_eq!(turns.queue().free, 0, "it is on its way");
        drop(waiting);
        assert_eq!(turns.queue().free, 1);
    }
}
