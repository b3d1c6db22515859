//! The real router over SQLite and a fake signer: what is said, in which order, to whom.

mod account;
mod authorize;
mod bound;
mod channel;
mod codes;
mod csc;
mod documents;
mod ending;
mod errands;
mod flow;
mod health;
mod held;
mod isolation;
mod keyed;
mod mutual;
mod oauth2;
mod one_time_codes;
mod sign_doc;
mod signed;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use data_encoding::BASE64;
use http_body_util::BodyExt as _;
use rsign_ades::evidence::testing::stamping_certificate;
use rsign_api::algorithm::KeyType;
use rsign_api::signer::{FactorKind, Scal, Stretch, Subject};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Site, router};
use crate::app::{App, Parts};
use crate::config::Config;
use crate::domain::client::{Constraint, PinTransport, Profile, Reach};
use crate::domain::contact::Contact;
use crate::domain::credential::AuthMode;
use crate::domain::seal::Material;
use crate::domain::user::User;
use crate::port::clock::{Clock, Hands, SystemClock};
use crate::port::fake_callback::FakeCallback;
use crate::port::fake_courier::FakeCourier;
use crate::port::fake_identity::{FakeProvider, ISSUER};
use crate::port::fake_revocations::FakeRevocations;
use crate::port::fake_signer::FakeSigner;
use crate::port::fake_time_stamps::FakeStamps;
use crate::port::random::SystemSource;
use crate::port::signer::Signer;
use crate::service::account::external::Provider;
use crate::service::clients::Registration;
use crate::service::enrolment::Wanted;
use crate::service::passwords::Passwords;
use crate::service::post::Couriers;
use crate::service::time_stamps::Source;
use crate::store::Repositories;
use crate::store::faulty::Switch;

/// What apps call the gateway.
const PUBLIC: &str = "https://rsign.example";

/// SHA-256 of nothing in particular.
const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A gateway with a user `ann` (password `hunter22`), and what a test needs to make more.
struct Bench {
    router: Router,
    parts: Parts,
    site: Arc<Site>,
    signer: Arc<FakeSigner>,
    courier: Arc<FakeCourier>,
    store: Arc<Switch>,
    clock: Arc<Hands>,
    ann: String,
    directory: tempfile::TempDir,
}

/// Looks until there is something; what takes longer than anything on a slow machine hangs.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An answer, read.
#[derive(Debug)]
struct Heard {
    status: u16,
    headers: axum::http::HeaderMap,
    json: Value,
}

impl Heard {
    fn error(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.json[name].as_str().unwrap_or_default();
        assert_eq!(text("error_description"), text("message"));
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        (self.status, text("error"), text("error_description"))
    }

    fn token(&self) -> String {
        assert_eq!(self.status, 200, "{:?}", self.json);
        self.json["access_token"].as_str().unwrap().to_owned()
    }
}

/// A legacy client with a secret and one redirect URI.
fn registration(id: &str) -> Registration {
    Registration {
        id: id.to_owned(),
        name: None,
        profile: Profile::Legacy,
        pin_transport: PinTransport::Sealed,
        redirect_uris: vec![format!("https://{id}.example/cb")],
        response_uris: vec![format!("https://{id}.example/done")],
        reach: Reach::Linked,
        refresh_tokens: true,
        public_key: None,
        certificate: None,
        secret: true,
        account_tokens: false,
        public: false,
        constraint: Constraint::None,
        signed_requests: false,
        token_requests: Vec::new(),
        revokes_with_ok: false,
        sends_otp_with_ok: false,
        worker: false,
    }
}

impl Bench {
    async fn new() -> Self {
        Self::with("basic = true", "").await
    }

    /// With these lines in `[auth]` and in `[limits]`.
    async fn with(auth: &str, limits: &str) -> Self {
        Self::configured(auth, limits, |_| {}).await
    }

    /// The same, and with this changed.
    async fn configured(auth: &str, limits: &str, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.sqlite");
        let mut config: Config = toml::from_str(&format!(
            "[listen]\naddress = \"127.0.0.1:0\"\nprefix = \"/elsewhere\"\n\
             [store]\nengine = \"sqlite\"\npath = {path:?}\n\
             [signer]\nurl = \"https://x\"\nca = \"x\"\ncertificate = \"x\"\nkey = \"x\"\n\
             [auth]\n{auth}\n\
             [limits]\n{limits}\n\
             [info]\nsignature_qualifiers = [\"eu_eidas_aes\"]\n\
             [account]\nsign_up = true\nkeys = [\"P-256\", \"RSA-2048\"]\n\
             [page]\nsign_origin = \"https://sign.example\"\n"
        ))
        .unwrap();
        change(&mut config);
        let signer = Arc::new(FakeSigner::default());
        let store = Arc::new(Switch::default());
        let courier = Arc::new(FakeCourier::default());
        let clock = Arc::new(Hands(SystemClock.now().into()));
        let parts = Parts {
            repositories: Repositories::open_behind(&config.store, Arc::clone(&store)).await.unwrap(),
            signer: Arc::clone(&signer) as Arc<dyn Signer>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(SystemSource::default()),
            providers: vec![Provider {
                name: "idp".to_owned(),
                title: "The <IdP>".to_owned(),
                issuer: ISSUER.to_owned(),
                port: Arc::new(FakeProvider::default()),
            }],
            callback: Arc::new(FakeCallback::default()),
            couriers: Couriers {
                email: config.otp.email.is_some().then(|| Arc::clone(&courier) as _),
                phone: config.otp.webhook.is_some().then(|| Arc::clone(&courier) as _),
            },
            stamping: config
                .timestamp
                .iter()
                .map(|_| Source { port: Arc::new(FakeStamps::default()), policy: None })
                .collect(),
            revocations: Arc::new(FakeRevocations::default()),
            anchors: vec![stamping_certificate()],
            elsewhere: None,
            material: Some(Arc::new(Material::new(&[7; 32]))),
        };
        let app = App::new(&config, &parts, PUBLIC).unwrap();
        let site = Arc::new(Site::new(app, config, PUBLIC).unwrap());
        let mut bench = Self {
            router: router(Arc::clone(&site)),
            parts,
            site,
            signer,
            courier,
            store,
            clock,
            ann: String::new(),
            directory,
        };
        bench.ann = bench.user("ann").await;
        bench
    }

