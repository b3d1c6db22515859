//! The ready file: everything an app author needs, in one JSON object (DESIGN 8).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use serde::Serialize;

use super::layout::{Layout, write_private};
use super::process::Service;
use super::seed::Seeded;

/// What the file holds. A member whose part is not built yet is null.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ready {
    pub(crate) csc_v1: String,
    pub(crate) csc_v2: String,
    pub(crate) oauth2: String,
    pub(crate) account: Option<String>,
    pub(crate) sign: Option<String>,
    pub(crate) tls_ca: Option<String>,
    pub(crate) signing_ca: String,
    pub(crate) tsa: Option<String>,
    /// The telephone that codes are sent to: GET shows the last ones, newest first.
    pub(crate) codes: Option<String>,
    #[serde(flatten)]
    pub(crate) seeded: Seeded,
    pub(crate) pids: BTreeMap<String, u32>,
}

impl Ready {
    pub(super) fn new(
        [origin, sign_origin, tsa, codes]: [&str; 4],
        layout: &Layout,
        http: bool,
        signing_ca: &Path,
        seeded: Seeded,
        pids: BTreeMap<String, u32>,
    ) -> Self {
        Self {
            csc_v1: format!("{origin}/csc/v1"),
            csc_v2: format!("{origin}/csc/v2"),
            account: Some(format!("{origin}/account")),
            sign: Some(format!("{sign_origin}/")),
            tls_ca: (!http).then(|| layout.file("tls-ca.pem").display().to_string()),
            signing_ca: signing_ca.display().to_string(),
            tsa: Some(tsa.to_owned()),
            codes: Some(codes.to_owned()),
            oauth2: origin.to_owned(),
            seeded,
            pids,
        }
    }

    /// What a person at the terminal wants to know.
    pub(super) fn told(&self, file: &Path) -> String {
        let Self { csc_v1, csc_v2, oauth2, .. } = self;
        format!(
            "rsign sandbox: serving, until Ctrl-C\n  {csc_v1}\n  {csc_v2}\n  {oauth2}/account   for people\n  \
             {oauth2}/openapi   what apps can call\nclients, users and PINs are in {}",
            file.display()
        )
    }

    /// Whole or not at all, readable by its owner only.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        write_private(file, &serde_json::to_vec_pretty(self)?)
    }
}

/// Every process of the service by a name.
pub(super) fn processes(gateway: &Service, signer: &Service, page: &Service) -> BTreeMap<String, u32> {
    let services = [("gateway", gateway), ("signer", signer), ("page", page)];
    let mut pids: BTreeMap<String, u32> = services.map(|(name, service)| (name.to_owned(), service.pid)).into();
    // A process that waits for a document to read is no worker.
    let workers = children(signer.pid).into_iter().filter(|pid| runs(*pid, "hsm-worker")).enumerate();
    pids.extend(workers.map(|(number, pid)| (format!("hsm_worker_{}", number + 1), pid)));
    pids
}

/// Whether a process was started with this word.
fn runs(pid: u32, word: &str) -> bool {
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split('\0').any(|part| part == word)
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let mut found: Vec<u32> =
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect();
    found.sort_unstable();
    found
}

/// Gets the signing CA's certificate where validators will get it, and keeps it as PEM.
pub(super) async fn fetch_authority(pki: &str, layout: &Layout) -> anyhow::Result<std::path::PathBuf> {
    let stream = tokio::net::TcpStream::connect(pki).await.context("the PKI listener")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request =
        hyper::Request::get("/ca.cer").header("host", pki).body(http_body_util::Empty::<hyper::body::Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    anyhow::ensure!(answer.status().is_success(), "GET http://{pki}/ca.cer answered {}", answer.status());
    let der = answer.into_body().collect().await?.to_bytes();
    let body = data_encoding::BASE64.encode(&der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let file = layout.file("signing-ca.pem");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    write_private(&file, pem.as_bytes())?;
    Ok(file)
}
