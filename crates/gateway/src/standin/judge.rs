//! Decides what each document is answered. Pure: it sees the cases and the memory, and leaves
//! changes in the memory and receipts in the outbox.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Write;

use kernel::Time;

use super::answer::{
    Declared, Later, Place, RETURN_INFO_CHARS_MAX, Speaker, amounts, course, rejection, stored,
};
use super::bills::{declared_list, taxed_goods};
use super::case::{Claim, InventoryClaim, Submission};
use super::family::coded;
use super::judgement::{Assessment, DayRules, Judgement, Refusal};
use super::memory::{Key, Kind, Memory, key};
use super::outward::Exported;
use super::packed::{Guid, Info, Numbers};
use super::receipt::{self, Answer, Held, Outbox, Said};
use super::records::{Bill, Inventory, Order, Payment, Standing, Waybill, second_of};
use super::refund::Returned;
use super::scenario::{Effect, Plan};

/// What judging needs and changes.
pub(crate) struct Judge<'a> {
    pub(crate) law: &'a dyn Judgement,
    pub(crate) now: Time,
    /// Milliseconds between two receipts of one document.
    pub(crate) step_ms: i64,
    pub(crate) memory: &'a mut Memory,
    pub(crate) outbox: Outbox,
    /// What receipts wait for and has come: they shall go out.
    pub(crate) arrived: Vec<Key>,
    /// What receipts wait for and will not come: they are void.
    pub(crate) cancelled: Vec<Key>,
    /// Import inventories declared in this batch.
    pub(crate) declared: Vec<Key>,
    /// Export inventories closed in this batch, each with the list of its consignor.
    pub(crate) closed: Vec<(Key, Key)>,
    /// The parties of the inventory before, and the word for them.
    pub(crate) parties: (String, u32),
    /// The day as pre-entry numbers write it.
    day: String,
    /// The rules of the day, once asked for.
    rules: OnceCell<DayRules>,
}

/// What the rules make of one document.
pub(super) enum Ruling {
    /// Nothing is said.
    Silence,
    /// Refused by the e-port: code without minus, and reason.
    Refused(u32, String),
    /// Taken by the e-port, rejected by customs with this text.
    Rejected(String, Numbers),
    /// Stored; further receipts follow 2 and 120.
    Stored(Numbers),
    /// An inventory stored and on its way.
    Declared(Box<Declared>),
    /// An export inventory stored and on its way.
    Exported(Box<Exported>),
    /// A return accepted.
    Returned(Box<Returned>),
}

pub(super) fn refused(code: u32, reason: &str) -> Ruling {
    Ruling::Refused(code, reason.to_owned())
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        law: &'a dyn Judgement,
        now: Time,
        step_ms: i64,
        memory: &'a mut Memory,
    ) -> Judge<'a> {
        Judge {
            law,
            now,
            step_ms,
            memory,
            outbox: Outbox::default(),
            arrived: Vec::new(),
            cancelled: Vec::new(),
            declared: Vec::new(),
            closed: Vec::new(),
            parties: (String::new(), 0),
            day: now.to_compact().get(..8).unwrap_or_default().to_owned(),
            rules: OnceCell::new(),
        }
    }
}

