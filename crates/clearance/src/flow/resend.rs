//! Sending once more, by the operator's hand, what customs took and never answered.

use axum::http::StatusCode;
use db::{Ctx, Tx};
use kernel::Text;

use crate::dispatch::DispatchId;
use crate::document::DocumentId;
use crate::lifecycle::State;
use crate::lifecycle::state::SENT;
use crate::receipt::scrub::scrub;
use crate::store::course::{self, Standing};
use crate::store::message::{self, Due};

/// Why a document is not sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotResent {
    /// There is no such document.
    Unknown,
    /// It is still to be sent, or being sent.
    Waiting,
    /// Customs has said something about it.
    Answered,
    /// It has not been sent at all, and stands as it does.
    NotSent(State),
}

impl web::Refusal for NotResent {
    fn status(&self) -> StatusCode {
        match self {
            NotResent::Unknown => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            NotResent::Unknown => "request.not_found",
            NotResent::Waiting => "dispatch.waiting",
            NotResent::Answered => "dispatch.answered",
            NotResent::NotSent(_) => "dispatch.not_sent",
        }
    }

    fn text(&self) -> Text {
        match self {
            NotResent::Unknown => Text::new("没有找到", "there is no such thing"),
            NotResent::Waiting => Text::new("单证尚在发送", "the document is still being sent"),
            NotResent::Answered => {
                Text::new("海关已对该单证作出答复", "customs has answered about the document")
            }
            NotResent::NotSent(state) => Text::new(
                format!("单证未发出:{}", state.zh()),
                format!("the document has not been sent: {}", state.en()),
            ),
        }
    }

    fn remedy(&self) -> Text {
        match self {
            NotResent::Unknown => Text::new("请核对编号", "check the id"),
            NotResent::Waiting => {
                Text::new("无须处理,平台会自动再发", "nothing: it is tried again by itself")
            }
            NotResent::Answered => Text::new(
                "按回执办理;需更正的由企业报送变更",
                "go by the receipts; what is wrong the firm mends by sending a change",
            ),
            NotResent::NotSent(_) => {
                Text::new("先解决单证的未决问题", "mend first what the document waits for")
            }
        }
    }
}

/// Makes a document due that was sent and never answered. It goes in a message of its own, under a
/// new message id, because the other side does nothing about one it has taken before. Audited.
///
/// # Errors
/// [`NotResent`], or when the database fails.
pub fn resend(
    tx: &mut Tx,
    ctx: &Ctx,
    id: DocumentId,
    reason: &str,
) -> Result<DispatchId, web::Failure<NotResent>> {
    let Standing { kind, message_id, position, state, receipts } =
        course::standing(tx, id)?.ok_or(NotResent::Unknown)?;
    let due = message::dues_of(tx, message_id)?;
    if due.iter().any(|(due, _)| due.documents.contains(&id)) {
        return Err(NotResent::Waiting.into());
    }
    if !receipts.is_empty() {
        return Err(NotResent::Answered.into());
    }
    if state != SENT {
        return Err(NotResent::NotSent(state).into());
    }
    let alone = message::by_ids(tx, &[message_id])?.first().is_some_and(|m| m.documents == 1);
    let due = Due {
        id: ctx.id(),
        kind,
        message_id,
        positions: (!alone).then(|| vec![position]),
        documents: vec![id],
        attempts: 0,
    };
    let dispatch = due.id;
    message::insert_due(tx, &[due], ctx.now)?;
    tx.audit(ctx, "dispatch.resend", &id.to_string(), &scrub(reason))?;
    Ok(dispatch)
}
