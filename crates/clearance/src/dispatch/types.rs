//! One message to send, and the report on it.

use kernel::id;

use crate::document::Kind;

/// Names the ids of dispatches.
pub enum DispatchKind {}
impl id::Kind for DispatchKind {
    const PREFIX: &'static str = "dsp";
}

/// Our id of a dispatch.
pub type DispatchId = kernel::Id<DispatchKind>;

/// A message that is due to be sent to customs. It stays claimed until it is reported on.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Our id.
    pub id: DispatchId,
    /// Which document it carries.
    pub kind: Kind,
    /// Transport address of the sender, as the message names it; empty when it names none.
    pub sender_dxp: String,
    /// The message. As it was received and signed when all its documents go together; otherwise
    /// packed anew from those that go.
    pub bytes: Vec<u8>,
    /// Whether the message was packed anew and must be signed before it goes.
    pub needs_signature: bool,
    /// How many documents it holds.
    pub documents: usize,
    /// How often it was tried before.
    pub attempts: u32,
}

/// What became of a dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Which.
    pub id: DispatchId,
    /// How it went.
    pub outcome: Sending,
}

/// How sending went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// The other side took it.
    Taken,
    /// It could not be handed over, and may be later.
    Later,
    /// The other side refused it for good, with this code and text; trying again is useless until
    /// somebody mends it.
    Refused(String),
}
