//! How much signed documents take while they wait: what can be foreseen, and what it is.

use std::collections::HashSet;

use rsign_api::csc::documents::{Document, SignedDocuments};
use rsign_api::document::{Envelope, Level};
use rsign_api::objection::{Detail, Objection, Reason};
use rsign_api::octets::Octets;
use rsign_api::signer::DocumentSubject;

/// Octets that one job may have stored: a row of MongoDB has 16 MiB.
pub(super) const LONGEST: usize = 15 << 20;

/// Of a time-stamp's evidence nothing is known yet.
const OF_STAMPS: usize = 48 << 10;

/// Octets of documents that fit beside little else, as whoever sends them counts.
const OF_DOCUMENTS: u64 = 8 << 20;

/// Of documents that have no room to wait together: those that come back in their signatures; of others it is the number.
pub(super) fn too_long(documents: &[Document]) -> Vec<Objection> {
    let (inside, outside): (Vec<_>, Vec<_>) = documents.iter().partition(|document| stands_in(document));
    let mut named = HashSet::new();
    let objection = |document: &Document| {
        let objection = Objection::new(document.place, Reason::TooLongToWait).with(Detail::Limit(OF_DOCUMENTS));
        named.insert(document.place).then_some(objection)
    };
    let long = if inside.is_empty() { outside } else { inside };
    long.into_iter().filter_map(objection).collect()
}

/// Whether the document is in what waits.
fn stands_in(document: &Document) -> bool {
    matches!(document.subject, DocumentSubject::Document(_)) && document.envelope != Envelope::Detached
}

/// What they will take when they are signed, in Base64, with what they are validated with where that is wanted apart.
pub(super) fn expected(documents: &[Document], evidence: usize, validation: bool) -> usize {
    let evidence = in_base64(evidence).saturating_add(OF_STAMPS);
    let apart = if validation { evidence } else { 0 };
    documents.iter().map(|document| waiting(document, evidence)).fold(apart, usize::saturating_add)
}

/// What a document will take when it is signed, in Base64; JWS has it in Base64 already.
fn waiting(document: &Document, evidence: usize) -> usize {
    let around = match document.level {
        Level::B => 6 << 10,
        Level::T => 14 << 10,
        Level::Lt | Level::Lta => evidence,
    };
    match (&document.subject, document.envelope) {
        (DocumentSubject::Digest(_), _) | (_, Envelope::Detached) => around,
        (DocumentSubject::Document(octets), _) => {
            let octets = usize::try_from(octets.len()).unwrap_or(usize::MAX);
            (octets / 9).saturating_mul(16).saturating_add(around)
        }
    }
}

/// What they take, in Base64.
pub(super) fn stored(signed: &SignedDocuments) -> usize {
    let signatures = signed.with_signature.iter().chain(&signed.objects).map(Octets::len).sum::<u64>();
    let apart = signed.validation.iter().flat_map(|found| [&found.ocsp, &found.crl, &found.certificates]);
    let apart = apart.flatten().map(|der| der.len()).sum::<usize>();
    in_base64(usize::try_from(signatures).unwrap_or(usize::MAX).saturating_add(apart))
}

const fn in_base64(octets: usize) -> usize {
    octets.div_ceil(3).saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use rsign_api::algorithm::{HashAlgorithm, Scheme};
    use rsign_api::bytes::Bytes;
    use rsign_api::csc::documents::ValidationInfo;
    use rsign_api::document::Format;
    use rsign_api::objection::{Array, Place};

    use super::*;

    #[test]
    fn what_is_validated_with_counts_before_and_after() {
        let of = |level| Document {
            format: Format::Cades,
            level,
            scheme: Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
            envelope: Envelope::Attached,
            properties: Vec::new(),
            subject: DocumentSubject::Document(vec![0; 90_000].into()),
            place: Place { array: Array::Documents, index: 0 },
        };
        let (plain, lasting) = ([of(Level::B)], [of(Level::Lt), of(Level::Lta)]);
        let document = 160_000;
        assert_eq!(expected(&plain, 0, false), document + (6 << 10));
        assert_eq!(expected(&plain, 3_000_000, true), document + (6 << 10) + 4_000_000 + OF_STAMPS);
        assert_eq!(expected(&lasting, 3_000_000, false), 2 * (document + 4_000_000 + OF_STAMPS));
        assert_eq!(expected(&lasting, 3_000_000, true), 2 * document + 3 * (4_000_000 + OF_STAMPS));
        assert!(expected(&lasting, usize::MAX, true) > LONGEST, "it does not wrap");
        let bytes = |octets| vec![Bytes(vec![0; octets])];
        let validation = ValidationInfo { ocsp: bytes(3000), crl: bytes(30_000), certificates: bytes(300) };
        let signed = SignedDocuments {
            with_signature: vec![vec![0; 600].into()],
            objects: vec![vec![0; 60].into()],
            validation: Some(validation),
        };
        assert_eq!(stored(&signed), 33_960 / 3 * 4);
        assert_eq!(stored(&SignedDocuments { validation: None, ..signed }), 660 / 3 * 4);
    }

    #[test]
    fn what_has_no_room_to_wait_is_named_by_what_would_make_some() {
        let of = |envelope, index| Document {
            format: Format::Cades,
            level: Level::B,
            scheme: Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
            envelope,
            properties: Vec::new(),
            subject: DocumentSubject::Document(vec![0; 9].into()),
            place: Place { array: Array::Documents, index },
        };
        let named = |documents: &[Document]| -> Vec<usize> {
            let all = too_long(documents);
            assert!(
                all.iter().all(|one| one.reason == Reason::TooLongToWait && one.detail == Some(Detail::Limit(8 << 20)))
            );
            all.iter().map(|one| one.place.index).collect()
        };
        let (inside, outside) = (Envelope::Attached, Envelope::Detached);
        assert_eq!(named(&[of(outside, 0), of(inside, 1), of(inside, 2)]), [1, 2]);
        assert_eq!(named(&[of(outside, 0), of(outside, 0), of(outside, 1)]), [0, 1]);
    }
}
