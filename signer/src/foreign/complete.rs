//! In the helper: signatures get what is added to them. Time-stamps and evidence are judged before they go in, whoever fetched
//! them.

use rsign_ades::completion::{self, Known, Signature};
use rsign_ades::evidence::{Evidence, judge, stamp};
use rsign_ades::{Addition, Signatory, cms, digest, jws, xml};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{ArchiveStamp, CompleteSignature, CompletedSignature, EvidenceOctets, KnownDocument, Refusal};

use super::helper;
use super::wire::Answer;

/// Why not.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Answer);

impl Refused {
    pub(super) fn new(refusal: Refusal, why: impl Into<String>) -> Self {
        Self(Answer::Refused(refusal, why.into()))
    }
}

impl From<completion::Error> for Refused {
    fn from(error: completion::Error) -> Self {
        use completion::Error;
        let why = error.to_string();
        match error {
            Error::Cms(cms::Error::Parallel(reason, _))
            | Error::Jws(jws::Error::Parallel(reason, _))
            | Error::Xml(xml::Error::Document(reason, _)) => Self(Answer::Unfit(reason, why)),
            Error::Pdf(error) => Self(helper::refused(&error)),
            Error::Envelope => Self::new(Refusal::Envelope, why),
            // What the signer itself gave, or what has to come along and did not.
            _ => Self::new(Refusal::Malformed, why),
        }
    }
}

/// What was asked in this message, of this document if it came along, at this Unix second.
pub(super) fn complete(document: &[u8], message: &str, now: u64) -> Answer {
    let asked = serde_json::from_str(message).map_err(|error| Refused::new(Refusal::Malformed, error.to_string()));
    match asked.and_then(|asked| completed(document, &asked, now)) {
        Ok(completed) => Answer::Completed(completed),
        Err(Refused(answer)) => answer,
    }
}

fn completed(document: &[u8], asked: &CompleteSignature, now: u64) -> Result<CompletedSignature, Refused> {
    let signatory = Signatory { chain: octets(&asked.chain), scheme: asked.scheme };
    let function = asked.scheme.hash();
    let known = match &asked.subject {
        KnownDocument::Document(_) => {
            Known { octets: Some(document), length: Some(document.len() as u64), digest: None }
        }
        KnownDocument::Elsewhere { length, digest } => {
            Known { octets: None, length: *length, digest: digest.as_deref() }
        }
    };
    let plain = Signature {
        format: asked.format,
        envelope: asked.envelope,
        signatory: &signatory,
        prepared: &asked.signed.prepared,
        value: &asked.signed.signature,
        additions: &[],
        document: known,
    };
    if asked.archive.is_some() && asked.evidence.is_none() || asked.evidence.is_some() && asked.stamp.is_none() {
        return Err(Refused::new(Refusal::Malformed, "what a level adds needs what the one below does"));
    }
    let mut additions = Vec::new();
    let mut about = signatory.chain.first().cloned().into_iter().collect::<Vec<_>>();
    if let Some(token) = &asked.stamp {
        let over = digest(function, &plain.to_be_stamped()?);
        about.push(judged(token, function, &over)?);
        additions.push(Addition::Stamp(token.0.clone()));
    }
    if let Some(found) = &asked.evidence {
        additions.push(Addition::Evidence(evidence(found, &about, now)?));
    }
    match &asked.archive {
        None => {}
        Some(ArchiveStamp::Wanted) => {
            return Ok(CompletedSignature::Imprint(Bytes(plain.with(&additions).archive_imprint()?)));
        }
        Some(ArchiveStamp::Token(token)) => {
            let imprint = plain.with(&additions).archive_imprint()?;
            judged(token, function, &imprint)?;
            additions.push(Addition::Archive(token.0.clone()));
        }
    }
    Ok(CompletedSignature::Parts(plain.with(&additions).finish()?))
}

/// Evidence that is good at this Unix second, and about these certificates.
pub(super) fn evidence(found: &EvidenceOctets, about: &[Vec<u8>], now: u64) -> Result<Evidence, Refused> {
    let EvidenceOctets { certificates, crls, ocsp } = found;
    let evidence = Evidence { certificates: octets(certificates), crls: octets(crls), ocsp: octets(ocsp) };
    judge(&evidence, now).map_err(|flaw| Refused::new(Refusal::Evidence, flaw.to_string()))?;
    if about.iter().all(|certificate| evidence.certificates.contains(certificate)) {
        Ok(evidence)
    } else {
        Err(Refused::new(Refusal::Evidence, "the evidence is about others"))
    }
}

/// The certificate of who signed a time-stamp that is believed, and is over what it has to be.
pub(super) fn judged(token: &[u8], function: HashAlgorithm, hash: &[u8]) -> Result<Vec<u8>, Refused> {
    let stamp = stamp::judge(token).map_err(|wrong| Refused::new(Refusal::Evidence, wrong.to_string()))?;
    if !stamp.is_over(function, hash) {
        return Err(Refused::new(Refusal::Evidence, "the time-stamp token is over something else"));
    }
    Ok(stamp.signer.der)
}

fn octets(all: &[Bytes]) -> Vec<Vec<u8>> {
    all.iter().map(|one| one.0.clone()).collect()
}
