//! A JAdES signature of long ago gets another archive time-stamp (TS 119 182-1, 5.3.6): elements are added to its `etsiU`,
//! and every other octet of the document stays as it is.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::parts::Part;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::parallel::{LIMIT, Several};
use super::{Error, unsigned};
use crate::{Addition, Hasher};

/// Most elements of an `etsiU`.
const ELEMENTS: usize = 256;
/// How `sigD` names one document by its digest (5.2.8.3.3).
const BY_HASH: &str = "http://uri.etsi.org/19182/ObjectIdByURIHash";

/// What it holds.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    text: String,
    /// Base64url, where it is in the document.
    payload: Option<String>,
    signatures: Vec<One>,
}

/// A signature.
#[derive(Debug, Clone)]
struct One {
    protected: String,
    value: String,
    /// Whether the payload is signed as Base64url (RFC 7797).
    encoded: bool,
    hash: Option<HashAlgorithm>,
    /// Each Base64url of its own JSON.
    elements: Vec<String>,
    /// How many of them were there.
    before: usize,
    /// Where in the document the array of them ends, in bytes.
    end: Option<usize>,
}

#[derive(Deserialize)]
struct Json<'a> {
    payload: Option<&'a str>,
    #[serde(borrow)]
    signatures: Option<Several<'a>>,
    signature: Option<&'a str>,
    protected: Option<&'a str>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
}

/// What looks like a JWS, and has too many signatures or odd ones.
#[derive(Deserialize)]
#[expect(dead_code, reason = "that they are there is what is asked")]
struct Like {
    payload: IgnoredAny,
    signatures: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    signature: &'a str,
    protected: Option<&'a str>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow, rename = "etsiU")]
    unsigned: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Protected {
    alg: Option<String>,
    b64: Option<bool>,
    #[serde(rename = "sigD")]
    detached: Option<Detached>,
}

#[derive(Deserialize)]
struct Detached {
    #[serde(rename = "mId")]
    way: String,
    #[serde(default)]
    pars: Vec<String>,
}

/// An element that is looked into.
#[derive(Deserialize)]
struct Element {
    #[serde(rename = "arcTst")]
    archive: Option<Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "tstTokens")]
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    val: String,
}

