//! Who may import whom, and who alone may name a technology. The map is that of ARCHITECTURE.md.

use crate::source::is_pure;
use crate::{Fault, Workspace};

/// Each crate and those of ours it may import.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("kernel", &[]),
    ("ceb", &["kernel"]),
    ("db", &["kernel"]),
    ("web", &["kernel", "db"]),
    ("gateway", &["kernel", "ceb", "db"]),
    ("register", &["kernel", "ceb", "db", "web"]),
    ("originals", &["kernel", "ceb", "db", "web", "register"]),
    ("ledger", &["kernel", "db"]),
    ("bonded", &["kernel", "db", "web", "register", "ledger"]),
    ("tax", &["kernel", "ceb", "db", "web", "register", "ledger"]),
    ("clearance", &["kernel", "ceb", "db", "web", "register", "ledger", "tax", "bonded"]),
    (
        "kouan",
        &[
            "kernel",
            "ceb",
            "db",
            "web",
            "gateway",
            "register",
            "ledger",
            "bonded",
            "tax",
            "clearance",
            "originals",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only some crates may name: one door for each outside thing.
const DOORS: [(&str, &[&str], &str); 6] = [
    ("rusqlite", &["db"], "only db knows which database it is"),
    ("postgres", &["db"], "only db knows which database it is"),
    ("ureq", &["gateway", "kouan"], "calls go out through gateway"),
    ("clap", &["kouan"], "only the binary has a command line"),
    ("quick-xml", &["ceb"], "only ceb reads XML"),
    ("calamine", &["register"], "spreadsheets are read by register"),
];

pub(crate) fn check(workspace: &Workspace) -> Vec<Fault> {
    let ours: Vec<&str> = workspace.packages.iter().map(|p| p.name.as_str()).collect();
    let mut faults = Vec::new();
    for package in &workspace.packages {
        let mut fault = |reason: String| {
            faults.push(Fault { file: package.manifest.clone(), line: 0, reason });
        };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name) else {
            fault(format!("`{}` has no line in the map of who may import whom", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if ours.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                fault(format!("`{}` may not import `{dependency}`", package.name));
            }
            let door = DOORS.iter().find(|(library, _, _)| library == dependency);
            if let Some((library, keepers, why)) = door
                && !keepers.contains(&package.name.as_str())
            {
                fault(format!("`{}` may not name `{library}`: {why}", package.name));
            }
            if !is_used(workspace, &package.name, dependency) {
                fault(format!("`{dependency}` is never used"));
            }
        }
    }
    faults.extend(purity(workspace));
    faults
}

fn is_used(workspace: &Workspace, package: &str, dependency: &str) -> bool {
    let word = dependency.replace('-', "_");
    workspace
        .sources
        .iter()
        .filter(|source| source.package == package)
        .any(|source| source.text.contains(&word))
}

/// What pure code may not name: it can then be tested by values alone.
const IMPURE: [&str; 12] = [
    "db::",
    "web::",
    "tokio::",
    "axum::",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "async fn",
    "rand::",
    "tracing::",
];

fn purity(workspace: &Workspace) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in workspace.sources.iter().filter(|source| is_pure(source)) {
        let production = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (index, line) in production.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = IMPURE.iter().find(|word| names(code, word)) {
                let reason =
                    format!("pure code names `{word}`: no input, output, clock or async here");
                faults.push(Fault { file: source.path.clone(), line: index + 1, reason });
            }
        }
    }
    faults
}

fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
