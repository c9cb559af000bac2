//! The evidence log at the door: checkpoints and keys for everybody, proofs for those whose records
//! they are about.
//!
//! What is handed out is self-contained: whoever has it needs neither this platform nor a network
//! to verify it. Signing and verifying is done in the crate that holds the keys.

mod document;
mod prove;
mod routes;

use std::sync::{PoisonError, RwLock};

use kernel::Text;

pub use document::{
    CONSISTENCY_FORMAT, EvidenceCheckpoint, EvidenceConsistency, EvidenceKey, EvidenceKeys,
    EvidenceProof, EvidenceRange, EvidenceRecord, PROOF_FORMAT, RANGE_FORMAT, hash_of_hex, hex,
};
pub use prove::{NotProven, keys, prove, prove_consistency, prove_range, set_keys};
pub use routes::ProofParams;

use crate::App;
use crate::module::{Check, Module};

/// Whether the log still extends what was published of it. Shared by whoever publishes; shown at
/// `/health/ready`.
#[derive(Default)]
pub struct Standing(RwLock<Option<Text>>);

impl Standing {
    /// Sets what is wrong; `None` when nothing is.
    pub fn set(&self, fault: Option<Text>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// What is wrong.
    pub fn fault(&self) -> Option<Text> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The room of the evidence log. Its tables are those of the database room.
pub fn module() -> Module {
    Module {
        name: "evidence",
        about: ("存证：检查点、公钥、证明", "evidence log: checkpoints, keys, proofs"),
        migrations: &[],
        routes: routes::routes,
        checks: &[Check { name: "evidence", run: stands }],
    }
}

fn stands(app: &App) -> Result<(), Text> {
    // Without a publisher nothing was published, and nothing can be contradicted.
    let standing = app.shared::<Standing>().ok();
    standing.and_then(|standing| standing.fault()).map_or(Ok(()), Err)
}
