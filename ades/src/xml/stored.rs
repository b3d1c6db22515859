//! A XAdES signature of long ago gets another archive time-stamp (EN 319 132-1, 5.5.2): properties are added behind those
//! it has, and every other octet of the document stays as it is.

use std::ops::Range;

use data_encoding::BASE64;
use roxmltree::Node;
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::parts::Part;

use super::document::{self, XMLDSIG, line_ends};
use super::property::XADES;
use super::unsigned::{self, XADES_141};
use super::{Document, Error, algorithm, canonical, limits};
use crate::{Addition, Hasher};

/// Longest document that is read, in bytes: one of [`super::LIMIT`] that stands in its signature, and what was added.
const LIMIT: usize = 24 << 20;
/// Most references, and most unsigned properties.
const MOST: usize = 256;

/// What it holds.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    text: String,
    /// Whether it has an archive time-stamp.
    stamped: bool,
    /// Whether a reference is to a document that is not in it.
    detached: bool,
    /// What was added, bytes of the text.
    added: Option<Range<usize>>,
}

impl Stored {
    /// Reads it; `None` for XML without a signature. One that has no archive time-stamp is looked at no further.
    ///
    /// # Errors
    /// What is no XML that is read here, and signatures that are none of those that are made here.
    pub(crate) fn read(document: &[u8]) -> Result<Option<Self>, Error> {
        if document.len() > LIMIT {
            return Err(Error::Stored("it is too long"));
        }
        let text = std::str::from_utf8(document).map_err(|_| Error::Stored("it is not UTF-8"))?;
        limits::declaration(text).and_then(|()| limits::size(text)).map_err(Error::Stored)?;
        let tree = document::parse(text)?;
        let mut signatures = tree.descendants().filter(|node| node.has_tag_name((XMLDSIG, "Signature")));
        let (signature, other) = (signatures.next(), signatures.next());
        let Some(signature) = signature else { return Ok(None) };
        let mut stored = Self { text: text.to_owned(), stamped: false, detached: false, added: None };
        let Some(unsigned) = unsigned_properties(signature) else { return Ok(Some(stored)) };
        if !unsigned.children().any(|one| one.has_tag_name((XADES_141, "ArchiveTimeStamp"))) {
            return Ok(Some(stored));
        }
        if other.is_some() {
            return Err(Error::Stored("it has several signatures, or a countersignature"));
        }
        if unsigned.children().filter(Node::is_element).count() > MOST {
            return Err(Error::Stored("too much was added to it"));
        }
        stored.stamped = true;
        stored.detached = references(signature)?.into_iter().any(|(_, data)| data == Data::Outside);
        Ok(Some(stored))
    }

    /// Whether the document is in it.
    pub(crate) const fn is_attached(&self) -> bool {
        !self.detached
    }

