//! What every page and answer is under, whoever asks for it: rows.

use super::*;

#[tokio::test]
async fn a_06_a_45_every_page_and_answer_is_under_its_guard() {
    let mut scene = Scene::set("guarded").await;
    let approve = scene.browser.ask(&borrowed(&scene.signing(&[Hash::of("guarded")]))).await;
    let id = scene.who.credential.id.clone();
    let mut seen = vec![("approve".to_owned(), approve)];
    for path in [
        "/account",
        "/account/keys/new",
        &format!("/account/keys/{id}"),
        &format!("/account/keys/{id}/delete"),
        "/account/history",
        "/account/apps",
        "/account/me",
        "/account/sign-in?again=yes",
        "/account/sign-up",
        "/account/nowhere",
        "/account/approve?request=ar_none",
        "/oauth2/authorize?client_id=nobody",
        "/oauth2/return?tx=none",
    ] {
        seen.push((path.to_owned(), scene.browser.get(path).await));
    }
    for (path, seen) in &seen {
        let policy = seen.field("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(seen.field(name), value, "{path} {}", seen.status);
        }
        assert!(!seen.html.contains("<script") && !seen.html.contains("http://"), "{path}");
    }
    // Where a code or a token passes: neither kept nor told to the next page.
    let device = scene.type_pin(&[Hash::of("guarded too")]).await;
    let back = scene.browser.come_back(&device).await;
    assert_eq!((back.field("cache-control"), back.field("referrer-policy")), ("no-store", "no-referrer"));
    let answer = scene.redeem(&parameter(back.location(), "code").unwrap()).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let told = scene.api.get_with(&format!("/rch/{}", device.tx), &device.token).await;
    assert_eq!(told.headers["cache-control"], "no-store");
    // The signing page, which is the signer's.
    let mut at_signer = Browser::new(
        shared().ready.sign.as_deref().unwrap().trim_end_matches('/'),
        shared().ready.tls_ca.as_deref().unwrap(),
    );
    let page = at_signer.get("/").await;
    let policy = page.field("content-security-policy");
    assert!(page.status == 200 && policy.contains("default-src 'none'"), "{policy}");
    for needed in ["frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(needed), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!((page.field("referrer-policy"), page.field("x-frame-options")), ("no-referrer", "DENY"));
    assert!(page.field("set-cookie").is_empty() && page.field("cache-control").contains("no-"), "{:?}", page.headers);
}

#[tokio::test]
async fn a_28_nothing_leads_to_where_we_never_said() {
    let mut scene = Scene::set("redirects").await;
    for next in
        ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\thttps://evil.example"]
    {
        let mut browser = browser();
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let page = browser.get(&format!("/account/sign-in?{query}")).await;
        let mut form: Vec<_> = page.hidden("/account/sign-in").into_iter().filter(|(name, _)| name != "next").collect();
        let typed = [("next", next), ("username", &scene.who.user.username), ("password", &scene.who.user.password)];
        form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        assert_eq!(browser.post("/account/sign-in", &form).await.location(), "/account", "{next}");
    }
    // A redirect URI that is not registered: a page, and no redirect, whatever else is wrong.
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1:7777/callback/",
        "http://127.0.0.1:7777/callback?x=1",
        "http://127.0.0.1:7777/callback#x",
        "http://127.0.0.1:7777/Callback",
        "http://localhost:7777/callback",
        "http://127.0.0.1:7777@evil.example/callback",
        "http://127.0.0.1.evil.example:7777/callback",
        "https://127.0.0.1:7777/callback",
        "http://127.0.0.1:7777/%63allback",
    ] {
        let mut asked = scene.service();
        asked[2].1 = uri.to_owned();
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(
            seen.status == 400 && seen.field("location").is_empty(),
            "{uri}: {} {}",
            seen.status,
            seen.field("location")
        );
    }
    // A request that nobody pushed, or somebody else did.
    let pushed = {
        let other = shared().operator().add_client(&format!("pusher-{}", scene.app.client_id), "sealed", false);
        let basic = (other.client_id.as_str(), other.client_secret.as_deref().unwrap());
        let form = [("response_type", "code"), ("client_id", basic.0), ("redirect_uri", CALLBACK)];
        let answer = scene.api.form("/oauth2/pushed_authorize", Some(basic), &form).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.json["request_uri"].as_str().unwrap().to_owned()
    };
    for uri in ["https://evil.example/request", "urn:ietf:params:oauth:request_uri:none", &pushed] {
        let seen = scene.browser.authorize(&[("client_id", &scene.app.client_id), ("request_uri", uri)]).await;
        assert!([400, 410].contains(&seen.status) && seen.field("location").is_empty(), "{uri}: {}", seen.status);
    }
}

