//! From a credential to signatures: the SAD, however its owner gives it, and signHash.

use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use super::tokens::{run, with};
use super::{Answer, Described, Session, base64};
use crate::algorithm::{Hash, Way};
use crate::check::{Stop, ensure};
use crate::profile::Credential;

/// How often, and how many times, authorizeCheck is asked.
const POLLS: (Duration, u32) = (Duration::from_millis(500), 240);

/// What a service says of a PIN or a one-time password that is wrong.
const JUDGED: [&str; 3] = ["invalid_pin", "invalid_otp", "invalid_authentication_data"];

/// What is not tried twice.
const REFUSED_BEFORE: &str =
    "the service refused the profile's PIN or OTP before; it is not tried again, so that nothing is locked";

/// What to do where wrong PINs of others, or of earlier runs, came before.
const OUT_OF_A_LOCK: &str = "wait until that is over (rsign locks for 15 minutes, then longer), or name another credential \
     first in a profile, or start a sandbox anew: rsign sandbox --data-dir FOLDER";

/// An authorization to sign.
#[derive(Debug, Clone)]
pub(crate) struct Sad {
    pub(crate) value: String,
    /// Seconds; the standard's 3600 if the service does not say.
    pub(crate) expires_in: u64,
}

impl Session {
    /// Gets a SAD for these digests.
    pub(crate) async fn activate(
        &self,
        described: &Described<'_>,
        hash: Hash,
        digests: &[Vec<u8>],
    ) -> Result<Sad, Stop> {
        if self.mode(described) == "oauth2code" {
            return self.activate_in_browser(described.credential, hash, digests).await;
        }
        let ask = self.authorization(described, hash, digests).await?;
        let answer = self.call("credentials/authorize", &ask).await?;
        self.sad(answer).await
    }

    /// The SAD of an answer, polled for if it says that it is still under way.
    pub(crate) async fn sad(&self, mut answer: Answer) -> Result<Sad, Stop> {
        for _ in 0..POLLS.1 {
            if answer.status != 202 {
                break;
            }
            let handle = answer.json["handle"].as_str().map(str::to_owned);
            let handle = handle.ok_or_else(|| Stop::Wrong(format!("{}: HTTP 202 without a handle", answer.asked)))?;
            tokio::time::sleep(POLLS.0).await;
            answer = self.call("credentials/authorizeCheck", &json!({ "handle": handle })).await?;
        }
        if answer.sentence().contains("locked") {
            let why = format!("a credential of the profile is locked: {}; {OUT_OF_A_LOCK}", answer.brief());
            return Err(Stop::Broken(self.shared.refused.get_or_init(|| why).clone()));
        }
        if JUDGED.contains(&answer.error()) {
            let _ = self.shared.refused.set(REFUSED_BEFORE.to_owned());
            return Err(Stop::Broken(format!("the service refuses the profile's PIN or OTP: {}", answer.brief())));
        }
        let value = answer.text("SAD")?;
        self.shared.mask.learn(&value);
        Ok(Sad { value, expires_in: answer.json["expiresIn"].as_u64().unwrap_or(3600) })
    }

    fn mode<'a>(&self, described: &'a Described<'_>) -> &'a str {
        let mode = if self.is_v1() { &described.info["authMode"] } else { &described.info["auth"]["mode"] };
        mode.as_str().unwrap_or_default()
    }

    /// Body of credentials/authorize.
    pub(crate) async fn authorization(
        &self,
        described: &Described<'_>,
        hash: Hash,
        digests: &[Vec<u8>],
    ) -> Result<Value, Stop> {
        if self.mode(described) == "oauth2code" {
            return Err(Stop::NotApplicable("the credential is authorized through OAuth 2.0 only".to_owned()));
        }
        if let Some(why) = self.shared.refused.get() {
            return Err(Stop::Broken(why.clone()));
        }
        let ask = json!({ "credentialID": described.credential.id, "numSignatures": digests.len() });
        let ask = with(ask, self.list(hash, digests));
        Ok(with(ask, self.factors(described).await?))
    }

    /// Hashes under the names of the version.
    pub(crate) fn list(&self, hash: Hash, digests: &[Vec<u8>]) -> Value {
        let encoded: Vec<String> = digests.iter().map(|digest| BASE64.encode(digest)).collect();
        if self.is_v1() {
            json!({ "hash": encoded })
        } else {
            json!({ "hashes": encoded, "hashAlgorithmOID": hash.oid() })
        }
    }

    async fn factors(&self, described: &Described<'_>) -> Result<Value, Stop> {
        let credential = described.credential;
        if !self.is_v1() {
            let objects = described.info["auth"]["objects"].as_array().cloned().unwrap_or_default();
            let mut data = Vec::new();
            for object in objects {
                data.push(self.object(credential, &object).await?);
            }
            return Ok(json!({ "authData": data }));
        }
        if self.mode(described) == "implicit" {
            return Ok(json!({}));
        }
        let wants = |name: &str| described.info[name]["presence"].as_str().is_some_and(|presence| presence != "false");
        let mut factors = json!({});
        if wants("PIN") {
            factors["PIN"] = json!(pin(credential)?);
        }
        if wants("OTP") {
            if described.info["OTP"]["type"] == "online" {
                self.call("credentials/sendOTP", &json!({ "credentialID": credential.id })).await?;
            }
            factors["OTP"] = json!(self.otp(credential).await?);
        }
        Ok(factors)
    }

