//! The HSM as the services see it: typed jobs in, typed answers out, PKCS#11 nowhere in sight.
//!
//! Jobs run in *worker processes* ([`pool`], [`worker`]): a vendor library may crash, leak or serialise its calls
//! without taking the service along. `cryptoki` is named only under [`pkcs11`]. Start reading at [`Job`].

pub mod ecdsa;
mod job;
mod master;
pub mod pkcs11;
mod pool;
mod wire;
pub mod worker;

use async_trait::async_trait;

pub use job::{Answer, Generated, Job, Opener, PublicKey, TokenKey};
pub use master::{MasterVersion, Masters, NoVersion};
pub use pool::{Pool, PoolSettings};

/// Why a job brought no answer. Never says anything of a PIN: that is [`Answer::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The queue before the workers is full.
    #[error("the HSM queue is full")]
    Busy,
    /// The worker ended, or lost its session, device or login, before it answered; it is being replaced.
    #[error("an HSM worker was lost")]
    Lost,
    /// The HSM answered with an error of its own: `function: code`.
    #[error("the HSM failed: {0}")]
    Device(String),
}

/// The port. One call is one job in one PKCS#11 session of its own.
#[async_trait]
pub trait Hsm: Send + Sync + std::fmt::Debug {
    /// Does a job of the service itself, waiting in a bounded queue for a free worker.
    async fn run(&self, job: Job) -> Result<Answer, Fault>;

    /// The same for a client: among the jobs that wait, clients have turns.
    async fn run_for(&self, client: &str, job: Job) -> Result<Answer, Fault> {
        let _ = client;
        self.run(job).await
    }

    /// Workers that are ready to take jobs.
    fn ready(&self) -> u32;
}
