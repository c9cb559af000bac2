//! Making X.509 certificates: the fields of the request, encoded as DER and signed.

use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::name::Name;
use x509_cert::time::Time as CertificateTime;

use super::{CertificateRequest, KeyError, RsaHash, Secret};
use crate::certificate::Certificate;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// `{1.2.156.10197.1.501}` SM2 with SM3, no parameters.
const SM2_WITH_SM3: &[u8] = &[0x06, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75];
/// `{1.2.840.113549.1.1.11}` RSA with SHA-256, NULL.
const RSA_WITH_SHA256: &[u8] =
    &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0];
/// `{1.2.840.10045.2.1}` elliptic curve key on `{1.2.156.10197.1.301}` sm2p256v1.
const SM2_KEY: &[u8] = &[
    0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, //
    0x06, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d,
];
/// `{1.2.840.113549.1.1.1}` RSA, NULL.
const RSA_KEY: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0];
/// Basic constraints, critical: may issue certificates.
const IS_AUTHORITY: &[u8] =
    &[0x06, 3, 0x55, 0x1d, 0x13, 0x01, 1, 0xff, OCTET_STRING, 5, SEQUENCE, 3, 0x01, 1, 0xff];
/// Key usage, critical: signs certificates and revocation lists.
const SIGNS_CERTIFICATES: &[u8] =
    &[0x06, 3, 0x55, 0x1d, 0x0f, 0x01, 1, 0xff, OCTET_STRING, 4, BIT_STRING, 2, 1, 0x06];
/// Key usage, critical: signs documents that cannot be denied later.
const SIGNS_DOCUMENTS: &[u8] =
    &[0x06, 3, 0x55, 0x1d, 0x0f, 0x01, 1, 0xff, OCTET_STRING, 4, BIT_STRING, 2, 6, 0xc0];

const MILLIS_PER_SECOND: i64 = 1000;
const SERIAL_BYTES_MAX: usize = 20;

/// A request that has been checked, each part in DER.
pub(super) struct Subject {
    name: Vec<u8>,
    serial: Vec<u8>,
    validity: Vec<u8>,
    key: Vec<u8>,
    authority: bool,
}

impl Subject {
    pub(super) fn parse(
        request: &CertificateRequest,
        secret: &Secret,
    ) -> Result<Subject, KeyError> {
        let key_algorithm = match secret {
            Secret::Sm2(_) => SM2_KEY,
            Secret::Rsa(_) => RSA_KEY,
        };
        let key = tlv(
            SEQUENCE,
            &[&tlv(SEQUENCE, &[key_algorithm]), &tlv(BIT_STRING, &[&[0], &secret.public_der()?])],
        );
        Ok(Subject {
            name: name(&request.subject)?,
            serial: serial(&request.serial)?,
            validity: validity(request)?,
            key,
            authority: request.authority,
        })
    }

    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }
}

/// Makes the certificate of `subject`, signed by `signer`, whose name is `issuer` (DER).
pub(super) fn certificate(
    subject: &Subject,
    issuer: &[u8],
    signer: &Secret,
) -> Result<Certificate, KeyError> {
    let algorithm = tlv(
        SEQUENCE,
        &[match signer {
            Secret::Sm2(_) => SM2_WITH_SM3,
            Secret::Rsa(_) => RSA_WITH_SHA256,
        }],
    );
    let extensions = match subject.authority {
        true => [tlv(SEQUENCE, &[IS_AUTHORITY]), tlv(SEQUENCE, &[SIGNS_CERTIFICATES])].concat(),
        false => tlv(SEQUENCE, &[SIGNS_DOCUMENTS]),
    };
    let version_3: &[u8] = &[INTEGER, 1, 2];
    let signed = tlv(
        SEQUENCE,
        &[
            &tlv(VERSION, &[version_3]),
            &subject.serial,
            &algorithm,
            issuer,
            &subject.validity,
            &subject.name,
            &subject.key,
            &tlv(EXTENSIONS, &[&tlv(SEQUENCE, &[&extensions])]),
        ],
    );
    let signature = sign(signer, &signed)?;
    let der = tlv(SEQUENCE, &[&signed, &algorithm, &tlv(BIT_STRING, &[&[0], &signature])]);
    Ok(Certificate::from_der(&der)?)
}

