//! What is wrong before a method looks at it: bodies, headers, tokens, names.

use super::*;

#[tokio::test]
async fn a_25_bodies_that_are_no_json_object_or_too_much_of_one() {
    let who = Outsider::enrol("bodies", Wanted::QUICK).await;
    let right = authorize(&who.credential, &who.credential.pin, &[Hash::of("bodies")]).to_string();
    let twice = right.replacen('{', "{\"numSignatures\":1,", 1);
    let escaped = right.replacen('{', "{\"num\\u0053ignatures\":1,", 1);
    let deep = right.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(100_000), "]".repeat(100_000)), 1);
    let seventeen = right.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(17), "]".repeat(17)), 1);
    let many = authorize(&who.credential, &who.credential.pin, &Hash::many("bodies", 1001));
    let large = but(&serde_json::from_str(&right).unwrap(), "clientData", json!("x".repeat(600_000))).to_string();
    let bodies: Vec<(String, u16)> = vec![
        ("{".to_owned(), 400),
        ("[]".to_owned(), 400),
        ("\"text\"".to_owned(), 400),
        (format!("{right}{right}"), 400),
        (right.replacen(':', "=", 1), 400),
        ("\u{0}".to_owned(), 400),
        (twice, 400),
        (escaped, 400),
        (deep, 400),
        (seventeen, 400),
        (large, 413),
    ];
    let bearer = format!("Bearer {}", who.session.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for version in Version::BOTH {
        let path = format!("/csc/{}/credentials/authorize", version.segment());
        for (body, status) in &bodies {
            let heard = who.session.api.post(&path, &headers, body.as_str()).await;
            let sentence = if *status == 413 { "The body is longer than 512 KiB" } else { LONG };
            assert_eq!(heard.error(), (*status, "invalid_request", sentence), "{:.80}", body);
        }
        let not_utf8 = [b"{\"credentialID\":\"", &[0xff, 0xfe][..], b"\"}"].concat();
        assert_eq!(who.session.api.post(&path, &headers, not_utf8).await.error().0, 400);
        // Within multisign or not, so many are no list.
        let heard = who.session.call(&format!("{}/credentials/authorize", version.segment()), many.clone()).await;
        assert_eq!(heard.error().0, 400);
    }
    // A body that says it is compressed is not unpacked.
    let gzip = [&headers[..], &[("content-encoding", "gzip")]].concat();
    let heard = who.session.api.post("/csc/v1/credentials/authorize", &gzip, &b"\x1f\x8b\x08\0"[..]).await;
    assert_eq!(heard.error().0, 400);
    is_untouched(&who).await;
}

#[tokio::test]
async fn a_25_more_than_a_thousand_hashes() {
    let who = Outsider::enrol("thousand", Wanted { multisign: 1000, ..Wanted::QUICK }).await;
    let hashes = Hash::many("thousand", 1000);
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let more = Hash::many("thousand", 1001);
    let heard = who.session.try_sign(&who.credential, &sad, &Algorithm::usual("P-256"), &more).await;
    assert_eq!(heard.error(), (400, "invalid_request", LONG));
    let signatures = who.session.sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hashes).await;
    for (hash, signature) in hashes.iter().zip(&signatures) {
        who.verifies(&Algorithm::usual("P-256"), hash, signature);
    }
}

#[tokio::test]
async fn the_authorization_header_has_rows_of_its_own() {
    let api = shared().api();
    for (method, v1) in [
        ("auth/revoke", LONG_CAPITALS),
        ("credentials/list", LONG),
        ("credentials/info", LONG),
        ("credentials/authorize", LONG),
        ("credentials/extendTransaction", LONG_CAPITALS),
        ("signatures/signHash", LONG),
    ] {
        for (version, sentence) in [("v1", v1), ("v2", HEADER_V2)] {
            let path = format!("/csc/{version}/{method}");
            for header in [None, Some(""), Some("Bearer"), Some("Bearer a b"), Some("Basic eDp5"), Some("st_x")] {
                let headers: Vec<_> = header.into_iter().map(|value| ("authorization", value)).collect();
                let heard = api.post(&path, &headers, "{}").await;
                assert_eq!(heard.error(), (400, "invalid_request", sentence), "{path} {header:?}");
            }
            let heard = api.post(&path, &[("authorization", "Bearer st_unknown")], "{}").await;
            assert_eq!(heard.error().0, 401);
            assert_eq!(heard.error().1, "invalid_token");
            assert!(heard.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            assert_eq!(heard.headers["cache-control"], "no-store", "A-45");
        }
    }
}

#[tokio::test]
async fn a_14_a_16_only_a_service_token_in_the_header_is_one() {
    let who = Outsider::enrol("token-kinds", Wanted::QUICK).await;
    let sad = who.session.authorize(&who.credential, &[Hash::of("token kinds")]).await;
    let api = &who.session.api;
    let form = [("grant_type", "client_credentials")];
    let client = shared().ready.client("legacy", "clear");
    let secret = client.client_secret.as_deref().unwrap();
    let tokens = api.form("/oauth2/token", Some((&client.client_id, secret)), &form).await.ok();
    for token in [sad.as_str(), tokens["refresh_token"].as_str().unwrap()] {
        let heard = api.with(token).call("v1/credentials/info", json!({ "credentialID": who.credential.id })).await;
        assert_eq!((heard.error().0, heard.error().1), (401, "invalid_token"));
    }
    let token = &who.session.token;
    let heard = api.post(&format!("/csc/v1/credentials/list?access_token={token}"), &[], "{}").await;
    assert_eq!(heard.error().0, 400);
    assert!(!shared().service.said().contains(token.as_str()), "what stood in the query was logged");
    // A service token is no SAD either.
    let ask = sign_hash(&who.credential, token, &Algorithm::usual("P-256"), &[Hash::of("token kinds")]);
    assert_eq!(who.session.call("v1/signatures/signHash", ask).await.error(), (400, "invalid_request", SAD));
}

#[tokio::test]
async fn methods_this_service_does_not_have_are_501() {
    let who = Outsider::enrol("unknown-method", Wanted::QUICK).await;
    for method in ["v1/credentials/rename", "v2/nothing/here", "v3/info"] {
        let heard = who.session.call(method, json!({})).await;
        assert_eq!((heard.error().0, heard.error().1), (501, "not_implemented"), "{method}");
        assert_eq!(who.session.api.with("st_x").call(method, json!({})).await.status, 401);
    }
}
