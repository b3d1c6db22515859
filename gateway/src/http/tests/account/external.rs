use super::browser::{Browser, Seen};
use crate::app::App;
use crate::domain::external::Tie;
use crate::domain::user::{PasswordHash, User};
use crate::http::tests::Bench;
use crate::service::account::external::Provider;
use crate::service::ending::Ending;

const IDP: &str = "/account/oidc/idp";

/// Goes to the provider; the address that leads back as this subject.
async fn there(browser: &mut Browser, start: &str, subject: &str) -> String {
    let gone = browser.get(start).await;
    let state = gone.location().strip_prefix("https://idp.example/authorize?state=").unwrap().to_owned();
    format!("{IDP}/return?state={state}&code={subject}&iss=https://idp.example")
}

async fn back(browser: &mut Browser, start: &str, subject: &str) -> Seen {
    let address = there(browser, start, subject).await;
    browser.get(&address).await
}

/// The link that ties this account, after the password.
async fn link(browser: &mut Browser) -> String {
    assert!(browser.get("/account/me").await.html.contains(&format!("href=\"{IDP}/tie\"")));
    let page = browser.get(&format!("{IDP}/tie")).await;
    let page = browser.submit(&page, &format!("{IDP}/tie"), &[("password", "hunter22")]).await;
    let link = page.html.split("href=\"").find(|link| link.starts_with(&format!("{IDP}?"))).unwrap();
    link.split('"').next().unwrap().replace("&#38;", "&")
}

/// An account of somebody who signs in elsewhere.
async fn sign_up(browser: &mut Browser, subject: &str) -> Seen {
    let seen = back(browser, &format!("{IDP}?next=history"), subject).await;
    let form = browser.get(seen.location()).await;
    assert!(form.html.contains("The &#60;IdP&#62;") && form.html.contains("value=\"Inês\""), "{}", form.html);
    assert!(!form.html.contains("type=\"password\""));
    let typed = [("given_name", "Inês"), ("surname", "Sá"), ("country", "PT"), ("document", ""), ("number", "")];
    browser.submit(&form, "/account/sign-up", &typed).await
}

#[tokio::test]
async fn somebody_known_elsewhere_opens_an_account_and_comes_back_to_it() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    assert!(browser.get("/account/sign-in").await.html.contains("Sign in with The &#60;IdP&#62;"));
    assert_eq!(sign_up(&mut browser, "s1").await.location(), "/account/history");
    let home = browser.get("/account").await;
    assert!(home.html.contains("Inês Sá"));
    browser.submit(&home, "/account/sign-out", &[]).await;
    assert_eq!(back(&mut browser, &format!("{IDP}?next=apps"), "s1").await.location(), "/account/apps");
    assert!(browser.get("/account").await.html.contains("Inês Sá"));
    // The only way in stays.
    let me = browser.get("/account/me").await;
    assert!(!me.html.contains("Change password"));
    browser.submit(&me, &format!("{IDP}/untie"), &[]).await;
    assert!(browser.get("/account/me").await.html.contains("It stays connected"));
}

#[tokio::test]
async fn a_05_an_answer_is_for_the_browser_that_asked_and_once() {
    let bench = Bench::new().await;
    let (mut victim, mut attacker) = (Browser::new(&bench), Browser::new(&bench));
    sign_up(&mut attacker, "attacker").await;
    // The attacker's answer in the victim's browser, which was here before.
    victim.get("/account/sign-in").await;
    let theirs = there(&mut attacker, IDP, "attacker").await;
    let seen = victim.get(&theirs).await;
    assert!(seen.status == 502 && !victim.cookies.contains_key("__Host-rsign"), "{}", seen.html);
    // And after that it is worth nothing to anybody.
    assert_eq!(attacker.get(&theirs).await.status, 400);
    for query in ["", "?state=x&code=y", "?error=access_denied"] {
        assert_eq!(victim.get(&format!("{IDP}/return{query}")).await.status, 400, "{query}");
    }
    let refused = there(&mut victim, IDP, "x").await.replace("code=x", "error=access_denied");
    assert_eq!(victim.get(&refused).await.status, 502);
    assert_eq!(victim.get("/account/oidc/none").await.status, 404);
}

#[tokio::test]
async fn a_02_an_answer_of_another_provider_is_none() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    let answer = there(&mut browser, IDP, "x").await;
    assert!(answer.contains("iss=https://idp.example"), "{answer}");
    let mixed = browser.get(&answer.replace("idp.example", "evil.example")).await;
    assert!(mixed.status == 502 && !browser.cookies.contains_key("__Host-rsign"), "{}", mixed.html);
    assert_eq!(browser.get(&answer).await.status, 400, "nor is it good for anything afterwards");
}

