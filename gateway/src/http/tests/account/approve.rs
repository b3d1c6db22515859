use rsign_api::signer::{Operation, Scal, State};

use super::browser::{Browser, Seen};
use crate::domain::transaction::Origin;
use crate::http::tests::flow::parameter;
use crate::http::tests::{Bench, registration};
use crate::service::clients::Registration;
use crate::service::oauth::requests::Error;

const ACTION: &str = "/account/approve";

/// Two hashes, base64url.
const HASHES: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The page an app sends its user to: path and query.
async fn page(bench: &Bench, parameters: &[(&str, &str)]) -> String {
    let parameters = [&[("response_type", "code"), ("client_id", "app"), ("state", "s t")], parameters].concat();
    let visited = bench.authorize(&parameters).await;
    format!("{ACTION}?request={}", visited.request())
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.register(Registration { name: Some("The \u{202e}App<".to_owned()), ..registration("app") }).await;
    bench
}

fn signing(key: &str) -> Vec<(&str, &str)> {
    vec![
        ("scope", "credential"),
        ("credentialID", key),
        ("hashes", HASHES),
        ("hashAlgorithmOID", "2.16.840.1.101.3.4.2.1"),
        ("description", "Loan <b>42</b>"),
    ]
}

fn policy(seen: &Seen) -> &str {
    seen.headers["content-security-policy"].to_str().unwrap()
}

#[tokio::test]
async fn an_app_is_let_in_after_signing_in() {
    let bench = bench().await;
    let path = page(&bench, &[("lang", "pt")]).await;
    let mut browser = Browser::new(&bench);
    let seen = browser.get(&path).await;
    let sign_in = seen.location().to_owned();
    let form = browser.get(&sign_in).await;
    assert!(form.html.contains("lang=\"pt-PT\"") && form.html.contains("The App&#60;"), "{}", form.html);
    let typed = [("username", "ann"), ("password", "hunter22")];
    let seen = browser.submit(&form, "/account/sign-in", &typed).await;
    assert_eq!(seen.location(), path);
    let seen = browser.get(&path).await;
    assert!(seen.html.contains("Deixar The App&#60; usar a sua conta?"), "{}", seen.html);
    // F-23: a name is what the app says; it is told by its id, and by where the answer goes.
    for known in ["Identificador da aplicação: <code>app</code>", "Leva de volta a: <code>app.example</code>"] {
        assert!(seen.html.contains(known), "{}", seen.html);
    }
    assert!(
        policy(&seen).ends_with("form-action 'self' https://app.example https://sign.example"),
        "{}",
        policy(&seen)
    );
    let seen = browser.submit(&seen, ACTION, &[("decision", "continue")]).await;
    assert!(seen.location().starts_with("https://app.example/cb?code=ac_"), "{}", seen.location());
    assert_eq!(parameter(seen.location(), "state").as_deref(), Some("s t"));
    // It was answered; another answer is not to be had.
    assert_eq!(browser.get(&path).await.status, 410);
}

#[tokio::test]
async fn an_app_may_have_its_user_sign_in_again() {
    let bench = bench().await;
    let mut ann = Browser::of(&bench, "ann").await;
    for prompt in ["login", "consent login"] {
        let (_, before) = bench.browser(&bench.ann).await;
        bench.wait(1);
        let path = page(&bench, &[("prompt", prompt)]).await;
        let id = path.split_once('=').unwrap().1;
        let sign_in = ann.get(&path).await;
        assert_eq!(sign_in.location(), format!("/account/sign-in?next=approve&id={id}&again=yes"));
        // Not the page alone insists: a form that comes without it is not an answer.
        let forced = bench.site.app.requests.approve(id, &before, None).await;
        assert!(matches!(forced, Err(Error::SignIn)), "{forced:?}");
        let asked = ann.get(sign_in.location()).await;
        let seen = ann.submit(&asked, "/account/sign-in", &[("username", "ann"), ("password", "hunter22")]).await;
        assert_eq!(seen.location(), path);
        let seen = ann.get(&path).await;
        let back = ann.submit(&seen, ACTION, &[("decision", "continue")]).await;
        assert!(parameter(back.location(), "code").is_some());
        bench.wait(1);
    }
    // Other words ask for nothing that is not done anyway.
    let path = page(&bench, &[("prompt", "consent")]).await;
    assert_eq!(ann.get(&path).await.status, 200);
}

