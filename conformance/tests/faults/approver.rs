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

impl Person {
    async fn of(sandbox: &Sandbox, user: &User) -> Arc<Self> {
        let ready = &sandbox.ready;
        let mut browser = Browser::new(&ready.oauth2, ready.tls_ca.as_deref().unwrap());
        assert_eq!(browser.sign_in(user).await.location(), "/account");
        let (browser, api, signer) = (Mutex::new(browser), sandbox.api(), pinned(&sandbox.folder));
        Arc::new(Self { user: user.clone(), browser, api, signer })
    }
}

/// The command for what is approved where the app sends its user: its last argument is the address to open, and it prints
/// where the browser was sent to in the end.
pub(crate) async fn start(sandbox: &Sandbox) -> Vec<String> {
    let person = Person::of(sandbox, &sandbox.ready.users[0]).await;
    command(Router::new().route("/", post(approve)).with_state(person)).await
}

/// The command for what is approved in the account: its last argument is the credential's id, and it ends when something
/// was approved.
pub(crate) async fn start_elsewhere(sandbox: &Sandbox) -> Vec<String> {
    let person = Person::of(sandbox, sandbox.ready.implicit_user.as_ref().unwrap()).await;
    command(Router::new().route("/", post(approve_waiting)).with_state(person)).await
}

async fn command(router: Router) -> Vec<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let script = format!(
        "import sys, urllib.request as r; o = r.build_opener(r.ProxyHandler({{}})); \
         print(o.open('http://{address}/', sys.argv[1].encode()).read().decode())"
    );
    ["python3", "-c", &script].map(str::to_owned).into()
}

/// Approves what waits, but for what says that it is not to be.
async fn approve_waiting(State(person): State<Arc<Person>>, id: String) -> String {
    let credential = person.user.credentials.iter().find(|credential| credential.id == id).unwrap();
    for _ in 0..50 {
        let mut browser = person.browser.lock().await;
        let mut approved = 0;
        for handle in browser.waiting().await {
            let page = browser.get(&format!("/account/waiting/{handle}")).await;
            if page.status == 200 && !page.html.contains("not to be approved") {
                let gone = browser.decide(&handle, "continue").await;
                let mut device = Device::follow(&person.api, &gone, &person.signer).await;
                device.approve(&credential.pin).await;
                approved += 1;
            }
        }
        drop(browser);
        if approved > 0 {
            return format!("{approved} approved");
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    "nothing waits".to_owned()
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
