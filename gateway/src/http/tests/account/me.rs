use super::browser::{Browser, PASSWORD};
use crate::domain::client::Reach;
use crate::domain::external::Tie;
use crate::domain::token::{Bearer, Eras};
use crate::http::tests::{Bench, registration};

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_ends_other_sessions() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    let (mut here, mut there) = (Browser::of(&bench, "ann").await, Browser::of(&bench, "ann").await);
    let page = here.get("/account/me").await;
    for (password, new, repeated, said) in [
        ("wrong", PASSWORD, PASSWORD, "The current password is wrong"),
        ("hunter22", "short", "short", "Choose a longer password"),
        ("hunter22", PASSWORD, "another", "Enter the same password twice"),
    ] {
        let typed = [("password", password), ("new", new), ("repeated", repeated)];
        let seen = here.submit(&page, "/account/me", &typed).await;
        assert!(seen.status == 400 && seen.html.contains(said), "{said}");
    }
    assert_eq!(there.get("/account").await.status, 200);
    let typed = [("password", "hunter22"), ("new", PASSWORD), ("repeated", PASSWORD)];
    assert_eq!(here.submit(&page, "/account/me", &typed).await.location(), "/account/me");
    assert!(here.get("/account/me").await.html.contains("Your password was changed"));
    assert_eq!(there.get("/account").await.location(), "/account/sign-in?again=yes");
    assert_eq!(bench.call("/csc/v1/credentials/list", &token, serde_json::json!({})).await.status, 401);
    assert_eq!(there.sign_in("ann", "hunter22").await.status, 400);
    assert_eq!(there.sign_in("ann", PASSWORD).await.location(), "/account");
    let me = here.get("/account/me").await;
    here.submit(&me, "/account/me/others", &[]).await;
    assert_eq!(there.get("/account").await.location(), "/account/sign-in?again=yes");
    assert_eq!(here.get("/account").await.status, 200);
}

#[tokio::test]
async fn with_a_new_password_all_that_was_let_in_can_be_put_out() {
    let bench = Bench::new().await;
    let (ties, ann) = (&bench.parts.repositories.external, bench.ann.clone());
    let tie = Tie { user: ann.clone(), issuer: "https://idp.example".to_owned(), subject: "x".to_owned() };
    assert!(ties.tie(tie).await.unwrap());
    bench.register(registration("app")).await;
    let bearer = Bearer {
        client: "app".to_owned(),
        user: Some(ann.clone()),
        reach: Reach::Linked,
        key: None,
        eras: Eras::default(),
    };
    bench.site.app.tokens.issue_with_refresh(bearer).await.unwrap();
    let mut here = Browser::of(&bench, "ann").await;
    for (old, new, rest) in [("hunter22", PASSWORD, None), (PASSWORD, "another long secret", Some(("rest", "yes")))] {
        let page = here.get("/account/me").await;
        let typed = [("password", old), ("new", new), ("repeated", new)];
        let typed: Vec<_> = typed.into_iter().chain(rest).collect();
        assert_eq!(here.submit(&page, "/account/me", &typed).await.location(), "/account/me");
        let (tied, apps) = (ties.of_user(&ann).await.unwrap(), bench.site.app.apps.of(&ann).await.unwrap());
        assert_eq!((tied.is_empty(), apps.is_empty()), (rest.is_some(), rest.is_some()));
    }
}
