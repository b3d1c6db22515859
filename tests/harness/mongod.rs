//! A real `mongod` of a test's own.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use std::os::unix::process::CommandExt as _;

use crate::{Folder, Watchdog, blank, demanded, free_port};

/// A running server, or one that was killed and may be started again at the same address over the same data.
#[derive(Debug)]
pub struct Mongod {
    program: PathBuf,
    // Removed after the server was killed, which would otherwise write on.
    folder: Folder,
    port: u16,
    child: Option<Child>,
}

impl Mongod {
    /// Starts one; `None`, said loudly, where there is no mongod.
    ///
    /// # Panics
    /// When it does not serve.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = demanded("MONGOD", "target/tools/mongod", "both services on MongoDB")?;
        let folder = blank();
        std::fs::create_dir(folder.data()).unwrap();
        let mut server = Self { program, folder, port: free_port(), child: None };
        server.run();
        Some(server)
    }

    /// Its address, as services are told it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not serve.
    pub fn run(&mut self) {
        let mut command = Command::new(&self.program);
        command
            .arg("--dbpath")
            .arg(self.folder.data())
            .arg("--logpath")
            .arg(self.folder.beside("log"))
            .arg("--logappend");
        command.args(["--port", &self.port.to_string(), "--bind_ip", "127.0.0.1", "--nounixsocket"]);
        command.args(["--wiredTigerCacheSizeGB", "0.25"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().unwrap();
        Watchdog::watch(child.id());
        self.child = Some(child);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "mongod does not serve: {:?}", self.folder);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills it, -9.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let _ = child.wait();
        Watchdog::forget(child.id());
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.kill();
    }
}
