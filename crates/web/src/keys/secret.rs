//! Making and recognising the text of a key.

use db::Sealer;

use super::Secret;
use crate::error::ApiError;

const PREFIX: &str = "kouan_";
const RANDOM_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new key: 160 random bits from the operating system.
pub(super) fn generate(sealer: &Sealer) -> Result<Secret, ApiError> {
    let mut random = [0_u8; RANDOM_CHARS];
    getrandom::fill(&mut random).map_err(|error| ApiError::bug(error.to_string()))?;
    let body: String = random.iter().map(|byte| letter(*byte)).collect();
    let check = check(sealer, &body);
    Ok(Secret(format!("{PREFIX}{body}{check}")))
}

/// Whether the platform made this text. False for anything mistyped or made up.
pub(super) fn is_ours(sealer: &Sealer, text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    rest.len() == RANDOM_CHARS + CHECK_CHARS
        && rest.bytes().all(|byte| ALPHABET.contains(&byte))
        && check(sealer, &rest[..RANDOM_CHARS]) == rest[RANDOM_CHARS..]
}

/// What is stored instead of the key.
pub(super) fn hash(sealer: &Sealer, text: &str) -> [u8; 16] {
    sealer.keyed_hash("web.api_key", text)
}

fn check(sealer: &Sealer, body: &str) -> String {
    let hash = sealer.keyed_hash("web.api_key.check", body);
    hash.iter().take(CHECK_CHARS).map(|byte| letter(*byte)).collect()
}

fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte & 31)])
}
