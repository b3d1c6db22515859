use rsign_api::bytes::Bytes;
use rsign_api::signer::{ChannelOutcome, CreatedCredential, FactorKind, Operation, Scal, State};

use super::browser::{Browser, PASSWORD};
use crate::domain::client::{PinTransport, Reach};
use crate::domain::history::{Approval, Way};
use crate::domain::transaction::{Origin, Progress};
use crate::http::tests::Bench;
use serde_json::json;

fn approval(user: &str, credential: &str, label: &str) -> Approval {
    Approval {
        user: user.to_owned(),
        client: "app".to_owned(),
        app: "The App".to_owned(),
        credential: credential.to_owned(),
        signatures: 3,
        labels: vec![label.to_owned()],
        code: None,
        way: Way::Sealed,
    }
}

#[tokio::test]
async fn from_sign_up_to_sign_out_and_back() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    assert_eq!(browser.get("/").await.location(), "/account");
    assert_eq!(browser.get("/account").await.location(), "/account/sign-in");
    assert_eq!(browser.sign_up("Ines").await.location(), "/account");
    let home = browser.get("/account").await;
    assert!(home.html.contains("Inês Sá") && home.html.contains("You have no signing key yet"));
    assert!(home.html.contains("Your account is open"));
    assert!(!browser.get("/account").await.html.contains("Your account is open"));
    let out = browser.submit(&home, "/account/sign-out", &[]).await;
    assert_eq!(out.location(), "/account/sign-in");
    assert!(!browser.cookies.contains_key("__Host-rsign"));
    assert_eq!(browser.sign_in(" INES ", PASSWORD).await.location(), "/account");
    assert_eq!(browser.get("/account").await.status, 200);
    // Who is signed in has no business on the sign-in page.
    assert_eq!(browser.get("/account/sign-in?next=apps").await.location(), "/account/apps");
}

#[tokio::test]
async fn sign_up_names_every_fault_at_its_field_and_keeps_what_was_typed() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    let page = browser.get("/account/sign-up").await;
    let typed = [("given_name", "Inês\""), ("surname", ""), ("username", "ann"), ("password", "short")];
    let seen = browser.submit(&page, "/account/sign-up", &typed).await;
    assert_eq!(seen.status, 400);
    assert!(seen.html.contains("There are problems with 3 fields"), "{}", seen.html);
    assert!(seen.html.contains("value=\"Inês&#34;\"") && !seen.html.contains("value=\"short\""));
    for name in ["surname", "country", "password"] {
        assert!(seen.html.contains(&format!("<a href=\"#{name}\">")), "{name}");
        assert!(seen.html.contains(&format!("id=\"{name}-fault\"")), "{name}");
    }
    assert!(seen.html.contains("aria-describedby=\"password-fault password-hint\""));
    let taken = browser.sign_up("ANN").await;
    assert!(taken.status == 400 && taken.html.contains("This user name is taken"));
}

#[tokio::test]
async fn a_key_is_shown_and_deleted_by_its_owner_only() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    bench.user("bob").await;
    let (mut ann, mut bob) = (Browser::of(&bench, "ann").await, Browser::of(&bench, "bob").await);
    assert!(ann.get("/account").await.html.contains(&format!("/account/keys/{id}")));
    let page = ann.get(&format!("/account/keys/{id}")).await;
    assert!(page.html.contains("Ann Lee · ACME, Lda") && page.html.contains("Ready"));
    // another's key is as unknown as one that never was.
    let (foreign, unknown) = (format!("/account/keys/{id}"), "/account/keys/0123456789abcdef0123456789abcdef");
    let (foreign, unknown) = (bob.get(&foreign).await, bob.get(unknown).await);
    assert_eq!((foreign.status, &foreign.html), (404, &unknown.html));
    let delete = format!("/account/keys/{id}/delete");
    assert_eq!(bob.get(&delete).await.status, 404);
    let page = ann.get(&delete).await;
    for wrong in ["", "hunter23"] {
        let refused = ann.submit(&page, &delete, &[("password", wrong)]).await;
        assert!(refused.status == 400 && refused.html.contains("The current password is wrong"), "{wrong}");
    }
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Active, "a session alone destroys nothing");
    assert_eq!(ann.submit(&page, &delete, &[("password", "hunter22")]).await.location(), "/account");
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Destroyed);
    let home = ann.get("/account").await;
    assert!(home.html.contains("The key was deleted") && home.html.contains("You have no signing key yet"));
}

#[tokio::test]
async fn a_key_that_cannot_sign_says_why() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let mut ann = Browser::of(&bench, "ann").await;
    for (state, word) in [(State::Blocked, "Blocked"), (State::Linked, "Not finished"), (State::Suspended, "Suspended")]
    {
        *bench.signer.state.lock().unwrap() = state;
        assert!(ann.get(&format!("/account/keys/{id}")).await.html.contains(word), "{word}");
    }
    *bench.signer.away.lock().unwrap() = true;
    assert!(ann.get("/account").await.html.contains("Not known"));
}

