//! States and how receipts move them.
//!
//! Receipts come late, twice and out of order. A state therefore is not "what the last receipt
//! said" but the furthest of everything said so far: the highest rank, and within one rank the
//! newest by the receipt's own time. This is a maximum, so the outcome is the same for every
//! order of arrival, a repeat changes nothing, and no receipt can move a document back.

use kernel::Time;

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Kept as a draft (appStatus 1); nothing is checked across documents or sent.
    Draft,
    /// Declared; documents of the same parcel are still missing. Inventories only.
    Waiting,
    /// Declared, but findings hold it back until they are mended. Inventories only.
    Held,
    /// Accepted and due to be sent.
    Ready,
    /// Withdrawn by its sender before customs had it.
    Withdrawn,
    /// A receipt status: 1 to 899, or a negative e-port code.
    Customs(i64),
}

/// 3: sent to customs.
pub const SENT: State = State::Customs(3);
/// 4: sending failed.
pub const SEND_FAILED: State = State::Customs(4);
/// 100: rejected by customs.
pub const REJECTED: State = State::Customs(100);
/// 120: stored by customs; the good end for orders, payments and waybills.
pub const STORED: State = State::Customs(120);
/// 399: concluded.
pub const CONCLUDED: State = State::Customs(399);
/// 430: cancelled on application.
pub const CANCELLED: State = State::Customs(430);
/// 800: released.
pub const RELEASED: State = State::Customs(800);
/// 899: closed.
pub const CLOSED: State = State::Customs(899);

const DRAFT: i64 = 1_001;
const WAITING: i64 = 1_002;
const HELD: i64 = 1_003;
const READY: i64 = 1_004;
const WITHDRAWN: i64 = 1_009;

/// A receipt status clearance understands. Others are kept and shown, but move nothing.
pub fn is_known(status: i64) -> bool {
    matches!(
        status,
        1..=4 | 100 | 120 | 300 | 399 | 400 | 430 | 500..=503 | 505 | 599 | 600 | 700 | 800 | 899
    ) || status < 0
}

impl State {
    /// The stored number: receipt statuses as they are, our own states from 1001.
    pub const fn code(self) -> i64 {
        match self {
            State::Draft => DRAFT,
            State::Waiting => WAITING,
            State::Held => HELD,
            State::Ready => READY,
            State::Withdrawn => WITHDRAWN,
            State::Customs(status) => status,
        }
    }

    /// The state of a stored number.
    pub const fn of_code(code: i64) -> State {
        match code {
            DRAFT => State::Draft,
            WAITING => State::Waiting,
            HELD => State::Held,
            READY => State::Ready,
            WITHDRAWN => State::Withdrawn,
            status => State::Customs(status),
        }
    }

