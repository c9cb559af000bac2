//! What may be registered: the checks on a draft of a party or a delegation. Pure.

use ceb::certificate::{Certificate, KeyAlgorithm};
use kernel::identifier::{Verdict, customs_code, social_credit_code};
use kernel::{Date, Finding, Text};

use super::types::{Act, Acts, DelegationDraft, Party, PartyDraft, Role, Roles, StandingChange};

/// Longest registered name, as the message family allows (C..100).
const NAME_CHARS_MAX: usize = 100;
/// Longest transport address, as the message family allows (C..30).
const DXP_ID_CHARS_MAX: usize = 30;
/// Longest contact text; wide enough for an address.
const CONTACT_CHARS_MAX: usize = 200;
/// Longest list of modes or districts in one delegation.
const LIST_MAX: usize = 50;
/// Longest reason for a suspension or revocation.
const REASON_CHARS_MAX: usize = 200;

/// Everything wrong with a draft of a party. A check digit that does not come out right is a
/// warning: some issued codes fail it (regulations H3).
pub(super) fn party(draft: &PartyDraft) -> Vec<Finding> {
    let mut findings = Vec::new();
    codes(draft, &mut findings);
    let mut longest = |path: &str, value: &str, max: usize| {
        if value.chars().count() > max {
            findings.push(too_long(max).at(path).found(value, format!("1..{max} characters")));
        }
    };
    longest("name_zh", &draft.name_zh, NAME_CHARS_MAX);
    longest("name_en", &draft.name_en, NAME_CHARS_MAX);
    if let Some((name, _)) = &draft.overseas {
        longest("overseas.name", name, NAME_CHARS_MAX);
    }
    if let Some(contact) = &draft.contact {
        // The text itself is personal and stays out of the finding.
        for (path, value) in [
            ("contact.person", &contact.person),
            ("contact.phone", &contact.phone),
            ("contact.email", &contact.email),
            ("contact.address", &contact.address),
        ] {
            if value.chars().count() > CONTACT_CHARS_MAX {
                longest(path, &"*".repeat(CONTACT_CHARS_MAX + 1), CONTACT_CHARS_MAX);
            }
        }
    }
    if draft.name_zh.trim().is_empty() {
        findings.push(missing("企业名称", "registered name").at("name_zh"));
    }
    if draft.roles.is_empty() {
        let every: Roles = Role::ALL.iter().copied().collect();
        findings.push(missing("企业角色", "role").at("roles").found("", every.names()));
    }
    if let Some(dxp_id) = &draft.dxp_id {
        findings.extend(dxp(dxp_id));
    }
    findings.extend(draft.overseas.as_ref().and_then(|(name, country)| overseas(name, country)));
    findings
}

fn codes(draft: &PartyDraft, findings: &mut Vec<Finding>) {
    if draft.social_credit_code.is_none() && draft.customs_code.is_none() {
        let both = "social_credit_code or customs_code";
        findings.push(missing("企业代码", "code").found("", both));
    }
    for (path, code, verdict, form) in [
        (
            "social_credit_code",
            &draft.social_credit_code,
            social_credit_code as fn(&str) -> Verdict,
            "18 characters 0-9 A-Z without I O S V Z",
        ),
        ("customs_code", &draft.customs_code, customs_code, "4 digits, then 6 of 0-9 A-Z"),
    ] {
        let Some(code) = code else { continue };
        match verdict(code) {
            Verdict::Good => {}
            Verdict::WrongCheck(right) => findings.push(
                Finding::warning(
                    "party.code_check",
                    Text::new(
                        "统一社会信用代码校验位不符",
                        "The check character does not come out",
                    ),
                    Text::new(
                        "对照营业执照核对；执照上如此则无须处理",
                        "Compare with the business licence; if it stands there so, leave it",
                    ),
                )
                .at(path)
                .found(code, format!("…{right}")),
            ),
            Verdict::Malformed => findings.push(
                Finding::error(
                    "party.code_malformed",
                    Text::new("企业代码格式不对", "The code has the wrong form"),
                    Text::new("按执照或海关备案填写", "Write it as on the licence or registration"),
                )
                .at(path)
                .found(code, form),
            ),
        }
    }
}

fn dxp(dxp_id: &str) -> Option<Finding> {
    let usual = dxp_id
        .strip_prefix("DXPENT")
        .is_some_and(|rest| rest.len() == 10 && rest.bytes().all(|b| b.is_ascii_digit()));
    if usual {
        return None;
    }
    let possible = (1..=DXP_ID_CHARS_MAX).contains(&dxp_id.len())
        && dxp_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let message = Text::new("传输编号形式少见", "The transport address has an unusual form");
    let remedy = Text::new(
        "核对电子口岸分配的编号",
        "Compare with the address that the electronic port issued",
    );
    let make = if possible { Finding::warning } else { Finding::error };
    Some(make("party.dxp_id", message, remedy).at("dxp_id").found(dxp_id, "DXPENT and 10 digits"))
}

