//! One-time passwords that work: sent ones (11.8) and those of an authenticator app, each for one authorization.

use crate::algorithm::Hash;
use crate::check::{Stop, Verdict};
use crate::session::{Described, Expected, Rows, Session};

/// Whether codes of this credential come on request.
fn is_sent(s: &Session, described: &Described<'_>) -> bool {
    if s.is_v1() {
        return described.info["OTP"]["type"] == "online";
    }
    let objects = described.info["auth"]["objects"].as_array();
    objects.is_some_and(|objects| objects.iter().any(|object| object["type"] == "ChallengeResponse"))
}

/// Tries every credential of the profile's whose passwords are of this kind.
async fn each(s: &Session, sent: bool) -> Verdict {
    let mut tried = 0;
    for credential in &s.profile().coded {
        let described = s.describe(credential).await?;
        if is_sent(s, &described) == sent {
            once(s, &described).await?;
            tried += 1;
        }
    }
    let none = || {
        let kind = if sent { "has its codes sent" } else { "takes codes from an authenticator app" };
        Stop::NotChecked(format!("no credential under [[coded]] in the profile {kind}"))
    };
    if tried > 0 { Ok(()) } else { Err(none()) }
}

/// One password gives one SAD; the second time it is a wrong one.
async fn once(s: &Session, described: &Described<'_>) -> Verdict {
    let ask = s.authorization(described, Hash::Sha256, &s.digests(Hash::Sha256, 1)).await?;
    s.sad(s.call("credentials/authorize", &ask).await?).await?;
    let again = s.call("credentials/authorize", &ask).await?;
    // Before it is judged, so that no lock comes nearer. A generated one may need its time; the next run brings it.
    if is_sent(s, described) {
        s.activate(described, Hash::Sha256, &s.digests(Hash::Sha256, 1)).await?;
    }
    let wrong = Expected::differs("The OTP is invalid", "The authentication data is invalid");
    let wrong = wrong.coded(if s.is_v1() { &["invalid_otp"] } else { &["invalid_authentication_data"] });
    let mut rows = Rows::default();
    rows.add("a one-time password for the second time", wrong, again);
    rows.codes()
}

pub(super) async fn sent(s: &Session) -> Verdict {
    each(s, true).await
}

pub(super) async fn generated(s: &Session) -> Verdict {
    each(s, false).await
}
