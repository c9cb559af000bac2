//! Goods that come back: 625 for what was imported, 213 for what was exported. A return names lines
//! of an inventory that was released; customs looks at the window, the district and what is left.

use kernel::{Date, Time};

use super::answer::{Later, Place};
use super::judge::{Judge, Ruling, refused};
use super::memory::{Key, Kind, of_key};
use super::packed::{Info, Numbers, Taker, put_number};
use super::receipt::Answer;
use super::records::{GoodsLine, Inventory, Standing, time_of};
use super::scenario::{Effect, minutes_ms};

/// What a return application claims.
pub(crate) struct ReturnClaim {
    pub(crate) key: Key,
    /// Import: the inventory. Export: its number, by which it is found.
    pub(crate) inventory: Key,
    pub(crate) invt_no: String,
    /// Export: the tally of the parcel in which the goods come back.
    pub(crate) tally: Option<Key>,
    /// Export: `tradeMode`; 0 when it is left out.
    pub(crate) mode: u16,
    pub(crate) lines: Vec<GoodsLine>,
}

/// A return that was accepted.
pub(super) struct Returned {
    pub(super) numbers: Numbers,
    /// Receipts after 120 that come by themselves.
    pub(super) steps: Vec<Answer>,
    /// Receipts that wait for the tally.
    pub(super) later: Vec<Later>,
}

/// What of each line has come back, before and with this return, in units of 0.00001.
pub(super) struct Back {
    pub(super) goods: Vec<GoodsLine>,
    pub(super) before: Vec<u64>,
    pub(super) after: Vec<u64>,
}

impl Back {
    /// Whether nothing is left outside.
    pub(super) fn is_whole(&self) -> bool {
        self.goods.iter().zip(&self.after).all(|(line, back)| *back >= line.quantity)
    }
}

const DAY_MS: i64 = 24 * 3600 * 1000;

