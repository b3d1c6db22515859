//! Tools we did not write, asked about signed documents: all that apply to a format, each in one run where it can.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use harness::dss::{self, Job};
use harness::verify::Sha;
use harness::{Algorithm, command, demanded, repository};
use rsign_api::algorithm::HashAlgorithm;
use serde_json::{Value, json};

/// A signed document.
#[derive(Debug)]
pub(crate) struct Made {
    /// `C`, `P`, `X` or `J`.
    pub(crate) format: &'static str,
    /// Whether the document stays outside.
    pub(crate) outside: bool,
    /// What the signature calls it then.
    pub(crate) name: String,
    pub(crate) original: Vec<u8>,
    pub(crate) octets: Vec<u8>,
    /// `B-B` and so on, of each signature.
    pub(crate) levels: Vec<String>,
    /// The signer's certificate, DER.
    pub(crate) signer: Vec<u8>,
}

impl Made {
    fn lasts(&self) -> bool {
        self.levels.last().is_some_and(|level| level.starts_with("B-L"))
    }
}

/// Each tool's say, by format: how many signed documents it calls good. One that calls any bad ends the test.
pub(crate) fn all(folder: &Path, root: &Path, all: &[Made]) -> BTreeMap<&'static str, Vec<(&'static str, usize)>> {
    let mut files = Vec::new();
    for (number, made) in all.iter().enumerate() {
        let ending = match made.format {
            "C" => "p7s",
            "P" => "pdf",
            "X" => "xml",
            _ => "json",
        };
        let (signed, original) = (format!("{number}.{ending}"), format!("{number}-original.{ending}"));
        let (signed, original) = (folder.join(signed), folder.join(original));
        std::fs::write(&signed, &made.octets).unwrap();
        std::fs::write(&original, &made.original).unwrap();
        files.push(File { made, signed, original });
    }
    let passed = eu_dss(&files, root);
    // Where Java is missing, which is said loudly, it counts nothing.
    let dss = |of: &[&File<'_>]| if passed { of.len() } else { 0 };
    let of = |format: &str| files.iter().filter(|file| file.made.format == format).collect::<Vec<_>>();
    let (cades, pades, xades, jades) = (of("C"), of("P"), of("X"), of("J"));
    BTreeMap::from([
        (
            "C",
            vec![
                ("EU DSS", dss(&cades)),
                ("openssl", openssl(&cades, root)),
                ("pyHanko", pyhanko(&cades, root, folder)),
                ("pkijs", pkijs(&cades, root)),
            ],
        ),
        ("P", {
            let judged = pdfs(&pades, root, folder);
            vec![("EU DSS", dss(&pades)), ("pyHanko", judged), ("pdfsig", judged), ("qpdf", judged)]
        }),
        ("X", vec![("EU DSS", dss(&xades)), ("xmlsec1", xmlsec1(&xades, root))]),
        ("J", vec![("EU DSS", dss(&jades)), ("jose", jose(&jades))]),
    ])
}

struct File<'a> {
    made: &'a Made,
    signed: PathBuf,
    original: PathBuf,
}

/// The hash function as the library calls it.
pub(crate) const fn function(algorithm: &Algorithm) -> HashAlgorithm {
    match algorithm.sha {
        Sha::Sha256 => HashAlgorithm::Sha256,
        Sha::Sha384 => HashAlgorithm::Sha384,
        Sha::Sha512 => HashAlgorithm::Sha512,
    }
}

