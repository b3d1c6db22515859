//! Who says no on the signing page, or cannot say yes there: the app hears so, and nobody is asked again.

use rsign_api::error::oauth2;
use rsign_api::signer::Scal;
use rsign_api::version::Version;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::super::flow::parameter;
use super::super::{Bench, HASH, PUBLIC, registration};
use crate::service::oauth::requests::{Error, Next};

#[tokio::test]
async fn what_is_denied_on_the_signing_page_the_app_hears() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "credential"), ("credentialID", &id)];
    let asked = [&asked[..], &[("hash", HASH), ("state", "s t")]].concat();
    let (cookie, session) = bench.browser(&bench.ann).await;
    let (elsewhere, _) = bench.browser(&bench.ann).await;
    for (end, fault) in [("denied", oauth2::DENIED), ("unusable", oauth2::KEY_UNUSABLE)] {
        let accepted = bench.authorize(&asked).await;
        let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
        let (tx, token) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
        // Another session says nothing for this one, and a word that nobody knows says nothing.
        let ended = format!("{tx}&end={end}");
        assert_eq!(bench.come_back(&ended, &elsewhere).await.status, 403);
        let odd = bench.come_back(&format!("{tx}&end=odd"), &cookie).await;
        assert!(odd.location().contains("/account/approve?request=ar_"), "{}", odd.location());
        let back = bench.come_back(&ended, &cookie).await;
        let said = |name| parameter(back.location(), name);
        assert_eq!(said("error").as_deref(), Some("access_denied"), "{}", back.location());
        assert_eq!(said("error_description").as_deref(), Some(fault.sentence(Version::V2)));
        assert_eq!((said("state").as_deref(), said("iss").as_deref(), said("code")), (Some("s t"), Some(PUBLIC), None));
        // Neither the channel nor the request is to be had any more.
        assert_eq!(bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await.json["error"], "failed");
        assert_eq!(bench.come_back(&ended, &cookie).await.status, 410);
        assert!(matches!(bench.site.app.requests.describe(accepted.request()).await, Err(Error::Unknown)));
    }
    // What was approved in this moment is ended.
    let accepted = bench.authorize(&asked).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    let tx = bench.sign_page(&url, "sad_one").await;
    let back = bench.come_back(&format!("{tx}&end=denied"), &cookie).await;
    assert_eq!(parameter(back.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(*bench.signer.ended.lock().unwrap(), ["sad_one"]);
    // So is what is approved after the browser was heard and before it is over: it is given out once, to be ended.
    let accepted = bench.authorize(&asked).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    let tx = bench.sign_page(&url, "sad_two").await;
    let approved = bench.site.app.transactions.end(&tx).await.unwrap().unwrap();
    assert_eq!(approved.sad.expose_secret(), "sad_two");
    assert!(bench.site.app.transactions.end(&tx).await.unwrap().is_none());
}
