//! What the tests of the books share: a database, days, parcels, and the question whether
//! everything balances.

use std::sync::Arc;

use db::{Ctx, Db, DbError, Migration, Tx};
use kernel::{Date, Fen, Finding, IdSource, Time};
use register::rules::{Law, Rules};
use tax::bill::{self, Advanced, Return, Returned};
use tax::guarantee::{
    self, Charge, GuarantorDraft, InstrumentDraft, InstrumentForm, Key, Parts, Role, Settled,
    Settlement, Sums, flow,
};

use crate::support::RULES;

pub(crate) const PLATFORM: &str = "91370303MA3C123462";
pub(crate) const CARRIER: &str = "91370303MA3C199999";
pub(crate) const SELLER: &str = "91371102MA3D567885";
pub(crate) const OTHER: &str = "91371102MA3D500001";
pub(crate) const BROKER: &str = "37036609A1";

/// Every table the rooms need.
pub(crate) fn migrations() -> Vec<Migration> {
    let rooms = web::migrations(&[register::module(), tax::module()]);
    rooms.into_iter().chain(ledger::MIGRATIONS.iter().cloned()).collect()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon of a day, Beijing.
pub(crate) fn noon(on: &str) -> Time {
    Time::of(day(on).at(12, 0, 0, 0)).unwrap()
}

/// A database and a calendar.
pub(crate) struct Books<'d> {
    pub(crate) db: &'d Db,
    ids: Arc<IdSource>,
    now: std::cell::Cell<Time>,
}

impl<'d> Books<'d> {
    pub(crate) fn new(db: &'d Db, on: &str) -> Books<'d> {
        Books { db, ids: Arc::new(IdSource::new(0)), now: std::cell::Cell::new(noon(on)) }
    }

    /// It is noon of that day.
    pub(crate) fn on(&self, on: &str) -> &Books<'d> {
        self.now.set(noon(on));
        self
    }

    pub(crate) fn at(&self, now: Time) {
        self.now.set(now);
    }

    pub(crate) fn today(&self) -> Date {
        self.now.get().date()
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx { now: self.now.get(), ids: Arc::clone(&self.ids), actor: "test".into() }
    }

    pub(crate) fn write<T, E: From<DbError> + std::fmt::Debug>(
        &self,
        flow: impl Fn(&mut Tx, &Ctx) -> Result<T, E>,
    ) -> T {
        self.try_write(flow).unwrap()
    }

    pub(crate) fn try_write<T, E: From<DbError>>(
        &self,
        flow: impl Fn(&mut Tx, &Ctx) -> Result<T, E>,
    ) -> Result<T, E> {
        let ctx = self.ctx();
        self.db.write(|tx| flow(tx, &ctx))
    }

    /// Registers a guarantor with a bank letter of that many yuan, in force from today on.
    pub(crate) fn guarantor(&self, code: &str, yuan: i64) {
        self.write(|tx, ctx| {
            let draft = GuarantorDraft { code, role: Role::Platform, bill_by: None };
            flow::register(tx, ctx, &draft)?;
            flow::lodge(tx, ctx, code, &letter("L1", yuan, ctx.now.date())).map(drop)
        });
    }

