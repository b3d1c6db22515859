//! A signer that keeps no keys: it remembers what it was asked and answers as a test tells it to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rsign_api::bytes::Bytes;
use rsign_api::objection::Reason;
use rsign_api::parts::Part;
use rsign_api::signer::{
    AnsweredOcsp, ArchiveStamp, AskOcsp, Authority, Authorize, Authorized, ChangeState, ChannelAnswer, ChannelHello,
    ChannelOpened, ChannelOutcome, ChannelRecord, CheckSad, CompleteSignature, CompletedSignature, CreateCredential,
    CreatedCredential, CredentialName, CredentialStatus, Done, DrawCode, DrawnCode, Extend, FactorKind, Health,
    IssueCertificate, IssuedCertificate, LinkCertificate, Refusal, RefusedDocument, RenewDocument, RenewedDocument,
    RevokeSad, Sign, SignDocuments, Signed, SignedDocument, SignedDocuments, State,
};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use super::signer::{Error, Result, Signer};

/// The code it draws.
pub(crate) const CODE: &str = "271828";

/// The PIN it takes for right.
pub(crate) const PIN: &str = "31415926";

#[derive(Debug)]
pub(crate) struct FakeSigner {
    /// The certificate of its CA, DER.
    pub(crate) authority: Vec<u8>,
    /// PINs it was shown.
    pub(crate) pins: Mutex<Vec<String>>,
    /// Codes that came with them.
    pub(crate) codes: Mutex<Vec<Option<String>>>,
    /// Clients it drew codes for.
    pub(crate) drawn_for: Mutex<Vec<String>>,
    /// How long to wait for another code; `None`: there is one.
    pub(crate) wait: Mutex<Option<u32>>,
    /// What the credential made last needs besides its PIN.
    pub(crate) factor: Mutex<FactorKind>,
    /// How it is.
    pub(crate) health: Mutex<Health>,
    /// How often it was asked that.
    pub(crate) healths: AtomicUsize,
    /// Who has this keeps it from saying so.
    pub(crate) health_turn: Arc<Semaphore>,
    /// What it was asked of OCSP.
    pub(crate) ocsp: Mutex<Vec<AskOcsp>>,
    /// Who has this holds its OCSP answers up.
    pub(crate) ocsp_turn: Arc<Semaphore>,
    /// What it answers.
    pub(crate) answer: Mutex<Vec<u8>>,
    /// Its CRL.
    pub(crate) crl: Mutex<Vec<u8>>,
    /// Who has this holds its signatures up.
    pub(crate) sign_turn: Arc<Semaphore>,
    /// What it was asked to sign.
    pub(crate) signed: Mutex<Vec<Sign>>,
    /// Documents it was asked to sign.
    pub(crate) documents: Mutex<Vec<SignDocuments>>,
    /// SADs it was asked about.
    pub(crate) checked: Mutex<Vec<CheckSad>>,
    /// Signatures it was asked to complete.
    pub(crate) completed: Mutex<Vec<CompleteSignature>>,
    /// Documents it was asked to renew.
    pub(crate) renewals: Mutex<Vec<RenewDocument>>,
    /// What it says of them, one answer after the other.
    pub(crate) renewed: Mutex<VecDeque<RenewedDocument>>,
    /// State of every credential.
    pub(crate) state: Mutex<State>,
    /// Until when wrong PINs lock every credential, Unix seconds.
    pub(crate) locked_until: Mutex<Option<i64>>,
    /// Refuses everything with this.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    /// Refuses these of the documents.
    pub(crate) refused: Mutex<Vec<RefusedDocument>>,
    /// Refuses to complete a signature, for this reason.
    pub(crate) incomplete: Mutex<Option<Reason>>,
    /// Answers nothing at all.
    pub(crate) away: Mutex<bool>,
    /// Channels it was asked to open.
    pub(crate) hellos: Mutex<Vec<ChannelHello>>,
    /// What comes of the next records; after the last one nothing does.
    pub(crate) outcomes: Mutex<VecDeque<ChannelOutcome>>,
    /// SADs that were ended.
    pub(crate) ended: Mutex<Vec<String>>,
    /// Records it was shown.
    pub(crate) records: AtomicUsize,
    /// Changes states although it refuses everything else.
    pub(crate) willing_to_change: AtomicBool,
}

