//! Puts business messages into DXP envelopes, and takes receipts out of them.

use ceb::dxp::{self, Envelope, Header, Limits};
use ceb::schema::Flow;
use kernel::{Finding, Time};

/// The addresses we send from and to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Our DXP id, used when a message does not name the sender it must travel under.
    pub sender: String,
    /// The import side of the unified system.
    pub import_receiver: String,
    /// The export side of the unified system.
    pub export_receiver: String,
}

/// DXP id of the import side of the unified system.
pub const IMPORT_RECEIVER: &str = "DXPEDCCEB0000002";
/// DXP id of the export side of the unified system.
pub const EXPORT_RECEIVER: &str = "DXPEDCCEB0000003";

impl Addresses {
    /// The published receivers, and our own id.
    pub fn of(sender: impl Into<String>) -> Addresses {
        Addresses {
            sender: sender.into(),
            import_receiver: IMPORT_RECEIVER.to_owned(),
            export_receiver: EXPORT_RECEIVER.to_owned(),
        }
    }
}

/// A message about to leave.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The signed business message, UTF-8, exactly as it shall arrive.
    pub message: &'a [u8],
    /// Its root element, such as `CEB621Message`.
    pub message_type: &'a str,
    /// `BaseTransfer/dxpId` of the message. The exchange refuses an envelope whose sender
    /// differs, so this one is used when it is there, and our own otherwise.
    pub transfer_id: Option<&'a str>,
    /// Unique message id, the same at every try; see [`cop_msg_id`].
    pub cop_msg_id: &'a str,
}

/// Longest message id an envelope carries, in characters.
pub(crate) const COP_MSG_ID_CHARS_MAX: usize = 255;
/// Longest DXP id an envelope carries, in characters.
pub(crate) const DXP_ID_CHARS_MAX: usize = 16;

impl Outgoing<'_> {
    /// Whose envelope it is: the sender the message names, or else our own.
    pub fn sender<'a>(&'a self, addresses: &'a Addresses) -> &'a str {
        self.transfer_id.unwrap_or(&addresses.sender)
    }
}

/// A message id that is unique as long as `id` is: the sender's DXP id and the id in hexadecimal.
pub fn cop_msg_id(sender: &str, id: i64) -> String {
    format!("{sender}{id:016X}")
}

/// Wraps a message; it is addressed to the export side when its type is one of export.
///
/// # Errors
/// When an id or address breaks the schema of envelopes (sender and receiver have at most 16
/// characters).
pub fn wrap(
    addresses: &Addresses,
    outgoing: &Outgoing<'_>,
    now: Time,
) -> Result<Vec<u8>, Vec<Finding>> {
    let export =
        ceb::message_type(outgoing.message_type).is_some_and(|kind| kind.flow == Flow::Export);
    let receiver = if export { &addresses.export_receiver } else { &addresses.import_receiver };
    dxp::write(&Envelope {
        header: Header {
            cop_msg_id: outgoing.cop_msg_id.to_owned(),
            sender_id: outgoing.sender(addresses).to_owned(),
            receiver_ids: vec![receiver.clone()],
            created: now,
            msg_type: outgoing.message_type.to_owned(),
        },
        data: outgoing.message.to_vec(),
        ..Envelope::default()
    })
}

/// What was in a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// Sender and message id of the envelope; `None` when the message came bare.
    pub from: Option<(String, String)>,
    /// The business message.
    pub message: Vec<u8>,
}

/// Takes the business message out of a delivery, which may also be a bare message.
///
/// # Errors
/// When it is an envelope that cannot be read.
pub fn unwrap(delivery: &[u8]) -> Result<Unwrapped, Vec<Finding>> {
    if !dxp::is_envelope(delivery) {
        return Ok(Unwrapped { from: None, message: delivery.to_vec() });
    }
    let envelope = dxp::read(delivery, &Limits::default())?;
    let from = Some((envelope.header.sender_id, envelope.header.cop_msg_id));
    Ok(Unwrapped { from, message: envelope.data })
}
