//! Verifying a message's signature.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use kernel::Finding;

use super::digest::DigestSink;
use super::element::SignatureElement;
use super::fault::Fault;
use super::{Algorithm, DS, Spelling, precedes_extension};
use crate::base64;
use crate::c14n::{Step, Walk, XmlFault, decode};
use crate::certificate::{Certificate, PublicKey};

/// Certificates kept parsed, up to 170 KB each with the tables of their keys.
const CACHED_CERTIFICATES_MAX: usize = 256;
const DEPTH_OF_ROOT: usize = 1;

static SHARED: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(CACHED_CERTIFICATES_MAX));

/// What a message's signature is worth.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Whether there is a Signature at all.
    pub signed: bool,
    /// Its algorithm, when known.
    pub algorithm: Option<Algorithm>,
    /// Which names the algorithm goes by, when known.
    pub spelling: Option<Spelling>,
    /// Whether the document is the one that was signed.
    pub digest_ok: bool,
    /// Whether the enclosed certificate's key made the signature.
    pub signature_ok: bool,
    /// The enclosed certificate, when it can be read. Whether it is in force, whose it is and who
    /// issued it is not judged here.
    pub certificate: Option<Arc<Certificate>>,
    /// The KeyName as it stands: by the rules the serial number of the certificate.
    pub key_name: Option<String>,
    /// Everything that is wrong; codes `signature.…`. An unsigned message has `signature.missing`.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether the whole document is signed by the enclosed certificate's key.
    pub fn is_good(&self) -> bool {
        self.signed && self.digest_ok && self.signature_ok
    }
}

/// Verifies the signature of a message, with a cache of certificates shared by the whole program.
pub fn verify(xml: &[u8]) -> Verification {
    SHARED.verify(xml)
}

/// Verifies signatures and remembers the certificates of those who sign.
pub struct Verifier {
    cache: Mutex<Cache>,
}

impl Verifier {
    /// One that keeps at most this many certificates.
    pub fn new(certificates_max: usize) -> Verifier {
        let cache = Cache { half: certificates_max.div_ceil(2).max(1), ..Cache::default() };
        Verifier { cache: Mutex::new(cache) }
    }

    /// Verifies the signature of a message: XML in UTF-8, with or without byte order mark.
    pub fn verify(&self, xml: &[u8]) -> Verification {
        let examined = decode(xml).and_then(|source| {
            let examined = examine(&source)?;
            Ok(self.judge(examined))
        });
        examined.unwrap_or_else(|fault| Verification {
            findings: vec![fault.finding("signature.not_xml")],
            ..Verification::default()
        })
    }

    fn judge(&self, examined: Examined<'_>) -> Verification {
        let Some(element) = examined.element else {
            let faults =
                if examined.faults.is_empty() { vec![Fault::Unsigned] } else { examined.faults };
            let signed = !faults.contains(&Fault::Unsigned);
            return Verification { signed, findings: findings(&faults), ..Verification::default() };
        };
        let mut faults = examined.faults;
        faults.extend(element.faults.iter().cloned());
        let sound = faults.is_empty();
        let spelling = Spelling::of(element.signature_method, element.digest_method);
        let algorithm = spelling.map(Spelling::algorithm);
        if algorithm.is_none() && !element.signature_method.is_empty() {
            let pair = format!("{} + {}", element.signature_method, element.digest_method);
            faults.push(Fault::Algorithm(pair));
        }
        let digest_ok = algorithm.is_some_and(|algorithm| {
            let ok = base64::decode(&element.digest) == Some(examined.digest.finish(algorithm));
            if !ok {
                faults.push(Fault::Digest);
            }
            ok
        });
        let certificate = self.certificate(&element, &mut faults);
        let signature_ok = match (&certificate, algorithm) {
            (Some(certificate), Some(algorithm)) => {
                check_value(certificate, algorithm, &element, &mut faults)
            }
            _ => false,
        };
        if let (Some(certificate), Some(name)) = (&certificate, &element.key_name)
            && !certificate.has_serial(name)
        {
            faults.push(Fault::KeyName(name.to_string(), certificate.serial.clone()));
        }
        Verification {
            signed: true,
            algorithm,
            spelling,
            digest_ok: digest_ok && sound,
            signature_ok: signature_ok && sound,
            certificate,
            key_name: element.key_name.map(Cow::into_owned),
            findings: findings(&faults),
        }
    }