#[tokio::test]
async fn pins_are_entered_on_the_signing_page_only() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let page = ann.get("/account/keys/new").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' https://sign.example"), "{policy}");
    assert_eq!(ann.submit(&page, "/account/keys/new", &[("kind", "RSA-512")]).await.status, 400);
    let refused = ann.submit(&page, "/account/keys/new", &[("kind", "P-256")]).await;
    assert!(refused.status == 400 && refused.html.contains("id=\"password-fault\""), "a session alone makes nothing");
    let gone = ann.submit(&page, "/account/keys/new", &[("kind", "P-256"), ("password", "hunter22")]).await;
    let (made, enrolment) = bench.transaction(gone.location()).await;
    let Origin::Account { return_to, session } = &made.origin else { panic!("{made:?}") };
    assert_eq!(enrolment, "P-256");
    assert_eq!(*return_to, format!("/account/keys/{}/made", made.registration.credential));
    assert!(!ann.cookies.values().any(|cookie| cookie == session));
    assert_eq!(made.registration.enrol.as_ref().unwrap().factor, FactorKind::None);
    assert_eq!(made.registration.label.as_deref(), Some("Ann Lee"));
    let gone = ann
        .submit(&page, "/account/keys/new", &[("kind", "P-256"), ("factor", "totp"), ("password", "hunter22")])
        .await;
    let (coded, _) = bench.transaction(gone.location()).await;
    assert_eq!(coded.registration.enrol.as_ref().unwrap().factor, FactorKind::Totp);
    // Nothing came of it.
    let back = format!("{return_to}?tx={}", made.registration.tx);
    assert_eq!(ann.get(&back).await.location(), "/account/keys/new");
    assert!(ann.get("/account/keys/new").await.html.contains("No key was made"));

    let page = ann.get(&format!("/account/keys/{id}")).await;
    let gone = ann.submit(&page, &format!("/account/keys/{id}/pin"), &[]).await;
    let (change, _) = bench.transaction(gone.location()).await;
    assert_eq!(
        (change.registration.credential.as_str(), change.registration.client.as_str()),
        (id.as_str(), "account")
    );
    // A link from elsewhere claims nothing.
    let key = format!("/account/keys/{id}");
    let (change, making) = (change.registration.tx, made.registration.tx);
    for link in ["made", "made?tx=x", "pin?tx=x", &format!("made?tx={making}")] {
        assert_eq!(ann.get(&format!("{key}/{link}")).await.location(), key, "{link}");
        let page = ann.get("/account").await;
        assert!(!page.html.contains("Your key is ready") && !page.html.contains("The PIN"), "{link}");
    }
    for (tx, back, said) in [(change, "pin", "The PIN was changed"), (making, "made", "Your key is ready")] {
        let found = bench.parts.repositories.transactions.find(&tx).await.unwrap().unwrap();
        let advanced = bench.parts.repositories.transactions.advance(&tx, None, found.progress, Progress::Done);
        assert!(advanced.await.unwrap());
        assert_eq!(ann.get(&format!("{key}/{back}?tx={tx}")).await.location(), key);
        assert!(ann.get("/account").await.html.contains(said), "{said}");
    }
    assert!(page.html.contains("Add authenticator") && !page.html.contains("Replace authenticator"));
    let gone = ann.submit(&page, &format!("/account/keys/{id}/factor"), &[]).await;
    let (factor, _) = bench.transaction(gone.location()).await;
    assert_eq!(
        (factor.registration.operation, factor.registration.label.as_deref()),
        (Operation::Factor, Some("Ann Lee"))
    );
    let Origin::Account { return_to, .. } = &factor.origin else { panic!("{factor:?}") };
    assert_eq!(
        ann.get(&format!("{return_to}?tx={}", factor.registration.tx)).await.location(),
        format!("/account/keys/{id}")
    );
    assert!(ann.get(&format!("/account/keys/{id}")).await.html.contains("Nothing was changed about the authenticator"));
    // The signer's word counts, here and in the list.
    *bench.signer.factor.lock().unwrap() = FactorKind::Totp;
    let page = ann.get(&format!("/account/keys/{id}")).await;
    assert!(page.html.contains("Replace authenticator") && page.html.contains("delete this key and make a new one"));
    assert!(ann.get("/account").await.html.contains("PIN and a code from an authenticator app"));
}

#[tokio::test]
async fn the_history_is_the_users_own_and_has_pages() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let bob = bench.user("bob").await;
    let history = bench.history();
    for n in 0..30 {
        history.record(approval(&bench.ann, &id, &format!("document-{n:02}"))).await.unwrap();
    }
    history.record(approval(&bob, "x", "of-bob")).await.unwrap();
    let mut ann = Browser::of(&bench, "ann").await;
    let first = ann.get("/account/history").await;
    assert_eq!(first.html.matches("class=\"entry\"").count(), 25);
    assert!(first.html.contains("3 signatures") && first.html.contains("and 2 more"));
    let older = first.html.split("href=\"").find(|link| link.starts_with("/account/history?after=")).unwrap();
    let older = older.split('"').next().unwrap();
    let second = ann.get(older).await;
    assert_eq!(second.html.matches("class=\"entry\"").count(), 5);
    assert!(!first.html.contains("of-bob") && !second.html.contains("of-bob"));
    assert_eq!(ann.get(&format!("/account/history?key={id}")).await.html.matches("class=\"entry\"").count(), 25);
    assert!(ann.get("/account/history?key=other").await.html.contains("Nothing was approved yet"));
}

