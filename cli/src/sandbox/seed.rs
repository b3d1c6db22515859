//! Clients, users and credentials, made by the operator's own commands.

use anyhow::Context as _;
use rcgen::KeyPair;
use serde::{Deserialize, Serialize};

use super::layout::{Layout, write_private};
use super::process::{Programs, command};
use super::settings::random_hex;

/// What the ready file tells of them; kept for later starts, mode 0600.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seeded {
    pub(crate) clients: Vec<Client>,
    pub(crate) users: Vec<User>,
    /// One whose key needs a code that is sent; apart from the others, whose keys an app can use without. None in
    /// folders of an older rsign.
    #[serde(default)]
    pub(crate) coded_user: Option<User>,
    /// One whose apps wait until she approves in her account; apart from the others, whose keys apps use with a PIN.
    /// None in folders of an older rsign.
    #[serde(default)]
    pub(crate) implicit_user: Option<User>,
    /// A worker of the SignServer-compatible interface: its id stands in the address. None in folders of an older rsign.
    #[serde(default)]
    pub(crate) worker: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) profile: String,
    pub(crate) pin_transport: String,
    pub(crate) client_key: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    #[serde(rename = "userID")]
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    /// Base32; for all of the user's keys that need codes.
    pub(crate) totp_secret: Option<String>,
    pub(crate) credentials: Vec<Credential>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    #[serde(rename = "credentialID")]
    pub(crate) credential_id: String,
    pub(crate) key: String,
    pub(crate) scal: String,
    pub(crate) pin: String,
}

const REDIRECT: &str = "http://127.0.0.1/callback";
const PEOPLE: [(&str, &str, &str); 2] = [("ana", "Ana", "Sousa"), ("rui", "Rui", "Costa")];
/// Has one key, which needs a code of an authenticator app beside its PIN.
const CAROL: (&str, &str, &str) = ("carol", "Carol", "Reis");
/// Has one key, which needs a code that is sent to her telephone (of a range that is nobody's) beside its PIN.
const DORA: (&str, &str, &str) = ("dora", "Dora", "Melo");
const TELEPHONE: &str = "+12025550143";
const EVAS_TELEPHONE: &str = "+12025550144";
const WORKER: &str = "sandbox-worker";
/// Has one key, of mode implicit, and is sent word of what waits for her.
const EVA: (&str, &str, &str) = ("eva", "Eva", "Pires");
const KEYS: [&str; 4] = ["RSA-2048", "RSA-3072", "P-256", "P-384"];

impl Seeded {
    pub(super) fn read(layout: &Layout) -> anyhow::Result<Self> {
        let text = std::fs::read(layout.seed_file())?;
        serde_json::from_slice(&text).with_context(|| layout.seed_file().display().to_string())
    }

    /// The last thing of a first start: from here on the folder is complete.
    pub(super) fn write(&self, layout: &Layout) -> anyhow::Result<()> {
        write_private(&layout.seed_file(), &serde_json::to_vec_pretty(self)?)
    }
}

/// Makes everything; needs a running signer.
pub(super) async fn make(programs: &Programs, layout: &Layout) -> anyhow::Result<Seeded> {
    println!("rsign sandbox: first start in this folder, making clients, users and keys");
    let mut clients = Vec::new();
    for profile in ["legacy", "hardened"] {
        for transport in ["clear", "sealed"] {
            clients.push(client(programs, layout, profile, transport).await?);
        }
    }
    let mut words = vec!["client", "add", "--id", WORKER, "--profile", "legacy", "--pin-transport", "clear"];
    words.extend(["--all-users", "--sign-server"]);
    gateway(programs, layout, &words).await?;
    let mut users = Vec::new();
    for (username, given_name, surname) in PEOPLE {
        let mut user = user(programs, layout, username, given_name, surname).await?;
        for key in KEYS {
            user.credentials.push(credential(programs, layout, &user.user_id, key, &[]).await?.0);
        }
        users.push(user);
    }
    let mut carol = user(programs, layout, CAROL.0, CAROL.1, CAROL.2).await?;
    let (made, secret) = credential(programs, layout, &carol.user_id, "P-256", &["--factor", "totp"]).await?;
    carol.credentials.push(made);
    carol.totp_secret = secret;
    users.push(carol);
    let mut dora = user(programs, layout, DORA.0, DORA.1, DORA.2).await?;
    gateway(programs, layout, &["user", "contact", "--id", &dora.user_id, TELEPHONE]).await?;
    dora.credentials.push(credential(programs, layout, &dora.user_id, "P-256", &["--factor", "online"]).await?.0);
    let mut eva = user(programs, layout, EVA.0, EVA.1, EVA.2).await?;
    gateway(programs, layout, &["user", "contact", "--id", &eva.user_id, EVAS_TELEPHONE]).await?;
    eva.credentials.push(credential(programs, layout, &eva.user_id, "RSA-2048", &["--mode", "implicit"]).await?.0);
    Ok(Seeded { clients, users, coded_user: Some(dora), implicit_user: Some(eva), worker: Some(WORKER.to_owned()) })
}

