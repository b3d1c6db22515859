//! In the helper: signatures of long ago are to last longer. Their newest time-stamps are read and judged, then what shows that
//! those were good, then newer ones: whoever fetched all that.

use rsign_ades::Stored;
use rsign_ades::evidence::{Subject, stamp};
use rsign_ades::stored::{self, Found};
use rsign_api::bytes::Bytes;
use rsign_api::objection::Reason;
use rsign_api::signer::{NewestStamp, Refusal, RenewDocument, RenewedDocument, StampImprint};

use super::complete::{Refused, evidence, judged};
use super::wire::Answer;

impl From<stored::Error> for Refused {
    fn from(error: stored::Error) -> Self {
        Self(Answer::Unfit(Reason::Unreadable, error.to_string()))
    }
}

/// What was asked in this message, of this document, behind which is what it signs, if that came along; at this Unix second.
pub(super) fn renew(octets: &[u8], message: &str, now: u64) -> Answer {
    let asked = serde_json::from_str(message).map_err(|error| Refused::new(Refusal::Malformed, error.to_string()));
    match asked.and_then(|asked| renewed(octets, &asked, now)) {
        Ok(renewed) => Answer::Renewed(renewed),
        Err(Refused(answer)) => answer,
    }
}

fn renewed(octets: &[u8], asked: &RenewDocument, now: u64) -> Result<RenewedDocument, Refused> {
    let malformed = |why: &str| Refused::new(Refusal::Malformed, why);
    let length = usize::try_from(asked.document.len()).unwrap_or(usize::MAX);
    let (document, content) = octets.split_at_checked(length).ok_or_else(|| malformed("octets are missing"))?;
    let mut stored = match Stored::read(document)? {
        Found::Unsigned => return Ok(RenewedDocument::Unsigned),
        Found::Unstamped => return Ok(RenewedDocument::Unstamped),
        Found::Stamped(stored) => stored,
    };
    let wrong =
        |wrong: stamp::Wrong| Refused(Answer::Unfit(Reason::Unreadable, format!("its newest time-stamp: {wrong}")));
    let newest = stored.stamps().map(stamp::judge).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if asked.evidence.is_empty() {
        let stamps = newest.into_iter().map(described).collect();
        return Ok(RenewedDocument::Stamped { stamps, detached: !stored.is_attached() });
    }
    if asked.evidence.len() != newest.len() || ![0, newest.len()].contains(&asked.stamps.len()) {
        return Err(malformed("something else for each time-stamp than there are"));
    }
    if asked.content.is_some() {
        stored.bring(content);
    }
    stored.check()?;
    for (place, (stamp, found)) in newest.into_iter().zip(&asked.evidence).enumerate() {
        stored.add(place, evidence(found, &[stamp.signer.der], now)?)?;
    }
    let mut imprints = Vec::new();
    for place in 0..asked.evidence.len() {
        let (algorithm, hash) = stored.imprint(place)?;
        if let Some(token) = asked.stamps.get(place) {
            judged(token, algorithm, &hash)?;
            stored.stamp(place, token.0.clone())?;
        }
        imprints.push(StampImprint { algorithm, hash: Bytes(hash) });
    }
    Ok(match asked.stamps.is_empty() {
        true => RenewedDocument::Imprints(imprints),
        false => RenewedDocument::Parts(stored.finish()?),
    })
}

/// By whom it was signed; certificates that cannot be read lead nowhere.
fn described(stamp: stamp::Stamp) -> NewestStamp {
    let until = stamp.signer.not_after();
    let others = stamp.brought.into_iter().filter(|der| *der != stamp.signer.der && Subject::read(der).is_ok());
    let certificates = std::iter::once(stamp.signer.der.clone()).chain(others).map(Bytes).collect();
    NewestStamp { until, certificates }
}
