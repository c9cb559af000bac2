//! X.509 certificates of message signers: SM2 and RSA, from DER or PEM.
//!
//! A certificate here says whose key signed; whether that signer may speak for a firm, whether
//! the certificate is in force on a day and who issued it is for the caller to judge, with
//! [`Certificate::in_force`] and [`Certificate::is_issued_by`].

use std::sync::Arc;

use kernel::Time;
use serde::{Serialize, Serializer};
use sm3::{Digest, Sm3};
use x509_cert::der::asn1::{BmpString, Utf8StringRef};
use x509_cert::der::{Decode, DecodePem, Encode, Tag, Tagged};
use x509_cert::name::Name;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use crate::signature::Algorithm;
use crate::signature::rsa::RsaKey;
use crate::signature::sm2::Sm2Key;

/// Largest certificate read, in bytes of DER. Real ones are about 1 KB.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

const OID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const OID_SM2_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
const OID_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const OID_SM2_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");
const OID_RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const OID_RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const OID_COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// What kind of key a certificate certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// SM2 on the curve sm2p256v1 (GB/T 32918), the national algorithm.
    Sm2,
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Bits of the modulus: 1024 in old cards, 2048 in newer ones.
        bits: u32,
    },
    /// Anything else; such a key verifies nothing here.
    Other,
}

impl std::fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyAlgorithm::Sm2 => f.write_str("SM2"),
            KeyAlgorithm::Rsa { bits } => write!(f, "RSA-{bits}"),
            KeyAlgorithm::Other => f.write_str("other"),
        }
    }
}

impl Serialize for KeyAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a certificate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Longer than [`CERTIFICATE_BYTES_MAX`].
    #[error("certificate longer than {CERTIFICATE_BYTES_MAX} bytes")]
    TooLong,
    /// Not an X.509 certificate, or not DER.
    #[error("not an X.509 certificate: {0}")]
    Malformed(String),
}

/// A parsed certificate. The key inside is ready to verify.
#[derive(Clone)]
pub struct Certificate {
    /// Serial number in lower-case hexadecimal, two digits a byte, such as `03000000000cde6f`.
    /// Messages name the certificate by it (`ds:KeyName`).
    pub serial: String,
    /// Distinguished name of the holder, most specific first, such as `CN=…,O=…,C=CN`.
    pub subject: String,
    /// Common name of the holder alone, when there is one: for firms the registered name or code.
    pub common_name: Option<String>,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// First instant of validity.
    pub not_before: Time,
    /// Last instant of validity.
    pub not_after: Time,
    /// Kind of the certified key.
    pub algorithm: KeyAlgorithm,
    /// SM3 of the DER bytes in lower-case hexadecimal, 64 digits. Names the certificate uniquely.
    pub fingerprint: String,
    der: Arc<[u8]>,
    key: PublicKey,
    issuance: Issuance,
}

/// The key of a certificate, ready to verify.
#[derive(Clone)]
pub(crate) enum PublicKey {
    Sm2(Arc<Sm2Key>),
    Rsa(Arc<RsaKey>),
    Other,
}

/// The part of a certificate that proves its issuer.
#[derive(Clone)]
struct Issuance {
    signed: Arc<[u8]>,
    algorithm: ObjectIdentifier,
    signature: Arc<[u8]>,
    subject: Arc<[u8]>,
    issuer: Arc<[u8]>,
}

