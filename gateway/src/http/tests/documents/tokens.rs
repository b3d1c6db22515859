//! Each method and each kind of token: who gets through, and what the others hear, as the documents' `security` says.

use super::*;
use crate::http::tests::bound;

const MALFORMED: [&str; 2] = ["is otherwise malformed.", "Malformed authorization header"];

/// Whether the document lets this kind of token call it.
fn takes(judge: &Judge, operation: Operation<'_>, kind: &str) -> bool {
    let security = operation.value.get("security").unwrap_or(&judge.document.value["security"]);
    security.as_array().unwrap().iter().any(|way| way.get(kind).is_some())
}

#[tokio::test]
async fn every_method_takes_the_tokens_its_document_names_and_no_other() {
    let world = World::new(everything(PATIENT).await).await;
    let bench = &world.bench;
    let other = bench.credential(&bench.ann, Scal::Two).await;
    let own = world.credential_token(&world.credential, "sad_own").await;
    let foreign = world.credential_token(&other, "sad_foreign").await;
    let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", &world.secret)];
    let issued = bench.token(&form).await.json;
    let (revoked, refresh) = (issued["access_token"].as_str().unwrap(), issued["refresh_token"].as_str().unwrap());
    let ended = bench.call("/csc/v1/auth/revoke", &world.client, json!({ "token": revoked })).await;
    assert_eq!(ended.status, 204);
    let bound = bound::token(bench).await;
    let mut rows = 0;
    for (judge, malformed) in csc().iter().zip(MALFORMED) {
        let operations = judge
            .document
            .operations()
            .filter(|operation| operation.path.starts_with("/csc/"))
            .filter(|operation| takes(judge, *operation, "service") || takes(judge, *operation, "credential"));
        for operation in operations {
            let right = world.right(operation).await;
            let hear = async |authorization: Option<String>, query: &str| {
                let ask = Ask { authorization, query: query.to_owned(), ..right.clone() };
                judged(bench, judge, operation, ask.request(operation.method, operation.path)).await
            };
            let path = operation.path;
            // The one sentence that the original misspells.
            let malformed =
                if path == "/csc/v1/credentials/sendOTP" { "Malformed authroization header." } else { malformed };
            for header in [None, Some(""), Some("Bearer"), Some("Bearer a b"), Some("Basic eDp5"), Some(&*world.user)] {
                let heard = hear(header.map(str::to_owned), "").await;
                assert_eq!(heard.status, 400, "{path} {header:?}");
                assert!(heard.sentence().ends_with(malformed), "{path} {header:?} {}", heard.sentence());
            }
            // not in the query string.
            assert_eq!(hear(None, &format!("access_token={}", world.user)).await.status, 400);
            let nobody = [("st_nobody", "invalid_token"), ("sad_nobody", "invalid_token"), ("", "invalid_token")];
            let stale = [(revoked, "expired_token"), (refresh, "invalid_token"), ("sad_one", "invalid_token")];
            let thieves = [(bound.as_str(), "invalid_token"), ("x", "invalid_token")];
            for (token, error) in nobody.into_iter().chain(stale).chain(thieves).filter(|(token, _)| !token.is_empty())
            {
                let heard = hear(Some(format!("Bearer {token}")), "").await;
                assert_eq!((heard.status, &heard.json()["error"]), (401, &json!(error)), "{path} {token}");
                let challenge = heard.headers.iter().find(|(name, _)| name == "www-authenticate").unwrap();
                assert!(challenge.1.starts_with("Bearer"), "{path} {token}");
                rows += 1;
            }
            for token in [&world.user, &world.client] {
                let heard = hear(Some(format!("Bearer {token}")), "").await;
                assert!(heard.status != 401 && !heard.sentence().ends_with(malformed), "{path} {}", heard.sentence());
            }
            assert!(hear(Some(format!("bearer {}", world.user)), "").await.status < 300, "{path}");
            let heard = hear(Some(format!("Bearer {own}")), "").await;
            if takes(judge, operation, "credential") {
                // It is a SAD itself, and beside it stands another one.
                let polls = path.ends_with("signPolling");
                let expected = match path.rsplit('/').next() {
                    Some("signHash" | "signDoc") => "Invalid parameter SAD",
                    // Another client's.
                    Some("signPolling") => "Invalid parameter requestID",
                    _ => "",
                };
                assert_eq!(heard.sentence(), expected, "{path}");
                let mut body: Value = serde_json::from_str(&right.body).unwrap();
                body.as_object_mut().unwrap().remove("SAD");
                if polls {
                    body["requestID"] = world.job("app", Progress::Signed(vec![Bytes(vec![7])])).await.into();
                }
                let alone =
                    Ask { body: body.to_string(), authorization: Some(format!("Bearer {own}")), ..right.clone() };
                let heard = judged(bench, judge, operation, alone.request(operation.method, path)).await;
                assert_eq!(heard.status, 200, "{path}");
                let alone = Ask { authorization: Some(format!("Bearer {foreign}")), ..alone };
                let heard = judged(bench, judge, operation, alone.request(operation.method, path)).await;
                let unknown = if polls { "Invalid parameter requestID" } else { "Invalid parameter credentialID" };
                assert_eq!(heard.sentence(), unknown, "{path}");
            } else {
                assert_eq!((heard.status, &heard.json()["error"]), (401, &json!("invalid_token")), "{path}");
            }
            bench.wait(0);
        }
    }
    assert_eq!(rows, 20 * 7, "eight methods of v1, twelve of v2, seven tokens that are none");
    // Time goes by: the same tokens are expired now.
    bench.wait(2 * 3600 * 1000);
    for judge in &csc() {
        for operation in judge.document.operations().filter(|operation| takes(judge, *operation, "service")) {
            for token in [&world.user, &world.client, &own] {
                let ask = Ask::json(token, &json!({}));
                let heard = judged(bench, judge, operation, ask.request(operation.method, operation.path)).await;
                let credential = *token == own && !takes(judge, operation, "credential");
                let error = if credential { "invalid_token" } else { "expired_token" };
                assert_eq!(heard.status, 401, "{}", operation.path);
                assert!(credential || heard.json()["error"] == error, "{} {:?}", operation.path, heard.json());
            }
        }
    }
}

#[tokio::test]
async fn what_the_documents_leave_open_wants_no_token() {
    let world = World::new(Bench::new().await).await;
    let mut open = 0;
    for judge in &csc() {
        for operation in judge.document.operations().filter(|operation| {
            operation.value["security"] == json!([{}]) && !operation.path.starts_with("/oauth2/authorize")
        }) {
            let ask = Ask { authorization: None, ..world.right(operation).await };
            let heard = judged(&world.bench, judge, operation, ask.request(operation.method, operation.path)).await;
            assert_eq!(heard.status, 200, "{}", operation.path);
            open += 1;
        }
    }
    assert_eq!(open, 8, "info twice and the metadata, in two documents; health in one");
}
