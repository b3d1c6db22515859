use super::browser::{Browser, PASSWORD};
use crate::http::tests::Bench;

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
