//! The service under load: prepared work, a fixed number of callers, every answer kept for verification.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::client::{Connection, Target};
use super::paper::{digest, message};
use super::process::Cpu;
use crate::sandbox::{Programs, Sandbox, credential};
use crate::verify::PublicKey;

/// A row of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Case {
    /// signHash, one hash a SAD.
    One,
    /// signHash, a hundred hashes a SAD.
    Hundred,
    /// authorize and signHash, PIN stretched by HMAC.
    Pair,
    /// authorize and signHash, PIN stretched by Argon2id.
    #[value(name = "pair-argon2id")]
    PairArgon2id,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::One => "signHash, 1 hash a SAD",
            Self::Hundred => "signHash, 100 hashes a SAD",
            Self::Pair => "authorize + signHash",
            Self::PairArgon2id => "authorize + signHash, Argon2id",
        })
    }
}

impl Case {
    const fn hashes(self) -> usize {
        if matches!(self, Self::Hundred) { 100 } else { 1 }
    }

    const fn authorizes(self) -> bool {
        matches!(self, Self::Pair | Self::PairArgon2id)
    }

    const fn stretch(self) -> &'static str {
        if matches!(self, Self::PairArgon2id) { "argon2id" } else { "hmac" }
    }
}

/// Processes by name, as they are now: HSM workers are replaced from time to time.
pub(super) type Pids = std::collections::BTreeMap<String, u32>;

/// Credentials of each kind: several, since one credential has three tries a client at a time.
const CREDENTIALS: usize = 8;
const V1: &str = "/csc/v1/";
pub(super) const JSON: &str = "application/json";

/// The service and everything made on it.
pub(super) struct Bench {
    target: Target,
    bearer: String,
    credentials: HashMap<(String, &'static str), Vec<Arc<Credential>>>,
    number: AtomicU64,
}

pub(super) struct Credential {
    pub(super) id: String,
    pin: String,
    pub(super) sign_algo: &'static str,
    pub(super) key: PublicKey,
}

/// One request to be made, and what is needed to check its answer.
pub(super) struct Work {
    pub(super) credential: Arc<Credential>,
    pub(super) first: u64,
    count: usize,
    /// `None` where the slice authorizes itself.
    pub(super) sad: Option<String>,
}

/// What a slice brought.
#[derive(Debug, Default)]
pub(super) struct Slice {
    pub(super) signatures: u64,
    pub(super) wrong: u64,
    pub(super) failed: u64,
    pub(super) busy: u64,
    pub(super) seconds: f64,
    pub(super) latencies: Vec<Duration>,
    pub(super) cpu: Cpu,
}

impl Slice {
    pub(super) fn rate(&self) -> f64 {
        self.signatures as f64 / self.seconds.max(1e-9)
    }
}

impl Bench {
    /// Makes the credentials and gets a token.
    pub(super) async fn prepare(
        sandbox: &Sandbox,
        programs: &Programs,
        keys: &[String],
        cases: &[Case],
    ) -> anyhow::Result<Self> {
        let ready = &sandbox.ready;
        let target = Target::new(&ready.oauth2, ready.tls_ca.as_deref())?;
        let mut connection = target.connect().await?;
        let client =
            ready.seeded.clients.iter().find(|client| client.pin_transport == "clear" && client.profile == "legacy");
        let client = client.context("no client with clear PIN transport")?;
        let basic = format!("{}:{}", client.client_id, client.client_secret.as_deref().unwrap_or_default());
        let basic = format!("Basic {}", BASE64.encode(basic.as_bytes()));
        let form = Bytes::from_static(b"grant_type=client_credentials&scope=service");
        let (status, body) =
            connection.post("/oauth2/token", "application/x-www-form-urlencoded", &basic, form).await?;
        anyhow::ensure!(status == StatusCode::OK, "oauth2/token answered {status}");
        let token: Value = serde_json::from_slice(&body)?;
        let bearer = format!("Bearer {}", token["access_token"].as_str().context("no access_token")?);
        let mut bench = Self { target, bearer, credentials: HashMap::new(), number: AtomicU64::new(0) };
        let user = &ready.seeded.users.first().context("no user")?.user_id;
        for key in keys {
            for stretch in ["hmac", "argon2id"] {
                if !cases.iter().any(|case| case.stretch() == stretch) {
                    continue;
                }
                super::progress(&format!("making {CREDENTIALS} {key} keys, PIN stretched by {stretch}"));
                let mut made = Vec::new();
                for _ in 0..CREDENTIALS {
                    let (new, _) = credential(programs, &sandbox.layout, user, key, &["--stretch", stretch]).await?;
                    made.push(Arc::new(bench.look_up(&mut connection, new.credential_id, new.pin, key).await?));
                }
                bench.credentials.insert((key.clone(), stretch), made);
            }
        }
        Ok(bench)
    }

