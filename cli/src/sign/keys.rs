//! The person's keys at the service: what each is, and whether it can sign what is asked.

use std::cmp::Reverse;
use std::io::{IsTerminal as _, Write as _};

use anyhow::Context as _;
use data_encoding::BASE64;
use der::Decode as _;
use serde_json::{Value, json};
use time::OffsetDateTime;
use x509_cert::Certificate;

use super::ended::Ended;
use super::plan::{File, Form};
use super::service::Service;
use super::terminal::{shown, step};

/// What this program asks for, best first: with SHA-256, for EC and for RSA keys.
const ALGORITHMS: [&str; 2] = ["1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"];

/// What a JWS is signed with by the longer curves, whose keys it knows with no other hash function (RFC 7518, 3.4).
const JWS_ALGORITHMS: [(&str, &str); 2] = [("P-384", "1.2.840.10045.4.3.3"), ("P-521", "1.2.840.10045.4.3.4")];

/// Names of curves, and how many bits they have.
const CURVES: [(&str, &str); 3] =
    [("1.2.840.10045.3.1.7", "P-256"), ("1.3.132.0.34", "P-384"), ("1.3.132.0.35", "P-521")];

/// A credential that can sign.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) id: String,
    /// The end entity's certificate and what stands above it, DER.
    pub(super) chain: Vec<Vec<u8>>,
    /// OID of the signature algorithm to ask for.
    pub(super) algorithm: &'static str,
    /// The same for a JWS.
    pub(super) jws: &'static str,
}

impl Credential {
    /// OID of the signature algorithm to ask for where this is to be made.
    pub(super) fn algorithm(&self, form: Form) -> &'static str {
        if form == Form::Jades { self.jws } else { self.algorithm }
    }
}

/// What is to be signed, as far as it matters to keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    signatures: usize,
    /// Whether one of them is a JWS.
    jws: bool,
}

impl Wanted {
    pub(super) fn of(files: &[File]) -> Self {
        Self { signatures: files.len(), jws: files.iter().any(|file| file.form == Form::Jades) }
    }
}

/// A key as the service tells of it.
#[derive(Debug)]
struct Key {
    id: String,
    /// Kind and length.
    kind: String,
    subject: String,
    issuer: String,
    validity: String,
    /// When its certificate begins.
    from: Option<i64>,
    /// It as a credential, or why it cannot sign this.
    fit: Result<Credential, String>,
}

/// The credential of that id, or one that can sign: the person's choice among several where somebody is there to ask, else
/// the newest.
pub(super) async fn choose(
    service: &Service<'_>,
    token: &str,
    id: Option<&str>,
    wanted: Wanted,
) -> anyhow::Result<Credential> {
    let ids = match id {
        Some(id) => vec![id.to_owned()],
        None => service.credentials(token).await?,
    };
    if ids.is_empty() {
        return Err(Ended::keyless(0).into());
    }
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        let asked = json!({ "credentialID": id, "certificates": "chain", "certInfo": true });
        let found = service.credential(token, asked).await?;
        keys.push(Key::read(id, &found, wanted, OffsetDateTime::now_utc()));
    }
    sort(&mut keys);
    for (at, key) in keys.iter().enumerate() {
        step(&format!("key {}: {}", at + 1, key.line()));
    }
    let fit: Vec<usize> = (0..keys.len()).filter(|at| keys.get(*at).is_some_and(|key| key.fit.is_ok())).collect();
    let taken = match fit[..] {
        [] => return Err(Ended::keyless(keys.len()).into()),
        [one] => one,
        [first, ..] if std::io::stdin().is_terminal() => {
            let typed = tokio::task::spawn_blocking(move || ask(first + 1)).await??;
            picked(&typed, first, &fit)?
        }
        [first, ..] => first,
    };
    if keys.len() > 1 {
        step(&format!("key {} is taken; --credential takes another", taken + 1));
    }
    keys.swap_remove(taken).fit.map_err(anyhow::Error::msg)
}

