//! Export: orders, receipts of funds, waybills and inventories, and what becomes of them. An
//! inventory is stored, released when its goods have arrived (507), closed when they have left
//! (509), and merged into a declaration when its declarant asks for it (701) and it is of kind B.

mod claim;
mod summary;
mod transport;

use kernel::Time;

use claim::{InventoryClaim, arrival_key, departure_key};
pub(super) use claim::{Outward, goods_line};

use super::answer::{Later, Place, rejection};
use super::case::Claim;
use super::family::coded;
use super::judge::{Judge, Ruling, refused};
use super::memory::Key;
use super::packed::{Info, Numbers};
use super::receipt::Answer;
use super::records::{ExportInventory, ExportOrder, Standing, Transport};
use super::refund::ReturnClaim;
use super::scenario::{Effect, Plan, minutes_ms, prefixes};

/// An export inventory that was stored and goes its way.
pub(super) struct Exported {
    pub(super) numbers: Numbers,
    /// Receipts after 120 that come by themselves.
    pub(super) steps: Vec<Answer>,
    /// Receipts that wait for the arrival, and for the departure.
    pub(super) later: Vec<Later>,
}

impl Judge<'_> {
    /// What the order number asks for of a document that names its inventory by number only.
    pub(super) fn asked(&self, place: Place<'_>) -> Option<Plan> {
        let number = match &place.case.claim {
            Claim::Outward(Outward::Cancel { number, .. }) => number,
            Claim::Return(claim) if claim.is_export() => &claim.inventory,
            _ => return None,
        };
        let (_, inventory) = self.numbered(number)?;
        Some(Plan::of(&inventory.asked))
    }

    /// The export inventory with a number of customs, and its key.
    pub(super) fn numbered(&self, number: &Key) -> Option<(Key, ExportInventory)> {
        let key = self.memory.refer(number)?;
        Some((key, self.export_inventory(&key)?))
    }

    /// What is remembered of an export inventory.
    pub(super) fn export_inventory(&self, key: &Key) -> Option<ExportInventory> {
        self.memory.find_long(key).and_then(|body| ExportInventory::from_bytes(&body))
    }

    /// When customs released it; `None` when it has not.
    pub(super) fn released_at(&self, inventory: &ExportInventory) -> Option<Time> {
        let at = match inventory.standing {
            Standing::Settled | Standing::Closed | Standing::Summarised => {
                i64::try_from(inventory.released).ok().filter(|at| *at > 0)?
            }
            Standing::Awaiting => {
                let arrival = self.arrival(&inventory.parcel)?.0;
                arrival.plus_millis(i64::from(inventory.delay_ms)).to_millis()
            }
            Standing::Open | Standing::Kept | Standing::Cancelled => return None,
        };
        Some(Time::from_millis(at)).filter(|at| *at <= self.now)
    }

    /// Judges a document of export.
    pub(super) fn outward(&mut self, place: Place<'_>, claim: &Outward) -> Ruling {
        match claim {
            Outward::Order { key, inventory, order } => {
                let stored = self.memory.find(key).and_then(ExportOrder::from_bytes);
                let stale = stored.is_some_and(|old| order.app_time < old.app_time);
                let declared = self.declares(inventory);
                self.enter(place, *key, declared, stale, order.to_bytes())
            }
            Outward::Funds { key, inventory, app_time } => {
                let stale = *app_time < self.memory.number(key);
                let declared = self.declares(inventory);
                self.enter(place, *key, declared, stale, app_time.to_be_bytes().to_vec())
            }
            Outward::Waybill { key } => self.enter(place, *key, false, false, vec![1]),
            Outward::Inventory(claim) => self.export(place, claim),
            Outward::Cancel { number, agent } => self.export_cancel(number, *agent),
            Outward::Consolidation(claim) => self.consolidation(place, claim),
            Outward::Arrival(claim) => self.arrive(place, claim),
            Outward::Departure(claim) => self.depart(place, claim),
            Outward::Summary(claim) => self.summary(place, claim),
            Outward::Tally { key, parcel } => {
                if place.case.app_type == 1 && self.memory.knows(key) {
                    return refused(place.submission.family.codes.exists, "理货明细单已存在");
                }
                self.memory.put(*key, [1]);
                self.memory.put(*parcel, [1]);
                self.arrived.push(*parcel);
                Ruling::Stored(self.numbered_by('O'))
            }
        }
    }

    /// Whether the inventory that a key refers to has been declared and lives.
    fn declares(&self, reference: &Key) -> bool {
        let inventory = self.memory.refer(reference).and_then(|key| self.export_inventory(&key));
        inventory.is_some_and(|inventory| !inventory.standing.is_free())
    }

    /// Whether another living inventory than this one is referred to.
    fn taken_by_another(&self, reference: &Key, own: &Key) -> bool {
        self.memory.refer(reference).is_some_and(|key| key != *own) && self.declares(reference)
    }

    /// Numbers of a document that only the e-port numbers.
    fn numbered_by(&mut self, letter: char) -> Numbers {
        Numbers { pre_no: Some(self.pre_no(letter)), ..Numbers::default() }
    }

    fn export(&mut self, place: Place<'_>, claim: &InventoryClaim) -> Ruling {
        let standing = self.export_inventory(&claim.key).map(|inventory| inventory.standing);
        let free = standing.is_none_or(Standing::is_free);
        match (place.case.app_type, standing) {
            (1, _) if !free => return refused(621_004, "清单已申报，请勿重复申报"),
            (2 | 3, None) => return refused(621_011, "未找到已申报的清单"),
            (2 | 3, _) if !free => return refused(621_012, "清单状态不允许变更"),
            (3, _) => {
                self.memory.forget(&claim.key);
                return Ruling::Stored(Numbers::default());
            }
            _ => {}
        }
        // Goods for businesses and for warehouses may leave in several lots of one order.
        if claim.kind == b'E' && self.taken_by_another(&claim.of_order, &claim.key) {
            return refused(621_004, "该订单的清单已申报，请勿重复申报");
        }
        let Some(document) = place.submission.message.documents.get(place.index) else {
            return Ruling::Silence;
        };
        let mut numbers = self.numbered_by('B');
        let mut reasons = self.export_mismatches(claim);
        let refusals = self.law.assess_export(document, self.now.date());
        reasons.extend(refusals.iter().filter_map(rejection));
        if let Some(code) = place.plan.rejects(621) {
            reasons.push(coded(code));
        }
        if !reasons.is_empty() {
            self.memory.put_long(claim.key, &ExportInventory::default().to_bytes());
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        numbers.invt_no = Some(self.customs_no(place, 'E', claim.invt_series));
        self.let_out(place, claim, numbers)
    }

    /// Stores an export inventory that may pass, and says what waits for what.
    fn let_out(&mut self, place: Place<'_>, claim: &InventoryClaim, numbers: Numbers) -> Ruling {
        let step = self.step_ms;
        let course = Course::of(place.plan, step);
        let arrived = self.arrival(&claim.parcel).is_some();
        let standing = match course.released_after {
            Some(_) if arrived => Standing::Settled,
            Some(_) => Standing::Awaiting,
            None if course.ends_there => Standing::Settled,
            None => Standing::Kept,
        };
        let (mut steps, mut later) = (course.at_once, Vec::new());
        if arrived {
            steps.extend(course.on_arrival.into_iter().map(|answer| answer.later_by(2 * step)));
        } else if !course.on_arrival.is_empty() {
            let waits_for = arrival_key(&claim.parcel);
            later.push(Later { waits_for, answers: course.on_arrival });
        }
        if course.released_after.is_some() {
            let info = Info::Text("结关".to_owned());
            let closed = Answer { after_ms: step, status: 899, info };
            later.push(Later { waits_for: departure_key(&claim.parcel), answers: vec![closed] });
        }
        let delay = course.released_after.unwrap_or_default();
        let released = self.now.plus_millis(2 * step + delay).to_millis();
        let remembered = ExportInventory {
            standing,
            merges: claim.merges,
            mode: claim.mode,
            transport: claim.transport,
            agent: claim.agent,
            firm: claim.firm,
            merge: claim.merge,
            owner: claim.owner,
            delay_ms: u32::try_from(delay).unwrap_or(u32::MAX),
            released: if arrived && course.released_after.is_some() {
                u64::try_from(released).unwrap_or_default()
            } else {
                0
            },
            closed: 0,
            parcel: claim.parcel,
            gross: claim.gross,
            net: claim.net,
            invt_no: numbers.invt_no.clone().unwrap_or_default(),
            waybill_no: place.head("logisticsNo").to_owned(),
            asked: prefixes(place.head("orderNo")).to_owned(),
            goods: claim.goods.clone(),
        };
        self.memory.put_long(claim.key, &remembered.to_bytes());
        self.memory.put(claim.of_order, claim.key);
        self.memory.put(claim.parcel, claim.key);
        self.memory.put(claim::number_key(&remembered.invt_no), claim.key);
        Ruling::Exported(Box::new(Exported { numbers, steps, later }))
    }

    /// Why the inventory does not go with its order, receipt of funds and waybill.
    fn export_mismatches(&self, claim: &InventoryClaim) -> Vec<String> {
        let mut reasons = Vec::new();
        let order = self.memory.find(&claim.order).and_then(ExportOrder::from_bytes);
        let mut must = |right: bool, reason: &dyn Fn() -> String| {
            if !right {
                reasons.push(reason());
            }
        };
        must(order.is_some(), &|| "未找到对应的订单;".to_owned());
        let paid = !self.rules().funds_required || self.memory.knows(&claim.funds);
        must(paid, &|| "未找到对应的收款单;".to_owned());
        must(self.memory.knows(&claim.waybill), &|| "未找到对应的运单;".to_owned());
        let free = !self.taken_by_another(&claim.parcel, &claim.key);
        must(free, &|| "运单已被其他清单使用;".to_owned());
        if let Some(order) = &order {
            must(order.kind == claim.kind, &|| "订单类型与清单贸易方式不一致;".to_owned());
            // A lot of an order has some of its lines.
            let whole = claim.kind == b'E';
            let count = if whole {
                order.line_count == claim.line_count
            } else {
                order.line_count >= claim.line_count
            };
            must(count, &|| coded(1320));
            must(!whole || !count || order.lines == claim.lines, &|| coded(1322));
        }
        let arrival = self.arrival(&claim.parcel).map(|(_, transport)| transport);
        let fits = arrival.is_none_or(|arrival| arrival.fits(&claim.transport));
        must(fits, &|| "清单与运抵单运输信息不一致;".to_owned());
        reasons
    }

    /// When a parcel arrived, and how it is to leave.
    fn arrival(&self, parcel: &Key) -> Option<(Time, Transport)> {
        transport::arrival_of(self.memory.find(&arrival_key(parcel))?)
    }

    fn export_cancel(&mut self, number: &Key, agent: u32) -> Ruling {
        let Some((key, mut inventory)) = self.numbered(number) else {
            return refused(623_003, "清单编号不存在");
        };
        if inventory.agent != agent {
            return refused(623_001, "申报企业与原清单不一致");
        }
        let arrived = self.arrival(&inventory.parcel).is_some();
        match inventory.standing {
            Standing::Cancelled => return refused(623_009, "撤销申请单已申报"),
            Standing::Kept => {}
            Standing::Awaiting if !arrived => {}
            _ => return refused(623_005, "清单状态不允许撤单"),
        }
        inventory.standing = Standing::Cancelled;
        self.memory.put_long(key, &inventory.to_bytes());
        let (arrival, departure) =
            (arrival_key(&inventory.parcel), departure_key(&inventory.parcel));
        self.outbox.held.retain(|held| held.waybill != arrival && held.waybill != departure);
        self.cancelled.extend([arrival, departure]);
        Ruling::Stored(self.numbered_by('C'))
    }
}