    /// The word used in answers, filters and counts.
    pub const fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Waiting => "waiting",
            State::Held => "held",
            State::Ready => "ready",
            State::Withdrawn => "withdrawn",
            State::Customs(status) => match status {
                1 => "saved",
                2 => "declaring",
                3 => "sent",
                4 => "send_failed",
                100 => "rejected",
                120 => "stored",
                300 => "review",
                399 => "concluded",
                400 => "awaiting_arrival",
                430 => "cancelled",
                500 => "inspection",
                501..=503 | 599 => "detained",
                505 => "handed_over",
                600 => "suspended",
                700 => "returned_abroad",
                800 => "released",
                899 => "closed",
                i64::MIN..=-1 => "failed",
                _ => "unknown",
            },
        }
    }

    /// The codes a filter word stands for, as an inclusive range; `None` for an unknown word.
    pub fn codes_of(word: &str) -> Option<Vec<(i64, i64)>> {
        if word == "failed" {
            return Some(vec![(i64::MIN, -1)]);
        }
        let mut codes: Vec<(i64, i64)> = (1..=WITHDRAWN)
            .filter(|code| State::of_code(*code).word() == word)
            .map(|code| (code, code))
            .collect();
        codes.dedup();
        (!codes.is_empty() && word != "unknown").then_some(codes)
    }

    /// The Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            State::Draft => "暂存",
            State::Waiting => "等待单证",
            State::Held => "校验未通过",
            State::Ready => "待发送",
            State::Withdrawn => "已撤回",
            State::Customs(status) => match status {
                1 => "电子口岸已暂存",
                2 => "电子口岸申报中",
                3 => "发送海关成功",
                4 => "发送海关失败",
                100 => "海关退单",
                120 => "海关入库",
                300 => "人工审核",
                399 => "海关审结",
                400 => "待运抵",
                430 => "撤销成功",
                500 => "查验",
                501 => "扣留移送通关",
                502 => "扣留移送缉私",
                503 => "扣留移送法规",
                505 => "移交",
                599 => "其它扣留",
                600 => "挂起",
                700 => "退运",
                800 => "放行",
                899 => "结关",
                i64::MIN..=-1 => "处理异常",
                _ => "未知状态",
            },
        }
    }

    /// The English name.
    pub const fn en(self) -> &'static str {
        match self {
            State::Draft => "kept as a draft",
            State::Waiting => "waiting for documents",
            State::Held => "held back by findings",
            State::Ready => "ready to be sent",
            State::Withdrawn => "withdrawn",
            State::Customs(status) => match status {
                1 => "saved at the e-port",
                2 => "being declared",
                3 => "sent to customs",
                4 => "sending failed",
                100 => "rejected by customs",
                120 => "stored by customs",
                300 => "manual review",
                399 => "concluded",
                400 => "awaiting arrival",
                430 => "cancelled",
                500 => "inspection",
                501 => "detained, handed to clearance",
                502 => "detained, handed to anti-smuggling",
                503 => "detained, handed to legal affairs",
                505 => "handed over",
                599 => "detained",
                600 => "suspended",
                700 => "returned abroad",
                800 => "released",
                899 => "closed",
                i64::MIN..=-1 => "processing failed",
                _ => "unknown",
            },
        }
    }

    /// How far along. Higher never goes back to lower; equal ranks follow the receipts' own time.
    pub const fn rank(self) -> u8 {
        match self {
            State::Draft | State::Waiting | State::Held | State::Ready => 0,
            State::Customs(1) => 1,
            State::Customs(2..=4) => 2,
            State::Customs(i64::MIN..=-1) => 3,
            State::Customs(120) => 4,
            State::Customs(100) => 6,
            State::Customs(800) => 7,
            State::Customs(700 | 899) => 8,
            State::Customs(430) | State::Withdrawn => 9,
            // Review, conclusion, arrival, inspection, detention, suspension: in customs' hands.
            State::Customs(_) => 5,
        }
    }

    /// Whether nothing further is expected of this version of the document.
    pub const fn is_terminal(self) -> bool {
        matches!(self, State::Customs(100 | 430 | 700 | 899) | State::Withdrawn)
    }

    /// Whether this version ended without success and a corrected one may follow.
    pub const fn may_be_redeclared(self) -> bool {
        matches!(self, State::Customs(100 | i64::MIN..=-1))
    }

    /// Whether the document has left us: what it names is taken until it ends.
    pub const fn is_declared(self) -> bool {
        match self {
            State::Draft | State::Waiting | State::Held | State::Ready | State::Withdrawn => false,
            State::Customs(status) => status > 0 && !matches!(status, 100 | 430 | 700),
        }
    }

    /// Whether an inventory in this state counts against its buyer's yearly limit.
    pub const fn uses_quota(self) -> bool {
        matches!(self, State::Ready) || self.is_declared()
    }

    /// Whether the amount is definitely used rather than held.
    pub const fn is_released(self) -> bool {
        matches!(self, State::Customs(800 | 899))
    }
}

/// A state and the receipt time that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Where it stands.
    pub state: State,
    /// The time of the receipt that set it; none while no receipt has.
    pub at: Option<Time>,
    /// Receipts up to this time speak of an earlier version of the document and move nothing.
    pub floor: Option<Time>,
}