impl Default for FakeSigner {
    fn default() -> Self {
        Self {
            authority: certificate(),
            pins: Mutex::default(),
            codes: Mutex::default(),
            drawn_for: Mutex::default(),
            wait: Mutex::default(),
            factor: Mutex::default(),
            health: Mutex::new(Health { store: true, workers: 2, instance: 1 }),
            healths: AtomicUsize::default(),
            health_turn: Arc::new(Semaphore::new(1)),
            ocsp: Mutex::default(),
            ocsp_turn: Arc::new(Semaphore::new(1)),
            answer: Mutex::new(b"an answer".to_vec()),
            crl: Mutex::new(vec![0x30, 0]),
            sign_turn: Arc::new(Semaphore::new(1)),
            signed: Mutex::default(),
            documents: Mutex::default(),
            checked: Mutex::default(),
            completed: Mutex::default(),
            renewals: Mutex::default(),
            renewed: Mutex::default(),
            state: Mutex::new(State::Active),
            locked_until: Mutex::default(),
            refusal: Mutex::default(),
            refused: Mutex::default(),
            incomplete: Mutex::default(),
            away: Mutex::default(),
            hellos: Mutex::default(),
            outcomes: Mutex::default(),
            ended: Mutex::default(),
            records: AtomicUsize::default(),
            willing_to_change: AtomicBool::default(),
        }
    }
}

impl FakeSigner {
    fn willing(&self) -> Result<()> {
        if *self.away.lock().unwrap() {
            return Err(Error::Unavailable("connection refused".into()));
        }
        match *self.refusal.lock().unwrap() {
            Some(Refusal::Busy) => Err(Error::Busy),
            Some(refusal) => Err(Error::Refused(refusal)),
            None => Ok(()),
        }
    }

    fn standing(&self) -> CredentialStatus {
        let factor = *self.factor.lock().unwrap();
        CredentialStatus {
            state: *self.state.lock().unwrap(),
            factor,
            locked_until: *self.locked_until.lock().unwrap(),
        }
    }
}

fn certificate() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "ACME, Lda");
    params.distinguished_name.push(rcgen::DnType::CommonName, "Ann Lee");
    params.self_signed(&key).unwrap().der().to_vec()
}

#[async_trait]
impl Signer for FakeSigner {
    async fn create(&self, ask: CreateCredential) -> Result<CreatedCredential> {
        self.willing()?;
        let some = Bytes(vec![1, 2, 3]);
        *self.factor.lock().unwrap() = ask.factor;
        Ok(CreatedCredential { key: some.clone(), spki: some.clone(), request: some, factor: ask.factor })
    }

    async fn issue(&self, _: IssueCertificate) -> Result<IssuedCertificate> {
        Ok(IssuedCertificate { certificate: Bytes(certificate()), chain: vec![Bytes(certificate())] })
    }

    async fn link(&self, _: LinkCertificate) -> Result<CredentialStatus> {
        Ok(self.standing())
    }

    async fn status(&self, _: CredentialName) -> Result<CredentialStatus> {
        self.willing()?;
        Ok(self.standing())
    }

    async fn change_state(&self, ask: ChangeState) -> Result<CredentialStatus> {
        if !self.willing_to_change.load(Ordering::Relaxed) {
            self.willing()?;
        }
        *self.state.lock().unwrap() = ask.state;
        Ok(self.standing())
    }

    async fn draw_code(&self, ask: DrawCode) -> Result<DrawnCode> {
        self.willing()?;
        self.drawn_for.lock().unwrap().push(ask.client);
        let wait = *self.wait.lock().unwrap();
        Ok(match wait {
            Some(seconds) => DrawnCode { code: None, seconds },
            None => DrawnCode { code: Some(CODE.into()), seconds: 300 },
        })
    }

    async fn authorize(&self, ask: Authorize) -> Result<Authorized> {
        self.pins.lock().unwrap().push(ask.pin.expose_secret().to_owned());
        self.codes.lock().unwrap().push(ask.code.as_ref().map(|code| code.expose_secret().to_owned()));
        self.willing()?;
        if ask.pin.expose_secret() != PIN {
            return Err(Error::Refused(Refusal::WrongPin));
        }
        Ok(Authorized { sad: "sad_one".into(), expires_in: 300 })
    }