    async fn user(&self, username: &str) -> String {
        let id = self.parts.random.id().unwrap();
        let passwords = Passwords::new(1, Arc::clone(&self.parts.random)).unwrap();
        let subject = Subject {
            country: "PT".to_owned(),
            organization: None,
            given_name: "Ann".to_owned(),
            surname: "Lee".to_owned(),
            serial_number: format!("RS:PT-{id}"),
            common_name: "Ann Lee".to_owned(),
        };
        let password = passwords.hash("hunter22".into()).await.unwrap();
        let user = User {
            id: id.clone(),
            username: username.to_owned(),
            password,
            subject,
            contact: None,
            disabled: false,
            era: 0,
        };
        assert!(self.parts.repositories.users.register(user).await.unwrap());
        id
    }

    /// One that needs a code as well.
    async fn credential_with_code(&self, user: &str) -> String {
        self.credential_with(user, FactorKind::Totp).await
    }

    /// One that needs a code which is sent to `ann@example.org`.
    async fn credential_with_sent_code(&self, user: &str) -> String {
        let contact = Contact::read("ann@example.org").unwrap();
        assert!(self.parts.repositories.users.set_contact(user, Some(contact)).await.unwrap());
        self.credential_with(user, FactorKind::Online).await
    }

    async fn credential_with(&self, user: &str, factor: FactorKind) -> String {
        let wanted = Wanted {
            key: KeyType::P256,
            scal: Scal::Two,
            multisign: 10,
            stretch: Stretch::Hmac,
            factor,
            mode: AuthMode::Explicit,
        };
        self.parts.enrolment("default").create(user, wanted).await.unwrap()
    }

    async fn credential(&self, user: &str, scal: Scal) -> String {
        self.credential_of(user, scal, AuthMode::Explicit).await
    }

    async fn credential_of(&self, user: &str, scal: Scal, mode: AuthMode) -> String {
        let wanted = Wanted {
            key: KeyType::Rsa2048,
            scal,
            multisign: 10,
            stretch: Stretch::Hmac,
            factor: FactorKind::None,
            mode,
        };
        self.parts.enrolment("default").create(user, wanted).await.unwrap()
    }

    /// Registers a client; its secret.
    async fn client(&self, id: &str, pin_transport: PinTransport, reach: Reach) -> String {
        let registration = Registration { pin_transport, reach, ..registration(id) };
        self.register(registration).await
    }

    /// Registers a client; its secret, empty where it has none.
    async fn register(&self, registration: Registration) -> String {
        let secret = self.parts.clients().register(registration).await.unwrap();
        secret.map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
    }

    /// Turns the clock.
    fn wait(&self, milliseconds: i64) {
        self.clock.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// A service token of a new client.
    async fn client_token(&self, id: &str, pin_transport: PinTransport, reach: Reach) -> String {
        let secret = self.client(id, pin_transport, reach).await;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        self.form("/oauth2/token", &form, None).await.token()
    }

    /// A service token of a person.
    async fn login(&self, username: &str) -> String {
        self.login_with(username, "hunter22", json!({})).await.token()
    }

    async fn login_with(&self, username: &str, password: &str, body: Value) -> Heard {
        let basic = BASE64.encode(format!("{username}:{password}").as_bytes());
        self.send("/csc/v1/auth/login", Some(&format!("Basic {basic}")), "application/json", &body.to_string()).await
    }

    async fn call(&self, path: &str, token: &str, body: Value) -> Heard {
        self.raw(path, token, &body.to_string()).await
    }

    async fn raw(&self, path: &str, token: &str, body: &str) -> Heard {
        self.send(path, Some(&format!("Bearer {token}")), "application/json", body).await
    }

    async fn form(&self, path: &str, body: &str, authorization: Option<&str>) -> Heard {
        self.send(path, authorization, "application/x-www-form-urlencoded", body).await
    }

    async fn send(&self, path: &str, authorization: Option<&str>, kind: &str, body: &str) -> Heard {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, kind);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.exchange(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn exchange(&self, request: Request<Body>) -> Heard {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Heard { status: head.status.as_u16(), headers: head.headers, json }
    }
}
