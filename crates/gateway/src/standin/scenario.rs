//! What the beginning of an order number makes the stand-in do. One table, from which the
//! documentation, `kouan standin scenarios` and the tests are made.

use std::fmt::Write;

/// What one scenario does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// 100 with a customs code, or for a document family (311, 411, 511, 623, 625 and their
    /// counterparts in export) of that document.
    Reject,
    /// Negative status of the e-port, on the document the code belongs to.
    Negative,
    /// 500, then release after the digits in minutes.
    Inspect,
    /// 500, then detained with the status in the digits.
    Detain,
    /// 300; with digits, released after so many minutes.
    Hold,
    /// 500, then 600, and nothing more.
    Suspend,
    /// 500, then 700.
    ReturnAbroad,
    /// No receipt at all for the inventory.
    Silent,
    /// All receipts arrive so many minutes late.
    Late,
    /// Every receipt arrives twice.
    Twice,
    /// The newest receipt arrives first.
    Reversed,
    /// A receipt that cannot be read well arrives before the right ones.
    Malformed,
    /// CEB900 for the message the inventory came in.
    FormatError,
    /// The exchange refuses the envelope the inventory came in.
    Exchange,
}

/// Whether digits stand between the word and the hyphen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// None.
    Never,
    /// Taken as this number when absent.
    Default(u32),
    /// Must be there.
    Must,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The word after `S`.
    pub word: &'static str,
    /// What the digits are.
    pub digits: Digits,
    /// What it does.
    pub effect: Effect,
    /// A prefix one may copy.
    pub example: &'static str,
    /// What comes back, by status.
    pub receipts: &'static str,
    /// Explanation in Chinese.
    pub zh: &'static str,
    /// Explanation in English.
    pub en: &'static str,
}

/// Every scenario. Prefixes may follow one another: `SDUP-SINSP-20260001`.
pub const SCENARIOS: [Scenario; 14] = [
    Scenario {
        word: "REJ",
        digits: Digits::Must,
        effect: Effect::Reject,
        example: "SREJ1313-",
        receipts: "2, 100",
        zh: "海关退单，数字为海关代码；311、411、511（出口 303、403、505）表示退订单、支付单（收款单）、\
             运单，623（605）表示退撤销申请，625（213）表示退退货申请",
        en: "customs rejects with this code; 311, 411, 511 (export 303, 403, 505) reject order, \
             payment or waybill instead, 623 (605) the cancellation, 625 (213) the return",
    },
    Scenario {
        word: "NEG",
        digits: Digits::Must,
        effect: Effect::Negative,
        example: "SNEG621001-",
        receipts: "-621001",
        zh: "电子口岸处理异常，数字为代码（不含负号），落在该代码所属的单证上",
        en: "the e-port refuses with this code (minus left out), on the document it belongs to",
    },
    Scenario {
        word: "INSP",
        digits: Digits::Default(1),
        effect: Effect::Inspect,
        example: "SINSP5-",
        receipts: "2, 120, 500, 399, 800, 899",
        zh: "查验后放行，数字为查验分钟数，缺省 1",
        en: "inspected, then released; digits are minutes of inspection, 1 if left out",
    },
    Scenario {
        word: "DET",
        digits: Digits::Default(599),
        effect: Effect::Detain,
        example: "SDET501-",
        receipts: "2, 120, 500, 501",
        zh: "查验后扣留，数字为 501、502、503 或 599，缺省 599",
        en: "inspected, then detained; digits are 501, 502, 503 or 599, 599 if left out",
    },
    Scenario {
        word: "HOLD",
        digits: Digits::Default(0),
        effect: Effect::Hold,
        example: "SHOLD-",
        receipts: "2, 120, 300",
        zh: "转人工审核并停留；有数字时，该分钟数后审结放行（300、399、800、899）",
        en: "manual review, and stays; with digits, released after so many minutes",
    },
    Scenario {
        word: "SUSP",
        digits: Digits::Never,
        effect: Effect::Suspend,
        example: "SSUSP-",
        receipts: "2, 120, 500, 600",
        zh: "查验后挂起并停留",
        en: "inspected, then suspended, and stays",
    },
    Scenario {
        word: "RET",
        digits: Digits::Never,
        effect: Effect::ReturnAbroad,
        example: "SRET-",
        receipts: "2, 120, 500, 700",
        zh: "查验后退运",
        en: "inspected, then returned abroad",
    },
    Scenario {
        word: "SILENT",
        digits: Digits::Never,
        effect: Effect::Silent,
        example: "SSILENT-",
        receipts: "none",
        zh: "清单没有任何回执",
        en: "no receipt for the inventory",
    },
    Scenario {
        word: "LATE",
        digits: Digits::Default(30),
        effect: Effect::Late,
        example: "SLATE30-",
        receipts: "2, 120, 800, 899",
        zh: "回执时间不变，送达晚若干分钟，缺省 30",
        en: "receipts keep their time but arrive so many minutes late, 30 if left out",
    },
    Scenario {
        word: "DUP",
        digits: Digits::Never,
        effect: Effect::Twice,
        example: "SDUP-",
        receipts: "2, 2, 120, 120, 800, 800, 899, 899",
        zh: "每个回执送达两次",
        en: "every receipt arrives twice",
    },
    Scenario {
        word: "OOO",
        digits: Digits::Never,
        effect: Effect::Reversed,
        example: "SOOO-",
        receipts: "899, 800, 120, 2",
        zh: "回执时间不变，送达次序颠倒",
        en: "receipts keep their time but the newest arrives first",
    },
    Scenario {
        word: "MAL",
        digits: Digits::Default(1),
        effect: Effect::Malformed,
        example: "SMAL2-",
        receipts: "broken, then 2, 120, 800, 899",
        zh: "先送达一个有缺陷的回执：1 XML 中断，2 gb2312 编码，3 缺必填项，4 未知状态，5 非 XML",
        en: "a flawed receipt comes first: 1 XML breaks off, 2 in gb2312, 3 lacks required \
             fields, 4 unknown status, 5 not XML at all",
    },
    Scenario {
        word: "FMT",
        digits: Digits::Never,
        effect: Effect::FormatError,
        example: "SFMT-",
        receipts: "CEB900",
        zh: "整个清单报文格式校验不通过，回 CEB900",
        en: "the whole message with the inventory fails the format check: CEB900",
    },
    Scenario {
        word: "DXP",
        digits: Digits::Must,
        effect: Effect::Exchange,
        example: "SDXP0002-",
        receipts: "DxpRep 0002",
        zh: "交换平台拒收清单报文，数字为四位交换代码；3xxx 类第二次发送时接收",
        en: "the exchange refuses the envelope with this code; codes 3xxx take it at the second \
             try",
    },
];

