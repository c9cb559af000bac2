//! The rules of parties as tables: who, for whom, what, where, when, and the verdict.

use super::super::directory::Directory;
use super::*;

const PLATFORM: &str = "91370303MA3C123462";
const SELLER: &str = "91371102MA3D567885";
const BROKER: &str = "37036609A1";
const CARRIER: &str = "37036609A2";
const SUSPENDED: &str = "37036609A3";
const CLOSED: &str = "37036609A4";

fn day(month: i8, day: i8) -> Date {
    Date::constant(2026, month, day)
}

fn at(date: Date) -> Time {
    Time::of(date.at(12, 0, 0, 0)).unwrap()
}

fn party(id: i64, code: &str, roles: &[Role]) -> Party {
    let long = code.len() == 18;
    Party {
        id: PartyId::from_i64(id),
        social_credit_code: long.then(|| code.into()),
        customs_code: (!long).then(|| code.into()),
        name: Name { zh: "某某有限公司".into(), en: "".into() },
        roles: Roles::of(roles),
        standing: Standing::active(day(1, 1)),
        dxp_id: Some(format!("DXPENT{id:010}").into()),
        overseas: None,
        version: 1,
    }
}

fn delegation(id: i64, from: i64, to: i64, acts: &[Act]) -> Delegation {
    Delegation {
        id: DelegationId::from_i64(id),
        from: PartyId::from_i64(from),
        to: PartyId::from_i64(to),
        acts: Acts::of(acts),
        modes: Box::new(["1210".into()]),
        districts: Box::new(["4301".into(), "4251".into()]),
        valid_from: day(3, 1),
        valid_until: Some(day(11, 30)),
        revoked_at: None,
    }
}

fn certificate(id: i64, party: i64, serial: &str) -> Certificate {
    Certificate {
        id: CertificateId::from_i64(id),
        party: PartyId::from_i64(party),
        fingerprint: format!("{id:064x}").into(),
        serial: serial.into(),
        algorithm: "sm2".into(),
        holder: "测***".into(),
        issuer: "CN=issuer".into(),
        not_before: at(day(2, 1)),
        not_after: at(day(12, 1)),
        purpose: Purpose::Messages,
        revoked_at: None,
    }
}

fn directory() -> Directory {
    let standing = |state, reason: &str| Standing {
        state,
        from: day(6, 1),
        until: None,
        reason: reason.into(),
    };
    let mut suspended = party(5, SUSPENDED, &[Role::Broker]);
    suspended.standing = standing(State::Suspended, "年报逾期");
    let mut closed = party(6, CLOSED, &[Role::Ecommerce]);
    closed.standing = standing(State::Closed, "企业申请");
    let mut revoked = delegation(23, 2, 4, &[Act::Order]);
    revoked.revoked_at = Some(at(day(5, 5)));
    let mut revoked_certificate = certificate(33, 1, "0c");
    revoked_certificate.revoked_at = Some(at(day(5, 5)));
    let mut records = certificate(34, 1, "0d");
    records.purpose = Purpose::PaymentRecords;
    Directory::new(
        7,
        vec![
            party(1, PLATFORM, &[Role::Platform]),
            party(2, SELLER, &[Role::Ecommerce, Role::Guarantor]),
            party(3, BROKER, &[Role::Broker]),
            party(4, CARRIER, &[Role::Logistics]),
            suspended,
            closed,
        ],
        vec![certificate(31, 1, "0a"), certificate(32, 2, "0a"), revoked_certificate, records],
        vec![
            delegation(21, 2, 3, &[Act::Inventory, Act::Cancel]),
            delegation(22, 2, 3, &[Act::Return]),
            revoked,
        ],
    )
}

