//! What a command came to, and how it is shown.

use std::io::Write;

use serde::Serialize;

use crate::Failure;

/// What a command that ran came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to report.
    Clean,
    /// There were findings of level error: exit code 1.
    Findings,
    /// Something could not be read: exit code 2.
    Unreadable,
}

impl Verdict {
    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Unreadable, _) | (_, Verdict::Unreadable) => Verdict::Unreadable,
            (Verdict::Findings, _) | (_, Verdict::Findings) => Verdict::Findings,
            _ => Verdict::Clean,
        }
    }
}

/// Writes a line to standard output; a closed pipe ends the output, not the program.
pub(crate) fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.as_ref().trim_end_matches('\n'));
}

/// Writes a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value)?);
    Ok(())
}

/// Writes a finding for people: place, sentence in both languages, what to do.
pub(super) fn finding(file: &str, finding: &kernel::Finding) {
    let place = match finding.line {
        Some(number) => format!("{file}:{number}"),
        None => file.to_owned(),
    };
    let level = if finding.is_error() { "error" } else { "warning" };
    line(format!("{place}: {level} {} {}", finding.code, finding.path));
    line(format!("    {} / {}", finding.message.zh, finding.message.en));
    if !finding.found.is_empty() || !finding.expected.is_empty() {
        line(format!("    found `{}`, expected {}", finding.found, finding.expected));
    }
    line(format!("    → {} / {}", finding.remedy.zh, finding.remedy.en));
}

/// Reads a file of at most 64 MiB; larger ones are not messages.
pub(super) fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    const FILE_BYTES_MAX: u64 = 64 << 20;
    let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
    let file = std::fs::File::open(path).map_err(wrong)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::new(format!("{}: larger than 64 MiB", path.display())));
    }
    Ok(bytes)
}

/// Writes a new file only its owner may read; never over one that is there.
pub(super) fn write_secret(path: &std::path::Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).and_then(|mut file| file.write_all(bytes)).map_err(wrong)
}

/// Says that a file cannot be read, in the form the user asked for. `report` has the other fields
/// of the command's JSON form, so that every line has the same.
pub(super) fn unreadable(
    file: &str,
    as_json: bool,
    mut report: serde_json::Value,
) -> Result<Verdict, Failure> {
    use kernel::{Finding, Text};
    let finding = Finding::error(
        "file.unreadable",
        Text::new("文件无法读取", "the file cannot be read"),
        Text::new("检查路径与权限", "check the path and its permissions"),
    );
    if as_json {
        report["file"] = file.into();
        report["findings"] = serde_json::to_value([finding])?;
        json(&report)?;
    } else {
        self::finding(file, &finding);
    }
    Ok(Verdict::Unreadable)
}

/// A progress bar on standard error; silent when that is no terminal.
pub(crate) fn bar(what: &'static str) -> indicatif::ProgressBar {
    let style = indicatif::ProgressStyle::with_template(
        "{msg} [{bar:40}] {pos}/{len} · {elapsed} · left {eta}",
    );
    let bar = indicatif::ProgressBar::new(0).with_message(what);
    bar.with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

/// Moves a bar on.
pub(super) fn advance(bar: &indicatif::ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
