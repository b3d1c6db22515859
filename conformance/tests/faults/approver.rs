//! A person who says yes: signed in, with a browser and a device without a screen. Reached through a command, as a
//! profile wants it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use harness::channel::{Device, now, pinned};
use harness::{Api, Browser, Sandbox, User, parameter, totp};
use rsign_api::channel::Operation;
use rsign_api::channel::identity::Pinned;
use rsign_conformance::Credential;
use tokio::sync::Mutex;

/// What a new key gets.
const PIN: &str = "60718293";

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

/// The credential that needs a code of an authenticator app, with somebody who reads it there.
pub(crate) async fn with_an_app(sandbox: &Sandbox) -> Credential {
    let has_app = |user: &&User| user.totp_secret.is_some();
    let carol = sandbox.ready.users.iter().find(has_app).unwrap();
    let secret = carol.totp_secret.clone().unwrap();
    let app = Arc::new((secret, Mutex::new(0)));
    let command = command(Router::new().route("/", post(read_code)).with_state(app)).await;
    let credential = &carol.credentials[0];
    let pin = Some(credential.pin.as_str().into());
    Credential { id: credential.id.clone(), pin, otp_command: Some(command), otp_inbox: None, approve_command: None }
}

/// The first code that was not read before, of those that are good now: this one and the next.
async fn read_code(State(app): State<Arc<(String, Mutex<u64>)>>) -> String {
    let (secret, last) = &*app;
    let mut last = last.lock().await;
    loop {
        let step = now() / 30;
        let next = (*last + 1).max(step);
        if next <= step + 1 {
            *last = next;
            return totp::code(secret, i64::try_from(next - step).unwrap());
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

async fn command(router: Router) -> Vec<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let script = format!(
        "import sys, urllib.request as r; o = r.build_opener(r.ProxyHandler({{}})); \
         print(o.open('http://{address}/', ''.join(sys.argv[1:]).encode()).read().decode())"
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
    // Only where a PIN is needed the signing page comes next.
    if !gone.contains('#') {
        return gone;
    }
    let mut device = Device::follow(&person.api, &gone, &person.signer).await;
    if device.context.operation == Operation::Enrol {
        device.enrol(PIN).await;
    } else {
        let id = parameter(url.as_str(), "credentialID").unwrap();
        let credential = person.user.credentials.iter().find(|credential| credential.id == id).unwrap();
        device.approve(&credential.pin).await;
    }
    browser.come_back(&device).await.location().to_owned()
}
