//! What tells one key of a person from another, for the operator and for apps: and whether it can sign now.

use harness::api::authorize;
use harness::{Hash, Session, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;

async fn status(session: &Session, id: &str) -> Value {
    let info = session.call("v2/credentials/info", json!({ "credentialID": id, "certInfo": true })).await.ok();
    info["key"]["status"].clone()
}

#[tokio::test]
async fn a_key_is_told_from_another_and_says_whether_it_can_sign() {
    let who = Outsider::enrol("which-key", Wanted::QUICK).await;
    let operator = shared().operator();
    let suspended = operator.enrol(&who.user.id, Wanted { key: "RSA-2048", ..Wanted::QUICK });
    let ready = operator.enrol(&who.user.id, Wanted { key: "P-384", ..Wanted::QUICK });
    operator.set_state(&suspended, "suspended");
    // Five wrong PINs of two apps: it is locked for all of them.
    let app = operator.add_client(&format!("{}-app", who.user.username), "clear", true);
    let app = who.session.api.client(&app).await;
    let wrong = authorize(&who.credential, "wrong", &[Hash::of("which")]);
    for session in [&who.session, &who.session, &who.session, &app, &app] {
        assert_eq!(session.call("v1/credentials/authorize", wrong.clone()).await.status, 400);
    }
    let lines = operator.credentials(&who.user.id);
    let told = |id: &str| lines.iter().find(|line| line["credentialID"] == id).unwrap();
    for (id, key, standing) in [
        (&who.credential.id, "P-256", "locked"),
        (&suspended.id, "RSA-2048", "suspended"),
        (&ready.id, "P-384", "ready"),
    ] {
        let line = told(id);
        assert_eq!((&line["key"], &line["standing"]), (&json!(key), &json!(standing)), "{line}");
        assert_eq!(line["can_sign"], standing == "ready");
        assert_eq!(line["locked_until"].is_u64(), standing == "locked");
        assert!(line["subject"].as_str().unwrap().contains("CN=Test which-key"), "{line}");
        assert!(line["issuer"].as_str().unwrap().contains("CN=rsign sandbox CA"), "{line}");
        assert!(line["not_before"].as_u64().unwrap() < line["not_after"].as_u64().unwrap());
        let enabled = if standing == "ready" { "enabled" } else { "disabled" };
        assert_eq!(status(&who.session, id).await, enabled, "{key}");
    }
    assert_eq!(lines.len(), 3);
    let usable = who.session.call("v2/credentials/list", json!({ "onlyValid": true })).await.ok();
    assert_eq!(usable["credentialIDs"], json!([ready.id]));
}
