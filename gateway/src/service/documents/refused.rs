//! What the signer refuses, by its place in its message, as objections to the entries that the client sent.

use rsign_api::csc::documents::Document;
use rsign_api::objection::{Objection, Reason};
use rsign_api::signer::RefusedDocument;

use super::Error;
use crate::port::signer;
use crate::service::{augmentation, signing};

/// What is said of these documents, of which the signer refused some; an entry that holds several hashes is named once.
pub(super) fn objections(documents: &[Document], refused: &[RefusedDocument]) -> Vec<Objection> {
    let mut objections = Vec::new();
    for RefusedDocument { place, reason } in refused {
        let document = usize::try_from(*place).ok().and_then(|place| documents.get(place));
        for objection in document.into_iter().flat_map(|document| objections_to(document, *reason)) {
            if objections.last() != Some(&objection) {
                objections.push(objection);
            }
        }
    }
    objections
}

/// What is said of one.
pub(super) fn objections_to(document: &Document, reason: Reason) -> Vec<Objection> {
    let about =
        |property: Option<&str>| Objection { place: document.place, property: property.map(str::to_owned), reason };
    match reason {
        // Whatever it says.
        Reason::NotTaken => document.properties.iter().map(|property| about(Some(&property.name))).collect(),
        _ => vec![about(reason.property())],
    }
}

impl Error {
    /// The same, where it is the signer's no to what it was sent, with the entries that it is about: of all documents, or of
    /// the only one of its message, which stands at this place.
    pub(super) fn about(self, documents: &[Document], place: Option<usize>) -> Self {
        let refused = match self {
            Self::Signing(signing::Error::Signer(signer::Error::Documents(refused)))
            | Self::Augmentation(augmentation::Error::Signer(signer::Error::Documents(refused))) => refused,
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
