//! The document security store (EN 319 142-1, 5.4.2): certificates and revocation data for validators of later days.

use super::file::File;
use super::revision::Revision;
use super::signature::reference;
use super::value::Dictionary;
use super::{Error, Limits};
use crate::evidence::Evidence;

/// Forms the octets to append that add this evidence to what the document holds already; nothing is held twice.
pub fn dss(original: &[u8], evidence: &Evidence, limits: &Limits) -> Result<Vec<u8>, Error> {
    let file = File::open(original, limits)?;
    let catalog = file.catalog()?;
    let store = file.dictionary(&catalog, "DSS")?;
    let mut revision = Revision::of(&file);
    let mut fresh = String::from("<</Type /DSS");
    let kinds = [("Certs", &evidence.certificates), ("OCSPs", &evidence.ocsp), ("CRLs", &evidence.crls)];
    for (key, wanted) in kinds {
        let members = add(&file, &mut revision, store.as_ref(), key, wanted)?;
        if members.is_empty() {
            continue;
        }
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
    if store.is_none() {
        let number = revision.number();
        revision.add(number, fresh + ">>");
        revision.set(&catalog, "DSS", &reference(number))?;
    }
    declare(&file, &mut revision, &catalog)?;
    revision.finish()
}

/// Adds as streams what the store does not hold yet; gives references to them.
fn add<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    store: Option<&Dictionary<'f>>,
    key: &str,
    wanted: &[Vec<u8>],
) -> Result<Vec<String>, Error> {
    let mut held: Vec<Vec<u8>> = Vec::new();
    if let Some(store) = store {
        for member in file.array(store, key)?.unwrap_or_default() {
            held.extend(member.reference().map_or(Ok(None), |id| file.stream(id))?);
        }
    }
    let mut members = Vec::new();
    for der in wanted {
        if held.contains(der) {
            continue;
        }
        let number = revision.number();
        revision.add_stream(number, "", der);
        members.push(reference(number));
        held.push(der.clone());
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
