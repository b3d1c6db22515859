//! The sentence of each reason.

use super::Reason;

impl Reason {
    /// One plain sentence.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Entry => "The entry is no object, or has no document or no hashes.",
            Self::Missing => "The member is missing, or is no string.",
            Self::NoBase64 => {
                "The member is no Base64 (RFC 4648, 4): no line ends or blanks, + and / for - and _ of base64url, = at the end."
            }
            Self::UnknownFormat => "The formats are C (CAdES), P (PAdES), X (XAdES) and J (JAdES).",
            Self::UnknownLevel => "The levels are AdES-B-B, AdES-B-T, AdES-B-LT and AdES-B-LTA.",
            Self::LevelNotOffered => "The service does not offer this level: conformance_levels of info lists its own.",
            Self::LevelNeedsDocument => {
                "AdES-B-LTA of P, X and J is over the document itself: send it in documents, or ask for AdES-B-LT."
            }
            Self::LevelNeedsValidation => {
                "AdES-B-LT of a digest of P takes returnValidationInfo true: what it adds comes beside the signature."
            }
            Self::KeyAlgorithm => "The key makes no such signature: key/algo of credentials/info lists those it makes.",
            Self::AlgorithmParams => {
                "They are RSASSA-PSS-params, Base64 of DER: one SHA-2 function, for MGF1 too, and a salt that fits the key."
            }
            Self::HashAlgorithm => "The hash functions are SHA-256, SHA-384 and SHA-512, each by its OID.",
            Self::HashContradicts => "signAlgo has another hash function: leave this one out, or name the same.",
            Self::DigestLength => "A hash is longer or shorter than those of its hash function.",
            Self::UnknownEnvelope => {
                "C and J: Attached, Detached or Parallel. P: Certification or Revision. X: Enveloped, Enveloping or Detached."
            }
            Self::EnvelopeOfDigest => "Of a digest there is Detached alone, in P Certification and Revision.",
            Self::NoProperty => {
                "signed_props is an array of objects, each with attribute_name and attribute_value, which are strings."
            }
            Self::NotApproved => "The document, or its digest, is none of those that were authorized.",
            Self::ApprovedOtherwise => {
                "It was authorized as another kind (dtbsr for signHash, sdr a digest, sodr a document) or by another hash."
            }
            Self::Spent => {
                "It was signed with this SAD in another form. The same call, or a higher conformance_level, gives that again; \
                 anything else needs a new authorization."
            }
            Self::Reserved => {
                "Another call with this SAD is signing it, or broke off: that call again gives the signature."
            }
            Self::AskedTwice => {
                "It stands in the call twice, in two forms: an authorization gives one signature of it."
            }
            Self::TooManySignatures => "The SAD has no signature left for it: numSignatures said how many there are.",
            Self::Empty => "The document is empty, and a signature of this format needs something to stand in.",
            Self::WrongFormat => {
                "The document is of another kind. P takes a PDF; Parallel of C a CMS, and of J a JWS (in JSON or compact)."
            }
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
            Self::NotFirst => {
                "The PDF is signed already, and a certification has to be the first: send signed_envelope_property Revision."
            }
            Self::Doctype => "The XML has a document type declaration, and none is read.",
            Self::Encoding => "The document is not XML 1.0 in UTF-8.",
            Self::NotWellFormed => "The document is no well-formed XML.",
            Self::TooLong => {
                "The document is longer than documents here may be, or than such a signature can be put into or around."
            }
            Self::TooDeep => "The elements of the document stand too deep in each other.",
            Self::TooMany => {
                "The document has more objects, pages, attributes, signatures or the like than are read, or longer ones."
            }
            Self::TooLongTogether => {
                "What is formed around these documents is too long for one authorization or one call."
            }
            Self::TooMuch => "With this document those of the call are too long together: send some in another call.",
            Self::TooLongToWait => {
                "Signed documents of operationMode A may have some 8 MiB together: use S, Detached, digests or more calls."
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
            Self::NoText => "Rect without Text, or an empty Text, would show an empty frame: say what is to be seen.",
            Self::NoSuchPage => "The PDF has no page of this number.",
            Self::OffPage => "The rectangle is not wholly on the page, as its MediaBox and CropBox bound it.",
            Self::TooSmall => "The rectangle is too small for anything to be seen in it.",
            Self::TextTooLong => "The text does not fit into its rectangle in letters that can be read.",
            Self::Character => {
                "The text has a character that the font of visible signatures lacks: that has those of Windows-1252."
            }
            Self::FieldName => {
                "A new field cannot have this name: it is empty, has a full stop, or is that of a group of fields."
            }
            Self::NoSuchField => {
                "The PDF has no field of this name, though others are empty or Text is to be seen: Rect says where a new one goes."
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
