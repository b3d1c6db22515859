//! Policies of a path (RFC 5280, 6.1), for who asks for none: what the authorities in it demand is kept. No policy is turned
//! into another one: below an authority that maps any there is none, as far as somebody demands one.

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::{CertificatePolicies, InhibitAnyPolicy, PolicyConstraints, PolicyMappings};

use super::Subject;

/// anyPolicy.
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");
/// What may be said of a policy: where its practices are written down, and a notice.
const QUALIFIERS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1"), ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2")];

/// What a certificate says of policies.
#[derive(Debug)]
struct Said {
    /// Those it is issued under.
    named: BTreeSet<ObjectIdentifier>,
    /// Behind so many more certificates a path needs one.
    explicit: Option<u32>,
    /// Behind so many more certificates anyPolicy is none.
    inhibits_any: Option<u32>,
    maps: bool,
}

impl Said {
    /// `None` for what cannot be read.
    fn by(subject: &Subject) -> Option<Self> {
        let tbs = subject.certificate().tbs_certificate();
        let policies = tbs.get_extension::<CertificatePolicies>().ok()?;
        let named = policies.map(|(_, all)| all.0.into_iter().map(|one| one.policy_identifier).collect());
        let constraints = tbs.get_extension::<PolicyConstraints>().ok()?;
        let inhibits_any = tbs.get_extension::<InhibitAnyPolicy>().ok()?;
        Some(Self {
            named: named.unwrap_or_default(),
            explicit: constraints.and_then(|(_, constraints)| constraints.require_explicit_policy),
            inhibits_any: inhibits_any.map(|(_, skipped)| skipped.0),
            maps: !matches!(tbs.get_extension::<PolicyMappings>(), Ok(None)),
        })
    }
}

/// Whether it demands that there are policies, or says something of them that cannot be read.
pub(super) fn is_demanded_by(subject: &Subject) -> bool {
    Said::by(subject).is_none_or(|said| said.explicit.is_some())
}

/// Whether its policies, where they are critical, are qualified in ways that are known (RFC 5280, 4.2.1.4).
pub(super) fn is_understood(subject: &Subject) -> bool {
    match subject.certificate().tbs_certificate().get_extension::<CertificatePolicies>() {
        Ok(Some((true, policies))) => {
            let mut qualifiers = policies.0.iter().flat_map(|policy| policy.policy_qualifiers.iter().flatten());
            qualifiers.all(|one| QUALIFIERS.contains(&one.policy_qualifier_id))
        }
        Ok(_) => true,
        Err(_) => false,
    }
}

/// Whether a path is under policies where one of its authorities demands that. Its end comes first; the root, which comes
/// last, is its anchor and no part of it.
pub(super) fn hold(path: &[&Subject]) -> bool {
    let below = path.iter().rev().skip(1).map(|subject| Said::by(subject));
    let Some(below) = below.collect::<Option<Vec<_>>>() else { return false };
    let Some((end, authorities)) = below.split_last() else { return true };
    // Longer than any path.
    let (mut explicit, mut inhibits_any) = (u32::MAX, u32::MAX);
    let mut valid = BTreeSet::from([ANY]);
    // No authority in between vouches for itself, so each is counted.
    for said in authorities {
        valid = common(&valid, &said.named, inhibits_any > 0);
        if explicit == 0 && valid.is_empty() {
            return false;
        }
        if said.maps {
            valid.clear();
        }
        explicit = explicit.saturating_sub(1).min(said.explicit.unwrap_or(u32::MAX));
        inhibits_any = inhibits_any.saturating_sub(1).min(said.inhibits_any.unwrap_or(u32::MAX));
    }
    valid = common(&valid, &end.named, inhibits_any > 0);
    // RFC 5280, 6.1.5 a and b.
    let is_demanded = explicit <= 1 || end.explicit == Some(0);
    !is_demanded || !valid.is_empty()
}

