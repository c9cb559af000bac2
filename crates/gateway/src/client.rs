//! Speaks the DXP envelope over HTTP to a configured address.
//!
//! Out: `POST submit_url` with a `DxpMsg`. Any 2xx answer takes it, unless the body is a `DxpRep`
//! with a failure code. In: `GET receipts_url?dxpid=…&after=…` answers 204 when nothing waits, or
//! 200 with one envelope and its name in the header `Receipt-Id`; `DELETE receipts_url/{id}`
//! acknowledges it. Without that header a receipt counts as delivered when it is answered.

use std::path::PathBuf;

use ceb::dxp::{self, Limits};
use kernel::Time;
use ureq::Agent;

use crate::envelope::{self, Addresses, Outgoing};
use crate::http::{self, CallFailure, Reach};
use crate::transport::{
    Accepted, CONNECTION_ERROR, Customs, Delivery, FORMAT_ERROR, OTHER_BUSINESS, OTHER_SYSTEM,
    TIMEOUT, TransportFailure, means_taken,
};

/// Where customs is reached.
#[derive(Clone, Debug)]
pub struct DxpSettings {
    /// Address that takes envelopes.
    pub submit_url: String,
    /// Address that gives receipts.
    pub receipts_url: String,
    /// Our DXP id, whose receipts are asked for.
    pub dxp_id: String,
    /// Longest wait of one call.
    pub timeout_ms: u64,
    /// PEM file of the authorities to trust instead of the system's.
    pub authorities: Option<PathBuf>,
    /// Value of the `Authorization` header, if the other side wants one.
    pub authorization: Option<String>,
}

/// Customs behind an HTTP address.
pub struct DxpClient {
    agent: Agent,
    settings: DxpSettings,
}

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;

impl DxpClient {
    /// A client with these settings.
    ///
    /// # Errors
    /// When the file of authorities cannot be read.
    pub fn new(settings: DxpSettings) -> Result<DxpClient, TransportFailure> {
        let agent =
            http::agent(Reach::Anywhere, settings.timeout_ms, settings.authorities.as_deref())
                .map_err(|text| TransportFailure::of(OTHER_BUSINESS, text))?;
        Ok(DxpClient { agent, settings })
    }

    fn headers<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.settings.authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    }

    /// One receipt after the one named; `None` when no more waits.
    fn next(&self, after: Option<&str>) -> Result<Option<Delivery>, TransportFailure> {
        let mut request = self
            .headers(self.agent.get(&self.settings.receipts_url))
            .query("dxpid", &self.settings.dxp_id);
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let mut response = request.call().map_err(|error| failed(http::failure(&error)))?;
        let status = response.status().as_u16();
        if matches!(status, 204 | 404) {
            return Ok(None);
        }
        let receipt_id = response
            .headers()
            .get("receipt-id")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let bytes = read(&mut response)?;
        if !(200..300).contains(&status) {
            return Err(of_status(status));
        }
        Ok((!bytes.is_empty()).then_some(Delivery { receipt_id, header: None, bytes }))
    }

    /// Posts one envelope. Posting the same `CopMsgId` again is harmless.
    ///
    /// # Errors
    /// When the envelope was not taken; [`TransportFailure::retryable`] says whether to try again.
    pub fn submit(&self, envelope: &[u8], _now: Time) -> Result<Accepted, TransportFailure> {
        let cop_msg_id = dxp::read(envelope, &Limits::default())
            .map_err(|_| TransportFailure::of(FORMAT_ERROR, "not an envelope"))?
            .header
            .cop_msg_id;
        let mut response = self
            .headers(self.agent.post(&self.settings.submit_url))
            .content_type("application/xml; charset=UTF-8")
            .send(envelope)
            .map_err(|error| failed(http::failure(&error)))?;
        let status = response.status().as_u16();
        let body = read(&mut response)?;
        // A response of the exchange says more than the HTTP status around it.
        if let Some(failure) = refusal(&body) {
            return Err(failure);
        }
        if !(200..300).contains(&status) {
            return Err(of_status(status));
        }
        Ok(Accepted { cop_msg_id, repeated: false })
    }
}

