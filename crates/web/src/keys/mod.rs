//! API keys: issued once, stored only as a keyed hash, limited by scopes, party and expiry.
//!
//! A key reads `kouan_` + 32 random characters + 6 check characters. The check is keyed by the
//! platform, so that a made-up key is refused without asking the database.

mod ring;
pub(crate) mod routes;
mod secret;
mod store;

use kernel::{Date, Finding, Text, Time};
use serde::Serialize;

use crate::error::Failure;
use crate::scope::{Role, Scopes};

pub use ring::flush_last_used;
pub(crate) use ring::{KeyRing, identify};
pub(crate) use store::probe;
pub use store::{create, ensure, find, list, revoke};

/// Marks ids of API keys.
pub enum Kind {}

impl kernel::id::Kind for Kind {
    const PREFIX: &'static str = "key";
}

/// Id of an API key. Not secret.
pub type KeyId = kernel::Id<Kind>;

/// A key to be issued.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is for, 1 to 100 characters; shown in lists and audit.
    pub name: String,
    /// The firm it belongs to; `None` for officers and the operator.
    pub party: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// Last moment it is good; `None` for no end.
    pub expires: Option<Time>,
}

impl NewKey {
    /// A key with the scopes of a preset role. Firms need a party, the others must not have one.
    pub fn of_role(role: Role, name: impl Into<String>, party: Option<String>) -> NewKey {
        NewKey { name: name.into(), party, scopes: role.scopes(), expires: None }
    }

    /// Everything wrong with it; empty when it may be issued at `now`.
    pub fn check(&self, now: Time) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_CHARS_MAX {
            let text = Text::new("密钥名称长度不符", "the name of the key has a wrong length");
            let remedy =
                Text::new("请填写用途,1 至 100 字", "say what it is for, 1 to 100 characters");
            findings.push(Finding::error("key.name", text, remedy).at("name"));
        }
        if self.scopes == Scopes::NONE {
            let text = Text::new("没有选择任何权限", "no scope is given");
            let remedy = Text::new("请选择角色或权限", "give a role or scopes");
            findings.push(Finding::error("key.no_scope", text, remedy).at("scopes"));
        }
        if self.expires.is_some_and(|expires| expires <= now) {
            let text = Text::new("失效日期已过", "the expiry has passed already");
            let remedy = Text::new("请填写今天或以后的日期", "give today or a later day");
            findings.push(Finding::error("key.expired", text, remedy).at("expires_on"));
        }
        if let Some(party) = &self.party {
            findings.extend(check_party(party));
            findings.extend(self.check_firm_scopes());
        }
        findings
    }

    fn check_firm_scopes(&self) -> Option<Finding> {
        let internal: Scopes = self.scopes.iter().filter(|scope| scope.is_internal()).collect();
        let text =
            Text::new("企业密钥不能带有平台内部权限", "a firm's key cannot hold these scopes");
        let remedy = Text::new("请去掉这些权限", "leave them out");
        (internal != Scopes::NONE).then(|| {
            Finding::error("key.internal_scope", text, remedy)
                .at("scopes")
                .found(internal.to_string(), Role::Firm.scopes().to_string())
        })
    }
}

const NAME_CHARS_MAX: usize = 100;
const PARTY_CHARS_MAX: usize = 20;

fn check_party(party: &str) -> Option<Finding> {
    let good = (1..=PARTY_CHARS_MAX).contains(&party.len())
        && party.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let text = Text::new("企业代码格式不符", "this is not the code of a party");
    let remedy = Text::new(
        "请填写 10 位海关编码或 18 位统一社会信用代码",
        "give the 10-character customs code or the 18-character social credit code",
    );
    (!good).then(|| Finding::error("key.party", text, remedy).at("party").found(party, "A-Z 0-9"))
}

/// The instant at which a key good through the Beijing day `on` ends.
pub fn end_of_day(on: Date) -> Option<Time> {
    on.tomorrow().ok().and_then(|next| Time::of(next.at(0, 0, 0, 0)))
}

/// A key as kept: everything but the secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub name: String,
    /// The firm it belongs to.
    pub party: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was issued.
    pub created: Time,
    /// Who issued it.
    pub created_by: String,
    /// Last moment it is good.
    pub expires: Option<Time>,
    /// When it was revoked.
    pub revoked: Option<Time>,
    /// When it was last used, to about a minute.
    pub last_used: Option<Time>,
}

/// 密钥状态 / Whether a key is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Good.
    Active,
    /// Its day has passed.
    Expired,
    /// Taken back.
    Revoked,
}

impl Key {
    /// Whether it is good at `now`.
    pub fn state(&self, now: Time) -> KeyState {
        match (self.revoked, self.expires) {
            (Some(_), _) => KeyState::Revoked,
            (None, Some(expires)) if expires <= now => KeyState::Expired,
            _ => KeyState::Active,
        }
    }
}

/// A key just issued, with the secret that is shown this once.
#[derive(Debug)]
pub struct Created {
    /// The key.
    pub key: Key,
    /// What the caller sends after `Bearer `. Not kept anywhere.
    pub secret: Secret,
}

/// The text of a key. Prints masked, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, to show or send.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(kouan_…)")
    }
}

/// Why a key cannot be issued or changed.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// There is no such key.
    NotFound,
}

impl crate::Refusal for KeyRefusal {
    fn status(&self) -> axum::http::StatusCode {
        axum::http::StatusCode::NOT_FOUND
    }

    fn code(&self) -> &'static str {
        "key.not_found"
    }

    fn text(&self) -> Text {
        Text::new("没有这个密钥", "there is no such key")
    }

    fn remedy(&self) -> Text {
        Text::new("请核对密钥编号", "check the id of the key")
    }
}

/// How issuing a key fails.
pub type KeyFailure = Failure<KeyRefusal>;
