//! What a call is going to take is looked at before anything is signed, as far as it is known then: a signature that
//! cannot be completed is an approval spent for nothing.

use rsign_api::csc::documents::Document;
use rsign_api::document::{Format, Level};
use rsign_api::objection::{Detail, Objection, Reason};
use rsign_api::signer::DocumentSubject;
use rsign_spool::Bounds;

use super::{Error, completion};
use crate::service::evidence;

/// Octets of evidence of the signer's certificates that a signature may hold: the signer takes 12 MiB of it together with what
/// it has formed itself, and what a time-stamp needs is not known yet.
const EVIDENCE: u64 = 10 << 20;

/// Octets that a signature adds to a PDF beside its certificates, at most: twice those of the CMS, and a revision.
const REVISION: u64 = 128 << 10;

/// What is there when it is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Octets of the signer's chain.
    pub(super) chain: u64,
    /// Octets of the evidence for it; 0 where none is needed.
    pub(super) evidence: u64,
    /// What there is room for.
    pub(super) bounds: Bounds,
}

/// Octets that the answer will have, beside the documents themselves, where they are many.
///
/// # Errors
/// When something will not fit.
pub(super) fn judge(documents: &[Document], known: Known) -> Result<u64, Error> {
    let lasting = documents.iter().filter(|document| document.level >= Level::Lt).count() as u64;
    if lasting > 0 && known.evidence > EVIDENCE {
        return Err(evidence::Error::TooLong.into());
    }
    let refused: Vec<_> = documents.iter().filter_map(|document| too_long(document, known)).collect();
    if !refused.is_empty() {
        return Err(Error::Refused(refused));
    }
    let all = lasting.saturating_mul(known.evidence);
    if all > known.bounds.request { Err(Error::TooLong) } else { Ok(all) }
}

/// Of a document that is too long, with the octets that it may have.
fn too_long(document: &Document, known: Known) -> Option<Objection> {
    let limit = if completion::is_too_long(document) {
        completion::MOST
    } else if is_full(document, known) {
        known.bounds.document
    } else {
        return None;
    };
    Some(Objection::new(document.place, Reason::TooLong).with(Detail::Limit(limit)))
}

/// Whether a PDF that is to last will be too long for the signer with its signature: it comes there again, to be renewed.
fn is_full(document: &Document, known: Known) -> bool {
    match &document.subject {
        DocumentSubject::Document(octets) if document.format == Format::Pades && document.level >= Level::Lt => {
            let said = document.properties.iter().filter_map(|property| property.value.as_ref());
            let said: u64 = said.map(|value| value.len() as u64).sum();
            let signature = REVISION.saturating_add(2 * known.chain).saturating_add(4 * said);
            octets.len().saturating_add(signature) > known.bounds.document
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rsign_api::algorithm::{HashAlgorithm, Scheme};
    use rsign_api::document::Envelope;
    use rsign_api::objection::{Array, Place};

    use super::*;

    const BOUNDS: Bounds = Bounds { document: 1 << 20, request: 32 << 20, client: 64 << 20, all: 64 << 20, memory: 0 };

    fn of(format: Format, level: Level, octets: usize) -> Document {
        let subject = DocumentSubject::Document(vec![0; octets].into());
        let envelope = if format == Format::Pades { Envelope::Revision } else { Envelope::Detached };
        Document {
            format,
            level,
            scheme: Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
            envelope,
            properties: vec![],
            subject,
            place: Place { array: Array::Documents, index: 7 },
        }
    }

    fn judged(documents: &[Document], evidence: u64) -> Result<u64, Error> {
        judge(documents, Known { chain: 4000, evidence, bounds: BOUNDS })
    }

    #[test]
    fn a_pdf_that_its_signature_makes_too_long_is_refused_before_it_is_signed() {
        let full = 1 << 20;
        for (format, level, octets, fits) in [
            (Format::Pades, Level::Lt, full - (128 << 10) - 8000, true),
            (Format::Pades, Level::Lt, full - (128 << 10) - 7999, false),
            (Format::Pades, Level::Lta, full, false),
            (Format::Pades, Level::T, full, true),
            (Format::Cades, Level::Lta, full, true),
        ] {
            let judged = judged(&[of(format, level, octets)], 1000);
            assert_eq!(judged.is_ok(), fits, "{format:?} {level:?} {octets}: {judged:?}");
            let Err(Error::Refused(refused)) = judged else { continue };
            let place = Place { array: Array::Documents, index: 7 };
            assert_eq!(refused, [Objection::new(place, Reason::TooLong).with(Detail::Limit(1 << 20))]);
        }
    }

    #[test]
    fn evidence_that_does_not_fit_is_refused_before_anything_is_signed() {
        let [lasting, plain] = [Level::Lt, Level::T].map(|level| of(Format::Cades, level, 10));
        assert!(matches!(judged(std::slice::from_ref(&lasting), EVIDENCE), Ok(EVIDENCE)));
        let too_long = judged(std::slice::from_ref(&lasting), EVIDENCE + 1);
        assert!(matches!(too_long, Err(Error::Evidence(evidence::Error::TooLong))), "{too_long:?}");
        assert!(matches!(judged(&[plain], EVIDENCE + 1), Ok(0)), "none of it is in there");
        let many = vec![lasting; 33];
        assert!(matches!(judged(&many[..32], 1 << 20), Ok(octets) if octets == 32 << 20));
        assert!(matches!(judged(&many, 1 << 20), Err(Error::TooLong)));
    }
}
