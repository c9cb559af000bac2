//! What is generated and committed is what the code says. `make gen` rewrites it.

use std::path::{Path, PathBuf};

use kouan::platform::{migrations, modules};

/// The generated files, in pieces of name and text.
fn generated() -> Vec<(String, String)> {
    let modules = modules();
    let mut files = vec![
        ("api/openapi.json".to_owned(), web::openapi(&modules).to_pretty_json().unwrap()),
        ("api/permissions.txt".to_owned(), web::permissions(&modules)),
        ("api/schema.sql".to_owned(), db::schema_text(&migrations()).unwrap()),
        ("docs/standin.md".to_owned(), gateway::standin::scenario::markdown()),
    ];
    for kind in ceb::message_types() {
        let table = ceb::field_table(kind, ceb::FieldTableFormat::Markdown);
        files.push((format!("api/fields/{}.md", kind.code), table));
        let schema = serde_json::to_string_pretty(&ceb::json_schema(kind)).unwrap();
        files.push((format!("api/json-schema/{}.json", kind.code), schema));
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn generated_files_are_those_of_the_code() {
    let rewrite = std::env::var_os("KOUAN_GEN").is_some();
    let mut stale = Vec::new();
    for (name, text) in generated() {
        let path = root().join(&name);
        let text = format!("{}\n", text.trim_end());
        if rewrite {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "run `make gen`: {stale:?}");
}

#[test]
fn every_operation_is_declared_right() {
    assert_eq!(web::misdeclared(&modules()), Vec::<String>::new());
}