impl Judge<'_> {
    /// Judges a return application, either way.
    pub(super) fn goods_return(&mut self, place: Place<'_>, claim: &ReturnClaim) -> Ruling {
        let codes = &place.submission.family.codes;
        let known = self.memory.knows(&claim.key);
        match place.case.app_type {
            1 if known => return refused(codes.exists, "退货申请单已申报"),
            1 => {}
            _ if known => return refused(codes.exists, "退货申请单状态不允许变更"),
            _ => return refused(codes.absent, "未找到要操作的退货申请单"),
        }
        match claim.tally {
            None => self.import_return(place, claim),
            Some(tally) => self.export_return(place, claim, tally),
        }
    }

    fn import_return(&mut self, place: Place<'_>, claim: &ReturnClaim) -> Ruling {
        let found = self.import_inventory(&claim.inventory);
        let Some(mut inventory) = found.filter(|one| one.invt_no == claim.invt_no) else {
            return refused(625_204, "清单编号不存在");
        };
        let Some(released) = self.import_released_at(&inventory) else {
            return refused(625_205, "清单未放行，不能退货");
        };
        let rules = self.rules();
        let restores = rules.import_return_restores_quota;
        let mut reasons = Vec::new();
        if let Some(days) = rules.import_return_days
            && released.plus_millis(days * DAY_MS).date() < self.now.date()
        {
            reasons.push(format!("超过退货申请期限，应在放行之日起{days}日内申请;"));
        }
        let elsewhere = !inventory.direct && rules.import_return_elsewhere;
        if !elsewhere && !claim.invt_no.starts_with(place.head("customsCode")) {
            reasons.push("应在原申报地海关办理退货;".to_owned());
        }
        let back = match self.left(&claim.inventory, inventory.goods.lines(), claim, &mut reasons) {
            Ok(back) => back,
            Err(ruling) => return ruling,
        };
        let numbers = Numbers { pre_no: Some(self.pre_no('T')), ..Numbers::default() };
        if !reasons.is_empty() {
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        self.memory.put(claim.key, [1]);
        self.note_returned(&claim.inventory, &back.after);
        if restores {
            self.memory.use_quota(inventory.quota, -returned_value(&back));
        }
        self.rebill(&claim.inventory, &mut inventory, &back);
        let mut steps = self.review(place);
        let done = 3 * self.step_ms + wait_ms(place);
        steps.extend(place.ends(done));
        Ruling::Returned(Box::new(Returned { numbers, steps, later: Vec::new() }))
    }

    fn export_return(&mut self, place: Place<'_>, claim: &ReturnClaim, tally: Key) -> Ruling {
        let Some((key, inventory)) = self.numbered(&claim.inventory) else {
            return refused(625_204, "清单编号不存在");
        };
        let Some(released) = self.released_at(&inventory) else {
            return refused(625_205, "清单未放行，不能退货");
        };
        let rules = self.rules();
        let mut reasons = Vec::new();
        if let Some(months) = rules.export_return_months
            && plus_months(released.date(), months).is_some_and(|last| last < self.now.date())
        {
            reasons.push(format!("超过退运期限，应在出口放行之日起{months}个月内退运进境;"));
        }
        let elsewhere = inventory.mode == 9610 && rules.export_return_elsewhere;
        if !elsewhere && !inventory.invt_no.starts_with(place.head("customsCode")) {
            reasons.push("应在原出口地海关办理退货;".to_owned());
        }
        let mode = match inventory.mode {
            9610 => 9661,
            1210 | 1239 => 1261,
            _ => claim.mode,
        };
        if claim.mode != 0 && claim.mode != mode {
            reasons.push("退货贸易方式与原清单贸易方式不对应;".to_owned());
        }
        let back = match self.left(&key, inventory.goods.lines(), claim, &mut reasons) {
            Ok(back) => back,
            Err(ruling) => return ruling,
        };
        let numbers = Numbers { pre_no: Some(self.pre_no('T')), ..Numbers::default() };
        if !reasons.is_empty() {
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        self.memory.put(claim.key, [1]);
        self.note_returned(&key, &back.after);
        let mut steps = self.review(place);
        let release = |after_ms: i64| Answer { after_ms, status: 800, info: Info::Coded(2600) };
        let mut later = Vec::new();
        if self.memory.knows(&tally) {
            steps.push(release(3 * self.step_ms + wait_ms(place)));
        } else {
            let answers = vec![release(self.step_ms + wait_ms(place))];
            later.push(Later { waits_for: tally, answers });
        }
        Ruling::Returned(Box::new(Returned { numbers, steps, later }))
    }

    /// When customs released an import inventory; `None` when it has not.
    pub(super) fn import_released_at(&self, inventory: &Inventory) -> Option<Time> {
        let at = match (inventory.standing, &inventory.arrival) {
            (Standing::Settled, _) => Some(inventory.released).filter(|at| *at > 0)?,
            (Standing::Awaiting, Some(arrival)) => {
                u32::from_be_bytes(self.memory.find(arrival)?.try_into().ok()?)
            }
            _ => return None,
        };
        Some(time_of(at)).filter(|at| *at <= self.now)
    }

    /// What comes back of each line. Says by a ruling what is not of the inventory, and by reasons
    /// what is more than is left.
    fn left(
        &self,
        inventory: &Key,
        goods: Vec<GoodsLine>,
        claim: &ReturnClaim,
        reasons: &mut Vec<String>,
    ) -> Result<Back, Ruling> {
        let body = self.memory.find_long(&of_key(Kind::Returned, inventory, 0));
        let mut taker = Taker(body.as_deref().unwrap_or_default());
        let before: Vec<u64> = goods.iter().map(|_| taker.number().unwrap_or_default()).collect();
        let mut after = before.clone();
        for line in &claim.lines {
            let at = goods.iter().position(|known| known.number == line.number);
            let Some((sold, back)) = at.and_then(|at| Some((goods.get(at)?, after.get_mut(at)?)))
            else {
                return Err(refused(625_209, &format!("原清单没有第{}项商品", line.number)));
            };
            if sold.hs_code != line.hs_code {
                let text = format!("第{}项商品编码与原清单不一致", line.number);
                return Err(refused(625_209, &text));
            }
            if line.quantity == 0 {
                return Err(refused(625_001, &format!("第{}项退货数量须大于零", line.number)));
            }
            *back = back.saturating_add(line.quantity);
            if *back > sold.quantity {
                reasons.push(format!("第{}项退货数量超过剩余可退数量;", line.number));
            }
        }
        Ok(Back { goods, before, after })
    }

    fn note_returned(&mut self, inventory: &Key, after: &[u64]) {
        let mut body = Vec::with_capacity(after.len() * 3);
        after.iter().for_each(|back| put_number(&mut body, *back));
        self.memory.put_long(of_key(Kind::Returned, inventory, 0), &body);
    }

    /// 300, when the order number asks for manual review.
    fn review(&self, place: Place<'_>) -> Vec<Answer> {
        let asked = matches!(place.plan.outcome, Some((Effect::Hold, _)));
        let review = Answer { after_ms: 3 * self.step_ms, status: 300, info: Info::Coded(1200) };
        asked.then_some(review).into_iter().collect()
    }
}

/// How long the review that an order number asks for takes.
fn wait_ms(place: Place<'_>) -> i64 {
    match place.plan.outcome {
        Some((Effect::Hold, minutes)) => minutes_ms(minutes.max(1)),
        _ => 0,
    }
}

/// The part of an amount that falls on a part of a quantity, to the fen, half up.
pub(super) fn part(amount: i64, quantity: u64, whole: u64) -> i64 {
    if whole == 0 || quantity >= whole {
        return amount;
    }
    let (quantity, whole) = (i128::from(quantity), i128::from(whole));
    let doubled = i128::from(amount) * quantity * 2 + whole;
    i64::try_from(doubled.div_euclid(2 * whole)).unwrap_or(amount)
}

/// The value of what comes back with this return.
fn returned_value(back: &Back) -> i64 {
    let lines = back.goods.iter().zip(back.before.iter().zip(&back.after));
    lines
        .map(|(line, (before, after))| {
            let [value, ..] = line.amounts;
            part(value, *after, line.quantity) - part(value, *before, line.quantity)
        })
        .sum()
}

/// A day some months later; the last day of the month when that one is shorter.
fn plus_months(day: Date, months: i64) -> Option<Date> {
    let all = i64::from(day.year()) * 12 + i64::from(day.month()) - 1 + months;
    let year = i16::try_from(all.div_euclid(12)).ok()?;
    let month = i8::try_from(all.rem_euclid(12) + 1).ok()?;
    let first = Date::new(year, month, 1).ok()?;
    Date::new(year, month, day.day().min(first.days_in_month())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_with_the_month() {
        let day = |year, month, day| Date::new(year, month, day).unwrap();
        assert_eq!(plus_months(day(2026, 8, 31), 6), Some(day(2027, 2, 28)));
        assert_eq!(plus_months(day(2026, 8, 31), 12), Some(day(2027, 8, 31)));
        assert_eq!(plus_months(day(2026, 12, 1), 1), Some(day(2027, 1, 1)));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        assert_eq!(part(1_000, 1, 3), 333);
        assert_eq!(part(1_000, 2, 3), 667);
        assert_eq!(part(1_000, 3, 3), 1_000);
        assert_eq!(part(5, 1, 2), 3, "half up");
        assert_eq!(part(5, 0, 0), 5);
    }
}
