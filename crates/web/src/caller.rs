//! Who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use kernel::Text;

use crate::error::ApiError;
use crate::keys::KeyId;
use crate::scope::{Scope, Scopes};

/// The holder of the key a request came with. The guard of the route has already checked that it
/// holds the route's scope; whose things it may touch is asked here.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key used.
    pub key: KeyId,
    /// Code of the firm the key belongs to; `None` for officers and the operator, who see all.
    pub party: Option<Arc<str>>,
    /// What it may do.
    pub scopes: Scopes,
    /// How it is named in the audit trail.
    pub actor: Arc<str>,
}

impl Caller {
    /// The party whose rows to read: give it to the query's `WHERE`. `None` means every party.
    pub fn party(&self) -> Option<&str> {
        self.party.as_deref()
    }

    /// Whose idempotency keys and the like these are: the firm's, whichever of its keys it uses, or
    /// the key's own.
    pub fn owner(&self) -> &str {
        self.party().unwrap_or(&self.actor)
    }

    /// Whether a thing of that party may be shown to this caller.
    pub fn sees(&self, owner: &str) -> bool {
        self.party().is_none_or(|party| party == owner)
    }

    /// 404 when the thing belongs to somebody else: the same answer as when it does not exist.
    pub fn must_see(&self, owner: &str) -> Result<(), ApiError> {
        if self.sees(owner) { Ok(()) } else { Err(ApiError::not_found()) }
    }

    /// The firm the caller acts for, for routes that only make sense for one. 403 otherwise.
    pub fn firm(&self) -> Result<&str, ApiError> {
        self.party().ok_or_else(|| {
            ApiError::new(
                StatusCode::FORBIDDEN,
                "auth.not_a_firm",
                Text::new("该操作须以企业身份办理", "only a firm can do this"),
                Text::new("请使用企业的接口密钥", "use the API key of a firm"),
            )
        })
    }

    /// 403 unless the key also holds the scope, for acts that need a second one.
    pub fn must_hold(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.has(scope) { Ok(()) } else { Err(missing_scope(scope, self.scopes)) }
    }
}

/// 403: the key is good and does not hold the scope.
pub(crate) fn missing_scope(scope: Scope, held: Scopes) -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "auth.missing_scope",
        Text::new(
            format!("该密钥没有“{}”权限", scope.zh()),
            format!("the key does not hold the scope {scope}"),
        ),
        Text::new(
            "请联系平台运维签发带有该权限的密钥",
            "ask the platform's operator for a key with that scope",
        ),
    )
    .found(held.to_string(), scope.name())
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.ok_or_else(|| ApiError::bug("a route without a guard asked who is calling"))
    }
}
