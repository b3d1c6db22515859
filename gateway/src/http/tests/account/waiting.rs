//! Apps that bring no PIN: what their users are asked, what they hear of it, and that nobody is asked without end.

use rsign_api::signer::Scal;
use serde_json::{Value, json};

use super::browser::Browser;
use super::house::{CHECK, House, NOT, V1, V2, listed};
use crate::domain::client::{PinTransport, Reach};
use crate::domain::contact::Contact;
use crate::http::tests::{Bench, HASH, Registration, registration, until};
use crate::port::fake_signer::PIN;

const UNKNOWN: (u16, &str, &str) = (400, "invalid_request", "Invalid parameter handle");

#[tokio::test]
async fn an_app_without_a_pin_gets_a_sad_when_its_user_approves() {
    let house = House::new().await;
    let bench = &house.bench;
    let mut ann = Browser::of(bench, "ann").await;
    assert!(ann.get("/account").await.html.contains("none waits for you"));
    let handle = house.ask(1).await;
    assert_eq!(house.check(&house.app, &handle).await.status, 202);
    assert!(ann.get("/account").await.html.contains("One request from an app waits for your approval"));
    let list = ann.get("/account/waiting").await;
    assert!(list.html.contains("Sign a document for app?") && list.html.contains(&handle), "{}", list.html);
    assert!(list.html.contains("<bdi>Loan &#60;42&#62;</bdi>"), "what the app says of it: {}", list.html);
    let policy = list.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("script-src 'self'; connect-src 'self'"), "{policy}");
    let page = ann.get(&format!("/account/waiting/{handle}")).await;
    assert!(page.html.contains("Loan &#60;42&#62;") && page.html.contains("Ann Lee"), "{}", page.html);
    assert!(!page.headers["content-security-policy"].to_str().unwrap().contains("script"));
    let code = page.html.split("<span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
    let tx = house.approve(&mut ann, &handle, "sad_one").await;
    // The page and the signer were told what the app asked, and nobody waits for the browser to come back.
    let transaction = bench.parts.repositories.transactions.find(&tx).await.unwrap().unwrap();
    assert_eq!((transaction.registration.client.as_str(), transaction.registration.signatures), ("app", 1));
    let granted = house.check(&house.app, &handle).await;
    assert_eq!((granted.status, &granted.json["SAD"]), (200, &json!("sad_one")));
    assert!((295..=300).contains(&granted.json["expiresIn"].as_u64().unwrap()));
    // An answer that got lost is given again.
    assert_eq!(house.check(&house.app, &handle).await.json["SAD"], "sad_one");
    let back = ann.get(&format!("/oauth2/return?tx={tx}")).await;
    assert!(back.location().ends_with(&format!("/account/waiting/{handle}?tx={tx}")), "{}", back.location());
    assert!(ann.get(&format!("/account/waiting/{handle}")).await.html.contains("You approved it"));
    assert!(ann.get("/account/history").await.html.contains(code), "it is in the history");
    assert!(ann.get("/account").await.html.contains("none waits for you"));
    // What was fetched is over: the same, asked again, is something new.
    assert_ne!(house.ask(1).await, handle);
    bench.wait(300_000);
    assert_eq!(house.check(&house.app, &handle).await.error(), UNKNOWN, "no longer than the SAD");
}

#[tokio::test]
async fn version_one_waits_for_the_user() {
    let house = House::new().await;
    let bench = &house.bench;
    // Members of explicit mode are not looked at, and reach nobody.
    let mut asked = house.body(1);
    asked["PIN"] = json!("31415926");
    asked["OTP"] = json!("123456");
    let mut ann = Browser::of(bench, "ann").await;
    // An app that hangs up and sends the same again waits for the same approval.
    let handle = tokio::select! {
        heard = bench.call(V1, &house.app, asked.clone()) => panic!("nobody has decided: {heard:?}"),
        handle = house.awaited() => handle,
    };
    let list = ann.get("/account/waiting").await;
    assert_eq!(listed(&list.html), handle);
    let approves = async {
        assert_eq!(house.awaited().await, handle);
        house.approve(&mut ann, &handle, "sad_one").await
    };
    let (heard, _) = tokio::join!(bench.call(V1, &house.app, asked.clone()), approves);
    assert_eq!((heard.status, &heard.json["SAD"]), (200, &json!("sad_one")), "{:?}", heard.json);
    assert!(bench.signer.pins.lock().unwrap().is_empty());
}

