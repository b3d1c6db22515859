//! `user add`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use rsign_api::signer::Subject;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::print;
use crate::app::Parts;
use crate::domain::user::User as Account;
use crate::service::passwords::Passwords;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Opens an account.
    Add {
        /// Name to sign in with; case does not count.
        #[arg(long)]
        username: String,
        /// File with the password in its first line, `-` for standard input.
        #[arg(long)]
        password_file: PathBuf,
        /// `givenName` of certificates.
        #[arg(long)]
        given_name: String,
        /// `surname` of certificates.
        #[arg(long)]
        surname: String,
        /// `countryName` of certificates, two letters.
        #[arg(long, default_value = "PT")]
        country: String,
        /// `organizationName` of certificates.
        #[arg(long)]
        organization: Option<String>,
    },
}

pub(super) async fn run(command: User, parts: &Parts) -> anyhow::Result<()> {
    let User::Add { username, password_file, given_name, surname, country, organization } = command;
    let username = username.trim().to_owned();
    // A colon would end the name in a Basic header.
    let plain = !username.contains(|c: char| c == ':' || c.is_control());
    anyhow::ensure!(plain && (1..=128).contains(&username.len()), "the user name cannot be one");
    let two_letters = country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase());
    anyhow::ensure!(two_letters, "the country is two capital letters");
    let id = parts.random.id()?;
    let password = read_password(&password_file)?;
    let password = Passwords::new(1, Arc::clone(&parts.random))?.hash(password).await?;
    let subject = Subject {
        serial_number: format!("RS:{country}-{id}"),
        common_name: format!("{given_name} {surname}"),
        country,
        organization,
        given_name,
        surname,
    };
    let account = Account { id: id.clone(), username, password, subject };
    anyhow::ensure!(parts.repositories.users.register(account).await?, "the user name is taken");
    print(&serde_json::json!({ "userID": id }))
}

fn read_password(path: &Path) -> anyhow::Result<SecretString> {
    let mut text = Zeroizing::new(String::new());
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("cannot read the password")?;
    } else {
        let mut file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        file.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let password = text.lines().next().unwrap_or_default();
    anyhow::ensure!(!password.is_empty(), "the password is empty");
    Ok(SecretString::from(password))
}