/// The reference validator: every signature passes, as exactly what was asked for.
fn eu_dss(files: &[File<'_>], root: &Path) -> bool {
    let job = |file: &File<'_>| {
        let mut job = Job::new(&file.signed, root);
        if file.made.outside && file.made.format != "P" {
            job = job.detached(&file.original, &file.made.name);
        }
        // The lower levels bring no word on revocation, nor does the first of parallel ones.
        if file.made.lasts() && file.made.levels.len() == 1 { job } else { job.without_revocation() }
    };
    let Some(said) = dss::judge(&files.iter().map(job).collect::<Vec<_>>()) else { return false };
    for (file, verdicts) in files.iter().zip(said) {
        let verdicts = verdicts.unwrap();
        let mut found: Vec<&str> = verdicts.iter().map(|verdict| verdict.format.as_str()).collect();
        let format = format!("{}AdES-BASELINE", file.made.format);
        let mut wanted: Vec<String> = file.made.levels.iter().map(|level| level.replacen('B', &format, 1)).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}", file.signed.display());
        for verdict in &verdicts {
            verdict.passes_as(&verdict.format);
            assert!(verdict.structure.is_empty(), "{}: {:?}", file.signed.display(), verdict.structure);
        }
    }
    true
}

/// `openssl cms -verify -cades`, and that the document comes out.
fn openssl(files: &[&File<'_>], root: &Path) -> usize {
    for file in files {
        let said = file.signed.with_extension("said");
        let mut verify = Command::new("openssl");
        verify.args(["cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER", "-in"]);
        verify.arg(&file.signed).arg("-out").arg(&said).arg("-CAfile").arg(root);
        if file.made.outside {
            verify.arg("-content").arg(&file.original);
        }
        command(&mut verify).unwrap_or_else(|said| panic!("{}: {said}", file.signed.display()));
        assert_eq!(std::fs::read(&said).unwrap(), file.made.original);
    }
    files.len()
}

/// pyHanko's validation, and the profile as asn1crypto shows it. It is for a single signature.
fn pyhanko(files: &[&File<'_>], root: &Path, folder: &Path) -> usize {
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, an outsider's judgement") else {
        return 0;
    };
    let single: Vec<_> = files.iter().filter(|file| file.made.levels.len() == 1).collect();
    let mut judge = Command::new(python);
    judge.arg(repository("tests/clients/cades_verdict.py")).arg("--root").arg(root);
    let pairs: Vec<_> = single.iter().map(|file| json!([file.signed, file.original])).collect();
    let list = folder.join("pairs.json");
    std::fs::write(&list, Value::from(pairs).to_string()).unwrap();
    let said = command(judge.arg(list)).unwrap_or_else(|said| panic!("{said}"));
    let verdicts: Vec<Value> = serde_json::from_str(&said).unwrap();
    assert_eq!(verdicts.len(), single.len());
    for (verdict, file) in verdicts.iter().zip(&single) {
        let (level, place) = (file.made.levels[0].as_str(), file.signed.display());
        for rule in ["intact", "valid", "trusted", "der", "ess_matches"] {
            assert_eq!(verdict[rule], true, "{rule} of {place}: {verdict}");
        }
        assert_eq!(verdict["attached"], !file.made.outside, "{place}");
        assert_eq!(verdict["time_stamped"], level != "B-B", "{place}: {verdict}");
        let signed = json!(["content_type", "message_digest", "signing_certificate_v2", "signing_time"]);
        assert_eq!((&verdict["signed"], &verdict["content_type"]), (&signed, &json!("data")), "{place}");
        let unsigned = match level {
            "B-B" => json!([]),
            "B-LTA" => json!(["0.4.0.1733.2.4", "signature_time_stamp_token"]),
            _ => json!(["signature_time_stamp_token"]),
        };
        assert_eq!(verdict["unsigned"], unsigned, "{place}");
    }
    single.len()
}

/// pkijs: every signature with its chain.
fn pkijs(files: &[&File<'_>], root: &Path) -> usize {
    let root = pem(root);
    let job = |file: &&File<'_>| {
        let content = file.made.outside.then(|| BASE64.encode(&file.made.original));
        json!({ "cms": BASE64.encode(&file.made.octets), "content": content, "root": root })
    };
    let jobs: Vec<Value> = files.iter().map(job).collect();
    let signatures: usize = files.iter().map(|file| file.made.levels.len()).sum();
    script("pkijs-verdict.mjs", "pkijs, CMS of JavaScript", &jobs).map_or(0, |said| {
        assert_eq!(said, signatures);
        files.len()
    })
}

/// jose: the JWS of every signature.
fn jose(files: &[&File<'_>]) -> usize {
    let job = |file: &&File<'_>| {
        let certificate =
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(&file.made.signer));
        let certificates = vec![certificate; file.made.levels.len()];
        let jws = std::str::from_utf8(&file.made.octets).unwrap();
        json!({ "certificates": certificates, "jws": jws, "detached": file.made.outside })
    };
    let jobs: Vec<Value> = files.iter().map(job).collect();
    let signatures: usize = files.iter().map(|file| file.made.levels.len()).sum();
    script("jose-verdict.mjs", "jose, a JWS library of JavaScript", &jobs).map_or(0, |said| {
        assert_eq!(said, signatures);
        files.len()
    })
}