fn overseas(name: &str, country: &str) -> Option<Finding> {
    if name.trim().is_empty() {
        return Some(missing("境外商家名称", "name of the seller abroad").at("overseas.name"));
    }
    let two_letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    (!two_letters || country == "CN").then(|| {
        Finding::error(
            "party.overseas_country",
            Text::new("境外商家国别不对", "Not the country of a seller abroad"),
            Text::new("填 ISO 3166 两位字母，不含中国", "Write the ISO 3166 letters, not China"),
        )
        .at("overseas.country")
        .found(country, "two letters, not CN")
    })
}

/// Everything wrong with a draft of a delegation, beyond whether both firms exist.
pub(super) fn delegation(draft: &DelegationDraft) -> Vec<Finding> {
    let mut findings = Vec::new();
    if draft.acts.is_empty() {
        let every: Acts = Act::ALL.iter().copied().collect();
        findings.push(missing("委托事项", "act").at("acts").found("", every.names()));
    }
    if let Some(until) = draft.valid_until.filter(|until| *until < draft.valid_from) {
        findings.push(ends_before_it_begins(draft.valid_from, until).at("valid_until"));
    }
    for (path, list, zh, en) in [
        ("modes", &draft.modes, "监管方式", "trade mode"),
        ("districts", &draft.districts, "关区代码", "customs district"),
    ] {
        if list.len() > LIST_MAX {
            let size = list.len().to_string();
            findings.push(too_long(LIST_MAX).at(path).found(size, format!("0..{LIST_MAX} items")));
        }
        for (i, code) in list.iter().enumerate() {
            if code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit()) {
                findings.push(
                    Finding::error(
                        "delegation.code_malformed",
                        Text::new(format!("{zh}应为 4 位数字"), format!("A {en} has 4 digits")),
                        Text::new("更正或删去该项", "Correct it or leave it out"),
                    )
                    .at(format!("{path}[{i}]"))
                    .found(code.as_str(), "4 digits"),
                );
            }
        }
    }
    findings
}

/// Whether the two firms can give and take such a delegation: the principal answers for each kind
/// of document, the agent has a trade that may act for others, and they are two firms.
pub(super) fn delegation_between(principal: &Party, agent: &Party, acts: Acts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if principal.id == agent.id {
        findings.push(
            Finding::error(
                "delegation.same_firm",
                Text::new("委托方与受托方是同一企业", "Principal and agent are one firm"),
                Text::new("自行发送无须委托", "A firm needs no leave for its own documents"),
            )
            .at("to")
            .found(agent.code(), "another firm"),
        );
        return findings;
    }
    for act in acts.iter() {
        for (path, party, wanted) in
            [("from", principal, act.responsible()), ("to", agent, act.agents())]
        {
            if party.roles.any(wanted) {
                continue;
            }
            findings.push(
                Finding::error(
                    "delegation.role",
                    Text::new(
                        format!("{}的委托要求企业是{}", act.zh(), wanted.zh()),
                        format!("A delegation for {} asks for {}", act.en(), wanted.en()),
                    ),
                    Text::new(
                        "改换企业、补登记角色或删去该事项",
                        "Name another firm, register the role, or leave the act out",
                    ),
                )
                .at(path)
                .found(party.roles.names(), wanted.names()),
            );
        }
    }
    findings
}

/// A period that ends before it begins.
pub(super) fn ends_before_it_begins(from: Date, until: Date) -> Finding {
    Finding::error(
        "delegation.dates",
        Text::new("止日早于起日", "It ends before it begins"),
        Text::new("更正起止日期", "Correct the dates"),
    )
    .found(until.to_string(), format!("{from} or later"))
}

/// Everything wrong with a change of where a firm stands, whatever the firm.
pub(super) fn standing_change(change: &StandingChange, why: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = reason(why).into_iter().collect();
    if let StandingChange::Suspend { from, until: Some(until) } = change
        && until < from
    {
        findings.push(ends_before_it_begins(*from, *until).at("until"));
    }
    findings
}

/// A reason that is not given, or is too long.
pub(super) fn reason(reason: &str) -> Option<Finding> {
    if reason.trim().is_empty() {
        return Some(missing("理由", "reason").at("reason"));
    }
    let long = reason.chars().count() > REASON_CHARS_MAX;
    long.then(|| {
        let expected = format!("1..{REASON_CHARS_MAX} characters");
        too_long(REASON_CHARS_MAX).at("reason").found(reason, expected)
    })
}

