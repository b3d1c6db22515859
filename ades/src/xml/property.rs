//! Signed properties that a client may ask for: `signed_props` of CSC 11.11 for XML (EN 319 132-1, 5.2), each value Base64 of
//! the element. They are read and written anew, so that nothing stands in a signature but what is understood here.

use std::fmt::Write as _;

use data_encoding::BASE64;
use roxmltree::Node;
use rsign_api::objection::{Reason, Unsayable};

use super::document::parse;
use super::element::escaped;
use super::limits;
use crate::property::{offer, set};
use crate::syntax::{is_media_type, is_uri};

/// Properties a client may give the value of, by the names of the standard.
pub const NAMES: [&str; 4] =
    ["SignatureProductionPlaceV2", "SignerRoleV2", "CommitmentTypeIndication", "DataObjectFormat"];

/// Namespace of the properties.
pub(super) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

/// Longest value, in bytes of XML.
const LONGEST: usize = 8 << 10;
/// Most claimed roles.
const MOST: usize = 32;

/// What else a signature says; each text is markup of ours around foreign words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    place: Option<String>,
    role: Option<String>,
    commitment: Option<String>,
    /// Of the document.
    pub(super) media_type: Option<String>,
}

impl Said {
    /// What stands in `xades:SignedSignatureProperties` behind the certificate.
    pub(super) fn of_signature(&self) -> String {
        [self.place.as_deref(), self.role.as_deref()].into_iter().flatten().collect()
    }

    /// What stands in `xades:SignedDataObjectProperties` behind the format.
    pub(super) fn of_document(&self) -> &str {
        self.commitment.as_deref().unwrap_or_default()
    }

    /// Takes one of them in, unless it comes twice or has another value than it may have.
    fn take(&mut self, name: &str, value: &str) -> Result<(), Reason> {
        match name {
            "SignatureProductionPlaceV2" => set(&mut self.place, element(name, value, place)),
            "SignerRoleV2" => set(&mut self.role, element(name, value, role)),
            "CommitmentTypeIndication" => set(&mut self.commitment, element(name, value, commitment)),
            _ => set(&mut self.media_type, element(name, value, format)),
        }
    }
}

/// What is read of the element of this name in Base64.
fn element(name: &str, value: &str, read: fn(Node<'_, '_>) -> Option<String>) -> Option<String> {
    let octets = BASE64.decode(value.as_bytes()).ok().filter(|octets| octets.len() <= LONGEST)?;
    let text = std::str::from_utf8(&octets).ok()?;
    limits::declaration(text).and(limits::size(text)).ok()?;
    let tree = parse(text).ok()?;
    read(Some(tree.root_element()).filter(|root| is(*root, name))?)
}

/// What these names and values say.
///
/// # Errors
/// Those that are unknown, come twice, lack their value or have one that is not understood.
pub fn read<'a>(properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Result<Said, Vec<Unsayable>> {
    let mut said = Said::default();
    let invalid = offer(properties, |name, value| said.take(name, value), |name| NAMES.contains(&name));
    if invalid.is_empty() { Ok(said) } else { Err(invalid) }
}

/// `SignatureProductionPlaceV2` (5.2.5): where the signer claims to have signed.
fn place(root: Node<'_, '_>) -> Option<String> {
    let parts = ["City", "StreetAddress", "StateOrProvince", "PostalCode", "CountryName"];
    let (mut content, mut next) = (String::new(), 0);
    for child in children(root)? {
        // Each at most once, in this order.
        let at = parts.iter().position(|part| is(child, part)).filter(|at| *at >= next)?;
        next = at + 1;
        write!(content, "<xades:{0}>{1}</xades:{0}>", parts.get(at)?, text(child)?).ok()?;
    }
    (next > 0).then(|| format!("<xades:SignatureProductionPlaceV2>{content}</xades:SignatureProductionPlaceV2>"))
}

/// `SignerRoleV2` (5.2.6): roles that the signer claims, in words.
fn role(root: Node<'_, '_>) -> Option<String> {
    let [claimed] = children(root)?[..] else { return None };
    let roles = children(Some(claimed).filter(|one| is(*one, "ClaimedRoles"))?)?;
    if roles.is_empty() || roles.len() > MOST {
        return None;
    }
    let mut content = String::new();
    for role in roles {
        let role = text(Some(role).filter(|one| is(*one, "ClaimedRole"))?)?;
        write!(content, "<xades:ClaimedRole>{role}</xades:ClaimedRole>").ok()?;
    }
    Some(format!("<xades:SignerRoleV2><xades:ClaimedRoles>{content}</xades:ClaimedRoles></xades:SignerRoleV2>"))
}

/// `CommitmentTypeIndication` (5.2.3): to what the signer commits with regard to the document.
fn commitment(root: Node<'_, '_>) -> Option<String> {
    let kind = match children(root)?[..] {
        [kind] => kind,
        [kind, all] if is(all, "AllSignedDataObjects") && children(all)?.is_empty() => kind,
        _ => return None,
    };
    let (identifier, description) = match children(Some(kind).filter(|one| is(*one, "CommitmentTypeId"))?)?[..] {
        [identifier] => (identifier, None),
        [identifier, description] if is(description, "Description") => (identifier, Some(text(description)?)),
        _ => return None,
    };
    // Which qualifier it has to have is seen from the URI.
    let plain = identifier.children().all(|child| child.is_text())
        && identifier.attributes().all(|attribute| attribute.name() == "Qualifier");
    let uri = Some(identifier).filter(|one| plain && is(*one, "Identifier"))?.text().map(str::trim);
    let uri = uri.filter(|uri| is_uri(uri))?;
    let qualifier = if uri.starts_with("urn:oid:") { r#" Qualifier="OIDAsURN""# } else { "" };
    let description =
        description.map_or_else(String::new, |said| format!("<xades:Description>{said}</xades:Description>"));
    Some(format!(
        "<xades:CommitmentTypeIndication><xades:CommitmentTypeId>\
         <xades:Identifier{qualifier}>{}</xades:Identifier>{description}</xades:CommitmentTypeId>\
         <xades:AllSignedDataObjects></xades:AllSignedDataObjects></xades:CommitmentTypeIndication>",
        escaped(uri),
    ))
}

/// `DataObjectFormat` (5.2.4): the document's media type.
fn format(root: Node<'_, '_>) -> Option<String> {
    let [media_type] = children(root)?[..] else { return None };
    text(Some(media_type).filter(|one| is(*one, "MimeType"))?)?;
    media_type.text().map(str::trim).filter(|said| is_media_type(said)).map(str::to_owned)
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((XADES, name))
}

/// The elements in an element that has no attributes and no other words; none where it is another one.
fn children<'a, 'i>(node: Node<'a, 'i>) -> Option<Vec<Node<'a, 'i>>> {
    let plain = node.attributes().len() == 0
        && node.children().all(|child| child.is_element() || child.text().is_none_or(|text| text.trim().is_empty()));
    plain.then(|| node.children().filter(Node::is_element).collect())
}

/// The words in an element that has nothing else, as they are written.
fn text(node: Node<'_, '_>) -> Option<String> {
    let plain = node.attributes().len() == 0 && node.children().all(|child| child.is_text());
    let words = node.text().map(str::trim).filter(|words| plain && !words.is_empty())?;
    Some(escaped(words))
}

#[cfg(test)]
mod tests;