/// What an order number asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of the inventory, and its digits; `None`: as the rules say.
    pub outcome: Option<(Effect, u32)>,
    /// What becomes of another document: rejected, with its family, or refused, with a code.
    pub document: Option<(Effect, u32)>,
    /// How late the receipts arrive, in milliseconds.
    pub late_ms: i64,
    /// Whether they arrive twice.
    pub twice: bool,
    /// Whether the newest arrives first.
    pub reversed: bool,
    /// Which flawed receipt comes first.
    pub malformed: Option<u32>,
    /// Code with which the exchange refuses the envelope, as written.
    pub exchange: Option<String>,
    /// Whether the whole message is answered by CEB900.
    pub format_error: bool,
}

const MINUTE_MS: i64 = 60_000;
/// No wait is longer than a day: digits above are cut.
const MINUTES_MAX: u32 = 24 * 60;

pub(super) fn minutes_ms(minutes: u32) -> i64 {
    i64::from(minutes.min(MINUTES_MAX)) * MINUTE_MS
}

impl Plan {
    /// Reads the prefixes at the beginning of an order number. What is no prefix ends the reading.
    pub fn of(order_no: &str) -> Plan {
        let mut plan = Plan::default();
        let mut rest = order_no;
        while let Some((scenario, digits, after)) = prefix(rest) {
            plan.add(scenario, digits);
            rest = after;
        }
        plan
    }

    /// Whether the order number asks for nothing in particular.
    pub fn is_ordinary(&self) -> bool {
        *self == Plan::default()
    }

    fn add(&mut self, scenario: &Scenario, digits: &str) {
        let default = if let Digits::Default(number) = scenario.digits { number } else { 0 };
        let number = digits.parse().unwrap_or(default);
        match scenario.effect {
            Effect::Late => self.late_ms = minutes_ms(number),
            Effect::Twice => self.twice = true,
            Effect::Reversed => self.reversed = true,
            Effect::Malformed => self.malformed = Some(number),
            Effect::FormatError => self.format_error = true,
            Effect::Exchange => self.exchange = Some(digits.to_owned()),
            Effect::Reject if rejected_family(number).is_some() => {
                self.document = Some((Effect::Reject, number));
            }
            Effect::Negative if refused_family(number) != INVENTORY => {
                self.document = Some((Effect::Negative, number));
            }
            effect => self.outcome = Some((effect, number)),
        }
    }

    /// The customs code for a rejection of the inventory, or the family given when that document
    /// is rejected. Families are those of import.
    pub(super) fn rejects(&self, family: u32) -> Option<u32> {
        let asked = if family == INVENTORY { self.outcome } else { self.document };
        match asked {
            Some((Effect::Reject, code)) => {
                let target = rejected_family(code).unwrap_or(INVENTORY);
                (target == family).then_some(code)
            }
            _ => None,
        }
    }

