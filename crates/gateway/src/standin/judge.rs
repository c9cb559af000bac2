//! Decides what each document is answered. Pure: it sees the cases and the memory, and leaves
//! changes in the memory and receipts in the outbox.

use kernel::Time;

use super::answer::{Declared, Place, Speaker, amounts, course, rejection, stored};
use super::case::{Claim, InventoryClaim, Submission};
use super::family::coded;
use super::judgement::{Assessment, Judgement, Refusal};
use super::memory::{Inventory, Key, Memory, Order, Payment, Standing, Waybill};
use super::packed::{Guid, Info, Numbers};
use super::receipt::{self, Answer, Held, Outbox, Said};
use super::scenario::{Effect, Plan};

/// What judging needs and changes.
pub(crate) struct Judge<'a> {
    pub(crate) law: &'a dyn Judgement,
    pub(crate) now: Time,
    /// Milliseconds between two receipts of one document.
    pub(crate) step_ms: i64,
    pub(crate) memory: &'a mut Memory,
    pub(crate) outbox: Outbox,
    /// Waybills whose waiting receipts shall go out.
    pub(crate) arrived: Vec<Key>,
    /// Waybills whose waiting receipts are void.
    pub(crate) cancelled: Vec<Key>,
}

/// What the rules make of one document.
enum Ruling {
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
}

