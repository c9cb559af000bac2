//! Stored documents other than inventories.

use std::sync::Arc;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};

use super::course;
use super::history::History;
use crate::document::facts::Columns;
use crate::document::{Direction, DocumentId, Facts, Head, Key, Kind, MessageId};
use crate::lifecycle::state::SEND_FAILED;
use crate::lifecycle::{Position, State};

/// A document as stored.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    pub(crate) id: DocumentId,
    /// How often its number was used before, after the months of the law.
    pub(crate) turn: i64,
    pub(crate) message_id: MessageId,
    /// Place in that message, from 0.
    pub(crate) index: i64,
    pub(crate) position: Position,
    pub(crate) facts: Arc<Facts>,
    pub(crate) version: i64,
    pub(crate) history: History,
}

impl Paper {
    pub(crate) fn kind(&self) -> Kind {
        self.facts.kind()
    }

    /// The codes of the firms it names.
    pub(crate) fn parties(&self) -> Vec<String> {
        let columns = self.facts.columns();
        let parties = [Some(self.facts.issuer()), columns.second_code, columns.third_code];
        parties.into_iter().flatten().filter(|code| !code.is_empty()).map(str::to_owned).collect()
    }
}

/// The columns of [`of_row`], after the ones of the caller: of `clearance_document d` and its
/// [`COURSE`].
pub(crate) const COLUMNS: &str = "d.id, d.kind, d.issuer_code, d.number, d.turn, d.link_no, \
    d.second_code, d.third_code, d.message_id, d.position, d.app_time, d.content, d.facts, \
    c.state, c.state_at, c.floor_at, c.version, c.history";

/// What joins a document's course to it.
pub(crate) const COURSE: &str = "JOIN clearance_document_course c ON c.id = d.id";

/// Reads a row whose columns from `first` on are [`COLUMNS`].
pub(crate) fn of_row(row: &Row, first: usize) -> Result<Paper, DbError> {
    let text = |column: usize| row.opt_text(first + column);
    let damaged = || DbError::Damaged(format!("clearance_document {:?}", row.i64(first).ok()));
    let kind = Kind::of_number(row.i64(first + 1)?).ok_or_else(damaged)?;
    let issuer = row.text(first + 2)?.to_owned();
    let key = Key { kind, issuer, number: row.text(first + 3)?.to_owned() };
    let columns = Columns { link_no: text(5)?, second_code: text(6)?, third_code: text(7)? };
    let position = course::position(row, first + 13)?;
    let head = Head {
        app_time: row.time(first + 10)?,
        content: row.bytes(first + 11)?.try_into().map_err(|_| damaged())?,
        draft: position.state == State::Draft,
        ..Head::default()
    };
    let facts = Facts::unpack(key, columns, head, row.bytes(first + 12)?).ok_or_else(damaged)?;
    Ok(Paper {
        id: row.id(first)?,
        turn: row.i64(first + 4)?,
        message_id: row.id(first + 8)?,
        index: row.i64(first + 9)?,
        position,
        facts: Arc::new(facts),
        version: row.i64(first + 16)?,
        history: History::of_bytes(row.bytes(first + 17)?),
    })
}

