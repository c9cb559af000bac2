//! What can be wrong with a signature, in words for those who must mend it.

use kernel::{Finding, Text};

/// One fault of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no Signature.
    Unsigned,
    /// More than one Signature element in the document, wherever.
    Duplicate,
    /// The Signature is not where the schema of the message puts it.
    Misplaced,
    /// The Signature is not built as the schema says; what is wrong in both languages.
    Malformed(&'static str, &'static str),
    /// The Reference is not one to the whole document.
    Reference(String),
    /// Other transforms than enveloped-signature alone.
    Transform(String),
    /// Another canonicalization than inclusive Canonical XML 1.0.
    Canonicalization(String),
    /// Unknown pair of signature and digest method.
    Algorithm(String),
    /// The document is not the one that was signed.
    Digest,
    /// The signature value is not the key's.
    Signature,
    /// No certificate in the Signature.
    CertificateMissing,
    /// The certificate cannot be read; why.
    CertificateMalformed(String),
    /// The certificate's key is of another kind than the signature method; its kind.
    CertificateAlgorithm(String),
    /// The key name is not the serial number of the certificate: key name, serial number.
    KeyName(String, String),
}

impl Fault {
    pub(super) fn finding(&self) -> Finding {
        let finding = match self {
            Fault::Unsigned | Fault::Duplicate | Fault::Misplaced => self.about_place(),
            Fault::Malformed(..)
            | Fault::Reference(_)
            | Fault::Transform(_)
            | Fault::Canonicalization(_)
            | Fault::Algorithm(_) => self.about_form(),
            Fault::Digest | Fault::Signature => self.about_value(),
            Fault::CertificateMissing
            | Fault::CertificateMalformed(_)
            | Fault::CertificateAlgorithm(_)
            | Fault::KeyName(..) => self.about_certificate(),
        };
        finding.at(self.path())
    }

