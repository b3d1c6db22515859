//! CSC 1.0.4.0, method by method, as a v1 app speaks it.

use data_encoding::BASE64;
use harness::api::{Answer, sign_hash, signatures};
use harness::verify::{PublicKey, Sha, openssl_chain};
use harness::{Algorithm, Hash, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;

#[tokio::test]
async fn info_has_every_required_member_for_everybody() {
    let api = shared().api();
    let posted = api.post("/csc/v1/info", &[], "").await.ok();
    for name in ["specs", "name", "logo", "region", "lang", "description", "oauth2"] {
        assert!(posted[name].as_str().is_some_and(|text| !text.is_empty() && text.len() <= 255), "{name}");
    }
    assert_eq!(posted["specs"], "1.0.4.0");
    assert_eq!(posted["region"].as_str().unwrap().len(), 2);
    assert_eq!(posted["oauth2"], shared().ready.oauth2, "without a trailing slash, since clients append a path");
    assert_eq!(posted["authType"], json!(["basic", "oauth2code", "oauth2client"]));
    let methods: Vec<&str> = posted["methods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in [
        "auth/login",
        "auth/revoke",
        "credentials/list",
        "credentials/info",
        "credentials/authorize",
        "credentials/extendTransaction",
        "credentials/sendOTP",
        "signatures/signHash",
        "signatures/timestamp",
    ] {
        assert!(methods.contains(&name), "{name}");
    }
    // What this service does not do it does not promise: some clients call what is named.
    assert!(!methods.contains(&"signatures/signPolling") && !methods.contains(&"signatures/signDoc"));
    assert!(posted.as_object().unwrap().values().all(|value| !value.is_null()));
    for answer in [
        api.get("/csc/v1/info").await,
        api.get("/csc/v0/info/").await,
        api.post("/csc/v1/info", &[], "{\"lang\":\"it-IT\"}").await,
    ] {
        assert_eq!(answer.ok(), posted);
    }
    let logo = api.get(posted["logo"].as_str().unwrap().strip_prefix(&shared().ready.oauth2).unwrap()).await;
    assert_eq!((logo.status, logo.headers["content-type"].to_str().unwrap()), (200, "image/png"));
}

async fn login(name: &str, password: &str, body: Value) -> Answer {
    let basic = format!("Basic {}", BASE64.encode(format!("{name}:{password}").as_bytes()));
    shared().api().post("/csc/v1/auth/login", &[("authorization", &basic)], body.to_string()).await
}

#[tokio::test]
async fn auth_login_and_its_rows() {
    let user = &shared().ready.users[0];
    let answer = login(&user.username, &user.password, json!({ "clientData": "x" })).await.ok();
    assert!(answer["access_token"].is_string() && answer.get("refresh_token").is_none());
    assert_eq!(answer["expires_in"], 3600);
    // nothing tells a wrong password from an unknown name.
    let wrong = (400, "authentication_error", "An error occurred during authentication process");
    assert_eq!(login(&user.username, "wrong", json!({})).await.error(), wrong);
    assert_eq!(login("nobody", "wrong", json!({})).await.error(), wrong);
    assert_eq!(login("nobody", &user.password, json!({})).await.error(), wrong);
    assert_eq!(login(&user.username, "", json!({})).await.error(), wrong);

    let api = shared().api();
    let malformed = (401, "invalid_request", "Malformed authentication parameter.");
    for header in [None, Some("Basic"), Some("Basic !!!"), Some("Bearer st_x"), Some("Digest username=\"ana\"")] {
        let headers: Vec<_> = header.into_iter().map(|value| ("authorization", value)).collect();
        let heard = api.post("/csc/v1/auth/login", &headers, "{}").await;
        assert_eq!(heard.error(), malformed, "{header:?}");
        assert!(heard.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    }
    let no_colon = format!("Basic {}", BASE64.encode(b"ana"));
    let heard = api.post("/csc/v1/auth/login", &[("authorization", &no_colon)], "{}").await;
    assert_eq!(heard.error(), (400, "invalid_request", "Malformed username-password."));
    for (token, sentence) in
        [(json!(7), "Invalid string parameter: refresh_token"), (json!("rt_x"), "Invalid refresh_token")]
    {
        let heard = api.post("/csc/v1/auth/login", &[], json!({ "refresh_token": token }).to_string()).await;
        assert_eq!(heard.error(), (400, "invalid_request", sentence));
    }
}

#[tokio::test]
async fn auth_login_remembers_and_renews() {
    let who = Outsider::enrol("remembered", Wanted::QUICK).await;
    let api = shared().api();
    let first = login(&who.user.username, &who.user.password, json!({ "rememberMe": true })).await.ok();
    let refresh = json!({ "refresh_token": first["refresh_token"] });
    // As clients send it: without an Authorization header.
    let second = api.post("/csc/v1/auth/login", &[], refresh.to_string()).await.ok();
    let session = api.with(second["access_token"].as_str().unwrap());
    assert_eq!(session.call("v1/credentials/list", json!({})).await.ok()["credentialIDs"], json!([who.credential.id]));
    // Used twice: somebody else has it, so everything that came of it ends.
    let heard = api.post("/csc/v1/auth/login", &[], refresh.to_string()).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid refresh_token"));
    assert_eq!(session.call("v1/credentials/list", json!({})).await.error().1, "expired_token");
}

#[tokio::test]
async fn auth_revoke_ends_tokens_at_once() {
    let who = Outsider::enrol("revoked", Wanted::QUICK).await;
    let api = shared().api();
    let tokens = login(&who.user.username, &who.user.password, json!({ "rememberMe": true })).await.ok();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (api.with(&text("access_token")), text("refresh_token"));
    // An access token alone does not take the refresh token with it.
    let ask = json!({ "token": access.token, "token_type_hint": "access_token" });
    let ended = who.session.call("v1/auth/revoke", ask.clone()).await;
    assert_eq!((ended.status, ended.json), (204, Value::Null));
    let heard = access.call("v1/credentials/list", json!({})).await;
    assert_eq!((heard.error().0, heard.error().1), (401, "expired_token"));
    let renewed = api.post("/csc/v1/auth/login", &[], json!({ "refresh_token": refresh }).to_string()).await.ok();
    let (access, refresh) = (renewed["access_token"].as_str().unwrap(), renewed["refresh_token"].as_str().unwrap());
    // A refresh token takes everything with it.
    assert_eq!(api.with(access).call("v1/auth/revoke", json!({ "token": refresh })).await.status, 204);
    assert_eq!(api.with(access).call("v1/credentials/list", json!({})).await.status, 401);
    let heard = api.post("/csc/v1/auth/login", &[], json!({ "refresh_token": refresh }).to_string()).await;
    assert_eq!(heard.error().0, 400);
}

#[tokio::test]
async fn credentials_list_comes_in_pages() {
    let user = &shared().ready.users[0];
    let (own, app) =
        (shared().api().login(user).await, shared().api().client(shared().ready.client("legacy", "clear")).await);
    let mut all: Vec<String> = user.credentials.iter().map(|credential| credential.id.clone()).collect();
    all.sort();
    for (session, who) in [(&own, Value::Null), (&app, json!(user.id))] {
        let (mut seen, mut page) = (Vec::new(), Value::Null);
        for _ in 0..2 {
            let ask = json!({ "userID": who, "maxResults": 3, "pageToken": page, "clientData": "x" });
            let answer = session.call("v1/credentials/list", ask).await.ok();
            seen.extend(answer["credentialIDs"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
            page = answer["nextPageToken"].clone();
        }
        assert!(page.is_null(), "there is no third page");
        seen.sort();
        assert_eq!(seen, all);
        // Odd sizes mean the service's own, never an error.
        for odd in [json!(0), json!(-1), json!("x"), json!(1_000_000_000_000_u64)] {
            let answer = session.call("v1/credentials/list", json!({ "userID": who, "maxResults": odd })).await.ok();
            assert_eq!(answer["credentialIDs"].as_array().unwrap().len(), 4);
        }
    }
}

#[tokio::test]
async fn credentials_info_tells_what_was_asked_for() {
    let user = &shared().ready.users[0];
    let session = shared().api().login(user).await;
    for (key, oid, length) in [("RSA-2048", "1.2.840.113549.1.1.11", 2048), ("P-384", "1.2.840.10045.4.3.3", 384)] {
        let id = &user.credential(key).id;
        let info = async |more: Value| {
            let mut ask = json!({ "credentialID": id });
            ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            session.call("v1/credentials/info", ask).await.ok()
        };
        let usual = info(json!({})).await;
        assert_eq!((&usual["key"]["status"], &usual["key"]["len"]), (&json!("enabled"), &json!(length)));
        // The first algorithm is the one some clients take without looking.
        assert_eq!(usual["key"]["algo"][0], oid);
        assert_eq!(
            (&usual["authMode"], &usual["SCAL"], &usual["multisign"]),
            (&json!("explicit"), &json!("2"), &json!(1000))
        );
        assert_eq!(usual["cert"]["certificates"].as_array().unwrap().len(), 1);
        assert!(usual.get("PIN").is_none() && usual.get("OTP").is_none());
        let none = info(json!({ "certificates": "none" })).await;
        assert!(none["cert"].is_object() && none["cert"].get("certificates").is_none());
        let full = info(json!({ "certificates": "chain", "certInfo": true, "authInfo": true })).await;
        assert_eq!(full["PIN"]["presence"], "true");
        assert_eq!(full["OTP"]["presence"], "false");
        assert_eq!(full["cert"]["status"], "valid");
        for name in ["validFrom", "validTo"] {
            let text = full["cert"][name].as_str().unwrap();
            assert!(
                text.len() == 15 && text.ends_with('Z') && text[..14].bytes().all(|c| c.is_ascii_digit()),
                "{text}"
            );
        }
        assert!(full["cert"]["subjectDN"].as_str().unwrap().contains("Ana Sousa"));
        assert!(full["cert"]["serialNumber"].as_str().unwrap().bytes().all(|c| c.is_ascii_hexdigit()));
        let chain = full["cert"]["certificates"].as_array().unwrap();
        assert!(chain.len() > 1 && chain[0] == usual["cert"]["certificates"][0], "the end entity stands first");
        // An independent verifier accepts the chain up to the root the ready file names.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("end-entity.pem");
        std::fs::write(
            &file,
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", chain[0].as_str().unwrap()),
        )
        .unwrap();
        openssl_chain(shared().ready.signing_ca.as_ref(), &file).unwrap();
    }
    let curve = |key: &str| {
        let (session, id) = (&session, user.credential(key).id.clone());
        async move { session.call("v1/credentials/info", json!({ "credentialID": id })).await.ok()["key"]["curve"].clone() }
    };
    assert_eq!(curve("P-256").await, "1.2.840.10045.3.1.7");
    assert_eq!(curve("P-384").await, "1.3.132.0.34");
    assert!(curve("RSA-2048").await.is_null());
}

/// Every way an RSA key can be asked; a salt of `None` is the longest one.
fn rsa_ways(bits: usize) -> Vec<Algorithm> {
    let mut ways: Vec<Algorithm> =
        Sha::ALL.into_iter().flat_map(|sha| [Algorithm::pkcs1(sha), Algorithm::pkcs1(sha).bare()]).collect();
    for sha in Sha::ALL {
        let digest = Hash::with(sha, "").digest.len();
        let longest = bits / 8 - digest - 2;
        for salt in [0, digest, longest] {
            ways.extend(u8::try_from(salt).ok().map(|salt| Algorithm::pss(sha, salt)));
        }
    }
    ways
}

fn ec_ways() -> Vec<Algorithm> {
    Sha::ALL.into_iter().flat_map(|sha| [Algorithm::ecdsa(sha), Algorithm::ecdsa(sha).bare()]).collect()
}

/// Signs by every way of the key through v1, and has openssl judge.
async fn signs_every_way(who: &Outsider, ways: Vec<Algorithm>) {
    for (number, algorithm) in ways.iter().enumerate() {
        let hash = [Hash::with(algorithm.sha, format!("way {number} of {}", who.credential.key))];
        let sad = who.session.authorize(&who.credential, &hash).await;
        let signature = who.session.sign(&who.credential, &sad, algorithm, &hash).await;
        who.key.openssl(algorithm, &hash[0], &signature[0]).unwrap_or_else(|said| panic!("{algorithm:?}: {said}"));
        let other = Hash::with(algorithm.sha, "another message");
        assert!(who.key.openssl(algorithm, &other, &signature[0]).is_err(), "the verifier says yes to anything");
    }
}

#[tokio::test]
async fn rsa_2048_signs_pkcs1_and_pss_with_salts_from_none_to_the_longest() {
    let who = Outsider::enrol("rsa-2048", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    signs_every_way(&who, rsa_ways(2048)).await;
}

#[tokio::test]
async fn rsa_3072_signs() {
    let user = shared().ready.users[0].clone();
    let session = shared().api().login(&user).await;
    let credential = user.credential("RSA-3072").clone();
    let key = PublicKey::of("RSA-3072", &session.certificate(&credential).await);
    let ways = vec![Algorithm::pkcs1(Sha::Sha256), Algorithm::pss(Sha::Sha384, 48), Algorithm::pss(Sha::Sha512, 0)];
    signs_every_way(&Outsider { user, credential, session, key }, ways).await;
}

#[tokio::test]
async fn p_256_and_p_384_sign_with_every_hash_function() {
    for key in ["P-256", "P-384"] {
        let who = Outsider::enrol("curves", Wanted { key, ..Wanted::QUICK }).await;
        signs_every_way(&who, ec_ways()).await;
    }
}

#[tokio::test]
async fn rsa_4096_and_p_521_sign() {
    let who = Outsider::enrol("p-521", Wanted { key: "P-521", ..Wanted::QUICK }).await;
    signs_every_way(&who, ec_ways()).await;
    let who = Outsider::enrol("rsa-4096", Wanted { key: "RSA-4096", ..Wanted::QUICK }).await;
    signs_every_way(&who, vec![Algorithm::pkcs1(Sha::Sha512), Algorithm::pss(Sha::Sha256, 32)]).await;
}

#[tokio::test]
async fn a_batch_keeps_the_order_of_its_hashes() {
    let who = Outsider::enrol("batch", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let (mut hashes, algorithm) = (Hash::many("batch", 100), Algorithm::pkcs1(Sha::Sha256));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    hashes.reverse();
    let signatures = who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    for (hash, signature) in hashes.iter().zip(&signatures) {
        who.verifies(&algorithm, hash, signature);
    }
}

#[tokio::test]
async fn scal_1_takes_hashes_as_they_come_up_to_the_number() {
    let who = Outsider::enrol("scal-1", Wanted { scal: "1", multisign: 3, ..Wanted::QUICK }).await;
    let info = who.session.call("v1/credentials/info", json!({ "credentialID": who.credential.id })).await.ok();
    assert_eq!((&info["SCAL"], &info["multisign"]), (&json!("1"), &json!(3)));
    let ask = json!({ "credentialID": who.credential.id, "numSignatures": 3, "PIN": who.credential.pin });
    let sad = who.session.call("v1/credentials/authorize", ask).await.ok()["SAD"].as_str().unwrap().to_owned();
    let (hashes, algorithm) = (Hash::many("as they come", 4), Algorithm::usual("P-256"));
    for part in [&hashes[..1], &hashes[1..3]] {
        let signatures = who.session.sign(&who.credential, &sad, &algorithm, part).await;
        for (hash, signature) in part.iter().zip(&signatures) {
            who.verifies(&algorithm, hash, signature);
        }
    }
    let heard = who.session.try_sign(&who.credential, &sad, &algorithm, &hashes[3..]).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Hash is not authorized by the SAD."));
    // Hashes that are named bind, also under SCAL 1.
    let sad = who.session.authorize(&who.credential, &hashes[..1]).await;
    let heard = who.session.try_sign(&who.credential, &sad, &algorithm, &hashes[1..2]).await;
    assert_eq!(heard.error().2, "Hash is not authorized by the SAD.");
}

#[tokio::test]
async fn extend_transaction_renews_what_is_unspent() {
    let who = Outsider::enrol("extend", Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("extend", 3), Algorithm::usual("P-256"));
    let first = who.session.authorize(&who.credential, &hashes).await;
    let one = who.session.sign(&who.credential, &first, &algorithm, &hashes[..1]).await;
    let ask =
        json!({ "credentialID": who.credential.id, "SAD": first, "hash": [hashes[1].base64(), hashes[2].base64()] });
    let answer = who.session.call("v1/credentials/extendTransaction", ask.clone()).await.ok();
    let second = answer["SAD"].as_str().unwrap().to_owned();
    assert!(second != first && answer["expiresIn"].as_u64().unwrap() <= 300);
    // Repeating it gives the same SAD: the client may not have heard the answer.
    assert_eq!(who.session.call("v1/credentials/extendTransaction", ask).await.ok()["SAD"], second);
    let two = who.session.sign(&who.credential, &second, &algorithm, &hashes[1..2]).await;
    who.verifies(&algorithm, &hashes[1], &two[0]);
    // The earlier one gives stored answers, and signs nothing more.
    assert_eq!(who.session.sign(&who.credential, &first, &algorithm, &hashes[..1]).await, one);
    let heard = who.session.try_sign(&who.credential, &first, &algorithm, &hashes[2..]).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter SAD"));
    // A spent hash is not renewed into another signature.
    let ask = json!({ "credentialID": who.credential.id, "SAD": second, "hash": [hashes[0].base64()] });
    let answer = who.session.call("v1/credentials/extendTransaction", ask).await;
    if answer.status == 200 {
        let third = answer.json["SAD"].as_str().unwrap().to_owned();
        assert_eq!(who.session.sign(&who.credential, &third, &algorithm, &hashes[..1]).await, one);
    }
}

#[tokio::test]
async fn a_sad_that_was_revoked_is_unknown() {
    let who = Outsider::enrol("sad-revoked", Wanted::QUICK).await;
    let hash = [Hash::of("revoked")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    assert_eq!(who.session.call("v1/auth/revoke", json!({ "token": sad })).await.status, 204);
    let heard = who.session.try_sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hash).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter SAD"));
}

#[tokio::test]
async fn v0_and_trailing_slashes_and_unknown_members_are_taken() {
    let who = Outsider::enrol("tolerant", Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("tolerant")], Algorithm::usual("P-256"));
    let ask = json!({
        "credentialID": who.credential.id, "numSignatures": 1, "hashes": [hash[0].base64()],
        "authData": [{ "id": "PIN", "value": who.credential.pin }], "OTP": null, "unknown": { "x": [1] },
        "description": "for all", "clientData": "mine",
    });
    let sad = who.session.call("v0/credentials/authorize/", ask).await.ok()["SAD"].as_str().unwrap().to_owned();
    let answer =
        who.session.call("v0/signatures/signHash", sign_hash(&who.credential, &sad, &algorithm, &hash)).await.ok();
    who.verifies(&algorithm, &hash[0], &signatures(&answer)[0]);
}