#[tokio::test]
async fn an_approval_in_clear_is_in_the_history() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.client_token("clear", PinTransport::Clear, Reach::All).await;
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [crate::http::tests::HASH],
                      "PIN": crate::port::fake_signer::PIN });
    assert_eq!(bench.call("/csc/v1/credentials/authorize", &token, ask.clone()).await.status, 200);
    let mut ann = Browser::of(&bench, "ann").await;
    let page = ann.get("/account/history").await;
    assert!(page.html.contains("1 signature<") && page.html.contains("The app was given the PIN"), "{}", page.html);
}

#[tokio::test]
async fn an_app_that_is_put_out_has_nothing_left() {
    let bench = Bench::new().await;
    let issued = bench.login_with("ann", "hunter22", json!({ "rememberMe": true })).await;
    let (alone, token) = (bench.login("ann").await, issued.token());
    let mut ann = Browser::of(&bench, "ann").await;
    let apps = ann.get("/account/apps").await;
    assert!(apps.html.contains("Apps that use your password"));
    let page = ann.get("/account/apps/basic").await;
    assert_eq!(ann.submit(&page, "/account/apps/basic", &[]).await.location(), "/account/apps");
    assert!(ann.get("/account/apps").await.html.contains("No app has access"));
    for token in [alone, token] {
        assert_eq!(bench.call("/csc/v1/credentials/list", &token, json!({})).await.status, 401);
    }
    let refresh = json!({ "refresh_token": issued.json["refresh_token"] }).to_string();
    assert_eq!(bench.send("/csc/v1/auth/login", None, "application/json", &refresh).await.status, 400);
    assert_eq!(ann.get("/account/apps/basic").await.status, 404);
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    assert!(browser.get("/account/sign-in").await.html.contains("<html lang=\"en\">"));
    browser.fields.push(("accept-language", "pt-BR,pt;q=0.9,en;q=0.8".to_owned()));
    let page = browser.get("/account/sign-in").await;
    assert!(page.html.contains("<html lang=\"pt-PT\">") && page.html.contains("Palavra-passe"));
    // What the reader chooses counts more, and stays.
    let page = browser.get("/account/sign-in?next=apps&lang=en").await;
    assert!(page.html.contains("<html lang=\"en\">"));
    assert!(page.html.contains("href=\"/account/sign-in?next=apps&#38;lang=pt\""), "{}", page.html);
    assert!(browser.get("/account/sign-up").await.html.contains("Create an account"));
    browser.sign_up("ines").await;
    assert!(browser.get("/account/apps?ui_locales=fr+pt").await.html.contains("<html lang=\"pt-PT\">"));
    assert!(browser.get("/account").await.html.contains("As suas chaves"));
}

#[tokio::test]
async fn of_many_new_keys_at_once_no_more_are_made_than_one_may_have() {
    let bench = Bench::new().await;
    let most = bench.site.config.account.keys_per_user;
    bench.credential(&bench.ann, Scal::Two).await;
    let ann = Browser::of(&bench, "ann").await;
    let mut tries = Vec::new();
    for _ in 0..most + 2 {
        let mut tab = ann.clone();
        tries.push(tokio::spawn(async move {
            let page = tab.get("/account/keys/new").await;
            // The form is there as long as there is room.
            if page.html.contains("name=\"kind\"") {
                let gone = tab.submit(&page, "/account/keys/new", &[("kind", "P-256"), ("password", "hunter22")]).await;
                (gone.status == 303).then(|| gone.location().to_owned())
            } else {
                None
            }
        }));
    }
    let mut begun = Vec::new();
    for one in tries {
        begun.extend(one.await.unwrap());
    }
    assert!(begun.len() < most, "{}", begun.len());
    // What was begun before there were others is counted once more when its key is there.
    let enrolment = bench.parts.enrolment("default");
    while enrolment.others(&bench.ann, "").await.unwrap() < most + 2 {
        bench.credential(&bench.ann, Scal::Two).await;
    }
    let (tx, token) = begun[0].split_once('#').unwrap().1.split_once('.').unwrap();
    assert_eq!(bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await.status, 200);
    let some = Bytes(vec![1, 2, 3]);
    let created = CreatedCredential { key: some.clone(), spki: some.clone(), request: some, factor: FactorKind::None };
    bench.signer.outcomes.lock().unwrap().push_back(ChannelOutcome::Enrolled(created));
    let heard = bench.relay(tx, token, "record", json!({ "record": "AQID" })).await;
    assert_eq!(heard.json["state"], "failed");
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Destroyed);
}