impl Judge<'_> {
    /// Judges every document of a message.
    pub(crate) fn message(&mut self, submission: &Submission, receiver: &str) {
        for (index, case) in submission.cases.iter().enumerate() {
            let place = Place { submission, case, plan: &case.plan, index, receiver };
            let asked = self.asked(place);
            let place = Place { plan: asked.as_ref().unwrap_or(place.plan), ..place };
            let ruling = match self.general(place) {
                Some(ruling) => ruling,
                None => self.claim(place),
            };
            self.say(place, ruling);
        }
    }

    /// Enters what the batch declared and closed into the lists of them.
    pub(crate) fn note_lists(&mut self) {
        let at = second_of(self.now);
        self.memory.append(Kind::Declared, &declared_list(), at, &self.declared);
        let mut closed: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        for (list, key) in self.closed.drain(..) {
            closed.entry(list).or_default().push(key);
        }
        for (list, keys) in closed {
            self.memory.append(Kind::Closed, &list, at, &keys);
        }
    }

    /// The rules of the day.
    pub(super) fn rules(&self) -> &DayRules {
        self.rules.get_or_init(|| self.law.rules_on(self.now.date()))
    }

    /// What is asked of every document before its own rules.
    fn general(&self, place: Place<'_>) -> Option<Ruling> {
        let family = place.submission.family;
        let plan = place.plan;
        if family.is_inventory() && matches!(plan.outcome, Some((Effect::Silent, _))) {
            return Some(Ruling::Silence);
        }
        if let Some((code, reason)) = &place.submission.refusal {
            return Some(Ruling::Refused(*code, reason.clone()));
        }
        if let Some(reason) = &place.case.fault {
            return Some(Ruling::Refused(family.codes.check, reason.clone()));
        }
        if let Some(code) = plan.refuses(family.like) {
            return Some(refused(code, "按订单编号前缀指定的结果"));
        }
        let rejected = !family.is_inventory() && plan.rejects(family.like).is_some();
        rejected.then(|| Ruling::Rejected("海关退单".to_owned(), Numbers::default()))
    }

    fn claim(&mut self, place: Place<'_>) -> Ruling {
        let codes = &place.submission.family.codes;
        let refuse = |code: u32, reason: &str| Ruling::Refused(code, reason.to_owned());
        match &place.case.claim {
            Claim::Order { key, inventory, order } => {
                let stored = self.memory.find(key).and_then(Order::from_bytes);
                let stale = stored.as_ref().is_some_and(|old| order.app_time < old.app_time);
                self.register(place, *key, Some(inventory), stale, order.to_bytes())
            }
            Claim::Payment { key, inventory, payment } => {
                let stored = self.memory.find(key).and_then(Payment::from_bytes);
                let stale = stored.as_ref().is_some_and(|old| payment.app_time < old.app_time);
                self.register(place, *key, Some(inventory), stale, payment.to_bytes())
            }
            Claim::Waybill { key, waybill } => {
                self.register(place, *key, None, false, waybill.to_bytes())
            }
            Claim::WaybillStatus { key, waybill } => {
                if !self.memory.knows(waybill) {
                    return refuse(codes.check, "运单不存在");
                }
                self.register(place, *key, None, false, vec![1])
            }
            Claim::Inventory(claim) => self.inventory(place, claim),
            Claim::Cancel { inventory, arrival, invt_no } => {
                self.cancel(inventory, arrival, invt_no)
            }
            Claim::Sheet { key, arrivals, rkd_series } => {
                if place.case.app_type == 1 && self.memory.knows(key) {
                    return refuse(codes.exists, "入库明细单已存在");
                }
                self.memory.put(*key, vec![1]);
                let at = second_of(self.now).to_be_bytes();
                for arrival in arrivals {
                    self.memory.put(*arrival, at);
                    self.arrived.push(*arrival);
                }
                let rkd_no = self.customs_no(place, 'R', *rkd_series);
                Ruling::Stored(Numbers {
                    pre_no: Some(self.pre_no('R')),
                    rkd_no: Some(rkd_no),
                    invt_no: None,
                })
            }
            Claim::Return(claim) => self.goods_return(place, claim),
            Claim::Outward(claim) => self.outward(place, claim),
        }
    }

    /// Adds, changes or deletes a document that is only remembered.
    fn register(
        &mut self,
        place: Place<'_>,
        key: Key,
        inventory: Option<&Key>,
        stale: bool,
        body: Vec<u8>,
    ) -> Ruling {
        let declared = inventory
            .and_then(|key| self.import_inventory(key))
            .is_some_and(|inventory| !inventory.standing.is_free());
        self.enter(place, key, declared, stale, body)
    }

    /// Adds, changes or deletes a document, knowing whether a declared inventory uses it.
    pub(super) fn enter(
        &mut self,
        place: Place<'_>,
        key: Key,
        declared: bool,
        stale: bool,
        body: Vec<u8>,
    ) -> Ruling {
        let codes = &place.submission.family.codes;
        let refuse = refused;
        let known = self.memory.knows(&key);
        match place.case.app_type {
            1 if known => return refuse(codes.exists, "存在相同编号的单证"),
            1 => self.memory.put(key, body),
            _ if !known => return refuse(codes.absent, "未找到要操作的单证"),
            _ if stale => return refuse(codes.stale, "接收报文为旧报文数据，不做处理"),
            _ if declared => return refuse(codes.declared, "对应清单已申报"),
            2 => self.memory.put(key, body),
            _ => self.memory.forget(&key),
        }
        Ruling::Stored(Numbers::default())
    }

    fn inventory(&mut self, place: Place<'_>, claim: &InventoryClaim) -> Ruling {
        let stored = self.import_inventory(&claim.key);
        let standing = stored.map(|inventory| inventory.standing);
        let open = standing.is_none_or(Standing::is_free);
        let refuse = refused;
        match (place.case.app_type, standing) {
            (1, _) if !open => return refuse(621_004, "清单已申报，请勿重复申报"),
            (2 | 3, None) => return refuse(621_011, "未找到已申报的清单"),
            (2 | 3, _) if !open => return refuse(621_012, "清单状态不允许变更"),
            (3, _) => {
                self.memory.forget(&claim.key);
                return Ruling::Stored(Numbers::default());
            }
            _ => {}
        }
        let Some(document) = place.submission.message.documents.get(place.index) else {
            return Ruling::Silence;
        };
        let used = self.memory.used(&claim.quota);
        let assessment = self.law.assess(document, used, self.now.date());
        for refusal in &assessment.refusals {
            if let Refusal::SingleLimit { value, limit } = refusal {
                let reason = format!("超过单次交易限值 {value} > {limit}");
                return Ruling::Refused(621_005, reason);
            }
        }
        let mut numbers = Numbers { pre_no: Some(self.pre_no('B')), ..Numbers::default() };
        let mut reasons = self.mismatches(claim);
        reasons.extend(assessment.refusals.iter().filter_map(rejection));
        if let Some(code) = place.plan.rejects(621) {
            reasons.push(coded(code));
        }
        if !reasons.is_empty() {
            self.memory.put_long(claim.key, &Inventory::default().to_bytes());
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        numbers.invt_no = Some(self.customs_no(place, 'I', claim.invt_series));
        self.declare(place, claim, assessment, numbers)
    }

    fn declare(
        &mut self,
        place: Place<'_>,
        claim: &InventoryClaim,
        assessment: Assessment,
        numbers: Numbers,
    ) -> Ruling {
        let (steps, release) = course(place.plan, self.step_ms);
        let arrived = !claim.direct || self.memory.knows(&claim.arrival);
        let waits = release.is_some() && !arrived;
        let settled = place.plan.outcome.is_some_and(|(e, _)| e == Effect::ReturnAbroad);
        let standing = match release {
            Some(_) if waits => Standing::Awaiting,
            Some(_) => Standing::Settled,
            None if settled => Standing::Settled,
            None => Standing::Kept,
        };
        self.memory.use_quota(claim.quota, assessment.value.0);
        let released = release.filter(|_| !waits).map(|after_ms| self.now.plus_millis(after_ms));
        let remembered = Inventory {
            standing,
            quota: claim.quota,
            value: assessment.value.0,
            released: released.map_or(0, second_of),
            arrival: waits.then_some(claim.arrival),
            direct: claim.direct,
            parties: self.parties(place),
            bill: Bill { number: 1, summarised: false },
            pre_no: numbers.pre_no.clone().unwrap_or_default(),
            invt_no: numbers.invt_no.clone().unwrap_or_default(),
            goods: taxed_goods(place, &assessment),
        };
        self.memory.put_long(claim.key, &remembered.to_bytes());
        self.declared.push(claim.key);
        Ruling::Declared(Box::new(Declared {
            numbers,
            assessment,
            steps,
            release_after_ms: if waits { Some(self.step_ms) } else { release },
            waits_for: waits.then_some(claim.arrival),
        }))
    }

    /// Why the inventory does not go with its order, payment and waybill.
    fn mismatches(&self, claim: &InventoryClaim) -> Vec<String> {
        let mut reasons = Vec::new();
        let order = self.memory.find(&claim.order).and_then(Order::from_bytes);
        let payment = self.memory.find(&claim.payment).and_then(Payment::from_bytes);
        let waybill = self.memory.find(&claim.waybill).and_then(Waybill::from_bytes);
        let mut must = |right: bool, reason: &dyn Fn() -> String| {
            if !right {
                reasons.push(reason());
            }
        };
        must(order.is_some(), &|| "未找到对应的订单;".to_owned());
        must(payment.is_some(), &|| "未找到对应的支付单;".to_owned());
        must(waybill.is_some(), &|| "未找到对应的运单;".to_owned());
        if let Some(order) = &order {
            must(order.firm == claim.firm, &|| "清单与订单电商企业不一致;".to_owned());
            must(order.line_count == claim.line_count, &|| coded(1320));
            let same = order.line_count != claim.line_count || order.lines == claim.lines;
            must(same, &|| coded(1322));
            must(order.name == claim.name, &|| coded(13_127));
            must(order.phone == claim.phone, &|| coded(130_126));
            let same = order.id_number == claim.id_number;
            must(same, &|| "清单与订单订购人证件号码不一致;".to_owned());
        }
        if let (Some(order), Some(payment)) = (&order, &payment) {
            let same = order.name == payment.name && order.id_number == payment.id_number;
            must(same, &|| coded(1327));
            must(order.paid == payment.amount, &|| amounts(order.paid, payment.amount));
            must(order.pay_firm == 0 || order.pay_firm == payment.firm, &|| coded(13_035));
        }
        if let Some(waybill) = &waybill {
            let same = waybill.order_no == claim.order_no;
            must(same, &|| "运单与清单订单编号不一致;".to_owned());
        }
        if let (Some(order), Some(waybill)) = (&order, &waybill) {
            let same = order.consignee == waybill.consignee;
            must(same, &|| "订单与运单收货人信息不一致;".to_owned());
        }
        reasons
    }

    /// What is remembered of an import inventory.
    pub(super) fn import_inventory(&self, key: &Key) -> Option<Inventory> {
        self.memory.find_long(key).and_then(|body| Inventory::from_bytes(&body))
    }

    fn cancel(&mut self, key: &Key, arrival: &Key, invt_no: &str) -> Ruling {
        let refuse = refused;
        let Some(mut inventory) =
            self.import_inventory(key).filter(|inventory| inventory.invt_no == invt_no)
        else {
            return refuse(623_003, "清单编号不存在");
        };
        match inventory.standing {
            Standing::Cancelled => return refuse(623_009, "撤销申请单已申报"),
            Standing::Settled | Standing::Open | Standing::Closed | Standing::Summarised => {
                return refuse(623_005, "清单状态不允许撤单");
            }
            Standing::Awaiting if self.memory.knows(arrival) => {
                return refuse(623_005, "清单状态不允许撤单");
            }
            Standing::Awaiting | Standing::Kept => {}
        }
        inventory.standing = Standing::Cancelled;
        self.memory.use_quota(inventory.quota, -inventory.value);
        self.memory.put_long(*key, &inventory.to_bytes());
        self.outbox.held.retain(|held| held.waybill != *arrival);
        self.cancelled.push(*arrival);
        Ruling::Stored(Numbers { pre_no: Some(self.pre_no('C')), ..Numbers::default() })
    }

    /// The next number of the e-port: counted by letter and day.
    pub(super) fn pre_no(&mut self, letter: char) -> String {
        let mut start = String::with_capacity(18);
        start.push(letter);
        start.push_str(&self.day);
        let number = self.memory.next_number(key(Kind::Series, &[&start]));
        let _ = write!(start, "{number:09}");
        start
    }

    /// The next number of customs: counted by district, year and letter.
    pub(super) fn customs_no(&mut self, place: Place<'_>, letter: char, series: Key) -> String {
        let number = self.memory.next_number(series);
        let year = self.day.get(..4).unwrap_or_default();
        format!("{}{year}{letter}{number:09}", place.head("customsCode"))
    }

    /// Turns a ruling into receipts.
    fn say(&mut self, place: Place<'_>, ruling: Ruling) {
        let step = self.step_ms;
        match ruling {
            Ruling::Silence => {}
            Ruling::Refused(code, reason) => {
                let answer = place.refused(step, code, &reason);
                self.send(place, &Numbers::default(), &[answer], &[], None);
            }
            Ruling::Rejected(text, numbers) => {
                let text = text.chars().take(RETURN_INFO_CHARS_MAX).collect();
                let last = Answer { after_ms: 2 * step, status: 100, info: Info::Text(text) };
                self.send(place, &numbers, &[place.taken(step), last], &[], None);
            }
            Ruling::Stored(numbers) => {
                let both = [place.taken(step), stored(2 * step)];
                if place.submission.family.ends.is_empty() {
                    self.send(place, &numbers, &both, &[], None);
                    return;
                }
                let answers: Vec<Answer> = both.into_iter().chain(place.ends(3 * step)).collect();
                self.send(place, &numbers, &answers, &[], None);
            }
            Ruling::Declared(declared) => {
                let mut answers = Vec::with_capacity(2 + declared.steps.len());
                answers.extend([place.taken(step), stored(2 * step)]);
                answers.extend(declared.steps.iter().cloned());
                self.send(place, &declared.numbers, &answers, &[], Some(&declared));
            }
            Ruling::Exported(exported) => {
                let mut answers = vec![place.taken(step), stored(2 * step)];
                answers.extend(exported.steps.iter().cloned());
                self.send(place, &exported.numbers, &answers, &exported.later, None);
            }
            Ruling::Returned(returned) => {
                let mut answers = vec![place.taken(step), stored(2 * step)];
                answers.extend(returned.steps.iter().cloned());
                self.send(place, &returned.numbers, &answers, &returned.later, None);
            }
        }
    }

    fn send(
        &mut self,
        place: Place<'_>,
        numbers: &Numbers,
        answers: &[Answer],
        later: &[Later],
        declared: Option<&Declared>,
    ) {
        let own = Plan::default();
        let family = place.submission.family;
        let plan = if family.is_inventory() || family.like == 625 { place.plan } else { &own };
        let speaker = place.speaker(numbers, self.now);
        let mut said: Vec<Said> = Vec::with_capacity(8);
        said.extend(answers.iter().map(|answer| speaker.say(answer)));
        if let Some(flaw) = plan.malformed
            && let Some(first) = said.first()
        {
            let guid = Guid::made(place.head("guid"), 1);
            let right = receipt::message(first.kind, &guid, std::iter::once(&*first.bytes));
            let flawed = receipt::malformed(flaw, &right);
            let at = self.now.plus_millis(self.step_ms / 2);
            self.outbox.add(at, receipt::RAW, place.receiver, &flawed);
        }
        self.release(place, plan, &speaker, declared, &mut said);
        for (index, arrival) in receipt::arrivals(plan, &said, self.step_ms) {
            if let Some(one) = said.get(index) {
                let due_at = self.now.plus_millis(arrival);
                self.outbox.add(due_at, one.kind, place.receiver, &one.bytes);
            }
        }
        for later in later {
            let said = later.answers.iter().map(|answer| speaker.say(answer)).collect();
            self.hold(place, plan, later.waits_for, said);
        }
    }

    /// Says the release with the rest, or holds it until the goods have arrived.
    fn release(
        &mut self,
        place: Place<'_>,
        plan: &Plan,
        speaker: &Speaker<'_>,
        declared: Option<&Declared>,
        said: &mut Vec<Said>,
    ) {
        let Some(declared) = declared else { return };
        let Some(after_ms) = declared.release_after_ms else { return };
        let release = speaker.release(declared, after_ms, self.step_ms);
        match declared.waits_for {
            None => said.extend(release),
            Some(waybill) => self.hold(place, plan, waybill, release),
        }
    }

    fn hold(&mut self, place: Place<'_>, plan: &Plan, waybill: Key, release: Vec<Said>) {
        for (index, arrival) in receipt::arrivals(plan, &release, self.step_ms) {
            let Some(one) = release.get(index) else { continue };
            self.outbox.held.push(Held {
                waybill,
                kind: one.kind,
                receiver: place.receiver.to_owned(),
                due_after_ms: arrival,
                said_after_ms: one.after_ms,
                bytes: one.bytes.clone(),
            });
        }
    }
}
