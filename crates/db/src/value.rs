//! What goes into a statement: five kinds of value, the same on both engines.

use std::borrow::Cow;
use std::sync::Arc;

use kernel::{Decimal, Fen, Id, Time};

/// One value of a statement. Text and bytes may be borrowed, so that a parsed message is written
/// without being copied first.
#[derive(Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// `BIGINT`: counts, ids, fen, milliseconds.
    Int(i64),
    /// `BOOLEAN`.
    Bool(bool),
    /// `TEXT`.
    Text(Cow<'a, str>),
    /// `BLOB`.
    Bytes(Cow<'a, [u8]>),
}

/// The type of a column of [`crate::Keys`], named as migrations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `BIGINT`.
    Int,
    /// `BOOLEAN`.
    Bool,
    /// `TEXT`.
    Text,
    /// `BLOB`.
    Bytes,
}

impl Value<'_> {
    /// The kind of value, `None` for nothing.
    pub fn kind(&self) -> Option<Type> {
        match self {
            Value::Null => None,
            Value::Int(_) => Some(Type::Int),
            Value::Bool(_) => Some(Type::Bool),
            Value::Text(_) => Some(Type::Text),
            Value::Bytes(_) => Some(Type::Bytes),
        }
    }
}

/// Shows the kind and the length, never the content: values may be personal data.
impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Int(_) => f.write_str("Int"),
            Value::Bool(_) => f.write_str("Bool"),
            Value::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Value::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

/// The parameters of a statement: `tx.execute(sql, params![id, name, None::<i64>])`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &$crate::values![$($value),*] };
}

/// One row for [`crate::Rows::push`] or [`crate::Keys::push`]: an array of [`Value`].
#[macro_export]
macro_rules! values {
    () => { [] as [$crate::Value<'_>; 0] };
    ($($value:expr),+ $(,)?) => { [$($crate::Value::from($value)),+] };
}

macro_rules! from {
    ($($source:ty, $name:ident => $value:expr;)*) => {$(
        impl<'a> From<$source> for Value<'a> {
            fn from($name: $source) -> Value<'a> { $value }
        }
    )*};
}

from! {
    bool, x => Value::Bool(x);
    i64, x => Value::Int(x);
    i32, x => Value::Int(i64::from(x));
    i16, x => Value::Int(i64::from(x));
    u32, x => Value::Int(i64::from(x));
    u16, x => Value::Int(i64::from(x));
    u8, x => Value::Int(i64::from(x));
    &'a str, x => Value::Text(Cow::Borrowed(x));
    &'a String, x => Value::Text(Cow::Borrowed(x));
    &'a Box<str>, x => Value::Text(Cow::Borrowed(x));
    &'a Arc<str>, x => Value::Text(Cow::Borrowed(x));
    String, x => Value::Text(Cow::Owned(x));
    Box<str>, x => Value::Text(Cow::Owned(x.into_string()));
    Cow<'a, str>, x => Value::Text(x);
    &'a [u8], x => Value::Bytes(Cow::Borrowed(x));
    &'a Vec<u8>, x => Value::Bytes(Cow::Borrowed(x));
    Vec<u8>, x => Value::Bytes(Cow::Owned(x));
    Time, x => Value::Int(x.to_millis());
    Fen, x => Value::Int(x.0);
    Decimal, x => Value::Text(Cow::Owned(x.to_string()));
    kernel::Date, x => Value::Text(Cow::Owned(x.to_string()));
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Value<'a> {
        Value::Bytes(Cow::Borrowed(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for Value<'_> {
    fn from(bytes: [u8; N]) -> Self {
        Value::Bytes(Cow::Owned(bytes.to_vec()))
    }
}

impl<K> From<Id<K>> for Value<'_> {
    fn from(id: Id<K>) -> Self {
        Value::Int(id.to_i64())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Value<'a> {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a> From<&'a Value<'_>> for Value<'a> {
    fn from(value: &'a Value<'_>) -> Value<'a> {
        match value {
            Value::Null => Value::Null,
            Value::Int(x) => Value::Int(*x),
            Value::Bool(x) => Value::Bool(*x),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        }
    }
}
