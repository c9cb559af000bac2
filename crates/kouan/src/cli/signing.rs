//! `kouan verify`, `kouan sign`, `kouan keygen`.

use std::fs;
use std::path::Path;

use ceb::certificate::KeyAlgorithm as CertificateAlgorithm;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::{self, Spelling, VerifyReport};
use kernel::Clock;

use super::output::{self, Verdict};
use super::{Files, KeyAlgorithm, Keygen, Sign};
use crate::Failure;
use crate::clock::SystemClock;

const DAY_MS: i64 = 86_400_000;

pub(super) fn verify(args: &Files) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let file = path.display().to_string();
        let Ok(bytes) = output::read(path) else {
            let report = serde_json::json!({
                "file": null, "signed": false, "algorithm": null,
                "digest_ok": false, "signature_ok": false, "certificate": null,
            });
            verdict = verdict.and(output::unreadable(&file, args.json, report)?);
            continue;
        };
        // An envelope is opened: what firms sign is the message inside.
        let message = gateway::envelope::unwrap(&bytes).map_or(bytes, |inner| inner.message);
        let report = VerifyReport::new(&file, signature::verify(&message));
        let good = report.signed && report.digest_ok && report.signature_ok;
        verdict = verdict.and(if good { Verdict::Clean } else { Verdict::Findings });
        if args.json { output::json(&report)? } else { show(&report) }
    }
    Ok(verdict)
}

fn show(report: &VerifyReport) {
    let word = match (report.signed, report.digest_ok && report.signature_ok) {
        (false, _) => "not signed 未加签",
        (true, true) => "good signature 验签通过",
        (true, false) => "BAD signature 验签失败",
    };
    let algorithm = report.algorithm.map(|a| format!(" ({a})")).unwrap_or_default();
    output::line(format!("{}: {word}{algorithm}", report.file));
    if let Some(certificate) = &report.certificate {
        output::line(format!(
            "    {} · serial {} · {} to {}",
            certificate.subject,
            certificate.serial,
            certificate.not_before.to_rfc3339(),
            certificate.not_after.to_rfc3339(),
        ));
    }
    report.findings.iter().for_each(|finding| output::finding(&report.file, finding));
}

pub(super) fn sign(args: &Sign) -> Result<Verdict, Failure> {
    let text = |path: &Path| {
        fs::read_to_string(path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))
    };
    let key = SigningKey::from_pem(&text(&args.key)?, &text(&args.cert)?)?;
    let bytes = output::read(&args.file)?;
    let spelling = match key.algorithm() {
        CertificateAlgorithm::Sm2 => Spelling::Sm2National,
        _ => Spelling::RsaSha1,
    };
    let signed = signature::sign(&bytes, &key, spelling)?;
    match &args.out {
        Some(path) => {
            fs::write(path, signed).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?
        }
        None => output::line(String::from_utf8_lossy(&signed)),
    }
    Ok(Verdict::Clean)
}

pub(super) fn keygen(args: &Keygen) -> Result<Verdict, Failure> {
    let now = SystemClock.now();
    let start = now.plus_millis(-now.to_millis().rem_euclid(1_000));
    let mut chance = rand::rng();
    let request = CertificateRequest {
        subject: format!("CN={},C=CN", args.subject),
        serial: format!("{:016x}", rand::Rng::next_u64(&mut chance) >> 1),
        not_before: start,
        not_after: start.plus_millis(i64::from(args.days) * DAY_MS),
        authority: false,
    };
    let kind = match args.algorithm {
        KeyAlgorithm::Sm2 => KeyKind::Sm2,
        KeyAlgorithm::Rsa => KeyKind::Rsa2048,
    };
    let key = SigningKey::generate(kind, &request, &mut chance)?;
    let pem = key.to_pem()?;
    let name = |suffix: &str| {
        let mut name = args.out.clone().into_os_string();
        name.push(suffix);
        std::path::PathBuf::from(name)
    };
    let (private, certificate) = (name(".key.pem"), name(".cert.pem"));
    output::write_secret(&private, pem.private.as_bytes())?;
    fs::write(&certificate, &pem.certificate)
        .map_err(|e| Failure::new(format!("{}: {e}", certificate.display())))?;
    output::line(format!("{}\n{}", private.display(), certificate.display()));
    Ok(Verdict::Clean)
}
