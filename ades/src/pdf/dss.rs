//! The document security store (EN 319 142-1, 5.4.2): certificates and revocation data for validators of later days.

use super::file::File;
use super::form::Form;
use super::revision::Revision;
use super::signature::reference;
use super::text::hexadecimal;
use super::value::Dictionary;
use super::{Error, Limits};
use crate::evidence::{Evidence, algorithm};

/// Forms the octets to append that add this evidence to what the document holds already; nothing is held twice.
///
/// Where the document holds all of it, that is said of its newest signature (`/VRI`): EU DSS takes for a signature's only
/// what was written since. Where there is neither anything new nor a signature there is nothing to append.
pub fn dss(original: &[u8], evidence: &Evidence, limits: &Limits) -> Result<Vec<u8>, Error> {
    let file = File::open(original, limits)?;
    let catalog = file.catalog()?;
    let store = file.dictionary(&catalog, "DSS")?;
    // Read whether it will be needed or not: what is damaged is refused now, not when the same is asked again.
    let form = Form::read(&file)?;
    let newest = form.newest(&file)?;
    let contents = match &newest {
        Some(signature) => file.value(signature, "Contents")?.and_then(|contents| contents.string()),
        None => None,
    };
    let said = match &store {
        Some(store) => file.dictionary(store, "VRI")?,
        None => None,
    };
    let mut revision = Revision::of(&file).beside(&form);
    let mut fresh = String::from("<</Type /DSS");
    let mut related = String::new();
    let mut news = store.is_none();
    let kinds =
        [("Certs", "Cert", &evidence.certificates), ("OCSPs", "OCSP", &evidence.ocsp), ("CRLs", "CRL", &evidence.crls)];
    for (key, singular, wanted) in kinds {
        let Members { all, fresh: members } = add(&file, &mut revision, store.as_ref(), key, wanted)?;
        if !all.is_empty() {
            related.push_str(&format!(" /{singular} [{}]", all.join(" ")));
        }
        if members.is_empty() {
            continue;
        }
        news = true;
        match &store {
            None => fresh.push_str(&format!(" /{key} [{}]", members.join(" "))),
            // An array of its own, even where the old one was indirect: validators look for what is new in the store.
            Some(store) => {
                let held = file.array(store, key)?.unwrap_or_default();
                let held = held.iter().filter_map(|member| member.reference()).map(reference);
                let all: Vec<String> = held.chain(members).collect();
                revision.set(store, key, &format!("[{}]", all.join(" ")))?;
            }
        }
    }
    match &store {
        None => {
            let number = revision.number();
            revision.add(number, fresh + ">>");
            revision.set(&catalog, "DSS", &reference(number))?;
        }
        Some(store) if !news => {
            if newest.is_none() {
                return Ok(Vec::new());
            }
            // ISO 32000-2, 12.8.4.4: a signature is named by the SHA-1 of its `/Contents`.
            let name =
                hexadecimal(&algorithm::hash(algorithm::SHA1, &contents.unwrap_or_default()).unwrap_or_default());
            match &said {
                Some(all) => revision.set(all, &name, &format!("<<{related}>>"))?,
                None => revision.set(store, "VRI", &format!("<</{name} <<{related}>>>>"))?,
            }
        }
        Some(_) => {}
    }
    declare(&file, &mut revision, &catalog)?;
    let carried = kinds.iter().flat_map(|(.., wanted)| *wanted).map(Vec::len).sum();
    revision.finish(carried)
}

/// References to what is wanted.
struct Members {
    /// To all of it.
    all: Vec<String>,
    /// To what the store did not hold yet.
    fresh: Vec<String>,
}

/// Adds as streams what the store does not hold yet.
fn add<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    store: Option<&Dictionary<'f>>,
    key: &str,
    wanted: &[Vec<u8>],
) -> Result<Members, Error> {
    let mut held: Vec<(Vec<u8>, String)> = Vec::new();
    if let Some(store) = store {
        for id in file.array(store, key)?.unwrap_or_default().iter().filter_map(|member| member.reference()) {
            held.extend(file.stream(id)?.map(|content| (content, reference(id))));
        }
    }
    let mut members = Members { all: Vec::new(), fresh: Vec::new() };
    for der in wanted {
        if let Some((_, place)) = held.iter().find(|(content, _)| content == der) {
            if !members.all.contains(place) {
                members.all.push(place.clone());
            }
            continue;
        }
        let number = revision.number();
        revision.add_stream(number, "", der);
        held.push((der.clone(), reference(number)));
        members.all.push(reference(number));
        members.fresh.push(reference(number));
    }
    Ok(members)
}

/// Declares ETSI's extension where the file is of a version before 2.0, which has it built in.
fn declare<'f>(file: &'f File<'_>, revision: &mut Revision<'f, '_>, catalog: &Dictionary<'f>) -> Result<(), Error> {
    const EXTENSION: &str = "<</BaseVersion /1.7 /ExtensionLevel 1>>";
    let header = file.octets.get(5..8).unwrap_or_default();
    let newer = file.name(catalog, "Version")?.is_some_and(|version| version.as_slice() >= b"2.0".as_slice());
    if newer || header >= b"2.0".as_slice() {
        return Ok(());
    }
    match file.dictionary(catalog, "Extensions")? {
        None => revision.set(catalog, "Extensions", &format!("<</ESIC {EXTENSION}>>")),
        Some(extensions) if extensions.direct("ESIC")?.is_none() => revision.set(&extensions, "ESIC", EXTENSION),
        Some(_) => Ok(()),
    }
}
