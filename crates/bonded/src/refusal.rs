//! What the room says no to, with words and status.

use axum::http::StatusCode;
use kernel::Text;

/// How a flow of this room fails.
pub type Failure = web::Failure<Refusal>;

/// Why an act is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such thing, or it is another firm's.
    NotFound,
    /// Another firm, or the same with other particulars, has the book of this number.
    BookTaken,
    /// The book is closed.
    BookClosed,
    /// The book cannot be closed: something is on hand or on the way.
    NotEmpty,
    /// A thing of this number was recorded before with other content.
    Different,
    /// Somebody else changed it meanwhile.
    Changed,
    /// What it is now does not allow the act.
    State {
        /// Its state.
        found: &'static str,
        /// The states that allow it.
        expected: &'static str,
    },
}

impl web::Refusal for Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Refusal::NotFound => "bonded.not_found",
            Refusal::BookTaken => "bonded.book.taken",
            Refusal::BookClosed => "bonded.book.closed",
            Refusal::NotEmpty => "bonded.book.not_empty",
            Refusal::Different => "bonded.different",
            Refusal::Changed => "bonded.changed",
            Refusal::State { .. } => "bonded.state",
        }
    }

    fn text(&self) -> Text {
        match self {
            Refusal::NotFound => Text::new("没有找到", "there is no such thing"),
            Refusal::BookTaken => Text::new(
                "该账册编号已登记，且内容不同",
                "a book of this number is registered with other particulars",
            ),
            Refusal::BookClosed => Text::new("账册已核销结案", "the account book is closed"),
            Refusal::NotEmpty => Text::new(
                "账册仍有在库或在途货物，不能结案",
                "goods are on hand or on the way: the book cannot be closed",
            ),
            Refusal::Different => Text::new(
                "该单号此前以不同内容登记",
                "this number was recorded before with other content",
            ),
            Refusal::Changed => Text::new("刚被他人修改", "somebody else changed it just now"),
            Refusal::State { found, expected } => Text::new(
                format!("当前状态（{found}）不能办理，须为 {expected}"),
                format!("its state is {found}: this needs {expected}"),
            ),
        }
    }

    fn remedy(&self) -> Text {
        let (zh, en) = match self {
            Refusal::NotFound => {
                ("核对编号；只能查看本企业的记录", "check the number; only your own can be seen")
            }
            Refusal::BookTaken => (
                "核对账册编号和经营企业；属本企业的先查询",
                "check the number and the holder; look up the book if it is yours",
            ),
            Refusal::BookClosed => ("使用在用的账册", "use a book that is open"),
            Refusal::NotEmpty => (
                "先办结出区、转移或销毁，盘点无差异后再结案",
                "clear it by exit, transfer or destruction first",
            ),
            Refusal::Different => (
                "核对单号；内容确需改变的使用新单号",
                "check the number; take a new one for other content",
            ),
            Refusal::Changed => ("重新读取后再办理", "read it again, then act"),
            Refusal::State { .. } => ("先查看当前状态和可办事项", "look at its state first"),
        };
        Text::new(zh, en)
    }
}
