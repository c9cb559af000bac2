//! Verification with RSA keys, PKCS#1 v1.5, 1024 to 8192 bits: cards issued before 2022-07-01
//! hold 1024-bit keys and stay valid until they expire.

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Reader, SliceReader};

/// An RSA public key, parsed once for each digest.
#[derive(Debug)]
pub(crate) struct RsaKey {
    sha1: ParsedPublicKey,
    sha256: ParsedPublicKey,
    bits: u32,
}

impl RsaKey {
    /// Reads the `RSAPublicKey` of a certificate. `None` when it is none, or not within 1024 to
    /// 8192 bits.
    pub(crate) fn from_der(der: &[u8]) -> Option<RsaKey> {
        let bits = modulus_bits(der)?;
        if !(1024..=8192).contains(&bits) {
            return None;
        }
        let sha1 = ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, der);
        let sha256 = ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, der);
        Some(RsaKey { sha1: sha1.ok()?, sha256: sha256.ok()?, bits })
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    pub(crate) fn verify_sha1(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sha1.verify_sig(message, signature).is_ok()
    }

    pub(crate) fn verify_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sha256.verify_sig(message, signature).is_ok()
    }
}

fn modulus_bits(der: &[u8]) -> Option<u32> {
    let mut reader = SliceReader::new(der).ok()?;
    let modulus = reader.sequence(|fields| {
        let modulus = UintRef::decode(fields)?;
        UintRef::decode(fields)?;
        x509_cert::der::Result::Ok(modulus.as_bytes())
    });
    let modulus = modulus.ok()?;
    let first = modulus.first()?;
    let bytes = u32::try_from(modulus.len()).ok()?;
    bytes.checked_mul(8)?.checked_sub(first.leading_zeros())
}
