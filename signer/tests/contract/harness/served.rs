//! `rsign-signer serve` in a process of its own, and a gateway's connection to it.

use std::process::{Child, Command};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{SIGNER, TestToken, until};

/// Makes NAME.pem and NAME.key for two days, self-signed unless openssl is told otherwise.
pub(crate) fn certify(token: &TestToken, name: &str, subject: &str, more: &str) {
    let line = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -utf8 -addext subjectAltName=IP:127.0.0.1 \
         -addext basicConstraints=CA:FALSE -keyout {name}.key -out {name}.pem {more}"
    );
    let mut openssl = Command::new("openssl");
    let made =
        openssl.args(line.split_whitespace()).args(["-subj", subject]).current_dir(token.root()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A serving signer; ended with the test.
pub(crate) struct Served {
    pub(crate) token: TestToken,
    child: Child,
    address: String,
    tls: tokio_rustls::TlsConnector,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    pub(crate) async fn start(token: TestToken) -> Self {
        for name in ["signer", "gateway"] {
            certify(&token, name, &format!("/CN={name}"), "");
        }
        let file = |name: &str| token.path(name).display().to_string();
        let config = std::fs::read_to_string(token.path("signer.toml")).unwrap();
        let config = config
            .replace("gateway_certificate = \"unused\"", &format!("gateway_certificate = \"{}\"", file("gateway.pem")))
            .replace("certificate = \"unused\"", &format!("certificate = \"{}\"", file("signer.pem")))
            .replace("key = \"unused\"", &format!("key = \"{}\"", file("signer.key")));
        std::fs::write(token.path("signer.toml"), config).unwrap();
        let tls = connector(&token, "gateway");
        let child = run(&token);
        let mut served = Self { child, address: String::new(), tls, token };
        served.is_ready().await;
        served
    }

    /// Runs it once more, where it ended.
    pub(crate) async fn again(&mut self) {
        self.child = run(&self.token);
        self.is_ready().await;
    }

    /// The command that serves.
    pub(crate) fn command(&self) -> Command {
        command(&self.token)
    }

    /// Waits until it serves, whoever has started it.
    pub(crate) async fn is_ready(&mut self) {
        let file = self.token.path("ready");
        until("the signer serves", || file.exists()).await;
        let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        ready["address"].as_str().unwrap().clone_into(&mut self.address);
        std::fs::remove_file(file).unwrap();
    }

    /// What another command of this configuration says, both streams.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new(SIGNER);
        let said = command.arg("--config").arg(self.token.path("signer.toml")).args(words).output().unwrap();
        String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.token.path("log")).unwrap()
    }

    /// Sends it a signal such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).output().unwrap();
        assert!(sent.status.success());
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it in order; the token and its store stay.
    pub(crate) fn stop(&mut self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// The identity key, as `rsign-signer identity` prints it; `SubjectPublicKeyInfo`, DER.
    pub(crate) fn identity(&self) -> Vec<u8> {
        let mut identity = Command::new(SIGNER);
        let said = identity.arg("--config").arg(self.token.path("signer.toml")).arg("identity").output().unwrap();
        rustls_pki_types::SubjectPublicKeyInfoDer::from_pem_slice(&said.stdout).unwrap().to_vec()
    }

    /// The processes: its workers', then its own.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.token.workers().pids().into_iter().chain([self.child.id()]).collect()
    }

    /// Whether whoever shows NAME.pem is answered.
    pub(crate) async fn lets_in(&self, name: &str) -> bool {
        let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        let host = ServerName::try_from("127.0.0.1").unwrap();
        let Ok(mut stream) = connector(&self.token, name).connect(host, stream).await else { return false };
        let asked = b"GET / HTTP/1.1\r\nhost: signer\r\nconnection: close\r\n\r\n";
        let mut answer = Vec::new();
        let heard = async {
            stream.write_all(asked).await?;
            stream.read_to_end(&mut answer).await
        };
        heard.await.is_ok() && answer.starts_with(b"HTTP/1.1 ")
    }

    /// Sends a message as the gateway does; what is refused is a JSON object with `refused`.
    pub(crate) async fn post<A: DeserializeOwned>(&self, path: &str, message: &impl Serialize) -> Result<A, String> {
        let body = serde_json::to_vec(message).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: signer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            body.len()
        );
        let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        let mut stream = self.tls.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap();
        stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        if head.starts_with("HTTP/1.1 200") { Ok(serde_json::from_str(body).unwrap()) } else { Err(answer) }
    }
}

fn command(token: &TestToken) -> Command {
    let mut serve = Command::new(SIGNER);
    serve.arg("--config").arg(token.path("signer.toml")).args(["serve", "--ready-file"]).arg(token.path("ready"));
    serve
}

fn run(token: &TestToken) -> Child {
    let log = std::fs::OpenOptions::new().append(true).create(true).open(token.path("log")).unwrap();
    command(token).stdout(log).spawn().unwrap()
}

fn connector(token: &TestToken, gateway: &str) -> tokio_rustls::TlsConnector {
    let certificate = |name: &str| CertificateDer::from_pem_file(token.path(name)).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate("signer.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            vec![certificate(&format!("{gateway}.pem"))],
            PrivateKeyDer::from_pem_file(token.path(&format!("{gateway}.key"))).unwrap(),
        )
        .unwrap();
    Arc::new(config).into()
}
