//! The master key: 32 bytes per version, kept outside the database.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;

use crate::DbError;

const BYTES: usize = 32;

/// The key from which all others are derived, with the versions it has had. New blobs are sealed
/// with the newest; old ones open as long as their version is here.
///
/// Its text form is one key a line (or separated by commas), `version:key`, where the version is
/// 1 to 255 (1 when left out) and the key is 64 hexadecimal digits or base64. What follows `#` is
/// a comment.
#[derive(Clone)]
pub struct MasterKey(BTreeMap<u8, [u8; BYTES]>);

impl MasterKey {
    /// A new key of version 1, drawn from the operating system.
    pub fn generate() -> Result<MasterKey, DbError> {
        let mut key = [0; BYTES];
        fill_random(&mut key)?;
        Ok(MasterKey(BTreeMap::from([(1, key)])))
    }

    /// Reads the text form from a file.
    pub fn from_file(path: &Path) -> Result<MasterKey, DbError> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            DbError::Settings(format!("the master key file {}: {e}", path.display()))
        })?;
        text.parse()
    }

    /// Adds a newer version, drawn from the operating system: what is sealed from now on no longer
    /// opens with the versions before.
    pub fn rotated(&self) -> Result<MasterKey, DbError> {
        let (newest, _) = self.current();
        let next = newest.checked_add(1).ok_or_else(|| wrong("there is no version after 255"))?;
        let mut key = [0; BYTES];
        fill_random(&mut key)?;
        let mut keys = self.0.clone();
        keys.insert(next, key);
        Ok(MasterKey(keys))
    }

    /// The text form, to be written to a file that only the program can read.
    pub fn to_text(&self) -> String {
        let line = |(version, key): (&u8, &[u8; BYTES])| format!("{version}:{}\n", crate::hex(key));
        self.0.iter().map(line).collect()
    }

    pub(crate) fn version(&self, version: u8) -> Option<&[u8; BYTES]> {
        self.0.get(&version)
    }

    pub(crate) fn current(&self) -> (u8, &[u8; BYTES]) {
        self.0.last_key_value().map_or((0, &[0; BYTES]), |(version, key)| (*version, key))
    }

    pub(crate) fn oldest(&self) -> (u8, &[u8; BYTES]) {
        self.0.first_key_value().map_or((0, &[0; BYTES]), |(version, key)| (*version, key))
    }
}

impl FromStr for MasterKey {
    type Err = DbError;

    fn from_str(text: &str) -> Result<MasterKey, DbError> {
        let mut keys = BTreeMap::new();
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        for word in lines.flat_map(|line| line.split(',')).map(str::trim) {
            if word.is_empty() {
                continue;
            }
            let (version, key) = match word.split_once(':') {
                Some((version, key)) => (version.trim().parse().unwrap_or(0), key.trim()),
                None => (1, word),
            };
            if version == 0 {
                return Err(wrong("a version is a number from 1 to 255"));
            }
            if keys.insert(version, bytes(key)?).is_some() {
                return Err(wrong("a version occurs twice"));
            }
        }
        if keys.is_empty() {
            return Err(wrong("there is no key"));
        }
        Ok(MasterKey(keys))
    }
}

/// Shows the versions, never the keys.
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey(versions {:?})", self.0.keys())
    }
}

/// Fills bytes from the operating system's source of randomness.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), DbError> {
    getrandom::fill(bytes)
        .map_err(|e| DbError::Unavailable(format!("no randomness from the operating system: {e}")))
}

fn bytes(text: &str) -> Result<[u8; BYTES], DbError> {
    let found = if text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        text.as_bytes()
            .chunks(2)
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
            .collect()
    } else {
        base64::prelude::BASE64_STANDARD.decode(text).unwrap_or_default()
    };
    found.try_into().map_err(|_| wrong("a key is 32 bytes, as 64 hexadecimal digits or base64"))
}

fn wrong(text: &str) -> DbError {
    DbError::Settings(format!("the master key: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hexadecimal_and_base64() {
        let hex: MasterKey = "00".repeat(32).parse().unwrap();
        let base64: MasterKey = format!("1:{}=", "A".repeat(43)).parse().unwrap();
        assert_eq!(hex.to_text(), base64.to_text());
    }

    #[test]
    fn text_form_round_trips_with_versions() {
        let key = MasterKey::generate().unwrap().rotated().unwrap();
        let again: MasterKey =
            format!("# kept by the operator\n{}", key.to_text()).parse().unwrap();
        assert_eq!(again.to_text(), key.to_text());
        assert_eq!(again.current().0, 2);
    }

    #[test]
    fn wrong_keys_are_refused() {
        for text in ["", "abc", "0:", "256:", "#"] {
            assert!(text.parse::<MasterKey>().is_err(), "{text}");
        }
        let twice = format!("1:{0},1:{0}", "00".repeat(32));
        assert!(twice.parse::<MasterKey>().is_err());
    }
}
