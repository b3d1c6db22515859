//! between gateway and signer there is one certificate that is let in; whoever has another, or none, is turned
//! away and recorded.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use harness::{Pieces, Trail};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::common::until;

/// The signer of a seeded folder, alone.
struct Bench {
    pieces: Pieces,
    address: String,
}

impl Bench {
    fn start() -> Self {
        let mut pieces = Pieces::seeded();
        pieces.start_signer();
        let address = pieces.signer.as_ref().unwrap().ready["address"].as_str().unwrap().to_owned();
        Self { pieces, address }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.pieces.folder.file(name)).unwrap()
    }

    /// Asks for the signer's health, showing a certificate or none.
    async fn knock(&self, identity: Option<Vec<u8>>) -> reqwest::Result<(u16, Value)> {
        let root = reqwest::Certificate::from_pem(&self.read("tls-ca.pem")).unwrap();
        let mut client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).timeout(Duration::from_secs(10));
        if let Some(identity) = identity {
            client = client.identity(reqwest::Identity::from_pem(&identity).unwrap());
        }
        let url = format!("https://{}/v1/health", self.address);
        let answer = client.build().unwrap().post(url).body("{}").send().await?;
        Ok((answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null)))
    }

    fn gateway(&self) -> Vec<u8> {
        [self.read("gateway-client.pem"), self.read("gateway-client.key")].concat()
    }

    /// Rejections in the trail; at most one a second is written, so a test waits between two.
    fn rejected(&self) -> usize {
        Trail::read(&self.pieces.folder.file("signer.toml")).of("peer_rejected", "failure").count()
    }

    /// Waits until there are so many: whoever is turned away hears of it before it is written.
    #[track_caller]
    fn until_rejected(&self, count: usize, what: &str) {
        until(what, || self.rejected() >= count);
        assert_eq!(self.rejected(), count, "{what}");
    }
}

/// A certificate and key of a CA of our own, for the same name and use as the gateway's.
fn of_a_foreign_ca() -> Vec<u8> {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    [certificate.pem(), key.serialize_pem()].concat().into_bytes()
}

#[tokio::test]
async fn a_40_only_the_gateways_certificate_is_let_in_and_others_are_recorded() {
    let bench = Bench::start();
    let strangers = [
        ("no certificate", None),
        // Of the right CA, and for the same machine: but it is not the gateway's.
        ("the signer's own", Some([bench.read("signer.pem"), bench.read("signer.key")].concat())),
        ("the site's", Some([bench.read("gateway.pem"), bench.read("gateway.key")].concat())),
        ("a foreign CA's", Some(of_a_foreign_ca())),
    ];
    for (number, (what, identity)) in strangers.into_iter().enumerate() {
        assert!(bench.knock(identity).await.is_err(), "{what} was let in");
        bench.until_rejected(number + 1, &format!("{what} is recorded"));
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    let (status, health) = bench.knock(Some(bench.gateway())).await.unwrap();
    assert_eq!((status, &health["store"]), (200, &json!(true)));
    assert_eq!(bench.rejected(), 4);
    bench.pieces.verify_trail().unwrap();
}

#[tokio::test]
async fn a_40_the_signer_speaks_tls_only_and_survives_noise() {
    let bench = Bench::start();
    for noise in [
        &b"POST /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"[..],
        &[0; 4096],
        b"\x16\x03\x01\xff\xff",
    ] {
        let mut stream = TcpStream::connect(&bench.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(noise).unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains("HTTP/") && !heard.contains("workers"), "{heard}");
    }
    assert_eq!(bench.knock(Some(bench.gateway())).await.unwrap().0, 200);
    until("the noise is recorded", || bench.rejected() >= 1);
}

#[tokio::test]
async fn a_40_a_scan_does_not_fill_the_trail() {
    let bench = Bench::start();
    for _ in 0..200 {
        drop(TcpStream::connect(&bench.address).unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(bench.rejected() <= 10, "{} entries", bench.rejected());
    assert_eq!(bench.knock(Some(bench.gateway())).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_40_a_gateway_with_a_wrong_certificate_gets_nothing_signed() {
    let mut pieces = Pieces::seeded();
    let imposter = of_a_foreign_ca();
    std::fs::write(pieces.folder.file("gateway-client.imposter"), &imposter).unwrap();
    let path = pieces.folder.file("gateway-client.imposter").display().to_string();
    pieces.configure("gateway.toml", |config| {
        let signer = config["signer"].as_table_mut().unwrap();
        signer.insert("certificate".to_owned(), path.clone().into());
        signer.insert("key".to_owned(), path.into());
    });
    pieces.start_signer();
    pieces.start_gateway();
    let user = pieces.users[0].clone();
    let session = pieces.api().login(&user).await;
    let heard = session.try_authorize(user.credential("P-256"), &[harness::Hash::of("imposter")]).await;
    assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    until("the gateway is recorded", || pieces.trail().of("peer_rejected", "failure").count() >= 1);
}

#[tokio::test]
async fn a_40_a_signer_of_another_ca_is_not_believed() {
    let mut pieces = Pieces::seeded();
    let imposter = of_a_foreign_ca();
    std::fs::write(pieces.folder.file("signer.imposter"), &imposter).unwrap();
    let path = pieces.folder.file("signer.imposter").display().to_string();
    pieces.configure("signer.toml", |config| {
        let listen = config["listen"].as_table_mut().unwrap();
        listen.insert("certificate".to_owned(), path.clone().into());
        listen.insert("key".to_owned(), path.into());
    });
    pieces.start_signer();
    pieces.start_gateway();
    let user = pieces.users[0].clone();
    let session = pieces.api().login(&user).await;
    // The PIN never leaves the gateway: the handshake fails first.
    let heard = session.try_authorize(user.credential("P-256"), &[harness::Hash::of("imposter")]).await;
    assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    assert_eq!(pieces.trail().of("authorized", "success").count(), 0);
}
