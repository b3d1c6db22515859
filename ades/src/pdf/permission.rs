//! What earlier signatures allow (ISO 32000-2, 12.8.2.2 and 12.8.2.4, 12.8.6).

use super::Error;
use super::file::File;
use super::form::Form;
use super::text;
use super::value::Dictionary;

/// Refuses a certification of what is signed already.
pub(super) fn may_certify(file: &File<'_>, form: &Form<'_>) -> Result<(), Error> {
    if form.signatures(file)?.is_empty() && certification(file)?.is_none() {
        return Ok(());
    }
    Err(Error::AlreadySigned)
}

/// Refuses another signature where an earlier one forbids it, in general or in the field of this name.
pub(super) fn may_sign(file: &File<'_>, form: &Form<'_>, field: &str) -> Result<(), Error> {
    let signatures = form.signatures(file)?.into_iter().map(|(_, signature)| signature);
    for signature in signatures.chain(certification(file)?) {
        for reference in file.array(&signature, "Reference")?.unwrap_or_default() {
            let Some(reference) = file.resolve(reference)?.and_then(|r| r.dictionary()) else { continue };
            let parameters = file.dictionary(&reference, "TransformParams")?;
            match file.name(&reference, "TransformMethod")?.as_deref() {
                Some(b"DocMDP") if !allows_changes(file, parameters.as_ref())? => return Err(Error::Locked),
                Some(b"FieldMDP") if locks(file, parameters.as_ref(), field)? => return Err(Error::Locked),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Refuses a new field with an appearance in a certified document: readers differ on whether P = 2 allows it.
pub(super) fn may_show(file: &File<'_>) -> Result<(), Error> {
    certification(file)?.map_or(Ok(()), |_| Err(Error::Certified))
}

/// The certifying signature that the catalog names.
fn certification<'f>(file: &'f File<'_>) -> Result<Option<Dictionary<'f>>, Error> {
    match file.dictionary(&file.catalog()?, "Perms")? {
        Some(permissions) => file.dictionary(&permissions, "DocMDP"),
        None => Ok(None),
    }
}

/// Whether P, by default 2, allows filling in forms and signing.
fn allows_changes(file: &File<'_>, parameters: Option<&Dictionary<'_>>) -> Result<bool, Error> {
    let Some(parameters) = parameters else { return Ok(true) };
    Ok(file.value(parameters, "P")?.is_none_or(|p| matches!(p.integer(), Some(2 | 3))))
}

/// Whether these parameters lock the field of this name.
fn locks(file: &File<'_>, parameters: Option<&Dictionary<'_>>, field: &str) -> Result<bool, Error> {
    let Some(parameters) = parameters else { return Ok(false) };
    let mut named = false;
    for name in file.array(parameters, "Fields")?.unwrap_or_default() {
        let name = file.resolve(name)?.and_then(|name| name.string()).map(|name| text::decode(&name));
        // A branch that is named locks what hangs on it.
        named |= name.is_some_and(|n| field == n || field.strip_prefix(n.as_str()).is_some_and(|f| f.starts_with('.')));
    }
    Ok(match file.name(parameters, "Action")?.as_deref() {
        Some(b"Include") => named,
        Some(b"Exclude") => !named,
        _ => true,
    })
}
