//! Who may do what, in whose name, with which certificate. Pure: facts in, verdict out.
//!
//! A finding made here has no path; the caller adds the field it looked at with `.at(…)`.

use kernel::{Date, Finding, Text, Time};

use super::types::*;

/// Why a change of the register is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyRefusal {
    /// No firm has this code, or the caller may not know.
    NotFound,
    /// The two codes belong to two firms, or the firm is known under another code of that kind.
    CodesConflict,
    /// The transport address belongs to another firm.
    DxpIdTaken,
    /// Somebody else changed the firm in the meantime.
    Changed,
    /// The firm is closed; nothing more can happen to it.
    Closed,
    /// The firm is not suspended.
    NotSuspended,
    /// There is no such certificate of this firm.
    CertificateNotFound,
    /// The certificate is registered for another firm.
    CertificateTaken,
    /// There is no such delegation, or the caller may not know.
    DelegationNotFound,
    /// It has been revoked already.
    Revoked,
}

/// One thing a firm wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// The document it sends.
    pub act: Act,
    /// Trade mode such as `1210`; `None` where the document has none (orders, payments).
    pub mode: Option<&'a str>,
    /// Customs district such as `4301`; `None` where the document has none.
    pub district: Option<&'a str>,
    /// When.
    pub at: Time,
    /// The Beijing day of `at`.
    pub on: Date,
}

impl<'a> Deed<'a> {
    /// A deed at an instant.
    pub fn new(act: Act, mode: Option<&'a str>, district: Option<&'a str>, at: Time) -> Deed<'a> {
        Deed { act, mode, district, at, on: at.date() }
    }
}

/// Whether a firm named in a document is registered, active on the day and has one of the roles.
///
/// # Errors
/// `party.unknown`, `party.suspended`, `party.closed` or `party.role_missing`, in this order.
pub fn firm<'p>(
    party: Option<&'p Party>,
    code: &str,
    roles: Roles,
    on: Date,
) -> Result<&'p Party, Finding> {
    let Some(party) = party else { return Err(unknown(code)) };
    match party.standing.on(on) {
        State::Active => {}
        State::Suspended => return Err(suspended(party)),
        State::Closed => return Err(closed(party)),
    }
    if !party.roles.any(roles) {
        return Err(role_missing(party, roles));
    }
    Ok(party)
}

/// Whether `agent` may do the deed in the name of `principal`. Both are registered and active; see
/// [`firm`]. `delegations` are those from the principal to the agent.
///
/// # Errors
/// `party.role_missing`, `delegation.none`, or what is wrong with the delegation that comes
/// nearest: `delegation.act`, `.mode`, `.district`, `.revoked`, `.not_yet`, `.expired`.
pub fn may_act<'d>(
    agent: &Party,
    principal: &Party,
    delegations: impl Iterator<Item = &'d Delegation>,
    deed: &Deed<'_>,
) -> Result<(), Finding> {
    if !principal.roles.any(deed.act.responsible()) {
        return Err(role_missing(principal, deed.act.responsible()));
    }
    if agent.id == principal.id {
        return Ok(());
    }
    if !agent.roles.any(deed.act.agents()) {
        return Err(role_missing(agent, deed.act.agents()));
    }
    let mut nearest: Option<(Miss, &Delegation)> = None;
    for delegation in delegations {
        let Some(miss) = miss(delegation, deed) else { return Ok(()) };
        if nearest.is_none_or(|(so_far, _)| miss > so_far) {
            nearest = Some((miss, delegation));
        }
    }
    Err(match nearest {
        Some((miss, delegation)) => missed(agent, principal, delegation, deed, miss),
        None => undelegated(agent, principal, deed.act),
    })
}

/// Why a delegation does not cover a deed; the later, the nearer it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Miss {
    Act,
    Mode,
    District,
    Revoked,
    Expired,
    NotYet,
}

fn miss(delegation: &Delegation, deed: &Deed<'_>) -> Option<Miss> {
    let outside = |list: &[Box<str>], value: Option<&str>| {
        !list.is_empty() && value.is_some_and(|value| list.iter().all(|one| **one != *value))
    };
    if !delegation.acts.has(deed.act) {
        Some(Miss::Act)
    } else if outside(&delegation.modes, deed.mode) {
        Some(Miss::Mode)
    } else if outside(&delegation.districts, deed.district) {
        Some(Miss::District)
    } else if delegation.revoked_at.is_some_and(|at| at <= deed.at) {
        Some(Miss::Revoked)
    } else if delegation.valid_until.is_some_and(|until| until < deed.on) {
        Some(Miss::Expired)
    } else if deed.on < delegation.valid_from {
        Some(Miss::NotYet)
    } else {
        None
    }
}

