//! `[limits]`: what one request may ask for (security.md ).

use serde::Deserialize;

/// Bounds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Octets of a request body.
    pub body: usize,
    /// Octets of a body that holds documents (`signatures/signDoc`), of which what is beside them may have `body`. The
    /// documents themselves are bounded in `[spool]`.
    pub documents: usize,
    /// Seconds such a body may take to arrive.
    pub documents_timeout_seconds: u64,
    /// Hashes in one list.
    pub hashes: usize,
    /// Levels of JSON.
    pub depth: usize,
    /// Seconds a body may take to arrive.
    pub body_timeout_seconds: u64,
    /// Seconds the head of a request may take to arrive; also how long a connection may lie idle.
    pub header_timeout_seconds: u64,
    /// Seconds after which who takes no octet of an answer loses the connection.
    pub answer_timeout_seconds: u64,
    /// Octets of a long answer that a client has to take in a second, by and large.
    pub answer_octets_per_second: u64,
    /// Octets of a request's head, at least 8192; what came with the last read may go beyond it.
    pub head: usize,
    /// Connections open at once, over all listeners.
    pub connections: usize,
    /// And from one address.
    pub connections_per_address: usize,
    /// Calls of one client in a second; as many may come at once.
    pub client_calls_per_second: u32,
    /// Calls for one user in a second; as many may come at once.
    pub user_calls_per_second: u32,
    /// Credentials on one page of credentials/list.
    pub page: usize,
    /// Seconds an access token is good for.
    pub access_token_seconds: u32,
    /// Seconds a refresh token and all that follow from it are good for.
    pub refresh_token_seconds: u32,
    /// Password hashes computed at once; each takes 19 MiB and one core.
    pub password_hashes: usize,
    /// Seconds that calls have to finish once the gateway is told to stop.
    pub grace_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 512 * 1024,
            documents: 520 * 1024 * 1024,
            documents_timeout_seconds: 300,
            hashes: 1000,
            depth: 16,
            body_timeout_seconds: 10,
            header_timeout_seconds: 30,
            answer_timeout_seconds: 30,
            answer_octets_per_second: 32 * 1024,
            head: 64 * 1024,
            connections: 4096,
            connections_per_address: 1024,
            client_calls_per_second: 2000,
            user_calls_per_second: 200,
            page: 100,
            access_token_seconds: 3600,
            refresh_token_seconds: 30 * 24 * 3600,
            password_hashes: 2,
            grace_seconds: 8,
        }
    }
}

impl Limits {
    pub(super) fn faults(&self) -> Vec<String> {
        let least =
            self.body.min(self.documents).min(self.hashes).min(self.depth).min(self.page).min(self.password_hashes);
        let seconds = self.body_timeout_seconds.min(self.documents_timeout_seconds).min(self.header_timeout_seconds);
        let seconds = seconds.min(self.answer_timeout_seconds).min(self.grace_seconds);
        let tokens = self.access_token_seconds.min(self.refresh_token_seconds);
        let connections = self.connections.min(self.connections_per_address);
        let calls = self.client_calls_per_second.min(self.user_calls_per_second);
        let mut faults = Vec::new();
        if least == 0 || seconds == 0 || tokens == 0 || connections == 0 || calls == 0 {
            faults.push("[limits] every limit must be at least 1".to_owned());
        }
        if self.head < 8192 {
            faults.push("[limits] head must be at least 8192".to_owned());
        }
        faults
    }
}
