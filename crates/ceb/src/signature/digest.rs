//! Digests of canonical documents, taken while the document is walked through.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use sm3::{Digest, Sm3};

use super::Algorithm;
use crate::c14n::Sink;

/// Most bytes kept that do not stand in the source, and most pieces, until the algorithm is known;
/// it stands behind the document.
const OWN_BYTES_MAX: usize = 64 * 1024;
const PIECES_MAX: usize = 8 * 1024;

/// Takes in a canonical document and gives the digest of any algorithm at its end. Most of a
/// document is canonical as it stands: of that only the place is kept. What is not, and much of
/// it, is hashed with all algorithms on the way, so memory stays small.
pub(super) struct DigestSink<'x> {
    source: &'x str,
    /// What does not stand in the source.
    own: Vec<u8>,
    pieces: Vec<Piece>,
    running: Option<Box<Running>>,
}

/// A stretch of the source, or of what does not stand in it.
#[derive(Clone, Copy)]
struct Piece {
    from: usize,
    to: usize,
    own: bool,
}

struct Running {
    sm3: Sm3,
    sha1: Context,
    sha256: Context,
}

impl<'x> DigestSink<'x> {
    pub(super) fn new(source: &'x str) -> DigestSink<'x> {
        DigestSink { source, own: Vec::with_capacity(256), pieces: Vec::new(), running: None }
    }

    /// Takes in a stretch of the source.
    pub(super) fn stretch(&mut self, from: usize, to: usize) {
        self.piece(Piece { from, to, own: false });
    }

    fn piece(&mut self, next: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.to == next.from && last.own == next.own => last.to = next.to,
            _ => {
                if self.pieces.len() == PIECES_MAX || self.own.len() > OWN_BYTES_MAX {
                    self.flush(next);
                } else {
                    self.pieces.push(next);
                }
            }
        }
    }

    /// The digest an algorithm asks for.
    pub(super) fn finish(mut self, algorithm: Algorithm) -> Vec<u8> {
        if self.running.is_some() {
            self.flush(Piece { from: 0, to: 0, own: true });
        }
        match (self.running.take(), algorithm) {
            (Some(running), Algorithm::Sm2Sm3) => running.sm3.finalize().to_vec(),
            (Some(running), Algorithm::RsaSha1) => running.sha1.finish().as_ref().to_vec(),
            (Some(running), Algorithm::RsaSha256) => running.sha256.finish().as_ref().to_vec(),
            (None, Algorithm::Sm2Sm3) => {
                let mut hash = Sm3::new();
                self.pieces().for_each(|piece| hash.update(piece));
                hash.finalize().to_vec()
            }
            (None, Algorithm::RsaSha1) => self.hashed(&SHA1_FOR_LEGACY_USE_ONLY),
            (None, Algorithm::RsaSha256) => self.hashed(&SHA256),
        }
    }

    fn hashed(&self, algorithm: &'static aws_lc_rs::digest::Algorithm) -> Vec<u8> {
        let mut hash = Context::new(algorithm);
        self.pieces().for_each(|piece| hash.update(piece));
        hash.finish().as_ref().to_vec()
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| {
            let whole = if piece.own { &self.own } else { self.source.as_bytes() };
            whole.get(piece.from..piece.to).unwrap_or_default()
        })
    }

    /// Hashes everything, and `last` behind it.
    fn flush(&mut self, last: Piece) {
        self.pieces.push(last);
        let mut running = self.running.take().unwrap_or_else(|| {
            Box::new(Running {
                sm3: Sm3::new(),
                sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
                sha256: Context::new(&SHA256),
            })
        });
        for piece in self.pieces() {
            running.sm3.update(piece);
            running.sha1.update(piece);
            running.sha256.update(piece);
        }
        self.running = Some(running);
        self.pieces.clear();
        self.own.clear();
    }
}

impl Sink for DigestSink<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let from = self.own.len();
        self.own.extend_from_slice(bytes);
        self.piece(Piece { from, to: self.own.len(), own: true });
    }

    fn put_source(&mut self, _: &str, from: usize, to: usize) {
        self.stretch(from, to);
    }
}
