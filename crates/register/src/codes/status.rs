//! Receipt statuses: what each means for the life of a document.

use kernel::{Finding, Text};

use crate::rules::Sure;
use crate::source::Source;
use crate::table;

/// What a status means for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Under way.
    Pending,
    /// Accepted, released or closed.
    Good,
    /// Stopped until somebody acts: inspection, review, suspension.
    Held,
    /// Refused, failed or sent back.
    Bad,
}

/// How a screen shows a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Not started.
    Grey,
    /// Under way.
    Blue,
    /// Reviewed.
    Cyan,
    /// Somebody has to look.
    Orange,
    /// Failed or detained.
    Red,
    /// Left the normal way.
    Purple,
    /// Done.
    Green,
}

/// One status of receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptStatus {
    /// The number receipts carry.
    pub code: i64,
    /// What it means.
    pub meaning: Text,
    /// Order of the stages in a normal life; equal stages exclude one another.
    pub stage: u8,
    /// Whether nothing follows it for this version of the document.
    pub terminal: bool,
    /// What it means for whoever waits.
    pub outcome: Outcome,
    /// How to show it.
    pub colour: Colour,
    /// How sure we are.
    pub sure: Sure,
    /// Remark.
    pub note: Box<str>,
}

const HEADER: [&str; 9] =
    ["code", "zh", "en", "stage", "terminal", "outcome", "colour", "sure", "note"];

pub(super) fn read(source: &Source<'_>, findings: &mut Vec<Finding>) -> Vec<(i64, ReceiptStatus)> {
    let mut statuses: Vec<(i64, ReceiptStatus)> = Vec::new();
    for row in table::rows(source, &HEADER, findings) {
        let mut fault = |column: usize, expected: &str| {
            let found = row.cell(column);
            findings.push(table::fault(source.name, row.line, HEADER[column], found, expected));
        };
        let code = row.cell(0).parse::<i64>().ok();
        let code = code.filter(|code| statuses.iter().all(|(known, _)| known != code));
        let stage = row.cell(3).parse::<u8>().ok();
        let terminal = row.cell(4).parse::<bool>().ok();
        let outcome = parse_outcome(row.cell(5));
        let colour = parse_colour(row.cell(6));
        let sure = Sure::parse(row.cell(7));
        let checks = [
            (code.is_some(), 0, "a whole number, named once"),
            (!row.cell(1).is_empty(), 1, "a Chinese meaning"),
            (stage.is_some(), 3, "0..255"),
            (terminal.is_some(), 4, "true or false"),
            (outcome.is_some(), 5, "pending, good, held or bad"),
            (colour.is_some(), 6, "grey, blue, cyan, orange, red, purple or green"),
            (sure.is_some(), 7, "seen, memory or unconfirmed"),
        ];
        checks.iter().filter(|check| !check.0).for_each(|check| fault(check.1, check.2));
        if let (Some(code), Some(stage), Some(terminal), Some(outcome), Some(colour), Some(sure)) =
            (code, stage, terminal, outcome, colour, sure)
        {
            let meaning = Text::new(row.cell(1), row.cell(2));
            let note = row.cell(8).into();
            statuses.push((
                code,
                ReceiptStatus { code, meaning, stage, terminal, outcome, colour, sure, note },
            ));
        }
    }
    statuses
}

fn parse_outcome(word: &str) -> Option<Outcome> {
    match word {
        "pending" => Some(Outcome::Pending),
        "good" => Some(Outcome::Good),
        "held" => Some(Outcome::Held),
        "bad" => Some(Outcome::Bad),
        _ => None,
    }
}

fn parse_colour(word: &str) -> Option<Colour> {
    match word {
        "grey" => Some(Colour::Grey),
        "blue" => Some(Colour::Blue),
        "cyan" => Some(Colour::Cyan),
        "orange" => Some(Colour::Orange),
        "red" => Some(Colour::Red),
        "purple" => Some(Colour::Purple),
        "green" => Some(Colour::Green),
        _ => None,
    }
}
