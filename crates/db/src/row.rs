//! What comes out of a statement. One result shares one block of memory among its rows, so a
//! thousand rows cost a handful of allocations.

use std::borrow::Cow;
use std::sync::Arc;

use kernel::{Decimal, Fen, Id, Time};

use crate::{DbError, Value};

/// One row of a result. Columns are read by position, counted from 0.
#[derive(Clone)]
pub struct Row {
    block: Arc<Block>,
    first: usize,
}

/// All cells of one result, row after row.
#[derive(Default)]
pub(crate) struct Block {
    names: Vec<Box<str>>,
    cells: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cell {
    Null,
    Int(i64),
    Bool(bool),
    Text(usize, usize),
    Bytes(usize, usize),
}

impl Block {
    pub(crate) fn new(names: Vec<Box<str>>) -> Block {
        Block { names, ..Block::default() }
    }

    pub(crate) fn push_null(&mut self) {
        self.cells.push(Cell::Null);
    }

    pub(crate) fn push_int(&mut self, value: i64) {
        self.cells.push(Cell::Int(value));
    }

    pub(crate) fn push_bool(&mut self, value: bool) {
        self.cells.push(Cell::Bool(value));
    }

    pub(crate) fn push_text(&mut self, value: &str) {
        let start = self.text.len();
        self.text.push_str(value);
        self.cells.push(Cell::Text(start, self.text.len()));
    }

    pub(crate) fn push_bytes(&mut self, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.cells.push(Cell::Bytes(start, self.bytes.len()));
    }

    pub(crate) fn into_rows(self) -> Vec<Row> {
        let width = self.names.len().max(1);
        let count = self.cells.len() / width;
        let block = Arc::new(self);
        (0..count).map(|i| Row { block: Arc::clone(&block), first: i * width }).collect()
    }
}

impl Row {
    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.block.names.len()
    }

    /// A column of any type.
    pub fn value(&self, column: usize) -> Result<Value<'_>, DbError> {
        Ok(match self.cell(column, "a column")? {
            Cell::Null => Value::Null,
            Cell::Int(value) => Value::Int(value),
            Cell::Bool(value) => Value::Bool(value),
            Cell::Text(from, to) => Value::Text(Cow::Borrowed(&self.block.text[from..to])),
            Cell::Bytes(from, to) => Value::Bytes(Cow::Borrowed(&self.block.bytes[from..to])),
        })
    }

    /// A `BIGINT` that may be null.
    pub fn opt_i64(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.cell(column, "BIGINT")? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(value)),
            other => Err(self.wrong(column, "BIGINT", other)),
        }
    }

    /// A `BIGINT`.
    pub fn i64(&self, column: usize) -> Result<i64, DbError> {
        self.opt_i64(column)?.ok_or_else(|| self.wrong(column, "BIGINT", Cell::Null))
    }

    /// A `BIGINT` that fits 32 bits without sign, such as a count.
    pub fn u32(&self, column: usize) -> Result<u32, DbError> {
        let value = self.i64(column)?;
        u32::try_from(value).map_err(|_| self.wrong(column, "a count", Cell::Int(value)))
    }

    /// A `BOOLEAN` that may be null. SQLite gives booleans back as 0 and 1.
    pub fn opt_bool(&self, column: usize) -> Result<Option<bool>, DbError> {
        match self.cell(column, "BOOLEAN")? {
            Cell::Null => Ok(None),
            Cell::Bool(value) => Ok(Some(value)),
            Cell::Int(0) => Ok(Some(false)),
            Cell::Int(1) => Ok(Some(true)),
            other => Err(self.wrong(column, "BOOLEAN", other)),
        }
    }

    /// A `BOOLEAN`.
    pub fn bool(&self, column: usize) -> Result<bool, DbError> {
        self.opt_bool(column)?.ok_or_else(|| self.wrong(column, "BOOLEAN", Cell::Null))
    }

    /// A `TEXT` that may be null.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, DbError> {
        match self.cell(column, "TEXT")? {
            Cell::Null => Ok(None),
            Cell::Text(from, to) => Ok(Some(&self.block.text[from..to])),
            other => Err(self.wrong(column, "TEXT", other)),
        }
    }

    /// A `TEXT`.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.opt_text(column)?.ok_or_else(|| self.wrong(column, "TEXT", Cell::Null))
    }

    /// A `BLOB` that may be null.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, DbError> {
        match self.cell(column, "BLOB")? {
            Cell::Null => Ok(None),
            Cell::Bytes(from, to) => Ok(Some(&self.block.bytes[from..to])),
            other => Err(self.wrong(column, "BLOB", other)),
        }
    }

    /// A `BLOB`.
    pub fn bytes(&self, column: usize) -> Result<&[u8], DbError> {
        self.opt_bytes(column)?.ok_or_else(|| self.wrong(column, "BLOB", Cell::Null))
    }

    /// An id.
    pub fn id<K>(&self, column: usize) -> Result<Id<K>, DbError> {
        self.i64(column).map(Id::from_i64)
    }

    /// An id that may be null.
    pub fn opt_id<K>(&self, column: usize) -> Result<Option<Id<K>>, DbError> {
        Ok(self.opt_i64(column)?.map(Id::from_i64))
    }

    /// An instant.
    pub fn time(&self, column: usize) -> Result<Time, DbError> {
        self.i64(column).map(Time::from_millis)
    }

    /// An instant that may be null.
    pub fn opt_time(&self, column: usize) -> Result<Option<Time>, DbError> {
        Ok(self.opt_i64(column)?.map(Time::from_millis))
    }

    /// An amount in fen.
    pub fn fen(&self, column: usize) -> Result<Fen, DbError> {
        self.i64(column).map(Fen)
    }

    /// A decimal number kept as text.
    pub fn decimal(&self, column: usize) -> Result<Decimal, DbError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| self.wrong(column, "a decimal number", Cell::Text(0, 0)))
    }

    /// A decimal number kept as text that may be null.
    pub fn opt_decimal(&self, column: usize) -> Result<Option<Decimal>, DbError> {
        self.opt_text(column)?.map(|_| self.decimal(column)).transpose()
    }

    fn cell(&self, column: usize, wanted: &'static str) -> Result<Cell, DbError> {
        match self.block.cells.get(self.first + column) {
            Some(cell) if column < self.width() => Ok(*cell),
            _ => Err(DbError::Column {
                position: column,
                name: String::new(),
                wanted,
                found: "no such column",
            }),
        }
    }

    fn wrong(&self, column: usize, wanted: &'static str, found: Cell) -> DbError {
        DbError::Column {
            position: column,
            name: self.block.names.get(column).map(ToString::to_string).unwrap_or_default(),
            wanted,
            found: match found {
                Cell::Null => "null",
                Cell::Int(_) => "BIGINT",
                Cell::Bool(_) => "BOOLEAN",
                Cell::Text(..) => "TEXT",
                Cell::Bytes(..) => "BLOB",
            },
        }
    }
}

/// Shows the columns' names only: rows may hold personal data.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({})", self.block.names.join(", "))
    }
}
