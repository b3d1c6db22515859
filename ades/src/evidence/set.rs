//! All that a document is to hold, judged once more by who puts it in: each certificate has its issuer and a word on its
//! standing, up to roots, no path is longer than its authorities allow, and there is nothing that shows nothing.

use std::collections::BTreeSet;

use super::path::LONGEST;
use super::{Evidence, Subject, Wrong, crl, ocsp, policy};

/// Certificates, and pieces of revocation data, that one document may get at once.
const MOST: usize = 64;
/// Steps upwards that are made to find a path under policies.
const STEPS: usize = 1024;

/// Why evidence does not enter a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is none.
    #[error("there is no evidence")]
    Nothing,
    /// There is too much of it.
    #[error("there is too much evidence")]
    TooMuch,
    /// A certificate cannot be read.
    #[error("a certificate cannot be read")]
    Certificate,
    /// A certificate is not valid now.
    #[error("a certificate is not valid now")]
    Expired,
    /// The issuer of a certificate is missing.
    #[error("the issuer of a certificate is missing")]
    NoIssuer,
    /// A certificate demands something that is not understood here, or its path does not let it have its purpose.
    #[error("a certificate may not be used for what it is for")]
    Purpose,
    /// No path to a root has as few authorities as those in it allow.
    #[error("a path has more authorities than one in it allows")]
    TooLong,
    /// An authority demands that there are policies, and there is no path under any.
    #[error("a path is under no policy, and one in it demands that it is")]
    Policy,
    /// Nothing shows that a certificate is good.
    #[error("nothing shows that a certificate is not revoked")]
    NoWord,
    /// It is revoked.
    #[error("a certificate is revoked")]
    Revoked,
    /// A piece of revocation data that shows nothing of these certificates.
    #[error("revocation data is of no use for these certificates")]
    Stray,
}

/// Judges it at this Unix second.
///
/// # Errors
/// See [`Flaw`].
pub fn judge(evidence: &Evidence, now: u64) -> Result<(), Flaw> {
    let Evidence { certificates, ocsp, crls } = evidence;
    if certificates.is_empty() {
        return Err(Flaw::Nothing);
    }
    if certificates.len().max(ocsp.len()).max(crls.len()) > MOST {
        return Err(Flaw::TooMuch);
    }
    let pool: Vec<Subject> = certificates.iter().filter_map(|der| Subject::read(der).ok()).collect();
    if pool.len() != certificates.len() {
        return Err(Flaw::Certificate);
    }
    let issuers: Vec<Vec<usize>> = pool.iter().map(|one| issuers(one, &pool)).collect();
    let demanded = pool.iter().any(policy::is_demanded_by);
    let (mut used_lists, mut used_answers) = (vec![false; crls.len()], vec![false; ocsp.len()]);
    for (place, subject) in pool.iter().enumerate() {
        if subject.is_root() {
            // Nobody else vouches for it; whether it is trusted is its validator's to say.
            if subject.is_issued_by(subject) {
                continue;
            }
            return Err(Flaw::NoIssuer);
        }
        if !subject.is_valid_at(now) {
            return Err(Flaw::Expired);
        }
        let issuer = issuers.get(place).and_then(|all| pool.get(*all.first()?)).ok_or(Flaw::NoIssuer)?;
        if !subject.is_understood() || !is_let(place, &issuers, &pool) {
            return Err(Flaw::Purpose);
        }
        if !leads_up(place, &issuers, &pool) {
            return Err(Flaw::TooLong);
        }
        // A responder is answered for by who issued it (RFC 6960, 4.2.2.2).
        if demanded && !subject.answers() && !is_under_policies(place, &issuers, &pool) {
            return Err(Flaw::Policy);
        }
        let by_list = words(crls, &mut used_lists, |list| crl::judge(list, subject, issuer, now))?;
        let by_answer = words(ocsp, &mut used_answers, |answer| ocsp::judge(answer, subject, issuer, now).map(drop))?;
        if !by_list && !by_answer && !subject.is_exempt() {
            return Err(Flaw::NoWord);
        }
    }
    if used_lists.into_iter().chain(used_answers).all(|used| used) { Ok(()) } else { Err(Flaw::Stray) }
}

/// Where those stand that may issue certificates and signed this one.
fn issuers(subject: &Subject, pool: &[Subject]) -> Vec<usize> {
    let signed = |one: &Subject| one.may_issue() && subject.is_issued_by(one);
    pool.iter().enumerate().filter(|(_, one)| signed(one)).map(|(place, _)| place).collect()
}

/// Whether a path goes from here to a root with no more authorities in it than each of them allows below itself (RFC 5280,
/// 6.1.4 l and m). The authorities at each step are looked at together, so many of one name take no longer.
fn leads_up(leaf: usize, issuers: &[Vec<usize>], pool: &[Subject]) -> bool {
    let mut reached = BTreeSet::from([leaf]);
    for between in 0..LONGEST {
        let above = reached.iter().filter_map(|place| issuers.get(*place)).flatten().copied();
        reached = above.filter(|place| pool.get(*place).is_some_and(|one| one.allows_below(between))).collect();
        if reached.iter().any(|place| pool.get(*place).is_some_and(Subject::is_root)) {
            return true;
        }
    }
    false
}

/// Whether a path goes from here to a root that is under policies, where one in it demands that: among those that are found
/// in so many steps.
fn is_under_policies(leaf: usize, issuers: &[Vec<usize>], pool: &[Subject]) -> bool {
    let mut paths = vec![vec![leaf]];
    for _ in 0..STEPS {
        let Some(path) = paths.pop() else { return false };
        let subjects: Vec<&Subject> = path.iter().filter_map(|place| pool.get(*place)).collect();
        if subjects.last().is_some_and(|last| last.is_root()) {
            if policy::hold(&subjects) {
                return true;
            }
            continue;
        }
        let above = path.last().and_then(|last| issuers.get(*last)).into_iter().flatten();
        let between = path.len() - 1;
        if between < LONGEST {
            let fits = |place: &&usize| pool.get(**place).is_some_and(|one| one.allows_below(between));
            paths.extend(above.filter(fits).map(|place| [path.as_slice(), &[*place]].concat()));
        }
    }
    false
}

/// Whether the authorities of one path up to a root let it have its purpose. That there is no path at all is said elsewhere.
fn is_let(leaf: usize, issuers: &[Vec<usize>], pool: &[Subject]) -> bool {
    let (mut reached, mut next, mut kept_out) = (vec![leaf], 0, false);
    let Some(subject) = pool.get(leaf) else { return false };
    // Each is looked at once, however they certify each other.
    while let Some(place) = reached.get(next).copied() {
        if pool.get(place).is_some_and(Subject::is_root) {
            return true;
        }
        for above in issuers.get(place).into_iter().flatten() {
            if !pool.get(*above).is_some_and(|one| one.lets(subject)) {
                kept_out = true;
            } else if !reached.contains(above) {
                reached.push(*above);
            }
        }
        next += 1;
    }
    !kept_out
}

/// Whether any of these shows that a certificate is good; marks which did.
fn words(pieces: &[Vec<u8>], used: &mut [bool], judged: impl Fn(&[u8]) -> Result<(), Wrong>) -> Result<bool, Flaw> {
    let mut found = false;
    for (piece, used) in pieces.iter().zip(used) {
        match judged(piece) {
            Ok(()) => {
                *used = true;
                found = true;
            }
            Err(Wrong::Revoked) => return Err(Flaw::Revoked),
            Err(_) => {}
        }
    }
    Ok(found)
}
