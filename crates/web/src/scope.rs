//! What a caller may do: scopes, and the roles that bundle them.
//!
//! A scope is a permission over one kind of thing (`clearance:read`). Whose things is a second
//! question, answered by the caller's party: a firm sees only its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($variant:ident $name:literal $zh:literal $en:literal [$($role:ident)*];)*) => {
        /// One permission. A key holds some; a route asks for exactly one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope {
            $(#[doc = concat!("`", $name, "`: ", $en)] $variant,)*
        }

        impl Scope {
            /// Every scope, in the order of the matrix.
            pub const ALL: &'static [Scope] = &[$(Scope::$variant,)*];

            /// The name on the wire, such as `clearance:read`.
            pub const fn name(self) -> &'static str {
                match self { $(Scope::$variant => $name,)* }
            }

            /// What it allows, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Scope::$variant => $zh,)* }
            }

            /// What it allows, in English.
            pub const fn en(self) -> &'static str {
                match self { $(Scope::$variant => $en,)* }
            }

            /// Whether the preset role holds it. The operator holds all.
            pub fn held_by(self, role: Role) -> bool {
                let roles: &[Role] = match self { $(Scope::$variant => &[$(Role::$role,)*],)* };
                role == Role::Operator || roles.contains(&role)
            }
        }
    };
}

scopes! {
    MessagesRead "messages:read" "查看本方报文、单证和回执"
        "see one's own messages, documents and receipts" [Firm Officer];
    MessagesWrite "messages:write" "提交报文和单证" "submit messages and documents" [Firm];
    ClearanceRead "clearance:read" "查看清单状态、比对差异和时间线"
        "see inventories, their states, mismatches and timelines" [Firm Officer];
    ClearanceWrite "clearance:write" "办理清单:申报、撤销、退货"
        "act on inventories: declare, cancel, return" [Firm];
    TaxRead "tax:read" "试算税款、查询税则和规则"
        "quote taxes, look up the tariff and the rules" [Firm Officer];
    PartiesRead "parties:read" "查看企业和委托关系" "see parties and delegations"
        [Firm Officer];
    PartiesWrite "parties:write" "登记和变更企业、委托关系"
        "register and change parties and delegations" [];
    LedgerRead "ledger:read" "查看额度和账户余额" "see quotas and balances of accounts"
        [Firm Officer];
    BondedRead "bonded:read" "查看保税账册、库存和核放单"
        "see bonded account books, stock and gate passes" [Firm Officer];
    BondedWrite "bonded:write" "办理账册:备案、核注、流转、销毁、盘点、核放"
        "act on account books: file, enter, transfer, destroy, count, pass" [Firm];
    BondedGate "bonded:gate" "下达查验指令、卡口过磅放行"
        "instruct the inspection line, weigh and let through at the gate" [];
    NoticesRead "notices:read" "领取通知、查看推送记录" "pull notices and see deliveries" [Firm];
    NoticesWrite "notices:write" "确认通知、管理推送地址"
        "acknowledge notices and manage webhooks" [Firm];
    OriginalsRead "originals:read" "打开密封原件(留痕)"
        "open sealed originals; every opening is audited" [Officer];
    AuditRead "audit:read" "查看操作留痕" "see the audit trail" [Officer];
    EvidenceRead "evidence:read" "取存证证明" "have proofs of one's own records in the evidence log"
        [Firm Officer];
    KeysWrite "keys:write" "签发和吊销接口密钥" "issue and revoke API keys" [];
    Operator "operator" "运行维护平台" "run the platform" [];
}

impl Scope {
    const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// Whether only the operator's and officers' side may hold it, never a firm's key.
    pub fn is_internal(self) -> bool {
        !self.held_by(Role::Firm)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no scope or role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name {0:?}")]
pub struct UnknownName(pub String);

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Scope, UnknownName> {
        let found = Scope::ALL.iter().copied().find(|scope| scope.name() == text);
        found.ok_or_else(|| UnknownName(text.to_owned()))
    }
}

/// 预设角色 / A preset bundle of scopes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An enterprise: acts for itself and those who delegated to it; sees its own.
    Firm,
    /// A customs or other agency's officer: sees all, changes nothing.
    Officer,
    /// Who runs the platform.
    Operator,
}

impl Role {
    /// Every role, in the order of the matrix.
    pub const ALL: [Role; 3] = [Role::Firm, Role::Officer, Role::Operator];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Firm => "firm",
            Role::Officer => "officer",
            Role::Operator => "operator",
        }
    }

    /// The scopes it bundles.
    pub fn scopes(self) -> Scopes {
        Scope::ALL.iter().copied().filter(|scope| scope.held_by(self)).collect()
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Role, UnknownName> {
        let found = Role::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| UnknownName(text.to_owned()))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u64);

impl Scopes {
    /// No scope at all.
    pub const NONE: Scopes = Scopes(0);

    /// Whether the set holds the scope.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The set with one scope more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Scopes {
        Scopes(self.0 | scope.bit())
    }

    /// The scopes held, in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// Reads names separated by spaces, as stored. Names no longer known grant nothing.
    pub fn parse_known(text: &str) -> Scopes {
        text.split_ascii_whitespace().filter_map(|name| name.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        scopes.into_iter().fold(Scopes::NONE, Scopes::with)
    }
}

/// The names separated by spaces.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_sets_print_their_names() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(*scope));
        }
        let some: Scopes = [Scope::KeysWrite, Scope::MessagesRead].into_iter().collect();
        assert_eq!(some.to_string(), "messages:read keys:write");
        assert_eq!(Scopes::parse_known(&some.to_string()), some);
        assert_eq!(Scopes::parse_known("gone:read"), Scopes::NONE);
    }

    #[test]
    fn a_firm_never_holds_what_runs_the_platform() {
        for scope in [Scope::Operator, Scope::KeysWrite, Scope::PartiesWrite, Scope::AuditRead] {
            assert!(scope.is_internal(), "{scope}");
            assert!(!Role::Firm.scopes().has(scope));
            assert!(Role::Operator.scopes().has(scope));
        }
    }
}
