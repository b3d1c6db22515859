//! What a client wants said in a signature, one property after the other: each format takes in what it has words for.

use rsign_api::objection::{Reason, Unsayable};

/// Offers all of them; those that were not taken in, and why.
pub(crate) fn offer<'a>(
    properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    mut take: impl FnMut(&str, &str) -> Result<(), Reason>,
    known: impl Fn(&str) -> bool,
) -> Vec<Unsayable> {
    let one = |(name, value): (&'a str, Option<&'a str>)| {
        let taken = match value {
            _ if !known(name) => Err(Reason::UnknownProperty),
            None => Err(Reason::NoValue),
            Some(value) => take(name, value),
        };
        taken.err().map(|reason| Unsayable::new(name, reason))
    };
    properties.into_iter().filter_map(one).collect()
}

/// Takes a value in, if it is one and nothing is there.
pub(crate) fn set<T>(place: &mut Option<T>, value: Option<T>) -> Result<(), Reason> {
    let value = value.ok_or(Reason::BadValue)?;
    if place.is_some() {
        return Err(Reason::SaidTwice);
    }
    *place = Some(value);
    Ok(())
}