#[tokio::test]
async fn an_introduction_is_for_its_browser_and_once() {
    let bench = Bench::new().await;
    let (mut browser, mut other) = (Browser::new(&bench), Browser::new(&bench));
    let seen = back(&mut browser, IDP, "s1").await;
    let form = seen.location().to_owned();
    assert!(form.starts_with("/account/sign-up?introduction="), "{form}");
    assert_eq!(other.get(&form).await.status, 403);
    let page = browser.get(&form).await;
    let typed = [("given_name", "Inês"), ("surname", "Sá"), ("country", "PT")];
    assert_eq!(browser.submit(&page, "/account/sign-up", &typed).await.location(), "/account");
    assert_eq!(browser.submit(&page, "/account/sign-up", &typed).await.status, 403);
}

#[tokio::test]
async fn an_account_is_tied_only_by_its_owner_on_purpose() {
    let bench = Bench::new().await;
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(ann.get(&format!("{IDP}?next=me&link=x")).await.status, 403);
    // A session alone does not tie it.
    let page = ann.get(&format!("{IDP}/tie")).await;
    for wrong in ["", "hunter23"] {
        let refused = ann.submit(&page, &format!("{IDP}/tie"), &[("password", wrong)]).await;
        assert!(refused.status == 400 && !refused.html.contains("link="), "{wrong}");
    }
    let link = link(&mut ann).await;
    bench.wait(600_000);
    assert_eq!(ann.get(&link).await.status, 403, "and its link is for minutes");
    let link = self::link(&mut ann).await;
    assert_eq!(back(&mut ann, &link, "ann-there").await.location(), "/account/me");
    assert!(ann.get("/account/me").await.html.contains("From now on you can sign in this way too"));
    // It opens ann's account now, from anywhere, and nobody else can have it.
    let mut elsewhere = Browser::new(&bench);
    assert_eq!(back(&mut elsewhere, IDP, "ann-there").await.location(), "/account");
    bench.user("bob").await;
    let mut bob = Browser::of(&bench, "bob").await;
    let link = self::link(&mut bob).await;
    assert_eq!(back(&mut bob, &link, "ann-there").await.status, 409);
    // Once it is closed, it opens nothing, and whoever had it opens no other one.
    let ending = Ending::new(&bench.parts.repositories);
    ending.disable_user(&bench.ann, true).await.unwrap();
    let closed = back(&mut elsewhere, IDP, "ann-there").await;
    assert!(closed.status == 403 && closed.html.contains("Your account here is closed"), "{}", closed.html);
    ending.disable_user(&bench.ann, false).await.unwrap();
    let mut ann = Browser::of(&bench, "ann").await;
    let me = ann.get("/account/me").await;
    assert_eq!(ann.submit(&me, &format!("{IDP}/untie"), &[]).await.location(), "/account/me");
    assert!(back(&mut elsewhere, IDP, "ann-there").await.location().starts_with("/account/sign-up?introduction="));
}

#[tokio::test]
async fn of_two_ways_in_given_up_at_once_one_stays() {
    let bench = Bench::new().await;
    let mut parts = bench.parts.clone();
    let second =
        Provider { name: "two".to_owned(), issuer: "https://two.example".to_owned(), ..parts.providers[0].clone() };
    parts.providers.push(second);
    let external = App::new(&bench.site.config, &parts, "https://rsign.example").unwrap().external;
    let ann = parts.repositories.users.find(&bench.ann).await.unwrap().unwrap();
    let ann = User { password: PasswordHash::none(), ..ann };
    let ties = &parts.repositories.external;
    for round in 0..20 {
        for provider in &parts.providers {
            let (issuer, subject) = (provider.issuer.clone(), "ann".to_owned());
            ties.tie(Tie { user: ann.id.clone(), issuer, subject }).await.unwrap();
        }
        let _ = tokio::join!(external.untie(&ann, "idp"), external.untie(&ann, "two"));
        assert_eq!(ties.of_user(&ann.id).await.unwrap().len(), 1, "{round}");
    }
}

#[tokio::test]
async fn who_has_no_password_signs_in_again_before_a_key_is_made() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    sign_up(&mut browser, "s1").await;
    let page = browser.get("/account/keys/new").await;
    assert!(!page.html.contains("type=\"password\""));
    for minute in 0..10 {
        assert_eq!(browser.get("/account").await.status, 200, "{minute}");
        bench.wait(60_000);
    }
    let again = "/account/sign-in?next=new-key&again=yes";
    assert_eq!(browser.get("/account/keys/new").await.location(), again);
    assert_eq!(browser.submit(&page, "/account/keys/new", &[("kind", "P-256")]).await.location(), again);
    back(&mut browser, &format!("{IDP}?next=new-key"), "s1").await;
    let page = browser.get("/account/keys/new").await;
    let gone = browser.submit(&page, "/account/keys/new", &[("kind", "P-256")]).await;
    assert!(gone.location().starts_with("https://sign.example/#"));
}
