//! The words and statuses of what the register of parties says no to.

use axum::http::StatusCode;
use kernel::Text;

use super::rules::PartyRefusal;

impl web::Refusal for PartyRefusal {
    fn status(&self) -> StatusCode {
        match self {
            PartyRefusal::NotFound
            | PartyRefusal::CertificateNotFound
            | PartyRefusal::DelegationNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PartyRefusal::NotFound => "party.not_found",
            PartyRefusal::CodesConflict => "party.codes_conflict",
            PartyRefusal::DxpIdTaken => "party.dxp_id_taken",
            PartyRefusal::Changed => "party.changed",
            PartyRefusal::Closed => "party.closed",
            PartyRefusal::NotSuspended => "party.not_suspended",
            PartyRefusal::CertificateNotFound => "certificate.not_found",
            PartyRefusal::CertificateTaken => "certificate.taken",
            PartyRefusal::DelegationNotFound => "delegation.not_found",
            PartyRefusal::Revoked => "party.revoked_already",
        }
    }

    fn text(&self) -> Text {
        let (zh, en) = match self {
            PartyRefusal::NotFound => ("没有该代码的企业", "no firm has this code"),
            PartyRefusal::CodesConflict => {
                ("两个代码分属不同企业", "the two codes belong to different firms")
            }
            PartyRefusal::DxpIdTaken => {
                ("传输编号已属于另一企业", "the transport address belongs to another firm")
            }
            PartyRefusal::Changed => {
                ("企业资料刚被他人修改", "the firm was changed by somebody else just now")
            }
            PartyRefusal::Closed => ("企业已注销", "the firm is closed"),
            PartyRefusal::NotSuspended => ("企业未被暂停", "the firm is not suspended"),
            PartyRefusal::CertificateNotFound => {
                ("该企业没有这张证书", "the firm has no such certificate")
            }
            PartyRefusal::CertificateTaken => {
                ("证书已登记在另一企业名下", "the certificate is registered for another firm")
            }
            PartyRefusal::DelegationNotFound => ("没有这项委托", "there is no such delegation"),
            PartyRefusal::Revoked => ("此前已撤销", "it has been revoked already"),
        };
        Text::new(zh, en)
    }

    fn remedy(&self) -> Text {
        let (zh, en) = match self {
            PartyRefusal::NotFound => (
                "核对代码；未登记的企业先登记",
                "check the code; a firm that is not registered is registered first",
            ),
            PartyRefusal::CodesConflict => (
                "核对两个代码是否为同一企业；确需更正的由运维先处理旧记录",
                "check that both codes are one firm's; to correct one, mend the old record first",
            ),
            PartyRefusal::DxpIdTaken => (
                "核对电子口岸分配的编号，或先从另一企业移除",
                "compare with what the electronic port issued, or take it from the other firm first",
            ),
            PartyRefusal::Changed => ("重新读取后再改", "read it again, then change it"),
            PartyRefusal::Closed => {
                ("注销不可恢复；重新登记须用新代码", "closing is final; a new firm has a new code")
            }
            PartyRefusal::NotSuspended => ("无须恢复", "there is nothing to resume"),
            PartyRefusal::CertificateNotFound | PartyRefusal::DelegationNotFound => {
                ("从列表中查得编号后再试", "look it up in the list, then try again")
            }
            PartyRefusal::CertificateTaken => (
                "一张证书只属于一家企业；核对后用本企业证书",
                "a certificate belongs to one firm; use one of this firm",
            ),
            PartyRefusal::Revoked => ("无须再撤销", "there is nothing to revoke"),
        };
        Text::new(zh, en)
    }
}
