//! Firms, certificates and delegations in the database, on every engine.

use std::sync::Arc;

use ceb::certificate::Certificate as X509;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use db::test::both_with;
use db::{Ctx, Db, DbError, Tx};
use kernel::{Date, Finding, IdSource, Time};
use rand::SeedableRng;
use rand::rngs::StdRng;
use register::party::flow::{self, Failure};
use register::party::*;

const NOW: Time = Time::from_millis(1_795_399_200_000);
const SELLER: &str = "91370303XAK0403629";

fn ctx(ids: &Arc<IdSource>, after_ms: i64) -> Ctx {
    Ctx { now: NOW.plus_millis(after_ms), ids: Arc::clone(ids), actor: "test".into() }
}

fn ids() -> Arc<IdSource> {
    Arc::new(IdSource::new(0))
}

/// Runs a flow that is to succeed.
fn done<T>(db: &Db, flow: impl FnOnce(&mut Tx) -> Result<T, Failure>) -> T {
    db.write(flow).unwrap_or_else(|failure| panic!("{}", name(&failure)))
}

/// The code of a refusal, or of the first finding.
fn name(failure: &Failure) -> String {
    match failure {
        Failure::Refused(refusal) => web::Refusal::code(refusal).to_owned(),
        Failure::Findings(findings) => findings[0].code.to_owned(),
        Failure::Db(error) => error.to_string(),
    }
}

fn refused<T>(db: &Db, flow: impl FnOnce(&mut Tx) -> Result<T, Failure>) -> String {
    db.write(flow).err().map(|failure| name(&failure)).unwrap_or_default()
}

fn draft(credit: Option<&str>, customs: Option<&str>) -> PartyDraft {
    PartyDraft {
        social_credit_code: credit.map(str::to_owned),
        customs_code: customs.map(str::to_owned),
        name_zh: "示例有限公司".into(),
        roles: Roles::of(&[Role::Ecommerce]),
        ..PartyDraft::default()
    }
}

const ONE: &str = "91370303MA3C123462";
const TWO: &str = "91371102MA3D567885";

pub(crate) fn certificate(seed: u64, serial: &str) -> String {
    let request = CertificateRequest {
        subject: "CN=李示例,O=示例有限公司,C=CN".into(),
        serial: serial.into(),
        not_before: NOW.plus_millis(-1_000),
        not_after: NOW.plus_millis(1_000),
        authority: false,
    };
    let key = SigningKey::generate(KeyKind::Sm2, &request, &mut StdRng::seed_from_u64(seed));
    key.unwrap().to_pem().unwrap().certificate
}

#[test]
fn a_zone_loads_once_and_again_without_change() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        for id in Zone::builtin_ids() {
            let zone = Zone::builtin(id).unwrap().unwrap();
            let load = || done(db, |tx| flow::load_zone(tx, &ctx(&ids, 0), &zone));
            let live = LiveDirectory::new();
            let first = load();
            assert_eq!(first.parties_created, zone.parties.len());
            let version = live.refresh_from(db).unwrap().version();
            assert_eq!(load().parties_created, 0);
            let directory = live.refresh_from(db).unwrap();
            assert_eq!(directory.version(), version, "nothing changed the second time");
            for party in &zone.parties {
                let credit = party.social_credit_code.as_deref().unwrap();
                let customs = party.customs_code.as_deref().unwrap();
                let found = directory.by_code(credit).unwrap();
                assert_eq!(directory.by_code(customs), Some(found));
                assert_eq!(directory.by_dxp_id(party.dxp_id.as_deref().unwrap()), Some(found));
                assert_eq!(found.roles, party.roles);
                assert_eq!(found.overseas.is_some(), party.overseas.is_some());
            }
            for given in &zone.delegations {
                for act in given.acts.iter() {
                    let mode = given.modes.first().map(String::as_str);
                    let district = given.districts.first().map(String::as_str);
                    let deed = Deed::new(act, mode, district, NOW);
                    assert_eq!(directory.may_act_for(&given.to, &given.from, &deed), Ok(()));
                }
            }
        }
    });
}