impl Certificate {
    /// Reads one certificate from DER.
    ///
    /// # Errors
    /// When it is longer than [`CERTIFICATE_BYTES_MAX`] or not an X.509 certificate. A key of
    /// unknown kind is no error; it shows as [`KeyAlgorithm::Other`].
    pub fn from_der(der: &[u8]) -> Result<Certificate, CertificateError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLong);
        }
        let malformed =
            |error: x509_cert::der::Error| CertificateError::Malformed(error.to_string());
        let parsed = x509_cert::Certificate::from_der(der).map_err(malformed)?;
        let tbs = parsed.tbs_certificate();
        // A signature is whole bytes: bits declared unused would give one certificate two forms.
        let signature = parsed.signature().as_bytes().ok_or_else(|| {
            CertificateError::Malformed("the signature is not whole bytes".to_owned())
        })?;
        let (algorithm, key) = public_key(&parsed).map_err(malformed)?;
        let validity = tbs.validity();
        Ok(Certificate {
            serial: hex(significant(tbs.serial_number().as_bytes())),
            subject: distinguished_name(tbs.subject()),
            common_name: common_name(tbs.subject()),
            issuer: distinguished_name(tbs.issuer()),
            not_before: instant(validity.not_before),
            not_after: instant(validity.not_after),
            algorithm,
            fingerprint: hex(&Sm3::digest(der)),
            der: der.into(),
            key,
            issuance: Issuance {
                signed: signed_part(der).map_err(malformed)?.into(),
                algorithm: parsed.signature_algorithm().oid,
                signature: signature.into(),
                subject: tbs.subject().to_der().map_err(malformed)?.into(),
                issuer: tbs.issuer().to_der().map_err(malformed)?.into(),
            },
        })
    }

    /// Reads one certificate from PEM (`-----BEGIN CERTIFICATE-----`).
    ///
    /// # Errors
    /// As [`Certificate::from_der`], and when the text is not PEM.
    pub fn from_pem(pem: &str) -> Result<Certificate, CertificateError> {
        let parsed = x509_cert::Certificate::from_pem(pem.trim().as_bytes())
            .and_then(|certificate| certificate.to_der())
            .map_err(|error| CertificateError::Malformed(error.to_string()))?;
        Certificate::from_der(&parsed)
    }

    /// The certificate as PEM, lines ended by a line feed.
    ///
    /// # Errors
    /// When it cannot be encoded, which does not happen to one that was read.
    pub fn to_pem(&self) -> Result<String, crate::keys::KeyError> {
        crate::keys::pem("CERTIFICATE", &self.der)
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether `at` lies in the validity of the certificate, both ends included.
    pub fn in_force(&self, at: Time) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// Whether `issuer` issued this certificate: the names fit and the signature verifies. For a
    /// self-signed certificate, ask with itself.
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        let own = &self.issuance;
        if own.issuer != issuer.issuance.subject {
            return false;
        }
        match (&issuer.key, own.algorithm) {
            (PublicKey::Sm2(key), OID_SM2_SM3) => key.verify(&own.signed, &own.signature),
            (PublicKey::Rsa(key), OID_RSA_SHA1) => key.verify_sha1(&own.signed, &own.signature),
            (PublicKey::Rsa(key), OID_RSA_SHA256) => key.verify_sha256(&own.signed, &own.signature),
            _ => false,
        }
    }

    /// Whether a `ds:KeyName` names this certificate: the same serial, case and leading zeros
    /// aside.
    pub fn has_serial(&self, key_name: &str) -> bool {
        let bare = |text: &str| text.trim().trim_start_matches('0').to_ascii_lowercase();
        bare(&self.serial) == bare(key_name)
    }

    /// Whether `signature` is this certificate's key's over `message`: the bare operation, to
    /// measure it by. A message's signature is judged by [`crate::signature::verify`].
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (&self.key, algorithm) {
            (PublicKey::Sm2(key), Algorithm::Sm2Sm3) => key.verify(message, signature),
            (PublicKey::Rsa(key), Algorithm::RsaSha1) => key.verify_sha1(message, signature),
            (PublicKey::Rsa(key), Algorithm::RsaSha256) => key.verify_sha256(message, signature),
            _ => false,
        }
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("serial", &self.serial)
            .field("subject", &self.subject)
            .field("algorithm", &self.algorithm)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Certificate) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Two certificates are the same when their bytes are; the wire form shows what people compare,
