use std::sync::Arc;

use rsign_api::signer::Scal;

use super::browser::{Browser, Seen};
use crate::app::App;
use crate::domain::history::{Approval, Way};
use crate::http::tests::Bench;
use crate::http::{Site, router};

/// What differs between two answers to the same form for good reasons.
fn comparable(seen: &Seen, typed: &str) -> String {
    let token = seen.hidden("/account/sign-in").remove(0).1;
    seen.html.replace(&token, "TOKEN").replace(typed, "TYPED")
}

#[tokio::test]
async fn a_05_a_form_counts_only_with_its_token_in_its_session_from_our_page() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    bench.user("bob").await;
    let (mut ann, mut bob) = (Browser::of(&bench, "ann").await, Browser::of(&bench, "bob").await);
    let action = format!("/account/keys/{id}/delete");
    let page = ann.get(&action).await;
    let good = page.hidden(&action);
    let token = |value: &str| vec![("form_token".to_owned(), value.to_owned())];
    let of_bob = bob.get("/account").await.hidden("/account/sign-out");
    let of_another_form = page.hidden("/account/sign-out");
    let twice = [good.clone(), good.clone()].concat();
    for fields in [Vec::new(), token(""), token("x"), of_bob, of_another_form, twice] {
        assert_eq!(ann.post(&action, &fields).await.status, 403, "{fields:?}");
    }
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "https://rsign.example.evil"),
    ] {
        ann.fields = vec![(name, value.to_owned())];
        assert_eq!(ann.post(&action, &good).await.status, 403, "{name}: {value}");
    }
    assert!(ann.get("/account").await.html.contains(&id));
    // Our own page, as old browsers say it.
    ann.fields = vec![("origin", "https://rsign.example".to_owned())];
    let whole = [good, vec![("password".to_owned(), "hunter22".to_owned())]].concat();
    assert_eq!(ann.post(&action, &whole).await.status, 303);
}

#[tokio::test]
async fn a_05_nobody_is_signed_in_by_a_form_from_elsewhere() {
    let bench = Bench::new().await;
    let (mut attacker, mut victim) = (Browser::new(&bench), Browser::new(&bench));
    let mut fields = attacker.get("/account/sign-in").await.hidden("/account/sign-in");
    fields.extend([("username".to_owned(), "ann".to_owned()), ("password".to_owned(), "hunter22".to_owned())]);
    // Before the victim was ever here, and after.
    assert_eq!(victim.post("/account/sign-in", &fields).await.status, 403);
    victim.get("/account/sign-in").await;
    assert_eq!(victim.post("/account/sign-in", &fields).await.status, 403);
    assert!(!victim.cookies.contains_key("__Host-rsign"));
}

#[tokio::test]
async fn a_07_a_session_is_never_one_that_was_there_before() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench);
    browser.cookies.insert("__Host-rsign".to_owned(), "planted-by-somebody-else".to_owned());
    browser.sign_in("ann", "hunter22").await;
    let first = browser.cookies["__Host-rsign"].clone();
    assert_ne!(first, "planted-by-somebody-else");
    browser.sign_in("ann", "hunter22").await;
    assert_ne!(browser.cookies["__Host-rsign"], first);
    // The one before is over.
    browser.cookies.insert("__Host-rsign".to_owned(), first);
    assert_eq!(browser.get("/account/history").await.location(), "/account/sign-in?next=history&again=yes");
}

#[tokio::test]
async fn a_18_an_unknown_user_looks_like_a_wrong_password() {
    let bench = Bench::new().await;
    let (mut known, mut unknown) = (Browser::new(&bench), Browser::new(&bench));
    unknown.address.set_ip([192, 0, 2, 2].into());
    for tries in 0..7 {
        let (wrong, nobody) = (known.sign_in("ann", "wrong").await, unknown.sign_in("nobody", "wrong").await);
        assert_eq!((wrong.status, nobody.status), if tries < 5 { (400, 400) } else { (429, 429) }, "{tries}");
        assert_eq!(comparable(&wrong, "\"ann\""), comparable(&nobody, "\"nobody\""));
    }
    // While it waits not even the right password is judged; elsewhere its owner is not kept out.
    assert_eq!(known.sign_in("ann", "hunter22").await.status, 429);
    let mut owner = Browser::new(&bench);
    owner.address.set_ip([192, 0, 2, 3].into());
    assert_eq!(owner.sign_in("ann", "hunter22").await.location(), "/account");
}