    async fn extend(&self, _: Extend) -> Result<Authorized> {
        self.willing()?;
        Ok(Authorized { sad: "sad_two".into(), expires_in: 300 })
    }

    async fn revoke(&self, ask: RevokeSad) -> Result<Done> {
        match ask.sad.expose_secret() {
            "sad_one" => {
                self.ended.lock().unwrap().push(ask.sad.expose_secret().to_owned());
                Ok(Done {})
            }
            _ => Err(Error::Refused(Refusal::InvalidSad)),
        }
    }

    async fn sign(&self, ask: Sign) -> Result<Signed> {
        self.willing()?;
        let _turn = self.sign_turn.acquire().await.unwrap();
        let signatures = ask.hashes.clone();
        self.signed.lock().unwrap().push(ask);
        Ok(Signed { signatures })
    }

    async fn check_sad(&self, ask: CheckSad) -> Result<Done> {
        self.willing()?;
        let is_known = ask.sad.expose_secret() == "sad_one";
        self.checked.lock().unwrap().push(ask);
        if is_known { Ok(Done {}) } else { Err(Error::Refused(Refusal::InvalidSad)) }
    }

    async fn sign_documents(&self, ask: SignDocuments) -> Result<SignedDocuments> {
        self.willing()?;
        let refused = self.refused.lock().unwrap().clone();
        if !refused.is_empty() {
            return Err(Error::Documents(refused));
        }
        // The attributes are an empty set: what is in them only a real signer knows.
        let one = SignedDocument { signature: Bytes(vec![7; 64]), prepared: Bytes(vec![0x31, 0]) };
        let documents = vec![one; ask.documents.len()];
        self.documents.lock().unwrap().push(ask);
        Ok(SignedDocuments { documents })
    }

    async fn complete_signature(&self, ask: CompleteSignature) -> Result<CompletedSignature> {
        self.willing()?;
        if let Some(reason) = *self.incomplete.lock().unwrap() {
            return Err(Error::Documents(vec![RefusedDocument { place: 0, reason }]));
        }
        let archive = ask.archive.clone();
        self.completed.lock().unwrap().push(ask);
        Ok(match archive {
            Some(ArchiveStamp::Wanted) => CompletedSignature::Imprint(Bytes(vec![7; 32])),
            _ => CompletedSignature::Parts(vec![Part::own("completed")]),
        })
    }

    async fn renew_document(&self, ask: RenewDocument) -> Result<RenewedDocument> {
        self.willing()?;
        self.renewals.lock().unwrap().push(ask);
        Ok(self.renewed.lock().unwrap().pop_front().unwrap_or(RenewedDocument::Unsigned))
    }

    async fn channel_hello(&self, ask: ChannelHello) -> Result<ChannelOpened> {
        self.willing()?;
        let mut hellos = self.hellos.lock().unwrap();
        hellos.push(ask);
        // A ServerHello by its length; its `sid` says which channel it is.
        let mut hello = vec![0; 159];
        hello[6] = u8::try_from(hellos.len()).unwrap();
        Ok(ChannelOpened { hello: Bytes(hello), signature: Bytes(vec![2; 64]), finished: Bytes(vec![3; 32]) })
    }

    async fn channel_record(&self, ask: ChannelRecord) -> Result<ChannelAnswer> {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.willing()?;
        let outcome = self.outcomes.lock().unwrap().pop_front();
        Ok(ChannelAnswer { record: ask.record, outcome: outcome.unwrap_or(ChannelOutcome::Closed) })
    }

    async fn authority(&self) -> Result<Authority> {
        self.willing()?;
        Ok(Authority { certificate: Bytes(self.authority.clone()), crl: Bytes(self.crl.lock().unwrap().clone()) })
    }

    async fn health(&self) -> Result<Health> {
        self.healths.fetch_add(1, Ordering::Relaxed);
        let _turn = self.health_turn.acquire().await.unwrap();
        if *self.away.lock().unwrap() {
            return Err(Error::Unavailable("connection refused".into()));
        }
        Ok(self.health.lock().unwrap().clone())
    }

    async fn ocsp(&self, ask: AskOcsp) -> Result<AnsweredOcsp> {
        self.willing()?;
        self.ocsp.lock().unwrap().push(ask);
        let _turn = self.ocsp_turn.acquire().await;
        Ok(AnsweredOcsp { answer: Bytes(self.answer.lock().unwrap().clone()) })
    }
}
