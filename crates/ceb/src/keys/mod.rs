//! Signing keys with their certificates: PEM in and out, and keys for tests and stand-ins.
//!
//! Real signing keys of firms live in cards and hardware modules and never come here. These keys
//! serve tests, the customs stand-in, the demo and firms that keep a soft key at their own risk.
//! Chance and time are arguments, so the same seed gives the same keys.

use std::sync::Arc;

use kernel::Time;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use sm2::elliptic_curve::Generate;
use sm2::elliptic_curve::sec1::ToSec1Point;
use x509_cert::der::pem::encode_string;

pub use sm2::elliptic_curve::rand_core::CryptoRng;

use crate::certificate::{Certificate, CertificateError, KeyAlgorithm};
use crate::keys::issue::Subject;
use crate::signature::sm2::DEFAULT_USER_ID;

mod issue;

/// Which kind of key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// SM2, 256 bits.
    Sm2,
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 1024 bits: only to stand in for cards issued before 2022-07-01.
    Rsa1024,
}

/// What a new certificate shall say.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    /// Distinguished name in RFC 4514 form, most specific first: `CN=…,O=…,C=CN`.
    pub subject: String,
    /// Serial number in hexadecimal, 2 to 40 digits, an even number of them.
    pub serial: String,
    /// First instant of validity; whole seconds.
    pub not_before: Time,
    /// Last instant of validity; whole seconds, not before `not_before`.
    pub not_after: Time,
    /// Whether the certificate may issue others.
    pub authority: bool,
}

/// Why a key cannot be read, made or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The private key is not PKCS#8 PEM of an SM2 or RSA key.
    #[error("not a PKCS#8 PEM of an SM2 or RSA private key")]
    Private,
    /// The certificate cannot be read.
    #[error("certificate not readable")]
    Certificate(#[from] CertificateError),
    /// The certificate certifies another key.
    #[error("the certificate belongs to another key")]
    Mismatch,
    /// The subject is no RFC 4514 name.
    #[error("subject {0:?} is no distinguished name such as CN=…,O=…,C=CN")]
    Subject(String),
    /// The serial number is not 2 to 40 hexadecimal digits, an even number of them.
    #[error("serial {0:?} is not 2 to 40 hexadecimal digits, an even number of them")]
    Serial(String),
    /// The validity ends before it begins or lies outside the years 1970 to 9999.
    #[error("validity ends before it begins or lies outside the years 1970 to 9999")]
    Validity,
    /// The issuing key's certificate is not one of an authority.
    #[error("the issuing certificate is not one of an authority")]
    NotAuthority,
    /// The key could not be made or used.
    #[error("key operation failed")]
    Operation,
}

/// A private key with the certificate of its public half.
#[derive(Clone)]
pub struct SigningKey {
    secret: Secret,
    certificate: Arc<Certificate>,
}

/// A private key and its certificate as PEM texts.
#[derive(Clone)]
pub struct KeyPem {
    /// `-----BEGIN PRIVATE KEY-----`, PKCS#8, not encrypted.
    pub private: String,
    /// `-----BEGIN CERTIFICATE-----`.
    pub certificate: String,
}

#[derive(Clone)]
pub(crate) enum Secret {
    Sm2(Arc<Sm2Secret>),
    // RUSTSEC-2023-0071: the timing of private-key operations of this crate may leak the key to
    // one who can measure many of them over the network. No real card key comes here; soft keys
    // for tests and stand-ins do. Verification uses another library.
    Rsa(Arc<rsa::RsaPrivateKey>),
}

pub(crate) struct Sm2Secret {
    secret: sm2::SecretKey,
    pub(crate) signing: sm2::dsa::SigningKey,
}

impl SigningKey {
    /// Reads a private key (PKCS#8 PEM, not encrypted) and the certificate of its public half.
    ///
    /// # Errors
    /// When either is not readable, or they do not belong together.
    pub fn from_pem(private: &str, certificate: &str) -> Result<SigningKey, KeyError> {
        let secret = Secret::from_pem(private)?;
        SigningKey::assemble(secret, Certificate::from_pem(certificate)?)
    }

    /// Makes a key and a certificate signed by itself.
    ///
    /// # Errors
    /// When the request is faulty; see [`KeyError`].
    pub fn generate(
        kind: KeyKind,
        request: &CertificateRequest,
        rng: &mut impl CryptoRng,
    ) -> Result<SigningKey, KeyError> {
        let secret = Secret::generate(kind, rng)?;
        let subject = Subject::parse(request, &secret)?;
        let certificate = issue::certificate(&subject, subject.name(), &secret)?;
        SigningKey::assemble(secret, certificate)
    }

