//! Publishing checkpoints: never one that contradicts what was published before, whether the
//! database remembers it or not.
//!
//! The newest checkpoint is also kept in a file beside the database. A database that was brought
//! back from an older backup no longer knows what was published since; the file does, and then
//! nothing is published until somebody says that the loss is known ([`Publisher::accept_loss`]).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use db::evidence::{self as log, NotKept, Record, Tree};
use db::{Ctx, Db, DbError};
use kernel::{Id, Text, Time, id::Kind};
use web::evidence::{Standing, hex};

use super::note::{Checkpoint, Note};
use super::{LogKeys, verify};
use crate::Failure;
use crate::config::Config;

/// Names ids of accepted losses: `los_…`.
#[derive(Clone, Copy, Debug)]
enum LossKind {}
impl Kind for LossKind {
    const PREFIX: &'static str = "los";
}

/// Publishes checkpoints of one log.
pub struct Publisher {
    keys: LogKeys,
    file: Option<PathBuf>,
    standing: Arc<Standing>,
    last: Mutex<Option<Checkpoint>>,
}

impl Publisher {
    /// Opens the log's keys and reads what was published last.
    ///
    /// # Errors
    /// When the keys cannot be used or the file cannot be read.
    pub fn open(config: &Config, db: &Db, ctx: &Ctx, zone: &str) -> Result<Publisher, Failure> {
        let named = config.evidence.origin.clone();
        let origin = named.unwrap_or_else(|| format!("kouan/{zone}"));
        Publisher::with(LogKeys::open(&origin, db, ctx)?, config, db)
    }

    /// Looks the log over without changing anything: a sentence, or what is wrong.
    ///
    /// # Errors
    /// When the log is not what was published of it, or cannot be read.
    pub fn look(config: &Config, db: &Db) -> Result<String, Failure> {
        let Some(keys) = LogKeys::kept(db)? else {
            return Ok("none yet; it begins at the first start".to_owned());
        };
        let publisher = Publisher::with(keys, config, db)?;
        let (size, newest) = db.read(|tx| {
            tx.extends_checkpoint()?;
            Ok::<_, NotKept>((tx.evidence_size()?, tx.latest_checkpoint()?))
        })?;
        if let Some(fault) = publisher.contradiction(db)? {
            return Err(Failure::new(fault.en));
        }
        let origin = publisher.keys.origin();
        let published = newest.map_or_else(
            || "nothing published".to_owned(),
            |newest| format!("{} published {}", newest.size, newest.at.to_rfc3339()),
        );
        Ok(format!("{origin}, {size} records, {published}"))
    }

    fn with(keys: LogKeys, config: &Config, db: &Db) -> Result<Publisher, Failure> {
        let file = checkpoint_file(config, db);
        let last = file.as_deref().map_or(Ok(None), |path| published(path, &keys))?;
        let standing = Arc::new(Standing::default());
        Ok(Publisher { keys, file, standing, last: Mutex::new(last) })
    }

    /// Whether the log stands; to be shared with the door.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// The keys.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// Publishes a checkpoint when the log has grown. Gives its size when it did.
    ///
    /// # Errors
    /// When the log does not extend what was published, which is also said at `/health/ready`, or
    /// the database fails.
    pub fn publish(&self, db: &Db, now: Time) -> Result<Option<u64>, Failure> {
        let (size, before) = db.read(|tx| {
            let newest = tx.latest_checkpoint()?.map_or(0, |last| last.size);
            Ok::<_, DbError>((tx.evidence_size()?, newest))
        })?;
        // In steps of their own: a transaction over a long log would keep others waiting.
        while db.write(|tx| tx.grow_evidence())? {}
        if let Some(fault) = self.contradiction(db)? {
            return Err(self.alarm(fault));
        }
        if size == before {
            self.standing.set(None);
            return Ok(None);
        }
        let sign = |size: u64, root: &log::Hash| {
            let note = self.keys.sign(size, root, now);
            note.map_err(|failure| DbError::Other(failure.to_string()))
        };
        let kept = db.write(|tx| tx.keep_checkpoint(now, sign));
        let made = match kept {
            Ok(Some(made)) => made,
            Ok(None) => return Ok(None),
            Err(NotKept::Db(error)) => return Err(error.into()),
            Err(fault) => return Err(self.alarm(rewritten(&fault))),
        };
        self.remember(&made.note);
        self.standing.set(None);
        Ok(Some(made.size))
    }

