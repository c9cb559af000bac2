//! The e-tax bills of import: one with each release (816, state 1), void or replaced when goods
//! come back (818, state 3), and, once the window for returns has passed, carried to a payment
//! notice with all that one guarantor owes that day (816 and 818, state 2).

use ceb::schema::import::{inventory_head, inventory_list};
use kernel::{Fen, Time};

use super::answer::Place;
use super::judge::Judge;
use super::judgement::Assessment;
use super::memory::{Key, Kind, bits, key, of_key, scaled};
use super::packed::{BillStatus, Guid, TaxBill, TaxLine};
use super::records::{Bill, Goods, GoodsLine, Inventory, Standing, time_of};
use super::refund::{Back, part};

/// Whose bills one payment notice gathers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BillBy {
    /// All that a guarantor answers for.
    #[default]
    Guarantor,
    /// What a guarantor answers for on behalf of one e-commerce firm.
    GuarantorAndFirm,
}

/// `status` of an e-tax bill.
pub(super) const GENERATED: u8 = 1;
const SUMMARISED: u8 = 2;
const VOID: u8 = 3;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Who is told of a bill, and what it repeats of its inventory.
pub(super) struct Parties {
    receiver: String,
    guarantor: String,
    firm: String,
    carrier: String,
    agent: String,
}

impl Parties {
    fn read(body: &[u8]) -> Option<Parties> {
        let mut texts = std::str::from_utf8(body).ok()?.split('\n').map(str::to_owned);
        Some(Parties {
            receiver: texts.next()?,
            guarantor: texts.next()?,
            firm: texts.next()?,
            carrier: texts.next()?,
            agent: texts.next()?,
        })
    }
}

/// The lines of an inventory with what was assessed for each.
pub(super) fn taxed_goods(place: Place<'_>, assessment: &Assessment) -> Goods {
    let document = place.submission.message.documents.get(place.index);
    let lines = document.map(|document| &*document.lines).unwrap_or_default();
    let whole = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    Goods::of(lines.iter().zip(&assessment.lines).map(|(line, assessed)| GoodsLine {
        number: whole(line.at(inventory_list::GNUM)),
        hs_code: whole(line.at(inventory_list::GCODE)),
        quantity: line.at(inventory_list::QTY).and_then(scaled).unwrap_or_default(),
        amounts: [assessed.value.0, assessed.duty.0, assessed.vat.0, assessed.consumption_tax.0],
        measure: 0,
    }))
}

/// How far a round of bills has come.
pub(super) struct Round {
    /// The next piece of the list to look at.
    pub(super) next: u64,
    /// Bills carried to notices so far.
    pub(super) carried: usize,
    /// Whether all pieces that may hold due bills were looked at.
    pub(super) done: bool,
}

/// Bills of one transaction.
const BILLS_MAX: usize = 2_000;

