//! Why hashes of a request are not signed, one by one: a refusal is of the request, and who approved the documents wants to
//! know which of them, and what to do.

use rsign_api::objection::Reason;
use rsign_api::signer::Scal;

use super::{ItemState, Request, Sad, Use};

impl Sad {
    /// What speaks against each use of a request, in their order. Nothing is said to whoever the SAD was not given to.
    #[must_use]
    pub fn why(&self, request: &Request) -> Vec<Option<Reason>> {
        let Request { token, client, user, credential, .. } = request;
        if self.admit(token, client, user.as_deref(), credential).is_err() {
            return vec![None; request.uses.len()];
        }
        let places = self.places();
        let mut room = (self.signatures as usize).saturating_sub(self.items.len());
        let one = |wanted: &Use| match places.get(wanted.hash.0.as_slice()).and_then(|place| self.items.get(*place)) {
            None if self.scal == Scal::Two => Some(Reason::NotApproved),
            None if room == 0 => Some(Reason::TooManySignatures),
            None => {
                room -= 1;
                None
            }
            Some(item) if !item.fits(wanted) => Some(Reason::ApprovedOtherwise),
            Some(item) => match &item.state {
                ItemState::Free => None,
                ItemState::Reserved { request: other, .. } => (*other.0 != request.digest).then_some(Reason::Reserved),
                ItemState::Done { scheme, document, .. } => {
                    (*scheme != wanted.scheme || !wanted.is(document.as_ref())).then_some(Reason::Spent)
                }
            },
        };
        request.uses.iter().map(one).collect()
    }
}
