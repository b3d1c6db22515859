//! What several subjects need.

use harness::verify::PublicKey;
use harness::{Algorithm, Api, Credential, Hash, Operator, Pieces, Session, User, Wanted, shared};

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
