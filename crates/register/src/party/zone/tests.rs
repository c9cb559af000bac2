//! The two cities, and zone files with every kind of fault.

use super::super::types::{Role, Roles};
use super::*;
use kernel::identifier::{Verdict, enterprise_code, social_credit_code};

fn codes(findings: &[Finding]) -> Vec<(&str, Option<u32>)> {
    findings.iter().map(|finding| (finding.code, finding.line)).collect()
}

#[test]
fn both_cities_load_without_a_finding() {
    let ids: Vec<&str> = Zone::builtin_ids().collect();
    assert_eq!(ids, ["zibo", "rizhao"]);
    for id in ids {
        let zone = Zone::builtin(id).unwrap().unwrap();
        assert_eq!(zone.findings, [], "{id}");
        let count = |role: Role| zone.parties.iter().filter(|p| p.roles.has(role)).count();
        for (role, least) in [
            (Role::Platform, 3),
            (Role::Ecommerce, 5),
            (Role::Payment, 3),
            (Role::Logistics, 3),
            (Role::Broker, 2),
            (Role::ZoneFirm, 2),
            (Role::Site, 1),
            (Role::Guarantor, 2),
        ] {
            assert!(count(role) >= least, "{id} has {} of {role:?}", count(role));
        }
        assert!(zone.parties.iter().filter(|p| p.overseas.is_some()).count() >= 2);
        for party in &zone.parties {
            let code = party.social_credit_code.as_deref().unwrap_or_default();
            assert_eq!(social_credit_code(code), Verdict::Good, "{code}");
            assert_eq!(kernel::identifier::organisation_code(&code[8..17]), Verdict::Good);
            assert!(
                party.name_zh.contains("示例"),
                "{} must be seen to be invented",
                party.name_zh
            );
            let customs = party.customs_code.as_deref().unwrap_or_default();
            assert_eq!(enterprise_code(customs), Verdict::Good, "{customs}");
        }
        assert_eq!(zone.parks.iter().filter(|p| p.kind == ParkKind::Core).count(), 1);
        assert!(!zone.account_books.is_empty());
    }
    assert!(Zone::builtin("atlantis").is_none());
}

#[test]
fn targets_are_those_of_the_plans() {
    let targets = |id: &str| Zone::builtin(id).unwrap().unwrap().targets;
    let zibo = targets("zibo");
    assert_eq!((zibo.year, zibo.trade_100m_yuan, zibo.growth_percent), (2024, 260, 100));
    assert_eq!((zibo.firms, zibo.parks, zibo.overseas_warehouses), (400, 8, 20));
    let rizhao = targets("rizhao");
    assert_eq!((rizhao.year, rizhao.trade_100m_yuan, rizhao.growth_percent), (2024, 150, 100));
    assert_eq!((rizhao.firms, rizhao.parks, rizhao.overseas_warehouses), (300, 5, 15));
}

#[test]
fn every_seller_can_have_its_goods_declared() {
    for id in Zone::builtin_ids() {
        let zone = Zone::builtin(id).unwrap().unwrap();
        for seller in zone.parties.iter().filter(|p| p.roles == Roles::of(&[Role::Ecommerce])) {
            let code = seller.social_credit_code.as_deref().unwrap();
            let declared = zone.delegations.iter().any(|delegation| {
                delegation.from == code && delegation.acts.has(super::super::types::Act::Inventory)
            });
            assert!(declared, "{id}: {code} has no declarant");
        }
    }
}

const SMALL: &str = r#"
[zone]
zh = "示例综试区"
en = "Example zone"
city_zh = "示例市"
city_en = "Example"
approval = "示例"
approved_on = "2022-01-22"
home_district = "4301"
competent_customs_zh = "示例海关"
competent_customs_en = "Example customs"
modes = ["1210"]

[targets]
year = 2024
trade_100m_yuan = 1
growth_percent = 1
firms = 1
parks = 1
overseas_warehouses = 1

[[district]]
code = "4301"
zh = "示例"
en = "Example"
confirmed = false

[[party]]
social_credit_code = "91370303MA3C123462"
zh = "示例有限公司"
en = "Example Ltd"
roles = ["ecommerce"]
"#;

fn parse(text: &str) -> Result<Zone, Vec<Finding>> {
    Zone::parse("small", "small.toml", text)
}

#[test]
fn unknown_keys_are_all_reported_with_file_and_line() {
    assert!(parse(SMALL).is_ok());
    let text = SMALL
        .replace("city_en", "town = \"x\"\ncity_en")
        .replace("roles = [\"ecommerce\"]", "roles = [\"ecommerce\"]\ncolour = \"red\"")
        + "\n[weather]\nrain = true\n";
    let findings = parse(&text).unwrap_err();
    let mut found: Vec<(u32, &str)> =
        findings.iter().map(|f| (f.line.unwrap_or_default(), f.found.as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, [(6, "town"), (34, "colour"), (36, "weather")]);
    assert!(findings.iter().all(|finding| finding.code == "zone.unknown_key"));
    assert!(findings.iter().all(|finding| finding.path.starts_with("small.toml")));
}

#[test]
fn broken_values_are_reported_with_their_line() {
    type Found<'a> = &'a [(&'a str, Option<u32>)];
    let table: &[(&str, &str, Found)] = &[
        ("year = 2024", "year = 'soon'", &[("zone.toml", Some(15))]),
        ("year = 2024", "year = = 1", &[("zone.toml", Some(15))]),
        ("\"2022-01-22\"", "\"2022-02-30\"", &[("zone.toml", Some(8))]),
        ("home_district = \"4301\"", "home_district = \"9999\"", &[("zone.dangling", Some(2))]),
        (
            "\"ecommerce\"",
            "\"shop\"",
            &[("zone.unknown_word", Some(28)), ("field.missing", Some(28))],
        ),
        ("MA3C123462", "MA3C12346", &[("party.code_malformed", Some(28))]),
    ];
    for (from, to, expected) in table {
        let findings = parse(&SMALL.replacen(from, to, 1)).unwrap_err();
        assert_eq!(codes(&findings), *expected, "{to}");
    }
}

#[test]
fn a_wrong_check_digit_warns_and_loads() {
    let zone = parse(&SMALL.replace("MA3C123462", "MA3C123463")).unwrap();
    assert_eq!(codes(&zone.findings), [("party.code_check", Some(28))]);
}

#[test]
fn codes_stand_once_and_references_point_at_something() {
    let twice = SMALL.to_owned()
        + "\n[[party]]\nsocial_credit_code = \"91370303MA3C123462\"\nzh = \"示例二\"\nen = \"\"\n\
           roles = [\"broker\"]\n\
           [[delegation]]\nfrom = \"91370303MA3C123462\"\nto = \"37036609A1\"\n\
           acts = [\"inventory\"]\nvalid_from = \"2026-01-01\"\ndistricts = [\"4399\"]\n";
    let findings = parse(&twice).unwrap_err();
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["zone.twice", "zone.dangling", "zone.dangling"]);
}

#[test]
fn a_file_that_is_not_there_is_a_finding() {
    let findings = Zone::load(std::path::Path::new("zones/atlantis.toml")).unwrap_err();
    assert_eq!(codes(&findings), [("zone.unreadable", None)]);
    assert_eq!(findings[0].path, "zones/atlantis.toml");
}