/// Policies under which a path is that is under these so far, when its next certificate names those.
fn common(
    valid: &BTreeSet<ObjectIdentifier>,
    named: &BTreeSet<ObjectIdentifier>,
    any: bool,
) -> BTreeSet<ObjectIdentifier> {
    let all = any && named.contains(&ANY);
    let from_any = named.iter().filter(|policy| **policy != ANY && valid.contains(&ANY));
    from_any.chain(valid.iter().filter(|policy| all || **policy != ANY && named.contains(*policy))).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, Said, authority};
    use super::super::{Evidence, Flaw, judge, path};

    const POLICIES: &[u64] = &[2, 5, 29, 32];
    /// Under 1.2.3.4, 1.2.3.5, and any.
    const ONE: Said<'_> = (POLICIES, false, &[0x30, 7, 0x30, 5, 6, 3, 0x2a, 3, 4]);
    const TWO: Said<'_> = (POLICIES, false, &[0x30, 7, 0x30, 5, 6, 3, 0x2a, 3, 5]);
    const ANY: Said<'_> = (POLICIES, true, &[0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0]);
    const NO_ANY: Said<'_> = (&[2, 5, 29, 54], true, &[2, 1, 0]);
    const CONSTRAINTS: &[u64] = &[2, 5, 29, 36];
    const EXPLICIT: Said<'_> = explicit(&[0x30, 3, 0x80, 1, 0]);
    const MAPS: &[u8] = &[0x30, 12, 0x30, 10, 6, 3, 0x2a, 3, 4, 6, 3, 0x2a, 3, 5];

    const fn explicit(content: &'static [u8]) -> Said<'static> {
        (CONSTRAINTS, true, content)
    }

    const fn maps(critical: bool) -> Said<'static> {
        (&[2, 5, 29, 33], critical, MAPS)
    }

    /// The path through two authorities that say this to somebody who says that; and whether the same enters a document.
    fn judged(upper: &[Said<'_>], lower: &[Said<'_>], end: &[Said<'_>]) -> (bool, Result<(), Flaw>) {
        let root = authority("root");
        let upper = root.authority_that_says("upper", upper);
        let lower = upper.authority_that_says("lower", lower);
        let leaf = lower.certify_that_says(7, end).subject;
        let pool = [lower.subject.clone(), upper.subject.clone()];
        let found = path(&leaf, &pool, std::slice::from_ref(&root.subject), NOW).is_some();
        let certificates = [&leaf, &lower.subject, &upper.subject, &root.subject].map(|one| one.der.clone()).to_vec();
        let crls = [&root, &upper, &lower].map(|one| one.crl((20, 20), &[])).to_vec();
        (found, judge(&Evidence { certificates, crls, ocsp: Vec::new() }, NOW))
    }

    #[test]
    fn where_nobody_demands_policies_they_say_nothing() {
        for (upper, lower, end) in [
            (&[][..], &[][..], &[][..]),
            (&[ONE], &[TWO], &[]),
            (&[ONE, maps(false)], &[TWO], &[TWO]),
            (&[NO_ANY], &[ANY], &[ONE]),
            (&[explicit(&[0x30, 3, 0x81, 1, 0])], &[], &[]),
            (&[explicit(&[0x30, 3, 0x80, 1, 3])], &[], &[]),
        ] {
            assert_eq!(judged(upper, lower, end), (true, Ok(())), "{upper:?} {lower:?} {end:?}");
        }
    }

    #[test]
    fn where_an_authority_demands_policies_there_are_some() {
        for (upper, lower, end) in [
            (&[EXPLICIT, ONE][..], &[ONE][..], &[ONE][..]),
            (&[EXPLICIT, ANY], &[ANY], &[ONE]),
            (&[EXPLICIT, ANY], &[ANY], &[ANY]),
            (&[EXPLICIT, ONE], &[ANY], &[ONE]),
            (&[EXPLICIT, ANY, NO_ANY], &[ONE], &[ONE]),
            (&[ONE], &[ONE], &[ONE, EXPLICIT]),
        ] {
            assert_eq!(judged(upper, lower, end), (true, Ok(())), "{upper:?} {lower:?} {end:?}");
        }
        for (upper, lower, end) in [
            (&[EXPLICIT][..], &[][..], &[][..]),
            (&[EXPLICIT], &[ONE], &[ONE]),
            (&[EXPLICIT, ONE], &[], &[ONE]),
            (&[EXPLICIT, ONE], &[ONE], &[]),
            (&[EXPLICIT, ONE], &[ONE], &[TWO]),
            (&[EXPLICIT, ONE], &[TWO], &[ANY]),
            (&[EXPLICIT, ANY, NO_ANY], &[ANY], &[ONE]),
            (&[ANY, NO_ANY], &[EXPLICIT, ONE], &[ANY]),
            (&[EXPLICIT, ONE, maps(false)], &[TWO], &[TWO]),
            (&[explicit(&[0x30, 3, 0x80, 1, 1])], &[], &[]),
            (&[explicit(&[0x30, 3, 0x80, 1, 2])], &[], &[]),
            (&[], &[EXPLICIT], &[]),
            (&[], &[], &[EXPLICIT]),
            (&[(CONSTRAINTS, false, &[5, 0])], &[ONE], &[ONE]),
            (&[(&[2, 5, 29, 54], false, &[5, 0])], &[ONE], &[ONE]),
        ] {
            assert_eq!(judged(upper, lower, end), (false, Err(Flaw::Policy)), "{upper:?} {lower:?} {end:?}");
        }
    }

    #[test]
    fn what_is_critical_and_not_looked_into_is_refused() {
        let practices = [0x30, 13, 6, 8, 0x2b, 6, 1, 5, 5, 7, 2, 1, 0x16, 1, b'x'];
        let unknown = [0x30, 7, 6, 3, 0x2a, 3, 9, 5, 0];
        let qualified = |qualifier: &[u8]| {
            let tlv = |content: &[u8]| [&[0x30, u8::try_from(content.len()).unwrap()], content].concat();
            tlv(&tlv(&[&[6, 3, 0x2a, 3, 4], tlv(qualifier).as_slice()].concat()))
        };
        for (content, critical, expected) in [
            (qualified(&practices), true, Ok(())),
            (qualified(&unknown), false, Ok(())),
            (qualified(&unknown), true, Err(Flaw::Purpose)),
            (vec![5, 0], true, Err(Flaw::Purpose)),
        ] {
            let end = judged(&[], &[], &[(POLICIES, critical, &content)]);
            assert_eq!(end, (expected.is_ok(), expected), "{content:?} {critical}");
        }
        for upper in [&[maps(true)][..], &[(POLICIES, true, &qualified(&unknown))]] {
            let (found, entered) = judged(upper, &[], &[]);
            assert!(!found && entered.is_err(), "{upper:?}: {entered:?}");
        }
    }
}
