//! What a load balancer hears of a real gateway, whatever becomes of its signer, and while it is stopped.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::send;
use rustix::process::Signal;

use crate::limits::{begun, limited, rest};

/// An exchange of its own: status line, and body; nothing where the connection was closed, as one is that comes in the moment in
/// which the stop begins.
fn ask(address: &str, verb: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{verb} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let (heard, _) = rest(&mut stream);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap_or_default();
    (head.to_lowercase(), body.to_owned())
}

/// Waits until `ready` says this.
fn until_ready_says(address: &str, status: &str, said: &str) {
    let began = Instant::now();
    loop {
        let (head, body) = ask(address, "GET", "/health/ready");
        if head.starts_with(&format!("http/1.1 {status}")) && body == said {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{head}\n{body}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

const READY: &str = r#"{"status":"ready","store":"ok","signer":"ok"}"#;

#[test]
fn ready_names_the_part_that_is_away_and_heals_with_it() {
    let (mut pieces, address) = limited("grace_seconds = 30\nbody_timeout_seconds = 60");
    until_ready_says(&address, "200", READY);
    pieces.stop_signer();
    until_ready_says(&address, "503", r#"{"status":"not_ready","store":"ok","signer":"unreachable"}"#);
    let (head, body) = ask(&address, "GET", "/health/live");
    assert!(head.starts_with("http/1.1 200") && body == r#"{"status":"live"}"#, "{head} {body}");
    pieces.start_signer();
    until_ready_says(&address, "200", READY);

    // A call under way, and the stop.
    let mut body = begun(&address, "/csc/v1/info");
    let gateway = pieces.gateway.as_ref().unwrap();
    send(gateway.pid(), Signal::TERM);
    let told = Instant::now();
    until_ready_says(&address, "503", r#"{"status":"stopping"}"#);
    assert!(told.elapsed() < Duration::from_secs(5), "at once, not after {:?}", told.elapsed());
    let (head, said) = ask(&address, "POST", "/csc/v2/info");
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: 1"), "{head}");
    assert!(said.contains("temporarily_unavailable"), "{said}");
    assert!(ask(&address, "GET", "/health/live").0.starts_with("http/1.1 200"));
    body.write_all(b"{\"a\": 1} ").unwrap();
    let (heard, _) = rest(&mut body);
    assert!(heard.starts_with("HTTP/1.1 200"), "what was under way comes to its end: {heard}");
    while !gateway.said().contains("stopped") {
        assert!(told.elapsed() < Duration::from_secs(15), "it ends with the last call: {}", gateway.said());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!gateway.said().contains("are cut off"), "{}", gateway.said());
}
