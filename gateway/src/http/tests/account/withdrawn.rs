//! What an operator ends while its user is still asked: it goes from the desk, and whoever has it open hears why.

use rsign_api::signer::{Authorized, ChannelOutcome};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::browser::Browser;
use super::house::{House, NOT, V1, V2};
use crate::domain::client::{PinTransport, Reach};
use crate::service::ending::Ending;

const GONE: &str = "This request was withdrawn";
const NONE: &str = "Nothing waits for you now";

impl House {
    fn ending(&self) -> Ending {
        Ending::new(&self.bench.parts.repositories)
    }

    async fn disable(&self, disabled: bool) {
        self.ending().disable_client("app", disabled).await.unwrap().unwrap();
    }

    /// Lets the app in again: with another secret, as an operator would.
    async fn let_in(&mut self) {
        self.disable(false).await;
        let secret = self.bench.parts.clients().renew_secret("app").await.unwrap();
        let form = format!("grant_type=client_credentials&client_id=app&client_secret={}", secret.expose_secret());
        self.app = self.bench.form("/oauth2/token", &form, None).await.token();
    }
}

#[tokio::test]
async fn what_a_disabled_app_asked_is_on_nobodys_desk() {
    let mut house = House::with("of_client = 2\nof_user = 3").await;
    let (first, second) = (house.ask(1).await, house.ask(2).await);
    let other = house.bench.client_token("other", PinTransport::Clear, Reach::All).await;
    let kept = house.bench.call(V2, &other, house.body(1)).await.json["handle"].as_str().unwrap().to_owned();
    let mut ann = Browser::of(&house.bench, "ann").await;
    assert!(ann.get("/account").await.html.contains("3 requests from apps wait"));
    let path = format!("/account/waiting/{first}");
    let open = ann.get(&path).await;

    house.disable(true).await;
    assert!(ann.get("/account").await.html.contains("One request from an app waits"));
    let list = ann.get("/account/waiting").await.html;
    assert!(list.contains(&kept) && !list.contains(&first) && !list.contains(&second), "{list}");
    for decision in ["continue", "refuse", "block"] {
        let said = ann.submit(&open, &path, &[("decision", decision)]).await;
        assert!(said.status == 410 && said.html.contains(GONE), "{decision}: {}", said.html);
    }
    let said = ann.get(&format!("{path}?lang=pt")).await;
    assert!(said.status == 410 && said.html.contains("Este pedido foi retirado"), "{}", said.html);
    assert!(said.html.contains("a aplicação já não pode pedir nada"), "{}", said.html);
    ann.get("/account?lang=en").await;

    // Let in again it has to ask anew, and what it asked before takes none of its room.
    house.let_in().await;
    assert!(!ann.get("/account/waiting").await.html.contains(&first));
    for handle in [&first, &second] {
        assert_eq!(house.check(&house.app, handle).await.error(), NOT);
    }
    let (again, _) = (house.ask(1).await, house.ask(2).await);
    assert_ne!(again, first);
    assert!(ann.get("/account/waiting").await.html.contains(&again));
    assert_eq!(house.bench.call(V2, &house.app, house.body(3)).await.status, 429, "what is asked now counts");
}

#[tokio::test]
async fn a_call_that_waits_ends_with_its_app() {
    let house = House::new().await;
    let disable = async {
        house.awaited().await;
        house.disable(true).await;
    };
    let (heard, ()) = tokio::join!(house.bench.call(V1, &house.app, house.body(1)), disable);
    let sentence = "The user, authorization server or remote service denied the request.";
    assert_eq!(heard.error(), (400, "access_denied", sentence));
}

#[tokio::test]
async fn what_was_approved_is_not_handed_to_a_disabled_app() {
    let mut house = House::new().await;
    let mut ann = Browser::of(&house.bench, "ann").await;
    // Approved and not fetched.
    let approved = house.ask(1).await;
    house.approve(&mut ann, &approved, "sad_two").await;
    // The PIN is being typed.
    let typed = house.ask(2).await;
    let path = format!("/account/waiting/{typed}");
    let page = ann.get(&path).await;
    let gone = ann.submit(&page, &path, &[("decision", "continue")]).await.location().to_owned();
    let (tx, token) = gone.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    let heard = house.bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
    assert_eq!(heard.status, 200);

    house.disable(true).await;
    let outcome = ChannelOutcome::Authorised(Authorized { sad: "sad_one".into(), expires_in: 300 });
    house.bench.signer.outcomes.lock().unwrap().push_back(outcome);
    let heard = house.bench.relay(tx, token, "record", json!({ "record": "AQID" })).await;
    assert_eq!((heard.status, &heard.json["error"]), (410, &json!("withdrawn")));
    let back = ann.get(&format!("/oauth2/return?tx={tx}")).await;
    assert!(back.location().ends_with(&format!("{path}?tx={tx}")), "{}", back.location());
    assert!(ann.get(&path).await.html.contains(GONE));
    // The signer had said yes already when the app was disabled.
    let expires_at = house.bench.parts.clock.now() + 300_000;
    assert!(!house.bench.site.app.prompts.fulfil(&typed, &"sad_one".into(), expires_at).await.unwrap());

    house.let_in().await;
    for handle in [&approved, &typed] {
        assert_eq!(house.check(&house.app, handle).await.error(), NOT);
    }
}

#[tokio::test]
async fn what_a_disabled_user_was_asked_is_not_asked_later() {
    let house = House::new().await;
    let handle = house.ask(1).await;
    for disabled in [true, false] {
        house.ending().disable_user(&house.bench.ann, disabled).await.unwrap().unwrap();
    }
    let mut ann = Browser::of(&house.bench, "ann").await;
    assert!(ann.get("/account").await.html.contains("none waits for you"));
    assert!(ann.get("/account/waiting").await.html.contains(NONE));
    assert!(ann.get(&format!("/account/waiting/{handle}")).await.html.contains(GONE));
    assert_eq!(house.check(&house.app, &handle).await.error(), NOT);
    assert_ne!(house.ask(1).await, handle);
}
