//! A credential in the words of CSC 6.1 and 6.2 at once (clients.md 2m, rule 2).

use rsign_api::csc::credentials::{
    Auth, AuthObject, Certificate, Certificates, Description, Key, Otp, OtpGenerator, Pin, Wanted,
};
use rsign_api::sign_algo;
use rsign_api::signer::FactorKind;

use crate::domain::certificate::generalized_time;
use crate::domain::client::PinTransport;
use crate::domain::credential::{self, AuthMode, Credential};
use crate::domain::token::Bearer;
use crate::http::error::Problem;
use crate::http::site::Site;

const LABEL: &str = "PIN";
const ABOUT: &str = "The PIN of this signing credential";
const ABOUT_OOB: &str = "The PIN of this signing credential, which its owner types on the signing page";
/// Letters and digits: a PIN may be chosen, and clients show a number pad for `N`.
const FORMAT: &str = "A";

/// Codes of an authenticator app.
mod otp {
    pub(super) const ID: &str = "OTP";
    pub(super) const LABEL: &str = "Code";
    pub(super) const ABOUT: &str = "Six digits from your authenticator app, a new code every 30 seconds";
    pub(super) const FORMAT: &str = "N";
    pub(super) const GENERATOR: &str = "totp";
}

/// How a client gets a SAD of the credential (2.2): where its mode is implicit, by asking for it and waiting; otherwise
/// with the PIN in JSON, if the client's registration says so, or from the signing page, where the client sends its user.
/// (A client that seals PINs itself knows that it may, DESIGN 5.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `explicit`.
    Explicit,
    /// `oauth2code`.
    OAuth2Code,
    /// `implicit`; v2 has no such word: there it is `explicit` with an object that is typed elsewhere.
    Implicit,
}

impl Mode {
    /// For the client of this bearer.
    pub(super) async fn of(site: &Site, bearer: &Bearer) -> Result<Self, Problem> {
        Ok(match site.app.authorization.transport(bearer).await? {
            PinTransport::Clear => Self::Explicit,
            PinTransport::Sealed => Self::OAuth2Code,
        })
    }

    /// For this credential.
    fn with(self, credential: &Credential) -> Self {
        match credential.mode {
            AuthMode::Implicit => Self::Implicit,
            AuthMode::Explicit => self,
        }
    }

    /// `authMode` of v1.
    const fn v1(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::OAuth2Code => "oauth2code",
            Self::Implicit => "implicit",
        }
    }

    /// `auth.mode` of v2.
    const fn v2(self) -> &'static str {
        match self {
            Self::Explicit | Self::Implicit => "explicit",
            Self::OAuth2Code => "oauth2code",
        }
    }
}

/// A credential and what is known of it at this moment.
#[derive(Debug)]
pub(super) struct Current {
    /// The credential.
    pub(super) credential: Credential,
    /// Its certificate.
    pub(super) certificate: credential::Certificate,
    /// Whether the signer would use it.
    pub(super) enabled: bool,
    /// Whether the certificate's time is over.
    pub(super) expired: bool,
}

impl Current {
    /// Asks the store for the certificate and the signer for the state.
    pub(super) async fn of(site: &Site, credential: Credential) -> Result<Self, Problem> {
        let certificate = site.app.credentials.certificate(&credential).await?;
        let enabled = site.app.credentials.is_enabled(&credential).await?;
        let expired = certificate.facts.not_after * 1000 < site.app.clock.now();
        Ok(Self { credential, certificate, enabled, expired })
    }

    /// Whether it can sign now.
    pub(super) const fn is_valid(&self) -> bool {
        self.enabled && !self.expired
    }
}

/// The description.
pub(super) fn describe(current: &Current, wanted: Wanted, mode: Mode, lang: &str) -> Description {
    let Current { credential, certificate, expired, .. } = current;
    let mode = mode.with(credential);
    // Objects belong to the explicit mode only (6.1, 6.2).
    let auth_info = wanted.auth_info && mode == Mode::Explicit;
    let elsewhere = wanted.auth_info && mode == Mode::Implicit;
    let has_code = credential.factor == FactorKind::Totp && !elsewhere;
    let objects = match (elsewhere, has_code) {
        (true, _) => vec![AuthObject { kind: "PasswordOOB", description: ABOUT_OOB, ..pin_object() }],
        (false, true) => vec![pin_object(), otp_object()],
        (false, false) => vec![pin_object()],
    };
    let has_objects = auth_info || elsewhere;
    Description {
        key: Key {
            status: if current.is_valid() { "enabled" } else { "disabled" },
            algo: sign_algo::offered(credential.key_type).iter().map(ToString::to_string).collect(),
            len: credential.key_type.bits(),
            curve: credential.key_type.curve().map(|oid| oid.to_string()),
        },
        cert: describe_certificate(certificate, *expired, wanted.certificates),
        auth_mode: mode.v1(),
        auth: Auth {
            mode: mode.v2(),
            expression: has_objects.then_some(if has_code { "PIN AND OTP" } else { "PIN" }),
            objects: if has_objects { objects } else { Vec::new() },
        },
        pin: auth_info.then_some(Pin { presence: "true", format: FORMAT, label: LABEL, description: ABOUT }),
        otp: auth_info.then_some(if has_code { generator() } else { Otp { presence: "false", generator: None } }),
        scal: credential.scal,
        multisign: credential.multisign,
        lang: lang.to_owned(),
    }
}

fn describe_certificate(certificate: &credential::Certificate, expired: bool, which: Certificates) -> Certificate {
    let facts = &certificate.facts;
    let end_entity = || certificate.end_entity.clone();
    Certificate {
        status: if expired { "expired" } else { "valid" },
        certificates: match which {
            Certificates::None => None,
            Certificates::Single => Some(vec![end_entity()]),
            Certificates::Chain => {
                Some(std::iter::once(end_entity()).chain(certificate.chain.iter().cloned()).collect())
            }
        },
        issuer: facts.issuer.clone(),
        serial_number: facts.serial_number.clone(),
        subject: facts.subject.clone(),
        valid_from: generalized_time(facts.not_before),
        valid_to: generalized_time(facts.not_after),
    }
}

fn pin_object() -> AuthObject {
    AuthObject { kind: "Password", id: "PIN", format: FORMAT, generator: None, label: LABEL, description: ABOUT }
}

fn otp_object() -> AuthObject {
    AuthObject {
        kind: "Password",
        id: otp::ID,
        format: otp::FORMAT,
        generator: Some(otp::GENERATOR),
        label: otp::LABEL,
        description: otp::ABOUT,
    }
}

fn generator() -> Otp {
    let generator = OtpGenerator {
        kind: "offline",
        format: otp::FORMAT,
        label: otp::LABEL,
        description: otp::ABOUT,
        id: otp::ID,
        provider: otp::GENERATOR,
    };
    Otp { presence: "true", generator: Some(generator) }
}
