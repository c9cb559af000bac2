//! Texts that data is read from: files compiled in, or files of an override directory.

use std::fs;
use std::path::Path;

use kernel::{Finding, Text};

/// A text with the name findings mention.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name, such as `import-limits.toml`.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// A file read from a directory.
pub(crate) struct SourceFile {
    name: String,
    text: String,
}

impl SourceFile {
    pub(crate) fn view(&self) -> Source<'_> {
        Source { name: &self.name, text: &self.text }
    }
}

/// Reads every file of `dir` with this extension, in the order of their names. A directory that
/// does not exist holds none.
///
/// # Errors
/// A finding for each file or directory that cannot be read.
pub(crate) fn files(dir: &Path, extension: &str) -> Result<Vec<SourceFile>, Vec<Finding>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).map_err(|error| vec![unreadable(dir, &error)])?;
    let mut paths = Vec::new();
    let mut findings = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => findings.push(unreadable(dir, &error)),
        }
    }
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match fs::read_to_string(&path) {
            Ok(text) => files.push(SourceFile { name, text }),
            Err(error) => findings.push(unreadable(&path, &error)),
        }
    }
    if findings.is_empty() { Ok(files) } else { Err(findings) }
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    Finding::error(
        "register.unreadable",
        Text::new("无法读取文件或目录", "the file or directory cannot be read"),
        Text::new(
            "请检查路径、权限，并确认文件为 UTF-8 编码",
            "check the path and permissions, and that the file is UTF-8",
        ),
    )
    .at(path.display().to_string())
    .found(error.to_string(), "a readable UTF-8 file")
}
