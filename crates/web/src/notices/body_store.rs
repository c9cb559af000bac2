//! The news of notices, many alike in one blob: a firm's of one transaction repeat one another, so
//! together they take a fifth of what they take alone.

use std::collections::BTreeMap;

use db::{Ctx, DbError, Keys, OnConflict, Rows, Tx, Type, params, values};
use kernel::Time;

/// News in one blob; more make several, so that reading one never costs much.
const TOGETHER_MAX: usize = 256;

/// News not yet stored, by party, in the order of their numbers.
#[derive(Default)]
pub(super) struct Bodies<'a>(BTreeMap<&'a str, Vec<Blob>>);

struct Blob {
    last_seq: i64,
    count: usize,
    /// One line each.
    plain: Vec<u8>,
}

impl<'a> Bodies<'a> {
    /// Adds the next of a party.
    pub(super) fn add(&mut self, party: &'a str, seq: i64, body: &str) {
        let blobs = self.0.entry(party).or_default();
        if blobs.last().is_none_or(|blob| blob.count == TOGETHER_MAX) {
            blobs.push(Blob { last_seq: seq, count: 0, plain: Vec::new() });
        }
        if let Some(blob) = blobs.last_mut() {
            blob.plain.extend_from_slice(body.as_bytes());
            blob.plain.push(b'\n');
            blob.last_seq = seq;
            blob.count += 1;
        }
    }

    /// Stores them.
    pub(super) fn insert(self, tx: &mut Tx, ctx: &Ctx) -> Result<(), DbError> {
        let mut rows = Rows::new();
        for (party, blobs) in self.0 {
            for blob in blobs {
                let body = db::shrink(&blob.plain)?;
                rows.push(values![party, blob.last_seq, blob.count as i64, ctx.now, body]);
            }
        }
        let columns = ["party", "last_seq", "count", "created", "body"];
        tx.insert_many("web_notice_body", &columns, &rows, OnConflict::Fail).map(drop)
    }
}

/// The news of these notices, as JSON, in the same order. Those of one blob should follow one
/// another.
pub(super) fn of(tx: &mut Tx, notices: &[(&str, i64)]) -> Result<Vec<String>, DbError> {
    let mut out = Vec::with_capacity(notices.len());
    let mut open: Option<(&str, i64, Vec<String>)> = None;
    for (party, seq) in notices {
        let at_hand = |(of, last, lines): &(&str, i64, Vec<String>)| {
            let place = usize::try_from(seq - (last + 1 - lines.len() as i64)).ok()?;
            lines.get(place).filter(|_| of == party).cloned()
        };
        if let Some(line) = open.as_ref().and_then(at_hand) {
            out.push(line);
            continue;
        }
        let blob = open.insert(blob_of(tx, party, *seq)?);
        let absent = || DbError::Damaged(format!("notice {seq} of {party} has no content"));
        out.push(at_hand(blob).ok_or_else(absent)?);
    }
    Ok(out)
}

fn blob_of<'p>(
    tx: &mut Tx,
    party: &'p str,
    seq: i64,
) -> Result<(&'p str, i64, Vec<String>), DbError> {
    let sql = "SELECT last_seq, body FROM web_notice_body
               WHERE party = $1 AND last_seq >= $2 ORDER BY last_seq LIMIT 1";
    let Some(row) = tx.query_opt(sql, params![party, seq])? else {
        return Ok((party, seq, Vec::new()));
    };
    let what = "the content of notices";
    let plain = String::from_utf8(db::expand(row.bytes(1)?, what)?);
    let plain = plain.map_err(|e| DbError::Damaged(format!("{what}: {e}")))?;
    Ok((party, row.i64(0)?, plain.lines().map(str::to_owned).collect()))
}

/// Deletes what is older than `before` and whose notices are gone.
pub(super) fn prune(tx: &mut Tx, before: Time) -> Result<(), DbError> {
    let sql = "SELECT party, last_seq FROM web_notice_body b WHERE created < $1
               AND NOT EXISTS (SELECT 1 FROM web_notice n WHERE n.party = b.party
                   AND n.seq <= b.last_seq AND n.seq > b.last_seq - b.count)";
    let rows = tx.query(sql, params![before])?;
    let mut keys = Keys::new(&[Type::Text, Type::Int]);
    for row in &rows {
        keys.push(values![row.text(0)?, row.i64(1)?]);
    }
    let sql = "DELETE FROM web_notice_body
               WHERE (party, last_seq) IN (SELECT k.a, k.b FROM keys k)";
    tx.update_many(sql, &keys).map(drop)
}
