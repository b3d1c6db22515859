//! What several subjects need.

use std::time::{Duration, Instant};

use harness::verify::PublicKey;
use harness::{Algorithm, Answer, Api, Credential, Hash, Operator, Pieces, Session, User, Wanted, shared};

/// A user of a test's own, signed in, with a credential nobody else touches.
pub(crate) struct Outsider {
    pub(crate) user: User,
    pub(crate) credential: Credential,
    pub(crate) session: Session,
    pub(crate) key: PublicKey,
}

impl Outsider {
    /// On the shared sandbox.
    pub(crate) async fn enrol(name: &str, wanted: Wanted) -> Self {
        Self::enrol_on(&shared().operator(), &shared().api(), name, wanted).await
    }

    /// On this service.
    pub(crate) async fn enrol_on(operator: &Operator, api: &Api, name: &str, wanted: Wanted) -> Self {
        let enrolled = operator.enrol_somebody(name, wanted);
        let session = api.login(&enrolled.user).await;
        let key = PublicKey::of(wanted.key, &session.certificate(&enrolled.credential).await);
        Self { user: enrolled.user, credential: enrolled.credential, session, key }
    }

    /// Authorizes and signs a hash of now, and judges the signature.
    pub(crate) async fn can_sign(&self) {
        let (hash, algorithm) = ([Hash::of("can sign")], Algorithm::usual(&self.credential.key));
        let sad = self.session.authorize(&self.credential, &hash).await;
        let signatures = self.session.sign(&self.credential, &sad, &algorithm, &hash).await;
        self.verifies(&algorithm, &hash[0], &signatures[0]);
    }

    /// The signature is this key's over this hash.
    #[track_caller]
    pub(crate) fn verifies(&self, algorithm: &Algorithm, hash: &Hash, signature: &[u8]) {
        assert!(self.key.verifies(algorithm, hash, signature), "a signature does not verify");
    }
}

/// What comes of a job of mode A. The answer that named the job has waited for a moment, not for its end.
pub(crate) async fn fetched(session: &Session, id: &str) -> Answer {
    let started = Instant::now();
    loop {
        let heard = session.call("v2/signatures/signPolling", serde_json::json!({ "requestID": id })).await;
        if heard.status != 202 {
            return heard;
        }
        assert!(started.elapsed() < WHILE, "the job is still under way");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How long what has to come is waited for; the machine may be busy with much else.
pub(crate) const WHILE: Duration = Duration::from_secs(60);

/// Waits until it is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < WHILE, "after {WHILE:?} it is not so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A log without the numbers of processes: one of them can be what a code is.
pub(crate) fn without_pids(log: &str) -> String {
    let mut parts = log.split("pid=");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "pid=" + part.trim_start_matches(|of: char| of.is_ascii_digit()))
}

/// Takes away what was seeded, performs a key ceremony with the configuration as it is now, and starts both services.
pub(crate) fn start_afresh(pieces: &mut Pieces) {
    for entry in std::fs::read_dir(pieces.folder.data()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().contains(".sqlite") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    std::fs::remove_dir_all(pieces.folder.file("tokens")).unwrap();
    std::fs::create_dir(pieces.folder.file("tokens")).unwrap();
    (pieces.users, pieces.clients) = (Vec::new(), Vec::new());
    let said = pieces.operator().signer(&["init", "--create-token"]);
    assert!(said.contains("ceremony performed"), "{said}");
    pieces.start_signer();
    pieces.start_gateway();
}

#[test]
fn no_port_is_given_twice() {
    let ports: std::collections::BTreeSet<u16> = (0..400).map(|_| harness::free_port()).collect();
    assert_eq!(ports.len(), 400);
}

#[test]
fn of_a_log_only_the_numbers_of_processes_are_left_out() {
    assert_eq!(without_pids("worker.pid=123456 code=123456 pid=7"), "worker.pid= code=123456 pid=");
}
