//! The HSM's port, watched: which jobs pass, and which fail by order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rsign_signer::hsm::{Answer, Fault, Hsm, Job, Opener};
use tokio::sync::Semaphore;

/// What becomes of the jobs it is asked about; `None` lets one pass.
type Rule = Box<dyn FnMut(&Job) -> Option<Mishap> + Send>;

/// What can befall a job.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// The HSM never hears of it.
    Fault(Fault),
    /// It is done, and the answer is lost on the way.
    LostAnswer(Fault),
    /// Its first signature has one bit wrong.
    WrongSignature,
    /// It takes so long.
    Slow(Duration),
    /// It waits until the test lets one go on.
    Held(Arc<Semaphore>),
    /// It never ends.
    Hangs,
}

/// Stands between service and pool.
pub(crate) struct Probe {
    pool: Arc<dyn Hsm>,
    seen: Mutex<Vec<Job>>,
    clients: Mutex<Vec<String>>,
    rule: Mutex<Rule>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

impl Probe {
    pub(super) fn new(pool: Arc<dyn Hsm>) -> Self {
        Self { pool, seen: Mutex::default(), clients: Mutex::default(), rule: Mutex::new(Box::new(|_| None)) }
    }

    /// From now on this happens.
    pub(super) fn rule(&self, rule: impl FnMut(&Job) -> Option<Mishap> + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// Every job of this kind meets the mishap, until [`Probe::well`].
    pub(super) fn afflict(&self, kind: fn(&Job) -> bool, mishap: Mishap) {
        self.rule(move |job| kind(job).then(|| mishap.clone()));
    }

    /// Every job of this kind is held, until [`Probe::well`]; each permit added to what this gives lets one go on.
    pub(super) fn hold(&self, kind: fn(&Job) -> bool) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.afflict(kind, Mishap::Held(Arc::clone(&gate)));
        gate
    }

    pub(super) fn well(&self) {
        self.rule(|_| None);
    }

    /// Forgets the jobs so far.
    pub(super) fn forget(&self) {
        self.seen.lock().unwrap().clear();
        self.clients.lock().unwrap().clear();
    }

    /// Whose jobs those are.
    pub(super) fn clients(&self) -> Vec<String> {
        self.clients.lock().unwrap().clone()
    }

    /// Jobs of this kind since [`Probe::forget`].
    pub(super) fn count(&self, kind: fn(&Job) -> bool) -> usize {
        self.seen.lock().unwrap().iter().filter(|job| kind(job)).count()
    }

    /// What kinds of jobs those were, in their order.
    pub(super) fn kinds(&self) -> Vec<std::mem::Discriminant<Job>> {
        self.seen.lock().unwrap().iter().map(std::mem::discriminant).collect()
    }

    /// Different PINs that came to the HSM to be judged.
    pub(super) fn judged(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        let openers: HashSet<[u8; 32]> = seen.iter().filter_map(opener).map(|opener| *opener.octets).collect();
        openers.len()
    }
}

fn opener(job: &Job) -> Option<&Opener> {
    match job {
        Job::Rewrap { opener, .. } => Some(opener),
        _ => None,
    }
}

pub(super) fn is_rewrap(job: &Job) -> bool {
    matches!(job, Job::Rewrap { .. })
}

pub(super) fn is_sign(job: &Job) -> bool {
    matches!(job, Job::Sign { .. })
}

#[async_trait]
impl Hsm for Probe {
    async fn run(&self, job: Job) -> Result<Answer, Fault> {
        self.run_for("", job).await
    }

    async fn run_for(&self, client: &str, job: Job) -> Result<Answer, Fault> {
        self.seen.lock().unwrap().push(job.clone());
        self.clients.lock().unwrap().push(client.to_owned());
        let mishap = (self.rule.lock().unwrap())(&job);
        match mishap {
            None => self.pool.run_for(client, job).await,
            Some(Mishap::Fault(fault)) => Err(fault),
            Some(Mishap::LostAnswer(fault)) => {
                self.pool.run_for(client, job).await?;
                Err(fault)
            }
            Some(Mishap::WrongSignature) => self.pool.run_for(client, job).await.map(with_one_bit_wrong),
            Some(Mishap::Slow(time)) => {
                tokio::time::sleep(time).await;
                self.pool.run_for(client, job).await
            }
            Some(Mishap::Held(gate)) => {
                gate.acquire().await.unwrap().forget();
                self.pool.run_for(client, job).await
            }
            Some(Mishap::Hangs) => std::future::pending().await,
        }
    }

    fn ready(&self) -> u32 {
        self.pool.ready()
    }
}

fn with_one_bit_wrong(answer: Answer) -> Answer {
    let Answer::Signatures(mut signatures) = answer else { return answer };
    if let Some(octet) = signatures.first_mut().and_then(|first| first.last_mut()) {
        *octet ^= 1;
    }
    Answer::Signatures(signatures)
}
