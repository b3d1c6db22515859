//! The operator's own commands: accounts, apps and keys for a test alone.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{Client, Credential, User, command, program};

/// Runs `rsign-gateway` and `rsign-signer` beside the running services.
#[derive(Debug, Clone)]
pub struct Operator {
    gateway: PathBuf,
    signer: PathBuf,
}

/// A credential to be made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub key: &'static str,
    pub scal: &'static str,
    pub multisign: u32,
    pub stretch: &'static str,
    pub mode: &'static str,
}

impl Wanted {
    /// The quickest one: P-256, SCAL 2, PIN not stretched.
    pub const QUICK: Self = Self { key: "P-256", scal: "2", multisign: 100, stretch: "hmac", mode: "explicit" };
}

/// A user of one's own, with a credential.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub user: User,
    pub credential: Credential,
}

impl Operator {
    /// With these configurations.
    #[must_use]
    pub const fn new(gateway: PathBuf, signer: PathBuf) -> Self {
        Self { gateway, signer }
    }

    /// Registers an app that may reach all users, or those it is linked to.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn add_client(&self, id: &str, transport: &str, all_users: bool) -> Client {
        let mut words = vec!["client", "add", "--id", id, "--profile", "legacy", "--pin-transport", transport];
        words.extend(["--redirect-uri", "http://127.0.0.1/callback", "--refresh-tokens"]);
        words.extend(all_users.then_some("--all-users"));
        serde_json::from_value(self.gateway(&words)).unwrap()
    }

    /// Registers an app of the legacy profile, clear PINs and all users, with these words more.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn add_client_with(&self, id: &str, more: &[&str]) -> Client {
        let words = ["client", "add", "--id", id, "--profile", "legacy", "--pin-transport", "clear", "--all-users"];
        serde_json::from_value(self.gateway(&[&words[..], more].concat())).unwrap()
    }

    /// Lets an app reach a user.
    pub fn link(&self, client: &Client, user: &str) {
        self.gateway(&["client", "link", "--id", &client.client_id, "--user", user]);
    }

    /// Opens an account; the name is made unique.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn add_user(&self, name: &str) -> User {
        let word = random();
        let (username, password) = (format!("{name}-{}", &word[..8]), word[8..].to_owned());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &password).unwrap();
        let path = file.path().display().to_string();
        let words = ["user", "add", "--username", &username, "--password-file", &path];
        let names = ["--given-name", "Test", "--surname", name];
        let answer = self.gateway(&[&words[..], &names[..]].concat());
        let id = answer["userID"].as_str().unwrap().to_owned();
        User { id, username, password, totp_secret: None, credentials: Vec::new() }
    }

    /// Makes a key and has its PIN handed over.
    ///
    /// # Panics
    /// When a command fails.
    #[must_use]
    pub fn enrol(&self, user: &str, wanted: Wanted) -> Credential {
        self.enrol_with(user, wanted, &[])
    }

    /// The same, with more options of `credential create`.
    ///
    /// # Panics
    /// When a command fails.
    #[must_use]
    pub fn enrol_with(&self, user: &str, wanted: Wanted, options: &[&str]) -> Credential {
        let multisign = wanted.multisign.to_string();
        let words = ["credential", "create", "--user", user, "--key", wanted.key, "--scal", wanted.scal];
        let more = ["--multisign", &multisign, "--stretch", wanted.stretch, "--mode", wanted.mode];
        let answer = self.gateway(&[&words[..], &more[..], options].concat());
        let id = answer["credentialID"].as_str().unwrap().to_owned();
        let printed = self.signer(&["credential", "pin", &id]);
        let printed: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
        let pin = printed["pin"].as_str().unwrap().to_owned();
        Credential { id, key: wanted.key.to_owned(), scal: wanted.scal.to_owned(), pin }
    }

    /// A user with one credential, both new.
    #[must_use]
    pub fn enrol_somebody(&self, name: &str, wanted: Wanted) -> Enrolled {
        let user = self.add_user(name);
        let credential = self.enrol(&user.id, wanted);
        Enrolled { user, credential }
    }

    /// Says where codes reach a user.
    pub fn set_contact(&self, user: &str, contact: &str) {
        self.gateway(&["user", "contact", "--id", user, contact]);
    }

    /// What is told of a user's keys.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn credentials(&self, user: &str) -> Vec<Value> {
        let lines = self.printed(&["credential", "list", "--user", user]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Suspends, reactivates or destroys.
    pub fn set_state(&self, credential: &Credential, state: &str) {
        self.gateway(&["credential", "state", "--id", &credential.id, state]);
    }

    /// Runs `rsign-gateway` with these words; what it says.
    ///
    /// # Panics
    /// When it fails, or says no line of JSON.
    pub fn gateway(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.printed(words)).unwrap()
    }

    /// The same of a command that says several lines.
    ///
    /// # Panics
    /// The same.
    #[must_use]
    pub fn gateway_lines(&self, words: &[&str]) -> Vec<Value> {
        self.printed(words).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn printed(&self, words: &[&str]) -> String {
        let printed = command(Command::new(program("rsign-gateway")).arg("--config").arg(&self.gateway).args(words));
        printed.unwrap_or_else(|said| panic!("{said}"))
    }

    /// Runs `rsign-signer` with these words.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn signer(&self, words: &[&str]) -> String {
        let printed = command(Command::new(program("rsign-signer")).arg("--config").arg(&self.signer).args(words));
        printed.unwrap_or_else(|said| panic!("{said}"))
    }
}

/// 32 hexadecimal digits.
fn random() -> String {
    let mut octets = [0; 16];
    aws_lc_rs::rand::fill(&mut octets).unwrap();
    data_encoding::HEXLOWER.encode(&octets)
}
