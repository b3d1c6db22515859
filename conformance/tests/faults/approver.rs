//! A person who says yes: signed in, with a browser and a device without a screen. Reached through a command, as a
//! profile wants it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use harness::channel::{Device, pinned};
use harness::{Api, Browser, Sandbox, User, parameter};
use rsign_api::channel::identity::Pinned;
use tokio::sync::Mutex;

struct Person {
    user: User,
    browser: Mutex<Browser>,
    api: Api,
    /// The signer's key, which the device pins.
    signer: Pinned,
}

/// The command: its last argument is the address to open, and it prints where the browser was sent in the end.
pub(crate) async fn start(sandbox: &Sandbox) -> Vec<String> {
    let ready = &sandbox.ready;
    let user = ready.users[0].clone();
    let mut browser = Browser::new(&ready.oauth2, ready.tls_ca.as_deref().unwrap());
    assert_eq!(browser.sign_in(&user).await.location(), "/account");
    let (browser, api, signer) = (Mutex::new(browser), sandbox.api(), pinned(&sandbox.folder));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let person = Arc::new(Person { user, browser, api, signer });
    let router = Router::new().route("/", post(approve)).with_state(person);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let script = format!(
        "import sys, urllib.request as r; o = r.build_opener(r.ProxyHandler({{}})); \
         print(o.open('http://{address}/', sys.argv[1].encode()).read().decode())"
    );
    ["python3", "-c", &script].map(str::to_owned).into()
}

async fn approve(State(person): State<Arc<Person>>, url: String) -> String {
    let url = url::Url::parse(&url).unwrap();
    let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut browser = person.browser.lock().await;
    let gone = browser.say_yes(&asked).await;
    let Some(id) = parameter(url.as_str(), "credentialID") else { return gone };
    let credential = person.user.credentials.iter().find(|credential| credential.id == id).unwrap();
    let mut device = Device::follow(&person.api, &gone, &person.signer).await;
    device.approve(&credential.pin).await;
    browser.come_back(&device).await.location().to_owned()
}