/// Whether a certificate may sign for a party at an instant.
///
/// # Errors
/// `certificate.unknown`, `.other_party`, `.purpose`, `.revoked`, `.not_yet` or `.expired`, in this
/// order.
pub fn signer<'c>(
    certificate: Option<&'c Certificate>,
    presented: &str,
    party: &Party,
    purpose: Purpose,
    at: Time,
) -> Result<&'c Certificate, Finding> {
    let Some(certificate) = certificate else { return Err(certificate_unknown(presented)) };
    let found = |expected: String| (certificate.serial.to_string(), expected);
    let (code, message, (found, expected)) = if certificate.party != party.id {
        (
            "certificate.other_party",
            Text::new(
                format!("签名证书不属于企业 {}", party.code()),
                format!("The signing certificate does not belong to {}", party.code()),
            ),
            found(format!("a certificate of {}", party.code())),
        )
    } else if certificate.purpose != purpose {
        (
            "certificate.purpose",
            Text::new(
                format!("证书用途是{}，不能用于{}", certificate.purpose.zh(), purpose.zh()),
                format!(
                    "The certificate is for {}, not for {}",
                    certificate.purpose.en(),
                    purpose.en()
                ),
            ),
            (certificate.purpose.name().to_owned(), purpose.name().to_owned()),
        )
    } else if let Some(revoked) = certificate.revoked_at.filter(|revoked| *revoked <= at) {
        (
            "certificate.revoked",
            Text::new("签名证书已撤销", "The signing certificate has been revoked"),
            found(format!("signed before {}", revoked.to_rfc3339())),
        )
    } else if at < certificate.not_before {
        (
            "certificate.not_yet",
            Text::new("签名证书尚未生效", "The signing certificate is not valid yet"),
            found(format!("signed from {}", certificate.not_before.to_rfc3339())),
        )
    } else if at > certificate.not_after {
        (
            "certificate.expired",
            Text::new("签名证书已过期", "The signing certificate has expired"),
            found(format!("signed until {}", certificate.not_after.to_rfc3339())),
        )
    } else {
        return Ok(certificate);
    };
    let remedy = Text::new(
        "请企业用本企业已登记且在有效期内的证书签名，或先登记新证书",
        "Sign with a registered, valid certificate of the firm, or register the new one first",
    );
    Err(Finding::error(code, message, remedy).found(found, expected))
}

/// Where a firm stands after a change, or why it cannot be made.
///
/// # Errors
/// [`PartyRefusal::Closed`], [`PartyRefusal::NotSuspended`].
pub fn standing(
    before: &Standing,
    change: &StandingChange,
    reason: &str,
    today: Date,
) -> Result<Standing, PartyRefusal> {
    let (state, from, until) = match (before.state, change) {
        (State::Closed, _) => return Err(PartyRefusal::Closed),
        (State::Active, StandingChange::Resume) => return Err(PartyRefusal::NotSuspended),
        (_, StandingChange::Suspend { from, until }) => (State::Suspended, *from, *until),
        (_, StandingChange::Resume) => (State::Active, today, None),
        (_, StandingChange::Close { from }) => (State::Closed, *from, None),
    };
    Ok(Standing { state, from, until, reason: reason.into() })
}

pub(super) fn unknown(code: &str) -> Finding {
    Finding::error(
        "party.unknown",
        Text::new("企业未在综试区平台登记", "The firm is not registered with the zone"),
        Text::new(
            "核对企业代码；未登记的企业先办理登记",
            "Check the code; a firm that is not registered registers first",
        ),
    )
    .found(code, "a registered code")
}

