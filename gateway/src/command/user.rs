//! `user`: opens and closes accounts.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use rsign_api::signer::Subject;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{print, show_all};
use crate::app::Parts;
use crate::domain::account::{Applicant, Fault, Faults, Field, Typed, password_fault};
use crate::domain::contact::{Contact, Unfit};
use crate::domain::password::Weakness;
use crate::domain::user::User as Account;
use crate::service::ending::Ending;
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
        /// Where codes reach the person: an e-mail address, or a telephone number with + and country code.
        #[arg(long, value_parser = contact)]
        contact: Option<Contact>,
    },
    /// Sets or removes where codes reach a person. Whoever has that address has the codes.
    Contact {
        /// `userID`.
        #[arg(long)]
        id: String,
        /// An e-mail address, or a telephone number with + and country code; absent: none.
        #[arg(value_parser = contact)]
        contact: Option<Contact>,
    },
    /// Lists all people with an account, a line each.
    List,
    /// Gives a person another password, ends their sessions and all tokens that speak for them, and unties the account from
    /// identity providers: whoever had the password may have tied one. Where codes go (`contact`) stays: ask the person.
    Password {
        /// `userID`.
        #[arg(long)]
        id: String,
        /// File with the password in its first line, `-` for standard input.
        #[arg(long)]
        password_file: PathBuf,
    },
    /// Closes an account: nobody signs in as this person, their sessions and tokens are dead, and no app reaches their keys.
    /// Those stay at the signer, and are named: `credential state` destroys them.
    Disable {
        /// `userID`.
        #[arg(long)]
        id: String,
    },
    /// Opens a disabled account again.
    Enable {
        /// `userID`.
        #[arg(long)]
        id: String,
    },
}

/// A line of `user list`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    username: &'a str,
    name: &'a str,
    disabled: bool,
    /// Whether codes can be sent to them.
    contact: bool,
    /// Whether they can sign in with a password.
    password: bool,
}

fn contact(text: &str) -> Result<Contact, Unfit> {
    Contact::read(text)
}

pub(super) async fn run(command: User, parts: &Parts) -> anyhow::Result<()> {
    let ending = Ending::new(&parts.repositories);
    let (username, password_file, given_name, surname, country, organization, contact) = match command {
        User::Add { username, password_file, given_name, surname, country, organization, contact } => {
            (username, password_file, given_name, surname, country, organization, contact)
        }
        User::List => {
            return show_all(parts.repositories.users.all().await?.iter().map(|user| {
                let (contact, password) = (user.contact.is_some(), user.password.is_one());
                let (id, username, name) = (&user.id, &user.username, &user.subject.common_name);
                Line { id, username, name, disabled: user.disabled, contact, password }
            }));
        }
        User::Password { id, password_file } => {
            let password = read_password(&password_file)?;
            let user = parts.repositories.users.find(&id).await?;
            let username = user.map(|user| user.username).unwrap_or_default();
            let typed = password.expose_secret();
            let fault = password_fault(typed, typed, &username);
            anyhow::ensure!(fault.is_none(), "{}", faults(&fault.into_iter().collect()));
            let hash = Passwords::new(1, Arc::clone(&parts.random))?.hash(password).await?;
            anyhow::ensure!(parts.repositories.users.set_password(&id, hash).await?, "there is no such user");
            let untied = ending.untie(&id).await?;
            let contact = parts.repositories.users.find(&id).await?.and_then(|user| user.contact).is_some();
            let ended = ending.of_user(&id).await?;
            return print(&serde_json::json!({ "userID": id, "ended": ended, "untied": untied, "contact": contact }));
        }
        User::Disable { id } => return disable(&ending, &id, true).await,
        User::Enable { id } => return disable(&ending, &id, false).await,
        User::Contact { id, contact } => {
            anyhow::ensure!(parts.repositories.users.set_contact(&id, contact).await?, "there is no such user");
            return print(&serde_json::json!({ "userID": id }));
        }
    };
    let id = parts.random.id()?;
    let password = read_password(&password_file)?;
    // By the rules of who signs up.
    let typed = Typed { given_name, surname, country, username, ..Typed::default() };
    let applicant = Applicant::check(&typed, password.expose_secret(), password.expose_secret());
    let Applicant { person, username } = applicant.map_err(|found| anyhow::anyhow!("{}", faults(&found)))?;
    let password = Passwords::new(1, Arc::clone(&parts.random))?.hash(password).await?;
    let subject = Subject { organization, ..person.subject(&id) };
    let account = Account { id: id.clone(), username, password, subject, contact, disabled: false, era: 0 };
    anyhow::ensure!(parts.repositories.users.register(account).await?, "the user name is taken");
    print(&serde_json::json!({ "userID": id }))
}

async fn disable(ending: &Ending, id: &str, disabled: bool) -> anyhow::Result<()> {
    let ended = ending.disable_user(id, disabled).await?.context("there is no such user")?;
    let keys = ending.keys_of(id).await?;
    print(&serde_json::json!({ "userID": id, "disabled": disabled, "ended": ended, "credentialIDs": keys }))
}

/// In words for who typed a command.
fn faults(found: &Faults) -> String {
    let said = |(field, fault): &(Field, Fault)| {
        let field = match field {
            Field::GivenName => "--given-name",
            Field::Surname => "--surname",
            Field::Country => "--country",
            Field::Username => "--username",
            Field::Password | Field::Repeated => "the password",
            Field::Document | Field::Number => "the identification number",
        };
        let fault = match fault {
            Fault::Missing => "is empty",
            Fault::Long => "is too long",
            Fault::Characters => "has characters that cannot stand there",
            Fault::Unknown => "is not known: a country is two capital letters",
            Fault::Taken => "is taken",
            Fault::Short => "has fewer than three characters",
            Fault::Weak(Weakness::Short) => "has fewer than twelve characters",
            Fault::Weak(Weakness::Long) => "has more than 128 characters",
            Fault::Weak(Weakness::Common) => "is one that is tried first",
            Fault::Weak(Weakness::Personal) => "is little more than the user name",
            Fault::Differs => "differs",
        };
        format!("{field} {fault}")
    };
    found.iter().map(said).collect::<Vec<_>>().join("; ")
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
