//! What the signer refuses, by its place in its message, as objections to the entries that the client sent.

use std::collections::HashSet;

use rsign_api::csc::documents::Document;
use rsign_api::objection::{Objection, Reason};
use rsign_api::signer::RefusedDocument;

use super::Error;
use crate::port::signer;
use crate::service::signing;

/// What is said of these documents, of which the signer refused some; an entry that holds several hashes is named once.
pub(super) fn objections(documents: &[Document], refused: &[RefusedDocument]) -> Vec<Objection> {
    let (mut objections, mut named) = (Vec::new(), HashSet::new());
    for RefusedDocument { place, reason } in refused {
        let document = usize::try_from(*place).ok().and_then(|place| documents.get(place));
        // All that is said of a reason is said of the first hash it is about.
        let new = |document: &&Document| named.insert((document.place, *reason));
        objections.extend(document.filter(new).into_iter().flat_map(|document| objections_to(document, *reason)));
    }
    objections
}

/// What is said of one.
pub(super) fn objections_to(document: &Document, reason: Reason) -> Vec<Objection> {
    let about = || Objection::new(document.place, reason);
    match (reason, reason.property()) {
        // Whatever it says.
        (Reason::NotTaken, _) => document.properties.iter().map(|property| about().of(&property.name)).collect(),
        (_, Some(property)) => vec![about().of(property)],
        (_, None) => vec![about()],
    }
}

impl Error {
    /// The same, where it is the signer's no to what it was sent, with the entries that it is about: of all documents, or of
    /// the only one of its message, which stands at this place.
    pub(super) fn about(self, documents: &[Document], place: Option<usize>) -> Self {
        let refused = match self {
            Self::Signing(signing::Error::Signer(signer::Error::Documents(refused)))
            | Self::Uncompleted(signer::Error::Documents(refused)) => refused,
            other => return other,
        };
        let objections = match place.map(|place| documents.get(place..=place).unwrap_or_default()) {
            Some(only) => objections(only, &refused),
            None => objections(documents, &refused),
        };
        if objections.is_empty() {
            let odd = "the signer refused documents that it was not sent";
            return signing::Error::Signer(signer::Error::Unavailable(odd.into())).into();
        }
        Self::Refused(objections)
    }
}

#[cfg(test)]
mod tests {
    use rsign_api::algorithm::{HashAlgorithm, Scheme};
    use rsign_api::bytes::Bytes;
    use rsign_api::document::{Envelope, Format, Level};
    use rsign_api::objection::{Array, Place};
    use rsign_api::signer::{DocumentSubject, Property};

    use super::*;

    #[test]
    fn an_entry_with_many_hashes_is_told_each_reason_once() {
        let said = |name: &str| Property { name: name.to_owned(), value: Some("x".to_owned()) };
        let place = |index| Place { array: Array::Digests, index };
        let document = |index| Document {
            format: Format::Cades,
            level: Level::B,
            envelope: Envelope::Detached,
            scheme: Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
            subject: DocumentSubject::Digest(Bytes(vec![0; 32])),
            properties: vec![said("a"), said("b")],
            place: place(index),
        };
        let documents = [document(0), document(0), document(0), document(1)];
        let refused = |place, reason| RefusedDocument { place, reason };
        let mut all: Vec<_> = (0..4).map(|place| refused(place, Reason::NotTaken)).collect();
        all.extend([
            refused(1, Reason::TooLongTogether),
            refused(2, Reason::TooLongTogether),
            refused(9, Reason::Empty),
        ]);
        let heard = objections(&documents, &all);
        let heard: Vec<_> = heard.iter().map(|one| (one.place.index, one.property.as_deref(), one.reason)).collect();
        let (not, long) = (Reason::NotTaken, Reason::TooLongTogether);
        let each =
            [(0, Some("a"), not), (0, Some("b"), not), (1, Some("a"), not), (1, Some("b"), not), (0, None, long)];
        assert_eq!(heard, each);
    }
}