impl Stored {
    /// Reads an object; `None` where that is no JWS.
    ///
    /// # Errors
    /// What is no JSON.
    pub(crate) fn read(document: &[u8]) -> Result<Option<Self>, Error> {
        if document.len() > LIMIT {
            return Err(Error::Stored("it is too long"));
        }
        let text = std::str::from_utf8(document).map_err(|_| Error::Stored("it is not UTF-8"))?;
        let Ok(json) = serde_json::from_str::<Json<'_>>(text) else {
            if serde_json::from_str::<Like>(text).is_ok() {
                return Err(malformed());
            }
            // JSON of any other kind, or none.
            let read = serde_json::from_str::<&RawValue>(text);
            return read.map(|_| None).map_err(|_| Error::Stored("it is no JSON"));
        };
        let signatures = match (json.signatures, json.signature) {
            (Some(several), None) => {
                several.0.into_iter().map(|one| serde_json::from_str(one.get())).collect::<Result<Vec<_>, _>>()
            }
            (None, Some(signature)) => {
                Ok(vec![Signature { signature, protected: json.protected, header: json.header }])
            }
            _ => return Ok(None),
        };
        let signatures = signatures.map_err(|_| malformed())?;
        let signatures = signatures.iter().map(|one| One::read(one, text)).collect::<Result<_, _>>()?;
        Ok(Some(Self { text: text.to_owned(), payload: json.payload.map(str::to_owned), signatures }))
    }

    pub(crate) fn signatures(&self) -> usize {
        self.signatures.len()
    }

    /// Whether the document is in it.
    pub(crate) const fn is_attached(&self) -> bool {
        self.payload.is_some()
    }

    /// The token of this signature's newest archive time-stamp, if it has any.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn newest(&self, signature: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.one(signature)?.newest()?.map(|(_, token)| token))
    }

    /// What the newest archive time-stamp should be over, by this hash function.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn stamped(
        &self,
        signature: usize,
        function: HashAlgorithm,
        content: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        let one = self.one(signature)?;
        let (place, _) = one.newest()?.ok_or_else(malformed)?;
        self.over(one, place, function, content)
    }

    /// The hash function of the next archive time-stamp.
    ///
    /// # Errors
    /// When there is no such signature.
    pub(crate) fn function(&self, signature: usize) -> Result<HashAlgorithm, Error> {
        Ok(self.one(signature)?.hash.unwrap_or(HashAlgorithm::Sha256))
    }

    /// What another archive time-stamp is to be over.
    ///
    /// # Errors
    /// When there is no such signature, or its document is missing.
    pub(crate) fn imprint(&self, signature: usize, content: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let one = self.one(signature)?;
        self.over(one, one.elements.len(), self.function(signature)?, content)
    }

    /// Adds elements behind those it has.
    ///
    /// # Errors
    /// When there is no such signature.
    pub(crate) fn add(&mut self, signature: usize, addition: Addition) -> Result<(), Error> {
        let one = self.signatures.get_mut(signature).ok_or_else(malformed)?;
        one.elements.extend(unsigned::elements(&[addition]));
        // Nobody here would read it again.
        if one.elements.len() > ELEMENTS { Err(Error::Stored("too much was added to it")) } else { Ok(()) }
    }

    /// The document with what was added.
    pub(crate) fn finish(self) -> Vec<Part> {
        let mut places: Vec<_> = self.signatures.iter().filter_map(|one| Some((one.end?, one))).collect();
        places.sort_by_key(|(end, _)| *end);
        let (mut parts, mut done) = (Vec::new(), 0);
        for (end, one) in places {
            let added: String =
                one.elements.iter().skip(one.before).map(|element| format!(r#","{element}""#)).collect();
            if !added.is_empty() {
                parts.extend([Part::Document { start: done, end: end as u64 }, Part::own(added)]);
                done = end as u64;
            }
        }
        parts.push(Part::Document { start: done, end: self.text.len() as u64 });
        parts
    }

    /// The digest of a signature with so many of its elements (5.3.6.3.1).
    fn over(
        &self,
        one: &One,
        elements: usize,
        function: HashAlgorithm,
        content: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        let mut hasher = Hasher::new(function);
        match (&self.payload, content) {
            (Some(payload), _) => hasher.update(payload.as_bytes()),
            (None, Some(content)) if one.encoded => {
                // A multiple of three octets at a time, so that nothing is padded in between.
                content.chunks(3 << 14).for_each(|part| hasher.update(BASE64URL_NOPAD.encode(part).as_bytes()));
            }
            (None, Some(content)) => hasher.update(content),
            (None, None) => return Err(Error::Stored("its document is missing")),
        }
        for part in [".", &one.protected, ".", &one.value, "."] {
            hasher.update(part.as_bytes());
        }
        one.elements.iter().take(elements).for_each(|element| hasher.update(element.as_bytes()));
        Ok(hasher.finish())
    }

    fn one(&self, signature: usize) -> Result<&One, Error> {
        self.signatures.get(signature).ok_or_else(malformed)
    }
}

impl One {
    fn read(signature: &Signature<'_>, text: &str) -> Result<Self, Error> {
        let protected = signature.protected.ok_or_else(malformed)?;
        let said = BASE64URL_NOPAD.decode(protected.as_bytes()).map_err(|_| malformed())?;
        let said: Protected = serde_json::from_slice(&said).map_err(|_| malformed())?;
        if said.detached.is_some_and(|one| one.way != BY_HASH || one.pars.len() != 1) {
            return Err(Error::Stored(
                "it is of more than one document, or names it in another way than by its digest",
            ));
        }
        let header = signature.header.map(|header| serde_json::from_str::<Header<'_>>(header.get()));
        let unsigned = header.transpose().map_err(|_| malformed())?.and_then(|header| header.unsigned);
        let (elements, end) = match unsigned {
            Some(array) => {
                let elements: Vec<String> = serde_json::from_str(array.get())
                    .map_err(|_| Error::Stored("what was added to it (etsiU) is not Base64url"))?;
                // The bracket that ends it.
                let end = array.get().as_ptr().addr() - text.as_ptr().addr() + array.get().len() - 1;
                (elements, Some(end))
            }
            None => (Vec::new(), None),
        };
        if elements.len() > ELEMENTS {
            return Err(Error::Stored("too much was added to it"));
        }
        Ok(Self {
            protected: protected.to_owned(),
            value: signature.signature.to_owned(),
            encoded: said.b64.unwrap_or(true),
            hash: said.alg.as_deref().and_then(function),
            before: elements.len(),
            elements,
            end,
        })
    }

    /// Its place among the elements, and the token.
    fn newest(&self) -> Result<Option<(usize, Vec<u8>)>, Error> {
        for (place, element) in self.elements.iter().enumerate().rev() {
            let octets = BASE64URL_NOPAD.decode(element.as_bytes()).map_err(|_| malformed())?;
            let element: Element = serde_json::from_slice(&octets).map_err(|_| malformed())?;
            let Some(archive) = element.archive else { continue };
            let [token] = &archive.tokens[..] else {
                return Err(Error::Stored("its newest archive time-stamp has not one token"));
            };
            return Ok(Some((place, BASE64.decode(token.val.as_bytes()).map_err(|_| malformed())?)));
        }
        Ok(None)
    }
}

/// Whether it is the compact serialisation, to which nothing is added.
pub(crate) fn is_compact(document: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(document) else { return false };
    let mut parts = text.trim_ascii().split('.');
    parts.clone().count() == 3 && parts.all(|part| BASE64URL_NOPAD.decode(part.as_bytes()).is_ok())
}

/// Whether it is JSON of any kind.
pub(crate) fn is_json(document: &[u8]) -> bool {
    std::str::from_utf8(document).is_ok_and(|text| serde_json::from_str::<&RawValue>(text).is_ok())
}

/// The hash function of an algorithm of JWS: they end in its bits (RFC 7518, 3.1).
fn function(name: &str) -> Option<HashAlgorithm> {
    match name.get(2..) {
        Some("256") => Some(HashAlgorithm::Sha256),
        Some("384") => Some(HashAlgorithm::Sha384),
        Some("512") => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

fn malformed() -> Error {
    Error::Stored("it is no JWS that can be read")
}
