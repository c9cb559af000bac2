//! Whether the certificate a platform registered for payment originals will do: before customs
//! finds out.

use ceb::certificate::KeyAlgorithm;
use ceb::signature::Algorithm;
use kernel::{Finding, Text, Time};
use register::rules::Law;

use crate::wire::Sign;

/// What a check is about.
pub struct CertificateCheck<'a> {
    /// Signs for the platform.
    pub sign: &'a dyn Sign,
    /// Code of the platform.
    pub party: &'a str,
    /// The certificate number given to customs when the service was registered.
    pub cert_no: &'a str,
    /// The moment it shall be good at.
    pub now: Time,
    /// The law of the day.
    pub law: Law<'a>,
}

/// Text signed to try a key.
const TRIAL: &[u8] = b"\"sessionID\":\"trial\"||\"serviceTime\":\"0\"";
/// Days before its end from which a certificate is warned of.
const WARN_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

/// Everything that stands against the certificate: whether the key pair signs and verifies, the
/// number is the one customs knows, it is valid on the day, and its algorithm is what customs
/// expects. Empty when it will do.
pub fn check_certificate(check: &CertificateCheck<'_>) -> Vec<Finding> {
    let Some(certificate) = check.sign.certificate(check.party) else {
        return vec![fault(
            "certificate.missing",
            ("没有用于支付原始数据的证书", "there is no certificate for payment originals"),
            ("登记证书并配置签名服务", "register one and set up signing"),
        )];
    };
    let mut findings = Vec::new();
    let algorithm = match certificate.algorithm {
        KeyAlgorithm::Sm2 => Some(Algorithm::Sm2Sm3),
        KeyAlgorithm::Rsa { .. } => Some(Algorithm::RsaSha1),
        KeyAlgorithm::Other => None,
    };
    match algorithm {
        None => findings.push(
            fault(
                "certificate.algorithm",
                ("证书算法海关不接受", "customs takes no certificate of this algorithm"),
                ("更换为国密（SM2）证书", "replace it by one of SM2"),
            )
            .found(certificate.algorithm.to_string(), "SM2"),
        ),
        Some(algorithm) => findings.extend(pair(check, algorithm)),
    }
    if !certificate.has_serial(check.cert_no) {
        findings.push(
            fault(
                "certificate.number",
                ("证书编号与登记的 certNo 不一致", "its number is not the certNo registered"),
                (
                    "在口岸服务登记中更新证书编号",
                    "update the number where the service is registered",
                ),
            )
            .at("certNo")
            .found(check.cert_no, certificate.serial.clone()),
        );
    }
    findings.extend(validity(check, certificate.not_before, certificate.not_after));
    findings.extend(preferred(check, certificate.algorithm, certificate.not_before));
    findings
}

/// Whether what the key signs verifies by its certificate.
fn pair(check: &CertificateCheck<'_>, algorithm: Algorithm) -> Option<Finding> {
    let certificate = check.sign.certificate(check.party)?;
    match check.sign.sign(check.party, TRIAL) {
        Ok(value) if certificate.verifies(algorithm, TRIAL, &value) => None,
        Ok(value) => Some(
            fault(
                "certificate.pair",
                ("私钥与证书不是一对", "the key does not belong to the certificate"),
                ("检查签名卡或签名服务所用的密钥", "look at the key the card or service uses"),
            )
            .found(format!("{} bytes", value.len()), algorithm.to_string()),
        ),
        Err(why) => Some(
            fault(
                "certificate.cannot_sign",
                ("无法签名", "nothing can be signed"),
                ("检查签名卡或签名服务", "look at the card or the signing service"),
            )
            .found(why, ""),
        ),
    }
}

fn validity(check: &CertificateCheck<'_>, from: Time, to: Time) -> Option<Finding> {
    let expected = format!("{} – {}", from.to_rfc3339(), to.to_rfc3339());
    if check.now < from || check.now > to {
        let finding = fault(
            "certificate.expired",
            ("证书不在有效期内", "the certificate is not valid on this day"),
            ("换发证书并更新登记", "have it renewed and registered anew"),
        );
        return Some(finding.at("certNo").found(check.now.to_rfc3339(), expected));
    }
    let left = (to.to_millis() - check.now.to_millis()) / DAY_MS;
    (left < WARN_DAYS).then(|| {
        Finding::warning(
            "certificate.expires_soon",
            Text::new("证书即将到期", "the certificate ends soon"),
            Text::new("提前换发证书并更新登记", "have it renewed and registered in time"),
        )
        .at("certNo")
        .found(format!("{left} d"), format!("≥ {WARN_DAYS} d"))
    })
}

/// Cards issued since the national algorithms became the rule must use them; older ones may go on.
fn preferred(
    check: &CertificateCheck<'_>,
    algorithm: KeyAlgorithm,
    issued: Time,
) -> Option<Finding> {
    let preferred = check.law.bool("signature.sm_preferred").ok().filter(|rule| rule.value)?;
    if !matches!(algorithm, KeyAlgorithm::Rsa { .. }) {
        return None;
    }
    let text = Text::new(
        "海关要求使用国密（SM2）证书；旧卡的 RSA 签名随时可能停用",
        "customs wants SM2; RSA of old cards may stop being taken",
    );
    let remedy = Text::new("换发国密证书", "have a certificate of SM2 issued");
    let since = preferred.from;
    let finding = if issued.date() < since {
        Finding::warning("certificate.old_algorithm", text, remedy)
    } else {
        Finding::error("certificate.old_algorithm", text, remedy)
    };
    Some(finding.found(algorithm.to_string(), "SM2"))
}

fn fault(code: &'static str, (zh, en): (&str, &str), remedy: (&str, &str)) -> Finding {
    Finding::error(code, Text::new(zh, en), Text::new(remedy.0, remedy.1))
}