/// What a receipt does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// It moves the document here.
    Moved(Position),
    /// It is kept for the record and moves nothing.
    Kept(Kept),
}

/// Why a receipt moved nothing. Stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Said before.
    Repeated,
    /// Older than what is known, or of the version before.
    Late,
    /// The document is further along than this.
    Behind,
    /// A status outside the published list.
    Unknown,
}

impl Kept {
    /// The word used in answers and storage.
    pub const fn word(self) -> &'static str {
        match self {
            Kept::Repeated => "repeated",
            Kept::Late => "late",
            Kept::Behind => "behind",
            Kept::Unknown => "unknown_status",
        }
    }
}

impl Position {
    /// The position of a document just accepted here.
    pub const fn new(state: State) -> Position {
        Position { state, at: None, floor: None }
    }

    /// What a receipt with `status` and its own time `at` does. A receipt without a readable time
    /// counts as older than any other.
    pub fn advance(self, status: i64, at: Option<Time>) -> Advance {
        if !is_known(status) {
            return Advance::Kept(Kept::Unknown);
        }
        if self.floor.is_some() && at <= self.floor {
            return Advance::Kept(Kept::Late);
        }
        let state = State::Customs(status);
        if state == self.state && at == self.at {
            return Advance::Kept(Kept::Repeated);
        }
        // Sending is our own act and has no receipt time: any receipt of the same rank is newer.
        if (state.rank(), at, status) > (self.state.rank(), self.at, self.state.code()) {
            return Advance::Moved(Position { state, at, floor: self.floor });
        }
        Advance::Kept(if at < self.at { Kept::Late } else { Kept::Behind })
    }

    /// The position after sending succeeded (`3`) or failed (`4`); unchanged when receipts have
    /// overtaken us.
    #[must_use]
    pub fn dispatched(self, ok: bool) -> Position {
        let waiting = matches!(self.state, State::Ready) || self.state == SEND_FAILED;
        let state = if ok { SENT } else { SEND_FAILED };
        if waiting { Position { state, ..self } } else { self }
    }

