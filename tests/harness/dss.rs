//! Signed documents, judged by EU DSS. `tests/interop/README.md` has the program that is started here.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::{demanded, skip};

/// One signed document, and what its judge may know.
#[derive(Debug, Default, Serialize)]
pub struct Job {
    signed: PathBuf,
    detached: Vec<Detached>,
    roots: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
    crls: Vec<PathBuf>,
    ocsps: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Detached {
    path: PathBuf,
    name: String,
}

impl Job {
    /// A document or a signature, and a root to trust: PEM or DER.
    #[must_use]
    pub fn new(signed: &Path, root: &Path) -> Self {
        Self { signed: signed.into(), roots: vec![root.into()], ..Self::default() }
    }

    /// What it signs, under the name that the signature gives it.
    #[must_use]
    pub fn detached(mut self, path: &Path, name: &str) -> Self {
        self.detached.push(Detached { path: path.into(), name: name.to_owned() });
        self
    }

    /// One more trusted root, of time-stamping authorities for example.
    #[must_use]
    pub fn root(mut self, root: &Path) -> Self {
        self.roots.push(root.into());
        self
    }

    /// A certificate that is known, but not trusted.
    #[must_use]
    pub fn certificate(mut self, certificate: &Path) -> Self {
        self.certificates.push(certificate.into());
        self
    }

    /// A CRL (DER) that the signature does not bring.
    #[must_use]
    pub fn crl(mut self, crl: &Path) -> Self {
        self.crls.push(crl.into());
        self
    }

    /// An OCSP answer (DER) that the signature does not bring.
    #[must_use]
    pub fn ocsp(mut self, ocsp: &Path) -> Self {
        self.ocsps.push(ocsp.into());
        self
    }

    /// Judged at another moment, written as in RFC 3339.
    #[must_use]
    pub fn at(mut self, moment: &str) -> Self {
        self.at = Some(moment.to_owned());
        self
    }

    /// Nobody is asked whether certificates were revoked: what B-B and B-T signatures bring is enough.
    #[must_use]
    pub const fn without_revocation(mut self) -> Self {
        self.revocation = Some("ignored");
        self
    }
}

/// What DSS says of one signature.
#[derive(Debug, Clone, Deserialize)]
pub struct Verdict {
    /// `TOTAL_PASSED`, `TOTAL_FAILED` or `INDETERMINATE`.
    pub indication: String,
    /// Why not passed.
    pub subindication: Option<String>,
    /// As DSS names it: `XAdES-BASELINE-T`.
    pub format: String,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    /// What the schemas of XAdES or JAdES object to.
    pub structure: Vec<String>,
    pub signed_by: Option<String>,
    pub signing_time: Option<String>,
    /// `SIGNATURE_TIMESTAMP` and so on, in the order of the document.
    pub timestamps: Vec<String>,
    /// Those of them that are over something else, or not good themselves: DSS passes a signature beside them.
    pub bad_timestamps: Vec<String>,
    /// Commitments, the place and claimed roles: `role Director` and so on.
    pub said: Vec<String>,
    /// `C-` and the SHA-256 of the signer's certificate in upper-case hex.
    pub certificate: Option<String>,
}

impl Verdict {
    /// That the signature is good and of this format, `PAdES-BASELINE-B` for example, and so are all its time-stamps.
    ///
    /// # Panics
    /// When it is not.
    pub fn passes_as(&self, format: &str) {
        assert_eq!((self.indication.as_str(), self.format.as_str()), ("TOTAL_PASSED", format), "{self:#?}");
        assert!(self.bad_timestamps.is_empty(), "{self:#?}");
    }
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    signed: PathBuf,
    signatures: Option<Vec<Verdict>>,
    fault: Option<String>,
}

/// Judges all of them in one run of Java, which takes about three seconds and a tenth for each: the verdicts of each
/// document's signatures, or why DSS cannot read it. `None`, said loudly, where Java or DSS is missing.
///
/// # Panics
/// When the program fails; and when it is missing and `CI` is set.
#[must_use]
pub fn judge(jobs: &[Job]) -> Option<Vec<Result<Vec<Verdict>, String>>> {
    let folder = demanded("RSIGN_DSS", "target/interop", "EU DSS, a validator of signed documents")?;
    if Command::new("java").arg("-version").output().is_err() {
        skip("EU DSS", "there is no java");
        return None;
    }
    let mut java = Command::new("java");
    java.args(["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
    java.arg(format!("{}:{}", folder.join("classes").display(), folder.join("lib/*").display())).arg("rsign.Judge");
    let mut running = java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let asked = serde_json::to_vec(&serde_json::json!({ "jobs": jobs })).unwrap();
    // It reads everything before it writes anything.
    running.stdin.take().unwrap().write_all(&asked).unwrap();
    let said = running.wait_with_output().unwrap();
    assert!(said.status.success(), "DSS: {}", String::from_utf8_lossy(&said.stderr));
    let answer: Answer = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(answer.results.len(), jobs.len());
    let verdicts = answer.results.into_iter().zip(jobs).map(|(judged, job)| {
        assert_eq!(judged.signed, job.signed);
        judged.signatures.ok_or_else(|| judged.fault.unwrap_or_default())
    });
    Some(verdicts.collect())
}
