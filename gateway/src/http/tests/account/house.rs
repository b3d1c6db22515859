//! Ann's key that apps wait for, and an app that brings no PIN.

use rsign_api::signer::Scal;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::domain::client::{PinTransport, Reach};
use crate::domain::credential::AuthMode;
use crate::http::tests::{Bench, Heard, until};

pub(super) const V1: &str = "/csc/v1/credentials/authorize";
pub(super) const V2: &str = "/csc/v2/credentials/authorize";
pub(super) const CHECK: &str = "/csc/v2/credentials/authorizeCheck";

/// What v2 says of a refusal.
pub(super) const NOT: (u16, &str, &str) = (400, "invalid_authentication_data", "The authentication data is invalid");

/// Ann with a key that apps wait for, and an app that reaches it.
pub(super) struct House {
    pub(super) bench: Bench,
    pub(super) app: String,
    pub(super) key: String,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with("").await
    }

    /// Its calls wait for longer than a slow machine needs to decide.
    pub(super) async fn with(approval: &str) -> Self {
        Self::of(Bench::with("basic = true", &format!("\n[approval]\nwait_ms = 60000\n{approval}")).await).await
    }

    /// Its calls wait in vain, and not for long.
    pub(super) async fn impatient() -> Self {
        Self::of(Bench::with("basic = true", "\n[approval]\nwait_ms = 700\n").await).await
    }

    pub(super) async fn of(bench: Bench) -> Self {
        let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
        let key = bench.credential_of(&bench.ann, Scal::Two, AuthMode::Implicit).await;
        Self { bench, app, key }
    }

    pub(super) fn body(&self, number: u8) -> Value {
        let hash = data_encoding::BASE64.encode(&[number; 32]);
        json!({ "credentialID": self.key, "numSignatures": 1, "hash": [hash], "description": "Loan <42>" })
    }

    /// The handle that v2 gives.
    pub(super) async fn ask(&self, number: u8) -> String {
        let heard = self.bench.call(V2, &self.app, self.body(number)).await;
        assert_eq!(heard.status, 202, "{:?}", heard.json);
        let handle = heard.json["handle"].as_str().unwrap().to_owned();
        assert_eq!(heard.json, json!({ "handle": handle }));
        handle
    }

    /// The handle of what a call waits for, once one does.
    pub(super) async fn awaited(&self) -> String {
        let waiters = &self.bench.site.app.prompts.waiters;
        until("a call waits", || waiters.lock().unwrap().keys().next().cloned()).await
    }

    pub(super) async fn check(&self, token: &str, handle: &str) -> Heard {
        self.bench.call(CHECK, token, json!({ "handle": handle })).await
    }

    /// Ann approves, as far as the gateway sees it.
    pub(super) async fn approve(&self, ann: &mut Browser, handle: &str, sad: &str) -> String {
        let path = format!("/account/waiting/{handle}");
        let page = ann.get(&path).await;
        let gone = ann.submit(&page, &path, &[("decision", "continue")]).await;
        self.bench.sign_page(gone.location(), sad).await
    }
}

/// The one request that a page lists.
pub(super) fn listed(html: &str) -> &str {
    let rest: Vec<_> = html.split("href=\"/account/waiting/").skip(1).collect();
    let [one] = &rest[..] else { panic!("{} are listed: {html}", rest.len()) };
    one.split('"').next().unwrap()
}
