//! Where codes go: an address that its owner gave with the password, and confirmed.

use std::sync::atomic::Ordering;

use rsign_api::signer::FactorKind;

use super::browser::{Browser, Seen};
use crate::domain::contact::{Contact, PATIENCE};
use crate::http::tests::Bench;

const OTP: &str = "basic = true\n[otp.email]\nhost = \"mail.example\"\nfrom = \"rsign@example.org\"";
const PATH: &str = "/account/contact";
const CODE: &str = "/account/contact/code";

async fn give(ann: &mut Browser, address: &str, password: &str) -> Seen {
    let page = ann.get(PATH).await;
    ann.submit(&page, PATH, &[("address", address), ("password", password)]).await
}

async fn confirm(ann: &mut Browser, code: &str) -> Seen {
    let page = ann.get(CODE).await;
    ann.submit(&page, CODE, &[("code", code)]).await
}

impl Bench {
    /// Who was sent something last, and the six digits in it.
    fn last_post(&self) -> (String, String) {
        let (to, text) = self.courier.post.lock().unwrap().last().cloned().unwrap();
        (to, text.chars().take(6).collect())
    }

    async fn contact(&self, user: &str) -> Option<Contact> {
        self.parts.repositories.users.find(user).await.unwrap().unwrap().contact
    }
}

fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn an_address_counts_when_its_code_came_back() {
    let bench = Bench::with(OTP, "").await;
    let mut ann = Browser::of(&bench, "ann").await;
    assert!(bench.parts.repositories.users.set_contact(&bench.ann, None).await.unwrap());
    assert!(ann.get("/account/me").await.html.contains("No address so far"));
    assert_eq!(give(&mut ann, " ann.lee@example.org", "hunter22").await.location(), CODE);
    assert_eq!(bench.contact(&bench.ann).await, None, "not yet");
    let (to, code) = bench.last_post();
    assert_eq!(to, "ann.lee@example.org");
    assert!(ann.get(CODE).await.html.contains("ann.lee@example.org"));
    let wrong = confirm(&mut ann, &other(&code)).await;
    assert!(wrong.status == 400 && wrong.html.contains("The code is wrong"));
    assert_eq!(bench.contact(&bench.ann).await, None);
    assert_eq!(confirm(&mut ann, &format!(" {} {} ", &code[..3], &code[3..])).await.location(), "/account/me");
    assert_eq!(bench.contact(&bench.ann).await, Some(Contact::Email("ann.lee@example.org".to_owned())));
    let me = ann.get("/account/me").await.html;
    assert!(me.contains("Your codes go to the new address") && me.contains("ann.lee@example.org"));
    // Once: nothing waits any more.
    assert_eq!(ann.get(CODE).await.location(), PATH);
    // The one before is told, and is not told where they go now.
    assert_eq!(give(&mut ann, "ann@elsewhere.example", "hunter22").await.location(), CODE);
    let (_, code) = bench.last_post();
    assert_eq!(confirm(&mut ann, &code).await.location(), "/account/me");
    let (to, text) = bench.courier.post.lock().unwrap().last().cloned().unwrap();
    assert!(to == "ann.lee@example.org" && text.contains("go to another address") && !text.contains("elsewhere"));
}

#[tokio::test]
async fn the_form_asks_for_what_can_be_reached() {
    let webhook = "basic = true\n[otp.webhook]\nurl = \"https://sms.example/\"\nkey_file = \"x\"";
    for (otp, label, kind) in [(OTP, "E-mail address", "email"), (webhook, "Telephone number", "tel")] {
        let bench = Bench::with(otp, "").await;
        let mut ann = Browser::of(&bench, "ann").await;
        let page = ann.get(PATH).await.html;
        assert!(
            page.contains(&format!(">{label}</label>")) && page.contains(&format!("autocomplete=\"{kind}\"")),
            "{page}"
        );
    }
}

/// a session that somebody took over is not enough.
#[tokio::test]
async fn who_gives_an_address_knows_the_password() {
    let bench = Bench::with(OTP, "").await;
    let mut ann = Browser::of(&bench, "ann").await;
    for password in ["", "wrong"] {
        let refused = give(&mut ann, "eve@example.org", password).await;
        assert!(refused.status == 400 && refused.html.contains("password"), "{}", refused.html);
    }
    assert!(bench.courier.post.lock().unwrap().is_empty());
    let mut stranger = Browser::new(&bench);
    let first = stranger.get(PATH).await;
    assert!(first.location().starts_with("/account/sign-in?next=contact"), "{}", first.location());
}

