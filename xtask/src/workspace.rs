//! Reads the manifests and sources of our own crates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Fault;

/// One of our crates.
pub struct Package {
    /// Crate name.
    pub name: String,
    /// Manifest path relative to the root.
    pub manifest: String,
    /// Names of its normal dependencies, ours and others'.
    pub dependencies: Vec<String>,
}

/// One Rust source file.
pub struct Source {
    /// Crate it belongs to.
    pub package: String,
    /// Path relative to the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether the file is made of tests only.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// All of our crates and their sources.
pub struct Workspace {
    /// Crates, by name.
    pub packages: Vec<Package>,
    /// Every `.rs` file of every crate.
    pub sources: Vec<Source>,
}

impl Workspace {
    /// Reads the workspace at `root`.
    ///
    /// # Errors
    /// When a manifest or a source cannot be read.
    pub fn load(root: &Path) -> Result<Workspace, String> {
        let mut folders: Vec<PathBuf> = entries(&root.join("crates"))?;
        folders.push(root.join("xtask"));
        let mut packages = Vec::new();
        let mut sources = Vec::new();
        for folder in folders.into_iter().filter(|folder| folder.join("Cargo.toml").exists()) {
            let package = package(root, &folder)?;
            let mut files = Vec::new();
            rust_files(&folder, &mut files)?;
            for file in files {
                let text = read(&file)?;
                let path = relative(root, &file);
                sources.push(Source { package: package.name.clone(), path, text });
            }
            packages.push(package);
        }
        Ok(Workspace { packages, sources })
    }
}

fn package(root: &Path, folder: &Path) -> Result<Package, String> {
    let manifest = folder.join("Cargo.toml");
    let table: toml::Table =
        read(&manifest)?.parse().map_err(|e| format!("{}: {e}", manifest.display()))?;
    let name = table.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str());
    let dependencies = table.get("dependencies").and_then(|d| d.as_table());
    Ok(Package {
        name: name.ok_or_else(|| format!("{}: no package name", manifest.display()))?.to_owned(),
        manifest: relative(root, &manifest),
        dependencies: dependencies.map(|d| d.keys().cloned().collect()).unwrap_or_default(),
    })
}

/// Words that mean unfinished work, and paths of one machine, in any committed text.
const UNFINISHED: [&str; 7] =
    ["TODO", "FIXME", "XXX", "not implemented", "for now", "placeholder", "dummy"];
const MACHINE: [&str; 3] = ["/work/", "/root/", "/tmp/bash"];
const PROSE: [&str; 9] = ["rs", "toml", "md", "sql", "sh", "ts", "tsx", "csv", "yml"];

/// Looks through every committed text for unfinished work and for paths of one machine.
///
/// # Errors
/// When git or a file cannot be read.
pub(crate) fn check_prose(root: &Path) -> Result<Vec<Fault>, String> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("git ls-files: {e}"))?;
    let mut faults = Vec::new();
    for file in String::from_utf8_lossy(&listing.stdout).lines() {
        let extension = Path::new(file).extension().and_then(|e| e.to_str()).unwrap_or_default();
        let ours = file.starts_with("xtask/src/workspace.rs");
        if ours || !PROSE.contains(&extension) {
            continue;
        }
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        for (index, line) in text.lines().enumerate() {
            let found = UNFINISHED.iter().chain(&MACHINE).find(|word| has_word(line, word));
            if let Some(word) = found {
                let reason = format!("says `{word}`: finish it, or say it in the issue");
                faults.push(Fault { file: file.to_owned(), line: index + 1, reason });
            }
        }
    }
    Ok(faults)
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        word.starts_with('/')
            || !letter(line[..at].chars().next_back())
                && !letter(line[at + word.len()..].chars().next())
    })
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), String> {
    for entry in entries(folder)? {
        if entry.is_dir() {
            rust_files(&entry, into)?;
        } else if entry.extension().is_some_and(|e| e == "rs") {
            into.push(entry);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        paths.push(entry.map_err(wrong)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))
}

fn relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/")
}
