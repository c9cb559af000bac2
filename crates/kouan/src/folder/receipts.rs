//! Puts receipts into the folder doors, by type. The file name follows from the receipt, so that
//! one that comes again replaces itself.

use std::fs;
use std::path::Path;

use ceb::{Document, Message, ReadOptions};
use gateway::{Delivery, envelope};
use register::party::{Directory, Party};

use crate::Failure;
use crate::config::Folder;

/// The elements of a receipt that name firms.
const FIRMS: [&str; 6] =
    ["ebpCode", "ebcCode", "payCode", "logisticsCode", "agentCode", "operatorCode"];

/// Puts deliveries from customs into every folder they concern.
///
/// # Errors
/// When a file cannot be written.
pub fn deliver(
    folders: &[Folder],
    directory: &Directory,
    deliveries: &[Delivery],
) -> Result<(), Failure> {
    for delivery in deliveries {
        let message = envelope::unwrap(&delivery.bytes).map(|unwrapped| unwrapped.message);
        // What cannot be unwrapped is put down as it came.
        let bytes = message.unwrap_or_else(|_| delivery.bytes.clone());
        let read = ceb::read(&bytes, &ReadOptions::lenient()).message;
        let kind = read.as_ref().map_or("unknown", |message| message.kind.code);
        for folder in folders {
            let name = file_name(&delivery.receipt_id);
            match (&folder.party, &read) {
                (None, _) => put(&folder.path, kind, &format!("{name}.xml"), &bytes)?,
                (Some(code), Some(message)) => {
                    if let Some(party) = directory.by_code(code)
                        && let Some((extension, part)) = part_of(party, message)?
                    {
                        put(&folder.path, kind, &format!("{name}.{extension}"), &part)?;
                    }
                }
                (Some(_), None) => {}
            }
        }
    }
    Ok(())
}

/// The receipts of one firm as a message of their own: XML when they are as complete as the schema
/// asks, which real receipts are not always, otherwise JSON.
fn part_of(party: &Party, message: &Message) -> Result<Option<(&'static str, Vec<u8>)>, Failure> {
    let documents: Vec<Document> =
        message.documents.iter().filter(|document| names(party, document)).cloned().collect();
    if documents.is_empty() {
        return Ok(None);
    }
    let part = Message { documents, signed: false, ..message.clone() };
    Ok(Some(match ceb::write(&part) {
        Ok(xml) => ("xml", xml),
        Err(_) => ("json", serde_json::to_vec_pretty(&ceb::message_to_json(&part))?),
    }))
}

fn names(party: &Party, document: &Document) -> bool {
    let codes = FIRMS.iter().filter_map(|field| document.head.text(field));
    codes.into_iter().any(|code| party.has_code(code))
}

fn put(root: &Path, kind: &str, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let folder = root.join("receipts").join(kind);
    let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", folder.display()));
    fs::create_dir_all(&folder).map_err(wrong)?;
    // Whoever watches the folder never sees half a file.
    let part = folder.join(format!(".{name}.part"));
    fs::write(&part, bytes).map_err(wrong)?;
    fs::rename(&part, folder.join(name)).map_err(wrong)
}

/// Ids come from outside: only letters, digits, `-` and `_` go into a file name.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