#[tokio::test]
async fn version_one_does_not_wait_for_ever() {
    let house = House::impatient().await;
    let bench = &house.bench;
    let undecided =
        "The user has not approved the request in time. The same request, sent again, waits for the same approval.";
    let mut ann = Browser::of(bench, "ann").await;
    let mut handles = Vec::new();
    for _ in 0..2 {
        let late = bench.call(V1, &house.app, house.body(2)).await;
        assert_eq!(late.error(), (400, "access_denied", undecided));
        handles.push(listed(&ann.get("/account/waiting").await.html).to_owned());
    }
    assert_eq!(handles[0], handles[1], "the same");
    // Approved while nobody waits: the next call gets it at once, once.
    house.approve(&mut ann, &handles[0], "sad_two").await;
    assert_eq!(bench.call("/csc/v0/credentials/authorize", &house.app, house.body(2)).await.json["SAD"], "sad_two");
    assert_eq!(bench.call(V1, &house.app, house.body(2)).await.status, 400);
}

#[tokio::test]
async fn a_user_says_no() {
    let house = House::new().await;
    let mut ann = Browser::of(&house.bench, "ann").await;
    let handle = house.ask(1).await;
    let path = format!("/account/waiting/{handle}");
    let page = ann.get(&path).await;
    // A transaction that was begun before comes to nothing.
    let gone = ann.submit(&page, &path, &[("decision", "continue")]).await.location().to_owned();
    let seen = ann.submit(&page, &path, &[("decision", "refuse")]).await;
    assert_eq!(seen.location(), path);
    assert!(ann.get(&path).await.html.contains("You refused it"));
    assert_eq!(ann.submit(&page, &path, &[("decision", "continue")]).await.status, 410);
    assert_eq!(house.check(&house.app, &handle).await.error(), NOT);
    let (tx, token) = gone.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    let authorized = rsign_api::signer::Authorized { sad: "sad_one".into(), expires_in: 300 };
    house.bench.signer.outcomes.lock().unwrap().push_back(rsign_api::signer::ChannelOutcome::Authorised(authorized));
    house.bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
    let heard = house.bench.relay(tx, token, "record", json!({ "record": "AQID" })).await;
    assert_eq!(heard.json["state"], "failed", "{:?}", heard.json);
    assert_eq!(*house.bench.signer.ended.lock().unwrap(), ["sad_one"], "a SAD that nobody gets is ended");
    assert_eq!(house.check(&house.app, &handle).await.error(), NOT);
    // v1 has other words for it.
    let refused = async {
        let handle = house.awaited().await;
        assert_eq!(listed(&ann.get("/account/waiting").await.html), handle);
        let path = format!("/account/waiting/{handle}");
        let page = ann.get(&path).await;
        ann.submit(&page, &path, &[("decision", "refuse")]).await;
    };
    let (heard, ()) = tokio::join!(house.bench.call(V1, &house.app, house.body(2)), refused);
    let sentence = "The user, authorization server or remote service denied the request.";
    assert_eq!(heard.error(), (400, "access_denied", sentence));
}

#[tokio::test]
async fn a_user_who_is_asked_too_much_blocks_the_app() {
    let house = House::with("of_client = 2\nof_user = 3\nin_vain = 3").await;
    let bench = &house.bench;
    let (first, second) = (house.ask(1).await, house.ask(2).await);
    assert_eq!(house.ask(1).await, first, "the same again is the same");
    let full = bench.call(V2, &house.app, house.body(3)).await;
    let sentence =
        "Too many requests wait for this user, or were left unanswered. Ask again after the seconds in Retry-After.";
    assert_eq!(full.error(), (429, "temporarily_unavailable", sentence));
    let wait: u64 = full.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((290..=300).contains(&wait), "{wait}");
    let other = bench.client_token("other", PinTransport::Clear, Reach::All).await;
    assert_eq!(bench.call(V2, &other, house.body(1)).await.status, 202);
    assert_eq!(bench.call(V2, &other, house.body(2)).await.status, 429, "three of one user");
    let mut ann = Browser::of(bench, "ann").await;
    let path = format!("/account/waiting/{first}");
    let page = ann.get(&path).await;
    let seen = ann.submit(&page, &path, &[("decision", "block")]).await;
    assert_eq!(seen.location(), "/account/apps");
    for handle in [&first, &second] {
        assert_eq!(house.check(&house.app, handle).await.error(), NOT);
    }
    assert_eq!(bench.call(V2, &house.app, house.body(4)).await.error(), NOT, "at once, and nobody is asked");
    assert_eq!(bench.call(V1, &house.app, house.body(4)).await.error().1, "access_denied");
    let apps = ann.get("/account/apps").await;
    assert!(apps.html.contains("Blocked apps") && apps.html.contains("The app is blocked"), "{}", apps.html);
    ann.submit(&apps, "/account/apps/app/hear", &[]).await;
    assert!(!ann.get("/account/apps").await.html.contains("Blocked apps"));
    house.ask(4).await;
}