#[test]
fn what_an_operator_changed_a_zone_file_leaves_alone() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let zone = Zone::builtin("zibo").unwrap().unwrap();
        done(db, |tx| flow::load_zone(tx, &ctx(&ids, 0), &zone));
        let live = LiveDirectory::new();
        let given = &zone.delegations[0];
        let directory = live.refresh_from(db).unwrap();
        let (from, to) = (given.from.as_str(), given.to.as_str());
        let of = (directory.by_code(from).unwrap().id, directory.by_code(to).unwrap().id);
        let id = directory.delegations(of.0, of.1).next().unwrap().id;
        done(db, |tx| flow::revoke_delegation(tx, &ctx(&ids, 1), id, "委托方要求"));
        let close = StandingChange::Close { from: NOW.date() };
        let seller = &zone.delegations[1].from;
        done(db, |tx| flow::change_standing(tx, &ctx(&ids, 1), seller, &close, "企业申请"));
        let again = done(db, |tx| flow::load_zone(tx, &ctx(&ids, 2), &zone));
        let warnings: Vec<&str> = again.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(warnings, ["party.stays_closed"]);
        let directory = live.refresh_from(db).unwrap();
        let deed = Deed::new(Act::Inventory, Some("1210"), None, NOW.plus_millis(2));
        let code = |finding: Finding| finding.code;
        assert_eq!(directory.may_act_for(to, from, &deed).map_err(code), Err("delegation.revoked"));
        assert_eq!(directory.may_act_for(to, seller, &deed).map_err(code), Err("party.closed"));
    });
}

#[test]
fn a_firm_renamed_by_api_keeps_its_name_when_the_zone_is_loaded_again() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let zone = Zone::builtin("zibo").unwrap().unwrap();
        done(db, |tx| flow::load_zone(tx, &ctx(&ids, 0), &zone));
        let mut renamed = zone.parties[0].clone();
        renamed.name_zh = "淄博更名示例有限公司".into();
        done(db, |tx| flow::put(tx, &ctx(&ids, 1), &renamed));
        done(db, |tx| flow::load_zone(tx, &ctx(&ids, 2), &zone));
        let code = renamed.social_credit_code.clone().unwrap();
        let found = done(db, |tx| flow::find(tx, &code));
        assert_eq!(&*found.party.name.zh, "淄博更名示例有限公司");
    });
}

#[test]
fn either_code_finds_the_firm_that_is_there() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let put = |draft: PartyDraft| done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft));
        let first = put(draft(Some(ONE), None));
        assert!(first.created);
        // Its customs code is learnt later; then either code is enough.
        let second = put(draft(Some(ONE), Some("37036609A1")));
        let third = put(draft(None, Some("37036609A1")));
        for put in [&second, &third] {
            assert!(!put.created);
            assert_eq!(put.registered.party.id, first.registered.party.id);
            assert_eq!(put.registered.party.code(), ONE);
        }
        assert_eq!(third.registered.party.version, 2, "the third changed nothing");
        put(draft(Some(TWO), None));
        let put = |draft: PartyDraft| refused(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft));
        assert_eq!(put(draft(Some(TWO), Some("37036609A1"))), "party.codes_conflict");
        assert_eq!(
            put(draft(Some("91370303XAK010092A"), Some("37036609A1"))),
            "party.codes_conflict"
        );
        assert_eq!(put(draft(Some("9137"), None)), "party.code_malformed");
        let with_dxp =
            |code, dxp: &str| PartyDraft { dxp_id: Some(dxp.into()), ..draft(Some(code), None) };
        assert_eq!(put(with_dxp(ONE, "DXPENT0000000001")), "");
        assert_eq!(put(with_dxp(TWO, "DXPENT0000000001")), "party.dxp_id_taken");
    });
}

#[test]
fn contacts_are_sealed_masked_and_opened_with_a_trace() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let contact = Contact {
            person: "李示例".into(),
            phone: "13800000000".into(),
            email: "service@example.cn".into(),
            address: "山东省淄博市张店区示例路1号".into(),
        };
        let draft = PartyDraft { contact: Some(contact.clone()), ..draft(Some(ONE), None) };
        let put = done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft));
        assert_eq!(put.registered.contact, contact.masked());
        let rows = db.read(|tx| tx.query("SELECT * FROM register_party", db::params![])).unwrap();
        for column in 0..rows[0].width() {
            let shown = match rows[0].value(column).unwrap() {
                db::Value::Text(text) => text.into_owned(),
                db::Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                _ => continue,
            };
            for secret in ["李示例", "13800000000", "service@", "示例路"] {
                assert!(!shown.contains(secret), "column {column} shows {secret}");
            }
        }
        // The same again changes nothing; without a contact it stays.
        let again = done(db, |tx| flow::put(tx, &ctx(&ids, 1), &draft));
        assert_eq!(again.registered.party.version, 1);
        let without = PartyDraft { contact: None, ..draft };
        let again = done(db, |tx| flow::put(tx, &ctx(&ids, 2), &without));
        assert_eq!(again.registered.contact, contact.masked());
        let opened = done(db, |tx| flow::open_contact(tx, &ctx(&ids, 3), ONE, "回访"));
        assert_eq!(opened, contact);
        let trace = db.read(|tx| tx.audited(ONE, None, 10)).unwrap();
        let acts: Vec<(&str, &str)> =
            trace.iter().map(|entry| (entry.act.as_str(), entry.detail.as_str())).collect();
        assert_eq!(acts, [("party.register", "ecommerce"), ("party.open_contact", "回访")]);
    });
}

