//! A foreign XML document: what of it is signed, and where the signature goes.

use std::borrow::Cow;

use roxmltree::{Node, ParsingOptions};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use serde::{Deserialize, Serialize};

use super::{Error, canonical, limits};
use crate::Hasher;

/// Longest document that is read, in bytes. Its tree takes up to some twenty times as much where elements are short.
pub const LIMIT: usize = 16 << 20;

/// How deep elements may stand in each other.
pub const MAX_DEPTH: usize = 200;

/// Longest name of a document element that had no content, in bytes: it is kept with the signature.
const NAME: usize = 1024;

/// Namespace of XML signatures.
pub(super) const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A document that can have a signature inside.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    tree: roxmltree::Document<'a>,
    spot: Spot,
}

/// Where in a document its signature goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// Where the end tag of the document element begins, or where its only tag ends in `/>`; in bytes.
    end: usize,
    /// Name of the document element if it has that only tag.
    empty: Option<String>,
}

impl Spot {
    /// The document with this element as the last child of its document element. Its octets stay as they are, but for the
    /// slash of a document element that had no content.
    pub(super) fn fill(&self, document: &[u8], element: &str) -> Result<Vec<u8>, Error> {
        let (before, after) = document.split_at_checked(self.end).ok_or(Error::Unfinished)?;
        let (element, left_out) = self.put(element);
        let end: &[u8] = if left_out == 0 { b"</" } else { b"/>" };
        let after = after.strip_prefix(end).ok_or(Error::Unfinished)?;
        let kept = if left_out == 0 { end } else { &[] };
        Ok([before, element.as_bytes(), kept, after].concat())
    }

    /// What goes to [`Self::end`], and how many octets of the document are left out behind it.
    pub(crate) fn put(&self, element: &str) -> (String, u64) {
        match &self.empty {
            None => (element.to_owned(), 0),
            Some(name) => ([">", element, "</", name, ">"].concat(), 2),
        }
    }

    /// Where in the document the signature goes, in bytes.
    pub(crate) fn end(&self) -> u64 {
        self.end as u64
    }

    /// Whether it is as short as [`Document::read`] makes it.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.empty.as_ref().is_none_or(|name| name.len() <= NAME)
    }

    /// One line: the place, and the name if there is one.
    pub(super) fn line(&self) -> String {
        format!("{} {}\n", self.end, self.empty.as_deref().unwrap_or_default())
    }

    /// What [`Self::line`] wrote, without its end.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (end, name) = line.split_once(' ')?;
        Some(Self { end: end.parse().ok()?, empty: (!name.is_empty()).then(|| name.to_owned()) })
    }
}

impl<'a> Document<'a> {
    /// Reads a document: XML 1.0 with namespaces, UTF-8, no document type declaration (so no entities but the five of XML),
    /// no signature yet: one more child of the document element would break a signature over the whole document.
    ///
    /// # Errors
    /// [`Error::Document`] for all others.
    pub fn read(document: &'a [u8]) -> Result<Self, Error> {
        if document.len() > LIMIT {
            return Err(refused(Reason::TooLong, "it is too long"));
        }
        let text = std::str::from_utf8(document).map_err(|_| refused(Reason::Encoding, "it is not UTF-8"))?;
        limits::declaration(text).map_err(|why| refused(Reason::Encoding, why))?;
        limits::size(text).map_err(|why| refused(Reason::TooMany, why))?;
        let tree = parse(text)?;
        if tree.descendants().any(|node| node.has_tag_name((XMLDSIG, "Signature"))) {
            return Err(refused(Reason::Signed, "it has a signature already, which another inside would break"));
        }
        let range = tree.root_element().range();
        let element = &text[range.clone()];
        // No tag has another `<` inside, so the last one begins the end tag, or the only tag.
        let last = element.rfind('<').unwrap_or_default();
        let (end, empty) = match element.strip_suffix("/>") {
            Some(tag) if last == 0 => (range.end - 2, Some(name(tag))),
            _ if element[last..].starts_with("</") => (range.start + last, None),
            _ => return Err(refused(Reason::NotWellFormed, "its element does not end")),
        };
        let spot = Spot { end, empty: empty.map(str::to_owned) };
        if !spot.is_short() {
            return Err(refused(Reason::TooLong, "the name of its element is too long"));
        }
        Ok(Self { text, tree, spot })
    }

