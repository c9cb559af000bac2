//! Many rows at once: what the bulk door takes.

use crate::{DbError, Type, Value};

/// Rows to insert, held flat. All rows are of one width, which [`crate::Tx::insert_many`] compares
/// with its columns.
#[derive(Clone, Debug, Default)]
pub struct Rows<'a> {
    width: usize,
    values: Vec<Value<'a>>,
    uneven: bool,
}

/// What to do with a row that is there already (same primary key or unique columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// Fail with [`DbError::Unique`]; nothing is inserted.
    Fail,
    /// Leave the row that is there, skip this one.
    Ignore,
}

impl<'a> Rows<'a> {
    /// No rows yet.
    pub fn new() -> Rows<'a> {
        Rows::default()
    }

    /// No rows yet, room for some.
    pub fn with_capacity(rows: usize, width: usize) -> Rows<'a> {
        Rows { width, values: Vec::with_capacity(rows.saturating_mul(width)), uneven: false }
    }

    /// Adds a row: `rows.push(values![id, name])`.
    pub fn push<const N: usize>(&mut self, row: [Value<'a>; N]) {
        if self.values.is_empty() {
            self.width = N;
        }
        self.uneven |= self.width != N;
        self.values.extend(row);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::ChunksExact<'_, Value<'a>> {
        self.values.chunks_exact(self.width.max(1))
    }

    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().skip(column).step_by(self.width.max(1))
    }

    pub(crate) fn check_width(&self, columns: usize) -> Result<(), DbError> {
        if self.uneven || (self.width != columns && !self.is_empty()) {
            return Err(DbError::Other(format!("rows do not all have {columns} values")));
        }
        Ok(())
    }
}

impl<'a, const N: usize> FromIterator<[Value<'a>; N]> for Rows<'a> {
    fn from_iter<I: IntoIterator<Item = [Value<'a>; N]>>(rows: I) -> Rows<'a> {
        let rows = rows.into_iter();
        let mut out = Rows::with_capacity(rows.size_hint().0, N);
        rows.for_each(|row| out.push(row));
        out
    }
}

/// Keys to look up or update in one go: the rows of the table `keys(n, a, b, c, …)` of
/// [`crate::Tx::query_keys`]. Types are named once, because a column of nothing but nulls has
/// none of its own.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    types: Vec<Type>,
    rows: Rows<'a>,
}

/// Column names: `a` to `z` but for `n`, which is the place of the key.
pub(crate) const KEY_COLUMNS: &str = "abcdefghijklmopqrstuvwxyz";
const KEY_COLUMNS_MAX: usize = KEY_COLUMNS.len();

impl<'a> Keys<'a> {
    /// No keys yet; columns `a`, `b`, … have these types (`n` is left out). At most 25
    /// columns.
    pub fn new(types: &[Type]) -> Keys<'a> {
        Keys { types: types.to_vec(), rows: Rows::new() }
    }

    /// Adds a key: `keys.push(values![ebp_code, order_no])`. Its `n` is its place, from 0.
    pub fn push<const N: usize>(&mut self, key: [Value<'a>; N]) {
        self.rows.push(key);
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn types(&self) -> &[Type] {
        &self.types
    }

    pub(crate) fn rows(&self) -> &Rows<'a> {
        &self.rows
    }

    /// `a, b, c` for as many columns as there are.
    pub(crate) fn column_names(&self) -> Vec<&'static str> {
        (0..self.types.len().min(KEY_COLUMNS_MAX)).map(|i| &KEY_COLUMNS[i..=i]).collect()
    }

    /// Both engines refuse the same keys: wrong width, wrong type.
    pub(crate) fn check(&self) -> Result<(), DbError> {
        if self.types.is_empty() || self.types.len() > KEY_COLUMNS_MAX {
            return Err(DbError::Other("keys have 1 to 25 columns".to_owned()));
        }
        self.rows.check_width(self.types.len())?;
        for row in self.rows.iter() {
            for (value, wanted) in row.iter().zip(&self.types) {
                if value.kind().is_some_and(|kind| kind != *wanted) {
                    return Err(DbError::Other(format!("a key is {value:?}, not {wanted:?}")));
                }
            }
        }
        Ok(())
    }
}
