use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

/// A `SignedData` without certificates, Base64 in two lines.
const NONE: &str = "MCMGCSqGSIb3DQEHAqAWMBQCAQEx\r\nADALBgkqhkiG9w0BBwExAA==\r\n";

/// Answers every call, the first one first; says what was asked.
async fn server(answers: Vec<String>) -> (EstClient, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/.well-known/est", listener.local_addr().unwrap());
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
            // What is sent has no lines of its own, so the end of a body is the end of what comes.
            loop {
                let length = stream.read(&mut piece).await.unwrap();
                heard.extend_from_slice(&piece[..length]);
                let text = String::from_utf8_lossy(&heard);
                let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                    head.starts_with("GET ") || body.len() == BASE64.encode(b"a request").len()
                });
                if whole {
                    break;
                }
            }
            sender.send(String::from_utf8_lossy(&heard).into_owned()).unwrap();
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let login = Some(("rsign".to_owned(), SecretString::from("secret")));
    // Without TLS, which the real one cannot be built without.
    (EstClient { http: reqwest::Client::new(), url, login }, receiver)
}

fn answer(status: &str, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn certificates() -> String {
    answer("200 OK", "content-type: Application/PKCS7-mime; smime-type=certs-only\r\n", NONE)
}

async fn fails(enrolled: String) -> Error {
    let (client, _heard) = server(vec![certificates(), enrolled]).await;
    client.certify(b"a request".to_vec()).await.unwrap_err()
}

#[tokio::test]
async fn a_request_is_made_as_rfc_7030_says() {
    let (client, mut heard) = server(vec![certificates(), certificates()]).await;
    assert_eq!(client.certify(b"a request".to_vec()).await.unwrap(), Vec::<Vec<u8>>::new());
    let [first, second] = [heard.recv().await.unwrap(), heard.recv().await.unwrap()];
    assert!(first.starts_with("GET /.well-known/est/cacerts HTTP/1.1\r\n"), "{first}");
    assert!(second.starts_with("POST /.well-known/est/simpleenroll HTTP/1.1\r\n"), "{second}");
    let authorization = format!("authorization: Basic {}\r\n", BASE64.encode(b"rsign:secret"));
    assert!(first.contains(&authorization) && second.contains(&authorization), "{first}{second}");
    assert!(second.contains("content-type: application/pkcs10\r\n"), "{second}");
    assert!(second.ends_with(&format!("\r\n\r\n{}", BASE64.encode(b"a request"))), "{second}");
}

#[tokio::test]
async fn what_a_ca_answers_instead_is_told_apart() {
    let later = fails(answer("202 Accepted", "retry-after: 600\r\n", "")).await;
    assert!(later.to_string().ends_with("has not decided yet, and wants to be asked again in 600 seconds"), "{later}");
    let later = fails(answer("202 Accepted", "", "")).await;
    assert_eq!(later.to_string(), "the CA has not decided yet");
    let refused = fails(answer("403 Forbidden", "content-type: text/plain\r\n", "403 not\r\nthis name\n")).await;
    assert_eq!(
        refused.to_string(),
        "the CA refused the request with HTTP status 403 ([est] says who we are there): 403 not this name"
    );
    for away in [
        answer("500 Internal Server Error", "", ""),
        answer("302 Found", "location: http://127.0.0.1:1/\r\n", ""),
        answer("200 OK", "content-type: text/html\r\n", NONE),
        answer("200 OK", "content-type: application/pkcs7-mime\r\n", "?"),
        answer("200 OK", "content-type: application/pkcs7-mime\r\n", "AAAA"),
        answer("200 OK", "content-type: application/pkcs7-mime\r\n", &"A".repeat(LONGEST + 1)),
        String::new(),
    ] {
        let heard = fails(away.clone()).await;
        assert!(matches!(heard, Error::Away(_)), "{away}: {heard}");
    }
}

#[tokio::test]
async fn without_its_own_certificates_nothing_is_asked_for() {
    let (client, mut heard) = server(vec![answer("503 Service Unavailable", "", "")]).await;
    assert!(matches!(client.certify(b"a request".to_vec()).await, Err(Error::Away(_))));
    assert!(heard.recv().await.unwrap().starts_with("GET "));
    assert!(heard.recv().await.is_none());
}

#[test]
fn what_a_ca_says_stays_in_its_line() {
    assert_eq!(reason(b"403 no such\r\n  subject\x1b[2J\n"), "403 no such subject [2J");
    assert_eq!(reason(&b"x".repeat(300)).len(), LONGEST_REASON);
    assert_eq!(reason(b""), "");
}

#[test]
fn when_to_ask_again_is_said_in_seconds() {
    let after = |text| seconds(Some(&HeaderValue::from_static(text)));
    assert_eq!(after("600"), Some(600));
    assert_eq!(after("Fri, 31 Dec 2027 23:59:59 GMT"), None);
    assert_eq!(seconds(None), None);
}
