//! Commands on the signer's own host: a Unix socket only its user can open, one JSON object a line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rsign_api::bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::certificate::name::AuthorityName;
use crate::config::Admin;
use crate::service::Signer;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Show the drawn PIN.
    Pin(String),
    /// It was shown.
    Acknowledge(String),
    /// Issue a certificate for a time-stamping authority.
    TimeStamping { name: AuthorityName, spki: Bytes },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Pin(Zeroizing<String>),
    Done,
    /// End entity, CA.
    Certificates(Vec<Bytes>),
    Failed(String),
}

pub(super) async fn serve(admin: Admin, signer: Arc<Signer>) {
    let _ = std::fs::remove_file(&admin.socket);
    let listener = match UnixListener::bind(&admin.socket) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the admin socket cannot be bound"),
    };
    if let Err(error) = std::fs::set_permissions(&admin.socket, std::fs::Permissions::from_mode(0o600)) {
        return tracing::error!(%error, "the admin socket cannot be closed to others");
    }
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
        let (signer, enabled) = (Arc::clone(&signer), admin.pin_command);
        tokio::spawn(async move {
            if let Err(error) = converse(stream, &signer, enabled).await {
                tracing::warn!(%error, "an admin command failed");
            }
        });
    }
}

fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::getuid().as_raw())
}

async fn converse(stream: UnixStream, signer: &Signer, enabled: bool) -> anyhow::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = match serde_json::from_str(&line) {
            Ok(Question::TimeStamping { name, spki }) => match signer.issue_time_stamping(&name, &spki).await {
                Ok(chain) => Reply::Certificates(chain.map(Bytes).into()),
                Err(error) => Reply::Failed(error.to_string()),
            },
            _ if !enabled => {
                Reply::Failed("`credential pin` is off: owners get their PINs on the enrolment page".to_owned())
            }
            Err(_) => Reply::Failed("not understood".to_owned()),
            Ok(Question::Pin(id)) => match signer.reveal_pin(&id).await {
                Ok(pin) => Reply::Pin(Zeroizing::new(pin.expose_secret().to_owned())),
                Err(error) => Reply::Failed(error.to_string()),
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

/// A conversation with the running signer.
struct Conversation {
    lines: Lines<BufReader<OwnedReadHalf>>,
    to: OwnedWriteHalf,
}

impl Conversation {
    async fn begin(socket: &Path) -> anyhow::Result<Self> {
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

const ODD: &str = "the signer answered another question";

/// Prints the PIN; activates the credential only when it was printed.
pub(super) async fn print_pin(socket: &Path, id: &str) -> anyhow::Result<()> {
    let mut signer = Conversation::begin(socket).await?;
    let Reply::Pin(pin) = signer.ask(&Question::Pin(id.to_owned())).await? else { bail!(ODD) };
    #[derive(Serialize)]
    struct Printed<'a> {
        #[serde(rename = "credentialID")]
        credential: &'a str,
        pin: &'a str,
    }
    println!("{}", *Zeroizing::new(serde_json::to_string(&Printed { credential: id, pin: &pin })?));
    let Reply::Done = signer.ask(&Question::Acknowledge(id.to_owned())).await? else { bail!(ODD) };
    Ok(())
}

/// Prints a certificate for the key of a time-stamping authority, and the CA's, as PEM.
pub(super) async fn print_time_stamping(socket: &Path, name: AuthorityName, key: &Path) -> anyhow::Result<()> {
    let pem = std::fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let (label, spki) = der::pem::decode_vec(pem.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    anyhow::ensure!(label == "PUBLIC KEY", "{} is no public key in PEM", key.display());
    let question = Question::TimeStamping { name, spki: Bytes(spki) };
    let Reply::Certificates(chain) = Conversation::begin(socket).await?.ask(&question).await? else { bail!(ODD) };
    for certificate in chain {
        let pem = der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, &certificate);
        print!("{}", pem.map_err(|error| anyhow::anyhow!("{error}"))?);
    }
    Ok(())
}
