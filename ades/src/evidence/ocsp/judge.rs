//! Whether an answer shows that a certificate is good (RFC 6960, 3.2 and 4.2.2).

use der::asn1::OctetString;
use der::{Any, Decode as _, Encode as _, Tagged as _};

use super::Name;
use super::message::{BASIC, Basic, Body, Response, Single, Status};
use crate::evidence::{SKEW, Subject, Wrong, algorithm};

/// Certificates that an answer may bring.
const MOST: usize = 8;
/// How old an answer may be that does not say how long it holds, seconds.
const FRESH: u64 = 60 * 60;

/// How `RevokedInfo` ends where its reason is `certificateHold` (RFC 6960, 4.2.1; RFC 5280, 5.3.1).
const ON_HOLD: &[u8] = &[0xa0, 3, 0x0a, 1, 6];

/// An answer that shows a certificate to be good.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Who gave it, where that is not the certificate's issuer itself.
    pub responder: Option<Subject>,
}

/// Judges an answer about this certificate, at this Unix second.
///
/// # Errors
/// See [`Wrong`].
pub fn judge(answer: &[u8], of: &Subject, issuer: &Subject, now: u64) -> Result<Judged, Wrong> {
    let response = Response::from_der(answer).map_err(malformed)?;
    let bytes = match (response.status, response.bytes) {
        (Status::Successful, Some(bytes)) if bytes.kind == BASIC => bytes.response,
        (Status::Successful, _) => return Err(Wrong::Malformed),
        _ => return Err(Wrong::Unknown),
    };
    let basic = Basic::from_der(bytes.as_bytes()).map_err(malformed)?;
    let signed = basic.body.to_der().map_err(malformed)?;
    let body = Body::from_der(&signed).map_err(malformed)?;
    let extensions = body.extensions.iter().flatten();
    let inner = body.responses.iter().flat_map(|one| one.extensions.iter().flatten());
    if extensions.chain(inner).any(|extension| extension.critical) {
        return Err(Wrong::Malformed);
    }
    let responder = responder(&basic, &body, issuer, now)?;
    let signatory = responder.as_ref().unwrap_or(issuer);
    if !signatory.signed(&basic.algorithm, None, &signed, basic.signature.raw_bytes()) {
        return Err(Wrong::Signature);
    }
    let about = body.responses.iter().filter(|one| Name::read(&one.certificate).names(of, issuer));
    // Of several words on it the worst one counts.
    let words = about.map(|one| word(one, now).err().map(|wrong| (badness(wrong), wrong)));
    match words.max_by_key(|word| word.map_or(0, |(badness, _)| badness)) {
        None => Err(Wrong::Foreign),
        Some(Some((_, wrong))) => Err(wrong),
        Some(None) => Ok(Judged { responder }),
    }
}

const fn badness(wrong: Wrong) -> u8 {
    match wrong {
        Wrong::Revoked => 3,
        Wrong::Unknown => 2,
        _ => 1,
    }
}

/// What one response says.
fn word(about: &Single, now: u64) -> Result<(), Wrong> {
    // What is revoked stays so, however old the answer; what was on hold may be good again.
    if about.status.value().ends_with(ON_HOLD) && !is_fresh(about, now) {
        return Err(Wrong::Stale);
    }
    match about.status.tag().number().value() {
        1 => return Err(Wrong::Revoked),
        0 => {}
        _ => return Err(Wrong::Unknown),
    }
    if is_fresh(about, now) { Ok(()) } else { Err(Wrong::Stale) }
}

fn is_fresh(about: &Single, now: u64) -> bool {
    let since = about.since.to_unix_duration().as_secs();
    let until = about.until.map_or(since + FRESH, |until| until.to_unix_duration().as_secs());
    since <= now + SKEW && now < until
}

/// Who gave the answer: the issuer itself, or one that it names for that (RFC 6960, 4.2.2.2).
fn responder(basic: &Basic, body: &Body, issuer: &Subject, now: u64) -> Result<Option<Subject>, Wrong> {
    if is_named(&body.responder, issuer) {
        return Ok(None);
    }
    let brought = basic.certificates.iter().flatten().take(MOST);
    let brought = brought.filter_map(|der| Subject::read(&der.to_der().ok()?).ok());
    let responder = brought
        .filter(|one| is_named(&body.responder, one))
        .find(|one| one.answers() && one.is_valid_at(now) && one.is_issued_by(issuer));
    responder.map(Some).ok_or(Wrong::Foreign)
}

/// Whether a `ResponderID` is this one's.
fn is_named(id: &Any, subject: &Subject) -> bool {
    match id.tag().number().value() {
        1 => id.value() == subject.name(),
        2 => {
            let hash = OctetString::from_der(id.value());
            hash.is_ok_and(|hash| {
                algorithm::hash(algorithm::SHA1, subject.key()).is_some_and(|own| own == hash.as_bytes())
            })
        }
        _ => false,
    }
}

fn malformed(_: der::Error) -> Wrong {
    Wrong::Malformed
}
