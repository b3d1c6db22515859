//! A credential in the words of CSC 6.1 and 6.2 at once (clients.md 2m, rule 2).

use rsign_api::csc::authentication::{OTP, PIN};
use rsign_api::csc::credentials::{
    Auth, AuthObject, Certificate, Certificates, Description, Key, Otp, OtpGenerator, Pin, Wanted,
};
use rsign_api::csc::expression::{Expression, Presence};
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

/// A code: of an authenticator app, or sent.
struct Code {
    /// v1.
    kind: &'static str,
    /// v2.
    object: &'static str,
    about: &'static str,
    /// v1; in v2 where the owner has what makes it.
    provider: &'static str,
    generator: Option<&'static str>,
}

const GENERATED: Code = Code {
    kind: "offline",
    object: "Password",
    about: "Six digits from your authenticator app, a new code every 30 seconds",
    provider: "totp",
    generator: Some("totp"),
};

impl Code {
    /// That of a credential, where it needs one. `way` is how one that is sent reaches its owner.
    const fn of(factor: FactorKind, way: Option<&'static str>) -> Option<Self> {
        match factor {
            FactorKind::None => None,
            FactorKind::Totp => Some(GENERATED),
            FactorKind::Online => Some(Self {
                kind: "online",
                object: "ChallengeResponse",
                about: "Six digits that are sent to you when an app asks for them",
                provider: match way {
                    Some(way) => way,
                    None => "none",
                },
                generator: None,
            }),
        }
    }

    const fn object(&self) -> AuthObject {
        AuthObject {
            kind: self.object,
            id: OTP,
            format: "N",
            generator: self.generator,
            label: "Code",
            description: self.about,
        }
    }

    const fn otp(&self, presence: &'static str) -> Otp {
        let Self { kind, about, provider, .. } = *self;
        let generator = OtpGenerator { kind, format: "N", label: "Code", description: about, id: OTP, provider };
        Otp { presence, generator: Some(generator) }
    }
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
    /// Whether the signer would use it: it is active, and not locked by wrong PINs.
    pub(super) enabled: bool,
    /// Whether the certificate's time is over.
    pub(super) expired: bool,
    /// How codes that are sent reach its owner.
    pub(super) way: Option<&'static str>,
}

impl Current {
    /// Asks the store for the certificate and the signer for the state.
    pub(super) async fn of(site: &Site, credential: Credential) -> Result<Self, Problem> {
        let certificate = site.app.credentials.certificate(&credential).await?;
        let enabled = site.app.credentials.is_ready(&credential).await?;
        let expired = certificate.facts.not_after * 1000 < site.app.clock.now();
        let way = match credential.factor {
            FactorKind::Online => site.app.one_time_codes.contact(&credential).await?.map(|contact| contact.way()),
            _ => None,
        };
        Ok(Self { credential, certificate, enabled, expired, way })
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
    // Where its owner is asked elsewhere, so is the code.
    let expression = if elsewhere { Expression::object(PIN) } else { credential.expression() };
    let code = Code::of(credential.factor, current.way);
    let object = |id: &str| match (id, &code) {
        (PIN, _) if elsewhere => Some(AuthObject { kind: "PasswordOOB", description: ABOUT_OOB, ..pin_object() }),
        (PIN, _) => Some(pin_object()),
        (OTP, Some(code)) => Some(code.object()),
        _ => None,
    };
    let otp = || match (expression.presence(OTP), &code) {
        (Presence::Absent, _) | (_, None) => Otp { presence: Presence::Absent.text(), generator: None },
        (presence, Some(code)) => code.otp(presence.text()),
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
            expression: has_objects.then(|| expression.to_string()),
            objects: expression.objects().into_iter().filter(|_| has_objects).filter_map(object).collect(),
        },
        pin: auth_info.then(|| Pin {
            presence: expression.presence(PIN).text(),
            format: FORMAT,
            label: LABEL,
            description: ABOUT,
        }),
        otp: auth_info.then(otp),
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
    AuthObject { kind: "Password", id: PIN, format: FORMAT, generator: None, label: LABEL, description: ABOUT }
}
