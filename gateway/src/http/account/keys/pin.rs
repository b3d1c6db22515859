//! Another PIN: on the signing page, and nowhere else.

use rsign_api::signer::Operation;

use super::elsewhere;
use crate::domain::session::{Notice, Session};
use crate::http::account::Answer;
use crate::http::account::form::Form;
use crate::http::account::visit::Visit;

/// Back from the signing page; the button that leads there is on the key's page.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(elsewhere::back(visit, session, Notice::PinChanged, Notice::PinNotChanged))
}

/// On to the signing page.
pub(in crate::http::account) fn act(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(elsewhere::go(visit, session, Operation::ChangePin, "pin"))
}
