//! 701 and 792: closed inventories of kind B become lines of declarations. What one declaration
//! holds has consignor, agent, transport, destination, port of exit and mode in common, and the
//! producer when it is asked for; its lines are those of one code, unit and currency.

use std::collections::BTreeMap;

use ceb::{Document, Message, Record};

use super::super::answer::Place;
use super::super::judge::{Judge, Ruling, refused};
use super::super::memory::{Key, Kind};
use super::super::packed::{Guid, Numbers};
use super::super::receipt::SUMMARY;
use super::super::records::{ExportInventory, Standing};
use super::claim::SummaryClaim;

/// The state of a declaration whose number is not known yet, and of one that has its number. The
/// standard names no values.
const STATES: [&str; 2] = ["1", "2"];

/// Inventories of one declaration.
type Merged = Vec<(Key, ExportInventory)>;

impl Judge<'_> {
    /// 701: merges what is listed, or what was closed within the span.
    pub(super) fn summary(&mut self, place: Place<'_>, claim: &SummaryClaim) -> Ruling {
        let codes = &place.submission.family.codes;
        if self.memory.knows(&claim.key) {
            return refused(codes.exists, "汇总申请单已存在");
        }
        let (ready, mut reasons) = match claim.span {
            Some(span) => (self.closed_within(claim, span), Vec::new()),
            None => self.listed(claim),
        };
        if ready.is_empty() && reasons.is_empty() {
            reasons.push("没有可汇总的清单;".to_owned());
        }
        let mut numbers = Numbers { pre_no: Some(self.pre_no('P')), ..Numbers::default() };
        if !reasons.is_empty() {
            return Ruling::Rejected(reasons.concat(), numbers);
        }
        self.memory.put(claim.key, [1]);
        let sum_no = self.customs_no(place, 'S', claim.sum_series);
        let by_producer = place.head("summaryFlag") == "2";
        let mut groups: BTreeMap<(u32, u32), Merged> = BTreeMap::new();
        for (key, mut one) in ready {
            one.standing = Standing::Summarised;
            self.memory.put_long(key, &one.to_bytes());
            let owner = if by_producer { one.owner } else { 0 };
            groups.entry((one.merge, owner)).or_default().push((key, one));
        }
        self.results(place, &sum_no, groups.into_values());
        numbers.rkd_no = Some(sum_no);
        Ruling::Stored(numbers)
    }

    /// The inventories listed, or what stands against them.
    fn listed(&self, claim: &SummaryClaim) -> (Merged, Vec<String>) {
        let (mut ready, mut reasons) = (Merged::new(), Vec::new());
        for (number, invt_no) in &claim.listed {
            let reason = match self.numbered(number) {
                None => "不存在",
                Some((_, one)) if one.firm != claim.firm || one.agent != claim.agent => {
                    "收发货人或申报企业不一致"
                }
                Some((_, one)) if !one.merges => "为简化申报，不参与汇总",
                Some((_, one)) if one.standing == Standing::Summarised => "已汇总",
                Some((_, one)) if one.standing != Standing::Closed => "未结关",
                Some(known) => {
                    if ready.iter().all(|(key, _)| *key != known.0) {
                        ready.push(known);
                    }
                    continue;
                }
            };
            reasons.push(format!("清单{invt_no}{reason};"));
        }
        (ready, reasons)
    }

    /// What of the consignor was closed within a span and is not merged yet.
    fn closed_within(&self, claim: &SummaryClaim, (from, to): (u32, u32)) -> Merged {
        let last = self.memory.number(&claim.closed);
        let pieces = (1..=last).filter_map(|n| self.memory.piece(Kind::Closed, &claim.closed, n));
        let keys = pieces.flat_map(|(_, keys)| keys);
        keys.filter_map(|key| Some((key, self.export_inventory(&key)?)))
            .filter(|(_, one)| {
                one.merges
                    && one.agent == claim.agent
                    && one.standing == Standing::Closed
                    && (from..=to).contains(&one.closed)
            })
            .collect()
    }

    /// 792 for each declaration: first without its number, then with it.
    fn results(&mut self, place: Place<'_>, sum_no: &str, groups: impl Iterator<Item = Merged>) {
        let groups: Vec<(Merged, [String; 4])> = groups
            .map(|merged| {
                let customs = place.head("customsCode").to_owned();
                let numbers = ['D', 'L', 'Y'].map(|letter| self.pre_no(letter));
                let entry = numbers[0].get(9..).unwrap_or_default();
                let year = numbers[0].get(1..5).unwrap_or_default();
                let entry_id = format!("{customs}{year}0{entry}");
                let [decl, draft, pre_entry] = numbers;
                (merged, [decl, draft, pre_entry, entry_id])
            })
            .collect();
        for (state, after) in STATES.into_iter().zip(4..) {
            let at = self.now.plus_millis(after * self.step_ms);
            for (merged, numbers) in &groups {
                let result = self.result(place, sum_no, merged, numbers, state, at);
                // Every field comes from a document that was read, or was made to fit.
                if let Ok(bytes) = result.map_or(Err(Vec::new()), |one| ceb::write(&one)) {
                    self.outbox.add(at, SUMMARY, place.receiver, &bytes);
                }
            }
        }
    }

    fn result(
        &self,
        place: Place<'_>,
        sum_no: &str,
        merged: &Merged,
        [decl, draft, pre_entry, entry_id]: &[String; 4],
        state: &str,
        at: kernel::Time,
    ) -> Option<Message> {
        let kind = ceb::message_type(SUMMARY)?;
        let sum = |of: fn(&ExportInventory) -> u64| {
            let all: u64 = merged.iter().map(|(_, one)| of(one)).sum();
            format!("{}.{:05}", all / 100_000, all % 100_000)
        };
        let mut document = Document::new(kind);
        let mut head = |name: &str, value: &str| document.head.set(name, value);
        for name in [
            "customsCode",
            "agentCode",
            "agentName",
            "ebcCode",
            "ebcName",
            "declAgentCode",
            "declAgentName",
        ] {
            head(name, place.head(name));
        }
        head("guid", &Guid::made(decl, 792).to_string());
        head("sumNo", sum_no);
        head("opDate", &at.to_compact_millis());
        head("declSeqNo", decl);
        if state != STATES[0] {
            head("decTmpNo", draft);
            head("decPreNo", pre_entry);
            head("entryId", entry_id);
        }
        head("decState", state);
        head("grossWeight", &sum(|one| one.gross));
        head("netWeight", &sum(|one| one.net));
        head("msgCount", "1");
        head("msgSeqNo", "1");
        document.lines = lines(kind.document.lines?.record, merged);
        let mut message =
            Message::new(kind, Guid::made(decl, at.to_millis().unsigned_abs()).to_string());
        message.documents.push(document);
        Some(message)
    }
}

/// A line for each line of each inventory, with the number of the merged line it became.
fn lines(def: &'static ceb::schema::RecordDef, merged: &Merged) -> Vec<Record> {
    let mut sequence: Vec<(u64, u32)> = Vec::new();
    let mut lines = Vec::new();
    for (_, one) in merged {
        for goods in one.goods.lines() {
            let kind = (goods.hs_code, goods.measure);
            let place = sequence.iter().position(|known| *known == kind).unwrap_or_else(|| {
                sequence.push(kind);
                sequence.len() - 1
            });
            let mut line = Record::new(def);
            line.set("invtNo", &one.invt_no);
            line.set("logisticsNo", &one.waybill_no);
            line.set("gseqno", &(place + 1).to_string());
            line.set("gnum", &goods.number.to_string());
            line.set("gcode", &format!("{:010}", goods.hs_code));
            lines.push(line);
        }
    }
    lines
}
