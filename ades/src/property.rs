//! What a client wants said in a signature, one property after the other: each format takes in what it has words for.

use rsign_api::objection::{Reason, Unsayable};

/// Longest value, octets: 8 KiB in Base64, and line ends.
const LONGEST: usize = 12 << 10;

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
            Some(value) if value.len() > LONGEST => Err(Reason::BadValue),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_none_of_any_format() {
        let (fits, long) = ("A".repeat(LONGEST), "A".repeat(LONGEST + 4));
        let given = [("a", Some(fits.as_str())), ("b", Some(long.as_str())), ("a", Some("B"))];
        let mut taken = None;
        let left = offer(given, |_, value| set(&mut taken, Some(value.len())), |_| true);
        assert_eq!(left, [Unsayable::new("b", Reason::BadValue), Unsayable::new("a", Reason::SaidTwice)]);
        assert_eq!(taken, Some(LONGEST));
    }
}