/// The subject of an authority's certificate, as DER.
pub(super) fn authority_name(certificate: &Certificate) -> Result<Vec<u8>, KeyError> {
    let parsed = x509_cert::Certificate::from_der(certificate.der());
    let parsed = parsed.map_err(|_| KeyError::Operation)?;
    let tbs = parsed.tbs_certificate();
    match tbs.get_extension::<BasicConstraints>() {
        Ok(Some((_, constraints))) if constraints.ca => {}
        _ => return Err(KeyError::NotAuthority),
    }
    tbs.subject().to_der().map_err(|_| KeyError::Operation)
}

/// The public key of a certificate as it stands in its bit string.
pub(super) fn public_key_der(certificate: &Certificate) -> Result<Vec<u8>, KeyError> {
    let parsed = x509_cert::Certificate::from_der(certificate.der());
    let parsed = parsed.map_err(|_| KeyError::Operation)?;
    let key = &parsed.tbs_certificate().subject_public_key_info().subject_public_key;
    Ok(key.raw_bytes().to_vec())
}

/// Certificates carry the SM2 value as a DER sequence, messages as 64 raw bytes.
fn sign(signer: &Secret, signed: &[u8]) -> Result<Vec<u8>, KeyError> {
    match signer {
        Secret::Sm2(key) => {
            let signature: sm2::dsa::Signature =
                sm2::dsa::signature::Signer::try_sign(&key.signing, signed)
                    .map_err(|_| KeyError::Operation)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        Secret::Rsa(key) => super::sign_rsa(key, RsaHash::Sha256, signed),
    }
}

fn name(text: &str) -> Result<Vec<u8>, KeyError> {
    let wrong = || KeyError::Subject(text.to_owned());
    let name: Name = text.parse().map_err(|_| wrong())?;
    if name.is_empty() {
        return Err(wrong());
    }
    name.to_der().map_err(|_| wrong())
}

fn serial(text: &str) -> Result<Vec<u8>, KeyError> {
    let wrong = || KeyError::Serial(text.to_owned());
    if !text.is_ascii() || !text.len().is_multiple_of(2) || text.is_empty() {
        return Err(wrong());
    }
    let digits = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16));
    let mut bytes = digits.collect::<Result<Vec<u8>, _>>().map_err(|_| wrong())?;
    while bytes.len() > 1 && bytes[0] == 0 {
        bytes.remove(0);
    }
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    if bytes.len() > SERIAL_BYTES_MAX {
        return Err(wrong());
    }
    Ok(tlv(INTEGER, &[&bytes]))
}

fn validity(request: &CertificateRequest) -> Result<Vec<u8>, KeyError> {
    if request.not_after < request.not_before {
        return Err(KeyError::Validity);
    }
    let time = |at: kernel::Time| {
        let seconds = u64::try_from(at.to_millis().div_euclid(MILLIS_PER_SECOND)).ok()?;
        let duration = std::time::Duration::from_secs(seconds);
        let date_time = x509_cert::der::DateTime::from_unix_duration(duration).ok()?;
        CertificateTime::from(date_time).to_der().ok()
    };
    match (time(request.not_before), time(request.not_after)) {
        (Some(from), Some(to)) => Ok(tlv(SEQUENCE, &[&from, &to])),
        _ => Err(KeyError::Validity),
    }
}

/// One DER value: tag, length, the parts one after another.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 5);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            out.push(0x80 | digits.len().to_le_bytes()[0]);
            out.extend_from_slice(digits);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
