//! The clocks of a destruction and what an application must have. Pure.

use jiff::ToSpan;
use kernel::{Date, Fen, Finding, Round};
use register::rules::{Law, NoRule, Rules};

use super::types::*;
use crate::Quantity;
use crate::calendar::Calendar;
use crate::{book, fault, quantity, transfer};

const TEXT_CHARS_MAX: usize = 1_000;
const CODE_CHARS_MAX: usize = 64;

/// The days that follow from an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Last day to finish.
    pub due_on: Date,
    /// First day to ask for an extension; the last is `due_on`.
    pub extension_from: Date,
    /// Last day to finish with the longest extension.
    pub extended_until: Date,
}

impl Clocks {
    /// By the law of the day of approval. The day itself is not counted.
    ///
    /// # Errors
    /// [`NoRule`] when the law of that day says nothing of it.
    pub fn of(law: &Law<'_>, approved_on: Date) -> Result<Clocks, NoRule> {
        let due_on = plus(approved_on, law.int("bonded.destroy.days")?.value);
        let before = law.int("bonded.destroy.extension_request_days")?.value;
        let longest = law.int("bonded.destroy.extension_days")?.value;
        Ok(Clocks {
            due_on,
            extension_from: plus(due_on, -before),
            extended_until: plus(due_on, longest),
        })
    }
}