fn suspended(party: &Party) -> Finding {
    let standing = &party.standing;
    let until = match standing.until {
        Some(until) => Text::new(format!("至 {until}"), format!("until {until}")),
        None => Text::new("至另行通知", "until further notice"),
    };
    Finding::error(
        "party.suspended",
        Text::new(
            format!("企业自 {} {}暂停业务：{}", standing.from, until.zh, standing.reason),
            format!(
                "The firm is suspended from {} {}: {}",
                standing.from, until.en, standing.reason
            ),
        ),
        Text::new(
            "企业向综试区办理恢复后重新发送",
            "The firm has itself resumed by the zone, then sends again",
        ),
    )
    .found(party.code(), "an active firm")
}

pub(super) fn closed(party: &Party) -> Finding {
    let from = party.standing.from;
    Finding::error(
        "party.closed",
        Text::new(
            format!("企业已于 {from} 注销：{}", party.standing.reason),
            format!("The firm was closed on {from}: {}", party.standing.reason),
        ),
        Text::new("改用现有效企业", "Name a firm that exists"),
    )
    .found(party.code(), "an active firm")
}

fn role_missing(party: &Party, wanted: Roles) -> Finding {
    Finding::error(
        "party.role_missing",
        Text::new(
            format!("企业 {} 未登记为{}", party.code(), wanted.zh()),
            format!("Firm {} is not registered as {}", party.code(), wanted.en()),
        ),
        Text::new(
            "核对该栏目应填哪家企业；确有该业务的企业补登记角色",
            "Check which firm belongs in this field; a firm with that business registers the role",
        ),
    )
    .found(party.roles.names(), wanted.names())
}

fn undelegated(agent: &Party, principal: &Party, act: Act) -> Finding {
    Finding::error(
        "delegation.none",
        Text::new(
            format!("{} 没有 {} 发送{}的委托", agent.code(), principal.code(), act.zh()),
            format!("{} has no leave of {} to send: {}", agent.code(), principal.code(), act.en()),
        ),
        Text::new(
            format!("由 {} 登记对 {} 的委托，或由其自行发送", principal.code(), agent.code()),
            format!(
                "{} registers a delegation to {}, or sends it itself",
                principal.code(),
                agent.code()
            ),
        ),
    )
    .found(agent.code(), format!("{} or its agent", principal.code()))
}

fn missed(
    agent: &Party,
    principal: &Party,
    delegation: &Delegation,
    deed: &Deed<'_>,
    miss: Miss,
) -> Finding {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let (code, zh, en, found, expected) = match miss {
        Miss::Act => (
            "delegation.act",
            "委托不包括该类单证",
            "does not cover this kind of document",
            deed.act.name().to_owned(),
            delegation.acts.names(),
        ),
        Miss::Mode => (
            "delegation.mode",
            "委托不包括该监管方式",
            "does not cover this trade mode",
            text(deed.mode),
            delegation.modes.join(", "),
        ),
        Miss::District => (
            "delegation.district",
            "委托不包括该关区",
            "does not cover this customs district",
            text(deed.district),
            delegation.districts.join(", "),
        ),
        Miss::Revoked => (
            "delegation.revoked",
            "委托已撤销",
            "has been revoked",
            deed.at.to_rfc3339(),
            delegation
                .revoked_at
                .map(|at| format!("before {}", at.to_rfc3339()))
                .unwrap_or_default(),
        ),
        Miss::Expired => (
            "delegation.expired",
            "委托已到期",
            "has expired",
            deed.on.to_string(),
            delegation.valid_until.map(|until| format!("until {until}")).unwrap_or_default(),
        ),
        Miss::NotYet => (
            "delegation.not_yet",
            "委托尚未生效",
            "is not in force yet",
            deed.on.to_string(),
            format!("from {}", delegation.valid_from),
        ),
    };
    let (agent, principal) = (agent.code(), principal.code());
    Finding::error(
        code,
        Text::new(
            format!("{principal} 对 {agent} 的{zh}（{}）", delegation.id),
            format!("The delegation {} of {principal} to {agent} {en}", delegation.id),
        ),
        Text::new(
            format!("由 {principal} 登记涵盖本次业务的委托"),
            format!("{principal} registers a delegation that covers this"),
        ),
    )
    .found(found, expected)
}

fn certificate_unknown(presented: &str) -> Finding {
    Finding::error(
        "certificate.unknown",
        Text::new("签名证书未登记", "The signing certificate is not registered"),
        Text::new(
            "企业先登记该证书，再发送用它签名的报文",
            "The firm registers the certificate before it sends what it signed with it",
        ),
    )
    .found(presented, "a registered certificate")
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
