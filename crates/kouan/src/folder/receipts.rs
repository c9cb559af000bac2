//! Puts receipts into the folder doors, by type. The file name follows from the receipt, so that
//! one that comes again replaces itself.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ceb::{Document, Message, ReadOptions};
use db::{ClaimedJob, Ctx, DbError, Job, OriginalId, Tx};
use gateway::{Delivery, envelope};
use register::party::{Directory, Party};
use serde::Deserialize;
use serde_json::json;

use crate::Failure;
use crate::config::Folder;
use crate::platform::Platform;
use crate::worker::{Round, Worker};

/// The elements of a receipt that name firms.
const FIRMS: [&str; 6] =
    ["ebpCode", "ebcCode", "payCode", "logisticsCode", "agentCode", "operatorCode"];

/// A delivery that could not be put into a folder door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// The folder door.
    pub folder: PathBuf,
    /// Which of the deliveries, from 0.
    pub delivery: usize,
}

/// Puts deliveries from customs into every folder they concern. Gives those that could not be
/// written: they are to be put there later, see [`owe`].
pub fn deliver(
    folders: &[Folder],
    directory: &Directory,
    deliveries: &[Delivery],
) -> Vec<Undelivered> {
    let mut undelivered: Vec<Undelivered> = Vec::new();
    if folders.is_empty() {
        return undelivered;
    }
    for (n, delivery) in deliveries.iter().enumerate() {
        let receipt = Receipt::of(delivery);
        for folder in folders {
            let Err(failure) = receipt.put_into(folder, directory) else { continue };
            if undelivered.iter().all(|other| other.folder != folder.path) {
                tracing::error!(%failure, "receipts could not be put into a folder door");
            }
            undelivered.push(Undelivered { folder: folder.path.clone(), delivery: n });
        }
    }
    undelivered
}

/// A receipt as it goes into folders.
struct Receipt {
    name: String,
    kind: &'static str,
    bytes: Vec<u8>,
    /// `None` when it cannot be read.
    message: Option<Message>,
}

impl Receipt {
    /// What cannot be unwrapped is put down as it came.
    fn of(delivery: &Delivery) -> Receipt {
        let unwrapped = envelope::unwrap(&delivery.bytes).map(|unwrapped| unwrapped.message);
        let bytes = unwrapped.unwrap_or_else(|_| delivery.bytes.clone());
        let message = ceb::read(&bytes, &ReadOptions::lenient()).message;
        let kind = message.as_ref().map_or("unknown", |message| message.kind.code);
        Receipt { name: file_name(&delivery.receipt_id), kind, bytes, message }
    }

    fn put_into(&self, folder: &Folder, directory: &Directory) -> Result<(), Failure> {
        let name = &self.name;
        let Some(code) = &folder.party else {
            return put(&folder.path, self.kind, &format!("{name}.xml"), &self.bytes);
        };
        let party = directory.by_code(code);
        let Some((party, message)) = party.zip(self.message.as_ref()) else { return Ok(()) };
        match part_of(party, message)? {
            Some((extension, part)) => {
                put(&folder.path, self.kind, &format!("{name}.{extension}"), &part)
            }
            None => Ok(()),
        }
    }
}

/// Jobs that put a receipt where it could not be put at first.
const OWED: &str = "folder.receipt";
const LOOK_EVERY: Duration = Duration::from_secs(2);
const AT_ONCE: u32 = 100;
const LEASE_MS: i64 = 60_000;
/// The wait after each failed try grows by this, up to the longest.
const WAIT_MS: i64 = 2_000;
const WAIT_MAX_MS: i64 = 60_000;

/// Notes what is owed to folder doors, before customs hears that its receipts have arrived: from
/// then on nobody else has them to give. `originals` are those of the deliveries.
///
/// # Errors
/// When the database fails.
pub fn owe(
    tx: &mut Tx,
    ctx: &Ctx,
    undelivered: &[Undelivered],
    deliveries: &[Delivery],
    originals: &[Option<OriginalId>],
) -> Result<(), DbError> {
    for Undelivered { folder, delivery } in undelivered {
        let (Some(given), Some(Some(original))) =
            (deliveries.get(*delivery), originals.get(*delivery))
        else {
            continue;
        };
        let (folder, receipt) = (folder.display().to_string(), &given.receipt_id);
        let body = json!({"folder": folder, "receipt": receipt, "original": original.to_i64()});
        let due = ctx.now.plus_millis(WAIT_MS);
        let job = Job::new(OWED, format!("{folder} {receipt}"), due, body);
        // A folder may be out of order for long; what is owed stays owed.
        tx.enqueue_once(ctx, &Job { attempts_max: u32::MAX, ..job })?;
    }
    Ok(())
}

/// The worker that puts receipts into folder doors later.
pub fn settle(platform: Arc<Platform>) -> Worker {
    let round = Box::new(move || settle_round(&platform));
    Worker { name: "receipts", every: LOOK_EVERY, round }
}

/// Puts what is owed and due.
///
/// # Errors
/// When the database fails. A folder that still cannot be written is no error here.
pub fn settle_round(platform: &Platform) -> Result<Round, Failure> {
    let db = &platform.app.db;
    let ctx = platform.app.ctx_as("receipts".into());
    let jobs = db.claim(OWED, ctx.now, AT_ONCE, LEASE_MS)?;
    let mut put = 0;
    for job in &jobs {
        if is_settled(platform, job)? {
            put += 1;
            db.write(|tx| tx.finish(job))?;
        } else {
            let wait_ms = WAIT_MS.saturating_mul(job.attempts.into()).min(WAIT_MAX_MS);
            let due = ctx.now.plus_millis(wait_ms);
            db.write(|tx| tx.retry(job, due, "the folder cannot be written"))?;
        }
    }
    if put > 0 {
        tracing::info!(put, "receipts were put into a folder door at last");
    }
    Ok(if put > 0 { Round::Busy } else { Round::Idle })
}

/// Whether nothing more is owed by a job.
fn is_settled(platform: &Platform, job: &ClaimedJob) -> Result<bool, Failure> {
    let owed: Owed = serde_json::from_value(job.body.clone())?;
    let folders = &platform.config.folders;
    let Some(folder) = folders.iter().find(|f| f.path.display().to_string() == owed.folder) else {
        tracing::warn!(folder = owed.folder, "a folder door is gone; it is owed nothing any more");
        return Ok(true);
    };
    let original = platform.app.db.read(|tx| tx.original(owed.original))?;
    let Some(original) = original else { return Ok(true) };
    let bytes = original.bytes.into_inner();
    let receipt = Receipt::of(&Delivery { receipt_id: owed.receipt, header: None, bytes });
    Ok(receipt.put_into(folder, &platform.reference.directory.current()).is_ok())
}

#[derive(Deserialize)]
struct Owed {
    folder: String,
    receipt: String,
    #[serde(deserialize_with = "number")]
    original: OriginalId,
}

fn number<'de, D: serde::Deserializer<'de>>(given: D) -> Result<OriginalId, D::Error> {
    i64::deserialize(given).map(OriginalId::from_i64)
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
    let write = |mut file: fs::File| file.write_all(bytes).and_then(|()| file.sync_all());
    fs::File::create(&part).and_then(write).map_err(wrong)?;
    fs::rename(&part, folder.join(name)).map_err(wrong)
}

/// Ids come from outside: only letters, digits, `-` and `_` go into a file name.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
