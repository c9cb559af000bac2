//! `kouan verify`, `kouan sign`, `kouan keygen`.

use std::fs;
use std::path::Path;

use ceb::keys::{KeyKind, SigningKey};
use ceb::signature::{self, VerifyReport};
use kernel::Clock;

use super::output::{self, Verdict};
use super::{Files, KeyAlgorithm, Keygen, Sign};
use crate::Failure;
use crate::clock::SystemClock;
use crate::signing::{self_signed, spelling_of};

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
    let signed = signature::sign(&bytes, &key, spelling_of(&key))?;
    match &args.out {
        Some(path) => {
            fs::write(path, signed).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?
        }
        None => output::line(String::from_utf8_lossy(&signed)),
    }
    Ok(Verdict::Clean)
}

pub(super) fn keygen(args: &Keygen) -> Result<Verdict, Failure> {
    let kind = match args.algorithm {
        KeyAlgorithm::Sm2 => KeyKind::Sm2,
        KeyAlgorithm::Rsa => KeyKind::Rsa2048,
    };
    let valid_ms = i64::from(args.days) * DAY_MS;
    let key = self_signed(kind, &args.subject, SystemClock.now(), valid_ms)?;
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
