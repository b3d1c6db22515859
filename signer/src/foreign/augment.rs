//! In the helper: evidence for a signed PDF, judged before it goes in, and document time-stamps.

use rsign_ades::evidence::{Evidence, judge};
use rsign_ades::pdf::{self, Limits};
use rsign_api::signer::Refusal;

use super::helper::refused;
use super::wire::Answer;

/// What adds this evidence to the document, and room for a document time-stamp behind it.
pub(super) fn augment(document: &[u8], evidence: &Evidence, reserve: Option<u32>, now: u64) -> Answer {
    if let Err(flaw) = judge(evidence, now) {
        return Answer::Refused(Refusal::Evidence, flaw.to_string());
    }
    let limits = Limits::default();
    let mut octets = match pdf::dss(document, evidence, &limits) {
        Ok(octets) => octets,
        Err(error) => return refused(&error),
    };
    let Some(reserve) = reserve else { return Answer::Augmented { octets, gap: None } };
    let whole = [document, &octets].concat();
    let reserve = usize::try_from(reserve).unwrap_or(usize::MAX);
    match pdf::document_time_stamp(&whole, reserve, &limits) {
        Ok(update) => {
            let place = |at| u32::try_from(octets.len() + at).unwrap_or(u32::MAX);
            let gap = (place(update.gap().start), place(update.gap().end));
            octets.extend_from_slice(update.octets());
            Answer::Augmented { octets, gap: Some(gap) }
        }
        Err(error) => refused(&error),
    }
}

/// The token of the document time-stamp that is the document's last signature.
pub(super) fn time_stamp(document: &[u8]) -> Answer {
    match pdf::newest_time_stamp(document, &Limits::default()) {
        Ok(token) => Answer::TimeStamp(token),
        Err(error) => refused(&error),
    }
}