    /// The position of a new version declared in this one's place. Once the version before has
    /// left us, a receipt without a time may speak of it: the floor holds it off even when no
    /// receipt has given a time yet.
    #[must_use]
    pub fn redeclared(self, state: State) -> Position {
        let left = matches!(self.state, State::Customs(_)).then_some(Time::from_millis(0));
        Position { state, at: None, floor: self.at.max(self.floor).or(left) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Option<Time> {
        Some(Time::from_millis(second * 1_000))
    }

    fn after(receipts: &[(i64, i64)]) -> Position {
        receipts.iter().fold(Position::new(SENT), |position, (status, second)| {
            match position.advance(*status, at(*second)) {
                Advance::Moved(next) => next,
                Advance::Kept(_) => position,
            }
        })
    }

    #[test]
    fn receipts_in_and_out_of_order() {
        for (receipts, state) in [
            (&[(2, 1), (120, 2), (800, 3), (899, 4)][..], 899),
            (&[(800, 3), (120, 2), (2, 1)], 800),
            (&[(120, 2), (2, 5)], 120),
            (&[(120, 2), (300, 3), (399, 4), (500, 5), (800, 6)], 800),
            (&[(500, 5), (300, 3), (120, 2)], 500),
            (&[(600, 3), (300, 4)], 300),
            (&[(2, 1), (100, 2)], 100),
            (&[(2, 1), (-621_005, 2)], -621_005),
            (&[(120, 1), (-621_004, 2)], 120),
            (&[(-621_017, 1), (120, 2)], 120),
            (&[(120, 1), (800, 2), (100, 3)], 800),
            (&[(120, 1), (700, 2)], 700),
            (&[(2, 1), (2, 1), (2, 1)], 2),
            (&[(120, 1), (777, 2)], 120),
            (&[(430, 9), (800, 1)], 430),
        ] {
            assert_eq!(after(receipts).state.code(), state, "{receipts:?}");
        }
    }

    #[test]
    fn why_a_receipt_moved_nothing() {
        let here = after(&[(2, 1), (120, 5)]);
        for (status, second, why) in [
            (120, 5, Kept::Repeated),
            (2, 1, Kept::Late),
            (2, 9, Kept::Behind),
            (777, 9, Kept::Unknown),
            (120, 4, Kept::Late),
        ] {
            assert_eq!(here.advance(status, at(second)), Advance::Kept(why), "{status}");
        }
    }

    #[test]
    fn receipts_of_the_version_before_do_not_move_the_new_one() {
        let again = after(&[(2, 1), (100, 2)]).redeclared(State::Ready);
        for again in [again, again.dispatched(true)] {
            assert_eq!(again.advance(100, at(2)), Advance::Kept(Kept::Late));
            assert_eq!(again.advance(2, at(1)), Advance::Kept(Kept::Late));
            assert!(matches!(again.advance(2, at(3)), Advance::Moved(_)));
        }
    }

    #[test]
    fn a_receipt_without_a_time_moves_no_version_but_the_first() {
        let first = Position::new(SENT);
        let Advance::Moved(rejected) = first.advance(100, None) else {
            panic!("the first version is rejected");
        };
        let again = rejected.redeclared(State::Ready).dispatched(true);
        assert_eq!(again.advance(100, None), Advance::Kept(Kept::Late));
        assert!(matches!(again.advance(120, at(1)), Advance::Moved(_)));
        // What never left us has no receipts that could be mistaken for the new version's.
        assert_eq!(Position::new(State::Ready).redeclared(State::Ready).floor, None);
    }

    #[test]
    fn sending_does_not_overtake_receipts() {
        let ready = Position::new(State::Ready);
        assert_eq!(ready.dispatched(false).dispatched(true).state, SENT);
        let stored = after(&[(120, 1)]);
        assert_eq!(stored.dispatched(true), stored);
    }

    #[test]
    fn stored_numbers_and_words_round_trip() {
        for state in [State::Draft, State::Held, SENT, State::Customs(-621_005), CLOSED] {
            assert_eq!(State::of_code(state.code()), state);
            let ranges = State::codes_of(state.word()).unwrap_or_default();
            assert!(ranges.iter().any(|(from, to)| (*from..=*to).contains(&state.code())));
        }
        assert_eq!(State::codes_of("detained").unwrap_or_default().len(), 4);
        assert_eq!(State::codes_of("nonsense"), None);
    }

    fn receipts() -> impl Strategy<Value = Vec<(i64, i64)>> {
        let status = prop::sample::select(vec![
            1, 2, 3, 4, 100, 120, 300, 399, 400, 430, 500, 501, 502, 503, 505, 599, 600, 700, 800,
            899, -621_001, -621_005, 777, 99,
        ]);
        prop::collection::vec((status, 0..40_i64), 0..14)
    }

    proptest! {
        #[test]
        fn no_sequence_of_receipts_moves_a_document_back(receipts in receipts()) {
            let mut position = Position::new(SENT);
            for (status, second) in receipts {
                let before = position.state.rank();
                if let Advance::Moved(next) = position.advance(status, at(second)) {
                    prop_assert!(next.state.rank() >= before);
                    position = next;
                }
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(receipts in receipts(), turn in 0_usize..14) {
            let mut turned = receipts.clone();
            let by = turn.min(turned.len());
            turned.rotate_left(by);
            prop_assert_eq!(after(&turned), after(&receipts));
            turned.reverse();
            prop_assert_eq!(after(&turned), after(&receipts));
        }

        #[test]
        fn a_repeat_changes_nothing(receipts in receipts()) {
            let once = after(&receipts);
            let twice: Vec<_> = receipts.iter().flat_map(|r| [*r, *r]).collect();
            prop_assert_eq!(after(&twice), once);
        }
    }
}