/// Reads a certificate from PEM or DER.
///
/// # Errors
/// `certificate.unreadable`; `certificate.algorithm` when its key cannot verify messages.
pub(super) fn certificate(bytes: &[u8]) -> Result<Certificate, Finding> {
    let parsed = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with("-----BEGIN") => Certificate::from_pem(text),
        // Base 64 without its frame: DER is never ASCII text.
        Ok(text) => Certificate::from_pem(&framed(text)),
        Err(_) => Certificate::from_der(bytes),
    };
    let parsed = parsed.map_err(|error| {
        Finding::error(
            "certificate.unreadable",
            Text::new("无法读取证书", "The certificate cannot be read"),
            Text::new("提交 PEM 或 DER 格式的 X.509 证书", "Send an X.509 certificate, PEM or DER"),
        )
        .at("certificate")
        .found(error.to_string(), "X.509, PEM or DER")
    })?;
    if parsed.algorithm == KeyAlgorithm::Other {
        return Err(Finding::error(
            "certificate.algorithm",
            Text::new("证书的密钥算法不能用于报文签名", "Messages cannot be signed with this key"),
            Text::new("使用 SM2 或 RSA 证书", "Use an SM2 or RSA certificate"),
        )
        .at("certificate")
        .found(parsed.algorithm.to_string(), "SM2, RSA"));
    }
    Ok(parsed)
}

/// Base 64 as PEM, which wants lines of 64 characters.
fn framed(base64: &str) -> String {
    let mut pem = String::from("-----BEGIN CERTIFICATE-----");
    for (i, c) in base64.chars().filter(|c| !c.is_ascii_whitespace()).enumerate() {
        if i % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}

fn missing(zh: &str, en: &str) -> Finding {
    Finding::error(
        "field.missing",
        Text::new(format!("缺少{zh}"), format!("The {en} is missing")),
        Text::new(format!("补填{zh}"), format!("Give the {en}")),
    )
}

fn too_long(max: usize) -> Finding {
    Finding::error(
        "field.too_long",
        Text::new(format!("超过 {max}"), format!("Longer than {max}")),
        Text::new("缩短", "Shorten it"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::types::Contact;
    use super::*;

    fn good() -> PartyDraft {
        PartyDraft {
            social_credit_code: Some("91370303MA3C123462".into()),
            name_zh: "淄博示例供应链有限公司".into(),
            roles: Roles::of(&[Role::Ecommerce]),
            dxp_id: Some("DXPENT0000000001".into()),
            ..PartyDraft::default()
        }
    }

    fn codes_of(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|f| format!("{:?} {} {}", f.level, f.code, f.path)).collect()
    }

    #[test]
    fn a_good_draft_has_no_findings() {
        assert_eq!(party(&good()), []);
    }

    #[test]
    fn a_wrong_check_character_warns_and_says_the_right_one() {
        let draft = PartyDraft { social_credit_code: Some("91370303MA3C123463".into()), ..good() };
        let findings = party(&draft);
        assert_eq!(codes_of(&findings), ["Warning party.code_check social_credit_code"]);
        assert_eq!(findings[0].expected, "…2");
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let draft = PartyDraft {
            social_credit_code: Some("9137".into()),
            customs_code: Some("370396000".into()),
            name_zh: " ".into(),
            name_en: "x".repeat(101),
            roles: Roles::NONE,
            dxp_id: Some("电子口岸".into()),
            overseas: Some(("Example Co".into(), "CN".into())),
            contact: Some(Contact { phone: "1".repeat(201), ..Contact::default() }),
        };
        let findings = party(&draft);
        assert_eq!(
            codes_of(&findings),
            [
                "Error party.code_malformed social_credit_code",
                "Error party.code_malformed customs_code",
                "Error field.too_long name_en",
                "Error field.too_long contact.phone",
                "Error field.missing name_zh",
                "Error field.missing roles",
                "Error party.dxp_id dxp_id",
                "Error party.overseas_country overseas.country",
            ]
        );
        assert!(!findings[3].found.contains('1'), "a telephone number must not leak");
    }

    #[test]
    fn a_party_needs_one_code() {
        let draft = PartyDraft { social_credit_code: None, ..good() };
        assert_eq!(codes_of(&party(&draft)), ["Error field.missing "]);
        let draft = PartyDraft { customs_code: Some("37036609A1".into()), ..draft };
        assert_eq!(party(&draft), []);
    }

    #[test]
    fn delegations_need_acts_right_codes_and_right_dates() {
        let draft = DelegationDraft {
            from: "91370303MA3C123462".into(),
            to: "37036609A1".into(),
            acts: Acts::NONE,
            modes: vec!["1210".into(), "保税".into()],
            districts: vec!["43".into()],
            valid_from: kernel::Date::constant(2026, 11, 2),
            valid_until: Some(kernel::Date::constant(2026, 11, 1)),
        };
        assert_eq!(
            codes_of(&delegation(&draft)),
            [
                "Error field.missing acts",
                "Error delegation.dates valid_until",
                "Error delegation.code_malformed modes[1]",
                "Error delegation.code_malformed districts[0]",
            ]
        );
    }
}
