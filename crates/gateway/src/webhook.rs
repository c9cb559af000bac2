//! Posts notices to addresses that firms choose: no private network unless allowed, no
//! redirects, no endless answers.

use ureq::Agent;

use crate::http::{self, CallFailure, Reach};

/// How notices are posted.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Whether addresses in private networks may be called: for tests and closed networks.
    pub allow_private: bool,
    /// Longest wait of one call, unless the call names a shorter one.
    pub timeout_ms: u64,
}

impl Default for WebhookSettings {
    fn default() -> WebhookSettings {
        WebhookSettings { allow_private: false, timeout_ms: 10_000 }
    }
}

/// A client for webhooks. Cheap to clone; connections are reused.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    agent: Agent,
    timeout_ms: u64,
}

/// A notice that reached nobody.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WebhookFailure {
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The address may not be called: private, or no HTTP address. Trying again is useless.
    #[error("{0}")]
    Address(String),
    /// The connection could not be made, broke, or was not trusted.
    #[error("{0}")]
    Connection(String),
    /// The client itself could not be made.
    #[error("{0}")]
    Setup(String),
}

impl From<CallFailure> for WebhookFailure {
    fn from(failure: CallFailure) -> WebhookFailure {
        match failure {
            CallFailure::Timeout => WebhookFailure::Timeout,
            CallFailure::Address(text) => WebhookFailure::Address(text),
            CallFailure::Connection(text) => WebhookFailure::Connection(text),
        }
    }
}

impl WebhookClient {
    /// A client with these settings.
    ///
    /// # Errors
    /// [`WebhookFailure::Setup`] when the system's trusted certificates cannot be used.
    pub fn new(settings: &WebhookSettings) -> Result<WebhookClient, WebhookFailure> {
        let reach = if settings.allow_private { Reach::Anywhere } else { Reach::PublicOnly };
        let agent = http::agent(reach, settings.timeout_ms, None).map_err(WebhookFailure::Setup)?;
        Ok(WebhookClient { agent, timeout_ms: settings.timeout_ms })
    }

    /// Posts `body` and yields the HTTP status, whatever it is. A redirect is not followed: its
    /// status is the answer. The body of the answer is not read.
    ///
    /// # Errors
    /// When there was no answer, or the address may not be called.
    pub fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        timeout_ms: u64,
    ) -> Result<u16, WebhookFailure> {
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            let text = "not an http or https address".to_owned();
            return Err(WebhookFailure::Address(text));
        }
        let limit = std::time::Duration::from_millis(timeout_ms.min(self.timeout_ms));
        let mut request = self.agent.post(url).config().timeout_global(Some(limit)).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send(body).map_err(|error| http::failure(&error))?;
        Ok(response.status().as_u16())
    }
}
