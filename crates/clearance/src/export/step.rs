//! What follows what: how far inventories must be before a document about them goes, and what
//! becomes of one that comes early.

use std::sync::Arc;

use kernel::{Finding, Text};

use crate::document::Kind;
use crate::lifecycle::State;

/// How far an inventory is, as far as others wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It has left us.
    Declared,
    /// Customs has stored it (120).
    Stored,
    /// Customs has released it (800).
    Released,
    /// Customs has closed it (899).
    Closed,
}

impl Stage {
    const ALL: [Stage; 4] = [Stage::Declared, Stage::Stored, Stage::Released, Stage::Closed];

    /// The word rules use.
    pub const fn word(self) -> &'static str {
        match self {
            Stage::Declared => "declared",
            Stage::Stored => "stored",
            Stage::Released => "released",
            Stage::Closed => "closed",
        }
    }

    const fn zh(self) -> &'static str {
        match self {
            Stage::Declared => "申报",
            Stage::Stored => "海关入库",
            Stage::Released => "放行",
            Stage::Closed => "结关",
        }
    }

    /// The stage of a rule's word.
    pub fn of_word(word: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.word() == word)
    }

    /// Whether an inventory in this state has come so far.
    pub fn is_reached(self, state: State) -> bool {
        match self {
            Stage::Declared => state.is_declared(),
            Stage::Stored => state.is_declared() && state.rank() >= State::Customs(120).rank(),
            Stage::Released => state.is_released(),
            Stage::Closed => state == State::Customs(899),
        }
    }
}

/// What a collective document asks of its inventories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How far they must be.
    pub stage: Stage,
    /// Whether it waits until they are, or is refused.
    pub waits: bool,
    /// Where that is from.
    pub source: Arc<str>,
}

/// One parcel a collective document names, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number in the document.
    pub number: String,
    /// Its place there, from 1.
    pub line: usize,
    /// Where its inventory stands; `None` when there is none.
    pub state: Option<State>,
    /// What is wrong with it beside its state.
    pub against: Option<Against>,
}

/// What may be wrong with a parcel beside its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Its inventory names another carrier, declarant or seller.
    OtherFirm,
    /// It is declared simplified (A) and is not summarised.
    NotToSummarise,
    /// Another application, or customs, has summarised it already.
    Summarised,
}

/// What becomes of a collective document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It goes.
    Goes,
    /// It waits; which parcels for.
    Waits(Vec<Finding>),
    /// It is held back, or refused at the door: something in it is wrong.
    Wrong(Vec<Finding>),
}

/// Findings of one document: more would only say the same again.
const FINDINGS_MAX: usize = 20;

/// Judges a collective document by where its parcels stand.
pub fn judge(kind: Kind, step: &Step, parcels: &[Named]) -> Judgement {
    let mut wrong: Vec<Finding> = Vec::new();
    let mut early: Vec<Finding> = Vec::new();
    for parcel in parcels {
        let ended = |state: State| state.is_terminal() && state != State::Customs(899);
        match (parcel.state, parcel.against) {
            (Some(state), Some(against)) => {
                wrong.push(against_finding(kind, parcel, state, against))
            }
            (Some(state), None) if step.stage.is_reached(state) => {}
            (Some(state), None) if ended(state) && !state.may_be_redeclared() => {
                wrong.push(ended_finding(kind, parcel, state));
            }
            (state, _) if step.waits => early.push(early_finding(kind, step, parcel, state)),
            (state, _) => wrong.push(early_finding(kind, step, parcel, state)),
        }
    }
    for list in [&mut wrong, &mut early] {
        let more = list.len().saturating_sub(FINDINGS_MAX);
        list.truncate(FINDINGS_MAX);
        if more > 0 {
            list.push(more_finding(kind, more));
        }
    }
    match (wrong.is_empty(), early.is_empty()) {
        (false, _) => Judgement::Wrong(wrong),
        (true, false) => Judgement::Waits(early),
        (true, true) => Judgement::Goes,
    }
}

fn place(kind: Kind, parcel: &Named) -> String {
    let field = if kind == Kind::SummaryApplication { "invtNo" } else { "logisticsNo" };
    format!("lines[{}].{field}", parcel.line)
}

fn early_finding(kind: Kind, step: &Step, parcel: &Named, state: Option<State>) -> Finding {
    let (zh, en) = match state {
        None => {
            ("没有该编号的出口清单".to_owned(), "there is no export inventory of it".to_owned())
        }
        Some(state) => (
            format!("清单状态为“{}”", state.zh()),
            format!("its inventory is in the state \"{}\"", state.en()),
        ),
    };
    let message = Text::new(
        format!("{}须在清单{}后报送：{zh}（依据：{}）", kind.zh(), step.stage.zh(), step.source),
        format!(
            "the {} follows once the inventory is {}: {en} (by {})",
            kind.en(),
            step.stage.word(),
            step.source
        ),
    );
    let found = state.map_or("", State::word);
    let (code, finding): (_, fn(_, _, _) -> Finding) = match (step.waits, state) {
        (true, _) => ("export.waits_for_inventory", Finding::warning),
        (false, None) => ("export.no_inventory", Finding::error),
        (false, Some(_)) => ("export.too_early", Finding::error),
    };
    let remedy = if step.waits {
        Text::new(
            "无须处理，到达后自动报送；如编号有误请变更",
            "nothing: it goes by itself then; if the number is wrong, send a change",
        )
    } else {
        Text::new("等清单到达该状态后再报送", "send it once the inventory is that far")
    };
    finding(code, message, remedy)
        .at(place(kind, parcel))
        .found(format!("{} {found}", parcel.number).trim_end(), step.stage.word())
}

