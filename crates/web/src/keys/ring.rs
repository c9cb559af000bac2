//! Keys in memory: the hot path hashes the key it was sent and finds the caller without a query.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderValue, StatusCode};
use db::DbError;
use kernel::{Text, Time};

use super::{Key, KeyId, KeyState, secret, store};
use crate::App;
use crate::caller::Caller;
use crate::error::ApiError;

/// Keys seen lately, by the hash of their text. Holds only keys that exist, so it cannot be
/// flooded.
#[derive(Default)]
pub(crate) struct KeyRing {
    by_hash: RwLock<HashMap<[u8; 16], Arc<Known>>>,
}

struct Known {
    key: Key,
    caller: Caller,
    loaded: Time,
    /// When last used, ms; and what of it the database knows.
    used_ms: AtomicI64,
    saved_ms: AtomicI64,
}

impl KeyRing {
    fn known(&self, hash: &[u8; 16]) -> Option<Arc<Known>> {
        self.by_hash.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 16], key: Key, now: Time) -> Arc<Known> {
        let caller = Caller {
            key: key.id,
            party: key.party.as_deref().map(Arc::from),
            scopes: key.scopes,
            actor: Arc::from(key.id.to_string()),
        };
        let mut ring = self.by_hash.write().unwrap_or_else(PoisonError::into_inner);
        // A reload keeps what was used and not yet saved.
        let before = ring.get(&hash).map(|known| {
            let used = known.used_ms.load(Ordering::Relaxed);
            (used, known.saved_ms.load(Ordering::Relaxed))
        });
        let (used, saved) = before.unwrap_or_else(|| {
            let last = key.last_used.map_or(0, Time::to_millis);
            (last, last)
        });
        let (used_ms, saved_ms) = (AtomicI64::new(used), AtomicI64::new(saved));
        let known = Arc::new(Known { key, caller, loaded: now, used_ms, saved_ms });
        ring.insert(hash, known.clone());
        known
    }

    /// Forgets a key, so that the next request asks the database.
    pub(crate) fn forget(&self, id: KeyId) {
        let mut ring = self.by_hash.write().unwrap_or_else(PoisonError::into_inner);
        ring.retain(|_, known| known.key.id != id);
    }

    /// Keys used since last saved, with the time.
    fn unsaved(&self) -> Vec<(Arc<Known>, i64)> {
        let ring = self.by_hash.read().unwrap_or_else(PoisonError::into_inner);
        let used = ring.values().map(|known| (known, known.used_ms.load(Ordering::Relaxed)));
        used.filter(|(known, used)| *used > known.saved_ms.load(Ordering::Relaxed))
            .map(|(known, used)| (known.clone(), used))
            .collect()
    }
}

/// Who holds the key in an `Authorization` header. 401 with the reason otherwise.
pub(crate) async fn identify(
    app: &App,
    authorization: Option<&HeaderValue>,
) -> Result<Caller, ApiError> {
    let text = bearer(authorization)?;
    let now = app.clock.now();
    let hash = secret::hash(app.db.sealer(), text);
    let fresh_from = now.plus_millis(-app.settings().key_cache_ms);
    // A clock gone back makes nothing younger than it is.
    let fresh = |known: &Arc<Known>| known.loaded > fresh_from && known.loaded <= now;
    let known = match app.keys().known(&hash).filter(fresh) {
        Some(known) => known,
        None => load(app, text, hash, now).await?,
    };
    match known.key.state(now) {
        KeyState::Active => {
            known.used_ms.fetch_max(now.to_millis(), Ordering::Relaxed);
            Ok(known.caller.clone())
        }
        KeyState::Expired => {
            Err(unauthenticated("auth.expired", Text::new("密钥已过有效期", "the key has expired")))
        }
        KeyState::Revoked => Err(unauthenticated(
            "auth.revoked",
            Text::new("密钥已被吊销", "the key has been revoked"),
        )),
    }
}

async fn load(app: &App, text: &str, hash: [u8; 16], now: Time) -> Result<Arc<Known>, ApiError> {
    let unknown = || {
        unauthenticated(
            "auth.unknown",
            Text::new("密钥无效", "the key is not one of this platform"),
        )
    };
    if !secret::is_ours(app.db.sealer(), text) {
        return Err(unknown());
    }
    let key = app.read(move |tx| store::by_hash(tx, &hash)).await?.ok_or_else(unknown)?;
    Ok(app.keys().keep(hash, key, now))
}

fn bearer(authorization: Option<&HeaderValue>) -> Result<&str, ApiError> {
    let Some(value) = authorization else {
        let text = Text::new("缺少接口密钥", "the request carries no API key");
        return Err(unauthenticated("auth.missing", text));
    };
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    match text {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(key.trim()),
        _ => {
            let text = Text::new("认证方式不支持", "the way of authentication is not supported");
            Err(unauthenticated("auth.scheme", text))
        }
    }
}

fn unauthenticated(code: &'static str, text: Text) -> ApiError {
    let remedy = Text::new(
        "请在请求头加 Authorization: Bearer <密钥>;密钥由平台运维签发",
        "send the header Authorization: Bearer <key>; keys are issued by the platform's operator",
    );
    ApiError::new(StatusCode::UNAUTHORIZED, code, text, remedy)
}

/// Writes down when keys were last used: one statement for all, called about once a minute and
/// when the server stops. Returns how many keys it wrote.
pub fn flush_last_used(app: &App) -> Result<usize, DbError> {
    let used = app.keys().unsaved();
    if used.is_empty() {
        return Ok(0);
    }
    let rows: Vec<_> = used.iter().map(|(known, at)| (known.key.id, *at)).collect();
    app.db.write(|tx| store::save_last_used(tx, &rows))?;
    for (known, at) in &used {
        known.saved_ms.fetch_max(*at, Ordering::Relaxed);
    }
    Ok(used.len())
}