/// The documents of these business keys, every turn of each.
pub(crate) fn by_keys<'a>(
    tx: &mut Tx,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<Vec<Paper>, DbError> {
    let mut wanted = Keys::new(&[Type::Text, Type::Int, Type::Text]);
    keys.for_each(|key| wanted.push(values![&key.number, key.kind.number(), &key.issuer]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_document d
         ON d.number = k.a AND d.kind = k.b AND d.issuer_code = k.c {COURSE}"
    );
    tx.query_keys(&sql, &wanted)?.iter().map(|row| of_row(row, 1)).collect()
}

/// The payments and waybills that name these order numbers, whoever issued them.
pub(crate) fn by_links<'a>(
    tx: &mut Tx,
    links: impl Iterator<Item = (&'a str, Kind)>,
) -> Result<Vec<Paper>, DbError> {
    let mut wanted = Keys::new(&[Type::Text, Type::Int]);
    links.for_each(|(link, kind)| wanted.push(values![link, kind.number()]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_document d
         ON d.link_no = k.a AND d.kind = k.b {COURSE}"
    );
    tx.query_keys(&sql, &wanted)?.iter().map(|row| of_row(row, 1)).collect()
}

/// The orders of these numbers, on any platform: a waybill does not say on which.
pub(crate) fn orders_numbered<'a>(
    tx: &mut Tx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<Vec<Paper>, DbError> {
    let mut wanted = Keys::new(&[Type::Text]);
    numbers.for_each(|number| wanted.push(values![number]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_document d
         ON d.number = k.a AND d.kind = {} {COURSE}",
        Kind::Order.number()
    );
    tx.query_keys(&sql, &wanted)?.iter().map(|row| of_row(row, 1)).collect()
}

/// The documents of any kind that carry a number: their own, or the one that links them.
pub(crate) fn by_number(tx: &mut Tx, number: &str) -> Result<Vec<Paper>, DbError> {
    let own = format!("SELECT {COLUMNS} FROM clearance_document d {COURSE} WHERE d.number = $1");
    let linked =
        format!("SELECT {COLUMNS} FROM clearance_document d {COURSE} WHERE d.link_no = $1");
    let mut rows = tx.query(&own, params![number])?;
    rows.extend(tx.query(&linked, params![number])?);
    rows.iter().map(|row| of_row(row, 0)).collect()
}

/// The documents of these ids.
pub(crate) fn by_ids(tx: &mut Tx, ids: &[DocumentId]) -> Result<Vec<Paper>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_document d ON d.id = k.a {COURSE}"
    );
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// One document by our id.
pub(crate) fn by_id(tx: &mut Tx, id: DocumentId) -> Result<Option<Paper>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM clearance_document d {COURSE} WHERE d.id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| of_row(&row, 0)).transpose()
}

/// Stores new documents.
pub(crate) fn insert<'a>(
    tx: &mut Tx,
    papers: impl Iterator<Item = &'a Paper>,
) -> Result<(), DbError> {
    let mut rows = Rows::new();
    let mut courses = Rows::new();
    for paper in papers {
        let columns = paper.facts.columns();
        let head = paper.facts.head();
        rows.push(values![
            paper.id,
            paper.kind().number(),
            paper.facts.issuer(),
            paper.facts.number(),
            paper.turn,
            columns.link_no,
            columns.second_code,
            columns.third_code,
            paper.message_id,
            paper.index,
            head.app_time,
            &head.content,
            paper.facts.pack(),
        ]);
        let Position { state, at, floor } = paper.position;
        let history = paper.history.bytes();
        courses.push(values![paper.id, state.code(), at, floor, paper.version, history]);
    }
    let columns = [
        "id",
        "kind",
        "issuer_code",
        "number",
        "turn",
        "link_no",
        "second_code",
        "third_code",
        "message_id",
        "position",
        "app_time",
        "content",
        "facts",
    ];
    tx.insert_many("clearance_document", &columns, &rows, OnConflict::Fail)?;
    let columns = ["id", "state", "state_at", "floor_at", "version", "history"];
    tx.insert_many("clearance_document_course", &columns, &courses, OnConflict::Fail).map(drop)
}

/// Saves what new versions of stored documents say; where they stand is saved with the others.
pub(crate) fn replace<'a>(
    tx: &mut Tx,
    papers: impl Iterator<Item = &'a Paper>,
) -> Result<(), DbError> {
    use Type::{Bytes, Int, Text};
    let mut keys = Keys::new(&[Int, Text, Text, Text, Int, Int, Int, Bytes, Bytes]);
    for paper in papers {
        let columns = paper.facts.columns();
        let head = paper.facts.head();
        keys.push(values![
            paper.id,
            columns.link_no,
            columns.second_code,
            columns.third_code,
            paper.message_id,
            paper.index,
            head.app_time,
            &head.content,
            paper.facts.pack(),
        ]);
    }
    let changed = tx.update_many(
        "UPDATE clearance_document SET link_no = k.b, second_code = k.c, third_code = k.d,
             message_id = k.e, position = k.f, app_time = k.g, content = k.h, facts = k.i
         FROM keys k WHERE clearance_document.id = k.a",
        &keys,
    )?;
    course::all_changed(changed, keys.len())
}