#[tokio::test]
async fn a_29_nothing_breaks_out_of_a_header() {
    let mut scene = Scene::set("crlf").await;
    let evil = "a\r\nSet-Cookie: evil=1\r\nLocation: https://evil.example";
    for name in ["state", "clientData", "lang", "description", "account_token", "credentialID", "redirect_uri"] {
        let mut asked = scene.service();
        asked.retain(|(known, _)| *known != name);
        asked.push((name, evil.to_owned()));
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(
            !seen.headers.values().any(|value| value.to_str().is_ok_and(|value| value.contains("evil=1"))),
            "{name}"
        );
        assert!(seen.headers.get_all("location").iter().count() <= 1);
        assert!(!scene.browser.cookies.contains_key("evil"), "{name}");
        if let Some(location) = seen.headers.get("location") {
            let location = location.to_str().unwrap();
            if name == "state" {
                assert_eq!(parameter(location, "error").as_deref(), Some("invalid_request"), "{location}");
                assert_eq!(parameter(location, "state"), None, "a state that was refused is not given back");
            }
        }
    }
    // What may stand there comes back octet by octet.
    for state in ["s t%æ", "a&b=c#d?e+f%20", "\"<>\\^`{|}~", &"x".repeat(1024)] {
        let mut asked = scene.service();
        asked[3].1 = state.to_owned();
        let back = scene.browser.say_yes(&borrowed(&asked)).await;
        assert_eq!(parameter(&back, "state").as_deref(), Some(state), "{back}");
    }
}

/// What an app calls itself and its documents is text: no markup, and nothing that makes it read as something else.
#[tokio::test]
async fn a_30_what_apps_write_is_text_on_every_page() {
    let mut scene = Scene::set("markup").await;
    let evil = "<img src=x onerror=alert(1)>\u{202e}fdp.exe\u{2066}\"'--></bdi><script>alert(2)</script>";
    let digests = json!([{ "hash": Hash::of("markup").base64(), "label": evil }]);
    let details = json!([{ "type": "https://cloudsignatureconsortium.org/2025/credential", "numSignatures": 1,
        "credentialID": scene.who.credential.id, "documentDigests": digests, "hashAlgorithmOID": SHA256 }]);
    let mut asked = scene.service();
    asked.extend([("authorization_details", details.to_string()), ("description", evil.to_owned())]);
    let page = scene.browser.ask(&borrowed(&asked)).await;
    assert!(page.html.contains("alert(1)"), "the label is shown: {}", page.html);
    let gone = scene.browser.submit(&page, "/account/approve", &[("decision", "continue")]).await;
    let mut device = Device::follow(&scene.api, gone.location(), &pinned(&shared().folder)).await;
    let told = scene.api.get_with(&format!("/rch/{}", device.tx), &device.token).await.ok();
    assert!(!told.to_string().contains(['\u{202e}', '\u{2066}']), "{told}");
    assert_eq!(device.approve(&scene.who.credential.pin).await.1, State::Done);
    let history = scene.browser.get("/account/history").await;
    assert!(history.html.contains("alert(1)"), "{}", history.html);
    let query = "%3Cscript%3Ealert(1)%3C/script%3E";
    let wrong =
        scene.browser.get(&format!("/oauth2/authorize?client_id={query}&redirect_uri={query}&state={query}")).await;
    for seen in [&page, &history, &wrong] {
        assert!(!seen.html.contains("<img") && !seen.html.contains("<script"), "{}", seen.html);
        assert!(!seen.html.contains(['\u{202e}', '\u{2066}']), "{}", seen.html);
    }
}

#[tokio::test]
async fn a_31_what_stands_there_twice_is_refused_everywhere() {
    let mut scene = Scene::set("twice").await;
    let id = scene.app.client_id.clone();
    let basic = Some((id.as_str(), scene.app.client_secret.as_deref().unwrap()));
    for (name, value) in [("scope", "credential"), ("response_type", "code"), ("state", "other"), ("clientData", "x")] {
        let mut asked = scene.signing(&[Hash::of("twice")]);
        asked.push((name, value.to_owned()));
        if name == "clientData" {
            asked.push((name, value.to_owned()));
        }
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        let location = seen.location();
        assert_eq!(parameter(location, "error").as_deref(), Some("invalid_request"), "{name}: {location}");
        if name == "state" {
            assert_eq!(parameter(location, "state"), None, "neither of the two");
        }
        let heard = scene.api.form("/oauth2/pushed_authorize", basic, &borrowed(&asked)).await;
        assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"), "{name}");
    }
    // Whose app it is, and where it goes, is not to be guessed: no redirect at all.
    for (name, value) in [("client_id", id.as_str()), ("redirect_uri", CALLBACK)] {
        let mut asked = scene.service();
        asked.push((name, value.to_owned()));
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(seen.status == 400 && seen.field("location").is_empty(), "{name}: {}", seen.status);
    }
    let asked = scene.service();
    let back = scene.browser.say_yes(&borrowed(&asked)).await;
    let code = parameter(&back, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK), ("code", &code)];
    assert_eq!(scene.api.form("/oauth2/token", basic, &form).await.error().1, "invalid_request");
    assert_eq!(scene.redeem(&code).await.status, 200, "that was no use of it");
    // In JSON.
    let body = format!("{{\"credentialID\":\"{0}\",\"credentialID\":\"{0}\"}}", scene.who.credential.id);
    let bearer = format!("Bearer {}", scene.who.session.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    assert_eq!(scene.api.post("/csc/v2/credentials/info", &headers, body).await.error().0, 400);
}
