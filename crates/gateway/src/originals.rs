//! Payment originals (announcement 179 of 2018) over HTTP: posts a record to the address customs
//! names, and, for a stand-in, a request to a platform.

use std::path::PathBuf;

use ureq::Agent;

use crate::http::{self, Reach};
use crate::json;

/// Where records are posted.
#[derive(Clone, Debug)]
pub struct OriginalsSettings {
    /// Address of `realTimeDataUpload`, or of the platform when a stand-in asks.
    pub url: String,
    /// Longest wait of one call.
    pub timeout_ms: u64,
    /// PEM file of the authorities to trust instead of the system's.
    pub authorities: Option<PathBuf>,
}

/// What the other side answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalsReply {
    /// 10000 taken, 20000 refused, 20001 to 21000 trouble.
    pub code: String,
    /// Its words.
    pub message: String,
}

/// Posts forms of one field and reads the JSON that answers them.
#[derive(Clone, Debug)]
pub struct OriginalsClient {
    agent: Agent,
    url: String,
}

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

impl OriginalsClient {
    /// A client with these settings.
    ///
    /// # Errors
    /// When the file of authorities cannot be read.
    pub fn new(settings: &OriginalsSettings) -> Result<OriginalsClient, String> {
        let authorities = settings.authorities.as_deref();
        let agent = http::agent(Reach::Anywhere, settings.timeout_ms, authorities)?;
        Ok(OriginalsClient { agent, url: settings.url.clone() })
    }

    /// Posts a record: the form field `payExInfoStr`.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn upload(&self, pay_ex_info_str: &str) -> Result<OriginalsReply, String> {
        self.post("payExInfoStr", pay_ex_info_str)
    }

    /// Posts a request as customs does: the form field `openReq`.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn ask(&self, open_req: &str) -> Result<OriginalsReply, String> {
        self.post("openReq", open_req)
    }

    fn post(&self, field: &str, text: &str) -> Result<OriginalsReply, String> {
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(text.len() * 2));
        let form = form.append_pair(field, text).finish();
        let failed = |error: &ureq::Error| http::failure(error).to_string();
        let mut response = self
            .agent
            .post(&self.url)
            .content_type("application/x-www-form-urlencoded; charset=UTF-8")
            .send(form)
            .map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| failed(&error))?;
        reply(&String::from_utf8_lossy(&body)).ok_or_else(|| format!("HTTP {status}"))
    }
}

/// The answer in a body; `None` when it is none.
fn reply(body: &str) -> Option<OriginalsReply> {
    let json = json::read(body)?;
    let code = json.member("code")?;
    // The published examples put it into quotes, some answers do not.
    let code = code.text().unwrap_or(code.raw).to_owned();
    let message = json.member("message").and_then(|message| message.text()).unwrap_or_default();
    Some(OriginalsReply { code, message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_and_without_quotes() {
        let of = |code: &str, message: &str| {
            Some(OriginalsReply { code: code.to_owned(), message: message.to_owned() })
        };
        let text = r#"{"code":"10000","message":"上传成功","total":0,"serviceTime":1}"#;
        assert_eq!(reply(text), of("10000", "上传成功"));
        assert_eq!(reply(r#"{"code":20000,"message":null}"#), of("20000", ""));
        assert_eq!(reply("<html>"), None);
        assert_eq!(reply("{}"), None);
    }
}
