//! A body that is held back: who asks was recognised by the head, and an operator ends what they had before the rest comes.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, header};
use data_encoding::BASE64;
use futures_util::stream;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::csc::signatures::Deferral;
use rsign_api::signer::Scal;
use rsign_api::version::Version;
use serde_json::{Value, json};

use super::flow::{CHALLENGE, Visited};
use super::{Bench, HASH, Heard, registration};
use crate::domain::client::{PinTransport, Reach};
use crate::domain::token::{Bearer, Eras};
use crate::http::error::Problem;
use crate::port::fake_signer::PIN;
use crate::service::clients::Registration;
use crate::service::ending::Ending;
use crate::service::jobs::{self, Hashes, Order, Work};
use crate::service::{oauth::requests, transactions};

const RSA: &str = "1.2.840.113549.1.1.11";
const EXPIRED: (u16, &str, &str) =
    (401, "expired_token", "The access or refresh token is expired or has been revoked.");

/// A body that comes after this: nothing of it is asked for before its sender is recognised.
pub(super) fn held(body: String, meanwhile: impl Future<Output = ()> + Send + 'static) -> Body {
    Body::from_stream(stream::once(async move {
        meanwhile.await;
        Ok::<_, Infallible>(body)
    }))
}

impl Bench {
    /// So much time goes by, and an operator ends what these had, and lets them in again.
    pub(super) fn meanwhile(
        &self,
        milliseconds: i64,
        client: Option<&'static str>,
        user: Option<&str>,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let ending = Ending::new(&self.parts.repositories);
        let (clock, user) = (Arc::clone(&self.clock), user.map(str::to_owned));
        async move {
            clock.0.fetch_add(milliseconds, Ordering::Relaxed);
            for switch in [true, false] {
                if let Some(client) = client {
                    ending.disable_client(client, switch).await.unwrap().unwrap();
                }
                if let Some(user) = &user {
                    ending.disable_user(user, switch).await.unwrap().unwrap();
                }
            }
        }
    }

    async fn call_late(
        &self,
        path: &str,
        authorization: &str,
        body: &Value,
        meanwhile: impl Future<Output = ()> + Send + 'static,
    ) -> Heard {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, authorization);
        self.exchange(request.body(held(body.to_string(), meanwhile)).unwrap()).await
    }

    /// The bearer of a client that reaches everybody.
    async fn app(&self, id: &str) -> Bearer {
        let era = self.parts.repositories.clients.registered(id).await.unwrap().unwrap().era;
        let eras = Eras { client: era, user: 0 };
        Bearer { client: id.to_owned(), user: None, reach: Reach::All, key: None, eras }
    }
}

#[tokio::test]
async fn a_token_that_died_on_the_way_registers_no_transaction() {
    let bench = Bench::new().await;
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let ask = json!({ "credentialID": key, "numSignatures": 1, "hash": [HASH] });
    for (id, milliseconds) in [("at-once", 0), ("late", 2000)] {
        let app = format!("Bearer {}", bench.client_token(id, PinTransport::Sealed, Reach::All).await);
        let ann = format!("Bearer {}", bench.login("ann").await);
        let register = async |token: &str, client, user| {
            bench.call_late("/rch", token, &ask, bench.meanwhile(milliseconds, client, user)).await
        };
        for (token, client, user) in [(&app, Some(id), None), (&ann, None, Some(bench.ann.as_str()))] {
            let heard = register(token, None, None).await;
            assert!(heard.status == 200 && heard.json["tx"].is_string(), "{:?}", heard.json);
            let heard = register(token, client, user).await;
            assert_eq!((heard.error(), &heard.json["tx"]), (EXPIRED, &Value::Null), "{id}");
        }
    }
    // A bearer that stands, and a key whose owner is gone.
    let app = bench.app("late").await;
    assert!(bench.site.app.transactions.eras(&app, &bench.ann).await.is_ok());
    Ending::new(&bench.parts.repositories).disable_user(&bench.ann, true).await.unwrap();
    let eras = bench.site.app.transactions.eras(&app, &bench.ann).await;
    assert!(matches!(eras, Err(transactions::Error::Withdrawn)), "{eras:?}");
}

