//! The sheets that follow goods on their way out: consolidation, arrival, departure. Each is taken
//! whole or rejected whole, with every waybill that stands against it.

use kernel::Time;

use super::super::answer::Place;
use super::super::judge::{Judge, Ruling, refused};
use super::super::memory::Key;
use super::super::packed::Taker;
use super::super::records::{ExportInventory, Standing, Transport, second_of};
use super::claim::{SheetClaim, arrival_key, closed_list, departure_key};

impl Judge<'_> {
    /// 607: says how inventories that left it open go, or repeats what they say.
    pub(super) fn consolidation(&mut self, place: Place<'_>, claim: &SheetClaim) -> Ruling {
        if let Some(exists) = self.repeats(place, claim) {
            return exists;
        }
        let mut reasons = Vec::new();
        let mut going: Vec<(Key, ExportInventory)> = Vec::new();
        for (parcel, at) in claim.parcels.iter().zip(0..) {
            let waybill = waybill_no(place, at);
            match self.of_parcel(parcel) {
                Some((_, one)) if !is_on_its_way(&one) => {
                    reasons.push(format!("运单{waybill}的清单未通过审核或已离境;"));
                }
                Some((_, one)) if !one.transport.fits(&claim.transport) => {
                    reasons.push(format!("运单{waybill}的运输信息与清单不一致;"));
                }
                Some(known) => going.push(known),
                None => reasons.push(format!("运单{waybill}没有已申报的清单;")),
            }
        }
        if !reasons.is_empty() {
            return self.rejected(reasons);
        }
        self.memory.put(claim.key, [1]);
        for (key, mut one) in going {
            one.transport = claim.transport;
            self.memory.put_long(key, &one.to_bytes());
        }
        Ruling::Stored(self.numbered_by('P'))
    }

    /// 507: goods are at the site. A parcel may arrive before its inventory is declared.
    pub(super) fn arrive(&mut self, place: Place<'_>, claim: &SheetClaim) -> Ruling {
        if let Some(exists) = self.repeats(place, claim) {
            return exists;
        }
        let mut reasons = Vec::new();
        for (parcel, at) in claim.parcels.iter().zip(0..) {
            let known = self.of_parcel(parcel).filter(|(_, one)| !one.standing.is_free());
            if known.is_some_and(|(_, one)| !one.transport.fits(&claim.transport)) {
                let waybill = waybill_no(place, at);
                reasons.push(format!("运单{waybill}的运输信息与清单不一致;"));
            }
        }
        if !reasons.is_empty() {
            return self.rejected(reasons);
        }
        self.memory.put(claim.key, [1]);
        for parcel in &claim.parcels {
            let arrival = arrival_key(parcel);
            // Who has arrived once stays arrived: its release counts from the first time.
            if !self.memory.knows(&arrival) {
                let mut body = self.now.to_millis().to_be_bytes().to_vec();
                claim.transport.pack(&mut body);
                self.memory.put(arrival, body);
                self.arrived.push(arrival);
            }
        }
        Ruling::Stored(self.numbered_by('P'))
    }

    /// 509: goods have left. They must have been released, by the way that was declared.
    pub(super) fn depart(&mut self, place: Place<'_>, claim: &SheetClaim) -> Ruling {
        if let Some(exists) = self.repeats(place, claim) {
            return exists;
        }
        let mut reasons = Vec::new();
        let mut gone: Vec<(Key, Key, ExportInventory)> = Vec::new();
        for (parcel, at) in claim.parcels.iter().zip(0..) {
            let waybill = waybill_no(place, at);
            let Some((key, one)) = self.of_parcel(parcel) else {
                reasons.push(format!("运单{waybill}没有已申报的清单;"));
                continue;
            };
            if matches!(one.standing, Standing::Closed | Standing::Summarised) {
                reasons.push(format!("运单{waybill}已离境;"));
            } else if self.released_at(&one).is_none() {
                reasons.push(format!("运单{waybill}的清单未放行;"));
            } else if !one.transport.is_complete() {
                reasons.push(format!("运单{waybill}的清单缺少航次或提运单，且未申报总分单;"));
            } else if !one.transport.fits(&claim.transport) {
                reasons.push(format!("运单{waybill}的运输信息与清单或总分单不一致;"));
            } else {
                gone.push((*parcel, key, one));
            }
        }
        if !reasons.is_empty() {
            return self.rejected(reasons);
        }
        self.memory.put(claim.key, [1]);
        for (parcel, key, mut one) in gone {
            let released = self.released_at(&one).map_or(0, Time::to_millis);
            one.released = u64::try_from(released).unwrap_or_default();
            one.standing = Standing::Closed;
            one.closed = second_of(self.now.plus_millis(self.step_ms));
            self.memory.put_long(key, &one.to_bytes());
            self.arrived.push(departure_key(&parcel));
            self.closed.push((closed_list(one.firm), key));
        }
        Ruling::Stored(self.numbered_by('P'))
    }

    fn of_parcel(&self, parcel: &Key) -> Option<(Key, ExportInventory)> {
        let key = self.memory.refer(parcel)?;
        Some((key, self.export_inventory(&key)?))
    }

    fn repeats(&self, place: Place<'_>, claim: &SheetClaim) -> Option<Ruling> {
        let codes = &place.submission.family.codes;
        let known = self.memory.knows(&claim.key);
        match place.case.app_type {
            1 if known => Some(refused(codes.exists, "存在相同编号的单证")),
            2 | 3 if !known => Some(refused(codes.absent, "未找到要操作的单证")),
            3 => Some(refused(codes.declared, "单证状态不允许删除")),
            _ => None,
        }
    }

    fn rejected(&mut self, reasons: Vec<String>) -> Ruling {
        let numbers = self.numbered_by('P');
        Ruling::Rejected(reasons.concat(), numbers)
    }
}

/// Declared, and neither refused nor gone.
fn is_on_its_way(one: &ExportInventory) -> bool {
    matches!(one.standing, Standing::Awaiting | Standing::Settled | Standing::Kept)
}

/// When a parcel arrived, and how it is to leave.
pub(super) fn arrival_of(body: &[u8]) -> Option<(Time, Transport)> {
    let (at, rest) = body.split_first_chunk::<8>()?;
    let transport = Transport::take(&mut Taker(rest))?;
    Some((Time::from_millis(i64::from_be_bytes(*at)), transport))
}

fn waybill_no(place: Place<'_>, line: usize) -> &str {
    let document = place.submission.message.documents.get(place.index);
    let line = document.and_then(|document| document.lines.get(line));
    line.and_then(|line| line.text("logisticsNo")).unwrap_or_default()
}