    /// The e-port code (without its minus) if it belongs to the document family given. Codes of
    /// no family belong to the inventory. Families are those of import.
    pub(super) fn refuses(&self, family: u32) -> Option<u32> {
        let asked = if family == INVENTORY { self.outcome } else { self.document };
        let Some((Effect::Negative, code)) = asked else { return None };
        (refused_family(code) == family).then_some(code)
    }
}

/// The family of inventories.
const INVENTORY: u32 = 621;

/// The family that digits of a rejection name, as in import; `None` when they are a customs code.
fn rejected_family(code: u32) -> Option<u32> {
    match code {
        311 | 303 => Some(311),
        411 | 403 => Some(411),
        511 | 505 => Some(511),
        623 | 605 => Some(623),
        625 | 213 => Some(625),
        _ => None,
    }
}

/// The family that an e-port code belongs to, as in import.
fn refused_family(code: u32) -> u32 {
    match code {
        301_000..=301_999 => 311,
        401_000..=401_999 => 411,
        504_000..=504_999 => 511,
        623_000..=623_999 => 623,
        625_000..=625_999 => 625,
        _ => INVENTORY,
    }
}

/// The prefixes at the beginning of an order number, as they were written; empty when there are
/// none.
pub(super) fn prefixes(order_no: &str) -> &str {
    let mut rest = order_no;
    while let Some((_, _, after)) = prefix(rest) {
        rest = after;
    }
    order_no.strip_suffix(rest).unwrap_or_default()
}

fn prefix(text: &str) -> Option<(&'static Scenario, &str, &str)> {
    let (head, rest) = text.strip_prefix('S')?.split_once('-')?;
    let split = head.find(|c: char| c.is_ascii_digit()).unwrap_or(head.len());
    let (word, digits) = head.split_at(split);
    let scenario = SCENARIOS.iter().find(|row| row.word == word)?;
    let fits = match scenario.digits {
        Digits::Never => digits.is_empty(),
        Digits::Default(_) => digits.len() <= 6,
        Digits::Must => !digits.is_empty() && digits.len() <= 6,
    };
    (fits && digits.bytes().all(|b| b.is_ascii_digit())).then_some((scenario, digits, rest))
}

/// The table as Markdown, in both languages: the text of `docs/standin.md`.
pub fn markdown() -> String {
    let mut out = String::from(HEADING);
    out.push_str(
        "| Order number starts with | Receipts | What happens | 说明 |\n|---|---|---|---|\n",
    );
    for row in &SCENARIOS {
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", row.example, row.receipts, row.en, row.zh);
    }
    out.push_str(NOTES);
    out
}

const HEADING: &str = "# The customs stand-in 海关替身

Answers in place of customs, so that the whole platform runs on one machine. Without a prefix it
judges by the published rules: structure and signature, the match of order, payment and waybill,
limits, positive list, tax. An order number that begins with one of these prefixes gets the outcome
named here. Prefixes may follow one another (`SDUP-SINSP-20260001`), the last outcome wins.

默认按公布规则判断；订单编号以下列前缀开头时，给出指定结果。前缀可以连用。

";

const NOTES: &str = "
Receipts for a released import inventory come one second apart: 2, 120, 800, 899, and the e-tax bill
(CEB816) with the release. Inventories in mode 9610 wait at 120 until the warehousing sheet (CEB711)
with their waybill has come. Orders, payments, waybills, waybill statuses and warehousing sheets get
2 and 120; an accepted cancellation or return then gets 399. The same input at the same time gives
the same receipts. A refused inventory has no e-port number yet, so its receipt lacks `preNo`, as
real ones do.

## Export 出口

| Document | Receipts | What it waits for |
|---|---|---|
| order 303, receipt of funds 403, waybill 505 | 2, 120 | – |
| inventory 603 | 2, 120; 800; 899 | 800 for the arrival (507), 899 for the departure (509) of its waybill |
| cancellation 605 | 2, 120, 399 | possible until the goods have arrived, or while they are kept back |
| consolidation 607 | 2, 120 | inventories declared; says voyage and bill of lading where they left them open |
| arrival 507 | 2, 120, 399 | nothing: goods may arrive before they are declared |
| departure 509 | 2, 120, 399 | inventories released, with voyage and bill of lading known |
| summary 701 | 2, 120, 399, then twice 792 | inventories of kind B closed; the second 792 has the number of the declaration |
| return 213 | 2, 120; 800 | inventory released; 800 for the tally (215) of its waybill |
| tally 215 | 2, 120, 399 | – |

