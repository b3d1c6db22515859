//! What an archive time-stamp is over (EN 319 132-1, 5.5.2.2): all that the signature consists of, data included.

use super::{Document, Error, Place, algorithm, canonical, document, element};
use crate::{Addition, Hasher, Signatory};

/// See [`super::archive_imprint`].
pub(super) fn imprint(
    unfinished: &str,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
    place: Place<'_>,
    detached: &[u8],
) -> Result<Vec<u8>, Error> {
    let inside = if let Place::Around(document) = place { Some(document) } else { None };
    let signed = element::finished(unfinished, &super::encoded(signatory, value)?, additions, inside)?;
    let tree = document::parse(&signed)?;
    let mut hasher = Hasher::new(signatory.scheme.hash());
    // What the references are to, in their order: the document, as it was digested, and the signed properties.
    match place {
        Place::Detached => hasher.update(detached),
        Place::Around(document) => hasher.update(document),
        Place::Within { document, .. } => Document::read(document)?.write(&mut hasher)?,
    }
    for name in ["SignedProperties", "SignedInfo", "SignatureValue", "KeyInfo"] {
        canonical::element(document::only(&tree, name)?, &mut hasher);
    }
    if !additions.is_empty() {
        let unsigned = document::only(&tree, "UnsignedSignatureProperties")?;
        unsigned.children().for_each(|property| canonical::element(property, &mut hasher));
    }
    // An enveloped document once more, as it stands in the signature.
    let objects = tree.root_element().children().filter(|child| child.attribute("Encoding") == Some(algorithm::BASE64));
    objects.for_each(|object| canonical::element(object, &mut hasher));
    Ok(hasher.finish())
}