impl ReturnClaim {
    /// Whether it is a return of exported goods (213).
    pub(super) fn is_export(&self) -> bool {
        self.tally.is_some()
    }
}

/// What is said of an export inventory, and when it is released.
struct Course {
    /// After 120, at once.
    at_once: Vec<Answer>,
    /// After the arrival; times count from it.
    on_arrival: Vec<Answer>,
    /// Milliseconds from the arrival to the release, if there is one.
    released_after: Option<i64>,
    /// Whether the goods go back from there.
    ends_there: bool,
}

impl Course {
    /// Papers are reviewed at once; goods are inspected when they have arrived.
    fn of(plan: &Plan, step: i64) -> Course {
        let answer = |after_ms: i64, status: i64, text: &str| Answer {
            after_ms,
            status,
            info: Info::Text(text.to_owned()),
        };
        let inspection = || answer(step, 500, "查验");
        let concluded = |at: i64| answer(at, 399, "海关审结");
        let release = |at: i64| Answer { after_ms: at, status: 800, info: Info::Coded(2600) };
        let review = || Answer { after_ms: 3 * step, status: 300, info: Info::Coded(1200) };
        let (at_once, on_arrival, released_after) = match plan.outcome {
            Some((Effect::Inspect, minutes)) => {
                let done = step + minutes_ms(minutes);
                let said = vec![inspection(), concluded(done), release(done + step)];
                (Vec::new(), said, Some(done + step))
            }
            Some((Effect::Hold, 0)) => (vec![review()], Vec::new(), None),
            Some((Effect::Hold, minutes)) => {
                let done = step + minutes_ms(minutes);
                let said = vec![concluded(done), release(done + step)];
                (vec![review()], said, Some(done + step))
            }
            Some((Effect::Detain, status)) => {
                let held = answer(2 * step, i64::from(status), "扣留");
                (Vec::new(), vec![inspection(), held], None)
            }
            Some((Effect::Suspend, _)) => {
                (Vec::new(), vec![inspection(), answer(2 * step, 600, "挂起")], None)
            }
            Some((Effect::ReturnAbroad, _)) => {
                (Vec::new(), vec![inspection(), answer(2 * step, 700, "退运")], None)
            }
            _ => (Vec::new(), vec![release(step)], Some(step)),
        };
        let ends_there = matches!(plan.outcome, Some((Effect::ReturnAbroad, _)));
        Course { at_once, on_arrival, released_after, ends_there }
    }
}