impl Customs for DxpClient {
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let send = |outgoing: &Outgoing<'_>| {
            // A fault of ours that an operator must look at; the message waits until it is mended.
            let envelope = envelope::wrap(addresses, outgoing, now).map_err(|findings| {
                let why = findings.first().map_or("", |finding| &*finding.message.en);
                TransportFailure::of(OTHER_SYSTEM, format!("cannot be wrapped: {why}"))
            })?;
            self.submit(&envelope, now)
        };
        Ok(messages.iter().map(send).collect())
    }

    fn collect(&self, _now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        let mut deliveries: Vec<Delivery> = Vec::new();
        while deliveries.len() < max {
            let after = deliveries.last().map(|last| last.receipt_id.as_str());
            let next = match self.next(after) {
                Ok(next) => next,
                // What came before the trouble is not lost: it is delivered first.
                Err(_) if !deliveries.is_empty() => break,
                Err(failure) => return Err(failure),
            };
            let Some(next) = next else { break };
            let unnamed = next.receipt_id.is_empty();
            deliveries.push(next);
            if unnamed {
                // It cannot be asked for what comes after it; the next collection goes on.
                break;
            }
        }
        Ok(deliveries)
    }

    fn delivered(&self, receipt_ids: &[&str], _now: Time) -> Result<(), TransportFailure> {
        for id in receipt_ids.iter().filter(|id| !id.is_empty()) {
            let url = format!("{}/{id}", self.settings.receipts_url.trim_end_matches('/'));
            let response = self
                .headers(self.agent.delete(&url))
                .call()
                .map_err(|error| failed(http::failure(&error)))?;
            let status = response.status().as_u16();
            // Gone already is as good as deleted.
            if !(200..300).contains(&status) && !matches!(status, 404 | 410) {
                return Err(of_status(status));
            }
        }
        Ok(())
    }
}

fn read(response: &mut ureq::http::Response<ureq::Body>) -> Result<Vec<u8>, TransportFailure> {
    response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()
        .map_err(|error| failed(http::failure(&error)))
}

/// The first failure in a `DxpRep`, if the body is one.
fn refusal(body: &[u8]) -> Option<TransportFailure> {
    let response = dxp::read_response(body, &Limits::default()).ok()?;
    let failure = response.answers.iter().find(|one| !means_taken(&one.code))?;
    let detail = failure.text.clone().unwrap_or_default();
    Some(TransportFailure::of(&failure.code, detail))
}

fn failed(failure: CallFailure) -> TransportFailure {
    let code = match failure {
        CallFailure::Timeout => TIMEOUT,
        CallFailure::Address(_) => "2001",
        CallFailure::Connection(_) => CONNECTION_ERROR,
    };
    TransportFailure::of(code, failure.to_string())
}

/// An HTTP status that takes nothing. Too many requests, waits and troubles of the other side
/// pass; a request refused as such stays refused.
fn of_status(status: u16) -> TransportFailure {
    let code = match status {
        408 | 504 => TIMEOUT,
        425 | 429 | 500..=599 => OTHER_SYSTEM,
        401 | 403 => "1999",
        404 | 410 => "2001",
        413 | 415 | 422 | 400 => "0999",
        _ => OTHER_BUSINESS,
    };
    TransportFailure::of(code, format!("HTTP {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_to_try_again() {
        for (status, code, retryable) in [
            (408, "3003", true),
            (429, "3999", true),
            (500, "3999", true),
            (503, "3999", true),
            (504, "3003", true),
            (400, "0999", false),
            (401, "1999", false),
            (404, "2001", false),
            (302, "2999", false),
            (413, "0999", false),
        ] {
            let failure = of_status(status);
            assert_eq!((failure.code.as_str(), failure.retryable), (code, retryable), "{status}");
        }
    }
}