    pub(crate) fn law<T>(&self, f: impl FnOnce(&Law<'_>) -> T) -> T {
        f(&RULES.on(self.today()))
    }

    pub(crate) fn hold(&self, charges: &[Charge<'_>]) -> Vec<Option<Finding>> {
        self.hold_by(&RULES, charges)
    }

    pub(crate) fn hold_by(&self, rules: &Rules, charges: &[Charge<'_>]) -> Vec<Option<Finding>> {
        let law = rules.on(self.today());
        self.write(|tx, ctx| guarantee::hold(tx, ctx, &law, charges))
    }

    pub(crate) fn release(&self, numbers: &[u64]) -> Vec<Settled> {
        let named: Vec<(u64, String)> = numbers.iter().map(|n| (*n, invt_no(*n))).collect();
        let at = self.now.get();
        let settlements: Vec<(Key, Settlement<'_>)> = named
            .iter()
            .map(|(n, no)| (key(*n), Settlement::Released { at, invt_no: Some(no) }))
            .collect();
        self.write(|tx, ctx| guarantee::settle(tx, ctx, &settlements))
    }

    pub(crate) fn give_back(&self, numbers: &[u64]) -> Vec<Settled> {
        let settlements: Vec<(Key, Settlement<'_>)> =
            numbers.iter().map(|n| (key(*n), Settlement::GivenBack)).collect();
        self.write(|tx, ctx| guarantee::settle(tx, ctx, &settlements))
    }

    /// A return with that number of its own.
    pub(crate) fn returned(&self, number: u64, of: u64, tax: Option<Parts>) -> Returned {
        let one = Return { key: key(number), of: key(of), tax };
        self.write(|tx, ctx| bill::give_back(tx, ctx, &[one]))[0]
    }

    /// Everything a day brings.
    pub(crate) fn advance(&self) -> Advanced {
        let mut all = Advanced::default();
        loop {
            let once = self.write(|tx, ctx| bill::flow::advance(tx, ctx, &RULES, 1_000));
            all.carried += once.carried;
            all.closed += once.closed;
            all.overdue += once.overdue;
            if !once.more {
                return all;
            }
        }
    }

    pub(crate) fn sums(&self, code: &str) -> Sums {
        self.db
            .read(|tx| {
                let guarantor = flow::find(tx, code)?;
                Ok::<_, flow::Failure>(flow::positions(tx, vec![guarantor])?.remove(0).sums)
            })
            .unwrap()
    }

    /// Bills in order: state, inventories, fen.
    pub(crate) fn bills(&self) -> Vec<(String, i64, i64)> {
        let sql = "SELECT from_on, state, inventories, duty + vat + consumption_tax \
             FROM tax_bill ORDER BY from_on, id";
        let state = |code| match code {
            1 => "open",
            2 => "closed",
            3 => "issued",
            4 => "paid",
            5 => "void",
            _ => "refunded",
        };
        self.db
            .read(|tx| {
                tx.query(sql, db::params![])?
                    .iter()
                    .map(|row| {
                        let name = format!("{} {}", row.text(0)?, state(row.i64(1)?));
                        Ok((name, row.i64(2)?, row.i64(3)?))
                    })
                    .collect::<Result<_, DbError>>()
            })
            .unwrap()
    }

    pub(crate) fn bill_ids(&self) -> Vec<bill::BillId> {
        let sql = "SELECT id FROM tax_bill ORDER BY from_on, id";
        let rows = self.db.read(|tx| tx.query(sql, db::params![])).unwrap();
        rows.iter().map(|row| row.id(0).unwrap()).collect()
    }

    /// Everything agrees: the rooms' own books, and the ledger.
    pub(crate) fn balanced(&self) {
        let totals = self.db.read(guarantee::totals).unwrap();
        assert!(totals.balanced(), "{totals:?}");
        let report = self.db.read(ledger::verify).unwrap();
        assert!(report.balanced(), "{report:?}");
    }

    /// Kinds of the events so far, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.db.read(|tx| tx.events(0, 10_000)).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

pub(crate) fn letter<'a>(number: &'a str, yuan: i64, from: Date) -> InstrumentDraft<'a> {
    InstrumentDraft {
        form: InstrumentForm::Letter,
        number,
        issuer: "日照银行",
        amount: Fen(yuan * 100),
        valid_from: from,
        valid_until: None,
    }
}

pub(crate) fn key(number: u64) -> Key {
    let mut key = [0; 16];
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn invt_no(number: u64) -> String {
    format!("42512026I{number:09}")
}

/// VAT of that many fen.
pub(crate) fn vat(fen: i64) -> Parts {
    Parts { vat: Fen(fen), ..Parts::ZERO }
}

/// A parcel of the seller's, guaranteed by the platform, with VAT of that many fen.
pub(crate) fn charge(number: u64, fen: i64) -> Charge<'static> {
    Charge {
        key: key(number),
        guarantor: PLATFORM,
        firm: SELLER,
        agent: BROKER,
        agent_role: Role::Broker,
        invt_no: None,
        tax: vat(fen),
        on: day("2026-03-01"),
    }
}

/// Codes of the findings, empty for none.
pub(crate) fn codes(findings: &[Option<Finding>]) -> Vec<&'static str> {
    findings.iter().map(|one| one.as_ref().map_or("", |finding| finding.code)).collect()
}

/// Runs a test on every engine, with books opened on that day.
pub(crate) fn on_books(on: &str, test: impl Fn(&Books<'_>)) {
    db::test::both_with(&migrations(), |db| test(&Books::new(db, on)));
}
