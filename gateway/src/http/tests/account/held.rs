//! A form that takes its time, and whose browser an operator has signed out meanwhile.

use rsign_api::signer::{Scal, State};

use super::browser::Browser;
use crate::http::tests::Bench;

const SIGN_IN: &str = "/account/sign-in?";
const NEW: &str = "/account/keys/new";

#[tokio::test]
async fn who_was_signed_out_starts_nothing_with_the_form_that_comes_then() {
    let bench = Bench::new().await;
    let key = format!("/account/keys/{}", bench.credential(&bench.ann, Scal::Two).await);
    let typed = [("kind", "P-256"), ("password", "hunter22")];
    for milliseconds in [0, 2000] {
        for (page, form, typed) in [(NEW, NEW, &typed[..]), (&key, &format!("{key}/pin"), &[])] {
            let mut ann = Browser::of(&bench, "ann").await;
            let page = ann.get(page).await;
            let slow = bench.meanwhile(milliseconds, None, None);
            let gone = ann.submit_late(&page, form, typed, slow).await;
            assert!(gone.location().starts_with("https://sign.example/#"), "{form}: {}", gone.location());
            let ended = bench.meanwhile(milliseconds, None, Some(&bench.ann));
            let gone = ann.submit_late(&page, form, typed, ended).await;
            assert!(gone.location().starts_with(SIGN_IN), "{form}, {milliseconds} ms: {}", gone.location());
        }
    }
}

#[tokio::test]
async fn nor_does_a_form_that_took_long_do_anything() {
    let bench = Bench::new().await;
    let delete = format!("/account/keys/{}/delete", bench.credential(&bench.ann, Scal::Two).await);
    let password = [("password", "hunter22")];
    let mut ann = Browser::of(&bench, "ann").await;
    let page = ann.get(&delete).await;
    let ended = bench.meanwhile(2000, None, Some(&bench.ann));
    assert!(ann.submit_late(&page, &delete, &password, ended).await.location().starts_with(SIGN_IN));
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Active);

    let mut ann = Browser::of(&bench, "ann").await;
    let page = ann.get(&delete).await;
    let slow = bench.meanwhile(2000, None, None);
    assert_eq!(ann.submit_late(&page, &delete, &password, slow).await.location(), "/account");
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Destroyed);
}
