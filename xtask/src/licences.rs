//! Licences and known advisories of everything we link, read from `cargo metadata` offline.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Fault;

/// Licences we accept, as single terms of an SPDX expression.
const ACCEPTED: [&str; 12] = [
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "0BSD",
    "BSL-1.0",
    "OpenSSL",
];

pub(crate) fn check(root: &Path) -> Result<Vec<Fault>, String> {
    // Only what this machine builds has been downloaded, so only that can be read offline.
    let host = host()?;
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &host])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
    let advisories = advisories(root)?;
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        let fault = |reason| Fault { file: "Cargo.lock".to_owned(), line: 0, reason };
        let (name, version) = (word("name"), word("version"));
        let spdx = word("license");
        if !is_accepted(spdx) {
            faults.push(fault(format!("`{name}` {version} has licence `{spdx}`")));
        }
        if !package["source"].is_null() && !word("source").starts_with("registry+") {
            faults.push(fault(format!("`{name}` {version} does not come from the registry")));
        }
        for advisory in &advisories {
            if advisory.package == name && version.starts_with(&advisory.version) {
                let reason = format!("`{name}` {version}: {} {}", advisory.id, advisory.title);
                faults.push(fault(reason));
            }
        }
    }
    Ok(faults)
}

fn host() -> Result<String, String> {
    let output =
        Command::new("rustc").arg("-vV").output().map_err(|e| format!("rustc -vV: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

/// `A OR B` needs one accepted side, `A AND B` both; a `WITH` exception only loosens.
fn is_accepted(spdx: &str) -> bool {
    let spdx = spdx.replace('/', " OR ").replace(['(', ')'], " ");
    let term = |text: &str| ACCEPTED.contains(&text.split(" WITH ").next().unwrap_or("").trim());
    spdx.split(" AND ").all(|side| side.split(" OR ").any(term))
}

struct Advisory {
    id: String,
    package: String,
    version: String,
    title: String,
}

/// `xtask/advisories.toml`: advisories that bear on crates we use or might be tempted to use.
fn advisories(root: &Path) -> Result<Vec<Advisory>, String> {
    let file = root.join("xtask/advisories.toml");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let table: toml::Table = text.parse().map_err(|e| format!("{}: {e}", file.display()))?;
    let entries = table.get("advisory").and_then(|a| a.as_array()).cloned().unwrap_or_default();
    let word = |entry: &toml::Value, key: &str| {
        entry.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    let live = |entry: &&toml::Value| entry.get("accepted_because").is_none();
    Ok(entries
        .iter()
        .filter(live)
        .map(|entry| Advisory {
            id: word(entry, "id"),
            package: word(entry, "package"),
            version: word(entry, "version"),
            title: word(entry, "title"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn expressions_are_weighed_term_by_term() {
        assert!(is_accepted("MIT OR GPL-3.0"));
        assert!(is_accepted("MIT/Apache-2.0"));
        assert!(is_accepted("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(is_accepted("Apache-2.0 WITH LLVM-exception"));
        assert!(!is_accepted("MIT AND GPL-3.0"));
        assert!(!is_accepted(""));
    }
}
