//! The worker process: takes jobs from its standard input (a socket to the signer), does them through PKCS#11.
//!
//! It holds no store, no network and no configuration but its first frame; it ends when the signer closes the socket.

use std::io::{self, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pkcs11::{Token, TokenError};
use super::wire::{self, Hope, JobFrame, NotReady, Outcome, OutcomeFrame, Ready, Start};

/// Runs until the signer closes the socket or the token is lost.
///
/// # Errors
/// When the socket fails.
pub fn run() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(start) = wire::read_frame::<Start>(&socket)? else { return Ok(()) };
    let opened = match start.replaces {
        false => Token::open(&start.token, &start.masters),
        true => Token::open_again(&start.token, &start.masters),
    };
    let token = match opened {
        Ok(token) => token,
        Err(error) => {
            let hope = match &error {
                TokenError::Pin(_) => Hope::Never,
                TokenError::Misconfigured(_) => Hope::Later,
                TokenError::Lost(_) | TokenError::Device(_) => Hope::Soon,
            };
            wire::write_frame(&socket, &Ready::Err(NotReady { why: error.to_string(), hope }))?;
            // Said once: whoever asked says it to the operator.
            return Ok(());
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
        let end = Ending(self);
        while !self.dead.load(Ordering::Acquire) {
            let frame: Option<JobFrame> = match self.reader.lock() {
                Ok(mut reader) => wire::read_frame(&mut *reader)?,
                Err(_) => None,
            };
            let Some(JobFrame { number, content: job }) = frame else {
                // The signer has closed: other lanes may still answer.
                std::mem::forget(end);
                return Ok(());
            };
            let outcome = match self.token.run(&job) {
                Ok(answer) => Outcome::Answer(answer),
                Err(error @ TokenError::Lost(_)) => {
                    self.dead.store(true, Ordering::Release);
                    Outcome::Dead(error.to_string())
                }
                Err(error) => Outcome::Failed(error.to_string()),
            };
            self.answer(number, outcome)?;
        }
        Ok(())
    }

    fn answer(&self, number: u64, outcome: Outcome) -> io::Result<()> {
        let frame = match wire::encode(&OutcomeFrame { number, content: outcome }) {
            Ok(frame) => frame,
            Err(error) => wire::encode(&OutcomeFrame { number, content: Outcome::Failed(error.to_string()) })?,
        };
        self.writer.lock().map_err(|_| io::Error::other("a lane panicked"))?.write_all(&frame)
    }
}

/// A lane that ends with the token lost, by an error or by a panic takes the others with it: a job nobody answers would
/// be waited for. Those may be blocked in a read, which closing the socket ends; the signer starts another worker.
struct Ending<'a>(&'a Lanes);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.dead.store(true, Ordering::Release);
        let socket = self.0.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
}
