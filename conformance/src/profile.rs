//! The profile: how to get in, and with what to sign. A TOML file, or a sandbox's ready file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What is wrong with a profile.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// It is no TOML, or has members no profile has.
    #[error("{0}: {1}")]
    Toml(PathBuf, Box<toml::de::Error>),
    /// It is no ready file.
    #[error("{0} is no ready file of rsign sandbox: {1}")]
    Json(PathBuf, serde_json::Error),
}

/// Everything a check may need of a person who knows the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Base addresses with their version, `https://host/csc/v1`; those of the command line come in their place.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Roots to trust besides the system's, PEM.
    pub tls_ca: Option<PathBuf>,
    /// The OAuth client that the checker is.
    pub client: Option<Client>,
    /// Another one, for misuse.
    pub other_client: Option<Client>,
    /// A user, for auth/login.
    pub login: Option<Login>,
    /// Another user, for misuse.
    pub other_login: Option<Login>,
    /// How to get a service token; without it by `client`, then by `login`.
    pub token: Option<Token>,
    /// `userID` of the credentials' owner, where the token does not say it.
    pub user: Option<Secret>,
    /// Credentials to sign with, the first for most checks. The second has to be the same user's.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// A credential whose owner is asked elsewhere (v1 mode `implicit`): its `approve_command` is run with its id as last
    /// argument while a request waits, and ends when it was approved.
    pub implicit: Option<Credential>,
    /// Credentials that need a one-time password beside the PIN, of whomever; for what is tried with such passwords.
    #[serde(default)]
    pub coded: Vec<Credential>,
    /// Keys that the checks may have made, and have ended again (2.2).
    pub lifecycle: Option<Lifecycle>,
    /// Longest wait for a SAD to expire, in seconds.
    #[serde(default = "patience")]
    pub patience: u64,
}

const fn patience() -> u64 {
    5
}

/// An OAuth client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Secret,
    /// One of its redirect URIs.
    pub redirect_uri: Option<String>,
}

/// User name and password.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Name.
    pub username: String,
    /// Password.
    pub password: Secret,
}

/// How to get a service token.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case", deny_unknown_fields)]
pub enum Token {
    /// `oauth2/token` with `client`.
    ClientCredentials,
    /// `auth/login` with `login`.
    Login,
    /// `oauth2/token` with this and `client`.
    Refresh {
        /// The refresh token.
        refresh_token: Secret,
    },
    /// A token that is there.
    Ready {
        /// The token.
        token: Secret,
    },
    /// The authorization code flow with `client`: this command is run with the address to open as its last argument,
    /// and prints the address the browser was sent to in the end.
    Code {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// This command prints a token.
    Command {
        /// Program and arguments.
        command: Vec<String>,
    },
}

/// A credential and what its owner knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// `credentialID`.
    pub id: String,
    /// PIN.
    pub pin: Option<Secret>,
    /// This command prints a one-time password that was not used before.
    pub otp_command: Option<Vec<String>>,
    /// Or, where it is sent: this address shows what was, as `rsign sandbox` does: a JSON array, newest first, of objects
    /// with a member `code`.
    pub otp_inbox: Option<String>,
    /// For mode oauth2code: as `command` of the token way `code`.
    pub approve_command: Option<Vec<String>>,
}

/// How a user agrees to `credentials/create` and `credentials/delete`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// As `command` of the token way `code`; whoever agrees chooses a PIN where the service asks for one.
    pub approve_command: Vec<String>,
    /// `certificatePolicy` to ask for; absent: none is named.
    pub certificate_policy: Option<String>,
}

/// A text nobody shall see: itself, `env:NAME`, or `file:PATH`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("env:") {
            return std::env::var(name).map(Self).map_err(|_| format!("there is no environment variable {name}"));
        }
        if let Some(path) = text.strip_prefix("file:") {
            let read = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            return Ok(Self(read.trim().to_owned()));
        }
        Ok(Self(text))
    }
}

impl Profile {
    /// Reads a TOML file; a relative `tls_ca` is relative to it.
    ///
    /// # Errors
    /// It cannot be read, or is no profile.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(file).map_err(|error| Error::Read(file.to_owned(), error))?;
        let profile = toml::from_str::<Self>(&text);
        let mut profile = profile.map_err(|error| Error::Toml(file.to_owned(), Box::new(error)))?;
        if let (Some(ca), Some(folder)) = (&profile.tls_ca, file.parent()) {
            profile.tls_ca = Some(folder.join(ca));
        }
        Ok(profile)
    }

    /// Every secret it holds.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let clients = self.client.iter().chain(&self.other_client).map(|client| &client.secret);
        let logins = self.login.iter().chain(&self.other_login).map(|login| &login.password);
        let credentials = self.credentials.iter().chain(&self.coded).chain(&self.implicit);
        let pins = credentials.filter_map(|credential| credential.pin.as_ref());
        let token = self.token.iter().filter_map(|token| match token {
            Token::Refresh { refresh_token } => Some(refresh_token),
            Token::Ready { token } => Some(token),
            _ => None,
        });
        clients.chain(logins).chain(pins).chain(token).map(Secret::expose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_readme_is_a_profile() {
        let readme = include_str!("../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let example = example.replace("env:CSC_SECRET", "secret").replace("file:/run/secrets/pin", "12345678");
        let profile: Profile = toml::from_str(&example).unwrap();
        assert_eq!(profile.credentials[1].pin.as_ref().unwrap().expose(), "12345678");
        assert!(profile.other_login.is_some() && profile.other_client.is_some());
        assert!(profile.lifecycle.is_some() && profile.coded[0].otp_command.is_some());
        assert!(matches!(profile.token, Some(Token::ClientCredentials)));
    }

    #[test]
    fn every_way_of_the_readme_is_one() {
        let readme = include_str!("../README.md");
        let ways =
            readme.split("| way | members").nth(1).unwrap().lines().skip(2).take_while(|line| line.starts_with('|'));
        let ways: Vec<&str> = ways.map(|line| line.split('`').nth(1).unwrap()).collect();
        assert_eq!(ways.len(), 6);
        for way in ways {
            let more = match way {
                "refresh" => "refresh_token = \"x\"",
                "ready" => "token = \"x\"",
                "command" | "code" => "command = [\"x\"]",
                _ => "",
            };
            let profile = toml::from_str::<Profile>(&format!("[token]\nway = \"{way}\"\n{more}"));
            assert!(profile.unwrap().token.is_some(), "{way}");
        }
    }

    #[test]
    fn secrets_come_from_files_and_are_not_printed() {
        let file = std::env::temp_dir().join(format!("rsign-conformance-{}", std::process::id()));
        std::fs::write(&file, "1234\n").unwrap();
        let secret = Secret::try_from(format!("file:{}", file.display())).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("1234", "Secret(…)"));
        assert!(Secret::try_from("env:RSIGN_NO_SUCH_VARIABLE".to_owned()).is_err());
    }

    #[test]
    fn unknown_members_are_mistakes() {
        assert!(toml::from_str::<Profile>("pin = \"1\"").is_err());
    }
}