    async fn object(&self, credential: &Credential, object: &Value) -> Result<Value, Stop> {
        let id = &object["id"];
        let one_time = object["generator"].is_string() || id == "OTP";
        match object["type"].as_str().unwrap_or_default() {
            "Password" if one_time => Ok(json!({ "id": id, "value": self.otp(credential).await? })),
            "Password" => Ok(json!({ "id": id, "value": pin(credential)? })),
            "ChallengeResponse" => {
                let ask = json!({ "credentialID": credential.id, "authObjectID": id });
                self.call("credentials/getChallenge", &ask).await?;
                Ok(json!({ "id": id, "value": self.otp(credential).await? }))
            }
            _ => Ok(json!({ "id": id })),
        }
    }

    /// A one-time password; no report shows it.
    async fn otp(&self, credential: &Credential) -> Result<String, Stop> {
        let code = match (&credential.otp_command, &credential.otp_inbox) {
            (Some(command), _) => run(command, None).await?,
            (None, Some(inbox)) => self.newest(inbox).await?,
            (None, None) => {
                let why = format!("the profile has no otp_command for credential {}", credential.id);
                return Err(Stop::NotChecked(why));
            }
        };
        self.shared.mask.learn(&code);
        Ok(code)
    }

    /// The newest code that was sent. It is not the service that is asked, so no report tells of it.
    async fn newest(&self, inbox: &str) -> Result<String, Stop> {
        let broken = |error: reqwest::Error| Stop::Broken(format!("{inbox}: {error}"));
        let shown = self.shared.http.get(inbox).send().await.map_err(broken)?.bytes().await.map_err(broken)?;
        let shown: Value = serde_json::from_slice(&shown).unwrap_or(Value::Null);
        let code = shown.as_array().into_iter().flatten().find_map(|one| one["code"].as_str());
        code.map(str::to_owned).ok_or_else(|| Stop::Broken(format!("{inbox} shows no code")))
    }

    /// The credential scope of OAuth 2.0: its access token is the SAD.
    async fn activate_in_browser(&self, credential: &Credential, hash: Hash, digests: &[Vec<u8>]) -> Result<Sad, Stop> {
        let command = credential.approve_command.as_ref().ok_or_else(|| {
            let why = "the credential is authorized in a browser, and the profile has no approve_command for it";
            Stop::NotChecked(why.to_owned())
        })?;
        let value = self.code_flow(command, &self.credential_scope(credential, hash, digests)).await?;
        Ok(Sad { value, expires_in: 3600 })
    }

    /// Parameters of oauth2/authorize.
    pub(crate) fn credential_scope(
        &self,
        credential: &Credential,
        hash: Hash,
        digests: &[Vec<u8>],
    ) -> Vec<(&'static str, String)> {
        let list: Vec<String> = digests.iter().map(|digest| BASE64URL_NOPAD.encode(digest)).collect();
        let mut parameters = vec![
            ("scope", "credential".to_owned()),
            ("credentialID", credential.id.clone()),
            ("numSignatures", digests.len().to_string()),
        ];
        if self.is_v1() {
            parameters.push(("hash", list.join(",")));
        } else {
            parameters.extend([("hashes", list.join(",")), ("hashAlgorithmOID", hash.oid().to_owned())]);
        }
        parameters
    }

    /// Body of signHash.
    pub(crate) fn signing(&self, credential: &Credential, sad: &str, way: &Way, digests: &[Vec<u8>]) -> Value {
        let mut ask = json!({ "credentialID": credential.id, "SAD": sad, "signAlgo": way.sign_algo });
        ask = with(ask, self.list(way.hash, digests));
        if self.is_v1() && way.names_hash {
            ask["hashAlgo"] = json!(way.hash.oid());
        }
        if let Some(params) = &way.params {
            ask["signAlgoParams"] = json!(params);
        }
        ask
    }

    /// Authorizes and signs: the signatures, in the order of the digests.
    pub(crate) async fn sign(
        &self,
        described: &Described<'_>,
        way: &Way,
        digests: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, Stop> {
        let sad = self.activate(described, way.hash, digests).await?;
        let ask = self.signing(described.credential, &sad.value, way, digests);
        signatures(&self.call("signatures/signHash", &ask).await?, digests.len())
    }
}

/// The signatures of an answer, one for each hash.
pub(crate) fn signatures(answer: &Answer, count: usize) -> Result<Vec<Vec<u8>>, Stop> {
    let found = answer.array("signatures")?;
    ensure(found.len() == count, format!("{} signatures for {count} hashes", found.len()))?;
    let decode = |one: &Value| {
        base64(one.as_str().unwrap_or_default()).map_err(|why| Stop::Wrong(format!("a signature is {why}")))
    };
    found.iter().map(decode).collect()
}

fn pin(credential: &Credential) -> Result<&str, Stop> {
    let pin = credential.pin.as_ref().map(|pin| pin.expose());
    pin.ok_or_else(|| Stop::NotChecked(format!("the profile has no pin for credential {}", credential.id)))
}
