//! who is slow, or holds many connections, does not keep others out.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::{Hash, Pieces};
use toml::Table;

use crate::common::{WHILE, until};

/// A gateway that speaks plain HTTP and has little patience.
fn impatient() -> (Pieces, String) {
    limited("header_timeout_seconds = 1\nbody_timeout_seconds = 1\nbody = 65536")
}

/// A gateway that speaks plain HTTP under these limits.
pub(crate) fn limited(limits: &str) -> (Pieces, String) {
    let mut pieces = Pieces::seeded();
    pieces.configure("gateway.toml", |config| {
        let listen = config["listen"].as_table_mut().unwrap();
        listen.remove("certificate");
        listen.remove("key");
        let limits: Table = limits.parse().unwrap();
        config.insert("limits".to_owned(), limits.into());
    });
    pieces.start_signer();
    pieces.start_gateway();
    let address = pieces.gateway.as_ref().unwrap().ready["address"].as_str().unwrap().to_owned();
    (pieces, address)
}

/// A call whose body, of nine octets, the gateway waits for: it has said so.
pub(crate) fn begun(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n");
    write!(stream, "{head}Expect: 100-continue\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(WHILE)).unwrap();
    let mut heard = [0; CONTINUE.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(heard, *CONTINUE, "{}", String::from_utf8_lossy(&heard));
    stream
}

const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Everything that comes until the other side closes, and how long that took.
pub(crate) fn rest(stream: &mut TcpStream) -> (String, Duration) {
    let started = Instant::now();
    stream.set_read_timeout(Some(WHILE)).unwrap();
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    (String::from_utf8_lossy(&heard).into_owned(), started.elapsed())
}

#[tokio::test]
async fn a_26_slow_heads_and_bodies_are_cut_off_and_others_are_served() {
    let (pieces, address) = impatient();
    let open = |text: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let post = "POST /csc/v1/info HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let mut silent = open("");
    let mut head = open(post);
    let mut body = open(&format!("{post}Content-Length: 1000\r\n\r\n{{\"lang\":"));
    let crowd: Vec<_> = (0..500).map(|_| open("POST /csc/v1/info HT")).collect();
    // In the middle of the crowd, somebody signs.
    let api = harness::Api::new(&format!("http://{address}"), None);
    let user = &pieces.users[0];
    let session = api.login(user).await;
    session.authorize(user.credential("P-256"), &[Hash::of("in a crowd")]).await;
    for (what, stream) in [("a silent connection", &mut silent), ("a slow head", &mut head), ("a slow body", &mut body)]
    {
        let (heard, took) = rest(stream);
        assert!(took < Duration::from_secs(5), "{what} was held for {took:?}");
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 408"), "{what}: {heard}");
    }
    drop(crowd);
}

#[tokio::test]
async fn a_25_a_body_that_says_it_is_small_and_is_not() {
    let (_pieces, address) = impatient();
    for head in ["Transfer-Encoding: chunked\r\n", "Content-Length: 100000\r\n", "Content-Length: 99999999999999\r\n"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "POST /csc/v1/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n").unwrap();
        let chunked = head.starts_with("Transfer");
        for _ in 0..50 {
            let piece = "x".repeat(2000);
            let piece = if chunked { format!("7d0\r\n{piece}\r\n") } else { piece };
            if stream.write_all(piece.as_bytes()).is_err() {
                break;
            }
        }
        if chunked {
            let _ = stream.write_all(b"0\r\n\r\n");
        }
        let (heard, took) = rest(&mut stream);
        let refused = ["HTTP/1.1 413", "HTTP/1.1 408"].iter().any(|status| heard.starts_with(status));
        assert!(refused && took < Duration::from_secs(5), "{head:?} after {took:?}: {heard}");
    }
}

const POST: &str = "POST /csc/v1/info HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

#[tokio::test]
async fn a_26_long_heads_and_idle_connections() {
    let (_pieces, address) = impatient();
    let long = format!("{POST}X-Long: {}\r\n\r\n", "x".repeat(300_000));
    let many = format!("{POST}{}\r\n", "X-Many: x\r\n".repeat(150));
    for head in [long, many] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let _ = stream.write_all(head.as_bytes());
        let (heard, took) = rest(&mut stream);
        assert!(took < Duration::from_secs(5));
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 431"), "{} octets: {heard}", head.len());
    }
    // Kept alive, but not for ever.
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "{POST}Content-Length: 2\r\n\r\n{{}}").unwrap();
    let (heard, took) = rest(&mut stream);
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    assert!((Duration::from_millis(500)..Duration::from_secs(5)).contains(&took), "closed after {took:?}");
}

#[tokio::test]
async fn a_26_connections_are_capped() {
    let (_pieces, address) = limited("connections_per_address = 8");
    let works = || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let _ = write!(stream, "{POST}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}");
        rest(&mut stream).0.starts_with("HTTP/1.1 200")
    };
    assert!(works());
    // Each is answered and stays open. The place of the one before is given back a moment after its end was heard.
    let mut held = Vec::new();
    until("eight are served", || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(WHILE)).unwrap();
        let _ = write!(stream, "{POST}Content-Length: 2\r\n\r\n{{}}");
        let mut heard = [0; 12];
        if stream.read_exact(&mut heard).is_ok() {
            assert_eq!(heard, *b"HTTP/1.1 200");
            held.push(stream);
        }
        held.len() == 8
    });
    assert!(!works(), "the ninth is closed");
    held.pop();
    until("a place is free again", works);
}

#[tokio::test]
async fn a_26_who_calls_too_often_waits() {
    let (pieces, address) = limited("user_calls_per_second = 1\nclient_calls_per_second = 100");
    let api = harness::Api::new(&format!("http://{address}"), None);
    let [ana, rui] = [&pieces.users[0], &pieces.users[1]];
    let (ana, rui) = (api.login(ana).await, api.login(rui).await);
    let calls = (0..15).map(|_| ana.call("v2/credentials/list", serde_json::json!({})));
    let mut refused = futures_util::future::join_all(calls).await;
    refused.retain(|heard| heard.status != 200);
    assert!(!refused.is_empty(), "fifteen calls at once where one a second is allowed");
    for heard in &refused {
        assert_eq!((heard.error().0, heard.error().1), (429, "temporarily_unavailable"));
        assert_eq!(heard.headers["retry-after"], "1");
    }
    // Another user of the same app goes on.
    assert_eq!(rui.call("v2/credentials/list", serde_json::json!({})).await.status, 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ana.call("v2/credentials/list", serde_json::json!({})).await.status, 200);
}

/// Below the router, which the gateway's own tests do not see; the OpenAPI documents name it.
#[test]
fn a_26_a_request_line_that_is_too_long_is_414() {
    let (_pieces, address) = impatient();
    let mut stream = TcpStream::connect(&address).unwrap();
    let state = "x".repeat(70_000);
    let head = format!("GET /oauth2/authorize?client_id=x&state={state} HTTP/1.1\r\nHost: x\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let (heard, took) = rest(&mut stream);
    assert!(heard.starts_with("HTTP/1.1 414") && took < Duration::from_secs(5), "{took:?} {heard}");
}
