//! `credentials/create` and `credentials/delete`: a user agrees, an app is told; nobody else's credential, and no token
//! for anything but its errand.

use rsign_api::bytes::Bytes;
use rsign_api::signer::{ChannelOutcome, CreatedCredential, FactorKind, Operation, Scal, State};
use serde_json::{Value, json};

use super::flow::{CHALLENGE, VERIFIER, parameter};
use super::{Bench, HASH};
use crate::domain::client::{PinTransport, Reach};
use crate::service::oauth::requests::{Error, Next};

const CREATE: &str = "https://cloudsignatureconsortium.org/2025/credential-creation";
const DELETE: &str = "https://cloudsignatureconsortium.org/2025/credential-deletion";
const INVALID: (u16, &str) = (401, "invalid_token");

/// An authorization request of the client `app`; what its page leads to.
async fn asked(bench: &Bench, details: &Value, more: &[(&'static str, &'static str)]) -> super::flow::Visited {
    let details = details.to_string();
    let mut form = vec![("response_type", "code"), ("client_id", "app"), ("authorization_details", details.as_str())];
    form.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    form.extend(more);
    bench.authorize(&form).await
}

/// The token for a code, and what is said of it.
async fn redeemed(bench: &Bench, url: &str, secret: &str) -> Value {
    let code = parameter(url, "code").unwrap_or_else(|| panic!("{url}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", secret),
    ];
    bench.token(&form).await.json
}

fn token(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

async fn deletion_token(bench: &Bench, secret: &str, id: &str) -> Value {
    let accepted = asked(bench, &json!([{ "type": DELETE, "credentialID": id }]), &[]).await;
    let (_, session) = bench.browser_for(&bench.ann, Some(accepted.request())).await;
    let Next::Redirect(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    redeemed(bench, &url, secret).await
}

/// On every other method a token of an errand is none.
async fn is_good_for_nothing_else(bench: &Bench, token: &str, id: &str) {
    for (method, body) in [
        ("credentials/list", json!({})),
        ("credentials/info", json!({ "credentialID": id })),
        ("credentials/authorize", json!({ "credentialID": id, "numSignatures": 1, "hashes": [HASH] })),
        ("signatures/signHash", json!({ "credentialID": id, "SAD": "sad_one", "hashes": [HASH] })),
        ("auth/revoke", json!({ "token": token })),
    ] {
        let heard = bench.call(&format!("/csc/v2/{method}"), token, body).await;
        assert_eq!((heard.status, heard.error().1), INVALID, "{method}");
    }
}

#[tokio::test]
async fn a_key_is_made_on_the_signing_page_before_the_app_is_told() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Sealed, Reach::Linked).await;
    let details = json!([{ "type": CREATE, "credentialCreationRequest": { "subjectData": { "given_name": "Eve" } } }]);
    let accepted = asked(&bench, &details, &[("scope", "credential_creation")]).await;
    let (cookie, session) = bench.browser(&bench.ann).await;
    let Next::Sign(page) = bench.approve(accepted.request(), &session).await else { panic!("no signing page") };
    let (tx, held) = page.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    let told = bench.described(tx, held).await;
    assert_eq!((&told["operation"], &told["enrol"]["keyType"]), (&json!("enrol"), &json!("P-256")));
    assert_eq!(told["enrol"]["subject"]["given_name"], "Ann", "who it is for the account says");
    // Not before it is made.
    let back = bench.come_back(tx, &cookie).await;
    assert!(back.location().contains("/account/approve?request="), "{}", back.location());
    let some = Bytes(vec![1]);
    let made = CreatedCredential { key: some.clone(), spki: some.clone(), request: some, factor: FactorKind::None };
    bench.signer.outcomes.lock().unwrap().extend([ChannelOutcome::Enrolled(made), ChannelOutcome::Closed]);
    assert_eq!(bench.relay(tx, held, "hello", json!({ "hello": "AAAA" })).await.status, 200);
    for record in [json!({ "finished": "AAAA", "record": "AQID" }), json!({ "record": "AQID" })] {
        assert_eq!(bench.relay(tx, held, "record", record).await.status, 200);
    }
    let back = bench.come_back(tx, &cookie).await;
    let answer = redeemed(&bench, back.location(), &secret).await;
    let id = told["credential"].as_str().unwrap();
    assert_eq!(answer["authorization_details"], json!([{ "type": CREATE, "credentialID": id }]));
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert!(answer.get("refresh_token").is_none());
    let bearer = token(&answer);
    let path = "/csc/v2/credentials/create";
    for _ in 0..2 {
        let heard = bench.call(path, bearer, json!({ "credentialCreationRequest": {} })).await;
        assert_eq!((heard.status, &heard.json), (201, &json!({ "credentialID": id })));
    }
    let ask = json!({ "credentialCreationRequest": {}, "credentialInfo": true, "certificates": "chain" });
    let heard = bench.call(path, bearer, ask).await;
    assert_eq!((heard.status, &heard.json["credentialID"]), (201, &json!(id)));
    assert_eq!(heard.json["cert"]["certificates"].as_array().unwrap().len(), 2);
    for (body, parameter) in [
        (json!({}), "credentialCreationRequest"),
        (json!({ "credentialCreationRequest": "x" }), "credentialCreationRequest"),
        (json!({ "credentialCreationRequest": { "certificatePolicy": 1 } }), "credentialCreationRequest"),
        (json!({ "credentialCreationRequest": { "subjectData": [] } }), "credentialCreationRequest"),
        // Not what the user agreed to.
        (json!({ "credentialCreationRequest": { "certificatePolicy": "1.2.3" } }), "credentialCreationRequest"),
        (json!({ "credentialCreationRequest": {}, "certificates": "all" }), "certificates"),
    ] {
        let sentence = format!("Invalid parameter {parameter}");
        assert_eq!(
            bench.call(path, bearer, body.clone()).await.error(),
            (400, "invalid_request", &*sentence),
            "{body}"
        );
    }
    is_good_for_nothing_else(&bench, bearer, id).await;
    let delete = json!({ "credentialDeletionRequest": { "credentialID": id } });
    assert_eq!(bench.call("/csc/v2/credentials/delete", bearer, delete).await.status, 401);
    bench.wait(300_001);
    let heard = bench.call(path, bearer, json!({ "credentialCreationRequest": {} })).await;
    assert_eq!((heard.status, heard.error().1), (401, "expired_token"));
}