    /// The token of the newest archive time-stamp, if it has any.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn newest(&self) -> Result<Option<Vec<u8>>, Error> {
        if !self.stamped {
            return Ok(None);
        }
        let tree = document::parse(&self.text)?;
        let stamp = archives(signature(&tree)?).last().ok_or_else(malformed)?.1;
        let method = child(stamp, XMLDSIG, "CanonicalizationMethod").and_then(|one| one.attribute("Algorithm"));
        let mut others = stamp.children().filter(|one| one.is_element() && !is_method(*one));
        let (Some(token), None, Some(algorithm::EXCLUSIVE)) = (others.next(), others.next(), method) else {
            return Err(Error::Stored("its newest archive time-stamp is of a kind that is not read here"));
        };
        if !token.has_tag_name((XADES, "EncapsulatedTimeStamp")) {
            return Err(malformed());
        }
        octets(token).map(Some)
    }

    /// What the newest archive time-stamp should be over, by this hash function.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn stamped(&self, function: HashAlgorithm, content: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let text = line_ends(&self.text);
        let tree = document::parse(&text)?;
        let signature = signature(&tree)?;
        let place = archives(signature).last().ok_or_else(malformed)?.0;
        over(&text, signature, place, function, content)
    }

    /// The hash function of the signature's first reference: that of the next archive time-stamp, too.
    ///
    /// # Errors
    /// What cannot be read, and functions that are not known.
    pub(crate) fn function(&self) -> Result<HashAlgorithm, Error> {
        let tree = document::parse(&self.text)?;
        let (reference, _) = references(signature(&tree)?)?.into_iter().next().ok_or_else(malformed)?;
        let method = child(reference, XMLDSIG, "DigestMethod").and_then(|one| one.attribute("Algorithm"));
        let mut all = HashAlgorithm::ALL.into_iter();
        all.find(|one| Some(algorithm::hash(*one)) == method).ok_or(Error::Digest)
    }

    /// What another archive time-stamp is to be over.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn imprint(&self, content: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let function = self.function()?;
        let text = line_ends(&self.text);
        let tree = document::parse(&text)?;
        over(&text, signature(&tree)?, MOST, function, content)
    }

    /// Adds a property behind those it has.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn add(&mut self, addition: &Addition) -> Result<(), Error> {
        let (end, bound) = {
            let tree = document::parse(&self.text)?;
            let unsigned = unsigned_properties(signature(&tree)?).ok_or_else(malformed)?;
            // Nobody here would read it again.
            if unsigned.children().filter(Node::is_element).count() >= MOST {
                return Err(Error::Stored("too much was added to it"));
            }
            let bound = |prefix, name| unsigned.lookup_namespace_uri(Some(prefix)) == Some(name);
            let range = unsigned.range();
            // No tag has another `<` inside, so the last one begins the end tag.
            let end = range.start + self.text[range].rfind("</").ok_or_else(malformed)?;
            (end, bound("xades", XADES) && bound("ds", XMLDSIG))
        };
        let mut property = unsigned::property(addition);
        if !bound {
            // Its prefixes are others, so ours are said.
            let end = property.find([' ', '>']).ok_or_else(malformed)?;
            property.insert_str(end, &format!(r#" xmlns:xades="{XADES}" xmlns:ds="{XMLDSIG}""#));
        }
        self.text.insert_str(end, &property);
        // It comes right behind what was added before.
        let start = self.added.as_ref().map_or(end, |added| added.start);
        self.added = Some(start..end + property.len());
        if self.text.len() > LIMIT { Err(Error::Stored("it is too long")) } else { Ok(()) }
    }

    /// The document with what was added.
    pub(crate) fn finish(self) -> Vec<Part> {
        let added = self.added.unwrap_or_default();
        let (start, end) = (added.start as u64, (self.text.len() - added.len()) as u64);
        let text = self.text.get(added).unwrap_or_default();
        vec![Part::Document { start: 0, end: start }, Part::own(text), Part::Document { start, end }]
    }
}