    /// Digest of the canonical form: what [`super::Content::Enveloped`] wants.
    ///
    /// # Errors
    /// When it has none.
    pub fn digest(&self, hash: HashAlgorithm) -> Result<Vec<u8>, Error> {
        let mut hasher = Hasher::new(hash);
        self.write(&mut hasher)?;
        Ok(hasher.finish())
    }

    /// Writes the canonical form.
    pub(super) fn write(&self, sink: &mut impl canonical::Sink) -> Result<(), Error> {
        match line_ends(self.text) {
            Cow::Borrowed(_) => canonical::document(&self.tree, sink),
            Cow::Owned(text) => canonical::document(&parse(&text)?, sink),
        }
        Ok(())
    }

    /// Where the signature goes.
    #[must_use]
    pub fn spot(&self) -> &Spot {
        &self.spot
    }
}

/// The exclusive canonical form of the only element of this name.
pub(super) fn canonical(signature: &str, name: &str) -> Result<Vec<u8>, Error> {
    let tree = parse(signature)?;
    let mut octets = Vec::new();
    canonical::element(only(&tree, name)?, &mut octets);
    Ok(octets)
}

/// The only element of this name.
pub(super) fn only<'a, 'i>(tree: &'a roxmltree::Document<'i>, name: &str) -> Result<Node<'a, 'i>, Error> {
    let mut found = tree.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    let (Some(node), None) = (found.next(), found.next()) else { return Err(Error::Unfinished) };
    Ok(node)
}

pub(super) fn parse(text: &str) -> Result<roxmltree::Document<'_>, Error> {
    // No document type declaration, so no entities; each node takes at least three bytes of the text.
    let tree = roxmltree::Document::parse_with_options(text, ParsingOptions::default());
    // The parser's own words quote the document, which is in no log.
    let tree = tree.map_err(|error| match error {
        roxmltree::Error::DtdDetected => refused(Reason::Doctype, "it has a document type declaration"),
        roxmltree::Error::NodesLimitReached
        | roxmltree::Error::AttributesLimitReached
        | roxmltree::Error::NamespacesLimitReached => refused(Reason::TooMany, "it has too many nodes"),
        _ => refused(Reason::NotWellFormed, "it is not well-formed"),
    })?;
    if too_deep(tree.root_element()) {
        return Err(refused(Reason::TooDeep, "its elements stand too deep in each other"));
    }
    Ok(tree)
}

fn too_deep(root: Node<'_, '_>) -> bool {
    let (mut node, mut depth) = (root, 1);
    loop {
        if depth > MAX_DEPTH {
            return true;
        }
        if let Some(child) = node.first_element_child() {
            (node, depth) = (child, depth + 1);
            continue;
        }
        loop {
            if node == root {
                return false;
            }
            if let Some(next) = node.next_sibling_element() {
                node = next;
                break;
            }
            let Some(parent) = node.parent_element() else { return false };
            (node, depth) = (parent, depth - 1);
        }
    }
}

/// XML 1.0, 2.11: the ends of lines are one character before anything is parsed. Where there are others the parser makes
/// that of them in text, but not everywhere.
pub(super) fn line_ends(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// The name in a tag that lacks its `>`.
fn name(tag: &str) -> &str {
    tag[1..].split(|next: char| next.is_ascii_whitespace()).next().unwrap_or_default()
}

const fn refused(reason: Reason, why: &'static str) -> Error {
    Error::Document(reason, why)
}

impl canonical::Sink for Hasher {
    fn write(&mut self, octets: &[u8]) {
        self.update(octets);
    }
}
