//! The port [`Revocations`] over HTTP (RFC 5280, 4.2.1.13; RFC 6960, A): where certificates that lead to an anchor point
//! to, by the same rules as callbacks: no address that only this network can reach, unless the operator says so.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use rsign_ades::evidence::ocsp;

use crate::outside::{Error, Outside, Reachable, Scheme, fetch};
use crate::port::revocations::{Revocations, Unavailable};

/// How long an answer may take, from looking the name up to its last octet.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest CRL that is read, octets.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// Longest OCSP answer that is read, octets.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The client.
#[derive(Debug)]
pub struct RevocationClient(Outside);

impl RevocationClient {
    /// The client; `private`: addresses of this machine and of private networks are asked, too.
    ///
    /// # Errors
    /// When there is no TLS.
    pub fn new(private: bool) -> anyhow::Result<Self> {
        let reachable = if private { Reachable::Private } else { Reachable::Public };
        Ok(Self(Outside::new(reachable, Scheme::Any, None, PATIENCE)?))
    }
}

#[async_trait]
impl Revocations for RevocationClient {
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        let fetched = async { fetch(self.0.get(url)?, None, LONGEST_LIST).await };
        fetched.await.map_err(|error| unavailable(url, error))
    }

    async fn ocsp(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        let fetched = async {
            let request = self.0.post(url)?.header(CONTENT_TYPE, ocsp::QUERY).body(request);
            fetch(request, Some(ocsp::REPLY), LONGEST_ANSWER).await
        };
        fetched.await.map_err(|error| unavailable(url, error))
    }
}

fn unavailable(url: &str, error: Error) -> Unavailable {
    Unavailable { url: url.to_owned(), cause: error.into() }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every call with this, and says what was asked.
    async fn server(answer: String) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).await.unwrap();
                let _ = sender.send(String::from_utf8_lossy(&head[..length]).into_owned());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (url, receiver)
    }

    fn with(kind: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }

    #[tokio::test]
    async fn a_list_and_an_answer_are_fetched_where_that_is_allowed() {
        let (url, mut asked) = server(with(ocsp::REPLY, "octets")).await;
        let open = RevocationClient::new(true).unwrap();
        assert_eq!(open.crl(&url).await.unwrap(), b"octets");
        assert!(asked.recv().await.unwrap().starts_with("GET /x "));
        assert_eq!(open.ocsp(&url, b"request".to_vec()).await.unwrap(), b"octets");
        let heard = asked.recv().await.unwrap();
        assert!(heard.starts_with("POST /x ") && heard.contains("application/ocsp-request"), "{heard}");
        // nobody's certificate makes this service call what only this machine or network can reach.
        let closed = RevocationClient::new(false).unwrap();
        for url in
            [url.as_str(), "http://localhost:1/x", "http://10.0.0.1/x", "http://[::1]/x", "http://169.254.169.254/"]
        {
            let heard = closed.crl(url).await.unwrap_err();
            assert_eq!(heard.cause.to_string(), "the address is not a public one", "{url}");
            assert!(closed.ocsp(url, Vec::new()).await.is_err());
        }
        for url in ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[::ffff:a9fe:a9fe]/"] {
            let heard = open.crl(url).await.unwrap_err();
            assert_eq!(heard.cause.to_string(), "the address is not a public one", "{url}");
        }
        assert!(asked.try_recv().is_err());
    }

    #[tokio::test]
    async fn what_is_too_long_or_something_else_is_not_taken() {
        let open = RevocationClient::new(true).unwrap();
        let (url, _asked) = server(with("text/html", "<html>")).await;
        assert!(open.ocsp(&url, Vec::new()).await.is_err());
        let (url, _asked) = server("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
        assert!(open.crl(&url).await.is_err());
        let (url, _asked) = server(with(ocsp::REPLY, &"x".repeat(LONGEST_ANSWER + 1))).await;
        assert!(open.ocsp(&url, Vec::new()).await.is_err());
        assert!(open.crl(&url).await.is_ok(), "lists may be longer");
    }
}
