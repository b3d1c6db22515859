//! Why a document, or what is to be said in its signature, is refused: a closed set of words, so that nobody who read the
//! document can say anything else.

use serde::{Deserialize, Serialize};

use super::Member;
use crate::signer::Refusal;

/// A word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The entry is none.
    Entry,
    /// One of its members is missing.
    Missing,
    /// It is no Base64, or that of some other kind.
    NoBase64,
    /// There is no such format.
    UnknownFormat,
    /// There is no such level.
    UnknownLevel,
    /// The level is a higher one than the service has.
    LevelNotOffered,
    /// What the level adds is over the document, which is not here.
    LevelNeedsDocument,
    /// What the level adds has nowhere to go.
    LevelNeedsValidation,
    /// The key makes no such signatures.
    KeyAlgorithm,
    /// The algorithm's parameters are others than the key can do.
    AlgorithmParams,
    /// The hash function is none that is taken.
    HashAlgorithm,
    /// Two hash functions are named.
    HashContradicts,
    /// A hash is longer or shorter than those of its function.
    DigestLength,
    /// The signature of this format does not stand there.
    UnknownEnvelope,
    /// There is no document to stand in or around.
    EnvelopeOfDigest,
    /// The list of properties is none.
    NoProperty,
    /// The list that was approved has another.
    NotApproved,
    /// It was approved as something else.
    ApprovedOtherwise,
    /// It has its signature, in another form.
    Spent,
    /// It is another call's to sign.
    Reserved,
    /// The same call wants two signatures of it.
    AskedTwice,
    /// No signature is left.
    TooManySignatures,
    /// Nothing is in it.
    Empty,
    /// It is something else than the format takes.
    WrongFormat,
    /// It is encrypted, with or without a password.
    Encrypted,
    /// Others might read it otherwise.
    Damaged,
    /// It lists its objects twice.
    Hybrid,
    /// A PDF without a page.
    NoPages,
    /// An earlier signature allows no more.
    Locked,
    /// XML that is signed already.
    Signed,
    /// A certification that would not be the first signature.
    NotFirst,
    /// It has a document type declaration.
    Doctype,
    /// Not XML 1.0 in UTF-8.
    Encoding,
    /// No XML at all.
    NotWellFormed,
    /// More octets than are taken.
    TooLong,
    /// Elements in elements in elements.
    TooDeep,
    /// More of something than is read.
    TooMany,
    /// What is formed around all of them is too long.
    TooLongTogether,
    /// They are too long, all of one call.
    TooMuch,
    /// Nowhere could it wait until it is fetched.
    TooLongToWait,
    /// Whoever read it did not come to an end.
    Unreadable,
    /// It does not hold what its signatures are over.
    NoContent,
    /// It holds what one more signature would break.
    OldTimeStamp,
    /// The format has no name for the algorithm.
    Algorithm,
    /// A property that the format does not have here.
    UnknownProperty,
    /// The same property again.
    SaidTwice,
    /// A property without its value.
    NoValue,
    /// A property with another value than it may have.
    BadValue,
    /// Two properties that do not go together.
    Contradiction,
    /// A property of a certification, in another signature.
    NotCertification,
    /// A property that stands in the document, which is not here.
    NeedsDocument,
    /// The operator lets apps say nothing.
    NotTaken,
    /// Something is to be seen, and nobody said where.
    NoPlace,
    /// Something is to be seen, and nobody said what.
    NoText,
    /// There is no page of this number.
    NoSuchPage,
    /// It would not be seen as a whole.
    OffPage,
    /// Nothing would be seen in it.
    TooSmall,
    /// It would be too small to be read.
    TextTooLong,
    /// The font lacks a character.
    Character,
    /// No field here could have this name.
    FieldName,
    /// There is no field of this name.
    NoSuchField,
    /// It is another kind of field.
    NotSignatureField,
    /// It is signed already.
    FieldTaken,
    /// It asks for something else.
    FieldDemands,
    /// It stands somewhere already.
    FieldPlaced,
    /// It stands nowhere.
    FieldUnseen,
    /// A certified document takes no new field that is seen.
    Certified,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 67] = [
        Self::Entry,
        Self::Missing,
        Self::NoBase64,
        Self::UnknownFormat,
        Self::UnknownLevel,
        Self::LevelNotOffered,
        Self::LevelNeedsDocument,
        Self::LevelNeedsValidation,
        Self::KeyAlgorithm,
        Self::AlgorithmParams,
        Self::HashAlgorithm,
        Self::HashContradicts,
        Self::DigestLength,
        Self::UnknownEnvelope,
        Self::EnvelopeOfDigest,
        Self::NoProperty,
        Self::NotApproved,
        Self::ApprovedOtherwise,
        Self::Spent,
        Self::Reserved,
        Self::AskedTwice,
        Self::TooManySignatures,
        Self::Empty,
        Self::WrongFormat,
        Self::Encrypted,
        Self::Damaged,
        Self::Hybrid,
        Self::NoPages,
        Self::Locked,
        Self::Signed,
        Self::NotFirst,
        Self::Doctype,
        Self::Encoding,
        Self::NotWellFormed,
        Self::TooLong,
        Self::TooDeep,
        Self::TooMany,
        Self::TooLongTogether,
        Self::TooMuch,
        Self::TooLongToWait,
        Self::Unreadable,
        Self::NoContent,
        Self::OldTimeStamp,
        Self::Algorithm,
        Self::UnknownProperty,
        Self::SaidTwice,
        Self::NoValue,
        Self::BadValue,
        Self::Contradiction,
        Self::NotCertification,
        Self::NeedsDocument,
        Self::NotTaken,
        Self::NoPlace,
        Self::NoText,
        Self::NoSuchPage,
        Self::OffPage,
        Self::TooSmall,
        Self::TextTooLong,
        Self::Character,
        Self::FieldName,
        Self::NoSuchField,
        Self::NotSignatureField,
        Self::FieldTaken,
        Self::FieldDemands,
        Self::FieldPlaced,
        Self::FieldUnseen,
        Self::Certified,
    ];

    /// The refusal that it is one of: that says which sentence of the standard stands beside it.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Entry
            | Self::Missing
            | Self::NoBase64
            | Self::UnknownFormat
            | Self::UnknownLevel
            | Self::LevelNotOffered
            | Self::LevelNeedsDocument
            | Self::LevelNeedsValidation
            | Self::KeyAlgorithm
            | Self::AlgorithmParams
            | Self::HashAlgorithm
            | Self::HashContradicts
            | Self::DigestLength
            | Self::UnknownEnvelope
            | Self::EnvelopeOfDigest
            | Self::NoProperty
            | Self::Empty
            | Self::WrongFormat
            | Self::Encrypted
            | Self::Damaged
            | Self::Hybrid
            | Self::NoPages
            | Self::Locked
            | Self::Signed
            | Self::Doctype
            | Self::Encoding
            | Self::NotWellFormed
            | Self::TooLong
            | Self::TooDeep
            | Self::TooMany
            | Self::TooLongTogether
            | Self::TooMuch
            | Self::TooLongToWait
            | Self::Unreadable
            | Self::NoContent
            | Self::OldTimeStamp => Refusal::Document,
            Self::NotApproved => Refusal::ForeignDocument,
            Self::ApprovedOtherwise | Self::Spent | Self::Reserved | Self::AskedTwice | Self::TooManySignatures => {
                Refusal::HashNotAuthorized
            }
            Self::NotFirst | Self::NotCertification => Refusal::Envelope,
            Self::Algorithm => Refusal::Algorithm,
            Self::UnknownProperty
            | Self::SaidTwice
            | Self::NoValue
            | Self::BadValue
            | Self::Contradiction
            | Self::NeedsDocument
            | Self::NotTaken
            | Self::NoPlace
            | Self::NoText
            | Self::NoSuchPage
            | Self::OffPage
            | Self::TooSmall
            | Self::TextTooLong
            | Self::Character
            | Self::FieldName
            | Self::NoSuchField
            | Self::NotSignatureField
            | Self::FieldTaken
            | Self::FieldDemands
            | Self::FieldPlaced
            | Self::FieldUnseen
            | Self::Certified => Refusal::Property,
        }
    }

    /// The property that it is always about, of those that only show in the document whether they fit.
    #[must_use]
    pub const fn property(self) -> Option<&'static str> {
        match self {
            Self::NotCertification => Some("P"),
            Self::NoSuchPage => Some("Page"),
            Self::OffPage | Self::TooSmall | Self::FieldPlaced | Self::Certified => Some("Rect"),
            Self::NoText | Self::TextTooLong | Self::Character => Some("Text"),
            Self::FieldName
            | Self::NoSuchField
            | Self::NotSignatureField
            | Self::FieldTaken
            | Self::FieldDemands
            | Self::FieldUnseen => Some("Field"),
            _ => None,
        }
    }

    /// The member of the entry that it is always about.
    #[must_use]
    pub const fn member(self) -> Option<Member> {
        match self {
            Self::UnknownFormat => Some(Member::SignatureFormat),
            Self::UnknownLevel | Self::LevelNotOffered | Self::LevelNeedsDocument | Self::LevelNeedsValidation => {
                Some(Member::ConformanceLevel)
            }
            Self::Algorithm | Self::KeyAlgorithm => Some(Member::SignAlgo),
            Self::AlgorithmParams => Some(Member::SignAlgoParams),
            Self::HashAlgorithm | Self::HashContradicts => Some(Member::HashAlgorithmOid),
            Self::DigestLength => Some(Member::Hashes),
            Self::NoProperty => Some(Member::SignedProps),
            Self::UnknownEnvelope | Self::EnvelopeOfDigest | Self::NotFirst => Some(Member::SignedEnvelopeProperty),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_a_sentence_and_a_refusal_of_documents() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(Reason::ALL.iter().position(|other| *other == reason), Some(place), "once");
            let word = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&word).unwrap(), reason);
            let sentence = reason.explanation();
            assert!(sentence.ends_with('.') && sentence.len() < 150, "{sentence}");
            let of_property = reason.refusal() == Refusal::Property;
            assert!(reason.property().is_none() || of_property || reason == Reason::NotCertification, "{word}");
        }
    }
}
