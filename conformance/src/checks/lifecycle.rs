//! `credentials/create` and `credentials/delete` of 2.2 (11.4, 11.5 there): both need an authorization of their own, so
//! nothing is made or destroyed here.

use serde_json::json;

use crate::check::Verdict;
use crate::session::Session;

pub(super) async fn create(s: &Session) -> Verdict {
    let ask = json!({ "credentialCreationRequest": { "certificatePolicy": s.nonce() } });
    s.call("credentials/create", &ask).await?.refused("a creation with a service token and an unknown policy")?;
    s.call("credentials/create", &json!({})).await?.refused("a creation without credentialCreationRequest")
}

pub(super) async fn delete(s: &Session) -> Verdict {
    let ask = json!({ "credentialDeletionRequest": { "credentialID": s.nonce() } });
    s.call("credentials/delete", &ask).await?.refused("the deletion of an unknown credential")?;
    s.call("credentials/delete", &json!({})).await?.refused("a deletion without credentialDeletionRequest")
}