#[test]
fn who_may_act_for_whom() {
    let directory = directory();
    let on = day(6, 15);
    let table: &[(&str, &str, Act, &str, &str, Date, &str)] = &[
        // agent, principal, act, mode, district, day, expected
        (BROKER, SELLER, Act::Inventory, "1210", "4301", on, "ok"),
        (BROKER, SELLER, Act::Inventory, "1210", "4251", day(3, 1), "ok"),
        (BROKER, SELLER, Act::Return, "1210", "4301", day(11, 30), "ok"),
        (SELLER, SELLER, Act::Inventory, "9610", "9999", day(1, 1), "ok"),
        (PLATFORM, PLATFORM, Act::Order, "", "", on, "ok"),
        (BROKER, SELLER, Act::Inventory, "1210", "4301", day(2, 28), "delegation.not_yet"),
        (BROKER, SELLER, Act::Inventory, "1210", "4301", day(12, 1), "delegation.expired"),
        (BROKER, SELLER, Act::Inventory, "9610", "4301", on, "delegation.mode"),
        (BROKER, SELLER, Act::Inventory, "1210", "4253", on, "delegation.district"),
        (BROKER, SELLER, Act::Summary, "1210", "4301", on, "delegation.act"),
        (CARRIER, SELLER, Act::Order, "1210", "4301", on, "delegation.revoked"),
        (CARRIER, SELLER, Act::Order, "1210", "4301", day(5, 4), "ok"),
        (CARRIER, PLATFORM, Act::Order, "", "", on, "delegation.none"),
        (SELLER, PLATFORM, Act::Order, "", "", on, "party.role_missing"),
        (PLATFORM, PLATFORM, Act::Inventory, "", "", on, "party.role_missing"),
        (BROKER, CARRIER, Act::Inventory, "", "", on, "party.role_missing"),
        ("91370303MA3C000000", SELLER, Act::Inventory, "", "", on, "party.unknown"),
        (BROKER, "无", Act::Inventory, "", "", on, "party.unknown"),
        (SUSPENDED, SELLER, Act::Inventory, "", "", on, "party.suspended"),
        (SUSPENDED, SELLER, Act::Inventory, "", "", day(5, 31), "delegation.none"),
        (BROKER, CLOSED, Act::Inventory, "", "", on, "party.closed"),
    ];
    for (agent, principal, act, mode, district, on, expected) in table {
        let some = |text: &'static str| (!text.is_empty()).then_some(text);
        let deed = Deed::new(*act, some(mode), some(district), at(*on));
        let verdict = match directory.may_act_for(agent, principal, &deed) {
            Ok(()) => "ok",
            Err(finding) => {
                assert!(finding.is_error() && !finding.remedy.zh.is_empty(), "{finding:?}");
                finding.code
            }
        };
        assert_eq!(verdict, *expected, "{agent} for {principal}: {act:?} {mode} {district} {on}");
    }
}

#[test]
fn a_finding_names_what_the_nearest_delegation_allows() {
    let directory = directory();
    let deed = Deed::new(Act::Inventory, Some("1210"), Some("4253"), at(day(6, 15)));
    let finding = directory.may_act_for(BROKER, SELLER, &deed).unwrap_err();
    assert_eq!((finding.found.as_str(), finding.expected.as_str()), ("4253", "4301, 4251"));
    assert!(finding.message.zh.contains(SELLER) && finding.message.en.contains(BROKER));
}

#[test]
fn one_of_several_principals_is_enough() {
    let directory = directory();
    let deed = Deed::new(Act::Order, None, None, at(day(6, 15)));
    assert_eq!(directory.may_act_for_any(PLATFORM, &[SELLER, PLATFORM], &deed), Ok(()));
    let finding = directory.may_act_for_any(CARRIER, &[PLATFORM, SELLER], &deed).unwrap_err();
    assert_eq!(finding.code, "delegation.none");
    assert_eq!(directory.may_act_for_any(CARRIER, &[], &deed).unwrap_err().code, "party.unknown");
}

#[test]
fn which_certificate_may_sign() {
    let directory = directory();
    let platform = directory.by_code(PLATFORM).unwrap();
    let seller = directory.by_code(SELLER).unwrap();
    let broker = directory.by_code(BROKER).unwrap();
    let on = at(day(6, 15));
    let table: &[(&str, &Party, Time, &str)] = &[
        ("0a", platform, on, "ok"),
        ("0A", platform, on, "ok"),
        ("000a", platform, on, "ok"),
        ("0a", seller, on, "ok"),
        (&format!("{:064X}", 31), platform, on, "ok"),
        ("0a", broker, on, "certificate.other_party"),
        (&format!("{:064x}", 31), seller, on, "certificate.other_party"),
        ("ff", platform, on, "certificate.unknown"),
        ("0a", platform, at(day(1, 31)), "certificate.not_yet"),
        ("0a", platform, at(day(12, 2)), "certificate.expired"),
        ("0c", platform, at(day(5, 4)), "ok"),
        ("0c", platform, at(day(5, 5)), "certificate.revoked"),
        ("0d", platform, on, "certificate.purpose"),
    ];
    for (presented, party, at, expected) in table {
        let verdict = match directory.signer(presented, party, Purpose::Messages, *at) {
            Ok(certificate) => {
                assert_eq!(certificate.party, party.id);
                "ok"
            }
            Err(finding) => finding.code,
        };
        assert_eq!(verdict, *expected, "{presented} for {} at {at:?}", party.code());
    }
}

#[test]
fn firms_are_found_by_any_of_their_names() {
    let directory = directory();
    assert_eq!(directory.version(), 7);
    let seller = directory.by_code(SELLER).unwrap();
    assert_eq!(directory.by_dxp_id("DXPENT0000000002"), Some(seller));
    assert_eq!(directory.party(seller.id), Some(seller));
    let on = day(6, 15);
    assert!(directory.firm(SELLER, Roles::of(&[Role::Guarantor]), on).is_ok());
    let finding = directory.firm(SELLER, Roles::of(&[Role::Payment]), on).unwrap_err();
    assert_eq!(finding.code, "party.role_missing");
    assert_eq!(finding.expected, "payment");
}