/// with times in RFC 3339.
impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Certificate", 7)?;
        out.serialize_field("serial", &self.serial)?;
        out.serialize_field("subject", &self.subject)?;
        out.serialize_field("issuer", &self.issuer)?;
        out.serialize_field("not_before", &self.not_before.to_rfc3339())?;
        out.serialize_field("not_after", &self.not_after.to_rfc3339())?;
        out.serialize_field("algorithm", &self.algorithm)?;
        out.serialize_field("fingerprint", &self.fingerprint)?;
        out.end()
    }
}

fn public_key(
    parsed: &x509_cert::Certificate,
) -> Result<(KeyAlgorithm, PublicKey), x509_cert::der::Error> {
    let der = parsed.tbs_certificate().subject_public_key_info().to_der()?;
    let spki = SubjectPublicKeyInfoRef::from_der(&der)?;
    let bits = spki.subject_public_key.raw_bytes();
    let curve = || spki.algorithm.parameters_oid().ok();
    Ok(match spki.algorithm.oid {
        OID_EC_PUBLIC_KEY if curve() == Some(OID_SM2_CURVE) => match Sm2Key::from_point(bits) {
            Some(key) => (KeyAlgorithm::Sm2, PublicKey::Sm2(Arc::new(key))),
            None => return Err(Tag::BitString.value_error().into()),
        },
        OID_RSA => match RsaKey::from_der(bits) {
            Some(key) => (KeyAlgorithm::Rsa { bits: key.bits() }, PublicKey::Rsa(Arc::new(key))),
            None => (KeyAlgorithm::Other, PublicKey::Other),
        },
        _ => (KeyAlgorithm::Other, PublicKey::Other),
    })
}

/// The DER of the TBSCertificate exactly as it stands in the certificate: what the issuer signed.
fn signed_part(der: &[u8]) -> Result<&[u8], x509_cert::der::Error> {
    use x509_cert::der::{Header, Reader, SliceReader};
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?;
    reader.tlv_bytes()
}

fn significant(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        _ => serial,
    }
}

fn instant(time: x509_cert::time::Time) -> Time {
    let millis = time.to_unix_duration().as_millis();
    Time::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// RFC 4514 text, with the UTF-16 strings (BMPString) that chinaport cards use spelled out too.
fn distinguished_name(name: &Name) -> String {
    let mut out = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for part in parts.iter().rev() {
        for (index, attribute) in part.iter().enumerate() {
            if !out.is_empty() {
                out.push(if index == 0 { ',' } else { '+' });
            }
            match wide_text(attribute) {
                Some(text) => {
                    out.push_str(short_name(&attribute.oid));
                    out.push('=');
                    escape_name(&text, &mut out);
                }
                None => out.push_str(&attribute.to_string()),
            }
        }
    }
    out
}

fn common_name(name: &Name) -> Option<String> {
    let attribute = name.iter().find(|attribute| attribute.oid == OID_COMMON_NAME)?;
    wide_text(attribute).or_else(|| {
        let value = &attribute.value;
        match value.tag() {
            Tag::Utf8String => {
                Utf8StringRef::try_from(value).ok().map(|text| text.as_str().to_owned())
            }
            _ => std::str::from_utf8(value.value()).ok().map(str::to_owned),
        }
    })
}

fn wide_text(attribute: &x509_cert::attr::AttributeTypeAndValue) -> Option<String> {
    if attribute.value.tag() != Tag::BmpString || short_name(&attribute.oid).is_empty() {
        return None;
    }
    BmpString::from_ucs2(attribute.value.value()).ok().map(|text| text.to_string())
}

fn short_name(oid: &ObjectIdentifier) -> &'static str {
    match oid.as_bytes() {
        [0x55, 0x04, 3] => "CN",
        [0x55, 0x04, 6] => "C",
        [0x55, 0x04, 7] => "L",
        [0x55, 0x04, 8] => "ST",
        [0x55, 0x04, 10] => "O",
        [0x55, 0x04, 11] => "OU",
        _ => "",
    }
}

fn escape_name(text: &str, out: &mut String) {
    for character in text.chars() {
        if matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
        }
        if !character.is_control() {
            out.push(character);
        }
    }
}
