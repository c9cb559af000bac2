//! `openReq`: what customs asks, and what it is answered at once.

use kernel::Time;
use serde::Serialize;
use serde_json::Value;

/// Longest texts of a request that are taken.
const ORDER_NO_CHARS_MAX: usize = 60;
const SESSION_CHARS_MAX: usize = 100;

/// The request was taken.
pub(crate) const TAKEN: &str = "10000";
/// The request cannot be read, or is for nobody here.
pub(crate) const REFUSED: &str = "20000";
/// Trouble of ours: customs may ask again.
pub(crate) const TROUBLE: &str = "20001";

/// What customs asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// 订单编号.
    pub order_no: String,
    /// Names the request; the record that follows repeats it.
    pub session_id: String,
    /// Customs' own time.
    pub service_time: Time,
}

impl OpenRequest {
    /// Reads the JSON of the form field `openReq`.
    ///
    /// # Errors
    /// What is wrong, in the words of the answer.
    pub fn read(text: &str) -> Result<OpenRequest, String> {
        let json: Value = serde_json::from_str(text).map_err(|_| "openReq : 不是 JSON")?;
        let field = |name: &str, max: usize| {
            let text = json.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
            match text.chars().count() {
                0 => Err(format!("{name} : {name}不为空")),
                count if count > max => Err(format!("{name} : 长度超过{max}")),
                _ => Ok(text.to_owned()),
            }
        };
        let service_time = match json.get("serviceTime") {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        Ok(OpenRequest {
            order_no: field("orderNo", ORDER_NO_CHARS_MAX)?,
            session_id: field("sessionID", SESSION_CHARS_MAX)?,
            service_time: service_time
                .map(Time::from_millis)
                .ok_or("serviceTime : 须为毫秒时间")?,
        })
    }

    /// Reads a form body and the request in it.
    ///
    /// # Errors
    /// As [`OpenRequest::read`]; also when the field is not there.
    pub fn from_form(body: &[u8]) -> Result<OpenRequest, String> {
        let field = form_urlencoded::parse(body).find(|(name, _)| name == "openReq");
        let (_, text) = field.ok_or("openReq : openReq不为空")?;
        OpenRequest::read(&text)
    }
}

/// 对海关请求的即时应答 / What customs is answered at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AskAnswer {
    /// 10000 成功,20000 失败,20001 系统异常 / 10000 taken, 20000 refused, 20001 trouble.
    #[schema(example = "10000")]
    pub code: String,
    /// 说明 / What is wrong, if anything.
    pub message: String,
    /// 平台时间(毫秒) / The platform's time in milliseconds.
    #[serde(rename = "serviceTime")]
    pub service_time: i64,
}

impl AskAnswer {
    pub(crate) fn new(code: &str, message: impl Into<String>, now: Time) -> AskAnswer {
        AskAnswer { code: code.to_owned(), message: message.into(), service_time: now.to_millis() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customs_forms_are_read() {
        let json = r#"{"orderNo":"订单1","sessionID":"s-1","serviceTime":1544519952469}"#;
        let body: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("openReq", json).finish();
        let asked = OpenRequest::from_form(body.as_bytes()).unwrap();
        assert_eq!((&*asked.order_no, &*asked.session_id), ("订单1", "s-1"));
        assert_eq!(asked.service_time, Time::from_millis(1_544_519_952_469));
        let text = r#"{"orderNo":"1","sessionID":"s","serviceTime":"1544519952469"}"#;
        assert!(OpenRequest::read(text).is_ok(), "a number in quotes is a number here");
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_customs() {
        for (text, said) in [
            ("{", "openReq : 不是 JSON"),
            (r#"{"sessionID":"s","serviceTime":1}"#, "orderNo : orderNo不为空"),
            (r#"{"orderNo":"1","serviceTime":1}"#, "sessionID : sessionID不为空"),
            (r#"{"orderNo":"1","sessionID":"s"}"#, "serviceTime : 须为毫秒时间"),
        ] {
            assert_eq!(OpenRequest::read(text), Err(said.to_owned()));
        }
        assert!(OpenRequest::from_form(b"other=1").is_err());
        let long = "9".repeat(61);
        let text = format!(r#"{{"orderNo":"{long}","sessionID":"s","serviceTime":1}}"#);
        assert_eq!(OpenRequest::read(&text), Err("orderNo : 长度超过60".to_owned()));
    }
}