#[tokio::test]
async fn nor_does_it_sign_what_took_long() {
    let bench = Bench::new().await;
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let digest = json!({ "hashes": [HASH], "signature_format": "C", "signAlgo": RSA });
    let document = json!({ "document": "AQID", "signature_format": "C", "signAlgo": RSA });
    let signed = || bench.signer.signed.lock().unwrap().len() + bench.signer.documents.lock().unwrap().len();
    for (place, (method, mut body)) in [
        ("signHash", json!({ "hashes": [HASH], "signAlgo": RSA })),
        ("signDoc", json!({ "documentDigests": [digest] })),
        ("signDoc", json!({ "documents": [document] })),
    ]
    .into_iter()
    .enumerate()
    {
        let app = match place {
            0 => bench.client_token("app", PinTransport::Sealed, Reach::All).await,
            _ => bench.login("ann").await,
        };
        let (client, user) = if place == 0 { (Some("app"), None) } else { (None, Some(bench.ann.as_str())) };
        (body["credentialID"], body["SAD"]) = (json!(key), json!("sad_one"));
        let (path, token) = (format!("/csc/v2/signatures/{method}"), format!("Bearer {app}"));
        let heard = bench.call_late(&path, &token, &body, bench.meanwhile(2000, None, None)).await;
        assert_eq!((heard.status, signed()), (200, place + 1), "{method}: {:?}", heard.json);
        // The fake signer holds what it has signed.
        let kept = bench.site.app.spool.kept();
        let heard = bench.call_late(&path, &token, &body, bench.meanwhile(2000, client, user)).await;
        assert_eq!((heard.error(), signed()), (EXPIRED, place + 1), "{method}");
        assert_eq!(bench.site.app.spool.kept(), kept, "and nothing is kept of it");
    }
}

#[tokio::test]
async fn a_worker_that_was_disabled_meanwhile_is_none() {
    let bench = Bench::new().await;
    let worker = Registration { pin_transport: PinTransport::Clear, reach: Reach::All, ..registration("worker") };
    bench.register(Registration { worker: true, ..worker }).await;
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let meta = json!({ "USING_CLIENTSUPPLIED_HASH": "true", "CLIENTSIDE_HASHDIGESTALGORITHM": "SHA-256" });
    let body = json!({ "data": HASH, "encoding": "BASE64", "metaData": meta });
    let basic = format!("Basic {}", BASE64.encode(format!("{key}:{PIN}").as_bytes()));
    let path = "/rest/v1/workers/worker/process";
    let pins = || bench.signer.pins.lock().unwrap().len();
    let heard = bench.call_late(path, &basic, &body, bench.meanwhile(2000, None, None)).await;
    assert_eq!((heard.status, pins()), (200, 1));
    let (ending, slow) = (Ending::new(&bench.parts.repositories), bench.meanwhile(2000, None, None));
    let disabled = async move {
        slow.await;
        ending.disable_client("worker", true).await.unwrap().unwrap();
    };
    assert_eq!((bench.call_late(path, &basic, &body, disabled).await.status, pins()), (404, 1));
}

/// A browser that an operator has signed out since it was recognised.
#[tokio::test]
async fn a_dead_session_agrees_to_nothing_on_the_signing_page() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let create = json!([{ "type": "https://cloudsignatureconsortium.org/2025/credential-creation" }]).to_string();
    let base = [("response_type", "code"), ("client_id", "app")];
    let signing: Vec<(&str, &str)> =
        base.into_iter().chain([("scope", "credential"), ("credentialID", &key), ("hash", HASH)]).collect();
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let creating: Vec<(&str, &str)> =
        base.into_iter().chain([("authorization_details", create.as_str())]).chain(challenge).collect();
    for asked in [signing, creating] {
        let (_, session) = bench.browser(&bench.ann).await;
        let approve =
            async |accepted: Visited| bench.site.app.requests.approve(accepted.request(), &session, None).await;
        let alive = approve(bench.authorize(&asked).await).await;
        assert!(matches!(alive, Ok(requests::Next::Sign(_))), "{alive:?}");
        bench.meanwhile(0, None, Some(&bench.ann)).await;
        let dead = approve(bench.authorize(&asked).await).await;
        let expected = matches!(dead, Err(requests::Error::Transaction(transactions::Error::Withdrawn)));
        assert!(expected, "{dead:?}");
    }
}

#[tokio::test]
async fn no_job_begins_where_the_owner_of_the_key_went_meanwhile() {
    let bench = Bench::new().await;
    bench.register(Registration { reach: Reach::All, ..registration("app") }).await;
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let (jobs, bearer) = (&bench.site.app.jobs, bench.app("app").await);
    let credential = bench.site.app.credentials.reach(&bearer, &key).await.unwrap();
    let start = async || {
        let (scheme, hashes) = (Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 }, vec![Bytes(vec![7; 32])]);
        let (bearer, credential) = (bearer.clone(), credential.clone());
        let work = Work::Hashes(Hashes { bearer, credential, sad: "sad_one".into(), scheme, hashes });
        jobs.start(Order { work, deferral: Deferral { validity: 3_600_000, response_uri: None } }).await
    };
    assert!(start().await.is_ok());
    Ending::new(&bench.parts.repositories).disable_user(&bench.ann, true).await.unwrap();
    let gone = start().await.unwrap_err();
    assert!(matches!(gone, jobs::Error::Gone), "{gone:?}");
    assert_eq!(bench.signer.signed.lock().unwrap().len(), 1, "nothing is signed for nobody");
    // As one that reaches it a moment later hears it.
    let said = Problem::from(gone).body(Version::V2).error_description.to_string();
    assert_eq!(said, "Invalid parameter credentialID");
}