#[tokio::test]
async fn a_28_signing_in_leads_to_our_own_pages_only() {
    let bench = Bench::new().await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "approve", "javascript:alert(1)"] {
        let mut browser = Browser::new(&bench);
        let page = browser.get("/account/sign-in").await;
        let mut fields = page.hidden("/account/sign-in");
        for (name, value) in &mut fields {
            if name == "next" {
                *value = next.to_owned();
            }
        }
        fields.extend([("username".to_owned(), "ann".to_owned()), ("password".to_owned(), "hunter22".to_owned())]);
        assert_eq!(browser.post("/account/sign-in", &fields).await.location(), "/account", "{next}");
    }
}

#[tokio::test]
async fn a_30_what_others_wrote_is_text_and_nothing_hides_in_it() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let evil = "<script>alert(1)</script>\u{202e}fdp.exe\u{2066}\u{0}";
    let approval = Approval {
        user: bench.ann.clone(),
        client: "app".to_owned(),
        app: evil.to_owned(),
        credential: id.clone(),
        signatures: 1,
        labels: vec![evil.to_owned()],
        code: None,
        way: Way::Sealed,
    };
    bench.history().record(approval).await.unwrap();
    let mut ann = Browser::of(&bench, "ann").await;
    for path in ["/account", "/account/history", &format!("/account/keys/{id}"), "/account/history?key=\"><script>"] {
        let path = path.replace('"', "%22").replace('>', "%3E").replace('<', "%3C");
        let page = ann.get(&path).await;
        assert!(!page.html.contains("<script"), "{path}");
        assert!(!page.html.contains(['\u{202e}', '\u{2066}', '\0']), "{path}");
    }
    let page = ann.get("/account/history").await;
    assert_eq!(page.html.matches("&#60;script&#62;alert(1)&#60;/script&#62;fdp.exe").count(), 2, "{}", page.html);
}

#[tokio::test]
async fn a_06_a_45_no_page_is_without_its_guard() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let mut ann = Browser::of(&bench, "ann").await;
    let (key, delete) = (format!("/account/keys/{id}"), format!("/account/keys/{id}/delete"));
    let pages = [
        ("/account", 200),
        ("/account/keys/new", 200),
        (&key, 200),
        (&delete, 200),
        ("/account/history", 200),
        ("/account/apps", 200),
        ("/account/me", 200),
        ("/account/oidc/idp", 303),
        ("/account/oidc/idp/tie", 200),
        ("/account/oidc/idp/return", 400),
        ("/account/apps/none", 404),
        ("/account/sign-in?again=yes", 200),
        ("/account/sign-up", 200),
        ("/account/sign-out", 303),
        ("/account/approve?request=ar_none", 410),
        ("/account/nowhere", 404),
        ("/account/keys/none", 404),
    ];
    for (path, status) in pages {
        let seen = ann.get(path).await;
        assert_eq!(seen.status, status, "{path}");
        let field = |name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        let policy = field("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(field(name), value, "{path}");
        }
        let handler = |word: &str| word.starts_with("on") && word.contains('=');
        assert!(!seen.html.contains("<script") && !seen.html.contains(" style="), "{path}");
        assert!(!seen.html.split_whitespace().any(handler), "{path}");
    }
}

#[tokio::test]
async fn over_plain_http_no_browser_is_told_to_come_over_tls() {
    let mut bench = Bench::new().await;
    let public = "http://127.0.0.1:8080";
    let app = App::new(&bench.site.config, &bench.parts, public).unwrap();
    bench.router = router(Arc::new(Site::new(app, bench.site.config.clone(), public).unwrap()));
    let seen = Browser::new(&bench).get("/account/nowhere").await;
    assert!(seen.status == 404 && seen.headers.get("strict-transport-security").is_none());
}
