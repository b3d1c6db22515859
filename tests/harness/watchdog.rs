//! Ends what a test leaves running or lying about, however the test process ends.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Notes pids and folders from its standard input. The input ends with the test process; then what is still noted is
/// asked to end, insisted upon, and removed.
const SCRIPT: &str = r#"
    pids= folders=
    while read -r verb what; do
        case $verb in
            watch) pids="$pids $what" ;;
            forget) rest=; for pid in $pids; do [ "$pid" = "$what" ] || rest="$rest $pid"; done; pids=$rest ;;
            remove) folders="$folders $what" ;;
        esac
    done
    for pid in $pids; do kill -TERM "$pid"; done
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do
        left=; for pid in $pids; do kill -0 "$pid" && left="$left $pid"; done; pids=$left
        [ -z "$pids" ] && break
        sleep 0.5
    done
    for pid in $pids; do kill -KILL "$pid"; done
    for folder in $folders; do rm -rf "$folder"; done
"#;

/// The one of this test process.
#[derive(Debug)]
pub struct Watchdog {
    // Kept open for as long as the process lives.
    input: ChildStdin,
    _shell: Child,
}

impl Watchdog {
    /// Ends this process with the test.
    pub fn watch(pid: u32) {
        Self::tell(&format!("watch {pid}"));
    }

    /// It has ended, and its pid may be another's now.
    pub fn forget(pid: u32) {
        Self::tell(&format!("forget {pid}"));
    }

    /// Removes this folder with the test.
    pub fn remove(folder: &Path) {
        Self::tell(&format!("remove {}", folder.display()));
    }

    fn tell(line: &str) {
        static ONE: OnceLock<Mutex<Watchdog>> = OnceLock::new();
        let one = ONE.get_or_init(|| Mutex::new(Self::start()));
        writeln!(one.lock().unwrap().input, "{line}").expect("the watchdog is gone");
    }

    fn start() -> Self {
        // A group of its own: Ctrl-C at the terminal ends the test, and only then it has work to do.
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let input = shell.stdin.take().expect("it was piped");
        Self { input, _shell: shell }
    }
}
