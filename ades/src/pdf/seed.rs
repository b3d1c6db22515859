//! What an empty signature field asks of who signs in it: `/SV` and `/Lock` (ISO 32000-2, 12.7.5.5).

use super::file::File;
use super::form::Field;
use super::value::Dictionary;
use super::{Error, Kind, Request};

/// Bits of `/Ff`: which entries of `/SV` are requirements.
const FILTER: i64 = 1;
const SUB_FILTER: i64 = 2;
const REASONS: i64 = 8;

/// Refuses what the field's seed value dictionary forbids, and requirements that cannot be judged here.
pub(super) fn obey(file: &File<'_>, field: &Field<'_>, request: &Request) -> Result<(), Error> {
    let Some(seed) = file.dictionary(&field.entries, "SV")? else { return Ok(()) };
    let required = file.value(&seed, "Ff")?.and_then(|flags| flags.integer()).unwrap_or(0);
    if required & !(FILTER | SUB_FILTER | REASONS) != 0 {
        return Err(Error::Seed("asks for what is not supported"));
    }
    if required & FILTER != 0 && file.name(&seed, "Filter")?.is_some_and(|name| name != b"Adobe.PPKLite") {
        return Err(Error::Seed("asks for another /Filter"));
    }
    if required & SUB_FILTER != 0 && !names(file, &seed, "SubFilter")?.iter().any(|n| n == b"ETSI.CAdES.detached") {
        return Err(Error::Seed("asks for another /SubFilter"));
    }
    if required & REASONS != 0 && !reason_fits(file, &seed, request)? {
        return Err(Error::Seed("asks for another reason"));
    }
    if let Some(mdp) = file.dictionary(&seed, "MDP")? {
        let asked = file.value(&mdp, "P")?.and_then(|p| p.integer()).unwrap_or(0);
        let given = match request.kind {
            Kind::Revision => 0,
            Kind::Certification(permission) => permission.number(),
        };
        if asked != given {
            return Err(Error::Seed("asks for another kind of signature"));
        }
    }
    for key in ["Cert", "TimeStamp"] {
        if let Some(constraint) = file.dictionary(&seed, key)?
            && file.value(&constraint, "Ff")?.and_then(|flags| flags.integer()).unwrap_or(0) != 0
        {
            return Err(Error::Seed("asks for a certificate or time-stamp of its choice"));
        }
    }
    Ok(())
}

fn names(file: &File<'_>, seed: &Dictionary<'_>, key: &str) -> Result<Vec<Vec<u8>>, Error> {
    Ok(file.array(seed, key)?.unwrap_or_default().iter().filter_map(|name| name.name()).collect())
}

/// No reasons listed, or the one listed as `.`, means that there must be none.
fn reason_fits(file: &File<'_>, seed: &Dictionary<'_>, request: &Request) -> Result<bool, Error> {
    let listed = file.array(seed, "Reasons")?.unwrap_or_default();
    let listed: Vec<String> =
        listed.iter().filter_map(|reason| reason.string()).map(|reason| super::text::decode(&reason)).collect();
    let none_wanted = listed.is_empty() || listed == ["."];
    Ok(match &request.reason {
        Some(reason) => !none_wanted && listed.contains(reason),
        None => none_wanted,
    })
}

/// The entry of `/Reference` by which a signature in this field locks other fields, as `/Lock` asks.
pub(super) fn lock(file: &File<'_>, field: &Field<'_>) -> Result<Option<String>, Error> {
    let Some(lock) = file.dictionary(&field.entries, "Lock")? else { return Ok(None) };
    if lock.direct("P")?.is_some() {
        return Err(Error::Seed("asks for permissions that only PDF 2.0 knows"));
    }
    let action = match file.name(&lock, "Action")?.as_deref() {
        Some(b"All") => "/All",
        Some(b"Include") => "/Include",
        Some(b"Exclude") => "/Exclude",
        _ => return Err(Error::Damaged("/Lock has no action")),
    };
    let mut parameters = format!("/Type /TransformParams /V /1.2 /Action {action}");
    if action != "/All" {
        let mut fields = String::new();
        for name in file.array(&lock, "Fields")?.unwrap_or_default() {
            let name = file.resolve(name)?.and_then(|name| name.string());
            let name = name.ok_or(Error::Damaged("/Lock names a field that is none"))?;
            fields.push_str(&super::text::string(&super::text::decode(&name)));
        }
        parameters.push_str(&format!(" /Fields [{fields}]"));
    }
    let catalog = file.trailer.direct("Root")?.and_then(|root| root.reference()).unwrap_or_default();
    Ok(Some(format!(
        "<</Type /SigRef /TransformMethod /FieldMDP /Data {} {} R /TransformParams <<{parameters}>>>>",
        catalog.0, catalog.1
    )))
}