impl Judge<'_> {
    /// Judges every document of a message.
    pub(crate) fn message(&mut self, submission: &Submission, receiver: &str) {
        for (index, case) in submission.cases.iter().enumerate() {
            let place = Place { submission, case, index, receiver };
            let ruling = match self.general(place) {
                Some(ruling) => ruling,
                None => self.claim(place),
            };
            self.say(place, ruling);
        }
    }

    /// What is asked of every document before its own rules.
    fn general(&self, place: Place<'_>) -> Option<Ruling> {
        let family = place.submission.family;
        let plan = &place.case.plan;
        if family.number == 621 && matches!(plan.outcome, Some((Effect::Silent, _))) {
            return Some(Ruling::Silence);
        }
        if let Some((code, reason)) = &place.submission.refusal {
            return Some(Ruling::Refused(*code, reason.clone()));
        }
        if let Some(reason) = &place.case.fault {
            return Some(Ruling::Refused(family.codes.check, reason.clone()));
        }
        if let Some(code) = plan.refuses(family.number) {
            return Some(Ruling::Refused(code, "按订单编号前缀指定的结果".to_owned()));
        }
        let rejected = family.number != 621 && plan.rejects(family.number).is_some();
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
            Claim::Cancel { inventory, arrival, invt_no, pre_series } => {
                self.cancel(inventory, arrival, invt_no, *pre_series)
            }
            Claim::Sheet { key, arrivals, pre_series, rkd_series } => {
                if place.case.app_type == 1 && self.memory.knows(key) {
                    return refuse(codes.exists, "入库明细单已存在");
                }
                self.memory.put(*key, vec![1]);
                for arrival in arrivals {
                    self.memory.put(*arrival, vec![1]);
                    self.arrived.push(*arrival);
                }
                let customs = place.head("customsCode");
                let year = self.now.date().year();
                let rkd = self.memory.next_number(*rkd_series);
                Ruling::Stored(Numbers {
                    pre_no: Some(self.pre_no('R', *pre_series)),
                    rkd_no: Some(format!("{customs}{year:04}R{rkd:09}")),
                    invt_no: None,
                })
            }
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
        let codes = &place.submission.family.codes;
        let refuse = |code: u32, reason: &str| Ruling::Refused(code, reason.to_owned());
        let known = self.memory.knows(&key);
        let declared = inventory
            .and_then(|key| self.memory.find(key))
            .and_then(Inventory::from_bytes)
            .is_some_and(|inventory| {
                !matches!(inventory.standing, Standing::Open | Standing::Cancelled)
            });
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
        let stored = self.memory.find(&claim.key).and_then(Inventory::from_bytes);
        let standing = stored.map(|inventory| inventory.standing);
        let open = matches!(standing, None | Some(Standing::Open | Standing::Cancelled));
        let refuse = |code: u32, reason: &str| Ruling::Refused(code, reason.to_owned());
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
        let mut numbers =
            Numbers { pre_no: Some(self.pre_no('B', claim.pre_series)), ..Numbers::default() };
        let mut reasons = self.mismatches(claim);
        reasons.extend(assessment.refusals.iter().filter_map(rejection));
        if let Some(code) = place.case.plan.rejects(621) {
            reasons.push(coded(code));
        }
        if !reasons.is_empty() {
            self.memory.put(claim.key, Inventory::default().to_bytes());
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        let customs = place.head("customsCode");
        let year = self.now.date().year();
        let number = self.memory.next_number(claim.invt_series);
        numbers.invt_no = Some(format!("{customs}{year:04}I{number:09}"));
        self.declare(place, claim, assessment, numbers)
    }

    fn declare(
        &mut self,
        place: Place<'_>,
        claim: &InventoryClaim,
        assessment: Assessment,
        numbers: Numbers,
    ) -> Ruling {
        let (steps, release) = course(&place.case.plan, self.step_ms);
        let arrived = !claim.direct || self.memory.knows(&claim.arrival);
        let waits = release.is_some() && !arrived;
        let settled = place.case.plan.outcome.is_some_and(|(e, _)| e == Effect::ReturnAbroad);
        let standing = match release {
            Some(_) if waits => Standing::Awaiting,
            Some(_) => Standing::Settled,
            None if settled => Standing::Settled,
            None => Standing::Kept,
        };
        self.memory.use_quota(claim.quota, assessment.value.0);
        let remembered = Inventory {
            standing,
            quota: claim.quota,
            value: assessment.value.0,
            pre_no: numbers.pre_no.clone().unwrap_or_default(),
            invt_no: numbers.invt_no.clone().unwrap_or_default(),
        };
        self.memory.put(claim.key, remembered.to_bytes());
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

    fn cancel(&mut self, key: &Key, arrival: &Key, invt_no: &str, pre_series: Key) -> Ruling {
        let refuse = |code: u32, reason: &str| Ruling::Refused(code, reason.to_owned());
        let stored = self.memory.find(key).and_then(Inventory::from_bytes);
        let Some(mut inventory) = stored.filter(|inventory| inventory.invt_no == invt_no) else {
            return refuse(623_003, "清单编号不存在");
        };
        match inventory.standing {
            Standing::Cancelled => return refuse(623_009, "撤销申请单已申报"),
            Standing::Settled | Standing::Open => {
                return refuse(623_005, "清单状态不允许撤单");
            }
            Standing::Awaiting if self.memory.knows(arrival) => {
                return refuse(623_005, "清单状态不允许撤单");
            }
            Standing::Awaiting | Standing::Kept => {}
        }
        inventory.standing = Standing::Cancelled;
        self.memory.use_quota(inventory.quota, -inventory.value);
        self.memory.put(*key, inventory.to_bytes());
        self.outbox.held.retain(|held| held.waybill != *arrival);
        self.cancelled.push(*arrival);
        Ruling::Stored(Numbers { pre_no: Some(self.pre_no('C', pre_series)), ..Numbers::default() })
    }

    fn pre_no(&mut self, letter: char, series: Key) -> String {
        let day = self.now.to_compact();
        let number = self.memory.next_number(series);
        format!("{letter}{}{number:09}", day.get(..8).unwrap_or_default())
    }

    /// Turns a ruling into receipts.
    fn say(&mut self, place: Place<'_>, ruling: Ruling) {
        let step = self.step_ms;
        match ruling {
            Ruling::Silence => {}
            Ruling::Refused(code, reason) => {
                let answer = place.refused(step, code, &reason);
                self.send(place, &Numbers::default(), &[answer], None);
            }
            Ruling::Rejected(text, numbers) => {
                let last = Answer { after_ms: 2 * step, status: 100, info: Info::Text(text) };
                self.send(place, &numbers, &[place.taken(step), last], None);
            }
            Ruling::Stored(numbers) if place.submission.family.number == 623 => {
                let text = format!("{},撤单申请审核通过,清单已成功撤单", coded(2300));
                let last = Answer { after_ms: 3 * step, status: 399, info: Info::Text(text) };
                let answers = [place.taken(step), stored(2 * step), last];
                self.send(place, &numbers, &answers, None);
            }
            Ruling::Stored(numbers) => {
                self.send(place, &numbers, &[place.taken(step), stored(2 * step)], None);
            }
            Ruling::Declared(declared) => {
                let mut answers = Vec::with_capacity(2 + declared.steps.len());
                answers.extend([place.taken(step), stored(2 * step)]);
                answers.extend(declared.steps.iter().cloned());
                self.send(place, &declared.numbers, &answers, Some(&declared));
            }
        }
    }

    fn send(
        &mut self,
        place: Place<'_>,
        numbers: &Numbers,
        answers: &[Answer],
        declared: Option<&Declared>,
    ) {
        let own = Plan::default();
        let ours = matches!(place.submission.family.number, 621);
        let plan = if ours { &place.case.plan } else { &own };
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
