//! From a certificate up to an anchor (RFC 5280, 6.1, without name constraints; policies as [`super::policy`] has them).

use super::{Subject, policy};

/// Longest path.
pub(super) const LONGEST: usize = 8;

/// The certificates from this one up to a root that is among the anchors, both included, all but the root valid at this
/// Unix second; `None` where no such path is known. The pool may hold anything: only issuers that signed are followed.
///
/// Anchors that are no roots are known issuers, and no end of a path: a validator that trusts their root needs what lies
/// between.
#[must_use]
pub fn path(leaf: &Subject, pool: &[Subject], anchors: &[Subject], at: u64) -> Option<Vec<Subject>> {
    if !leaf.is_understood() {
        return None;
    }
    let mut path = vec![leaf.clone()];
    for _ in 0..LONGEST {
        let last = path.last()?;
        if last.is_root() {
            let is_anchored = anchors.iter().any(|anchor| anchor.der == last.der);
            return (is_anchored && policy::hold(&path.iter().collect::<Vec<_>>())).then_some(path);
        }
        if !last.is_valid_at(at) {
            return None;
        }
        // What the operator named comes first: a foreign certificate of the same name and key is no way around it.
        // The leaf does not count, and what vouches for itself is the end.
        let between = path.len() - 1;
        let mut known = anchors.iter().chain(pool);
        let fits = |one: &Subject| one.may_issue() && one.allows_below(between) && one.lets(leaf);
        let issuer = known.find(|one| fits(one) && last.is_issued_by(one))?;
        path.push(issuer.clone());
    }
    None
}