/// Newest first and then by kind, as rsign's account page has them; ids say nothing to people.
fn sort(keys: &mut [Key]) {
    keys.sort_by(|one, other| {
        let order = |key: &Key| (Reverse(key.from), key.kind.clone(), key.id.clone());
        order(one).cmp(&order(other))
    });
}

/// Which key, as it was typed.
fn ask(usual: usize) -> std::io::Result<String> {
    print!("  which key, by its number [{usual}]: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// The place of the key that was meant.
fn picked(typed: &str, usual: usize, fit: &[usize]) -> anyhow::Result<usize> {
    if typed.trim().is_empty() {
        return Ok(usual);
    }
    let number = typed.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let place = number.filter(|place| fit.contains(place));
    place.with_context(|| format!("{} is no number of a key that can sign this; nothing was signed", typed.trim()))
}

impl Key {
    fn read(id: String, found: &Value, wanted: Wanted, now: OffsetDateTime) -> Self {
        let chain = chain(&found["cert"]["certificates"]);
        let certificate = chain.as_ref().and_then(|chain| Certificate::from_der(chain.first()?).ok());
        let tbs = certificate.as_ref().map(Certificate::tbs_certificate);
        let told = |name: &str, own: Option<String>| {
            let told = found["cert"][name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            told.or(own).unwrap_or_else(|| "?".to_owned())
        };
        let times = tbs.map(|tbs| {
            let of = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
            (of(tbs.validity().not_before), of(tbs.validity().not_after))
        });
        let kind = kind(&found["key"]);
        let fit = match unfit(found, &kind, times, wanted, now) {
            Some(why) => Err(why),
            None => chain
                .zip(algorithm(&found["key"]))
                .map(|(chain, algorithm)| {
                    let jws = jws(&kind).unwrap_or(algorithm);
                    Credential { id: id.clone(), chain, algorithm, jws }
                })
                .ok_or_else(|| "the service shows no certificate of it".to_owned()),
        };
        Self {
            id,
            kind,
            subject: told("subjectDN", tbs.map(|tbs| tbs.subject().to_string())),
            issuer: told("issuerDN", tbs.map(|tbs| tbs.issuer().to_string())),
            from: times.map(|(from, _)| from),
            validity: times.map_or_else(|| "?".to_owned(), |(from, to)| format!("{} to {}", day(from), day(to))),
            fit,
        }
    }

    /// All that tells it from another.
    fn line(&self) -> String {
        let Self { id, kind, subject, issuer, validity, fit, .. } = self;
        let fit = match fit {
            Ok(_) => "can sign this".to_owned(),
            Err(why) => format!("cannot sign this: {why}"),
        };
        shown(&format!("{kind}, of {subject}, issued by {issuer}, valid {validity}, credential {id}; {fit}"))
    }
}

/// Why it cannot sign this, if so.
fn unfit(found: &Value, kind: &str, times: Option<(i64, i64)>, wanted: Wanted, now: OffsetDateTime) -> Option<String> {
    let now = now.unix_timestamp();
    let status = found["cert"]["status"].as_str().unwrap_or("valid");
    let most = found["multisign"].as_u64().unwrap_or(u64::MAX);
    let why = if status != "valid" {
        format!("its certificate is {}", shown(status))
    } else if times.is_some_and(|(_, to)| to <= now) {
        "its certificate is expired".to_owned()
    } else if times.is_some_and(|(from, _)| from > now) {
        "its certificate is not valid yet; look at the clock of this computer, too".to_owned()
    } else if found["key"]["status"] != "enabled" {
        "it is locked, suspended or blocked; your account at the service says which, and until when".to_owned()
    } else if algorithm(&found["key"]).is_none() {
        "it makes no signatures with SHA-256".to_owned()
    } else if wanted.jws && jws(kind).is_some_and(|algorithm| !offers(&found["key"], algorithm)) {
        format!("it makes no signatures that JSON can have of {kind} keys; --detached signs it with any")
    } else if most < wanted.signatures as u64 {
        format!("it makes {most} signatures at once, and these are {} files", wanted.signatures)
    } else {
        return None;
    };
    Some(why)
}

fn algorithm(key: &Value) -> Option<&'static str> {
    ALGORITHMS.into_iter().find(|wanted| offers(key, wanted))
}

fn offers(key: &Value, algorithm: &str) -> bool {
    key["algo"].as_array().is_some_and(|offered| offered.iter().any(|oid| oid == algorithm))
}

/// What a JWS is signed with by a key of this kind, where it is not what else it signs with.
fn jws(kind: &str) -> Option<&'static str> {
    JWS_ALGORITHMS.iter().find(|(curve, _)| *curve == kind).map(|(_, algorithm)| *algorithm)
}

/// `RSA-3072`, `P-256`.
fn kind(key: &Value) -> String {
    let length = key["len"].as_u64().map(|bits| bits.to_string()).unwrap_or_default();
    let curve = key["curve"].as_str().map(str::trim).filter(|curve| !curve.is_empty());
    let is_rsa = |oid: &Value| oid.as_str().is_some_and(|oid| oid.starts_with("1.2.840.113549.1.1."));
    match curve {
        Some(oid) => CURVES
            .iter()
            .find(|(known, _)| *known == oid)
            .map_or_else(|| format!("{length} bits on the curve {oid}"), |(_, name)| (*name).to_owned()),
        None if key["algo"].as_array().is_some_and(|all| all.iter().any(is_rsa)) => format!("RSA-{length}"),
        None => format!("{length} bits"),
    }
}

fn chain(certificates: &Value) -> Option<Vec<Vec<u8>>> {
    let texts = certificates.as_array().filter(|texts| !texts.is_empty())?;
    texts.iter().map(|text| BASE64.decode(text.as_str()?.as_bytes()).ok()).collect()
}

/// `2026-12-01`.
fn day(unix: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix).map_or_else(|_| "?".to_owned(), |time| time.date().to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    const RSA: [&str; 2] = ["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"];
    const EC: [&str; 2] = ["1.2.840.10045.4.3.3", "1.2.840.10045.4.3.2"];
    const ONE: Wanted = Wanted { signatures: 1, jws: false };

    fn now() -> OffsetDateTime {
        date_time_ymd(2026, 12, 1)
    }

    fn told() -> Value {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Ana");
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 2), date_time_ymd(2028, 3, 4));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        json!({
            "key": { "status": "enabled", "algo": RSA, "len": 3072 },
            "cert": { "status": "valid", "certificates": [BASE64.encode(certificate.der())],
                      "subjectDN": "CN=Ana Sousa,C=PT", "issuerDN": "CN=Some CA" },
            "multisign": 2,
        })
    }

    fn line(found: &Value, wanted: Wanted) -> String {
        Key::read("one".to_owned(), found, wanted, now()).line()
    }

    #[test]
    fn a_key_is_told_from_another_by_more_than_its_id() {
        let rest = "of CN=Ana Sousa,C=PT, issued by CN=Some CA, valid 2026-01-02 to 2028-03-04, credential one";
        let mut found = told();
        assert_eq!(line(&found, ONE), format!("RSA-3072, {rest}; can sign this"));
        found["key"] = json!({ "status": "enabled", "algo": EC, "len": 384, "curve": "1.3.132.0.34" });
        assert_eq!(line(&found, ONE), format!("P-384, {rest}; can sign this"));
        // What the service does not say stands in the certificate.
        found["cert"]["subjectDN"] = Value::Null;
        assert!(line(&found, ONE).starts_with("P-384, of CN=Ana, issued by CN=Some CA,"), "{}", line(&found, ONE));
        found["cert"]["subjectDN"] = "CN=\u{1b}[2J".into();
        assert!(line(&found, ONE).contains("of CN=\\u{1b}[2J,"));
    }

    #[test]
    fn what_keeps_a_key_from_signing_is_said() {
        let why = |change: &dyn Fn(&mut Value), wanted: Wanted| {
            let mut found = told();
            change(&mut found);
            let key = Key::read("one".to_owned(), &found, wanted, now());
            assert_eq!(key.line().ends_with("; can sign this"), key.fit.is_ok());
            key.fit.err().unwrap_or_default()
        };
        assert_eq!(why(&|_| (), Wanted { signatures: 2, jws: true }), "");
        assert_eq!(
            why(&|_| (), Wanted { signatures: 3, jws: false }),
            "it makes 2 signatures at once, and these are 3 files"
        );
        for status in ["suspended", "expired", "revoked"] {
            let said = why(&|found| found["cert"]["status"] = status.into(), ONE);
            assert_eq!(said, format!("its certificate is {status}"));
        }
        assert!(why(&|found| found["key"]["status"] = "disabled".into(), ONE).starts_with("it is locked, suspended"));
        assert!(why(&|found| found["key"]["algo"] = json!(["1.2.3"]), ONE).contains("no signatures with SHA-256"));
        let p384 = |found: &mut Value| {
            found["key"] = json!({ "status": "enabled", "algo": EC, "len": 384, "curve": "1.3.132.0.34" })
        };
        assert_eq!(why(&p384, ONE), "");
        let json = Wanted { signatures: 1, jws: true };
        assert_eq!(why(&p384, json), "");
        let mut found = told();
        for (curve, len, algorithm) in [("1.3.132.0.34", 384, EC[0]), ("1.3.132.0.35", 521, "1.2.840.10045.4.3.4")] {
            found["key"] = json!({ "status": "enabled", "algo": [algorithm, EC[1]], "len": len, "curve": curve });
            let credential = Key::read("one".to_owned(), &found, json, now()).fit.unwrap();
            assert_eq!((credential.algorithm(Form::Jades), credential.algorithm(Form::Pades)), (algorithm, EC[1]));
        }
        let lacks = |found: &mut Value| {
            p384(found);
            found["key"]["algo"] = json!([EC[1]]);
        };
        assert_eq!(why(&lacks, ONE), "");
        assert!(why(&lacks, json).contains("JSON can have of P-384 keys; --detached"));
        for nothing in [Value::Null, json!([]), json!(["?"]), json!([1])] {
            let said = why(&|found| found["cert"]["certificates"] = nothing.clone(), ONE);
            assert_eq!(said, "the service shows no certificate of it");
        }
        let at = |year| Key::read("one".to_owned(), &told(), ONE, date_time_ymd(year, 12, 1)).fit.err().unwrap();
        assert_eq!(at(2028), "its certificate is expired");
        assert!(at(2024).starts_with("its certificate is not valid yet"));
    }

    #[test]
    fn keys_are_told_newest_first_and_then_by_kind() {
        let key = |id: &str, kind: &str, from| Key {
            id: id.to_owned(),
            kind: kind.to_owned(),
            subject: String::new(),
            issuer: String::new(),
            validity: String::new(),
            from,
            fit: Err(String::new()),
        };
        let mut keys = [
            key("1", "P-256", None),
            key("2", "RSA-2048", Some(5)),
            key("3", "P-384", Some(5)),
            key("5", "P-256", Some(4)),
            key("4", "P-256", Some(4)),
            key("6", "RSA-2048", Some(6)),
        ];
        sort(&mut keys);
        assert_eq!(keys.map(|key| key.id).concat(), "632451");
    }

    #[test]
    fn a_number_picks_a_key_that_can_sign() {
        let pick = |typed| picked(typed, 1, &[1, 3]).ok();
        assert_eq!(
            [pick("\n"), pick("2\n"), pick(" 4 "), pick("1"), pick("0"), pick("x")],
            [Some(1), Some(1), Some(3), None, None, None]
        );
    }
}
