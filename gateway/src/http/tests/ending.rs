//! What an operator ends: an app whose secret leaked, a person who left.

use rsign_api::signer::Scal;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::Bench;
use crate::domain::client::{PinTransport, Reach};
use crate::service::clients;
use crate::service::ending::{Ended, Ending};

const LIST: &str = "/csc/v1/credentials/list";

#[tokio::test]
async fn a_disabled_app_has_nothing_any_more() {
    let bench = Bench::new().await;
    let (ending, body) = (Ending::new(&bench.parts.repositories), json!({ "userID": bench.ann }));
    bench.credential(&bench.ann, Scal::Two).await;
    let secret = bench.client("app", PinTransport::Sealed, Reach::All).await;
    let form = |secret: &str| format!("grant_type=client_credentials&client_id=app&client_secret={secret}");
    let token = async |secret: &str| bench.form("/oauth2/token", &form(secret), None).await;
    let held = token(&secret).await.token();
    let other = bench.client_token("other", PinTransport::Sealed, Reach::All).await;
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 200);

    // The grant of its refresh token, and its access token.
    assert_eq!(ending.disable_client("app", true).await.unwrap(), Some(Ended { tokens: 2, sessions: 0 }));
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 401);
    let unknown = token(&secret).await;
    assert_eq!(unknown.error(), (400, "invalid_request", "Invalid parameter client_id"));
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "service")];
    assert_eq!(bench.authorize(&asked).await.status, 400, "nor is anybody sent to it");
    assert_eq!(bench.call(LIST, &other, body.clone()).await.status, 200, "others have what they had");

    // Let in again, it asks anew.
    assert_eq!(ending.disable_client("app", false).await.unwrap(), Some(Ended::default()));
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 401);
    let again = token(&secret).await.token();
    assert_eq!(bench.call(LIST, &again, body.clone()).await.status, 200);
    assert_eq!(ending.disable_client("nobody", true).await.unwrap(), None);
}

#[tokio::test]
async fn a_leaked_secret_is_replaced() {
    let bench = Bench::new().await;
    let old = bench.client("app", PinTransport::Sealed, Reach::All).await;
    let clients = bench.parts.clients();
    let new = clients.renew_secret("app").await.unwrap();
    assert!(matches!(clients.authenticate("app", &old, None).await, Err(clients::Error::WrongSecret)));
    assert!(clients.authenticate("app", new.expose_secret(), None).await.is_ok());
    assert!(matches!(clients.renew_secret("nobody").await, Err(clients::Error::Unknown)));
}

#[tokio::test]
async fn nobody_signs_in_to_a_disabled_account() {
    let bench = Bench::new().await;
    let ending = Ending::new(&bench.parts.repositories);
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    bench.browser(&bench.ann).await;
    assert_eq!(bench.call(LIST, &token, json!({})).await.status, 200);

    let ended = ending.disable_user(&bench.ann, true).await.unwrap();
    assert_eq!(ended, Some(Ended { tokens: 1, sessions: 1 }));
    assert_eq!(ending.keys_of(&bench.ann).await.unwrap(), [key]);
    assert_eq!(bench.call(LIST, &token, json!({})).await.status, 401);
    let refused = bench.login_with("ann", "hunter22", json!({})).await;
    let wrong = bench.login_with("ann", "hunter23", json!({})).await;
    assert_eq!(refused.error(), wrong.error(), "as with a wrong password");
    let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    assert_eq!(bench.call(LIST, &app, json!({ "userID": bench.ann })).await.status, 400);

    ending.disable_user(&bench.ann, false).await.unwrap();
    assert_eq!(bench.call(LIST, &bench.login("ann").await, json!({})).await.status, 200);
    assert_eq!(ending.disable_user("nobody", true).await.unwrap(), None);
}
