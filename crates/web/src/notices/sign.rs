//! Signing of webhooks after Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over
//! `id.timestamp.body`, base64, prefixed `v1,`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::ApiError;

const SECRET_BYTES: usize = 32;
const PREFIX: &str = "whsec_";

/// The key a webhook is signed with, shared with its receiver. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// A new one: 256 random bits from the operating system.
    pub fn generate() -> Result<WebhookSecret, ApiError> {
        let mut bytes = vec![0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| ApiError::bug(error.to_string()))?;
        Ok(WebhookSecret(bytes))
    }

    /// From the bytes as sealed.
    pub fn from_bytes(bytes: Vec<u8>) -> WebhookSecret {
        WebhookSecret(bytes)
    }

    /// From the text shown to the receiver, `whsec_` and base64.
    pub fn parse(text: &str) -> Option<WebhookSecret> {
        BASE64_STANDARD.decode(text.strip_prefix(PREFIX)?).ok().map(WebhookSecret)
    }

    /// The bytes, to seal.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text to show the receiver, this once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// The value of `webhook-signature`. `timestamp_s` is seconds since 1970.
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> Signature {
        let tag = self.mac(id, timestamp_s, body).map(|mac| mac.finalize().into_bytes());
        Signature(format!("v1,{}", tag.map(|tag| BASE64_STANDARD.encode(tag)).unwrap_or_default()))
    }

    /// Whether one of the signatures in a `webhook-signature` header (separated by spaces) is ours;
    /// compared in constant time. What a receiver does.
    pub fn verify(&self, id: &str, timestamp_s: i64, body: &[u8], header: &str) -> bool {
        header.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|encoded| {
            let tag = BASE64_STANDARD.decode(encoded).unwrap_or_default();
            let mac = self.mac(id, timestamp_s, body);
            mac.is_some_and(|mac| mac.verify_slice(&tag).is_ok())
        })
    }

    /// HMAC takes keys of any length, so there is always one.
    fn mac(&self, id: &str, timestamp_s: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body);
        Some(mac)
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(whsec_…)")
    }
}

/// A value of the header `webhook-signature`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn signs_as_the_specification_does() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature.0, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let header = format!("v2,x {}", signature.0);
        assert!(secret.verify(id, 1_614_265_330, body, &header));
        assert!(!secret.verify(id, 1_614_265_331, body, &header));
        assert!(!secret.verify(id, 1_614_265_330, b"{}", &header));
    }

    #[test]
    fn a_secret_survives_being_shown_and_does_not_print() {
        let secret = WebhookSecret::generate().unwrap();
        assert_eq!(WebhookSecret::parse(&secret.reveal()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(whsec_…)");
    }
}
