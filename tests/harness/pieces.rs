//! Signer and gateway one by one, so that a test can end either at any moment and start it again.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use toml::Table;

use crate::seed::{Folder, seeded};
use crate::{Api, Client, Operator, Service, Trail, User, free_port, program};

/// Both services over one folder, each at an address it keeps.
#[derive(Debug)]
pub struct Pieces {
    pub folder: Folder,
    pub clients: Vec<Client>,
    pub users: Vec<User>,
    pub signer: Option<Service>,
    pub gateway: Option<Service>,
    /// Environment of both, beside this process's own.
    pub environment: Vec<(&'static str, &'static str)>,
    url: String,
}

impl Pieces {
    /// Over a seeded folder, nothing running.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn seeded() -> Self {
        let folder = seeded();
        let seed: Value = serde_json::from_slice(&std::fs::read(folder.file("seed.json")).unwrap()).unwrap();
        let (clients, users) = (seed["clients"].clone(), seed["users"].clone());
        let mut pieces = Self::over(folder);
        pieces.clients = serde_json::from_value(clients).unwrap();
        pieces.users = serde_json::from_value(users).unwrap();
        pieces
    }

    /// Over a folder with configurations and certificates as a sandbox makes them, nothing running.
    #[must_use]
    pub fn over(folder: Folder) -> Self {
        let (signer, gateway, pki) = (free_port(), free_port(), free_port());
        let pieces = Self {
            folder,
            clients: Vec::new(),
            users: Vec::new(),
            signer: None,
            gateway: None,
            environment: Vec::new(),
            url: format!("https://127.0.0.1:{gateway}"),
        };
        pieces.configure("signer.toml", |config| {
            set(config, "listen", "address", format!("127.0.0.1:{signer}"));
        });
        pieces.configure("gateway.toml", |config| {
            set(config, "listen", "address", format!("127.0.0.1:{gateway}"));
            set(config, "pki", "address", format!("127.0.0.1:{pki}"));
            set(config, "signer", "url", format!("https://127.0.0.1:{signer}"));
        });
        pieces
    }

    /// Both running, over a seeded folder.
    #[must_use]
    pub fn running() -> Self {
        let mut pieces = Self::seeded();
        pieces.start_signer();
        pieces.start_gateway();
        pieces
    }

    /// Changes one of the two configurations.
    ///
    /// # Panics
    /// When it is not TOML.
    pub fn configure(&self, name: &str, change: impl FnOnce(&mut Table)) {
        let file = self.folder.file(name);
        let mut config: Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        change(&mut config);
        std::fs::write(&file, config.to_string()).unwrap();
    }

    /// Starts the signer.
    ///
    /// # Panics
    /// When it does not serve.
    pub fn start_signer(&mut self) {
        self.try_start_signer().unwrap_or_else(|said| panic!("the signer does not serve:\n{said}"));
    }

    /// The same.
    ///
    /// # Errors
    /// What it said when it ended.
    pub fn try_start_signer(&mut self) -> Result<(), String> {
        self.signer = None;
        self.signer = Some(self.try_start("signer")?);
        Ok(())
    }

    /// Starts the gateway.
    ///
    /// # Panics
    /// When it does not serve.
    pub fn start_gateway(&mut self) {
        self.gateway = None;
        let gateway = self.try_start("gateway").unwrap_or_else(|said| panic!("the gateway does not serve:\n{said}"));
        self.gateway = Some(gateway);
    }

    fn try_start(&self, name: &str) -> Result<Service, String> {
        let ready = self.folder.file(&format!("{name}.ready"));
        let mut command = Command::new(program(&format!("rsign-{name}")));
        command
            .arg("--config")
            .arg(self.folder.file(&format!("{name}.toml")))
            .args(["serve", "--ready-file"])
            .arg(&ready);
        command.envs(self.environment.iter().copied());
        Service::try_start(&mut command, &ready, &self.log(name))
    }

    /// What a service printed, over all its starts.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.beside(&format!("{name}.log"))
    }

    /// Kills the signer, -9. Its workers notice by themselves.
    pub fn kill_signer(&mut self) {
        self.signer.take().expect("a running signer").end(Signal::KILL);
    }

    /// Kills the gateway, -9.
    pub fn kill_gateway(&mut self) {
        self.gateway.take().expect("a running gateway").end(Signal::KILL);
    }

    /// Stops the signer in order.
    pub fn stop_signer(&mut self) {
        self.signer.take().expect("a running signer").end(Signal::TERM);
    }

    /// Stops the gateway in order.
    pub fn stop_gateway(&mut self) {
        self.gateway.take().expect("a running gateway").end(Signal::TERM);
    }

    /// The HSM workers of the running signer.
    ///
    /// # Panics
    /// When there is no signer.
    #[must_use]
    pub fn workers(&self) -> Vec<u32> {
        let pid = self.signer.as_ref().expect("a running signer").pid();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let children =
            lists.flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>());
        // A process that waits for a document to read is none.
        let line = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        children.filter(|pid| line(*pid).contains("hsm-worker")).collect()
    }

    /// A way to call the gateway, whether it runs or not.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.url, Some(&self.folder.file("tls-ca.pem").display().to_string()))
    }

    /// The operator's commands.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(self.folder.file("gateway.toml"), self.folder.file("signer.toml"))
    }

    /// The audit trail as it is now.
    #[must_use]
    pub fn trail(&self) -> Trail {
        Trail::read(&self.folder.file("signer.toml"))
    }

    /// What `audit verify` says.
    ///
    /// # Errors
    /// Of a broken chain.
    pub fn verify_trail(&self) -> Result<String, String> {
        Trail::verify(&self.folder.file("signer.toml"))
    }

    /// The app with a secret and clear PIN transport.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn clear_client(&self) -> &Client {
        let fits = |client: &&Client| client.client_secret.is_some() && client.pin_transport == "clear";
        self.clients.iter().find(fits).expect("a client with a secret")
    }
}

/// Sets a member of a section.
fn set(config: &mut Table, section: &str, name: &str, value: String) {
    let section = config[section].as_table_mut().expect("a section");
    section.insert(name.to_owned(), value.into());
}
