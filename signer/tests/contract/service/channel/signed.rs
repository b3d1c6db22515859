//! A gateway that tells page and signer the same lie about what an app asked (DESIGN 5): it is caught where the app
//! signs its requests and the signer has its key, and nowhere else.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use rsign_api::algorithm::KeyType;
use rsign_api::channel::context::Context;
use rsign_api::signer::{ChannelHello, Operation, Refusal, Registration};
use rsign_signer::certificate::spki;
use rsign_signer::clients::Clients;
use rsign_signer::clock::Clock as _;
use rsign_signer::service::Policy;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::house::{CLIENT, House, Owned, hash, refusal};
use super::{authorize, greet, registration};

const AUDIENCE: &str = "https://gateway.example";

/// An app with a key.
struct App(EcdsaKeyPair);

impl App {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn pem(&self) -> String {
        let spki = spki::ec(KeyType::P256, self.0.public_key().as_ref()).unwrap();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&spki))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

/// What the app asks of this user.
fn claims(house: &House, owned: &Owned) -> Value {
    let hashes = [1, 2].map(|number| BASE64URL_NOPAD.encode(&hash(number)));
    json!({
        "iss": CLIENT, "client_id": CLIENT, "aud": AUDIENCE, "exp": house.clock.now() / 1000 + 60, "scope": "credential",
        "credentialID": owned.id, "numSignatures": 2,
        "hashes": hashes.join(","),
    })
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

async fn open_house(app: &App, required: bool) -> (House, TempDir) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(format!("{CLIENT}.pem")), app.pem()).unwrap();
    let clients = Clients::new(folder.path().to_owned(), required, Some(AUDIENCE.to_owned()));
    (House::built(Policy::default(), clients).await, folder)
}