fn plus(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// What is wrong with an application, but for its lines.
pub(super) fn application(draft: &DestructionDraft, law: &Law<'_>) -> Result<Vec<Finding>, NoRule> {
    let mut findings = Vec::new();
    let grounds = law.list("bonded.destroy.grounds")?.value;
    if !grounds.iter().any(|ground| **ground == *draft.ground) {
        let unknown = fault::error(
            "bonded.destroy.ground",
            ("不属于可申请销毁的情形", "this is no ground for destruction"),
            (
                "从规定的情形中选择；其他情形填 other 并说明",
                "choose a ground, or other and explain",
            ),
        );
        findings.push(unknown.at("ground").found(&draft.ground, grounds.join(" | ")));
    }
    fault::text("explanation", &draft.explanation, TEXT_CHARS_MAX, &mut findings);
    fault::code("authorised_by", &draft.authorised_by, 18, "", &mut findings);
    fault::code("destroyer_code", &draft.destroyer_code, 18, "", &mut findings);
    fault::text("destroyer_name", &draft.destroyer_name, 100, &mut findings);
    fault::text("place", &draft.place, 250, &mut findings);
    for (path, holds, zh, en) in [
        (
            "cannot_be_reexported",
            draft.cannot_be_reexported,
            "能退运出境的不予销毁",
            "what can be re-exported is not destroyed",
        ),
        (
            "destroyer_in_scope",
            draft.destroyer_in_scope,
            "销毁企业的经营范围须含销毁处置",
            "destroying must be in the destroyer's business scope",
        ),
        ("outside_zone", draft.outside_zone, "销毁应在区外进行", "it is done outside the zone"),
    ] {
        if !holds {
            let condition = fault::error(
                "bonded.destroy.condition",
                (zh, en),
                ("条件不具备的不能申请；具备的据实确认", "confirm it when it is so"),
            );
            findings.push(condition.at(path).found("false", "true"));
        }
    }
    let wanted = law.list("bonded.destroy.papers")?.value;
    let missing: Vec<&str> = wanted
        .iter()
        .map(|paper| &**paper)
        .filter(|paper| !draft.papers.iter().any(|given| given == paper))
        .collect();
    if !missing.is_empty() {
        let papers = fault::error(
            "bonded.destroy.papers",
            ("随附单证不全", "papers are missing"),
            ("补齐单证后再申请", "add them, then apply"),
        );
        let found = format!("missing: {}", missing.join(", "));
        findings.push(papers.at("papers").found(found, wanted.join(", ")));
    }
    Ok(findings)
}

/// The destruction approved.
pub(super) fn approve(
    before: &Destruction,
    approval: &Approval,
    law: &Rules,
    today: Date,
) -> Result<Destruction, Vec<Finding>> {
    let mut findings = Vec::new();
    let number = &approval.approval_no;
    let approval_no = fault::text("approval_no", number, CODE_CHARS_MAX, &mut findings);
    fault::past("approved_on", approval.approved_on, today, &mut findings);
    let clocks = Clocks::of(&law.on(approval.approved_on), approval.approved_on);
    let clocks = clocks.map_err(|unknown| findings.push(fault::no_rule(&unknown))).ok();
    match clocks {
        Some(clocks) if findings.is_empty() => Ok(Destruction {
            state: State::Approved,
            approval_no,
            approved_on: Some(approval.approved_on),
            due_on: Some(clocks.due_on),
            extension_from: Some(clocks.extension_from),
            ..before.clone()
        }),
        _ => Err(findings),
    }
}

/// The destruction with more time. Once, within the window before the last day, no longer than
/// the law allows.
pub(super) fn extend(
    before: &Destruction,
    extension: &Extension,
    law: &Rules,
    today: Date,
) -> Result<Destruction, Vec<Finding>> {
    let mut findings = Vec::new();
    let asked = extension.requested_on;
    fault::past("requested_on", asked, today, &mut findings);
    if before.extension_requested_on.is_some() {
        let twice = fault::error(
            "bonded.destroy.extended_already",
            ("已延期过一次", "it was extended before"),
            ("在延长后的期限内完成", "finish within the extended time"),
        );
        findings.push(twice.at("requested_on"));
    }
    let (Some(due_on), Some(from)) = (before.due_on, before.extension_from) else {
        return Err(findings);
    };
    if asked < from || asked > due_on {
        let outside = fault::error(
            "bonded.destroy.extension_window",
            (
                "延期须在期限届满前规定的日期内申请",
                "an extension is asked for within the days before the last day",
            ),
            (
                "在窗口期内申请；已过期的与主管海关联系",
                "ask within these days; after them see customs",
            ),
        );
        let window = format!("{from} ..= {due_on}");
        findings.push(outside.at("requested_on").found(asked.to_string(), window));
    }
    let approved = before.approved_on.unwrap_or(asked);
    match law.on(approved).int("bonded.destroy.extension_days") {
        Err(unknown) => findings.push(fault::no_rule(&unknown)),
        Ok(longest) if !(1..=longest.value).contains(&extension.days) => {
            let long = fault::error(
                "bonded.destroy.extension_days",
                ("延期天数超出规定", "so many days cannot be granted"),
                ("不超过规定天数", "ask for no more than the law allows"),
            );
            let expected = format!("1..={}", longest.value);
            findings.push(long.at("days").found(extension.days.to_string(), expected));
        }
        Ok(_) => {}
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Destruction {
        extension_requested_on: Some(asked),
        due_on: Some(plus(due_on, extension.days)),
        ..before.clone()
    })
}

/// The destruction finished: what was destroyed line by line, when the papers are due, how long
/// the video is kept.
pub(super) fn finish(
    before: &Destruction,
    done: &Finish,
    rules: &Rules,
    today: Date,
) -> Result<Destruction, Vec<Finding>> {
    let mut findings = Vec::new();
    let on = done.finished_on;
    fault::past("finished_on", on, today, &mut findings);
    if before.approved_on.is_some_and(|approved| on < approved) {
        let early = fault::error(
            "bonded.destroy.before_approval",
            ("完成日期早于批准日期", "it was finished before it was approved"),
            ("核对日期", "check the day"),
        );
        let expected = before.approved_on.map(|day| format!(">= {day}")).unwrap_or_default();
        findings.push(early.at("finished_on").found(on.to_string(), expected));
    }
    let video = fault::text("video", &done.video, 250, &mut findings);
    let law = rules.on(on);
    let no_rule = |unknown: NoRule| vec![fault::no_rule(&unknown)];
    let years = law.int("bonded.destroy.video_years").map_err(no_rule)?.value;
    let shortest = on.saturating_add(years.years());
    let video_until = done.video_until.unwrap_or(shortest);
    if video_until < shortest {
        let short = fault::error(
            "bonded.destroy.video",
            ("录像保存期限不足", "the video is not kept long enough"),
            ("延长保存期限", "keep it longer"),
        );
        let (found, expected) = (video_until.to_string(), format!(">= {shortest}"));
        findings.push(short.at("video_until").found(found, expected));
    }
    let days = law.int("bonded.destroy.documents_working_days").map_err(no_rule)?.value;
    let papers_due_on = Calendar::new(rules).after(on, days).map(|due| due.day);
    let lines = destroyed(before, done.lines.as_deref(), &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Destruction {
        state: State::Finished,
        finished_on: Some(on),
        video,
        video_until: Some(video_until),
        papers_due_on,
        lines,
        ..before.clone()
    })
}

fn destroyed(
    before: &Destruction,
    parts: Option<&[transfer::Part]>,
    findings: &mut Vec<Finding>,
) -> Vec<DestructionLine> {
    let whole = |line: &DestructionLine| DestructionLine {
        destroyed: if parts.is_none() { line.quantity } else { Quantity::ZERO },
        ..line.clone()
    };
    let mut lines: Vec<DestructionLine> = before.lines.iter().map(whole).collect();
    let mut seen = std::collections::HashSet::new();
    if parts.is_some_and(|parts| parts.len() > lines.len()) {
        let found = parts.map_or(0, <[transfer::Part]>::len);
        findings.push(book::rules::too_many_lines(found, lines.len()));
        return lines;
    }
    for (n, part) in parts.unwrap_or_default().iter().enumerate() {
        let path = |field: &str| format!("lines[{n}].{field}");
        let line = lines.iter_mut().find(|line| line.number == part.line);
        let Some(line) = line.filter(|_| seen.insert(part.line)) else {
            findings.push(transfer::unknown_line(path("line"), part.line));
            continue;
        };
        match quantity::read(&path("quantity"), &part.quantity, false) {
            Ok(quantity) if quantity > line.quantity => {
                let more = fault::error(
                    "bonded.destroy.too_much",
                    ("销毁数量大于批准数量", "more was destroyed than was approved"),
                    ("超出部分另行申请", "apply for what is more"),
                );
                let expected = format!("<= {}", line.quantity);
                findings.push(more.at(path("quantity")).found(quantity.to_string(), expected));
            }
            Ok(quantity) => line.destroyed = quantity,
            Err(finding) => findings.push(finding),
        }
    }
    lines
}

/// The destruction with its papers filed.
pub(super) fn file(
    before: &Destruction,
    papers: &Papers,
    today: Date,
) -> Result<Destruction, Vec<Finding>> {
    let mut findings = Vec::new();
    fault::past("filed_on", papers.filed_on, today, &mut findings);
    let number = &papers.declaration_no;
    let declaration_no = fault::code("declaration_no", number, CODE_CHARS_MAX, "-", &mut findings);
    let residue = papers.residue.as_deref().map(yuan);
    let residue = residue.unwrap_or(Ok(Fen::ZERO));
    let residue = residue.map_err(|finding| findings.push(finding)).unwrap_or_default();
    let given = papers.residue_declaration_no.as_deref().unwrap_or_default();
    let residue_declaration_no = if residue > Fen::ZERO || !given.is_empty() {
        fault::code("residue_declaration_no", given, CODE_CHARS_MAX, "-", &mut findings)
    } else {
        String::new()
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Destruction {
        state: State::Filed,
        papers_on: Some(papers.filed_on),
        declaration_no,
        residue,
        residue_declaration_no,
        ..before.clone()
    })
}

fn yuan(text: &str) -> Result<Fen, Finding> {
    let exact = |yuan: kernel::Decimal| {
        Fen::from_yuan(yuan, Round::Down).filter(|fen| fen.to_yuan() == yuan && *fen >= Fen::ZERO)
    };
    text.trim().parse().ok().and_then(exact).ok_or_else(|| {
        let wrong = fault::error(
            "bonded.destroy.residue",
            ("金额不正确", "this is no amount"),
            ("填写元，最多两位小数", "give yuan with at most two decimals"),
        );
        wrong.at("residue").found(text, ">= 0.00")
    })
}

/// What is worth a look on a day: time running out or run out, years whose holidays are unknown.
pub(crate) fn standing(one: &Destruction, rules: &Rules, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |code, zh: &str, en: &str, path: &str, day: Date| {
        let finding = Finding::warning(
            code,
            kernel::Text::new(zh, en),
            kernel::Text::new(
                "尽快办理；已逾期的向主管海关说明",
                "act now; if late, explain to customs",
            ),
        );
        findings.push(finding.at(path).found(today.to_string(), format!("<= {day}")));
    };
    let done = one.finished_on.unwrap_or(today);
    if let Some(due) = one.due_on.filter(|due| done > *due && one.approved_on.is_some()) {
        let open = matches!(one.state, State::Approved | State::Finished | State::Filed);
        if open {
            warn(
                "bonded.destroy.late",
                "销毁超过期限",
                "the time to destroy is over",
                "due_on",
                due,
            );
        }
    } else if let (State::Approved, Some(due), Some(from)) =
        (one.state, one.due_on, one.extension_from)
        && today >= from
    {
        let (zh, en) = ("销毁期限将届满", "the time to destroy is nearly over");
        warn("bonded.destroy.due", zh, en, "due_on", due);
    }
    let filed = one.papers_on.unwrap_or(today);
    if let Some(due) = one.papers_due_on.filter(|due| filed > *due) {
        let (zh, en) = ("单证提交超过期限", "the papers are late");
        warn("bonded.destroy.papers_late", zh, en, "papers_due_on", due);
    }
    let uncertain = one.finished_on.zip(one.papers_due_on).is_some_and(|(from, _)| {
        let days = rules.on(from).int("bonded.destroy.documents_working_days");
        let due = days.ok().and_then(|days| Calendar::new(rules).after(from, days.value));
        due.is_some_and(|due| !due.certain)
    });
    if uncertain {
        findings.push(
            Finding::warning(
                "calendar.unknown_year",
                kernel::Text::new(
                    "该年度放假安排未录入，只按周末推算",
                    "the holidays of the year are not known: only weekends were counted",
                ),
                kernel::Text::new("在规则目录补录放假安排", "add them to the rules"),
            )
            .at("papers_due_on"),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_worked_example_of_the_approval_in_april() {
        let rules = Rules::builtin();
        let approved = day("2026-04-01");
        let clocks = Clocks::of(&rules.on(approved), approved).unwrap();
        assert_eq!(clocks.due_on, day("2026-05-31"));
        assert_eq!(clocks.extension_from, day("2026-05-24"));
        assert_eq!(clocks.extended_until, day("2026-06-30"));
    }

    #[test]
    fn before_the_announcement_there_are_no_clocks() {
        let rules = Rules::builtin();
        let early = day("2025-04-28");
        let missing = Clocks::of(&rules.on(early), early).unwrap_err();
        assert_eq!(&*missing.id, "bonded.destroy.days");
    }

    #[test]
    fn working_days_leave_out_holidays_and_count_weekends_worked() {
        let rules = Rules::builtin();
        let calendar = Calendar::new(&rules);
        // Labour Day 2026 is off until the 5th, Saturday the 9th is worked.
        let after = |from, days| calendar.after(day(from), days).unwrap();
        assert_eq!(after("2026-04-30", 1).day, day("2026-05-06"));
        assert_eq!(after("2026-04-30", 4).day, day("2026-05-09"));
        assert_eq!(after("2026-05-20", 15).day, day("2026-06-10"));
        assert!(after("2026-05-20", 15).certain);
        // Of 2027 only weekends are known.
        assert!(!after("2026-12-25", 15).certain);
        assert_eq!(after("2026-12-25", 0).day, day("2026-12-25"));
    }
}
