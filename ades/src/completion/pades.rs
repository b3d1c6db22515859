//! PAdES: the CMS goes into the gap that the signer left in the PDF, or stands by itself where only a digest was given. At the
//! levels that last the document's security store gets what a validator needs, and at B-LTA a document time-stamp over all of
//! it follows (EN 319 142-1, 6). Around a digest there is no document to put that into: the client, who has it, gets it beside
//! the CMS, and stamps no document here.

use rsign_api::parts::Part;

use super::{Error, Signature, kept};
use crate::Addition;
use crate::cms::{self, Attribute};
use crate::pdf::{Growing, Prepared};

/// The PDF with its signature and what was added; or the CMS.
pub(super) fn finish(signature: &Signature<'_>) -> Result<Vec<Part>, Error> {
    let Some(length) = signature.document.length else {
        if signature.additions.iter().any(|addition| matches!(addition, Addition::Archive(_))) {
            return Err(Error::Unknown("octets"));
        }
        return Ok(vec![Part::own(cms(signature, signature.prepared)?)]);
    };
    let update = filled(signature, length)?;
    let appended = match grown(signature, &update)? {
        Some(file) => file.appended().to_vec(),
        None => update,
    };
    Ok(vec![kept(0, length), Part::own(appended)])
}

/// What a document time-stamp behind all that was added is to be over.
pub(super) fn archive_imprint(signature: &Signature<'_>) -> Result<Vec<u8>, Error> {
    let file = grown(signature, &filled(signature, signature.document.length()?)?)?;
    Ok(file.ok_or(Error::Unknown("octets"))?.imprint(signature.signatory.scheme.hash())?)
}

/// The signer's update with the CMS in it.
fn filled(signature: &Signature<'_>, length: u64) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(length).map_err(|_| Error::Unknown("length"))?;
    let Prepared { attributes, update } = Prepared::from_octets(signature.prepared, length)?;
    Ok(update.fill(&cms(signature, &attributes)?)?)
}

/// The file with the signature and what comes behind it; `None` where nothing does.
fn grown<'a>(signature: &Signature<'a>, update: &[u8]) -> Result<Option<Growing<'a>>, Error> {
    if !signature.additions.iter().any(|addition| !matches!(addition, Addition::Stamp(_))) {
        return Ok(None);
    }
    let mut file = Growing::new(signature.document.octets()?);
    file.append(update);
    for addition in signature.additions {
        match addition {
            Addition::Stamp(_) => {}
            Addition::Evidence(evidence) => file.add(evidence)?,
            Addition::Archive(token) => file.stamp(token)?,
            Addition::StampEvidence(_) => return Err(Error::Renewal),
        }
    }
    Ok(Some(file))
}

/// The CMS, with a time-stamp on the signature if there is one.
fn cms(signature: &Signature<'_>, attributes: &[u8]) -> Result<Vec<u8>, Error> {
    let stamps = signature.additions.iter().filter_map(|addition| match addition {
        Addition::Stamp(token) => Some(Attribute::signature_time_stamp(token.clone())),
        _ => None,
    });
    let unsigned = stamps.collect::<Result<Vec<_>, _>>()?;
    Ok(cms::finish(&cms::Signed {
        signatory: signature.signatory,
        content_type: cms::DATA,
        content: None,
        attributes,
        signature: signature.value,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &unsigned,
    })?)
}
