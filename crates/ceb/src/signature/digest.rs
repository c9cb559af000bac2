//! Digests of canonical documents, taken while the document is walked through.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use sm3::{Digest, Sm3};

use super::Algorithm;
use crate::c14n::Sink;

/// Documents up to this size are kept until the algorithm is known; it stands behind them.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// Takes in a canonical document and gives the digest of any algorithm at its end. What is larger
/// than [`KEPT_BYTES_MAX`] is hashed with all of them on the way, so memory stays small.
pub(super) struct DigestSink {
    kept: Vec<u8>,
    running: Option<Box<Running>>,
}

struct Running {
    sm3: Sm3,
    sha1: Context,
    sha256: Context,
}

impl DigestSink {
    pub(super) fn new(expected_bytes: usize) -> DigestSink {
        DigestSink { kept: Vec::with_capacity(expected_bytes.min(KEPT_BYTES_MAX)), running: None }
    }

    /// The digest an algorithm asks for.
    pub(super) fn finish(mut self, algorithm: Algorithm) -> Vec<u8> {
        if self.running.is_some() {
            self.flush();
        }
        match (self.running, algorithm) {
            (None, algorithm) => digest(algorithm, &self.kept),
            (Some(running), Algorithm::Sm2Sm3) => running.sm3.finalize().to_vec(),
            (Some(running), Algorithm::RsaSha1) => running.sha1.finish().as_ref().to_vec(),
            (Some(running), Algorithm::RsaSha256) => running.sha256.finish().as_ref().to_vec(),
        }
    }

    fn flush(&mut self) {
        let running = self.running.get_or_insert_with(|| {
            Box::new(Running {
                sm3: Sm3::new(),
                sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
                sha256: Context::new(&SHA256),
            })
        });
        running.sm3.update(&self.kept);
        running.sha1.update(&self.kept);
        running.sha256.update(&self.kept);
        self.kept.clear();
    }
}

impl Sink for DigestSink {
    fn put(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > KEPT_BYTES_MAX {
            self.flush();
        }
        self.kept.extend_from_slice(bytes);
    }
}

fn digest(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    let of = |algorithm| aws_lc_rs::digest::digest(algorithm, bytes).as_ref().to_vec();
    match algorithm {
        Algorithm::Sm2Sm3 => Sm3::digest(bytes).to_vec(),
        Algorithm::RsaSha1 => of(&SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::RsaSha256 => of(&SHA256),
    }
}
