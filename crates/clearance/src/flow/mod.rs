//! What happens inside a transaction: taking documents in, settling parcels, receipts, sending.

pub(crate) mod admit;
pub(crate) mod again;
pub(crate) mod collective;
pub(crate) mod desk;
pub(crate) mod export;
pub(crate) mod out;
pub(crate) mod quota;
pub(crate) mod receipts;
mod refusal;
pub(crate) mod resend;
pub(crate) mod save;
pub(crate) mod settle;
pub(crate) mod take;

pub use out::{
    Claim, bring_forward, claim, claim_dispatches, dispatched, open, release_dispatches,
};
pub use receipts::{Taken, take_receipts};
pub use resend::{NotResent, resend};
pub(crate) use settle::{missing_findings, task_of};
pub use take::recheck;
