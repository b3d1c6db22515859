//! Turns at a credential's PIN: calls that only tries under way hold up wait here, in order, in bounded number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Policy;

/// The queues of all credentials.
#[derive(Debug)]
pub(super) struct Turns {
    queues: Mutex<HashMap<String, Arc<Queue>>>,
    waiting: usize,
    credential: usize,
    client: usize,
}

#[derive(Debug)]
struct Queue {
    /// Who waits or has a turn.
    places: Arc<Semaphore>,
    /// Turns of all clients.
    all: Arc<Semaphore>,
    /// Turns of each client.
    clients: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A turn; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    _client: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// Queues above which those nobody waits in are forgotten.
const MANY: usize = 1024;

impl Turns {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            queues: Mutex::default(),
            waiting: policy.waiting,
            credential: policy.tries.credential as usize,
            client: policy.tries.client as usize,
        }
    }

    /// Waits for a turn; `None` when too many wait already. As many turns are out at once as there are tries, so
    /// that the row, which decides, is asked when it can say yes.
    pub(super) async fn take(&self, credential: &str, client: &str) -> Option<Turn> {
        let queue = self.queue(credential)?;
        let place = Arc::clone(&queue.places).try_acquire_owned().ok()?;
        let own = {
            let mut clients = queue.clients.lock().ok()?;
            let own = clients.entry(client.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.client)));
            Arc::clone(own)
        };
        let client = own.acquire_owned().await.ok()?;
        let all = Arc::clone(&queue.all).acquire_owned().await.ok()?;
        Some(Turn { _place: place, _client: client, _all: all })
    }

    fn queue(&self, credential: &str) -> Option<Arc<Queue>> {
        let mut queues = self.queues.lock().ok()?;
        if queues.len() > MANY {
            queues.retain(|_, queue| Arc::strong_count(queue) > 1 || queue.places.available_permits() < self.waiting);
        }
        let queue = queues.entry(credential.to_owned()).or_insert_with(|| {
            Arc::new(Queue {
                places: Arc::new(Semaphore::new(self.waiting)),
                all: Arc::new(Semaphore::new(self.credential)),
                clients: Mutex::default(),
            })
        });
        Some(Arc::clone(queue))
    }
}
