//! The outside judge: what `xmllint` says of a message against the official schema.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use crate::support::{has, official};

/// The judge, if both the schema and the program are here; says so when not.
pub(crate) struct Judge {
    schemas: std::path::PathBuf,
}

impl Judge {
    pub(crate) fn find() -> Option<Judge> {
        let schemas = official()?.join("xsd-202205");
        has("xmllint", "--version").then_some(Judge { schemas })
    }

    /// Which of the texts the official schema accepts, in order. `export` chooses the schema.
    pub(crate) fn verdicts(&self, texts: &[(bool, Vec<u8>)]) -> Vec<bool> {
        let folder = tempfile::tempdir().unwrap();
        let mut verdicts = vec![false; texts.len()];
        for export in [false, true] {
            let mut names = Vec::new();
            for (at, (_, text)) in texts.iter().enumerate().filter(|(_, (e, _))| *e == export) {
                let name = format!("{at}.xml");
                std::fs::write(folder.path().join(&name), text).unwrap();
                names.push(name);
            }
            for some in names.chunks(500) {
                for name in self.accepted(folder.path(), export, some) {
                    let at: usize = name.trim_end_matches(".xml").parse().unwrap();
                    verdicts[at] = true;
                }
            }
        }
        verdicts
    }

    fn accepted(&self, folder: &Path, export: bool, names: &[String]) -> HashSet<String> {
        if names.is_empty() {
            return HashSet::new();
        }
        let schema = self.schemas.join(if export { "export.xsd" } else { "import.xsd" });
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(std::fs::canonicalize(schema).unwrap())
            .args(names)
            .current_dir(folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        said.lines().filter_map(|line| line.strip_suffix(" validates")).map(str::to_owned).collect()
    }
}
