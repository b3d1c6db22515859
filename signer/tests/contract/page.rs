//! The signing page's server as an operator starts it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use crate::harness::{Kind, Openssl, SIGNER, TestToken, until};

const GATEWAY: &str = "https://gateway.example";

fn page(arguments: &[&str]) -> Output {
    Command::new(SIGNER).arg("page").args(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Ended with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    text(&answer)
}

#[tokio::test]
async fn the_page_is_served_with_the_identity_key_and_without_token_or_store() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let identity =
        Command::new(SIGNER).arg("--config").arg(token.path("signer.toml")).arg("identity").output().unwrap();
    assert!(identity.status.success(), "{}", text(&identity.stderr));
    let elsewhere = tempfile::TempDir::new().unwrap();
    let (keys, ready) = (elsewhere.path().join("keys.pem"), elsewhere.path().join("ready"));
    std::fs::write(&keys, &identity.stdout).unwrap();
    // Nothing of the signer is left that it could open.
    drop(token);
    let mut command = Command::new(SIGNER);
    command.args(["page", "--listen", "127.0.0.1:0", "--gateway", GATEWAY, "--keys"]).arg(&keys);
    let command = command.arg("--ready-file").arg(&ready).current_dir(&elsewhere).stdout(Stdio::null());
    let served = Served(command.spawn().unwrap());
    until("the page is served", || ready.exists()).await;
    let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    assert_eq!(ready["pid"], served.0.id());
    let address = ready["address"].as_str().unwrap().parse().unwrap();
    let config = get(address, "/config.json");
    let pem = text(&identity.stdout).lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    let spki = data_encoding::BASE64.decode(pem.as_bytes()).unwrap();
    let expected = serde_json::json!({
        "gateway": GATEWAY,
        "keys": [{ "spki": data_encoding::BASE64URL_NOPAD.encode(&spki) }],
    });
    let (head, body) = config.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), expected);
    assert!(get(address, "/").starts_with("HTTP/1.1 200 OK"));
    assert!(get(address, "/../../etc/passwd").starts_with("HTTP/1.1 404 Not Found"));
    // SIGHUP is no word to end.
    let pid = served.0.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(get(address, "/").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_06_the_page_is_not_served_where_it_could_be_changed_or_with_keys_that_are_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let keys = folder.path().join("keys.pem");
    std::fs::write(&keys, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
    let keys = keys.to_str().unwrap();
    let open = page(&["--listen", "0.0.0.0:0", "--gateway", GATEWAY, "--keys", keys]);
    assert!(!open.status.success() && text(&open.stderr).contains("plain HTTP is for this machine only"));
    let foreign = page(&["--listen", "127.0.0.1:0", "--gateway", GATEWAY, "--keys", keys]);
    assert!(!foreign.status.success() && text(&foreign.stderr).contains("identity keys are P-256 public keys"));
    let wide = page(&["--listen", "127.0.0.1:0", "--gateway", "https://*", "--keys", keys]);
    assert!(!wide.status.success() && text(&wide.stderr).contains("an origin is"));
}

/// The digest that is published, from the sources and by another program: whoever has them can check what is served.
#[test]
fn the_digest_can_be_computed_from_the_sources() {
    let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/page")).unwrap();
    let mut sources: Vec<_> = sources.map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    let mut bundle = b"rsign/page/v1\0".to_vec();
    for source in sources {
        for part in [source.file_name().unwrap().as_encoded_bytes(), &std::fs::read(&source).unwrap()] {
            bundle.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            bundle.extend(part);
        }
    }
    let openssl = Openssl::new();
    openssl.file("bundle", &bundle);
    let expected = openssl.run("dgst -sha256 -r bundle").unwrap();
    let own = page(&["--digest"]);
    assert!(own.status.success(), "{}", text(&own.stderr));
    assert_eq!(text(&own.stdout).trim(), expected.split_whitespace().next().unwrap());
}