#[tokio::test]
async fn who_asks_in_vain_has_to_wait() {
    let house = House::with("in_vain = 2").await;
    house.ask(1).await;
    house.ask(2).await;
    house.bench.wait(300_000);
    let full = house.bench.call(V2, &house.app, house.body(3)).await;
    assert_eq!(full.error().0, 429);
    let wait: u64 = full.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_08_a_handle_is_for_its_client_and_user() {
    let house = House::new().await;
    let bench = &house.bench;
    let handle = house.ask(1).await;
    let other = bench.client_token("other", PinTransport::Clear, Reach::All).await;
    bench.user("bob").await;
    let (ann, bob) = (bench.login("ann").await, bench.login("bob").await);
    let own = bench.call(V2, &ann, house.body(1)).await.json["handle"].as_str().unwrap().to_owned();
    assert_ne!(own, handle, "the same of another client is another");
    for (token, handle) in [(&other, &handle), (&ann, &handle), (&bob, &handle), (&bob, &own), (&house.app, &own)] {
        assert_eq!(house.check(token, handle).await.error(), UNKNOWN);
    }
    assert_eq!(house.check(&ann, &own).await.status, 202);
    let long = "x".repeat(70);
    for body in [
        json!({}),
        json!({ "handle": 7 }),
        json!({ "handle": null }),
        json!({ "handle": "" }),
        json!({ "handle": long }),
    ] {
        assert_eq!(bench.call(CHECK, &house.app, body).await.error(), UNKNOWN);
    }
    // nor is it any other user's business.
    let mut bob = Browser::of(bench, "bob").await;
    let seen = bob.get(&format!("/account/waiting/{handle}")).await;
    assert_eq!((seen.status, bob.get("/account/waiting/ah_none").await.status), (410, 410));
    assert!(bob.get("/account/waiting").await.html.contains("Nothing waits for you now"));
    // Nor is the button of another form.
    let mut ann = Browser::of(bench, "ann").await;
    let page = ann.get(&format!("/account/waiting/{handle}")).await;
    let mut fields = page.hidden(&format!("/account/waiting/{handle}"));
    fields.push(("decision".to_owned(), "continue".to_owned()));
    assert_eq!(ann.post(&format!("/account/waiting/{own}"), &fields).await.status, 403);
}

#[tokio::test]
async fn nobody_is_asked_for_what_cannot_be() {
    let house = House::new().await;
    let bench = &house.bench;
    let sentence = async |body: Value| bench.call(V2, &house.app, body).await.error().2.to_owned();
    let body = |change: &dyn Fn(&mut Value)| {
        let mut body = house.body(1);
        change(&mut body);
        body
    };
    assert_eq!(sentence(body(&|body| body["numSignatures"] = json!(11))).await, "Numbers of signatures is too high");
    assert_eq!(sentence(body(&|body| body["hash"] = json!([]))).await, "Empty hash array");
    assert_eq!(sentence(body(&|body| body["hash"] = json!(["AAAA"]))).await, "Invalid digest value length");
    assert_eq!(
        sentence(body(&|body| body["description"] = json!("x".repeat(501)))).await,
        "Invalid parameter description"
    );
    assert_eq!(sentence(body(&|body| body["description"] = json!(7))).await, "Invalid parameter description");
    let mixed = json!([HASH, data_encoding::BASE64.encode(&[1; 48])]);
    let two = body(&|body| (body["hash"], body["numSignatures"]) = (mixed.clone(), json!(2)));
    assert_eq!(sentence(two).await, "Invalid digest value length", "one list has one hash function");
    *bench.signer.locked_until.lock().unwrap() = Some(i64::MAX);
    assert_eq!(sentence(house.body(1)).await, "Credential locked");
    *bench.signer.locked_until.lock().unwrap() = None;
    let handle = house.ask(1).await;
    *bench.signer.locked_until.lock().unwrap() = Some(i64::MAX);
    assert_eq!(house.check(&house.app, &handle).await.error().2, "Credential locked");
    let mut ann = Browser::of(bench, "ann").await;
    let page = ann.get(&format!("/account/waiting/{handle}")).await;
    assert!(page.html.contains("This key cannot sign now.") && !page.html.contains("value=\"continue\""));
}

#[tokio::test]
async fn what_an_app_asked_goes_with_its_access() {
    let house = House::new().await;
    let bench = &house.bench;
    let kept = house.ask(1).await;
    let own = bench.login("ann").await;
    let handle = bench.call(V2, &own, house.body(1)).await.json["handle"].as_str().unwrap().to_owned();
    let mut ann = Browser::of(bench, "ann").await;
    let page = ann.get("/account/apps/basic").await;
    assert_eq!(ann.submit(&page, "/account/apps/basic", &[]).await.location(), "/account/apps");
    assert_eq!(house.check(&bench.login("ann").await, &handle).await.error(), NOT);
    assert_eq!(house.check(&house.app, &kept).await.status, 202, "another app's is still there");
    let list = ann.get("/account/waiting").await;
    assert!(list.html.contains(&kept) && !list.html.contains(&handle), "{}", list.html);
}

/// Nor through the interface whose clients have no other way to bring it.
#[tokio::test]
async fn a_worker_brings_no_pin_for_such_a_credential() {
    let house = House::new().await;
    let worker = Registration { pin_transport: PinTransport::Clear, reach: Reach::All, ..registration("worker") };
    house.bench.register(Registration { worker: true, ..worker }).await;
    let meta = json!({ "USING_CLIENTSUPPLIED_HASH": "true", "CLIENTSIDE_HASHDIGESTALGORITHM": "SHA-256" });
    let body = json!({ "data": HASH, "encoding": "BASE64", "metaData": meta }).to_string();
    for (key, refused) in [(&house.key, true), (&house.bench.credential(&house.bench.ann, Scal::Two).await, false)] {
        let basic = data_encoding::BASE64.encode(format!("{key}:{PIN}").as_bytes());
        let path = "/rest/v1/workers/worker/process";
        let heard = house.bench.send(path, Some(&format!("Basic {basic}")), "application/json", &body).await;
        assert_eq!((heard.status == 200, house.bench.signer.pins.lock().unwrap().is_empty()), (!refused, refused));
    }
}

#[tokio::test]
async fn a_credential_says_that_its_user_is_asked() {
    let house = House::new().await;
    let body = json!({ "credentialID": house.key, "authInfo": true });
    for token in [&house.app, &house.bench.login("ann").await] {
        let told = house.bench.call("/csc/v1/credentials/info", token, body.clone()).await.json;
        assert_eq!(told["authMode"], "implicit");
        assert_eq!((&told["auth"]["mode"], &told["auth"]["expression"]), (&json!("explicit"), &json!("PIN")));
        assert_eq!(told["auth"]["objects"][0]["type"], "PasswordOOB");
        assert_eq!((told.get("PIN"), told.get("OTP")), (None, None));
        let bare = json!({ "credentialID": house.key });
        let told = house.bench.call("/csc/v2/credentials/info", token, bare).await.json;
        assert_eq!(told["auth"], json!({ "mode": "explicit", "objects": [] }));
    }
}

/// What an app has signed goes to the signer as it came, beside what the gateway registered (RFC 9101; A-37).
#[tokio::test]
async fn a_37_a_signed_request_reaches_the_signer() {
    let house = House::new().await;
    let mut ann = Browser::of(&house.bench, "ann").await;
    let mut asked = house.body(1);
    asked["request"] = json!("e30.e30.AA");
    let heard = house.bench.call(V2, &house.app, asked).await;
    let handle = heard.json["handle"].as_str().unwrap().to_owned();
    assert_ne!(house.ask(1).await, handle, "the same without a signature is something else");
    house.approve(&mut ann, &handle, "sad_one").await;
    let hellos = house.bench.signer.hellos.lock().unwrap();
    assert_eq!(hellos[0].request.as_deref(), Some("e30.e30.AA"));
    let registered = &hellos[0].registration;
    assert_eq!((registered.signatures, registered.list.len(), registered.user.as_str()), (1, 1, &*house.bench.ann));
}

/// Word is sent to who has an address: not for what was asked before, not too often, and with nothing to follow.
#[tokio::test]
async fn a_user_with_an_address_is_sent_word() {
    let otp = "basic = true\n[otp.email]\nhost = \"mail.example\"\nfrom = \"rsign@example.org\"";
    let house = House::of(Bench::with(otp, "").await).await;
    // It goes out beside the answer; what is not sent has had time to go.
    let post = async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        house.bench.courier.post.lock().unwrap().clone()
    };
    let users = &house.bench.parts.repositories.users;
    assert!(users.set_contact(&house.bench.ann, None).await.unwrap());
    house.ask(1).await;
    assert_eq!(post().await, [], "no address, no word");
    let contact = Contact::read("ann@example.org").ok();
    assert!(users.set_contact(&house.bench.ann, contact).await.unwrap());
    house.ask(1).await;
    assert_eq!(post().await, [], "asked before");
    house.ask(2).await;
    house.ask(3).await;
    let post_of = || house.bench.courier.post.lock().unwrap().len();
    until("word is sent", || (post_of() > 0).then_some(())).await;
    let sent = post().await;
    let [(to, text)] = &sent[..] else { panic!("{sent:?}") };
    assert!(to == "ann@example.org" && text.starts_with("app asks for a signature"), "{text}");
    assert!(!text.contains("://") && !text.contains("Loan"), "neither a link nor what it is about: {text}");
    // Not delivered: the request waits all the same.
    house.bench.courier.is_away.store(true, std::sync::atomic::Ordering::Relaxed);
    house.bench.wait(5 * 60_000);
    house.ask(4).await;
    assert_eq!(post().await.len(), 1);
}