    fn path(&self) -> &'static str {
        match self {
            Fault::Unsigned | Fault::Duplicate | Fault::Misplaced | Fault::Malformed(..) => {
                "Signature"
            }
            Fault::Reference(_) => "Signature/SignedInfo/Reference",
            Fault::Transform(_) => "Signature/SignedInfo/Reference/Transforms",
            Fault::Canonicalization(_) => "Signature/SignedInfo/CanonicalizationMethod",
            Fault::Algorithm(_) => "Signature/SignedInfo/SignatureMethod",
            Fault::Digest => "Signature/SignedInfo/Reference/DigestValue",
            Fault::Signature => "Signature/SignatureValue",
            Fault::CertificateMissing
            | Fault::CertificateMalformed(_)
            | Fault::CertificateAlgorithm(_) => "Signature/KeyInfo/X509Data/X509Certificate",
            Fault::KeyName(..) => "Signature/KeyInfo/KeyName",
        }
    }

    fn about_place(&self) -> Finding {
        let sign = Text::new(
            "由责任主体用本企业的卡或密码机证书对整份报文加签",
            "the responsible party signs the whole message with its own card or HSM certificate",
        );
        match self {
            Fault::Duplicate => Finding::error(
                "signature.duplicate",
                Text::new("报文含有多个 Signature", "the message contains more than one Signature"),
                Text::new(
                    "只保留对整份报文的一个签名, 扩展数据内也不得再有签名",
                    "keep one signature over the whole message; extension content has none either",
                ),
            ),
            Fault::Misplaced => Finding::error(
                "signature.misplaced",
                Text::new("Signature 的位置不对", "the Signature does not stand in its place"),
                Text::new(
                    "Signature 须是根元素的直接子元素: 进口报文在最后, 出口报文在 ExtendMessage 之前",
                    "the Signature is a child of the root: last in import messages, before \
                     ExtendMessage in export messages",
                ),
            ),
            _ => Finding::error(
                "signature.missing",
                Text::new("报文没有签名", "the message is not signed"),
                sign,
            ),
        }
    }

    fn about_form(&self) -> Finding {
        let template = Text::new(
            "按海关报文规范的签名模板重新加签",
            "sign again by the template of the customs message specification",
        );
        let (code, zh, en, found, expected) = match self {
            Fault::Malformed(zh, en) => {
                let message = Text::new(
                    format!("Signature 结构不合规: {zh}"),
                    format!("the Signature is not built as its schema says: {en}"),
                );
                return Finding::error("signature.malformed", message, template);
            }
            Fault::Reference(found) => (
                "signature.reference",
                "签名没有恰好引用整份报文",
                "the signature does not refer to exactly the whole message",
                found,
                "one Reference with URI=\"\"",
            ),
            Fault::Transform(found) => (
                "signature.transform",
                "签名的转换不是唯一的 enveloped-signature",
                "the transforms are not enveloped-signature alone",
                found,
                super::ENVELOPED,
            ),
            Fault::Canonicalization(found) => (
                "signature.canonicalization",
                "规范化方法不受支持",
                "the canonicalization method is not supported",
                found,
                super::C14N,
            ),
            Fault::Algorithm(found) | Fault::KeyName(found, _) => (
                "signature.algorithm_unknown",
                "签名算法未知或与摘要算法不配",
                "the signature method is unknown or does not go with the digest method",
                found,
                "SM2-SM3, RSA-SHA1 or RSA-SHA256",
            ),
            _ => ("signature.malformed", "", "", &String::new(), ""),
        };
        Finding::error(code, Text::new(zh, en), template).found(found.as_str(), expected)
    }

    fn about_value(&self) -> Finding {
        match self {
            Fault::Digest => Finding::error(
                "signature.digest_mismatch",
                Text::new(
                    "摘要不符: 报文在加签后被改动或重新排版",
                    "digest mismatch: the document was changed or re-indented after signing",
                ),
                Text::new(
                    "对紧凑的报文加签后原样发送这些字节, 不再格式化、转码或补字段",
                    "sign the compact text and send those very bytes: no formatting, re-encoding \
                     or added fields afterwards",
                ),
            ),
            _ => Finding::error(
                "signature.mismatch",
                Text::new(
                    "签名值与证书的公钥不符",
                    "the signature value does not fit the certificate's key",
                ),
                Text::new(
                    "确认签名所用的卡与附带的证书一致, 且签名对象是规范化后的 SignedInfo (含根元素的命名空间)",
                    "make sure the key that signs belongs to the certificate enclosed, and that it \
                     signs the canonical SignedInfo with the namespaces of the root",
                ),
            ),
        }
    }

    fn about_certificate(&self) -> Finding {
        let enclose = Text::new(
            "在 KeyInfo/X509Data/X509Certificate 中附上签名证书 (DER 的 base64)",
            "enclose the signing certificate (base64 of its DER) in \
             KeyInfo/X509Data/X509Certificate",
        );
        match self {
            Fault::CertificateMalformed(reason) => Finding::error(
                "signature.certificate_malformed",
                Text::new("签名证书无法读取", "the signing certificate cannot be read"),
                enclose,
            )
            .found(reason.as_str(), "base64 of one X.509 certificate in DER"),
            Fault::CertificateAlgorithm(found) => Finding::error(
                "signature.certificate_algorithm",
                Text::new(
                    "证书的密钥类型与签名算法不符",
                    "the certificate's key is of another kind than the signature method",
                ),
                enclose,
            )
            .found(found.as_str(), "SM2 for SM2-SM3, RSA (1024 to 8192 bits) for RSA"),
            Fault::KeyName(found, serial) => Finding::warning(
                "signature.key_name",
                Text::new(
                    "KeyName 与证书序列号不一致",
                    "KeyName is not the serial number of the certificate",
                ),
                Text::new(
                    "KeyName 填写证书序列号的十六进制",
                    "write the certificate's serial number in hexadecimal into KeyName",
                ),
            )
            .found(found.as_str(), serial.as_str()),
            _ => Finding::error(
                "signature.certificate_missing",
                Text::new("签名没有附证书", "no certificate is enclosed in the signature"),
                enclose,
            ),
        }
    }
}
