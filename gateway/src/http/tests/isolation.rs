//! Who reaches what: somebody else's looks exactly like what does not exist.

use rsign_api::signer::{Scal, State};
use serde_json::json;

use super::{Bench, HASH};
use crate::domain::client::{PinTransport, Reach};
use crate::domain::credential::Known;
use crate::port::fake_signer::PIN;

#[tokio::test]
async fn a_17_foreign_credentials_do_not_exist() {
    let bench = Bench::new().await;
    let bob = bench.user("bob").await;
    let (anns, bobs) = (bench.credential(&bench.ann, Scal::Two).await, bench.credential(&bob, Scal::Two).await);
    let ann = bench.login("ann").await;
    let linked = bench.client_token("linked", PinTransport::Clear, Reach::Linked).await;
    bench.parts.clients().link("linked", &bench.ann).await.unwrap();
    for token in [&ann, &linked] {
        for method in ["credentials/info", "credentials/authorize", "signatures/signHash"] {
            let path = format!("/csc/v1/{method}");
            let foreign = bench.call(&path, token, json!({ "credentialID": bobs, "SAD": "sad_one" })).await;
            let unknown = bench.call(&path, token, json!({ "credentialID": "0".repeat(32), "SAD": "sad_one" })).await;
            assert_eq!(foreign.error(), (400, "invalid_request", "Invalid parameter credentialID"));
            assert_eq!(foreign.error(), unknown.error());
        }
        assert_eq!(bench.call("/csc/v1/credentials/info", token, json!({ "credentialID": anns })).await.status, 200);
    }
}

#[tokio::test]
async fn a_17_client_tokens_name_their_users() {
    let bench = Bench::new().await;
    let bob = bench.user("bob").await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let linked = bench.client_token("linked", PinTransport::Clear, Reach::Linked).await;
    bench.parts.clients().link("linked", &bench.ann).await.unwrap();
    let path = "/csc/v2/credentials/list";
    let listed = bench.call(path, &linked, json!({ "userID": bench.ann })).await;
    assert_eq!(listed.json["credentialIDs"], json!([id]));
    for body in [json!({}), json!({ "userID": bob }), json!({ "userID": "nobody" }), json!({ "userID": 7 })] {
        assert_eq!(bench.call(path, &linked, body).await.error().2, "Invalid parameter userID");
    }
    let all = bench.client_token("all", PinTransport::Clear, Reach::All).await;
    assert_eq!(bench.call(path, &all, json!({ "userID": bob })).await.status, 200);
    assert_eq!(bench.call(path, &all, json!({ "userID": "nobody" })).await.error().2, "Invalid parameter userID");
}

#[tokio::test]
async fn a_46_a_clear_pin_of_a_sealed_client_never_reaches_the_signer() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let sealed = bench.client_token("sealed", PinTransport::Sealed, Reach::All).await;
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH], "PIN": PIN });
    let heard = bench.call("/csc/v1/credentials/authorize", &sealed, ask).await;
    assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"));
    assert!(heard.error().2.contains("sealed"));
    assert!(bench.signer.pins.lock().unwrap().is_empty());
}

#[tokio::test]
async fn enrolments_suspensions_and_the_end() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    *bench.signer.state.lock().unwrap() = State::Linked;
    let id = bench.credential(&bench.ann, Scal::One).await;
    let ask = json!({ "credentialID": id, "numSignatures": 1, "PIN": PIN });
    let path = "/csc/v1/credentials/authorize";
    let disabled = "The credential identified by credentialID is disabled";
    assert_eq!(bench.call(path, &token, ask.clone()).await.error().2, disabled);
    // The PIN was handed over on the signer's host.
    *bench.signer.state.lock().unwrap() = State::Active;
    assert_eq!(bench.call(path, &token, ask.clone()).await.status, 200);
    assert!(bench.parts.repositories.enrolments.open(None, 10).await.unwrap().is_empty());
    let enrolment = bench.parts.enrolment("default");
    enrolment.change_state(&id, State::Suspended, Known::Suspended).await.unwrap();
    assert_eq!(bench.call(path, &token, ask.clone()).await.error().2, disabled);
    enrolment.change_state(&id, State::Destroyed, Known::Destroyed).await.unwrap();
    assert_eq!(bench.call(path, &token, ask).await.error().2, "Invalid parameter credentialID");
    assert_eq!(bench.call("/csc/v1/credentials/list", &token, json!({})).await.json["credentialIDs"], json!([]));
}
