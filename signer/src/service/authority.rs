//! The built-in CA: certificates for this signer's own keys, and its revocation list, formed and signed here.

use std::collections::{BTreeMap, HashMap};

use rsign_ades::evidence::Subject;
use rsign_api::bytes::Bytes;
use rsign_api::channel::context::enrol_digest;
use rsign_api::signer::{Authority as PublicSide, IssueCertificate, IssuedCertificate, Refusal, State};

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::name::AuthorityName;
use crate::certificate::{CrlReason, EndEntity, RevocationList, Revoked, ServiceEntity, ToBeSigned, Validity};
use crate::hsm::{Answer, Job, TokenKey, ecdsa};
use crate::store::Issued;

pub(super) const DAY: i64 = 86_400;
/// Life of a person's or service's certificate, seconds.
pub(super) const LIFE: i64 = 2 * 365 * DAY;
/// Life of a revocation list, seconds.
const CRL_LIFE: i64 = 7 * DAY;
/// Certificates of one key that may be valid at once.
const MOST_ISSUED: usize = 32;
/// Certificates begin a little before they are made: clocks differ.
const SKEW: i64 = 300;

impl Signer {
    /// Issues a certificate for a key that was made here: its first, or the next one of a key that is in use.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] in any other state; [`Refusal::Busy`] while too many of the key's certificates are valid;
    /// [`Refusal::ForeignCertificate`] for another name than the key was made for, which its owner was shown;
    /// [`Refusal::Malformed`] for an impossible name.
    pub async fn issue(&self, asked: &IssueCertificate) -> Result<IssuedCertificate> {
        let row = self.row(&asked.credential).await?;
        if !matches!(row.state, State::Generated | State::Active) {
            return Err(Refusal::Disabled.into());
        }
        if enrol_digest(row.key, &asked.subject).map_or(true, |digest| row.enrolled.0 != digest) {
            let entry = Entry::of(Event::CertificateIssued).credential(&row);
            self.audit.record(entry.failed("another name than the key was made for")).await?;
            return Err(Refusal::ForeignCertificate.into());
        }
        let now = self.clock.now() / 1000;
        let issued = self.tables.issued_for(&row.id, 1000).await?;
        if issued.iter().filter(|one| one.not_after > self.clock.now()).count() >= MOST_ISSUED {
            let entry = Entry::of(Event::CertificateIssued).credential(&row);
            self.audit.record(entry.failed("too many of its certificates are valid")).await?;
            return Err(Refusal::Busy.into());
        }
        let serial = self.draw_serial();
        let validity = Validity {
            not_before: (now - SKEW).max(self.authority.validity().not_before),
            not_after: (now + LIFE).min(self.authority.validity().not_after),
        };
        let entity = EndEntity { subject: &asked.subject, spki: &row.spki, serial: &serial, validity };
        let certificate = self.authority.issue(&entity, &self.profile).map_err(|_| Refusal::Malformed)?;
        self.record_issued(&serial, Some(row.id.clone()), validity).await?;
        let reason = format!("serial {}", data_encoding::HEXLOWER.encode(&serial));
        self.audit.record(Entry::of(Event::CertificateIssued).credential(&row).because(reason)).await?;
        let certificate = self.sign_as_authority(&certificate).await?;
        Ok(IssuedCertificate { certificate: Bytes(certificate), chain: vec![Bytes(self.authority_der.clone())] })
    }

    /// Issues a certificate for the key of a time-stamping authority: a service of the same operator, asked for on this
    /// host only. With the CA's own certificate.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for an impossible name or key.
    pub async fn issue_time_stamping(&self, name: &AuthorityName, spki: &[u8]) -> Result<[Vec<u8>; 2]> {
        let now = self.clock.now() / 1000;
        let serial = self.draw_serial();
        let validity = Validity {
            not_before: (now - SKEW).max(self.authority.validity().not_before),
            not_after: (now + LIFE).min(self.authority.validity().not_after),
        };
        let entity = ServiceEntity { spki, serial: &serial, validity };
        let body = self.authority.issue_time_stamping(name, &entity, &self.profile).map_err(|_| Refusal::Malformed)?;
        let certificate = self.issue_service(&body, &serial, validity, "time-stamping").await?;
        Ok([certificate, self.authority_der.clone()])
    }