The prefixes work on export as on import, with the same outcomes: papers are reviewed (300) at once,
goods are inspected (500) when they have arrived, and times count from the arrival. Lateness, copies
and the reversed order apply to each group of receipts that come together. What names its inventory
by number only (605, 213) gets what the order number of that inventory asks for; prefixes of
delivery apply to returns as well.

## Returns and tax bills 退货与电子税单

A return of imported goods (625) that is accepted gives its value back to the buyer's yearly limit,
voids the e-tax bill (CEB818, state 3), and, when something is left, makes a new one (CEB816, state
1, next number). Once the window for returns has passed, customs is asked to carry the bills to
payment notices: each then comes as CEB816 and CEB818 of state 2 with the number of the notice, one
notice for all that a guarantor owes that day in a district, or for what it owes for one firm.

## What it is 说明

It is a test double. What it knows lies in memory, about 300 bytes a parcel, and with the receipts
it owes in a file of its own beside the embedded database (`….standin.db`), or in the tables
`standin_*` of a database server. A killed process loses nothing of it; a power cut may lose the
last moments in that file, because it is not worth a wait for the disk. Within the process messages
and receipts change hands without envelopes; an original of a receipt is then the bare message.

What the rules refuse is answered like this; export has no table of codes of its own and gets those
of the import document of the same kind, its sheets those of the warehousing sheet:

| Fault | Answer |
|---|---|
| structure, missing required signature | CEB900 |
| signature does not verify | -301020, -401009, -504011, -505011, -621029, -623029, -625005, -800001 |
| the signer may not sign for the firm | -621015, -623021, -625020, others as above |
| sender of the envelope is not the message's `dxpId` | -301008, -401009, -504011, -505011, -621001, -623001, -625001, -800001 |
| other finding of the checker | the same codes, with the finding's text |
| document exists | -301010, -401007, -504015, -621004, -623009, -625022, -800003 |
| change or deletion of what is not there | -301009, -401006, -504014, -621011, -625204 |
| older than what is stored | -301014, -401012 |
| change in a state that forbids it | -621012 |
| above the single limit with several pieces | -621005 |
| above the yearly limit | 100, Code 1313 |
| number of lines, lines differ | 100, Code 1320, 1322 |
| buyer is not the payer | 100, Code 1327 |
| amount paid differs | 100, Code 1332 |
| payment firm differs | 100, Code 13035 |
| buyer's name, telephone differ in the inventory | 100, Code 13127, 130126 |
| document missing, consignee differs, not on the positive list | 100, text without code |
| cancellation of an unknown, cleared inventory | -623003, -623005 |
| export: kind of order and mode differ, waybill of another inventory, not to go by list or by \
simplified declaration | 100, text without code |
| consolidation, arrival, departure: unknown or unreleased inventory, other transport than declared | 100, each waybill named |
| summary: not closed, of kind A, of another firm, summarised before | 100, each inventory named |
| return of an unknown inventory, one not released, goods not in it | -625204, -625205, -625209 |
| return of more than is left, after the window, through a district that may not take it | 100, text without code |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_its_own_example() {
        for row in &SCENARIOS {
            let order_no = format!("{}20260001", row.example);
            let (scenario, _, rest) = prefix(&order_no).unwrap_or_else(|| panic!("{order_no}"));
            assert_eq!((scenario.word, rest), (row.word, "20260001"));
            assert!(!Plan::of(&order_no).is_ordinary(), "{order_no}");
        }
    }

    #[test]
    fn prefixes_chain_and_anything_else_is_ordinary() {
        let plan = Plan::of("SDUP-SLATE5-SINSP-1");
        assert!(plan.twice);
        assert_eq!(plan.late_ms, 300_000);
        assert_eq!(plan.outcome, Some((Effect::Inspect, 1)));
        for text in ["2026-1", "SHOE-1", "SREJ-1", "SDUP1-1", "S-1", "SREJx-1", "SREJ9999999-1", ""]
        {
            assert!(Plan::of(text).is_ordinary(), "{text}");
        }
        assert_eq!(Plan::of("SLATE999999-1").late_ms, 86_400_000);
    }

    #[test]
    fn codes_fall_on_the_document_they_belong_to() {
        assert_eq!(Plan::of("SNEG301010-1").refuses(311), Some(301_010));
        assert_eq!(Plan::of("SNEG301010-1").refuses(621), None);
        assert_eq!(Plan::of("SNEG621018-1").refuses(621), Some(621_018));
        assert_eq!(Plan::of("SREJ411-1").rejects(411), Some(411));
        assert_eq!(Plan::of("SREJ1332-1").rejects(621), Some(1332));
    }
}
