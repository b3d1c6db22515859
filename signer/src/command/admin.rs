//! Commands on the signer's own host: a Unix socket only its user can open, one JSON object a line.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Refusal, State};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::certificate::name::AuthorityName;
use crate::service::{Error, Signer, Unblocking};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Show the drawn PIN.
    Pin(String),
    /// It was shown.
    Acknowledge(String),
    /// What an officer has to sign to unblock a credential.
    UnblockStatement { credential: String, officer: String },
    /// An officer's signature of that.
    Unblock { credential: String, officer: String, signature: Bytes },
    /// Issue a certificate for a time-stamping authority.
    TimeStamping { name: AuthorityName, spki: Bytes },
}

/// What an authenticator app is told.
#[derive(Serialize, Deserialize)]
struct Totp {
    otpauth: Zeroizing<String>,
    /// Base32, for typing.
    secret: Zeroizing<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Pin {
        pin: Zeroizing<String>,
        totp: Option<Totp>,
    },
    Done,
    Statement(String),
    Unblocking {
        done: bool,
    },
    /// End entity, CA.
    Certificates(Vec<Bytes>),
    Failed(String),
}

pub(super) async fn serve(listener: Arc<UnixListener>, pin_command: bool, signer: Arc<Signer>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "an admin connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        // The file's mode is set after it exists; who came in between is turned away here.
        if !is_same_user(&stream) {
            tracing::warn!("an admin connection of another user was refused");
            continue;
        }
        let signer = Arc::clone(&signer);
        tokio::spawn(async move {
            if let Err(error) = converse(stream, &signer, pin_command).await {
                tracing::warn!(%error, "an admin command failed");
            }
        });
    }
}

fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::getuid().as_raw())
}

async fn converse(stream: UnixStream, signer: &Signer, pin_command: bool) -> anyhow::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = match serde_json::from_str(&line) {
            Err(_) => Reply::Failed("not understood".to_owned()),
            Ok(Question::UnblockStatement { credential, officer }) => {
                match signer.unblock_statement(&credential, &officer).await {
                    Ok(statement) => Reply::Statement(statement),
                    Err(error) => Reply::Failed(unblocked_not(&error)),
                }
            }
            Ok(Question::Unblock { credential, officer, signature }) => {
                match signer.unblock(&credential, &officer, &signature).await {
                    Ok(unblocking) => Reply::Unblocking { done: unblocking == Unblocking::Done },
                    Err(error) => Reply::Failed(unblocked_not(&error)),
                }
            }
            Ok(Question::TimeStamping { name, spki }) => match signer.issue_time_stamping(&name, &spki).await {
                Ok(chain) => Reply::Certificates(chain.map(Bytes).into()),
                Err(error) => Reply::Failed(error.to_string()),
            },
            Ok(_) if !pin_command => Reply::Failed(
                "`credential pin` is off ([admin] pin_command = false): owners get their PINs on the enrolment page"
                    .to_owned(),
            ),
            Ok(Question::Pin(id)) => match reveal(signer, &id).await {
                Ok(reply) => reply,
                Err(error) => Reply::Failed(revealed_not(signer, &id, &error).await),
            },
            Ok(Question::Acknowledge(id)) => match signer.acknowledge_pin(&id).await {
                Ok(_) => Reply::Done,
                Err(error) => Reply::Failed(error.to_string()),
            },
        };
        let mut text = Zeroizing::new(serde_json::to_vec(&reply)?);
        text.push(b'\n');
        to.write_all(&text).await?;
    }
    Ok(())
}

async fn reveal(signer: &Signer, id: &str) -> crate::service::Result<Reply> {
    let plain = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
    let pin = plain(&signer.reveal_pin(id).await?);
    let totp = signer.reveal_factor(id).await?;
    let totp = totp.map(|(uri, secret)| Totp { otpauth: plain(&uri), secret: plain(&secret) });
    Ok(Reply::Pin { pin, totp })
}

/// Why there is no PIN to show: what the credential is by now says more than the refusal.
async fn revealed_not(signer: &Signer, id: &str, error: &Error) -> String {
    let state = signer.status(id).await.ok().map(|status| status.state);
    let handed_out = "its PIN was handed out before, and is shown once only";
    match (error, state) {
        (Error::Refused(Refusal::Disabled), Some(State::Generated)) => {
            "the credential has no certificate yet, and its PIN waits for one".to_owned()
        }
        (Error::Refused(Refusal::Disabled), Some(State::Active)) => format!("the credential is active: {handed_out}"),
        (Error::Refused(Refusal::Disabled), Some(State::Suspended)) => {
            format!("the credential is suspended: {handed_out}")
        }
        (Error::Refused(Refusal::Disabled), Some(State::Blocked)) => {
            format!("the credential is blocked by wrong PINs: {handed_out}")
        }
        (Error::Refused(Refusal::Disabled), Some(State::Destroyed)) => "the credential was destroyed".to_owned(),
        (Error::Refused(Refusal::UnknownCredential), Some(_)) => {
            "this signer has no PIN for the credential: PINs not handed out are forgotten when it ends; make another \
             credential"
                .to_owned()
        }
        (error, _) => error.to_string(),
    }
}