/// Notes that waybills arrived at a supervised place.
pub(crate) fn arrive<'a>(
    tx: &mut Tx,
    arrivals: impl Iterator<Item = (&'a str, &'a str, DocumentId)>,
) -> Result<(), DbError> {
    let mut rows = Rows::new();
    arrivals.for_each(|(number, carrier, id)| rows.push(values![number, carrier, id]));
    let columns = ["logistics_no", "logistics_code", "document_id"];
    tx.insert_many("clearance_arrival", &columns, &rows, OnConflict::Ignore).map(drop)
}

/// Forgets the arrivals a withdrawn or changed warehousing detail told of.
pub(crate) fn unarrive(tx: &mut Tx, ids: &[DocumentId]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "DELETE FROM clearance_arrival WHERE document_id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &keys).map(drop)
}

/// Whether a waybill has arrived at a supervised place, and when that was told.
pub(crate) fn arrival(
    tx: &mut Tx,
    number: &str,
    carrier: &str,
) -> Result<Option<DocumentId>, DbError> {
    let sql = "SELECT document_id FROM clearance_arrival
               WHERE logistics_no = $1 AND logistics_code = $2 ORDER BY document_id LIMIT 1";
    tx.query_opt(sql, params![number, carrier])?.map(|row| row.id(0)).transpose()
}

/// A document that has not left, of an inventory.
pub(crate) struct Unsent {
    /// The inventory's place among those asked for.
    pub(crate) place: usize,
    /// The document.
    pub(crate) paper: DocumentId,
    /// The message it came in last.
    pub(crate) message_id: MessageId,
}

/// The orders, payments and waybills of these inventories that have not left. All of one direction;
/// of an export the seller may have numbered the order.
pub(crate) fn unsent_of(
    tx: &mut Tx,
    direction: Direction,
    inventories: impl Iterator<Item = DocumentId>,
) -> Result<Vec<Unsent>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    inventories.for_each(|id| keys.push(values![id]));
    let shop = match direction {
        Direction::Import => "= i.ebp_code",
        Direction::Export => "IN (i.ebp_code, i.ebc_code)",
    };
    let sql = format!(
        "SELECT k.n, d.id, d.message_id FROM keys k
         JOIN clearance_inventory i ON i.id = k.a
         JOIN clearance_document d ON d.number = i.order_no AND d.kind = $1
         AND d.issuer_code {shop} {COURSE} AND (c.state = $4 OR c.state = $5)
         UNION ALL
         SELECT k.n, d.id, d.message_id FROM keys k
         JOIN clearance_inventory i ON i.id = k.a
         JOIN clearance_document d ON d.link_no = i.order_no AND d.kind = $2 {COURSE}
         AND (c.state = $4 OR c.state = $5)
         UNION ALL
         SELECT k.n, d.id, d.message_id FROM keys k
         JOIN clearance_inventory i ON i.id = k.a
         JOIN clearance_document d ON d.number = i.logistics_no AND d.kind = $3
         AND d.issuer_code = i.logistics_code {COURSE} AND (c.state = $4 OR c.state = $5)"
    );
    let kinds = [Kind::order(direction), Kind::money(direction), Kind::waybill(direction)];
    let [order, payment, waybill] = kinds.map(Kind::number);
    let [ready, failed] = [State::Ready, SEND_FAILED].map(State::code);
    let rows = tx.query_keys_with(&sql, &keys, params![order, payment, waybill, ready, failed])?;
    let unsent = |row: &Row| {
        let place = usize::try_from(row.i64(0)?).unwrap_or(usize::MAX);
        Ok(Unsent { place, paper: row.id(1)?, message_id: row.id(2)? })
    };
    rows.iter().map(unsent).collect()
}