fn ended_finding(kind: Kind, parcel: &Named, state: State) -> Finding {
    Finding::error(
        "export.inventory_ended",
        Text::new(
            format!("清单已终结（{}），不能列入{}", state.zh(), kind.zh()),
            format!("the inventory has ended ({}) and cannot be in the {}", state.en(), kind.en()),
        ),
        Text::new("删去该项后报送变更", "take the line out and send a change"),
    )
    .at(place(kind, parcel))
    .found(format!("{} {}", parcel.number, state.word()), "")
}

fn against_finding(kind: Kind, parcel: &Named, state: State, against: Against) -> Finding {
    let (code, zh, en) = match against {
        Against::OtherFirm => (
            "export.other_firm",
            "清单不属于本单所列企业",
            "the inventory is not of the firms this document names",
        ),
        Against::NotToSummarise => (
            "export.not_to_summarise",
            "简化申报（A）的清单不汇总",
            "an inventory declared simplified (A) is not summarised",
        ),
        Against::Summarised => (
            "export.summarised",
            "清单已汇总或已列入其他汇总申请",
            "the inventory is summarised, or in another application, already",
        ),
    };
    // Where another firm's inventory stands is not for this one to know.
    let found = match against {
        Against::OtherFirm => parcel.number.clone(),
        _ => format!("{} {}", parcel.number, state.word()),
    };
    Finding::error(
        code,
        Text::new(zh, en),
        Text::new("删去该项，或核对编号", "take the line out, or check the number"),
    )
    .at(place(kind, parcel))
    .found(found, "")
}

fn more_finding(kind: Kind, more: usize) -> Finding {
    Finding::warning(
        "export.more",
        Text::new(
            format!("{}另有 {more} 项同样情况", kind.zh()),
            format!("the same of {more} more lines of the {}", kind.en()),
        ),
        Text::new("处理所列各项后再看", "see to those named first"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(line: usize, state: Option<i64>, against: Option<Against>) -> Named {
        let state = state.map(State::of_code);
        Named { number: format!("WB{line}"), line, state, against }
    }

    fn step(stage: Stage, waits: bool) -> Step {
        Step { stage, waits, source: "规则".into() }
    }

    fn codes(judgement: &Judgement) -> (&'static str, Vec<&'static str>) {
        match judgement {
            Judgement::Goes => ("goes", Vec::new()),
            Judgement::Waits(findings) => ("waits", findings.iter().map(|f| f.code).collect()),
            Judgement::Wrong(findings) => ("wrong", findings.iter().map(|f| f.code).collect()),
        }
    }

    #[test]
    fn each_document_follows_what_it_must() {
        use Kind::{Arrival, Departure, SummaryApplication};
        for (kind, stage, waits, parcels, judged) in [
            (Arrival, Stage::Stored, true, vec![(Some(120), None)], ("goes", vec![])),
            (
                Arrival,
                Stage::Stored,
                true,
                vec![(Some(2), None), (None, None)],
                ("waits", vec!["export.waits_for_inventory"; 2]),
            ),
            (Departure, Stage::Released, true, vec![(Some(800), None)], ("goes", vec![])),
            (
                Departure,
                Stage::Released,
                true,
                vec![(Some(120), None), (Some(430), None)],
                ("wrong", vec!["export.inventory_ended"]),
            ),
            // A rejected inventory is corrected and comes again.
            (
                Departure,
                Stage::Released,
                true,
                vec![(Some(100), None)],
                ("waits", vec!["export.waits_for_inventory"]),
            ),
            (
                SummaryApplication,
                Stage::Closed,
                false,
                vec![(Some(800), None), (None, None), (Some(899), None)],
                ("wrong", vec!["export.too_early", "export.no_inventory"]),
            ),
            (
                SummaryApplication,
                Stage::Closed,
                false,
                vec![(Some(899), Some(Against::Summarised))],
                ("wrong", vec!["export.summarised"]),
            ),
        ] {
            let parcels: Vec<Named> = (1..)
                .zip(parcels)
                .map(|(line, (state, against))| parcel(line, state, against))
                .collect();
            assert_eq!(codes(&judge(kind, &step(stage, waits), &parcels)), judged, "{kind:?}");
        }
    }

    #[test]
    fn many_findings_are_said_once_and_counted() {
        let parcels: Vec<Named> = (1..=50).map(|line| parcel(line, None, None)).collect();
        let judged = judge(Kind::Arrival, &step(Stage::Stored, true), &parcels);
        let (word, codes) = codes(&judged);
        assert_eq!((word, codes.len(), codes.last()), ("waits", 21, Some(&"export.more")));
    }
}