/// What a reference is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data<'a> {
    /// The document around the signature, in Canonical XML 1.0.
    Around,
    /// The element of this identifier, in exclusive form.
    Element(&'a str),
    /// What the element of this identifier holds as Base64.
    Decoded(&'a str),
    /// Something that is not in it.
    Outside,
}

/// The references of a signature, and what they are to: the ways of those that are made here.
fn references<'a, 'i>(signature: Node<'a, 'i>) -> Result<Vec<(Node<'a, 'i>, Data<'a>)>, Error> {
    let info = child(signature, XMLDSIG, "SignedInfo").ok_or_else(malformed)?;
    let mut found = Vec::new();
    for reference in info.children().filter(|one| one.has_tag_name((XMLDSIG, "Reference"))) {
        let transforms = child(reference, XMLDSIG, "Transforms").map(|all| all.children().filter(Node::is_element));
        let transforms: Vec<_> = transforms.into_iter().flatten().map(|one| one.attribute("Algorithm")).collect();
        let data = match (reference.attribute("URI"), &transforms[..]) {
            (Some(""), [Some(algorithm::ENVELOPED), Some(algorithm::INCLUSIVE)]) => Data::Around,
            (Some(uri), [Some(algorithm::EXCLUSIVE)]) if uri.len() > 1 && uri.starts_with('#') => {
                Data::Element(&uri[1..])
            }
            (Some(uri), [Some(algorithm::BASE64)]) if uri.len() > 1 && uri.starts_with('#') => Data::Decoded(&uri[1..]),
            (Some(uri), []) if !uri.is_empty() && !uri.starts_with('#') => Data::Outside,
            _ => return Err(Error::Stored("it signs in a way that is not read here")),
        };
        if found.len() == MOST {
            return Err(malformed());
        }
        found.push((reference, data));
    }
    let outside = found.iter().filter(|(_, data)| *data == Data::Outside).count();
    if outside > 1 { Err(Error::Stored("it is of more than one document")) } else { Ok(found) }
}

/// The digest of all that an archive time-stamp behind so many unsigned properties is over (5.5.2.2).
fn over(
    text: &str,
    signature: Node<'_, '_>,
    properties: usize,
    function: HashAlgorithm,
    content: Option<&[u8]>,
) -> Result<Vec<u8>, Error> {
    let mut hasher = Hasher::new(function);
    for (_, data) in references(signature)? {
        match data {
            Data::Around => {
                let range = signature.range();
                let around = [&text[..range.start], &text[range.end..]].concat();
                Document::read(around.as_bytes())?.write(&mut hasher)?;
            }
            Data::Element(id) => canonical::element(identified(signature, id)?, &mut hasher),
            Data::Decoded(id) => hasher.update(&octets(identified(signature, id)?)?),
            Data::Outside => hasher.update(content.ok_or(Error::Stored("its document is missing"))?),
        }
    }
    for name in ["SignedInfo", "SignatureValue", "KeyInfo"] {
        if let Some(part) = child(signature, XMLDSIG, name) {
            canonical::element(part, &mut hasher);
        }
    }
    let unsigned = unsigned_properties(signature).ok_or_else(malformed)?;
    for property in unsigned.children().filter(Node::is_element).take(properties) {
        canonical::element(property, &mut hasher);
    }
    let objects = signature.children().filter(|one| one.has_tag_name((XMLDSIG, "Object")));
    for object in objects.filter(|one| child(*one, XADES, "QualifyingProperties").is_none()) {
        canonical::element(object, &mut hasher);
    }
    Ok(hasher.finish())
}

/// The archive time-stamps, each with how many unsigned properties stand before it.
fn archives<'a, 'i>(signature: Node<'a, 'i>) -> Vec<(usize, Node<'a, 'i>)> {
    let unsigned = unsigned_properties(signature).into_iter();
    let properties = unsigned.flat_map(|unsigned| unsigned.children().filter(Node::is_element)).enumerate();
    properties.filter(|(_, one)| one.has_tag_name((XADES_141, "ArchiveTimeStamp"))).collect()
}

fn unsigned_properties<'a, 'i>(signature: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    let mut objects = signature.children().filter(|one| one.has_tag_name((XMLDSIG, "Object")));
    let qualifying = objects.find_map(|object| child(object, XADES, "QualifyingProperties"))?;
    child(child(qualifying, XADES, "UnsignedProperties")?, XADES, "UnsignedSignatureProperties")
}

/// The only signature.
fn signature<'a, 'i>(tree: &'a roxmltree::Document<'i>) -> Result<Node<'a, 'i>, Error> {
    tree.descendants().find(|node| node.has_tag_name((XMLDSIG, "Signature"))).ok_or_else(malformed)
}

/// The only element in the signature with this identifier.
fn identified<'a, 'i>(signature: Node<'a, 'i>, id: &str) -> Result<Node<'a, 'i>, Error> {
    let mut found = signature.descendants().filter(|node| node.attribute("Id") == Some(id));
    match (found.next(), found.next()) {
        (Some(node), None) => Ok(node),
        _ => Err(malformed()),
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|one| one.has_tag_name((namespace, name)))
}

fn is_method(node: Node<'_, '_>) -> bool {
    node.has_tag_name((XMLDSIG, "CanonicalizationMethod"))
}

/// What an element holds as Base64, blanks between left out.
fn octets(node: Node<'_, '_>) -> Result<Vec<u8>, Error> {
    let text: String = node.children().filter_map(|one| one.text()).collect();
    let text: String = text.split_ascii_whitespace().collect();
    BASE64.decode(text.as_bytes()).map_err(|_| malformed())
}

fn malformed() -> Error {
    Error::Stored("it is no XML signature that can be read")
}
