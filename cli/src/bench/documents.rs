//! Signed documents, one call after the other: how long a call takes against what has to be done for it at least, and
//! how much memory a long document takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client::Connection;
use super::floor::{Floor, Kind};
use super::load::{Bench, Case, JSON, Pids};
use super::{paper, process};
use crate::verify::taken_apart;

/// Octets of the PDF whose time is measured.
const USUAL: usize = 1 << 20;
/// Octets of the PDF whose memory is.
const LONG: usize = 100_000_000;
/// Calls of one round.
const CALLS: usize = 20;

/// Medians of one kind of key, milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    pub(super) key: String,
    /// signDoc, PAdES B-B of a PDF of 1 MiB.
    pub(super) pades_ms: f64,
    /// SHA-256 of as many octets.
    pub(super) hash_ms: f64,
    /// Derive, unwrap, C_Sign with nobody else there.
    pub(super) sign_ms: f64,
    /// To the two together.
    pub(super) pades_ratio: f64,
    /// signDoc, CAdES B-B of a digest.
    pub(super) cades_ms: f64,
    /// signHash of one hash.
    pub(super) sign_hash_ms: f64,
    pub(super) cades_ratio: f64,
}

/// What a PDF of 100 MB adds to resident memory, MiB.
#[derive(Debug, Serialize)]
pub(super) struct Memory {
    pub(super) gateway_mib: u64,
    pub(super) signer_mib: u64,
    pub(super) seconds: f64,
}

/// Measures a kind of key in so many rounds.
pub(super) async fn times(bench: &Arc<Bench>, floor: &mut Floor, key: &str, rounds: usize) -> anyhow::Result<Times> {
    let mut connection = bench.connect().await?;
    let (mut all, mut pades_ratios, mut cades_ratios) = (<[Vec<f64>; 5]>::default(), Vec::new(), Vec::new());
    for round in 0..rounds {
        super::progress(&format!("{key} documents: round {} of {rounds}", round + 1));
        let slice = floor.slice(key, Kind::Path, 1, Duration::from_millis(500)).await?;
        let mut samples = <[Vec<f64>; 4]>::default();
        for call in 0..CALLS {
            let document = paper::pdf(USUAL, round * CALLS + call);
            let start = Instant::now();
            let digest = std::hint::black_box(Sha256::digest(std::hint::black_box(&document)));
            samples[0].push(milliseconds(start));
            samples[1].push(pades(bench, &mut connection, key, &document, &digest).await?);
            // Neighbours, so that both see the same machine.
            let work = bench.make_work(Case::One, key, 2).await?;
            let [first, second] = &work[..] else { anyhow::bail!("no work") };
            let start = Instant::now();
            let (status, body) = bench.sign(&mut connection, first).await?;
            samples[2].push(milliseconds(start));
            anyhow::ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&body));
            let (sad, number) = (second.sad.as_deref().context("no SAD")?, second.first);
            let hashes = [BASE64.encode(&paper::digest(number))];
            let entry = json!({ "hashes": hashes, "signature_format": "C", "signAlgo": second.credential.sign_algo });
            let asked = json!({ "credentialID": second.credential.id, "SAD": sad, "documentDigests": [entry] });
            let body = Bytes::from(serde_json::to_vec(&asked)?);
            let start = Instant::now();
            let answer = sign_doc(bench, &mut connection, body).await?;
            samples[3].push(milliseconds(start));
            let cms = member(&answer, "SignatureObject")?;
            let good = second.credential.key.verifies_cms(&cms, &paper::digest(number));
            anyhow::ensure!(good, "a CAdES signature does not verify");
        }
        let [hash, pades, sign_hash, cades] = samples.map(super::report::median);
        let sign = 1e3 / slice.rate;
        pades_ratios.push(pades / (hash + sign));
        cades_ratios.push(cades / sign_hash);
        for (all, one) in all.iter_mut().zip([hash, sign, pades, sign_hash, cades]) {
            all.push(one);
        }
    }
    let [hash_ms, sign_ms, pades_ms, sign_hash_ms, cades_ms] = all.map(super::report::median);
    let [pades_ratio, cades_ratio] = [pades_ratios, cades_ratios].map(super::report::median);
    Ok(Times { key: key.to_owned(), pades_ms, hash_ms, sign_ms, pades_ratio, cades_ms, sign_hash_ms, cades_ratio })
}

/// Signs a long PDF, and says what that added at most. A usual one was signed before.
pub(super) async fn memory(bench: &Bench, key: &str, pids: &Pids) -> anyhow::Result<Memory> {
    super::progress("documents: a PDF of 100 MB");
    let mut connection = bench.connect().await?;
    let document = paper::pdf(LONG, 0);
    let digest = Sha256::digest(&document);
    let pid = |name: &str| pids.get(name).copied().with_context(|| format!("no {name}"));
    let (gateway, signer) = (process::Peak::begin(pid("gateway")?), process::Peak::begin(pid("signer")?));
    let took = pades(bench, &mut connection, key, &document, &digest).await?;
    Ok(Memory { gateway_mib: gateway.growth(), signer_mib: signer.growth(), seconds: took / 1e3 })
}

/// Approves a PDF, has it signed, and judges what comes back; how long the signing took, milliseconds.
async fn pades(
    bench: &Bench,
    connection: &mut Connection,
    key: &str,
    document: &[u8],
    digest: &[u8],
) -> anyhow::Result<f64> {
    let credential = bench.any_credential(key)?;
    let sad = bench.authorize_hashes(connection, &credential, &[BASE64.encode(digest)]).await?;
    let head = json!({ "credentialID": credential.id, "SAD": sad, "signAlgo": credential.sign_algo });
    let [id, sad, algorithm] = ["credentialID", "SAD", "signAlgo"].map(|name| head[name].to_string());
    let body = format!(
        "{{\"credentialID\":{id},\"SAD\":{sad},\"documents\":[{{\"document\":\"{}\",\"signature_format\":\"P\",\
         \"signAlgo\":{algorithm}}}]}}",
        BASE64.encode(document)
    );
    let body = Bytes::from(body);
    let start = Instant::now();
    let answer = sign_doc(bench, connection, body).await?;
    let took = milliseconds(start);
    let signed = member(&answer, "DocumentWithSignature")?;
    anyhow::ensure!(signed.starts_with(document), "the original is not what it was");
    let (cms, covered) = taken_apart(&signed, document.len()).context("no signature in the PDF")?;
    let good = credential.key.verifies_cms(&cms, &Sha256::digest(&covered));
    anyhow::ensure!(good, "a PAdES signature does not verify");
    Ok(took)
}

async fn sign_doc(bench: &Bench, connection: &mut Connection, body: Bytes) -> anyhow::Result<Bytes> {
    let (status, body) = connection.post("/csc/v2/signatures/signDoc", JSON, bench.bearer(), body).await?;
    anyhow::ensure!(status == StatusCode::OK, "signDoc answered {status}: {}", String::from_utf8_lossy(&body));
    Ok(body)
}

/// The only member of one of the answer's lists.
fn member(answer: &[u8], list: &str) -> anyhow::Result<Vec<u8>> {
    let answer: Value = serde_json::from_slice(answer)?;
    let text = answer[list][0].as_str().with_context(|| format!("no {list}"))?;
    Ok(BASE64.decode(text.as_bytes())?)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
