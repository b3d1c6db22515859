//! `rsign-signer credential pin`, and what its operator reads where there is none; what a log says of a refusal.

use rsign_api::signer::{CreatedCredential, path};

use crate::harness::{Kind, Served, TestToken, key_of_ann, until};
use crate::officers::enrol;

async fn serve(from: &str, to: &str) -> Served {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let config = std::fs::read_to_string(token.path("signer.toml")).unwrap();
    assert!(config.contains(from));
    std::fs::write(token.path("signer.toml"), config.replace(from, to)).unwrap();
    Served::start(token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_handed_out_once_and_then_it_is_said_so() {
    let mut served = serve("[admin]", "[admin]\npin_command = true").await;
    let (first, second) = (enrol(&served).await, enrol(&served).await);
    let pin = |served: &Served, id: &str| served.ask(&["credential", "pin", id]);
    let handed_out: serde_json::Value = serde_json::from_str(&pin(&served, &first)).unwrap();
    assert!(handed_out["pin"].is_string());
    let again = pin(&served, &first);
    assert!(again.contains("the credential is active: its PIN was handed out before"), "{again}");
    // What was not handed out ends with the process that drew it.
    served.stop();
    served.again().await;
    let forgotten = pin(&served, &second);
    assert!(forgotten.contains("this signer has no PIN for the credential"), "{forgotten}");
    assert!(pin(&served, "nobody").contains("there is no such credential"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_policy_refuses_names_its_setting_to_the_operator_alone() {
    let served = serve("hmac = true", "hmac = false").await;
    let heard = served.post::<CreatedCredential>(path::CREATE, &key_of_ann()).await.unwrap_err();
    assert!(heard.contains("409") && !heard.contains("[enrolment]"), "{heard}");
    until("it is logged", || served.log().contains("setting=\"[enrolment] hmac = false\"")).await;
    let trail = served.ask(&["audit", "show"]);
    assert!(trail.contains("the signer's policy does not allow it ([enrolment] hmac = false)"), "{trail}");
}
