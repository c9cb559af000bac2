//! What `kouan verify` says about a file.

use kernel::Finding;
use serde::Serialize;

use super::{Algorithm, Verification};
use crate::certificate::Certificate;

/// The verdict on the signature of one file, in its wire form.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// The file as named by the user.
    pub file: String,
    /// Whether there is a signature at all.
    pub signed: bool,
    /// Its algorithm, when known: `SM2-SM3`, `RSA-SHA1`, `RSA-SHA256`.
    pub algorithm: Option<Algorithm>,
    /// Whether the document is the one that was signed.
    pub digest_ok: bool,
    /// Whether the enclosed certificate's key made the signature.
    pub signature_ok: bool,
    /// The enclosed certificate, when it can be read.
    pub certificate: Option<Certificate>,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// The report on a file whose signature was verified.
    pub fn new(file: impl Into<String>, verification: Verification) -> VerifyReport {
        VerifyReport {
            file: file.into(),
            signed: verification.signed,
            algorithm: verification.algorithm,
            digest_ok: verification.digest_ok,
            signature_ok: verification.signature_ok,
            certificate: verification.certificate.map(|held| held.as_ref().clone()),
            findings: verification.findings,
        }
    }
}