/// Opens a channel at which page and signer were told the same.
async fn open(house: &House, registered: &Registration, request: Option<String>) -> rsign_signer::service::Result<()> {
    let greeting = greet(&Context::registered(registered).unwrap());
    let hello = greeting.hello().to_vec().into();
    house.signer.open_channel(&ChannelHello { registration: registered.clone(), hello, request }).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_37_a_two_sided_lie_about_a_signed_request_opens_no_channel() {
    let app = App::new();
    let (house, _folder) = open_house(&app, false).await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let header = json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" });
    let honest = claims(&house, &owned);
    let signed = || Some(app.sign(&header, &honest));
    let asked = registration(&owned, Operation::Authorise, &[hash(1), hash(2)]);
    open(&house, &asked, signed()).await.unwrap();
    for lie in [
        registration(&owned, Operation::Authorise, &[hash(1), hash(3)]),
        registration(&owned, Operation::Authorise, &[hash(2), hash(1)]),
        registration(&owned, Operation::Authorise, &[hash(1)]),
        registration(&other, Operation::Authorise, &[hash(1), hash(2)]),
        Registration { signatures: 3, ..asked.clone() },
    ] {
        assert_eq!(refusal(open(&house, &lie, signed()).await), Refusal::Channel, "{lie:?}");
    }
    assert_eq!(refusal(open(&house, &asked, None).await), Refusal::Channel, "what is not signed was not asked");
    let audit = house.audit().await;
    assert_eq!(audit.matches("the client asked for something else than was registered").count(), 5);
    assert_eq!(audit.matches("the client did not sign the request").count(), 1);
    // An app that leaves the credential to the user.
    let mut open_choice = honest.clone();
    open_choice.as_object_mut().unwrap().remove("credentialID");
    open_choice["signatureQualifier"] = json!("eu_eidas_qes");
    open(&house, &asked, Some(app.sign(&header, &open_choice))).await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_15_a_request_is_the_clients_own_for_this_service_and_of_now() {
    let app = App::new();
    let (house, _folder) = open_house(&app, false).await;
    let owned = house.enrol(KeyType::P256).await;
    let header = json!({ "alg": "ES256" });
    let honest = claims(&house, &owned);
    let asked = registration(&owned, Operation::Authorise, &[hash(1), hash(2)]);
    let now = house.clock.now() / 1000;
    let mut cut = app.sign(&header, &honest);
    cut.truncate(cut.len() - 2);
    let unsigned = app.sign(&json!({ "alg": "none" }), &honest);
    let bare = unsigned.rsplit_once('.').unwrap().0;
    let mut tampered = app.sign(&header, &with(&honest, "numSignatures", json!(1)));
    tampered =
        format!("{}.{}", app.sign(&header, &honest).rsplit_once('.').unwrap().0, tampered.rsplit('.').next().unwrap());
    for (what, request) in [
        ("another's signature", App::new().sign(&header, &honest)),
        ("a signature cut short", cut),
        ("another request's signature", tampered),
        ("no algorithm", unsigned.clone()),
        ("no signature", format!("{bare}.")),
        ("another algorithm", app.sign(&json!({ "alg": "ES384" }), &honest)),
        ("something to understand", app.sign(&json!({ "alg": "ES256", "crit": ["x"] }), &honest)),
        ("another client", app.sign(&header, &with(&honest, "client_id", json!("other")))),
        ("another issuer", app.sign(&header, &with(&honest, "iss", json!("other")))),
        ("another service", app.sign(&header, &with(&honest, "aud", json!("https://other.example")))),
        ("two services", app.sign(&header, &with(&honest, "aud", json!([AUDIENCE, "https://other.example"])))),
        ("past", app.sign(&header, &with(&honest, "exp", json!(now - 60)))),
        ("for ever", app.sign(&header, &with(&honest, "exp", json!(now + 7200)))),
        ("future", app.sign(&header, &with(&honest, "nbf", json!(now + 60)))),
        (
            "another scope",
            app.sign(
                &header,
                &json!({ "iss": CLIENT, "client_id": CLIENT, "aud": AUDIENCE, "exp": now + 60, "scope": "service" }),
            ),
        ),
        ("nothing", String::new()),
    ] {
        assert_eq!(refusal(open(&house, &asked, Some(request)).await), Refusal::Channel, "{what}");
    }
    open(&house, &asked, Some(app.sign(&header, &with(&honest, "aud", json!([AUDIENCE]))))).await.unwrap();
    house.close().await;
}

/// The documented limit: for a client that signs nothing the gateway's word is all there is, unless the signer serves
/// none.
#[tokio::test(flavor = "multi_thread")]
async fn a_two_sided_lie_about_an_unsigned_request_succeeds_unless_all_have_to_sign() {
    let app = App::new();
    let (house, folder) = open_house(&app, false).await;
    let owned = house.enrol(KeyType::P256).await;
    let lie =
        Registration { client: "signs-nothing".to_owned(), ..registration(&owned, Operation::Authorise, &[hash(9)]) };
    let mut device = house.open_channel(&lie).await;
    assert!(device.ask(&authorize(&lie, &owned.pin)).await.is_ok());
    house.close().await;

    let clients = Clients::new(folder.path().to_owned(), true, None);
    let house = House::built(Policy::default(), clients).await;
    let owned = house.enrol(KeyType::P256).await;
    for client in ["signs-nothing", "signs.nothing", "../client-a", "client-a/", ".client-a", ""] {
        let lie = Registration { client: client.to_owned(), ..registration(&owned, Operation::Authorise, &[hash(9)]) };
        assert_eq!(refusal(open(&house, &lie, None).await), Refusal::Channel, "{client}");
    }
    // What comes in clear cannot be signed.
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(9)])).await), Refusal::NotAllowed);
    // A new PIN approves nothing.
    let registered =
        Registration { client: "account pages".to_owned(), ..registration(&owned, Operation::ChangePin, &[]) };
    open(&house, &registered, None).await.unwrap();
    // A key that cannot be read is no reason to do without.
    std::fs::write(folder.path().join("broken.pem"), "no key").unwrap();
    let broken = Registration { client: "broken".to_owned(), ..registration(&owned, Operation::Authorise, &[hash(9)]) };
    assert!(super::super::house::is_incident(&open(&house, &broken, None).await));
    house.close().await;
}

/// Every id that the gateway registers can name a file; what cannot is nobody, key or not.
#[tokio::test(flavor = "multi_thread")]
async fn no_id_slips_past_the_folder_of_keys() {
    let app = App::new();
    let (house, folder) = open_house(&app, false).await;
    let owned = house.enrol(KeyType::P256).await;
    std::fs::write(folder.path().join("my.app.pem"), app.pem()).unwrap();
    for client in ["my.app", "..", ".my.app", "my/app", "my app"] {
        let lie = Registration { client: client.to_owned(), ..registration(&owned, Operation::Authorise, &[hash(9)]) };
        assert_eq!(refusal(open(&house, &lie, None).await), Refusal::Channel, "{client}");
    }
    house.close().await;
}