#[tokio::test]
async fn odd_addresses_and_too_many_codes_are_refused() {
    let bench = Bench::with(OTP, "").await;
    let mut ann = Browser::of(&bench, "ann").await;
    for odd in ["", "ann", "ann@", "a@b\r\nBcc: eve@example.org", "a@b, c@d", "+351 912 345 678"] {
        let refused = give(&mut ann, odd, "hunter22").await;
        assert!(refused.status == 400 && refused.html.contains("sends codes by e-mail only"), "{odd:?}");
        assert_eq!(refused.html.matches("An e-mail address, as in").count(), 1, "the hint stands once");
    }
    assert!(bench.courier.post.lock().unwrap().is_empty());
    // Three an hour, whether they arrive or not.
    bench.courier.is_away.store(true, Ordering::Relaxed);
    let refused = give(&mut ann, "ann@example.org", "hunter22").await;
    assert!(refused.status == 400 && refused.html.contains("could not be sent"));
    bench.courier.is_away.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE);
    }
    let refused = give(&mut ann, "ann@example.org", "hunter22").await;
    assert!(refused.status == 400 && refused.html.contains("Try again in 60 min"), "{}", refused.html);
    bench.wait(60 * 60_000);
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE);
}

/// Many accounts can not fill one box.
#[tokio::test]
async fn an_address_has_its_own_count() {
    let bench = Bench::with(OTP, "").await;
    let mut sent = 0;
    for (account, spelling) in ["victim@example.org", "Victim@example.org", "vic.tim+2@example.org"].iter().enumerate()
    {
        let name = format!("eve{account}");
        bench.user(&name).await;
        let mut eve = Browser::of(&bench, &name).await;
        for _ in 0..2 {
            let seen = give(&mut eve, spelling, "hunter22").await;
            if sent < 5 {
                assert_eq!(seen.location(), CODE);
                sent += 1;
            } else {
                assert!(seen.status == 400 && seen.html.contains("Try again in 60 min"), "{}", seen.html);
            }
        }
        assert_eq!(bench.courier.post.lock().unwrap().len(), sent);
    }
    assert_eq!(sent, 5);
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE, "another address");
    bench.wait(60 * 60_000);
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(give(&mut ann, "victim@example.org", "hunter22").await.location(), CODE);
}

#[tokio::test]
async fn codes_are_not_guessed_and_not_kept_for_long() {
    let bench = Bench::with(OTP, "").await;
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE);
    let (_, first) = bench.last_post();
    assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE);
    let (_, code) = bench.last_post();
    let mut judged = usize::from(first != code);
    if first != code {
        assert_eq!(confirm(&mut ann, &first).await.status, 400, "replaced");
    }
    let page = ann.get(CODE).await;
    loop {
        let seen = ann.submit(&page, CODE, &[("code", &other(&code))]).await;
        if seen.status == 303 {
            break;
        }
        judged += 1;
        assert!(seen.status == 400 && judged <= 10);
    }
    assert_eq!(judged, 10);
    // Then the right one is not judged either; nor is a new one, for an hour.
    assert_eq!(ann.submit(&page, CODE, &[("code", &code)]).await.location(), PATH);
    give(&mut ann, "ann@example.org", "hunter22").await;
    assert_eq!(ann.submit(&page, CODE, &[("code", &bench.last_post().1)]).await.location(), PATH);
    bench.wait(60 * 60_000);
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(give(&mut ann, "ann@example.org", "hunter22").await.location(), CODE);
    let page = ann.get(CODE).await;
    bench.wait(PATIENCE);
    assert_eq!(ann.submit(&page, CODE, &[("code", &bench.last_post().1)]).await.location(), PATH, "too late");
}

/// People choose at enrolment, where there is an address; who has none chooses in vain.
#[tokio::test]
async fn a_new_key_may_need_a_code_that_is_sent() {
    const NEW: &str = "/account/keys/new";
    let bench = Bench::with(OTP, "").await;
    let mut ann = Browser::of(&bench, "ann").await;
    let users = &bench.parts.repositories.users;
    for (address, factor) in [(None, FactorKind::None), (Some("ann@example.org"), FactorKind::Online)] {
        let contact = address.map(|address| Contact::read(address).unwrap());
        assert!(users.set_contact(&bench.ann, contact).await.unwrap());
        let page = ann.get(NEW).await;
        assert_eq!(page.html.contains("value=\"online\""), address.is_some());
        let typed = [("kind", "P-256"), ("factor", "online"), ("mode", "explicit"), ("password", "hunter22")];
        let gone = ann.submit(&page, NEW, &typed).await;
        let (transaction, _) = bench.transaction(gone.location()).await;
        assert_eq!(transaction.registration.enrol.unwrap().factor, factor);
    }
}

#[tokio::test]
async fn where_nothing_is_sent_there_is_no_such_page() {
    let bench = Bench::new().await;
    let mut ann = Browser::of(&bench, "ann").await;
    assert_eq!(ann.get(PATH).await.status, 404);
    assert!(!ann.get("/account/me").await.html.contains("Where your codes go"));
}