fn unblocked_not(error: &Error) -> String {
    match error {
        Error::Refused(Refusal::Disabled) => "the credential is not blocked".to_owned(),
        Error::Refused(Refusal::NotAllowed) => {
            "that is not this officer's signature of the statement, or no such officer is known".to_owned()
        }
        error => error.to_string(),
    }
}

/// A connection to the signer of this host.
struct Host {
    lines: Lines<BufReader<OwnedReadHalf>>,
    to: OwnedWriteHalf,
}

impl Host {
    async fn connect(socket: &Path) -> anyhow::Result<Self> {
        let stream =
            UnixStream::connect(socket).await.with_context(|| format!("no signer answers at {}", socket.display()))?;
        anyhow::ensure!(is_same_user(&stream), "{} belongs to another user's process", socket.display());
        let (from, to) = stream.into_split();
        Ok(Self { lines: BufReader::new(from).lines(), to })
    }

    async fn ask(&mut self, question: &Question) -> anyhow::Result<Reply> {
        let mut text = serde_json::to_vec(question)?;
        text.push(b'\n');
        self.to.write_all(&text).await?;
        let line = Zeroizing::new(self.lines.next_line().await?.context("the signer closed the connection")?);
        match serde_json::from_str(&line)? {
            Reply::Failed(why) => bail!("{why}"),
            reply => Ok(reply),
        }
    }
}

/// Beside a statement that an officer has to sign.
pub(super) fn say_how_to_sign() {
    eprintln!(
        "To agree, the officer signs these lines as they are, for example with\n  \
         openssl dgst -sha256 -sign KEY -out SIGNATURE STATEMENT\n\
         and the command is run again with --signature SIGNATURE."
    );
}

/// Prints what an officer has to sign, or takes the signature of it.
pub(super) async fn unblock(
    socket: &Path,
    credential: String,
    officer: String,
    signature: Option<&Path>,
) -> anyhow::Result<()> {
    let mut host = Host::connect(socket).await?;
    let Some(file) = signature else {
        let Reply::Statement(statement) = host.ask(&Question::UnblockStatement { credential, officer }).await? else {
            bail!("the signer answered another question")
        };
        print!("{statement}");
        say_how_to_sign();
        return Ok(());
    };
    let signature = Bytes(std::fs::read(file).with_context(|| file.display().to_string())?);
    match host.ask(&Question::Unblock { credential, officer, signature }).await? {
        Reply::Unblocking { done: true } => println!("unblocked: the credential is active"),
        Reply::Unblocking { done: false } => println!("noted; another officer has to agree within 24 hours"),
        _ => bail!("the signer answered another question"),
    }
    Ok(())
}

/// Prints the PIN, and the second factor where there is one; activates the credential only when it was printed.
pub(super) async fn print_pin(socket: &Path, id: &str) -> anyhow::Result<()> {
    let mut host = Host::connect(socket).await?;
    match host.ask(&Question::Pin(id.to_owned())).await? {
        Reply::Pin { pin, totp } => {
            #[derive(Serialize)]
            struct Printed<'a> {
                #[serde(rename = "credentialID")]
                credential: &'a str,
                pin: &'a str,
                #[serde(skip_serializing_if = "Option::is_none")]
                otpauth: Option<&'a str>,
                #[serde(skip_serializing_if = "Option::is_none")]
                totp_secret: Option<&'a str>,
            }
            let printed = Printed {
                credential: id,
                pin: &pin,
                otpauth: totp.as_ref().map(|totp| totp.otpauth.as_str()),
                totp_secret: totp.as_ref().map(|totp| totp.secret.as_str()),
            };
            println!("{}", *Zeroizing::new(serde_json::to_string(&printed)?));
        }
        _ => bail!("the signer answered another question"),
    }
    match host.ask(&Question::Acknowledge(id.to_owned())).await? {
        Reply::Done => Ok(()),
        _ => bail!("the signer answered another question"),
    }
}

/// Prints a certificate for the key of a time-stamping authority, and the CA's, as PEM.
pub(super) async fn print_time_stamping(socket: &Path, name: AuthorityName, key: &Path) -> anyhow::Result<()> {
    let pem = std::fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let (label, spki) = der::pem::decode_vec(pem.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    anyhow::ensure!(label == "PUBLIC KEY", "{} is no public key in PEM", key.display());
    let question = Question::TimeStamping { name, spki: Bytes(spki) };
    let Reply::Certificates(chain) = Host::connect(socket).await?.ask(&question).await? else {
        bail!("the signer answered another question")
    };
    for certificate in chain {
        let pem = der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, &certificate);
        print!("{}", pem.map_err(|error| anyhow::anyhow!("{error}"))?);
    }
    Ok(())
}
