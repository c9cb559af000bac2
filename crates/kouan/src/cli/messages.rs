//! `kouan check`, `kouan fields`, `kouan submit`.

use ceb::{CheckReport, FieldTableFormat, MessageType};
use kernel::Finding;
use register::codes::Codes;
use std::time::Duration;

use super::output::{self, Verdict};
use crate::Failure;

use super::{FieldFormat, Fields, Files, Resend, Submit};

pub(super) fn check(args: &Files) -> Result<Verdict, Failure> {
    let codes = Codes::builtin();
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let file = path.display().to_string();
        let Ok(bytes) = output::read(path) else {
            let report = serde_json::json!({
                "file": null, "message_type": null, "documents": 0, "structure_valid": false,
            });
            verdict = verdict.and(output::unreadable(&file, args.json, report)?);
            continue;
        };
        let report = CheckReport::new(&file, &bytes, &codes);
        verdict = verdict.and(verdict_of(&report));
        if args.json { output::json(&report)? } else { show(&report) }
    }
    Ok(verdict)
}

/// A message nobody can read at all is 2, one with errors 1.
fn verdict_of(report: &CheckReport) -> Verdict {
    match (report.message_type.is_some(), report.findings.iter().any(Finding::is_error)) {
        (false, true) => Verdict::Unreadable,
        (_, true) => Verdict::Findings,
        _ => Verdict::Clean,
    }
}

fn show(report: &CheckReport) {
    let kind = report.message_type.as_deref().unwrap_or("no message of the family");
    let structure = if report.structure_valid { "structure valid" } else { "structure INVALID" };
    let (errors, warnings): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.is_error());
    output::line(format!(
        "{}: {kind}, {}, {structure}, {}, {}",
        report.file,
        counted(report.documents, "document"),
        counted(errors.len(), "error"),
        counted(warnings.len(), "warning"),
    ));
    report.findings.iter().for_each(|finding| output::finding(&report.file, finding));
}

fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn fields(args: &Fields) -> Result<Verdict, Failure> {
    let Some(code) = &args.kind else {
        for kind in ceb::message_types() {
            output::line(format!("{}  {} / {}", kind.code, kind.zh, kind.en));
        }
        return Ok(Verdict::Clean);
    };
    let Some(kind) = ceb::message_type(&code.to_uppercase()) else {
        let known: Vec<&str> = ceb::message_types().iter().map(|kind| kind.code).collect();
        return Err(Failure::new(format!("no message type {code}; known: {}", known.join(" "))));
    };
    output::line(table(kind, args.format)?);
    Ok(Verdict::Clean)
}

fn table(kind: &MessageType, format: FieldFormat) -> Result<String, Failure> {
    Ok(match format {
        FieldFormat::Text => ceb::field_table(kind, FieldTableFormat::Plain),
        FieldFormat::Markdown => ceb::field_table(kind, FieldTableFormat::Markdown),
        FieldFormat::Html => ceb::field_table(kind, FieldTableFormat::Html),
        FieldFormat::JsonSchema => serde_json::to_string_pretty(&ceb::json_schema(kind))?,
    })
}

const SUBMIT_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn submit(args: &Submit) -> Result<Verdict, Failure> {
    let agent = agent();
    let address = format!("{}/api/v1/messages", args.to.trim_end_matches('/'));
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let bytes = output::read(path)?;
        let mut response = agent
            .post(&address)
            .header("authorization", format!("Bearer {}", args.key))
            .header("content-type", "application/xml")
            .send(&bytes[..])?;
        let status = response.status();
        let body = response.body_mut().read_to_string()?;
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        if !status.is_success() {
            verdict = verdict.and(Verdict::Findings);
        }
        if args.json {
            output::json(&serde_json::json!({
                "file": path.display().to_string(), "status": status.as_u16(), "answer": answer
            }))?;
        } else {
            output::line(format!("{}: {status}", path.display()));
            output::line(serde_json::to_string_pretty(&answer)?);
        }
    }
    Ok(verdict)
}

/// A client that takes every answer as an answer.
fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(SUBMIT_TIMEOUT));
    config.http_status_as_error(false).build().into()
}

pub(super) fn resend(args: &Resend) -> Result<Verdict, Failure> {
    let agent = agent();
    let mut verdict = Verdict::Clean;
    for id in &args.documents {
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain {
            return Err(Failure::new(format!("{id} is not an id")));
        }
        let body = serde_json::json!({"reason": args.reason}).to_string();
        let to = args.to.trim_end_matches('/');
        let mut response = agent
            .post(format!("{to}/api/v1/documents/{id}/resend"))
            .header("authorization", format!("Bearer {}", args.key))
            .header("content-type", "application/json")
            .send(body.as_bytes())?;
        let status = response.status();
        if !status.is_success() {
            verdict = verdict.and(Verdict::Findings);
        }
        output::line(format!("{id}: {status} {}", response.body_mut().read_to_string()?));
    }
    Ok(verdict)
}