#[test]
fn a_firm_is_suspended_resumed_and_closed() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some(ONE), None)));
        let live = LiveDirectory::new();
        let firm = |on: Date| {
            let directory = live.refresh_from(db).unwrap();
            let firm = directory.firm(ONE, Roles::of(&[Role::Ecommerce]), on);
            firm.err().map(|finding| (finding.code, finding.message.zh))
        };
        let day = |d| Date::constant(2026, 12, d);
        let change = |change: StandingChange, reason: &str| {
            refused(db, |tx| flow::change_standing(tx, &ctx(&ids, 1), ONE, &change, reason))
        };
        let suspend = |from, until| StandingChange::Suspend { from, until };
        assert_eq!(change(StandingChange::Resume, "无"), "party.not_suspended");
        assert_eq!(change(suspend(day(5), Some(day(4))), "年报逾期"), "delegation.dates");
        assert_eq!(change(suspend(day(5), None), " "), "field.missing");
        assert_eq!(change(suspend(day(5), Some(day(6))), "年报逾期"), "");
        assert_eq!(firm(day(4)), None);
        let (code, text) = firm(day(6)).unwrap();
        assert_eq!(code, "party.suspended");
        assert!(text.contains("年报逾期") && text.contains("2026-12-06"), "{text}");
        assert_eq!(firm(day(7)), None);
        assert_eq!(change(StandingChange::Resume, "已补报"), "");
        assert_eq!(firm(day(6)), None);
        assert_eq!(change(StandingChange::Close { from: day(10) }, "企业申请"), "");
        assert_eq!(firm(day(9)), None);
        assert_eq!(firm(day(10)).map(|(code, _)| code), Some("party.closed"));
        assert_eq!(change(StandingChange::Resume, "反悔"), "party.closed");
        let put = refused(db, |tx| flow::put(tx, &ctx(&ids, 2), &draft(Some(ONE), None)));
        assert_eq!(put, "party.closed");
        let missing = refused(db, |tx| {
            flow::change_standing(tx, &ctx(&ids, 2), TWO, &StandingChange::Resume, "x")
        });
        assert_eq!(missing, "party.not_found");
    });
}

#[test]
fn certificates_belong_to_one_firm_and_can_be_revoked() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        for code in [ONE, TWO] {
            done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some(code), None)));
        }
        let pem = certificate(1, "0a1b");
        let register = |code: &str, bytes: &[u8]| {
            db.write(|tx| {
                flow::register_certificate(tx, &ctx(&ids, 0), code, bytes, Purpose::Messages)
            })
        };
        let first = register(ONE, pem.as_bytes()).unwrap();
        let der = X509::from_pem(&pem).unwrap().der().to_vec();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for same in [der.as_slice(), base64.as_bytes()] {
            assert_eq!(register(ONE, same).unwrap(), first, "PEM, DER and base 64 are one");
        }
        assert_eq!((&*first.serial, &*first.algorithm, &*first.holder), ("0a1b", "SM2", "李**"));
        let code = |result: Result<Certificate, Failure>| name(&result.unwrap_err());
        assert_eq!(code(register(TWO, pem.as_bytes())), "certificate.taken");
        assert_eq!(code(register(ONE, b"hello")), "certificate.unreadable");
        assert_eq!(code(register(ONE, &[0x30, 0x82, 0xff])), "certificate.unreadable");
        let kept = done(db, |tx| Ok::<_, Failure>(flow::certificate_der(tx, first.id)?));
        assert_eq!(kept, der);

        let live = LiveDirectory::new();
        let signer = |presented: &str, at_ms| {
            let directory = live.refresh_from(db).unwrap();
            let party = directory.by_code(ONE).unwrap();
            let at = NOW.plus_millis(at_ms);
            let verdict = directory.signer(presented, party, Purpose::Messages, at);
            verdict.err().map_or("ok", |finding| finding.code)
        };
        assert_eq!(signer("0A1B", 0), "ok");
        assert_eq!(signer(&first.fingerprint, 1_001), "certificate.expired");
        assert_eq!(signer(&first.fingerprint, -1_001), "certificate.not_yet");
        let revoke = |code: &str| {
            refused(db, |tx| flow::revoke_certificate(tx, &ctx(&ids, 500), code, first.id, "遗失"))
        };
        assert_eq!(revoke(TWO), "certificate.not_found");
        assert_eq!(revoke(ONE), "");
        assert_eq!(revoke(ONE), "party.revoked_already");
        assert_eq!((signer("0a1b", 499), signer("0a1b", 500)), ("ok", "certificate.revoked"));
    });
}