async fn client(programs: &Programs, layout: &Layout, profile: &str, transport: &str) -> anyhow::Result<Client> {
    let id = format!("sandbox-{profile}-{transport}");
    let mut words = vec!["client", "add", "--id", &id, "--profile", profile, "--pin-transport", transport];
    words.extend(["--redirect-uri", REDIRECT, "--all-users", "--refresh-tokens"]);
    let (key, public) = (layout.file(&format!("{id}.key")), layout.file(&format!("{id}.pub")));
    let public = public.display().to_string();
    let hardened = profile == "hardened";
    if hardened {
        let pair = KeyPair::generate()?;
        write_private(&key, pair.serialize_pem().as_bytes())?;
        write_private(public.as_ref(), pair.public_key_pem().as_bytes())?;
        words.extend(["--client-key", &public, "--no-secret"]);
    }
    let answer = gateway(programs, layout, &words).await?;
    Ok(Client {
        client_secret: answer["client_secret"].as_str().map(str::to_owned),
        redirect_uris: vec![REDIRECT.to_owned()],
        profile: profile.to_owned(),
        pin_transport: transport.to_owned(),
        client_key: hardened.then(|| key.display().to_string()),
        client_id: id,
    })
}

async fn user(
    programs: &Programs,
    layout: &Layout,
    username: &str,
    given_name: &str,
    surname: &str,
) -> anyhow::Result<User> {
    let password = random_hex::<10>()?;
    let file = layout.file("password");
    write_private(&file, password.as_bytes())?;
    let path = file.display().to_string();
    let words = [
        "user",
        "add",
        "--username",
        username,
        "--password-file",
        &path,
        "--given-name",
        given_name,
        "--surname",
        surname,
        "--country",
        "PT",
    ];
    let answer = gateway(programs, layout, &words).await;
    std::fs::remove_file(&file)?;
    let user_id = member(&answer?, "userID")?;
    Ok(User { user_id, username: username.to_owned(), password, totp_secret: None, credentials: Vec::new() })
}

/// Makes a key, and has its PIN handed over on the signer's side, and the secret of its second factor where it has one.
pub(crate) async fn credential(
    programs: &Programs,
    layout: &Layout,
    user: &str,
    key: &str,
    more: &[&str],
) -> anyhow::Result<(Credential, Option<String>)> {
    let mut words = vec!["credential", "create", "--user", user, "--key", key, "--scal", "2", "--multisign", "1000"];
    words.extend(more);
    let answer = gateway(programs, layout, &words).await?;
    let credential_id = member(&answer, "credentialID")?;
    let printed = command(&programs.signer, &layout.signer_config(), &["credential", "pin", &credential_id]).await?;
    let printed = serde_json::from_str(&printed)?;
    let pin = member(&printed, "pin")?;
    let secret = printed["totp_secret"].as_str().map(str::to_owned);
    Ok((Credential { credential_id, key: key.to_owned(), scal: "2".to_owned(), pin }, secret))
}

async fn gateway(programs: &Programs, layout: &Layout, words: &[&str]) -> anyhow::Result<serde_json::Value> {
    let printed = command(&programs.gateway, &layout.gateway_config(), words).await?;
    serde_json::from_str(&printed).with_context(|| format!("`{}` printed no JSON", words.join(" ")))
}

fn member(answer: &serde_json::Value, name: &str) -> anyhow::Result<String> {
    answer[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in the answer"))
}
