//! A real `mongod` as a child of this test, which no way of ending the test leaves behind.

use std::{
    collections::BTreeSet,
    env,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use mongodb::{Client, Database, bson::doc, options::ClientOptions};
use tokio::sync::OnceCell;

/// Starts the server in the background, tells its pid, and kills it (and removes $1) once standard input ends. Its other end is held
/// by the test process, so it ends with that, however that ends. Ctrl-C reaches this shell too and must not end it
/// first.
const KEEPER: &str = r#"
    remove=$1
    shift
    trap '' HUP INT TERM
    exec 2>/dev/null
    "$@" </dev/null >/dev/null &
    echo $!
    cat >/dev/null
    kill -9 $!
    wait $!
    if [ -n "$remove" ]; then rm -rf "$remove"; fi
"#;

/// Between two looks at a server that is starting.
const PAUSE: Duration = Duration::from_millis(50);

/// The two ways MongoDB is run; the store must work on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A replica set of one member, which behaves as production does. Its data go with it.
    ReplicaSet,
    /// A standalone server. Its data stay for the next start.
    Standalone,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Mongod {
    keeper: Child,
    pid: i64,
    port: u16,
}

/// The server all tests share, or `None` where there is none and none is demanded.
pub(crate) async fn shared() -> Option<&'static Mongod> {
    static SHARED: OnceCell<Option<Mongod>> = OnceCell::const_new();
    let start = || async {
        let program = program()?;
        let data = tempfile::tempdir().unwrap().keep(); // the keeper removes it, this static is never dropped
        Some(Mongod::start_somewhere(&program, &data, Kind::ReplicaSet).await)
    };
    SHARED.get_or_init(start).await.as_ref()
}

/// The path in `MONGOD`.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(program) = env::var_os("MONGOD").map(PathBuf::from) {
        assert!(program.is_absolute() && program.is_file(), "MONGOD must be the absolute path of a mongod");
        return Some(program);
    }
    let demanded = env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
    assert!(!demanded, "MONGOD is not set; where CI is set the store is tested on MongoDB too");
    // Past the test harness, which would keep it to itself while the tests pass.
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "\n*** SKIPPED: the store on MongoDB. Set MONGOD to a mongod, see fetch-mongod.sh ***\n");
    None
}

impl Mongod {
    /// On a port nobody uses. Somebody may take it in between; then another is tried.
    pub(crate) async fn start_somewhere(program: &Path, directory: &Path, kind: Kind) -> Self {
        for _ in 0..5 {
            let port = free_port();
            if let Some(server) = Self::start(program, directory, port, kind).await {
                return server;
            }
        }
        panic!("mongod does not start; its log:\n{}", log(directory));
    }

    /// On this port; `None` when it does not come to answer there.
    pub(crate) async fn start(program: &Path, directory: &Path, port: u16, kind: Kind) -> Option<Self> {
        std::fs::create_dir_all(directory).unwrap();
        let mut keeper = Command::new("sh");
        let remove = if kind == Kind::ReplicaSet { directory.as_os_str() } else { "".as_ref() };
        keeper.args(["-c", KEEPER, "keeper"]).arg(remove).arg(program);
        keeper.arg("--dbpath").arg(directory).arg("--logpath").arg(directory.join("log"));
        keeper.args(["--port", &port.to_string(), "--bind_ip", "127.0.0.1", "--nounixsocket"]);
        keeper.args(["--wiredTigerCacheSizeGB", "0.25"]);
        if kind == Kind::ReplicaSet {
            keeper.args(["--replSet", "rs0", "--oplogSize", "64"]);
        }
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut pid = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        let server = Self { keeper, pid: pid.trim().parse().unwrap(), port };
        let admin = server.admin().await;
        if !server.answers(&admin).await {
            return None;
        }
        if kind == Kind::ReplicaSet {
            server.elect(&admin).await;
        }
        Some(server)
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    async fn admin(&self) -> Database {
        let mut options = ClientOptions::parse(self.uri()).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_millis(200));
        Client::with_options(options).unwrap().database("admin")
    }

    /// Waits until the port answers, and says whether it is our child that does: another server may have been there.
    async fn answers(&self, admin: &Database) -> bool {
        for _ in 0..100 {
            if let Ok(status) = admin.run_command(doc! { "serverStatus": 1 }).await {
                return status.get_i64("pid").ok() == Some(self.pid);
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    /// Makes a replica set of it and waits until it is the primary.
    async fn elect(&self, admin: &Database) {
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{}", self.port) };
        let set = doc! { "_id": "rs0", "members": [member] };
        admin.run_command(doc! { "replSetInitiate": set }).await.unwrap();
        for _ in 0..400 {
            let hello = admin.run_command(doc! { "hello": 1 }).await.unwrap();
            if hello.get_bool("isWritablePrimary").unwrap() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("mongod does not become primary");
    }
}

/// Dropping it kills the server (SIGKILL) and returns when it is gone.
impl Drop for Mongod {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A port that nobody listens at, given out once. Below those that the kernel gives clients: one of them could have it
/// when a server that was killed comes back.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap();
    let start = RandomState::new().hash_one(process::id()) % 10_000;
    let mut ports = (0..10_000).map(|step| 20_000 + u16::try_from((start + step) % 10_000).unwrap());
    let is_free = |port: &u16| !given.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = ports.find(is_free).expect("a free port");
    given.insert(port);
    port
}

fn log(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("log")).unwrap_or_else(|error| error.to_string())
}
