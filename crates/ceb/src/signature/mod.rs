//! Signatures of messages: W3C XML signatures, enveloped, over the whole document.
//!
//! [`verify`] says what a message's signature is worth; [`sign`] makes one. Algorithms: SM2 with
//! SM3 as the national rules of 2022 spell it and as older clients do, RSA with SHA-1 and with
//! SHA-256. A signature counts only when it covers exactly the document that is read: one
//! Signature in its place, one Reference to the whole document, the enveloped transform alone.

mod digest;
mod element;
mod fault;
mod report;
pub(crate) mod rsa;
mod sign;
pub(crate) mod sm2;
mod verify;

use serde::{Serialize, Serializer};

pub use report::VerifyReport;
pub use sign::{SignError, sign, sign_bytes};
pub use verify::{Verification, Verifier, verify};

/// Namespace of XML signatures.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// What a signature is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SM2 with SM3, digest SM3.
    Sm2Sm3,
    /// RSA PKCS#1 v1.5 with SHA-1, digest SHA-1.
    RsaSha1,
    /// RSA PKCS#1 v1.5 with SHA-256, digest SHA-256.
    RsaSha256,
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Algorithm::Sm2Sm3 => "SM2-SM3",
            Algorithm::RsaSha1 => "RSA-SHA1",
            Algorithm::RsaSha256 => "RSA-SHA256",
        })
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An algorithm and the names it goes by in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// SM2-SM3 by the chinaport names of April 2022.
    Sm2National,
    /// SM2-SM3 by made-up w3.org names that clients in the field use: `…xmldsig#sm2-sm3`, with a
    /// digest labelled `#sha1` that is SM3 all the same.
    Sm2Field,
    /// RSA-SHA1 by the w3.org names of 2000.
    RsaSha1,
    /// RSA-SHA256 by the w3.org names of 2001 and 2002.
    RsaSha256,
}

/// Spelling, name of the signature method, name of the digest method.
const SPELLINGS: [(Spelling, &str, &str); 4] = [
    (
        Spelling::Sm2National,
        "http://www.chinaport.gov.cn/2022/04/xmldsig#sm2-sm3",
        "http://www.chinaport.gov.cn/2022/04/xmldsig#sm3",
    ),
    (
        Spelling::Sm2Field,
        "http://www.w3.org/2000/09/xmldsig#sm2-sm3",
        "http://www.w3.org/2000/09/xmldsig#sha1",
    ),
    (
        Spelling::RsaSha1,
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1",
    ),
    (
        Spelling::RsaSha256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ),
];

/// Every name of a method that signatures use.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let methods = SPELLINGS.iter().flat_map(|(_, signature, digest)| [*signature, *digest]);
    [C14N, ENVELOPED].into_iter().chain(methods)
}

impl Spelling {
    /// What is meant by it.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Spelling::Sm2National | Spelling::Sm2Field => Algorithm::Sm2Sm3,
            Spelling::RsaSha1 => Algorithm::RsaSha1,
            Spelling::RsaSha256 => Algorithm::RsaSha256,
        }
    }

    /// The spelling of a pair of method names; `None` when the pair is unknown.
    pub fn of(signature_method: &str, digest_method: &str) -> Option<Spelling> {
        let known = SPELLINGS.iter().find(|(_, signature, digest)| {
            *signature == signature_method && *digest == digest_method
        });
        known.map(|(spelling, ..)| *spelling)
    }

    /// Names of the signature method and of the digest method.
    pub fn names(self) -> (&'static str, &'static str) {
        let known = SPELLINGS.iter().find(|(spelling, ..)| *spelling == self);
        known.map_or(("", ""), |(_, signature, digest)| (signature, digest))
    }
}

/// Whether in a message with this root the Signature stands before the ExtendMessage: so the
/// schema of 202205 has it for export. In all others it comes last.
fn precedes_extension(root: &str) -> bool {
    let known = crate::message_type(root).filter(|kind| kind.root == root);
    known.is_some_and(|kind| kind.flow == crate::schema::Flow::Export)
}