#[tokio::test]
async fn saying_no_is_told_to_the_app() {
    let bench = bench().await;
    let path = page(&bench, &[]).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let seen = ann.get(&path).await;
    let seen = ann.submit(&seen, ACTION, &[("decision", "cancel")]).await;
    assert_eq!(parameter(seen.location(), "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_signature_is_shown_and_goes_on_to_the_signing_page() {
    let bench = bench().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let path = page(&bench, &signing(&id)).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let seen = ann.get(&path).await;
    assert!(seen.html.contains("Sign 2 documents for The App&#60;?"), "{}", seen.html);
    assert!(seen.html.contains("Loan &#60;b&#62;42&#60;/b&#62;") && seen.html.contains("Ann Lee"));
    let code = seen.html.split("<span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
    let gone = ann.submit(&seen, ACTION, &[("decision", "continue")]).await;
    let (transaction, _) = bench.transaction(gone.location()).await;
    assert_eq!(transaction.registration.operation, Operation::Authorise);
    assert_eq!((transaction.registration.signatures, transaction.registration.list.len()), (2, 2));
    assert!(matches!(transaction.origin, Origin::Request { .. }));
}

#[tokio::test]
async fn a_05_the_form_of_one_request_answers_no_other() {
    let bench = bench().await;
    let (mine, other) = (page(&bench, &[]).await, page(&bench, &[]).await);
    let mut ann = Browser::of(&bench, "ann").await;
    let seen = ann.get(&mine).await;
    let other = other.split_once('=').unwrap().1;
    let mut fields = seen.hidden(ACTION);
    for (name, value) in &mut fields {
        if name == "request" {
            *value = other.to_owned();
        }
    }
    fields.push(("decision".to_owned(), "continue".to_owned()));
    assert_eq!(ann.post(ACTION, &fields).await.status, 403);
}

#[tokio::test]
async fn a_30_an_app_cannot_look_like_something_else() {
    let bench = Bench::new().await;
    let evil = "<script>x</script>\u{202e}txt.exe\u{2066}\u{200b}\u{7}";
    bench.register(Registration { name: Some(evil.to_owned()), ..registration("app") }).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let mut signing = signing(&id);
    signing[4].1 = evil;
    for parameters in [vec![], signing] {
        let path = page(&bench, &parameters).await;
        let id = path.split_once('=').unwrap().1;
        let sign_in = format!("/account/sign-in?next=approve&id={id}&again=yes");
        for seen in [ann.get(&path).await, ann.get(&sign_in).await] {
            assert!(seen.html.contains("&#60;script&#62;"), "its name is shown: {}", seen.html);
            assert!(!seen.html.contains("<script"), "{}", seen.html);
            assert!(!seen.html.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{7}']), "{:?}", seen.html);
        }
    }
}

#[tokio::test]
async fn a_key_that_cannot_sign_stops_before_the_pin() {
    let bench = bench().await;
    let bob = bench.user("bob").await;
    let (mine, foreign) = (bench.credential(&bench.ann, Scal::Two).await, bench.credential(&bob, Scal::Two).await);
    let mut ann = Browser::of(&bench, "ann").await;
    let path = page(&bench, &signing(&foreign)).await;
    let seen = ann.get(&path).await;
    assert!(seen.html.contains("a key that this account does not have") && !seen.html.contains("value=\"continue\""));
    let forced = ann.submit(&seen, ACTION, &[("decision", "continue"), ("key", &mine)]).await;
    assert_eq!(forced.status, 400);

    let path = page(&bench, &signing(&mine)).await;
    *bench.signer.state.lock().unwrap() = State::Suspended;
    let seen = ann.get(&path).await;
    assert!(seen.html.contains("This key cannot sign now") && !seen.html.contains("value=\"continue\""));
    // What helps is said, and the way out leads to the app with an error.
    assert!(seen.html.contains("Ask the operator to bring it back") && seen.html.contains("Back to the app"));
    *bench.signer.state.lock().unwrap() = State::Active;
    *bench.signer.locked_until.lock().unwrap() = Some(4_000_000_000);
    let seen = ann.get(&path).await;
    assert!(seen.html.contains("Too many wrong PINs. It can be used again from") && !seen.html.contains("continue"));
    let gone = ann.submit(&seen, ACTION, &[("decision", "cancel")]).await;
    assert_eq!(parameter(gone.location(), "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn keys_that_are_all_locked_are_not_called_missing() {
    let bench = bench().await;
    let mut wish = signing("");
    wish[1] = ("signatureQualifier", "eu_eidas_aes");
    let mut ann = Browser::of(&bench, "ann").await;
    let mut said = async || {
        let path = page(&bench, &wish).await;
        let seen = ann.get(&path).await;
        assert!(!seen.html.contains("value=\"continue\""), "{}", seen.html);
        seen.html
    };
    assert!(said().await.contains("You have no key that can sign this"));
    *bench.signer.locked_until.lock().unwrap() = Some(4_000_000_000);
    bench.credential(&bench.ann, Scal::Two).await;
    assert!(said().await.contains("It can be used again from"));
    bench.credential(&bench.ann, Scal::Two).await;
    assert!(said().await.contains("None of your keys can sign this now. Your account says why."));
}

#[tokio::test]
async fn the_user_chooses_among_keys_where_the_app_names_none() {
    let bench = bench().await;
    let keys = [bench.credential(&bench.ann, Scal::Two).await, bench.credential(&bench.ann, Scal::Two).await];
    let mut wish = signing("");
    wish[1] = ("signatureQualifier", "eu_eidas_aes");
    let path = page(&bench, &wish).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let seen = ann.get(&path).await;
    assert!(keys.iter().all(|key| seen.html.contains(&format!("name=\"key\" value=\"{key}\""))));
    assert_eq!(ann.submit(&seen, ACTION, &[("decision", "continue")]).await.status, 400);
    let gone = ann.submit(&seen, ACTION, &[("decision", "continue"), ("key", &keys[1])]).await;
    assert_eq!(bench.transaction(gone.location()).await.0.registration.credential, keys[1]);
}

#[tokio::test]
async fn an_app_that_is_put_out_cannot_redeem_what_it_was_given_before() {
    let bench = Bench::new().await;
    let secret = bench.register(registration("app")).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let path = page(&bench, &[]).await;
        let seen = ann.get(&path).await;
        let back = ann.submit(&seen, ACTION, &[("decision", "continue")]).await;
        codes.push(parameter(back.location(), "code").unwrap());
    }
    let client = [("client_id", "app"), ("client_secret", secret.as_str()), ("grant_type", "authorization_code")];
    let token = bench.token(&[&client[..], &[("code", &codes[0])]].concat()).await;
    let (access, refresh) = (token.token(), token.json["refresh_token"].as_str().unwrap().to_owned());
    let asked = ann.get("/account/apps/app").await;
    ann.submit(&asked, "/account/apps/app", &[]).await;
    assert_eq!(bench.token(&[&client[..], &[("code", &codes[1])]].concat()).await.error().1, "invalid_grant");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(bench.token(&[&client[..2], &renew].concat()).await.status, 400);
    assert_eq!(bench.call("/csc/v2/credentials/list", &access, serde_json::json!({})).await.status, 401);
    assert!(ann.get("/account/apps").await.html.contains("No app has access"));
}
