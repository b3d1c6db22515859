//! How a credential comes to be: key made, certificate linked, PIN handed over.

use rsign_api::bytes::Bytes;
use rsign_api::channel::context::enrol_digest;
use rsign_api::signer::{
    CreateCredential, CreatedCredential, CredentialStatus, FactorKind, LinkCertificate, Refusal, State,
};
use secrecy::SecretString;

use super::life::status;
use super::{Drawn, Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::{self, Certificate, own_scheme, spki};
use crate::credential::{Credential, Linked, Slot, Tries};
use crate::hsm::{Answer, Generated, Job, MasterVersion, Opener, PublicKey};
use crate::key::{self, Header};
use crate::pin::{Binding, Pin, Stretching};

/// Drawn PINs that may wait for their owners.
const MAX_DRAWN: usize = 10_000;

impl Signer {
    /// Makes a key under a PIN that is drawn here and waits, in memory only, to be handed over.
    ///
    /// # Errors
    /// [`Refusal::Taken`] when the id was used before, [`Refusal::NotAllowed`] or [`Refusal::TooManySignatures`] when
    /// the operator does not have such keys.
    pub async fn create(&self, asked: &CreateCredential) -> Result<CreatedCredential> {
        let pin = self.draw_pin().await?;
        let created = self.create_under(&pin, asked).await?;
        self.remember_pin(&asked.credential, Drawn { pin, label: asked.label.clone() })?;
        Ok(created)
    }

    /// Makes a key under a PIN that its owner has, or is told, some other way.
    ///
    /// # Errors
    /// [`Refusal::Taken`].
    pub(super) async fn create_under(&self, pin: &Pin, asked: &CreateCredential) -> Result<CreatedCredential> {
        let enrolled = self.permitted(asked).await?;
        if self.tables.credentials.find(&asked.credential).await?.is_some() {
            return Err(Refusal::Taken.into());
        }
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let stretching = Stretching::new(asked.stretch, salt);
        let factor = (asked.factor != FactorKind::None).then(|| self.draw_factor(asked.factor));
        let binding = Binding {
            tenant: &asked.tenant,
            user: &asked.user,
            credential: &asked.credential,
            key_version: 1,
            key: asked.key,
            factor: factor.as_ref().map(|factor| (factor.kind, factor.salt.0.as_slice())),
        };
        let stretched = {
            let _permit = self.stretching.acquire().await.map_err(|_| Refusal::Busy)?;
            let master = self.master().await?;
            tokio::task::block_in_place(|| binding.opener(pin, &stretching, master, &self.memory))
        };
        let opener = stretched.ok_or(Refusal::Malformed)?;
        let master = opener.master;
        let generated = match self.run(Job::Generate { key: asked.key, opener: opener.clone() }).await? {
            Answer::Generated(generated) => generated,
            other => return Err(unexpected(&other)),
        };
        let spki = public_key(asked, &generated.public)?;
        let wrapped_key = self.seal(asked, &spki, master, &generated.wrapped_key).await?;
        let request = self.prove_possession(asked, &spki, opener, &generated).await?;
        let credential = Credential {
            id: asked.credential.clone(),
            tenant: asked.tenant.clone(),
            user: asked.user.clone(),
            key_version: 1,
            key: asked.key,
            scal: asked.scal,
            multisign: asked.multisign.max(1),
            state: State::Generated,
            created_at: self.clock.now(),
            changed_at: self.clock.now(),
            enrolled: Bytes(enrolled.to_vec()),
            wrapped_key: Bytes(key::digest(&wrapped_key).to_vec()),
            spki: Bytes(spki.clone()),
            slot: Some(Slot { stretching, wrapped: Bytes(generated.slot), master }),
            epoch: 1,
            certificate: None,
            earlier: Vec::new(),
            tries: Tries::default(),
            unblocking: None,
            factor,
        };
        self.audit
            .record(Entry::of(Event::CredentialCreated).credential(&credential).because(asked.key.name()))
            .await?;
        if !self.tables.credentials.insert(&asked.credential, credential).await? {
            return Err(Refusal::Taken.into());
        }
        let factor = asked.factor;
        Ok(CreatedCredential { key: Bytes(wrapped_key), spki: Bytes(spki), request: Bytes(request), factor })
    }

    /// What a gateway asks for stands in nothing that its user was shown, but for kind of key and subject: so the
    /// signer's operator says what it may be. Gives the digest of those two.
    async fn permitted(&self, asked: &CreateCredential) -> Result<[u8; 32]> {
        let (refusal, setting) = match self.policy.enrolment.judge(asked.scal, asked.stretch, asked.multisign) {
            Ok(()) => return Ok(enrol_digest(asked.key, &asked.subject).map_err(|_| Refusal::Malformed)?),
            Err(refused) => refused,
        };
        let mut entry = Entry::of(Event::CredentialCreated);
        (entry.user, entry.credential) = (Some(asked.user.clone()), Some(asked.credential.clone()));
        let error = Error::Setting { refusal, setting };
        self.audit.record(entry.failed(&error)).await?;
        Err(error)
    }

    pub(super) async fn draw_pin(&self) -> Result<Pin> {
        loop {
            match self.run(Job::Random { length: 4 * Pin::DRAWN }).await? {
                Answer::Octets(octets) => {
                    if let Some(pin) = Pin::drawn(&zeroize::Zeroizing::new(octets)) {
                        return Ok(pin);
                    }
                }
                other => return Err(unexpected(&other)),
            }
        }
    }

    async fn seal(
        &self,
        asked: &CreateCredential,
        spki: &[u8],
        master: MasterVersion,
        wrapped: &[u8],
    ) -> Result<Vec<u8>> {
        let header = Header {
            tenant: asked.tenant.clone(),
            user: asked.user.clone(),
            credential: asked.credential.clone(),
            key_version: 1,
            key: asked.key,
            spki: Bytes(spki.to_vec()),
            derive: self.mechanisms.0,
            wrap: self.mechanisms.1,
            master: master.to_string(),
        };
        let covered = key::authenticated(&header).map_err(|error| Error::Incident(error.to_string()))?;
        match self.run(Job::Mac { data: covered.clone() }).await? {
            Answer::Octets(mac) => Ok(key::assemble(&covered, &mac, wrapped)),
            other => Err(unexpected(&other)),
        }
    }

    /// The PKCS#10: the one signature before a certificate is linked.
    async fn prove_possession(
        &self,
        asked: &CreateCredential,
        spki: &[u8],
        opener: Opener,
        generated: &Generated,
    ) -> Result<Vec<u8>> {
        let request = certificate::request(&asked.subject, spki).map_err(|_| Refusal::Malformed)?;
        let job = Job::Sign {
            opener,
            slot: generated.slot.clone(),
            wrapped_key: generated.wrapped_key.clone(),
            key: asked.key,
            scheme: own_scheme(asked.key),
            digests: vec![request.digest()],
        };
        match self.run(job).await? {
            Answer::Signatures(signatures) => {
                let signature = signatures.first().map(Vec::as_slice).unwrap_or_default();
                request.assemble(signature).map_err(|error| Error::Incident(error.to_string()))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn remember_pin(&self, credential: &str, made: Drawn) -> Result<()> {
        let mut drawn = self.drawn.lock().map_err(|_| Error::Incident("a thread panicked".to_owned()))?;
        if drawn.len() >= MAX_DRAWN {
            return Err(Refusal::Busy.into());
        }
        drawn.insert(credential.to_owned(), made);
        Ok(())
    }

    /// Ties a certificate to the key it was issued for: the first one, or the next one of a key that is in use, which must not
    /// begin later. To tie it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::ForeignCertificate`] when its key is another, [`Refusal::CertificateExpired`],
    /// [`Refusal::NotAllowed`] for one of another CA where the operator does not have those, and what
    /// [`Credential::link`] refuses.
    pub async fn link(&self, asked: &LinkCertificate) -> Result<CredentialStatus> {
        let certificate = Certificate::read(&asked.certificate).map_err(|_| Refusal::ForeignCertificate)?;
        let now = self.clock.now();
        let not_after = certificate.validity.not_after.saturating_mul(1000);
        if not_after <= now {
            return Err(Refusal::CertificateExpired.into());
        }
        let serial = data_encoding::HEXLOWER.encode(&certificate.serial);
        let linked = Linked {
            elsewhere: !self.has_issued(&asked.certificate)?,
            digest: Bytes(certificate.digest.to_vec()),
            not_before: certificate.validity.not_before.saturating_mul(1000),
            not_after,
            serial,
        };
        let row = self.row(&asked.credential).await?;
        if row.spki.0 != certificate.spki {
            self.audit
                .record(Entry::of(Event::CertificateLinked).credential(&row).failed(Refusal::ForeignCertificate))
                .await?;
            return Err(Refusal::ForeignCertificate.into());
        }
        if linked.elsewhere
            && let Err((refusal, setting)) = self.policy.enrolment.judge_other_ca()
        {
            let error = Error::Setting { refusal, setting };
            self.audit.record(Entry::of(Event::CertificateLinked).credential(&row).failed(&error)).await?;
            return Err(error);
        }
        // Until then the key could not be used.
        if row.state == State::Active && linked.not_before > now {
            return Err(Refusal::CertificateExpired.into());
        }
        self.audit.record(Entry::of(Event::CertificateLinked).credential(&row).because(linked.told())).await?;
        let told = linked.told();
        let step = move |row: &mut Credential| {
            row.link(linked.clone(), now)?;
            Ok(status(row, now))
        };
        let outcome = self.step(&asked.credential, step).await;
        if let Err(error) = &outcome {
            let entry = Entry::of(Event::CertificateLinked).credential(&row);
            self.audit.record(entry.failed(format!("{told}: {error}"))).await?;
        }
        outcome
    }

    /// The PIN drawn for a new credential, for the command on the signer's host. It can be asked for until
    /// [`Signer::acknowledge_pin`].
    ///
    /// # Errors
    /// [`Refusal::UnknownCredential`] when there is none to hand over, [`Refusal::Disabled`] before a certificate is
    /// linked.
    pub async fn reveal_pin(&self, credential: &str) -> Result<SecretString> {
        let row = self.row(credential).await?;
        if row.state != State::Linked {
            return Err(Refusal::Disabled.into());
        }
        self.audit.record(Entry::of(Event::PinShown).credential(&row)).await?;
        let drawn = self.drawn.lock().map_err(|_| Error::Incident("a thread panicked".to_owned()))?;
        let drawn = drawn.get(credential).ok_or(Refusal::UnknownCredential)?;
        Ok(SecretString::from(drawn.pin.reveal()))
    }

    /// The second factor of a new credential, for the same command and as long: `otpauth` URI and secret in Base32;
    /// none where it has no factor, or one that its owner keeps nothing of.
    ///
    /// # Errors
    /// See [`Signer::reveal_pin`].
    pub async fn reveal_factor(&self, credential: &str) -> Result<Option<(SecretString, SecretString)>> {
        let row = self.row(credential).await?;
        if row.state != State::Linked {
            return Err(Refusal::Disabled.into());
        }
        if row.factor.as_ref().is_none_or(|factor| factor.kind != FactorKind::Totp) {
            return Ok(None);
        }
        let label = {
            let drawn = self.drawn.lock().map_err(|_| Error::Incident("a thread panicked".to_owned()))?;
            drawn.get(credential).ok_or(Refusal::UnknownCredential)?.label.clone()
        };
        let generator = self.generator(&row.binding()).await?;
        let uri = generator.uri(&self.policy.issuer, label.as_deref().unwrap_or(credential));
        Ok(Some((uri, generator.base32())))
    }

    /// The owner has the PIN, and the second factor where there is one: the PIN is forgotten here and the credential
    /// becomes active. For the command on the signer's host, which has printed both: that confirms the factor.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] in any other state.
    pub async fn acknowledge_pin(&self, credential: &str) -> Result<CredentialStatus> {
        self.activate(credential, true).await
    }

    /// The same; a second factor must have been confirmed by a code, unless it `was_printed`.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] in any other state; [`Refusal::WrongFactor`] before a code.
    pub(super) async fn activate(&self, credential: &str, was_printed: bool) -> Result<CredentialStatus> {
        let (row, now) = (self.row(credential).await?, self.clock.now());
        if row.factor.as_ref().is_some_and(|factor| !factor.confirmed && !was_printed) {
            return Err(Refusal::WrongFactor.into());
        }
        let entry = Entry::of(Event::PinHandedOver).credential(&row);
        self.record_allowed(entry, row.state == State::Linked).await?;
        let step = move |row: &mut Credential| {
            if row.state != State::Linked {
                return Err(Refusal::Disabled);
            }
            if let Some(factor) = &mut row.factor {
                factor.confirmed |= was_printed;
                if !factor.confirmed {
                    return Err(Refusal::WrongFactor);
                }
            }
            row.enter(State::Active, now)?;
            Ok(status(row, now))
        };
        let status = self.step(credential, step).await?;
        self.forget_pin(credential);
        Ok(status)
    }
}

fn public_key(asked: &CreateCredential, public: &PublicKey) -> Result<Vec<u8>> {
    let spki = match public {
        PublicKey::Rsa { modulus, exponent } => spki::rsa(modulus, exponent),
        PublicKey::Ec { point } => spki::ec(asked.key, point),
    };
    spki.map_err(|error| Error::Incident(format!("the HSM's public key: {error}")))
}