    fn certificate(
        &self,
        element: &SignatureElement<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<Certificate>> {
        let Some(text) = &element.certificate else {
            faults.push(Fault::CertificateMissing);
            return None;
        };
        if let Some(known) = self.lock().find(text) {
            return Some(known);
        }
        let Some(der) = base64::decode(text) else {
            faults.push(Fault::CertificateMalformed("not base64".to_owned()));
            return None;
        };
        match Certificate::from_der(&der) {
            Ok(certificate) => {
                let certificate = Arc::new(certificate);
                self.lock().keep(text.as_ref().into(), Arc::clone(&certificate));
                Some(certificate)
            }
            Err(error) => {
                faults.push(Fault::CertificateMalformed(error.to_string()));
                None
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two generations: when the young one is full it becomes the old one and the old one goes. What
/// is asked for again moves to the young one, so the certificates in use stay. They are known by
/// their text as it stands in a message, so that one who signs again costs no decoding.
#[derive(Default)]
struct Cache {
    half: usize,
    young: HashMap<Box<str>, Arc<Certificate>>,
    old: HashMap<Box<str>, Arc<Certificate>>,
}

impl Cache {
    fn find(&mut self, text: &str) -> Option<Arc<Certificate>> {
        if let Some(found) = self.young.get(text) {
            return Some(Arc::clone(found));
        }
        let (text, found) = self.old.remove_entry(text)?;
        self.keep(text, Arc::clone(&found));
        Some(found)
    }

    fn keep(&mut self, text: Box<str>, certificate: Arc<Certificate>) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, certificate);
    }
}

/// What one pass over a document finds.
struct Examined<'x> {
    digest: DigestSink<'x>,
    element: Option<SignatureElement<'x>>,
    faults: Vec<Fault>,
}

fn examine(source: &str) -> Result<Examined<'_>, XmlFault> {
    let mut walk = Walk::new(source)?;
    let mut out = Examined { digest: DigestSink::new(source), element: None, faults: Vec::new() };
    let mut extension_first = false;
    let mut inside = false;
    let fault = |faults: &mut Vec<Fault>, fault| {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    };
    loop {
        if !inside
            && walk.depth() > DEPTH_OF_ROOT
            && let Some((from, to)) = walk.leaves()
        {
            out.digest.stretch(from, to);
        }
        let step = walk.step()?;
        if let Step::Start(element) = &step {
            let depth = walk.depth();
            if depth == DEPTH_OF_ROOT {
                extension_first = !precedes_extension(element.local);
            }
            if element.is(DS, "Signature") {
                if out.element.is_some() {
                    fault(&mut out.faults, Fault::Duplicate);
                } else if depth == DEPTH_OF_ROOT + 1 {
                    out.element = Some(SignatureElement::default());
                    inside = true;
                } else {
                    fault(&mut out.faults, Fault::Misplaced);
                }
            } else if depth == DEPTH_OF_ROOT + 1 {
                let extension = element.local == "ExtendMessage";
                let after = out.element.is_some();
                if (after && (extension_first || !extension))
                    || (!after && extension && !extension_first)
                {
                    fault(&mut out.faults, Fault::Misplaced);
                }
            }
        }
        match &mut out.element {
            Some(element) if inside => inside = !element.step(&walk, &step),
            _ => walk.write(&step, false, &mut out.digest),
        }
        if matches!(step, Step::Finish) {
            return Ok(out);
        }
    }
}

fn check_value(
    certificate: &Certificate,
    algorithm: Algorithm,
    element: &SignatureElement<'_>,
    faults: &mut Vec<Fault>,
) -> bool {
    let signed = &element.signed_info;
    let Some(value) = base64::decode(&element.value) else {
        faults.push(Fault::Malformed("SignatureValue 不是 base64", "SignatureValue is not base64"));
        return false;
    };
    let good = match (certificate.key(), algorithm) {
        (PublicKey::Sm2(key), Algorithm::Sm2Sm3) => key.verify(signed, &value),
        (PublicKey::Rsa(key), Algorithm::RsaSha1) => key.verify_sha1(signed, &value),
        (PublicKey::Rsa(key), Algorithm::RsaSha256) => key.verify_sha256(signed, &value),
        _ => {
            faults.push(Fault::CertificateAlgorithm(certificate.algorithm.to_string()));
            return false;
        }
    };
    if !good {
        faults.push(Fault::Signature);
    }
    good
}

fn findings(faults: &[Fault]) -> Vec<Finding> {
    faults.iter().map(Fault::finding).collect()
}
