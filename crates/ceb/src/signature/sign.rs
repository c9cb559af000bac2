//! Signing a message.

use super::digest::DigestSink;
use super::{Algorithm, C14N, DS, ENVELOPED, Spelling, precedes_extension};
use crate::base64;
use crate::c14n::{Part, Step, Walk, XmlFault, canonicalize, decode};
use crate::keys::{KeyError, RsaHash, Secret, SigningKey, sign_rsa};

/// Why a message cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Not well-formed XML.
    #[error("not XML that can be signed, line {}: {}", .0.line, .0.reason.en)]
    NotXml(XmlFault),
    /// In another encoding than UTF-8, with characters beyond ASCII.
    #[error("only UTF-8 documents are signed")]
    Encoding,
    /// There is a Signature already.
    #[error("the document is signed already")]
    AlreadySigned,
    /// The root element is written `<root/>`.
    #[error("the root element is empty")]
    Empty,
    /// The key is of another kind than the algorithm.
    #[error("the key is of another kind than the algorithm")]
    KeyMismatch,
    /// The key could not be used.
    #[error("signing failed")]
    Key(#[from] KeyError),
}

/// Signs a message: puts a Signature over the whole document into its place. All other bytes stay
/// as they are, but for a byte order mark, which is removed.
///
/// # Errors
/// See [`SignError`].
pub fn sign(xml: &[u8], key: &SigningKey, spelling: Spelling) -> Result<Vec<u8>, SignError> {
    let algorithm = spelling.algorithm();
    let fits = matches!(
        (key.secret(), algorithm),
        (Secret::Sm2(_), Algorithm::Sm2Sm3)
            | (Secret::Rsa(_), Algorithm::RsaSha1 | Algorithm::RsaSha256)
    );
    if !fits {
        return Err(SignError::KeyMismatch);
    }
    let source = decode(xml).map_err(SignError::NotXml)?;
    let std::borrow::Cow::Borrowed(source) = source else { return Err(SignError::Encoding) };
    let (place, digest) = survey(source)?;
    let (before, after) = source.split_at(place);
    let signed_info = signed_info(spelling, &base64::encode(digest.finish(algorithm)));
    let open = format!("<ds:Signature xmlns:ds=\"{DS}\">{signed_info}");
    let draft = [before, &open, "</ds:Signature>", after].concat();
    let message = canonicalize(draft.as_bytes(), Part::Element(DS, "SignedInfo"));
    let value = value(key.secret(), algorithm, &message.map_err(SignError::NotXml)?)?;
    let certificate = key.certificate();
    let close = format!(
        "<ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><ds:KeyName>{}</ds:KeyName>\
         <ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>",
        base64::encode(value),
        certificate.serial,
        base64::encode(certificate.der()),
    );
    Ok([before, &open, &close, after].concat().into_bytes())
}

/// Signs bytes that are no message: SM2 with SM3 and the usual user id, 64 raw bytes; RSA with
/// SHA-1, as the cards of before 2022 do. Gives the algorithm and the bare signature.
///
/// # Errors
/// [`SignError::Key`] when the key cannot be used.
pub fn sign_bytes(bytes: &[u8], key: &SigningKey) -> Result<(Algorithm, Vec<u8>), SignError> {
    let algorithm = match key.secret() {
        Secret::Sm2(_) => Algorithm::Sm2Sm3,
        Secret::Rsa(_) => Algorithm::RsaSha1,
    };
    Ok((algorithm, value(key.secret(), algorithm, bytes)?))
}

/// Where the Signature goes, and the canonical document.
fn survey(source: &str) -> Result<(usize, DigestSink<'_>), SignError> {
    let mut walk = Walk::new(source).map_err(SignError::NotXml)?;
    let mut digest = DigestSink::new(source);
    let mut place = None;
    let mut before_extension = false;
    loop {
        if walk.depth() > 1
            && let Some((from, to)) = walk.leaves()
        {
            digest.stretch(from, to);
        }
        let step = walk.step().map_err(SignError::NotXml)?;
        walk.write(&step, false, &mut digest);
        match step {
            Step::Start(element) if element.is(DS, "Signature") => {
                return Err(SignError::AlreadySigned);
            }
            Step::Start(element) if walk.depth() == 1 => {
                if element.empty {
                    return Err(SignError::Empty);
                }
                before_extension = precedes_extension(element.local);
            }
            Step::Start(element) if walk.depth() == 2 && element.local == "ExtendMessage" => {
                place = place.or(before_extension.then_some(element.from));
            }
            Step::End(ending) if walk.depth() == 0 => place = place.or(Some(ending.from)),
            Step::Finish => return Ok((place.ok_or(SignError::Empty)?, digest)),
            _ => {}
        }
    }
}

fn signed_info(spelling: Spelling, digest: &str) -> String {
    let (signature_method, digest_method) = spelling.names();
    format!(
        "<ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{signature_method}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
}

fn value(secret: &Secret, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
    match secret {
        Secret::Sm2(key) => {
            let signature: Result<sm2::dsa::Signature, _> =
                sm2::dsa::signature::Signer::try_sign(&key.signing, message);
            Ok(signature.map_err(|_| KeyError::Operation)?.to_vec())
        }
        Secret::Rsa(key) => {
            let hash = match algorithm {
                Algorithm::RsaSha1 => RsaHash::Sha1,
                _ => RsaHash::Sha256,
            };
            Ok(sign_rsa(key, hash, message)?)
        }
    }
}