impl Judge<'_> {
    /// The word under which the parties of an inventory are remembered.
    pub(super) fn parties(&mut self, place: Place<'_>) -> u32 {
        let document = place.submission.message.documents.get(place.index);
        let name = |at| document.and_then(|one| one.head.at(at)).unwrap_or_default();
        let names = [
            place.receiver,
            name(inventory_head::ASSURE_CODE),
            name(inventory_head::EBC_CODE),
            name(inventory_head::LOGISTICS_CODE),
            name(inventory_head::AGENT_CODE),
        ];
        let (text, word) = &self.parties;
        // Neighbours mostly have the same ones.
        if *word != 0 && text.split('\n').eq(names) {
            return *word;
        }
        let text = names.join("\n");
        // 0 stands for nobody.
        let word = (bits(&[text.as_bytes()]) as u32).max(1);
        let key = of_key(Kind::Parties, &NONE, u64::from(word));
        if !self.memory.knows(&key) {
            self.memory.put(key, text.as_bytes());
        }
        self.parties = (text, word);
        word
    }

    /// Voids the bill of an inventory of which goods came back, and makes one for what is left.
    pub(super) fn rebill(&mut self, key: &Key, inventory: &mut Inventory, back: &Back) {
        if inventory.bill.number != 0 {
            self.tell(inventory, inventory.bill.number, VOID, "", 3);
            let last = inventory.bill.number;
            let next = if back.is_whole() { 0 } else { last.saturating_add(1) };
            inventory.bill = Bill { number: next, summarised: false };
            if next != 0 {
                self.bill(key, inventory, GENERATED, "", 3);
            }
        }
        self.memory.put_long(*key, &inventory.to_bytes());
    }

    /// Carries bills to payment notices whose window has passed, from a piece of the list on.
    pub(super) fn due_bills(&mut self, by: BillBy, round: &mut Round) {
        let list = declared_list();
        let cursor = of_key(Kind::Declared, &list, 0);
        let Some(days) = self.rules().pay_from_day else {
            round.done = true;
            return;
        };
        let is_due =
            |released: Time, now: Time| released.plus_millis(days * DAY_MS).date() <= now.date();
        let settled = self.memory.number(&cursor);
        let mut unbroken = round.next <= settled + 1;
        round.next = round.next.max(settled + 1);
        let before = round.carried;
        while let Some((at, keys)) = self.memory.piece(Kind::Declared, &list, round.next) {
            if !is_due(time_of(at), self.now) {
                break;
            }
            if round.carried - before >= BILLS_MAX {
                return;
            }
            let mut finished = true;
            for key in keys {
                let Some(mut inventory) = self.import_inventory(&key) else { continue };
                let bill = inventory.bill;
                let sent_back = inventory.standing == Standing::Settled && inventory.released == 0;
                let over = inventory.standing.is_free() || sent_back;
                if over || bill.number == 0 || bill.summarised {
                    continue;
                }
                match self.import_released_at(&inventory) {
                    Some(released) if is_due(released, self.now) => {
                        self.carry(by, &key, &mut inventory);
                        round.carried += 1;
                    }
                    _ => finished = false,
                }
            }
            unbroken = unbroken && finished;
            if unbroken {
                self.memory.put(cursor, round.next.to_be_bytes());
            }
            round.next += 1;
        }
        round.done = true;
    }

    /// Puts one bill on the payment notice of its guarantor.
    fn carry(&mut self, by: BillBy, key: &Key, inventory: &mut Inventory) {
        let Some(parties) = self.parties_of(inventory) else { return };
        let firm = if by == BillBy::GuarantorAndFirm { &*parties.firm } else { "" };
        let notice = self.notice_no(&inventory.invt_no, &parties.guarantor, firm);
        inventory.bill.summarised = true;
        self.memory.put_long(*key, &inventory.to_bytes());
        self.bill(key, inventory, SUMMARISED, &notice, 1);
        self.tell(inventory, inventory.bill.number, SUMMARISED, &notice, 2);
    }

    /// The payment notice of a guarantor in a district on this day.
    fn notice_no(&mut self, invt_no: &str, guarantor: &str, firm: &str) -> String {
        let customs = invt_no.get(..4).unwrap_or_default();
        let day = self.now.to_compact().get(..8).unwrap_or_default().to_owned();
        let notice = key(Kind::Series, &["notice", customs, guarantor, firm, &day]);
        let mut number = self.memory.number(&notice);
        if number == 0 {
            number = self.memory.next_number(key(Kind::Series, &["notices", customs, &day]));
            self.memory.put(notice, number.to_be_bytes());
        }
        format!("{customs}{day}L{number:06}")
    }

    fn parties_of(&self, inventory: &Inventory) -> Option<Parties> {
        let key = of_key(Kind::Parties, &NONE, u64::from(inventory.parties));
        Parties::read(self.memory.find(&key)?)
    }

    /// 816: the bill with the amounts of what did not come back.
    fn bill(&mut self, key: &Key, inventory: &Inventory, status: u8, notice: &str, steps: i64) {
        let Some(parties) = self.parties_of(inventory) else { return };
        let body = self.memory.find_long(&of_key(Kind::Returned, key, 0));
        let mut back = super::packed::Taker(body.as_deref().unwrap_or_default());
        let lines: Vec<(String, [i64; 4])> = inventory
            .goods
            .lines()
            .iter()
            .map(|line| {
                let back = back.number().unwrap_or_default();
                let left = |amount: i64| amount - back_part(amount, back, line.quantity);
                (format!("{:010}", line.hs_code), line.amounts.map(left))
            })
            .collect();
        let lines = lines.iter().map(|(hs_code, [value, duty, vat, consumption])| TaxLine {
            hs_code,
            value: Fen(*value),
            duty: Fen(*duty),
            vat: Fen(*vat),
            consumption_tax: Fen(*consumption),
        });
        let said_at = self.now.plus_millis(steps * self.step_ms);
        let bill = TaxBill {
            guid: Guid::made(&inventory.invt_no, 816_000 + u64::from(status)),
            invt_no: &inventory.invt_no,
            number: inventory.bill.number,
            status,
            notice,
            echo: [
                &parties.guarantor,
                &parties.firm,
                &parties.carrier,
                &parties.agent,
                inventory.invt_no.get(..4).unwrap_or_default(),
            ],
            said_at,
        };
        let mut bytes = Vec::with_capacity(256);
        bill.pack(&mut bytes, lines);
        self.outbox.add(said_at, "CEB816", &parties.receiver, &bytes);
    }

    /// 818: the state of a bill.
    fn tell(&mut self, inventory: &Inventory, number: u8, status: u8, notice: &str, steps: i64) {
        let Some(parties) = self.parties_of(inventory) else { return };
        let said_at = self.now.plus_millis(steps * self.step_ms);
        let mut bytes = Vec::with_capacity(128);
        BillStatus {
            guid: Guid::made(
                &inventory.invt_no,
                818_000 + u64::from(number) * 10 + u64::from(status),
            ),
            invt_no: &inventory.invt_no,
            number,
            status,
            notice,
            guarantor: &parties.guarantor,
            said_at,
        }
        .pack(&mut bytes);
        self.outbox.add(said_at, "CEB818", &parties.receiver, &bytes);
    }
}

/// The part of an amount that came back: none when nothing did.
fn back_part(amount: i64, back: u64, quantity: u64) -> i64 {
    if back == 0 { 0 } else { part(amount, back, quantity) }
}

/// No owner.
const NONE: Key = [0; 16];

/// Where declared import inventories are listed.
pub(super) fn declared_list() -> Key {
    key(Kind::Declared, &[])
}
