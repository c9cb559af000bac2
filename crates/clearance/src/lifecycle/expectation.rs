//! What an inventory waits for next. Pure.

use kernel::Text;

use super::state::State;

/// The next step expected, and from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Short stable word, such as `release`.
    pub step: &'static str,
    /// Who takes it: `firm`, `platform`, `eport`, `customs`, `site`, `logistics`.
    pub who: &'static str,
    /// In both languages.
    pub text: Text,
}

/// What comes next; `None` when nothing does. `arrived` says whether the warehousing detail is
/// there, `None` where none is needed.
pub fn next(state: State, arrived: Option<bool>, delivered: bool) -> Option<Expectation> {
    let (step, who, zh, en) = match state {
        State::Draft => ("declare", "firm", "等待企业申报", "the firm declares it"),
        State::Waiting => ("documents", "firm", "等待其他单证到达", "the other documents arrive"),
        State::Held => ("mend", "firm", "等待相关企业更正", "the firms named mend what was found"),
        State::Ready => ("send", "platform", "等待平台发送", "the platform sends it"),
        State::Customs(4) => {
            ("send", "platform", "等待平台重新发送", "the platform sends it again")
        }
        State::Customs(1) => ("declare", "firm", "等待企业申报", "the firm declares it"),
        State::Customs(2 | 3) => {
            ("stored", "customs", "等待海关入库（120）", "customs stores it (120)")
        }
        State::Customs(100 | i64::MIN..=-1) => {
            ("correct", "firm", "等待企业更正后重报", "the firm corrects and sends it again")
        }
        State::Customs(700 | 430) | State::Withdrawn => return None,
        State::Customs(800 | 899) if !delivered => {
            ("delivery", "logistics", "等待签收（513）", "the parcel is signed for (513)")
        }
        State::Customs(800) => ("close", "customs", "等待结关（899）", "customs closes it (899)"),
        State::Customs(899) => return None,
        State::Customs(500..=503 | 505 | 599 | 600) => (
            "decision",
            "customs",
            "等待海关查验或处置结果",
            "customs decides after inspection or detention",
        ),
        State::Customs(_) if arrived == Some(false) => (
            "arrival",
            "site",
            "等待监管场所报送入库明细单（711）",
            "the site sends the warehousing detail (711)",
        ),
        State::Customs(_) => {
            ("release", "customs", "等待海关放行（800）", "customs releases it (800)")
        }
    };
    Some(Expectation { step, who, text: Text::new(zh, en) })
}

/// What has been told of an export beside its own receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The arrival sheet went (507).
    pub arrived: bool,
    /// The departure sheet went (509).
    pub departed: bool,
    /// Whether it is still to be summarised; `None` when it is not summarised at all.
    pub to_summarise: Option<bool>,
}

/// [`next`] for an export.
pub fn next_export(state: State, told: Told) -> Option<Expectation> {
    let (step, who, zh, en) = match state {
        State::Customs(800) if !told.departed => {
            ("departure", "logistics", "等待报送离境单（509）", "the departure sheet is sent (509)")
        }
        State::Customs(899) if told.to_summarise == Some(true) => {
            ("summary", "firm", "等待汇总申请（701）", "it is summarised (701)")
        }
        State::Customs(800) => ("close", "customs", "等待结关（899）", "customs closes it (899)"),
        State::Customs(899) => return None,
        State::Customs(120 | 300 | 399 | 400) if !told.arrived => {
            ("arrival", "site", "等待报送运抵单（507）", "the arrival sheet is sent (507)")
        }
        state => return next(state, None, true),
    };
    Some(Expectation { step, who, text: Text::new(zh, en) })
}

#[cfg(test)]
mod tests {
    use super::super::state::*;
    use super::*;

    #[test]
    fn every_state_that_goes_on_says_what_comes_next() {
        for (state, arrived, delivered, step) in [
            (State::Waiting, None, false, Some("documents")),
            (State::Held, None, false, Some("mend")),
            (State::Ready, None, false, Some("send")),
            (SENT, None, false, Some("stored")),
            (STORED, None, false, Some("release")),
            (STORED, Some(false), false, Some("arrival")),
            (STORED, Some(true), false, Some("release")),
            (State::Customs(500), Some(true), false, Some("decision")),
            (REJECTED, None, false, Some("correct")),
            (State::Customs(-621_005), None, false, Some("correct")),
            (RELEASED, None, false, Some("delivery")),
            (RELEASED, None, true, Some("close")),
            (CLOSED, None, true, None),
            (CANCELLED, None, false, None),
            (State::Withdrawn, None, false, None),
        ] {
            let found = next(state, arrived, delivered).map(|expected| expected.step);
            assert_eq!(found, step, "{state:?} {arrived:?} {delivered}");
        }
    }

    #[test]
    fn an_export_goes_on_to_its_summary() {
        let told = |arrived, departed, to_summarise| Told { arrived, departed, to_summarise };
        for (state, told, step) in [
            (State::Waiting, Told::default(), Some("documents")),
            (STORED, Told::default(), Some("arrival")),
            (STORED, told(true, false, Some(true)), Some("release")),
            (RELEASED, told(true, false, Some(true)), Some("departure")),
            (RELEASED, told(true, true, Some(true)), Some("close")),
            (CLOSED, told(true, true, Some(true)), Some("summary")),
            (CLOSED, told(true, true, Some(false)), None),
            (CLOSED, told(true, true, None), None),
            (REJECTED, Told::default(), Some("correct")),
        ] {
            let found = next_export(state, told).map(|expected| expected.step);
            assert_eq!(found, step, "{state:?} {told:?}");
        }
    }
}
