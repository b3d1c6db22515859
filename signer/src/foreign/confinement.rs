//! What a helper may still do once it is about to read what comes from anywhere: compute, and talk over the socket it
//! has. Everything else ends it.

use std::collections::BTreeMap;
use std::io;

use libc as c;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Seconds of computing.
const COMPUTING: u64 = 10;

/// From here on: no file or socket is opened, none is written but the socket that is there, no other process is looked
/// into or signalled, nobody looks into this one, and memory (octets) and time are counted. There is no way back.
///
/// # Errors
/// When the system does not allow it.
pub(super) fn confine(memory: u64) -> io::Result<()> {
    let limits = [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
        (Resource::Nproc, 0),
        (Resource::Data, memory),
        (Resource::Cpu, COMPUTING),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // It sets no_new_privs, too.
    seccompiler::apply_filter_all_threads(&filter().map_err(io::Error::other)?).map_err(io::Error::other)
}

/// System calls that computing and a socket need; memory never becomes code.
fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let free = [
        c::SYS_read,
        c::SYS_readv,
        c::SYS_recvfrom,
        c::SYS_write,
        c::SYS_writev,
        c::SYS_sendto,
        c::SYS_close,
        c::SYS_brk,
        c::SYS_munmap,
        c::SYS_mremap,
        c::SYS_madvise,
        c::SYS_futex,
        c::SYS_sched_yield,
        c::SYS_clock_gettime,
        c::SYS_getrandom,
        c::SYS_rt_sigprocmask,
        c::SYS_rt_sigreturn,
        c::SYS_sigaltstack,
        c::SYS_exit,
        c::SYS_exit_group,
    ];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = free.into_iter().map(|call| (call, Vec::new())).collect();
    for call in [c::SYS_mmap, c::SYS_mprotect] {
        // Third argument: what the memory is for.
        let executable = SeccompCmpOp::MaskedEq(c::PROT_EXEC as u64);
        let never = SeccompCondition::new(2, SeccompCmpArgLen::Dword, executable, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![never])?]);
    }
    // The allocator gives its memory a name; a debug build asks whether what it closes is open.
    for (call, place, only) in [(c::SYS_prctl, 0, c::PR_SET_VMA as u64), (c::SYS_fcntl, 1, c::F_GETFD as u64)] {
        let harmless = SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, only)?;
        rules.insert(call, vec![SeccompRule::new(vec![harmless])?]);
    }
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, architecture)?.try_into()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// Says what the process that this test starts is to do.
    const DEED: &str = "RSIGN_TEST_CONFINED";

    /// What a helper that was taken over might try.
    fn deed(name: &str) {
        match name {
            "compute" => {
                let (mut ours, mut theirs) = UnixStream::pair().unwrap();
                confine(1 << 30).unwrap();
                let octets = vec![7_u8; 32 << 20];
                ours.write_all(&octets[..1000]).unwrap();
                let mut heard = [0; 1000];
                theirs.read_exact(&mut heard).unwrap();
                assert_eq!(octets[..1000], heard);
                // Past the end of the test there is much that a helper never needs.
                std::process::exit(7);
            }
            "much memory" => {
                confine(256 << 20).unwrap();
                let octets = vec![1_u8; 512 << 20];
                std::hint::black_box(&octets);
            }
            "open" => {
                confine(1 << 30).unwrap();
                let _ = std::fs::File::open("/etc/hostname");
            }
            "remove" => {
                confine(1 << 30).unwrap();
                let _ = std::fs::remove_file("/nowhere");
            }
            "socket" => {
                confine(1 << 30).unwrap();
                let _ = std::net::UdpSocket::bind("127.0.0.1:0");
            }
            "connect" => {
                confine(1 << 30).unwrap();
                let _ = UnixStream::connect("/nowhere");
            }
            "signal" => {
                let own = rustix::process::getpid();
                confine(1 << 30).unwrap();
                let _ = rustix::process::test_kill_process(own);
            }
            "start" => {
                confine(1 << 30).unwrap();
                let _ = Command::new("/bin/true").status();
            }
            "thread" => {
                confine(1 << 30).unwrap();
                let _ = std::thread::Builder::new().spawn(|| ());
            }
            other => panic!("{other}"),
        }
        // Whoever comes here was allowed to.
        std::process::exit(9);
    }

    #[test]
    fn a_helper_computes_and_all_else_ends_it() {
        if let Ok(name) = std::env::var(DEED) {
            deed(&name);
        }
        let done = |name: &str| {
            let test = "foreign::confinement::tests::a_helper_computes_and_all_else_ends_it";
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", test, "--test-threads", "1"]).env(DEED, name);
            child.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
        };
        assert_eq!(done("compute").code(), Some(7));
        for name in ["open", "remove", "socket", "connect", "signal", "start", "thread"] {
            assert_eq!(done(name).signal(), Some(libc::SIGSYS), "{name}");
        }
        // An allocation that fails aborts: with a signal of its own, or with one that it may not send.
        assert!(done("much memory").signal().is_some());
    }
}