    /// Records a service's certificate and has it signed.
    pub(super) async fn issue_service(
        &self,
        body: &ToBeSigned,
        serial: &[u8],
        validity: Validity,
        purpose: &str,
    ) -> Result<Vec<u8>> {
        self.record_issued(serial, None, validity).await?;
        let reason = format!("serial {}, {purpose}", data_encoding::HEXLOWER.encode(serial));
        self.audit.record(Entry::of(Event::CertificateIssued).because(reason)).await?;
        self.sign_as_authority(body).await
    }

    /// Whether the built-in CA signed this certificate, DER: its serial number anybody can write.
    pub(super) fn has_issued(&self, certificate: &[u8]) -> Result<bool> {
        let incident = |error: der::Error| Error::Incident(error.to_string());
        let own = Subject::read(&self.authority_der).map_err(incident)?;
        Ok(Subject::read(certificate).is_ok_and(|certificate| certificate.is_issued_by(&own)))
    }

    /// The CA's certificate and a fresh revocation list: of a key that was destroyed or suspended all is revoked that was
    /// ever issued for it, linked or not.
    ///
    /// # Errors
    /// When HSM or store fail.
    pub async fn authority(&self) -> Result<PublicSide> {
        let now = self.clock.now();
        let (mut keys, mut revoked) = (HashMap::new(), BTreeMap::new());
        let mut note = |serial: &str, at: i64, reason: CrlReason| {
            let serial = data_encoding::HEXLOWER.decode(serial.as_bytes()).unwrap_or_default();
            revoked.insert(serial.clone(), Revoked { serial, at: at / 1000, reason });
        };
        let mut after = None;
        loop {
            let page = self.tables.credentials.list(None, after.as_deref(), 500).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (id, row) in &page {
                let reason = match row.state {
                    State::Destroyed => CrlReason::CessationOfOperation,
                    State::Suspended => CrlReason::CertificateHold,
                    _ => continue,
                };
                keys.insert(id.clone(), (row.changed_at, reason));
                // Certificates of a time when nothing was recorded.
                let all = row.certificate.iter().chain(&row.earlier);
                all.filter(|one| !one.elsewhere && one.not_after > now)
                    .for_each(|one| note(&one.serial, row.changed_at, reason));
            }
        }
        after = None;
        loop {
            let page = self.tables.all_issued(after.as_deref(), 500).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (serial, issued) in page.iter().filter(|(_, issued)| issued.not_after > now) {
                if let Some((at, reason)) = issued.credential.as_ref().and_then(|credential| keys.get(credential)) {
                    note(serial, *at, *reason);
                }
            }
        }
        let revoked: Vec<Revoked> = revoked.into_values().collect();
        let this_update = now / 1000;
        let list = RevocationList {
            number: u64::try_from(now).unwrap_or_default(),
            this_update,
            next_update: this_update + CRL_LIFE,
            revoked: &revoked,
        };
        let list = self.authority.revocation_list(&list).map_err(|error| Error::Incident(error.to_string()))?;
        Ok(PublicSide {
            certificate: Bytes(self.authority_der.clone()),
            crl: Bytes(self.sign_as_authority(&list).await?),
        })
    }

    /// Before the certificate is signed: what was never recorded is unknown to OCSP.
    async fn record_issued(&self, serial: &[u8], credential: Option<String>, validity: Validity) -> Result<()> {
        let issued = Issued { credential, not_after: validity.not_after * 1000 };
        match self.tables.record_issued(&data_encoding::HEXLOWER.encode(serial), issued).await? {
            true => Ok(()),
            false => Err(Error::Incident("a serial number was drawn twice".to_owned())),
        }
    }

    async fn sign_as_authority(&self, body: &ToBeSigned) -> Result<Vec<u8>> {
        let digest = body.digest().try_into().map_err(|_| Error::Incident("the CA key is not P-256".to_owned()))?;
        match self.run(Job::TokenSign { key: TokenKey::Authority, digest }).await? {
            Answer::Octets(raw) => {
                let signature = ecdsa::der(&raw).unwrap_or_default();
                body.assemble(&signature).map_err(|error| Error::Incident(error.to_string()))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// 159 random bits, positive (RFC 5280, 4.1.2.2).
    pub(super) fn draw_serial(&self) -> [u8; 20] {
        let mut serial = [0; 20];
        self.random.fill(&mut serial);
        serial[0] = serial[0] & 0x7f | 0x40;
        serial
    }
}