#[tokio::test]
async fn a_credential_ends_as_its_owner_agreed_and_no_other() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Sealed, Reach::Linked).await;
    let (doomed, kept) = (bench.credential(&bench.ann, Scal::Two).await, bench.credential(&bench.ann, Scal::Two).await);
    let path = "/csc/v2/credentials/delete";
    let answer = deletion_token(&bench, &secret, &doomed).await;
    assert_eq!(answer["authorization_details"], json!([{ "type": DELETE, "credentialID": doomed }]));
    let bearer = token(&answer);
    is_good_for_nothing_else(&bench, bearer, &doomed).await;
    let creation = json!({ "credentialCreationRequest": {} });
    assert_eq!(bench.call("/csc/v2/credentials/create", bearer, creation).await.status, 401);
    let request = |id: &str| json!({ "credentialDeletionRequest": { "credentialID": id } });
    let (whole, id) = ("Invalid parameter credentialDeletionRequest", "Invalid parameter credentialID");
    for (body, sentence) in [
        (json!({}), whole),
        (json!({ "credentialDeletionRequest": [] }), whole),
        (json!({ "credentialDeletionRequest": { "credentialID": doomed, "revocationReason": 7 } }), whole),
        (json!({ "credentialDeletionRequest": { "credentialID": doomed, "revocationReason": "x" } }), whole),
        (json!({ "credentialDeletionRequest": {} }), id),
        (request("nobody's"), id),
        (request(&kept), id),
    ] {
        assert_eq!(bench.call(path, bearer, body.clone()).await.error(), (400, "invalid_request", sentence), "{body}");
    }
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Active, "nothing was ended yet");
    assert_eq!(bench.call(path, bearer, request(&doomed)).await.status, 204);
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Destroyed);
    assert_eq!(bench.call(path, bearer, request(&doomed)).await.error(), (400, "invalid_request", id));
    let service = bench.login("ann").await;
    let listed = bench.call("/csc/v2/credentials/list", &service, json!({})).await.json;
    assert_eq!(listed["credentialIDs"], json!([kept]));
    // A token of the service, of whomever, ends nothing.
    assert_eq!(bench.call(path, &service, request(&kept)).await.status, 401);
}

#[tokio::test]
async fn nobody_agrees_to_the_end_of_anothers_key_or_without_signing_in_for_it() {
    let bench = Bench::new().await;
    bench.client("app", PinTransport::Sealed, Reach::Linked).await;
    let ben = bench.user("ben").await;
    let (own, foreign) = (bench.credential(&bench.ann, Scal::Two).await, bench.credential(&ben, Scal::Two).await);
    let (_, early) = bench.browser(&bench.ann).await;
    bench.wait(1000);
    let first = asked(&bench, &json!({ "type": DELETE, "credentialID": own }), &[]).await;
    let second = asked(&bench, &json!({ "type": DELETE, "credentialID": own }), &[]).await;
    bench.wait(1000);
    // Later than the request is not enough: it was for something else, or for another request.
    let (_, late) = bench.browser(&bench.ann).await;
    let (_, other) = bench.browser_for(&bench.ann, Some(first.request())).await;
    for session in [&early, &late, &other] {
        let refused = bench.site.app.requests.approve(second.request(), session, None).await;
        assert!(matches!(refused, Err(Error::SignIn)), "{refused:?}");
    }
    let accepted = asked(&bench, &json!({ "type": DELETE, "credentialID": foreign }), &[]).await;
    let (_, session) = bench.browser_for(&bench.ann, Some(accepted.request())).await;
    let refused = bench.site.app.requests.approve(accepted.request(), &session, None).await;
    assert!(matches!(refused, Err(Error::NoCredential)), "{refused:?}");
}

#[tokio::test]
async fn what_is_asked_for_oddly_is_refused_at_once() {
    let bench = Bench::new().await;
    bench.client("app", PinTransport::Sealed, Reach::Linked).await;
    let policy = json!({ "certificatePolicy": "0.4.0.194112.1.2" });
    for (details, more, error) in [
        (json!([{ "type": CREATE, "credentialCreationRequest": policy }]), None, "invalid_authorization_details"),
        (json!([{ "type": CREATE, "credentialCreationRequest": "x" }]), None, "invalid_authorization_details"),
        (json!([{ "type": DELETE }]), None, "invalid_authorization_details"),
        (json!([{ "type": CREATE }, { "type": CREATE }]), None, "invalid_authorization_details"),
        (json!([{ "type": CREATE }]), Some(("scope", "service")), "invalid_scope"),
        (json!([{ "type": CREATE }]), Some(("scope", "credential_deletion")), "invalid_scope"),
    ] {
        let more: Vec<_> = more.into_iter().collect();
        let refused = asked(&bench, &details, &more).await;
        assert_eq!(parameter(refused.location(), "error").as_deref(), Some(error), "{details} {more:?}");
    }
    let operation = bench.signer.hellos.lock().unwrap().iter().map(|hello| hello.registration.operation).next();
    assert_eq!(operation, None::<Operation>);
}