    /// Makes a key and a certificate for it that this key, an authority's, signs.
    ///
    /// # Errors
    /// When the request is faulty or this key's certificate is not one of an authority.
    pub fn issue(
        &self,
        kind: KeyKind,
        request: &CertificateRequest,
        rng: &mut impl CryptoRng,
    ) -> Result<SigningKey, KeyError> {
        let issuer = issue::authority_name(&self.certificate)?;
        let secret = Secret::generate(kind, rng)?;
        let subject = Subject::parse(request, &secret)?;
        let certificate = issue::certificate(&subject, &issuer, &self.secret)?;
        SigningKey::assemble(secret, certificate)
    }

    /// The certificate of the public half.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// Kind of the key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.certificate.algorithm
    }

    /// Both halves as PEM.
    ///
    /// # Errors
    /// [`KeyError::Operation`] when the key cannot be encoded.
    pub fn to_pem(&self) -> Result<KeyPem, KeyError> {
        let private = match &self.secret {
            Secret::Sm2(key) => key.secret.to_pkcs8_pem(LineEnding::LF),
            Secret::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        let private = private.map_err(|_| KeyError::Operation)?.to_string();
        Ok(KeyPem { private, certificate: self.certificate.to_pem()? })
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    fn assemble(secret: Secret, certificate: Certificate) -> Result<SigningKey, KeyError> {
        if secret.public_der()? != issue::public_key_der(&certificate)? {
            return Err(KeyError::Mismatch);
        }
        Ok(SigningKey { secret, certificate: Arc::new(certificate) })
    }
}

/// Never shows the private half.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Secret {
    fn from_pem(pem: &str) -> Result<Secret, KeyError> {
        let pem = pem.trim();
        if let Ok(secret) = sm2::SecretKey::from_pkcs8_pem(pem) {
            return Secret::of_sm2(secret);
        }
        match rsa::RsaPrivateKey::from_pkcs8_pem(pem) {
            Ok(key) => Ok(Secret::Rsa(Arc::new(key))),
            Err(_) => Err(KeyError::Private),
        }
    }

    fn generate(kind: KeyKind, rng: &mut impl CryptoRng) -> Result<Secret, KeyError> {
        let rsa = |rng: &mut _, bits| {
            let key = rsa::RsaPrivateKey::new(rng, bits);
            key.map(|key| Secret::Rsa(Arc::new(key))).map_err(|_| KeyError::Operation)
        };
        match kind {
            KeyKind::Sm2 => Secret::of_sm2(sm2::SecretKey::generate_from_rng(rng)),
            KeyKind::Rsa2048 => rsa(rng, 2048),
            KeyKind::Rsa1024 => rsa(rng, 1024),
        }
    }

    fn of_sm2(secret: sm2::SecretKey) -> Result<Secret, KeyError> {
        let signing = sm2::dsa::SigningKey::new(DEFAULT_USER_ID, &secret);
        let signing = signing.map_err(|_| KeyError::Operation)?;
        Ok(Secret::Sm2(Arc::new(Sm2Secret { secret, signing })))
    }

    /// The public half as it stands in a certificate's bit string.
    fn public_der(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Secret::Sm2(key) => {
                Ok(key.secret.public_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Secret::Rsa(key) => {
                let der = key.to_public_key().to_pkcs1_der().map_err(|_| KeyError::Operation)?;
                Ok(der.as_bytes().to_vec())
            }
        }
    }
}

/// With which digest an RSA key signs.
#[derive(Clone, Copy)]
pub(crate) enum RsaHash {
    Sha1,
    Sha256,
}

/// DER of a `DigestInfo` up to the digest (RFC 8017, 9.2).
const SHA1_PREFIX: &[u8] =
    &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 5, 0, 4, 0x14];
const SHA256_PREFIX: &[u8] = &[
    0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 5, 0, 4, 0x20,
];

/// PKCS#1 v1.5. The same library makes both, because the one that verifies signs no SHA-1.
pub(crate) fn sign_rsa(
    key: &rsa::RsaPrivateKey,
    hash: RsaHash,
    message: &[u8],
) -> Result<Vec<u8>, KeyError> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
    let (prefix, digest) = match hash {
        RsaHash::Sha1 => (SHA1_PREFIX, digest(&SHA1_FOR_LEGACY_USE_ONLY, message)),
        RsaHash::Sha256 => (SHA256_PREFIX, digest(&SHA256, message)),
    };
    let hash_len = Some(digest.as_ref().len());
    let padding = rsa::Pkcs1v15Sign { hash_len, prefix: prefix.into() };
    key.sign(padding, digest.as_ref()).map_err(|_| KeyError::Operation)
}

/// PEM text with line feeds.
pub(crate) fn pem(label: &'static str, der: &[u8]) -> Result<String, KeyError> {
    encode_string(label, LineEnding::LF, der).map_err(|_| KeyError::Operation)
}