    async fn look_up(
        &self,
        connection: &mut Connection,
        id: String,
        pin: String,
        key: &str,
    ) -> anyhow::Result<Credential> {
        let asked = json!({ "credentialID": id, "certificates": "single" });
        let answer = self.call(connection, "credentials/info", &asked).await?;
        let certificate = answer["cert"]["certificates"][0].as_str().context("no certificate")?;
        let key_of = PublicKey::of_certificate(&BASE64.decode(certificate.as_bytes())?)?;
        let sign_algo = if key.starts_with("RSA") { "1.2.840.113549.1.1.11" } else { "1.2.840.10045.4.3.2" };
        Ok(Credential { id, pin, sign_algo, key: key_of })
    }

    async fn call(&self, connection: &mut Connection, method: &str, asked: &Value) -> anyhow::Result<Value> {
        let (status, body) =
            connection.post(&format!("{V1}{method}"), JSON, &self.bearer, serde_json::to_vec(asked)?.into()).await?;
        anyhow::ensure!(status == StatusCode::OK, "{method} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    /// One slice: work for about `time` at `rate`, made before the clock starts.
    pub(super) async fn slice(
        self: &Arc<Self>,
        case: Case,
        key: &str,
        concurrency: usize,
        rate: f64,
        time: Duration,
        pids: &dyn Fn() -> Pids,
    ) -> anyhow::Result<Slice> {
        let requests = (rate * time.as_secs_f64() / case.hashes() as f64).ceil() as usize;
        let work = Arc::new(self.make_work(case, key, requests.max(concurrency)).await?);
        let mut connections = Vec::with_capacity(concurrency);
        for _ in 0..concurrency {
            connections.push(self.target.connect().await?);
        }
        let (next, slice) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Slice::default())));
        let answers = Arc::new(Mutex::new(Vec::with_capacity(work.len())));
        let before = Cpu::now(&pids());
        let start = Instant::now();
        let callers = connections.into_iter().map(|connection| {
            let (bench, work, next, slice, answers) =
                (Arc::clone(self), Arc::clone(&work), Arc::clone(&next), Arc::clone(&slice), Arc::clone(&answers));
            tokio::spawn(async move { bench.caller(connection, &work, &next, &slice, &answers).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let mut slice = std::mem::take(&mut *slice.lock().map_err(|_| anyhow::anyhow!("a caller panicked"))?);
        slice.seconds = seconds;
        let after = Cpu::now(&pids());
        let answers = std::mem::take(&mut *answers.lock().map_err(|_| anyhow::anyhow!("a caller panicked"))?);
        check(&work, &answers, &mut slice);
        slice.cpu = after.since(before, slice.signatures);
        Ok(slice)
    }

    pub(super) async fn make_work(
        self: &Arc<Self>,
        case: Case,
        key: &str,
        requests: usize,
    ) -> anyhow::Result<Vec<Work>> {
        let credentials = self.credentials.get(&(key.to_owned(), case.stretch())).context("no such credentials")?;
        let mut work: Vec<Work> = (0..requests)
            .map(|place| Work {
                credential: Arc::clone(&credentials[place % credentials.len()]),
                first: self.number.fetch_add(case.hashes() as u64, Ordering::Relaxed),
                count: case.hashes(),
                sad: None,
            })
            .collect();
        if case.authorizes() {
            return Ok(work);
        }
        let callers = 3 * CREDENTIALS;
        let share = work.len().div_ceil(callers).max(1);
        let mut tasks = Vec::new();
        while !work.is_empty() {
            let rest = work.split_off(share.min(work.len()));
            let mut part = std::mem::replace(&mut work, rest);
            let bench = Arc::clone(self);
            tasks.push(tokio::spawn(async move {
                let mut connection = bench.target.connect().await?;
                for work in &mut part {
                    work.sad = Some(bench.authorize(&mut connection, work).await?);
                }
                anyhow::Ok(part)
            }));
        }
        let mut ready = Vec::with_capacity(requests);
        for task in tasks {
            ready.extend(task.await??);
        }
        Ok(ready)
    }

    async fn authorize(&self, connection: &mut Connection, work: &Work) -> anyhow::Result<String> {
        self.authorize_hashes(connection, &work.credential, &work.hashes()).await
    }

    pub(super) async fn connect(&self) -> anyhow::Result<Connection> {
        self.target.connect().await
    }

    pub(super) fn bearer(&self) -> &str {
        &self.bearer
    }

    /// A credential of this kind.
    pub(super) fn any_credential(&self, key: &str) -> anyhow::Result<Arc<Credential>> {
        let credentials =
            self.credentials.get(&(key.to_owned(), Case::One.stretch())).context("no such credentials")?;
        let place = self.number.fetch_add(1, Ordering::Relaxed) as usize % credentials.len();
        Ok(Arc::clone(&credentials[place]))
    }

    pub(super) async fn authorize_hashes(
        &self,
        connection: &mut Connection,
        credential: &Credential,
        hashes: &[String],
    ) -> anyhow::Result<String> {
        let asked = json!({
            "credentialID": credential.id,
            "numSignatures": hashes.len(),
            "hash": hashes,
            "PIN": credential.pin,
        });
        let answer = self.call(connection, "credentials/authorize", &asked).await?;
        Ok(answer["SAD"].as_str().context("no SAD")?.to_owned())
    }

    async fn caller(
        &self,
        mut connection: Connection,
        work: &[Work],
        next: &AtomicUsize,
        slice: &Mutex<Slice>,
        answers: &Mutex<Vec<(usize, Bytes)>>,
    ) {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(work) = work.get(place) else { return };
            let start = Instant::now();
            let mut outcome = self.sign(&mut connection, work).await;
            while let Ok((StatusCode::SERVICE_UNAVAILABLE, _)) = outcome {
                if let Ok(mut slice) = slice.lock() {
                    slice.busy += 1;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                outcome = self.sign(&mut connection, work).await;
            }
            let took = start.elapsed();
            let Ok(mut slice) = slice.lock() else { return };
            match outcome {
                Ok((StatusCode::OK, body)) => {
                    slice.latencies.push(took);
                    drop(slice);
                    if let Ok(mut answers) = answers.lock() {
                        answers.push((place, body));
                    }
                }
                Ok((status, body)) => {
                    slice.failed += 1;
                    eprintln!("\nbench: {status}: {}", String::from_utf8_lossy(&body));
                }
                Err(error) => {
                    slice.failed += 1;
                    eprintln!("\nbench: {error:#}");
                    return;
                }
            }
        }
    }

    pub(super) async fn sign(&self, connection: &mut Connection, work: &Work) -> anyhow::Result<(StatusCode, Bytes)> {
        let fresh;
        let sad = match &work.sad {
            Some(sad) => sad,
            None => {
                fresh = self.authorize(connection, work).await?;
                &fresh
            }
        };
        let asked = json!({
            "credentialID": work.credential.id,
            "SAD": sad,
            "hash": work.hashes(),
            "signAlgo": work.credential.sign_algo,
        });
        connection.post("/csc/v1/signatures/signHash", JSON, &self.bearer, serde_json::to_vec(&asked)?.into()).await
    }
}

impl Work {
    fn hashes(&self) -> Vec<String> {
        (0..self.count as u64).map(|place| BASE64.encode(&digest(self.first + place))).collect()
    }
}

fn check(work: &[Work], answers: &[(usize, Bytes)], slice: &mut Slice) {
    for (place, body) in answers {
        let work = &work[*place];
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let signatures = answer["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let good = signatures.iter().zip(0..).filter(|(signature, place)| {
            let octets = BASE64.decode(signature.as_str().unwrap_or_default().as_bytes()).unwrap_or_default();
            work.credential.key.verifies(&message(work.first + place), &octets)
        });
        let good = good.count() as u64;
        slice.signatures += good;
        slice.wrong += (work.count.max(signatures.len()) as u64).saturating_sub(good);
    }
}
