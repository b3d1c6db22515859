//! Kinds of apps there are, by the very bodies they send (clients.md 2c to 2k): each comes to a signature. Those that
//! carry no PIN are in `implicit.rs`. pyHanko runs for real, in `clients.rs`; jsign in `jsign.rs`.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::api::{authorize, signatures};
use harness::channel::{Device, pinned};
use harness::verify::{PublicKey, Sha};
use harness::{Algorithm, Answer, Hash, Session, Wanted, parameter, shared};
use rsign_api::channel::wire::State;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::Outsider;
use crate::pages::{CALLBACK, Scene, borrowed};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge() -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(VERIFIER))
}

impl Scene {
    /// With these parameters of `oauth2/authorize`, up to the code: the person says yes and types their PIN.
    async fn code(&mut self, parameters: &[(&'static str, String)]) -> String {
        let gone = self.browser.say_yes(&borrowed(parameters)).await;
        let mut device = Device::follow(&self.api, &gone, &pinned(&shared().folder)).await;
        assert_eq!(device.approve(&self.who.credential.pin).await, ("done".to_owned(), State::Done));
        let landed = self.browser.come_back(&device).await.location().to_owned();
        parameter(&landed, "code").unwrap_or_else(|| panic!("no code in {landed}"))
    }

    /// A code for the scope `service`.
    async fn service_code(&mut self, more: &[(&'static str, String)]) -> String {
        let asked: Vec<_> = self.service().into_iter().chain(more.iter().cloned()).collect();
        let landed = self.browser.say_yes(&borrowed(&asked)).await;
        parameter(&landed, "code").unwrap_or_else(|| panic!("no code in {landed}"))
    }

    fn basic(&self) -> Option<(&str, &str)> {
        Some((self.app.client_id.as_str(), self.app.client_secret.as_deref().unwrap()))
    }

    async fn token(&self, form: &[(&str, &str)]) -> Value {
        self.api.form("/oauth2/token", self.basic(), form).await.ok()
    }
}

/// `2025/credential`, as the Kotlin library writes it.
fn kotlin_details(who: &Outsider, hashes: &[Hash]) -> String {
    let digests: Vec<_> =
        hashes.iter().map(|hash| json!({ "hash": hash.base64(), "label": "a.pdf", "hashType": "DTBSR" })).collect();
    json!([{
        "type": "https://cloudsignatureconsortium.org/2025/credential", "numSignatures": hashes.len(),
        "credentialID": who.credential.id, "documentDigests": digests, "hashAlgorithmOID": SHA256,
    }])
    .to_string()
}

#[tokio::test]
async fn kind_2c_the_eudi_kotlin_library() {
    let mut scene = Scene::set("kotlin").await;
    let hashes = [Hash::of("kotlin")];
    let info = scene.api.post("/csc/v2/info", &[], json!({ "lang": null }).to_string()).await.ok();
    for name in ["specs", "name", "logo", "region", "lang", "description"] {
        assert!(info[name].is_string(), "{name}");
    }
    for name in ["authType", "methods", "supportedHashTypes", "conformance_levels"] {
        assert!(info[name].is_array(), "{name}");
    }
    assert!(info["signAlgorithms"]["algos"].is_array() && info["signature_formats"]["formats"].is_array());
    // It pushes first, with client_secret_basic and the client_id again.
    let details = kotlin_details(&scene.who, &hashes);
    let challenge = challenge();
    let form = [
        ("response_type", "code"),
        ("client_id", scene.app.client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "credential"),
        ("state", "s"),
        ("prompt", "login"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("authorization_details", details.as_str()),
    ];
    let pushed = scene.api.form("/oauth2/pushed_authorize", scene.basic(), &form).await;
    assert_eq!(pushed.status, 201, "{}", pushed.json);
    let request_uri = pushed.json["request_uri"].as_str().unwrap().to_owned();
    let code = scene.code(&[("client_id", scene.app.client_id.clone()), ("request_uri", request_uri)]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", scene.app.client_id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("authorization_details", details.as_str()),
    ];
    let tokens = scene.token(&form).await;
    let granted = &tokens["authorization_details"][0];
    for name in ["type", "credentialID", "numSignatures", "documentDigests", "hashAlgorithmOID"] {
        assert!(!granted[name].is_null(), "{name} in {granted}");
    }
    // The credential's token is good for its credentials/info, and is the only authorization of signHash.
    let bearer = scene.api.with(tokens["access_token"].as_str().unwrap());
    let id = scene.who.credential.id.as_str();
    let ask = json!({ "credentialID": id, "certificates": "single", "certInfo": false, "authInfo": false,
        "lang": null, "clientData": null });
    let info = bearer.call("v2/credentials/info", ask).await.ok();
    assert!(["explicit", "oauth2code"].contains(&info["auth"]["mode"].as_str().unwrap()));
    assert!(info["auth"]["objects"].is_array() && info["multisign"].is_u64() && info["SCAL"].is_string());
    assert!(info["cert"]["issuerDN"].is_string() && info["cert"]["subjectDN"].is_string());
    let ask = json!({
        "credentialID": id, "hashes": [hashes[0].base64()], "hashAlgorithmOID": SHA256, "signAlgo": ECDSA_SHA256,
        "signAlgoParams": null, "operationMode": "S",
    });
    let signed = signatures(&bearer.call("v2/signatures/signHash", ask).await.ok());
    scene.who.verifies(&Algorithm::usual("P-256"), &hashes[0], &signed[0]);
}

#[tokio::test]
async fn kind_2d_the_eudi_swift_library() {
    let mut scene = Scene::set("swift").await;
    let hash = Hash::of("swift");
    let info = scene.api.post("/csc/v2/info", &[], "{}").await.ok();
    assert!(info["oauth2"].is_string() && info["signAlgorithms"]["algoParams"].is_array());
    assert!(info["signature_formats"]["envelope_properties"].is_array());
    let details = |hash: String| {
        json!([{
            "type": "credential", "credentialID": scene.who.credential.id, "hashAlgorithmOID": SHA256,
            "documentDigests": [{ "hash": hash, "label": "a.pdf" }], "locations": ["https://rsp.example"],
        }])
        .to_string()
    };
    // base64url without padding when it asks, standard Base64 when it redeems.
    let (asked, redeemed) = (details(BASE64URL_NOPAD.encode(&hash.digest)), details(hash.base64()));
    let mut parameters = scene.service();
    parameters.extend([
        ("scope", "credential".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
        ("authorization_details", asked),
    ]);
    let code = scene.code(&parameters).await;
    let form = [
        ("client_id", scene.app.client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("grant_type", "authorization_code"),
        ("code_verifier", VERIFIER),
        ("code", code.as_str()),
        ("state", "s t%æ"),
        ("authorization_details", redeemed.as_str()),
    ];
    let tokens = scene.token(&form).await;
    assert!(tokens["token_type"].is_string() && tokens["expires_in"].is_u64());
    let bearer = scene.api.with(tokens["access_token"].as_str().unwrap());
    // Members in snake_case are nobody's and are ignored.
    let ask = json!({
        "credentialID": scene.who.credential.id, "hashes": [hash.base64()], "hashAlgorithmOID": SHA256,
        "signAlgo": ECDSA_SHA256, "sign_algo_params": "AA==", "operationMode": "S", "validity_period": 1,
        "response_uri": "https://x.example", "client_data": "x",
    });
    let signed = signatures(&bearer.call("v2/signatures/signHash", ask).await.ok());
    scene.who.verifies(&Algorithm::usual("P-256"), &hash, &signed[0]);
    let session = &scene.who.session;
    let ask = json!({ "user_id": "x", "credentialInfo": true, "certificates": "chain", "certInfo": true,
        "auth_info": true, "only_valid": true });
    let listed = session.call("v2/credentials/list", ask).await.ok();
    for name in ["status", "certificates", "issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo"] {
        assert!(!listed["credentialInfos"][0]["cert"][name].is_null(), "{name}");
    }
}

/// Neither half can be installed (looked for again in PyPI, npm and Maven Central, December 2026: the relying party is a web
/// application, the signature application a service, both in their repositories only): what they send is written out here.
#[tokio::test]
async fn kind_2e_the_eudi_relying_party_and_its_signature_application() {
    let mut scene = Scene::set("relying-party").await;
    let more = ["--redirect-uri", "http://127.0.0.1/callback", "--token-request", "query"];
    scene.app = shared().operator().add_client_with(&format!("rp-{}", scene.who.user.username), &more);
    let hash = Hash::of("relying party");
    // The first hop is made by a server without a cookie jar.
    let asked = scene.signing(std::slice::from_ref(&hash));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let root = reqwest::Certificate::from_pem(&std::fs::read(shared().ready.tls_ca.as_ref().unwrap()).unwrap());
    let http = http.tls_certs_only([root.unwrap()]).build().unwrap();
    let hop = http.get(format!("{}/oauth2/authorize?{query}", scene.api.base())).send().await.unwrap();
    assert_eq!(hop.status().as_u16(), 302);
    assert!(hop.headers().get("set-cookie").is_none(), "nothing depends on a cookie of this hop");
    // What the browser of the person is given leads on by itself.
    let page = scene.browser.get(hop.headers()["location"].to_str().unwrap()).await;
    let gone = scene.browser.submit(&page, "/account/approve", &[("decision", "continue")]).await.location().to_owned();
    let mut device = Device::follow(&scene.api, &gone, &pinned(&shared().folder)).await;
    assert_eq!(device.approve(&scene.who.credential.pin).await.1, State::Done);
    let landed = scene.browser.come_back(&device).await.location().to_owned();
    let code = parameter(&landed, "code").unwrap();
    // Everything in the query string, an empty body, Basic.
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", &scene.app.client_id),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let (id, secret) = scene.basic().unwrap();
    let basic = format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()));
    let tokens = scene.api.post(&format!("/oauth2/token?{query}"), &[("authorization", &basic)], "").await.ok();
    let bearer = scene.api.with(tokens["access_token"].as_str().unwrap());
    let ask = json!({ "credentialID": scene.who.credential.id, "certificates": "chain", "certInfo": true });
    assert_eq!(bearer.call("v2/credentials/info", ask).await.ok()["cert"]["certificates"].as_array().unwrap().len(), 2);
    let ask = json!({
        "credentialID": scene.who.credential.id, "SAD": null, "hashes": [hash.base64()], "hashAlgorithmOID": SHA256,
        "signAlgo": ECDSA_SHA256, "signAlgoParams": null, "operationMode": "S", "validity_period": null,
        "response_uri": null, "clientData": null,
    });
    let signed = signatures(&bearer.call("v2/signatures/signHash", ask).await.ok());
    scene.who.verifies(&Algorithm::usual("P-256"), &hash, &signed[0]);
    // On 400 it reads `message`.
    let heard = bearer.call("v2/credentials/info", json!({})).await;
    assert_eq!(heard.json["message"], heard.json["error_description"]);
}

#[tokio::test]
async fn kind_2g_documenso() {
    let mut scene = Scene::set("documenso").await;
    let hashes = Hash::many("documenso", 2);
    let info = scene.api.post("/csc/v1/info", &[], "{}").await.ok();
    assert!(info["methods"].as_array().unwrap().contains(&json!("signatures/timestamp")));
    let proof = [("code_challenge", challenge()), ("code_challenge_method", "S256".to_owned())];
    let code = scene.service_code(&[&[("scope", "service".to_owned())], &proof[..]].concat()).await;
    let form = |code| {
        [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER), ("redirect_uri", CALLBACK)]
    };
    let service = scene.token(&form(&code)).await;
    assert!(service["expires_in"].is_u64() && service["token_type"].is_string());
    let session = scene.api.with(service["access_token"].as_str().unwrap());
    let id = session.call("v1/credentials/list", json!({})).await.ok()["credentialIDs"][0].as_str().unwrap().to_owned();
    assert_eq!(id, scene.who.credential.id);
    let ask = json!({ "credentialID": id, "certificates": "chain", "certInfo": true, "authInfo": true });
    let described = session.call("v1/credentials/info", ask).await.ok();
    let time = |name: &str| described["cert"][name].as_str().unwrap().to_owned();
    assert!(time("validFrom").len() == 15 && time("validTo").ends_with('Z'));
    assert_eq!((&described["key"]["status"], &described["cert"]["status"]), (&json!("enabled"), &json!("valid")));
    assert!(described["multisign"].is_u64() && described["SCAL"].is_string() && described["authMode"].is_string());
    // The credential's scope in the words of v1: `hash`, base64url, commas.
    let list: Vec<_> = hashes.iter().map(|hash| BASE64URL_NOPAD.encode(&hash.digest)).collect();
    let mut asked = scene.service();
    asked.extend(proof);
    asked.extend([
        ("scope", "credential".to_owned()),
        ("credentialID", id.clone()),
        ("numSignatures", "2".to_owned()),
        ("hash", list.join(",")),
        ("description", "Two contracts".to_owned()),
    ]);
    let code = scene.code(&asked).await;
    let granted = scene.token(&form(&code)).await;
    assert_eq!(granted["token_type"], "SAD");
    assert!(granted["expires_in"].is_u64());
    let list: Vec<_> = hashes.iter().map(Hash::base64).collect();
    let ask = json!({
        "credentialID": id, "SAD": granted["access_token"], "hash": list, "signAlgo": ECDSA_SHA256, "hashAlgo": SHA256,
    });
    let signed = signatures(&session.call("v1/signatures/signHash", ask).await.ok());
    for (hash, signature) in hashes.iter().zip(&signed) {
        scene.who.verifies(&Algorithm::usual("P-256"), hash, signature);
    }
    let stamped = session.call("v1/signatures/timestamp", json!({ "hash": list[0], "hashAlgo": SHA256 })).await.ok();
    assert!(stamped["timestamp"].is_string());
}

/// A service token with id and secret in the form.
async fn by_form(client: &harness::Client) -> Session {
    let secret = client.client_secret.as_deref().unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", &client.client_id), ("client_secret", secret)];
    let api = shared().api();
    let tokens = api.form("/oauth2/token", None, &form).await.ok();
    api.with(tokens["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn kind_2h_setasign() {
    let who = Outsider::enrol("setasign", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let session = by_form(shared().ready.client("legacy", "clear")).await;
    let ask = json!({ "credentialID": who.credential.id, "certificates": "chain", "certInfo": true, "authInfo": true });
    let info = session.call("v1/credentials/info", ask).await.ok();
    // It takes the first algorithm, and needs one that names a digest.
    let algorithm = info["key"]["algo"][0].as_str().unwrap().to_owned();
    assert_eq!((algorithm.as_str(), &info["authMode"]), (Algorithm::pkcs1(Sha::Sha256).sign_algo, &json!("explicit")));
    let hash = Hash::of("setasign");
    let ask = json!({ "credentialID": who.credential.id, "numSignatures": 1, "hash": [hash.base64()],
        "PIN": who.credential.pin });
    let sad = session.call("v1/credentials/authorize", ask).await.ok()["SAD"].clone();
    let ask = json!({ "credentialID": who.credential.id, "SAD": sad, "hash": [hash.base64()], "signAlgo": algorithm });
    let answer: Answer = session.call("v1/signatures/signHash", ask).await;
    who.verifies(&Algorithm::pkcs1(Sha::Sha256), &hash, &signatures(&answer.ok())[0]);
}

#[tokio::test]
async fn kind_2j_a_generated_client_that_authorizes_no_hash() {
    let who = Outsider::enrol("generated", Wanted { scal: "1", ..Wanted::QUICK }).await;
    let (session, hash) = (&who.session, Hash::of("generated"));
    assert_eq!(session.call("v1/credentials/list", json!({})).await.status, 200);
    let ask = json!({ "credentialID": who.credential.id, "certInfo": true, "authInfo": true });
    assert_eq!(session.call("v1/credentials/info", ask).await.ok()["PIN"]["presence"], "true");
    let ask = json!({ "credentialID": who.credential.id, "numSignatures": 1, "PIN": who.credential.pin });
    let sad = session.call("v1/credentials/authorize", ask).await.ok()["SAD"].clone();
    let ask = json!({
        "SAD": sad, "credentialID": who.credential.id, "hash": [hash.base64()], "hashAlgo": SHA256, "signAlgo": ECDSA_SHA256,
    });
    let signed = signatures(&session.call("v1/signatures/signHash", ask).await.ok());
    who.verifies(&Algorithm::usual("P-256"), &hash, &signed[0]);
}

#[tokio::test]
async fn kind_2k_jsigns_esigner_with_a_pin_for_its_one_time_password() {
    let who = Outsider::enrol("esigner", Wanted { key: "RSA-3072", ..Wanted::QUICK }).await;
    let (session, hash) = (&who.session, Hash::of("esigner"));
    let listed = session.call("v0/credentials/list", json!({ "clientData": "EVCS" })).await.ok();
    let id = listed["credentialIDs"][0].as_str().unwrap();
    let info = session.call("v0/credentials/info", json!({ "credentialID": id, "certificates": "chain" })).await.ok();
    let certificate = BASE64.decode(info["cert"]["certificates"][0].as_str().unwrap().as_bytes()).unwrap();
    let key = PublicKey::of("RSA-3072", &certificate);
    let scan = json!({ "credential_id": id });
    assert_eq!(
        session.api.post_with("/scan/settings", &session.token, &scan).await.ok()["malware_scan_enabled"],
        false
    );
    let ask = authorize(&who.credential, &who.credential.pin, std::slice::from_ref(&hash));
    let sad = session.call("v0/credentials/authorize", ask).await.ok()["SAD"].clone();
    let algorithm = Algorithm::pkcs1(Sha::Sha256);
    // No hashAlgo: the algorithm says it.
    let ask = json!({ "credentialID": id, "SAD": sad, "hash": [hash.base64()], "signAlgo": algorithm.sign_algo });
    let signed = signatures(&session.call("v0/signatures/signHash", ask).await.ok());
    assert!(key.verifies(&algorithm, &hash, &signed[0]));
}