/// What a judge in JavaScript counts.
fn script(name: &str, what: &str, jobs: &[Value]) -> Option<usize> {
    let node = demanded("RSIGN_NODE", "target/browser/node", what)?;
    let mut running = Command::new(node);
    running.arg(repository("tests/browser").join(name));
    let mut running = running.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(&serde_json::to_vec(jobs).unwrap()).unwrap();
    let said = running.wait_with_output().unwrap();
    assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
    Some(String::from_utf8(said.stdout).unwrap().trim().parse().unwrap())
}

/// xmlsec1, where it can: it does not resolve the names of documents that stay outside, and Debian's knows no PSS.
fn xmlsec1(files: &[&File<'_>], root: &Path) -> usize {
    let is_pss = |file: &File<'_>| String::from_utf8_lossy(&file.made.octets).contains("#sha256-rsa-MGF1");
    let inside: Vec<_> = files.iter().filter(|file| !file.made.outside && !is_pss(file)).collect();
    for file in &inside {
        let mut verify = Command::new("xmlsec1");
        verify.args(["--verify", "--enabled-key-data", "x509", "--trusted-pem"]).arg(root);
        verify.args(["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]).arg(&file.signed);
        command(&mut verify).unwrap_or_else(|said| panic!("{}: {said}", file.signed.display()));
    }
    inside.len()
}

/// pyHanko, its long-term validation included, pdfsig and qpdf.
fn pdfs(files: &[&File<'_>], root: &Path, folder: &Path) -> usize {
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, a validator of PDFs") else {
        return 0;
    };
    let case = |file: &&File<'_>| {
        let level = file.made.levels[0].as_str();
        json!({
            "original": file.original, "signed": file.signed, "signatures": 1,
            "stamps": usize::from(level == "B-LTA"), "signer": common_name(&file.made.signer),
            "time_stamped": level != "B-B", "lasting": level.strip_prefix("B-").filter(|_| file.made.lasts()),
        })
    };
    let cases = folder.join("cases.json");
    std::fs::write(&cases, Value::from(files.iter().map(case).collect::<Vec<_>>()).to_string()).unwrap();
    let mut judge = Command::new(python);
    judge.arg(repository("tests/pdf/judge.py")).arg(root).arg(cases);
    let said = command(&mut judge).unwrap_or_else(|said| panic!("{said}"));
    for verdict in serde_json::from_str::<Vec<Value>>(&said).unwrap() {
        assert_eq!((&verdict["faults"], &verdict["unreadable"]), (&json!([]), &Value::Null), "{verdict}");
        assert_eq!(verdict["pdfsig"], 1, "{verdict}");
    }
    files.len()
}

/// As pdfsig shows it.
fn common_name(certificate: &[u8]) -> String {
    let certificate: x509_cert::Certificate = der::Decode::from_der(certificate).unwrap();
    let subject = certificate.tbs_certificate().subject().to_string();
    let name = subject.split(',').find_map(|part| part.trim().strip_prefix("CN="));
    name.unwrap_or_else(|| panic!("no common name in {subject}")).to_owned()
}

/// What a PEM file holds, Base64 in one line.
fn pem(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}