#[test]
fn delegations_name_everything_that_is_wrong() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let zone = Zone::builtin("zibo").unwrap().unwrap();
        done(db, |tx| flow::load_zone(tx, &ctx(&ids, 0), &zone));
        let good = zone.delegations[0].clone();
        let delegate = |draft: &DelegationDraft| {
            db.write(|tx| flow::delegate(tx, &ctx(&ids, 1), draft)).map_err(|failure| match failure
            {
                Failure::Findings(findings) => findings
                    .iter()
                    .map(|finding| format!("{} {}", finding.code, finding.path))
                    .collect(),
                other => vec![name(&other)],
            })
        };
        let known = delegate(&good).unwrap();
        assert_eq!(delegate(&good).unwrap(), known, "the same is found, not added");
        let wrong = DelegationDraft {
            from: "37039999AA".into(),
            to: "37039999AB".into(),
            modes: vec!["12".into()],
            ..good.clone()
        };
        assert_eq!(
            delegate(&wrong).unwrap_err(),
            ["delegation.code_malformed modes[0]", "party.unknown from", "party.unknown to"]
        );
        let roles = DelegationDraft { acts: Acts::of(&[Act::Payment]), ..good.clone() };
        assert_eq!(delegate(&roles).unwrap_err(), ["delegation.role from"]);
        let own = DelegationDraft { to: good.from.clone(), ..good.clone() };
        assert_eq!(delegate(&own).unwrap_err(), ["delegation.same_firm to"]);
        done(db, |tx| flow::revoke_delegation(tx, &ctx(&ids, 2), known.delegation.id, "到期"));
        let renewed = delegate(&good).unwrap();
        assert_ne!(renewed.delegation.id, known.delegation.id, "a revoked one is given anew");
    });
}

#[test]
fn every_change_is_told_and_a_failed_one_is_not() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some(ONE), None)));
        refused(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some("x"), None)));
        done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some(ONE), None)));
        let pem = certificate(2, "0c");
        done(db, |tx| {
            let purpose = Purpose::PaymentRecords;
            flow::register_certificate(tx, &ctx(&ids, 0), ONE, pem.as_bytes(), purpose)
        });
        let mut told = Vec::new();
        db.consume::<DbError, _>("test", 100, |_, events| {
            told.extend(events.iter().map(|event| (event.kind.clone(), event.subject.clone())));
            Ok(())
        })
        .unwrap();
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["register.party_registered", "register.certificate_registered"]);
        assert!(told.iter().all(|(_, subject)| subject == ONE));
    });
}

#[test]
fn the_directory_is_read_again_only_when_something_changed() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let live = LiveDirectory::new();
        assert!(live.current().by_code(SELLER).is_none());
        let empty = live.refresh_from(db).unwrap();
        done(db, |tx| flow::put(tx, &ctx(&ids, 0), &draft(Some(ONE), None)));
        let one = live.refresh_from(db).unwrap();
        assert!(one.by_code(ONE).is_some() && empty.by_code(ONE).is_none());
        assert!(Arc::ptr_eq(&one, &live.refresh_from(db).unwrap()), "nothing to read");
        assert!(Arc::ptr_eq(&one, &live.current()));
        let undone: Result<(), Failure> = db.write(|tx| {
            flow::put(tx, &ctx(&ids, 0), &draft(Some(TWO), None))?;
            Err(Failure::Refused(PartyRefusal::Changed))
        });
        assert!(undone.is_err());
        assert!(live.refresh_from(db).unwrap().by_code(TWO).is_none());
    });
}
