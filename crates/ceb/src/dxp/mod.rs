//! DXP transport envelopes (202205 terminal and transport nodes): the message of a client
//! (`DxpMsg`), the same as passed between nodes (`DxpMsgSv`), and the platform's own response
//! (`DxpRep`).

mod node;
mod read;
mod time;
mod write;

use kernel::{Date, Time};
use serde::Serialize;

pub use read::{Limits, is_envelope, kind, read, read_response, read_server};
pub use write::{write, write_response, write_server};

/// Namespace of the envelopes.
pub const DXP: &str = "http://www.chinaport.gov.cn/dxp";

/// Which envelope it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `DxpMsg`: from or to a client.
    Message,
    /// `DxpMsgSv`: between nodes.
    Server,
    /// `DxpRep`: the platform's response.
    Response,
}

/// Where an envelope comes from, where it goes and what it carries (`TransInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The sender's own id of the message, 1 to 255 characters, unique per sender. CEB900 and
    /// DxpRep refer to it.
    pub cop_msg_id: String,
    /// DXP id of the sender, 1 to 16 characters; equals `BaseTransfer/dxpId`.
    pub sender_id: String,
    /// DXP ids of the receivers, 1 to 5, each 1 to 16 characters.
    pub receiver_ids: Vec<String>,
    /// When it was made (`CreatTime`); Beijing time when the text names no zone.
    pub created: Time,
    /// Type of the message within, such as `CEB311Message`; up to 30 characters, may be empty.
    pub msg_type: String,
}

/// A business key of an envelope: name (1 to 32 characters, may be absent) and value (1 to 64).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BizKey {
    /// Name, such as `SignFlag`.
    pub name: Option<String>,
    /// Value.
    pub value: String,
}

/// Additions an envelope may carry (`AddInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Additions {
    /// Original file name, 1 to 255 characters.
    pub file_name: Option<String>,
    /// Number of the card, 1 to 13 characters.
    pub ic_card: Option<String>,
    /// Business keys, up to 5.
    pub keys: Vec<BizKey>,
    /// Character set of the data when it is marked as text (`IsText/@Encode`), up to 50 characters.
    pub text_encoding: Option<String>,
    /// Id of the conversion at the receiver's.
    pub receiver_map_id: Option<String>,
}

/// A client's envelope (`DxpMsg`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Envelope {
    /// Id attribute.
    pub id: Option<String>,
    /// Sender, receivers, type.
    pub header: Header,
    /// The business message as bytes (base64 on the wire).
    #[serde(skip)]
    pub data: Vec<u8>,
    /// Additions, when there are any.
    pub additions: Option<Additions>,
    /// The transport signature (传输签) as it stood, its namespaces declared on it: a
    /// `ds:Signature` element. Kept, not judged; [`crate::signature::verify`] judges the whole.
    #[serde(skip)]
    pub signature: Option<String>,
}

/// An envelope between nodes (`DxpMsgSv`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerEnvelope {
    /// Id attribute.
    pub id: Option<String>,
    /// Unique at the platform, 1 to 32 characters: node id (8), yyyyMMddHHmmss, sequence (10).
    pub msg_id: String,
    /// One character when split by receivers.
    pub sub_msg_id: Option<String>,
    /// When the node took it in.
    pub sent: Time,
    /// Node it goes to, 1 to 8 characters.
    pub end_node: String,
    /// Node it came in at, 1 to 8 characters.
    pub start_node: String,
    /// The client's envelope.
    pub envelope: Envelope,
    /// The node's signature, kept as [`Envelope::signature`] is.
    #[serde(skip)]
    pub signature: Option<String>,
}

/// The platform's response (`DxpRep`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Response {
    /// Whom it is for, 1 to 16 characters (`RecevierId`).
    pub receiver_id: String,
    /// Node the receiver belongs to, 1 to 8 characters.
    pub node_id: Option<String>,
    /// One or more answers.
    pub answers: Vec<Answer>,
    /// The platform's signature, kept as [`Envelope::signature`] is.
    #[serde(skip)]
    pub signature: Option<String>,
}

/// One answer within a response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Node that answers, 1 to 8 characters.
    pub node_id: Option<String>,
    /// Response code, 1 to 9 characters; its meaning is in the register's remedies.
    pub code: String,
    /// Text, up to 300 characters.
    pub text: Option<String>,
    /// Outcome for each receiver.
    pub results: Vec<ReceiverResult>,
    /// Day of the response.
    pub noticed: Date,
    /// Note, up to 500 characters.
    pub note: Option<String>,
    /// Header of the envelope answered.
    pub original: Header,
}

/// The outcome for one receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReceiverResult {
    /// Receiver, 1 to 16 characters.
    pub receiver_id: String,
    /// Code, 1 to 9 characters.
    pub code: String,
    /// Text, up to 300 characters.
    pub text: Option<String>,
    /// Note, up to 500 characters.
    pub note: Option<String>,
}
