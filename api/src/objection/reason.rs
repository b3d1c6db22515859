//! Why a document, or what is to be said in its signature, is refused: a closed set of words, so that nobody who read the
//! document can say anything else.

use serde::{Deserialize, Serialize};

use crate::signer::Refusal;

/// A word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The entry is none.
    Entry,
    /// One of its members is wrong.
    Member,
    /// The list that was approved has another.
    NotApproved,
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
    /// More octets than are taken.
    TooLong,
    /// Elements in elements in elements.
    TooDeep,
    /// More of something than is read.
    TooMany,
    /// What is formed around all of them is too long.
    TooLongTogether,
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
    pub const ALL: [Self; 44] = [
        Self::Entry,
        Self::Member,
        Self::NotApproved,
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
        Self::TooLong,
        Self::TooDeep,
        Self::TooMany,
        Self::TooLongTogether,
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
            | Self::Member
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
            | Self::TooLong
            | Self::TooDeep
            | Self::TooMany
            | Self::TooLongTogether
            | Self::Unreadable
            | Self::NoContent
            | Self::OldTimeStamp => Refusal::Document,
            Self::NotApproved => Refusal::ForeignDocument,
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
            Self::TextTooLong | Self::Character => Some("Text"),
            Self::FieldName
            | Self::NoSuchField
            | Self::NotSignatureField
            | Self::FieldTaken
            | Self::FieldDemands
            | Self::FieldUnseen => Some("Field"),
            _ => None,
        }
    }

    /// One plain sentence.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Entry => "The entry is no object, or has no document or no hashes.",
            Self::Member => {
                "A member of the entry is missing, or has a value that it cannot have: the description says which."
            }
            Self::NotApproved => "The document, or its digest, is none of those that were authorized.",
            Self::Empty => "The document is empty, and a signature of this format needs something to stand in.",
            Self::WrongFormat => "The document is not of the kind that such a signature can be put into or beside.",
            Self::Encrypted => "The PDF is encrypted, with or without a password.",
            Self::Damaged => {
                "The PDF could only be read by guessing, and others might guess differently: it needs repair."
            }
            Self::Hybrid => {
                "The PDF lists its objects twice, for old readers and for new ones, who may see different documents."
            }
            Self::NoPages => "The PDF has no page.",
            Self::Locked => "An earlier signature of the PDF allows no further one, or none in this field.",
            Self::Signed => "The XML has a signature already, which another one inside would break.",
            Self::NotFirst => "The PDF is signed already, and a certification has to be the first signature.",
            Self::Doctype => "The XML has a document type declaration, and none is read.",
            Self::Encoding => "The document is not XML 1.0 in UTF-8.",
            Self::TooLong => "The document is longer than such a signature can be put into or around.",
            Self::TooDeep => "The elements of the document stand too deep in each other.",
            Self::TooMany => {
                "The document has more objects, pages, attributes, signatures or the like than are read, or longer ones."
            }
            Self::TooLongTogether => {
                "What is formed around these documents is too long for one authorization or one call."
            }
            Self::Unreadable => "Reading the document takes too long, or more memory than it may take.",
            Self::NoContent => "The signed document does not hold what its signatures are over.",
            Self::OldTimeStamp => {
                "The document holds an archive time-stamp or an evidence record that one more signature would break."
            }
            Self::Algorithm => "This format has no name for this algorithm with these parameters.",
            Self::UnknownProperty => "The format has no property of this name that an app can give the value of.",
            Self::SaidTwice => "The property stands there more than once.",
            Self::NoValue => "The property has no value, and the service computes none for it.",
            Self::BadValue => "The value is none that this property can have.",
            Self::Contradiction => "The property does not go together with another one.",
            Self::NotCertification => "The property belongs to a Certification, and the signature is another one.",
            Self::NeedsDocument => "The property stands in the document, of which only a digest is here.",
            Self::NotTaken => "The operator of this service lets apps state nothing that no page shows to who signs.",
            Self::NoPlace => {
                "Nothing says where it is to be seen: that takes Rect, or Text with the Field that has a place."
            }
            Self::NoSuchPage => "The PDF has no page of this number.",
            Self::OffPage => "The rectangle is not wholly on the page, as its MediaBox and CropBox bound it.",
            Self::TooSmall => "The rectangle is too small for anything to be seen in it.",
            Self::TextTooLong => "The text does not fit into its rectangle in letters that can be read.",
            Self::Character => "The text has a character that the font of visible signatures lacks.",
            Self::FieldName => {
                "A new field cannot have this name: it is empty, has a full stop, or is that of a group of fields."
            }
            Self::NoSuchField => {
                "The PDF has no signature field of this name, and without Rect a new one would not be seen."
            }
            Self::NotSignatureField => "The field of this name is no signature field.",
            Self::FieldTaken => "The field of this name is signed already.",
            Self::FieldDemands => {
                "The field asks for another signature than this one: its seed value or its lock says so."
            }
            Self::FieldPlaced => "The field has a place of its own, and keeps it.",
            Self::FieldUnseen => "The field is one that is not seen, and stays so.",
            Self::Certified => "The PDF is certified, and takes a visible signature only in a field that it has.",
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
            assert!(sentence.ends_with('.') && sentence.len() < 140, "{sentence}");
            let of_property = reason.refusal() == Refusal::Property;
            assert!(reason.property().is_none() || of_property || reason == Reason::NotCertification, "{word}");
        }
    }
}
