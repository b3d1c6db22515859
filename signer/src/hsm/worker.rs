//! The worker process: takes jobs from its standard input (a socket to the signer), does them through PKCS#11.
//!
//! It holds no store, no network and no configuration but its first frame; it ends when the signer closes the socket.

use std::io::{self, BufReader};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pkcs11::{Token, TokenError};
use super::wire::{self, JobFrame, Outcome, OutcomeFrame, Ready, Start};

/// Runs until the signer closes the socket or the token is lost.
///
/// # Errors
/// When the socket fails, or the token cannot be opened (the signer has been told why by then).
pub fn run() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(start) = wire::read_frame::<Start>(&socket)? else { return Ok(()) };
    let token = match Token::open(&start.token, &start.canary) {
        Ok(token) => token,
        Err(error) => {
            wire::write_frame(&socket, &Ready::Err(error.to_string()))?;
            return Err(io::Error::other(error));
        }
    };
    wire::write_frame(&socket, &Ready::Ok(()))?;

    let lanes = Lanes {
        token,
        reader: Mutex::new(BufReader::new(socket.try_clone()?)),
        writer: Mutex::new(socket),
        dead: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        for _ in 1..start.threads.max(1) {
            scope.spawn(|| lanes.work());
        }
        lanes.work()
    })
}

/// Threads that share one socket and one token: whoever is free reads the next frame.
struct Lanes {
    token: Token,
    reader: Mutex<BufReader<UnixStream>>,
    writer: Mutex<UnixStream>,
    dead: AtomicBool,
}

impl Lanes {
    fn work(&self) -> io::Result<()> {
        while !self.dead.load(Ordering::Acquire) {
            let frame: Option<JobFrame> = match self.reader.lock() {
                Ok(mut reader) => wire::read_frame(&mut *reader)?,
                Err(_) => None,
            };
            let Some(JobFrame { number, content: job }) = frame else { return Ok(()) };
            let outcome = match self.token.run(&job) {
                Ok(answer) => Outcome::Answer(answer),
                Err(error @ TokenError::Lost(_)) => {
                    self.dead.store(true, Ordering::Release);
                    Outcome::Dead(error.to_string())
                }
                Err(error) => Outcome::Failed(error.to_string()),
            };
            let writer = self.writer.lock().map_err(|_| io::Error::other("a lane panicked"))?;
            wire::write_frame(&*writer, &OutcomeFrame { number, content: outcome })?;
        }
        // A lane may be blocked in read: closing the socket ends it, the signer starts another worker.
        if let Ok(writer) = self.writer.lock() {
            writer.shutdown(std::net::Shutdown::Both)?;
        }
        Ok(())
    }
}