    /// What was published and is not so any more.
    fn contradiction(&self, db: &Db) -> Result<Option<Text>, Failure> {
        let Some(last) = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return Ok(None);
        };
        let root = db.read(|tx| match tx.evidence_size()? < last.size {
            true => Ok::<_, DbError>(None),
            false => Tree::of(tx, last.size)?.root().map(Some),
        })?;
        if root == Some(last.root) || accepted(db, &last)? {
            return Ok(None);
        }
        let Checkpoint { size, time, .. } = &last;
        Ok(Some(Text::new(
            format!(
                "存证日志与 {time} 已发布的检查点(前 {size} 条)不符:数据库可能由较早的备份恢复。\
                 核实后执行 kouan evidence accept,在此之前不再发布检查点"
            ),
            format!(
                "the evidence log is not what was published of its first {size} records at {time}: \
                 the database may have been restored from an older backup. Once that is \
                 understood run kouan evidence accept; nothing is published before"
            ),
        )))
    }

    fn alarm(&self, fault: Text) -> Failure {
        let failure = Failure::new(fault.en.clone());
        self.standing.set(Some(fault));
        failure
    }

    /// Writes down outside the database what was published.
    fn remember(&self, note: &str) {
        let parsed = Note::parse(note).and_then(|note| Checkpoint::parse(&note.text));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = parsed;
        let Some(path) = &self.file else { return };
        let fresh = path.with_extension("checkpoint.new");
        let written = fs::write(&fresh, note).and_then(|()| fs::rename(&fresh, path));
        if let Err(error) = written {
            tracing::warn!(%error, path = %path.display(), "the checkpoint file was not written");
        }
    }

    /// Says that it is known why the log is not what was published: the reason and what was lost
    /// become a record of the log, and publishing goes on. `false` when nothing was lost.
    ///
    /// # Errors
    /// When the database fails.
    pub fn accept_loss(&self, db: &Db, ctx: &Ctx, reason: &str) -> Result<bool, Failure> {
        if self.contradiction(db)?.is_none() {
            return Ok(false);
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(last) = last else { return Ok(false) };
        let id: Id<LossKind> = ctx.id();
        let mut record = Record::new("loss", id, ctx.now);
        record.line("published-size", last.size);
        record.line("published-root", hex(&last.root));
        record.line("published-time", &last.time);
        record.line("reason", reason);
        db.write(|tx| {
            tx.witness([&record])?;
            let known = tx.setting(ACCEPTED)?.unwrap_or_default();
            tx.set_setting(ACCEPTED, &format!("{known}{}\n", accepted_text(&last)))?;
            tx.audit(ctx, "evidence.loss_accepted", &id.to_string(), reason)
        })?;
        Ok(true)
    }
}

/// The setting that holds what was published, lost and accepted: a line each, size and root.
const ACCEPTED: &str = "evidence.accepted";

fn accepted(db: &Db, last: &Checkpoint) -> Result<bool, Failure> {
    let known = db.read(|tx| tx.setting(ACCEPTED))?;
    let known = known.unwrap_or_default();
    Ok(known.lines().any(|line| line == accepted_text(last)))
}

fn accepted_text(last: &Checkpoint) -> String {
    format!("{} {}", last.size, hex(&last.root))
}

fn rewritten(fault: &NotKept) -> Text {
    Text::new(
        format!("存证日志已被改动:{fault}。请执行 kouan evidence check 查明,并由备份恢复"),
        format!("{fault}; kouan evidence check says where, a backup has it as it was"),
    )
}

/// Where the newest checkpoint is kept outside the database: as configured, else beside the
/// embedded database, else beside the master key.
fn checkpoint_file(config: &Config, db: &Db) -> Option<PathBuf> {
    let beside = || match db.file() {
        Some(file) => Some(file.with_extension("checkpoint")),
        None => Some(config.master_key_path())
            .filter(|key| db.is_server() && key.exists())
            .map(|key| key.with_extension("checkpoint")),
    };
    config.evidence.checkpoint_file.clone().or_else(beside)
}

/// The checkpoint in the file, when it is one of this log's.
fn published(path: &Path, keys: &LogKeys) -> Result<Option<Checkpoint>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
    let text = fs::read_to_string(path).map_err(wrong)?;
    let ours = verify::checkpoint(&text, keys.public());
    if ours.is_none() {
        tracing::warn!(path = %path.display(), "the checkpoint file is of another log");
    }
    Ok(ours)
}
