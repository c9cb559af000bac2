//! Reads rule files: strict, and every fault with its file and line.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use kernel::{Date, Decimal, Finding, Text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Kind, Period, Rule, Rules, Sure, Value};
use crate::source::Source;

const RULE_KEYS: &[&str] = &["id", "kind", "unit", "zh", "en", "period"];
const PERIOD_KEYS: &[&str] = &["value", "from", "to", "source", "sure", "zh", "en"];

/// Reads every file; a faulty rule is left out.
pub(super) fn rules(sources: &[Source<'_>]) -> (Rules, Vec<Finding>) {
    let mut rules: HashMap<Arc<str>, Rule> = HashMap::new();
    let mut findings = Vec::new();
    for source in sources {
        let mut file = File { source, findings: Vec::new() };
        for (rule, at) in file.rules() {
            if rules.contains_key(&rule.id) {
                file.fault(&at, "id", &rule.id, "an id no other rule has");
            } else {
                rules.insert(Arc::clone(&rule.id), rule);
            }
        }
        findings.append(&mut file.findings);
    }
    (Rules { rules }, findings)
}

/// The finding for an override that changes what kind of value a rule has.
pub(super) fn changed_kind(id: &str, kind: Kind) -> Finding {
    Finding::error(
        "rules.kind_changed",
        Text::new(
            format!("规则 {id} 的取值类型与内置规则不一致"),
            format!("rule {id} has another kind of value than the built-in rule"),
        ),
        Text::new("请使用与内置规则相同的 kind", "use the same kind as the built-in rule"),
    )
    .at(id)
    .found(format!("{kind:?}").to_lowercase(), "the kind of the built-in rule")
}

struct File<'a> {
    source: &'a Source<'a>,
    findings: Vec<Finding>,
}

type Cell<'a> = Spanned<DeValue<'a>>;

impl<'a> File<'a> {
    fn rules(&mut self) -> Vec<(Rule, Range<usize>)> {
        let root = match DeTable::parse(self.source.text) {
            Ok(root) => root,
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                self.fault(&at, "file", error.message(), "valid TOML");
                return Vec::new();
            }
        };
        let mut rules = Vec::new();
        for (key, value) in root.get_ref() {
            if key.get_ref() != "rule" {
                self.fault(&key.span(), key.get_ref(), "unknown key", "[[rule]] only");
                continue;
            }
            let Some(items) = value.get_ref().as_array() else {
                self.fault(&value.span(), "rule", "not a list", "[[rule]]");
                continue;
            };
            for item in items.iter() {
                let before = self.findings.len();
                let rule = self.rule(item);
                if let (Some(rule), true) = (rule, self.findings.len() == before) {
                    rules.push((rule, item.span()));
                }
            }
        }
        rules
    }

    fn rule(&mut self, item: &Cell<'a>) -> Option<Rule> {
        let table = self.table(item, "rule", RULE_KEYS)?;
        let at = item.span();
        let id = self.text(table, "id", &at);
        if let Some(id) = id
            && !is_id(id)
        {
            self.fault(&at, "id", id, "lower-case words joined by dots");
        }
        let kind = self.text(table, "kind", &at).and_then(|word| {
            let kind = parse_kind(word);
            if kind.is_none() {
                self.fault(&at, "kind", word, "decimal, int, bool, text or list");
            }
            kind
        });
        let zh = self.text(table, "zh", &at);
        let en = self.text(table, "en", &at);
        let unit = self.optional_text(table, "unit");
        let mut periods = Vec::new();
        match table.get("period").map(|cell| (cell.get_ref().as_array(), cell.span())) {
            Some((Some(items), _)) if !items.is_empty() => {
                for item in items.iter() {
                    periods.extend(self.period(item, kind).map(|period| (period, item.span())));
                }
            }
            _ => self.fault(&at, "period", "none", "at least one period"),
        }
        periods.sort_by_key(|(period, _)| period.from);
        for pair in periods.windows(2) {
            if let [(older, _), (newer, at)] = pair
                && older.to.is_none_or(|to| newer.from <= to)
            {
                let found = format!("{} inside the period from {}", newer.from, older.from);
                self.fault(at, "from", &found, "periods that do not overlap");
            }
        }
        Some(Rule {
            id: id?.into(),
            kind: kind?,
            unit: unit.into(),
            title: Text::new(zh?, en?),
            periods: periods.into_iter().map(|(period, _)| period).collect(),
        })
    }

    fn period(&mut self, item: &Cell<'a>, kind: Option<Kind>) -> Option<Period> {
        let table = self.table(item, "period", PERIOD_KEYS)?;
        let at = item.span();
        let value = match (table.get("value"), kind) {
            (Some(cell), Some(kind)) => {
                let value = parse_value(cell.get_ref(), kind);
                if value.is_none() {
                    let found = format!("{:?}", cell.get_ref());
                    self.fault(&cell.span(), "value", &found, expected(kind));
                }
                value
            }
            (None, _) => {
                self.fault(&at, "value", "none", "a value");
                None
            }
            (Some(_), None) => None,
        };
        let from = self.day(table, "from");
        if table.get("from").is_none() {
            self.fault(&at, "from", "none", "the first day as YYYY-MM-DD");
        }
        let to = self.day(table, "to");
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            self.fault(&at, "to", &to.to_string(), "a day not before the first");
        }
        let source = self.text(table, "source", &at);
        let sure = self.text(table, "sure", &at).and_then(|word| {
            let sure = Sure::parse(word);
            if sure.is_none() {
                self.fault(&at, "sure", word, "seen, memory or unconfirmed");
            }
            sure
        });
        let note = Text::new(self.optional_text(table, "zh"), self.optional_text(table, "en"));
        Some(Period { value: value?, from: from?, to, source: source?.into(), sure: sure?, note })
    }

    fn table<'t>(
        &mut self,
        item: &'t Cell<'a>,
        name: &str,
        keys: &[&str],
    ) -> Option<&'t DeTable<'a>> {
        let Some(table) = item.get_ref().as_table() else {
            self.fault(&item.span(), name, "not a table", "a table");
            return None;
        };
        for key in table.keys() {
            if !keys.contains(&key.get_ref().as_ref()) {
                self.fault(&key.span(), key.get_ref(), "unknown key", &keys.join(", "));
            }
        }
        Some(table)
    }

    /// A required word, not empty.
    fn text<'t>(
        &mut self,
        table: &'t DeTable<'a>,
        key: &str,
        owner: &Range<usize>,
    ) -> Option<&'t str> {
        let cell = table.get(key);
        let text = cell.and_then(|cell| cell.get_ref().as_str()).filter(|text| !text.is_empty());
        if text.is_none() {
            let at = cell.map_or_else(|| owner.clone(), Spanned::span);
            self.fault(&at, key, "none", "a text that is not empty");
        }
        text
    }

    fn optional_text<'t>(&mut self, table: &'t DeTable<'a>, key: &str) -> &'t str {
        let Some(cell) = table.get(key) else { return "" };
        let text = cell.get_ref().as_str();
        if text.is_none() {
            self.fault(&cell.span(), key, cell.get_ref().type_str(), "a text");
        }
        text.unwrap_or_default()
    }

    fn day(&mut self, table: &DeTable<'a>, key: &str) -> Option<Date> {
        let cell = table.get(key)?;
        let text = cell.get_ref().as_datetime().map(ToString::to_string);
        let day = text.as_deref().and_then(|text| text.parse::<Date>().ok());
        if day.is_none() {
            let found = text.unwrap_or_else(|| cell.get_ref().type_str().to_owned());
            self.fault(&cell.span(), key, &found, "a day as YYYY-MM-DD, without quotes");
        }
        day
    }

    fn fault(&mut self, at: &Range<usize>, key: &str, found: &str, expected: &str) {
        let before = &self.source.text.as_bytes()[..at.start.min(self.source.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let finding = Finding::error(
            "rules.file",
            Text::new(
                format!("规则文件 {} 第 {line} 行的 {key} 不正确", self.source.name),
                format!("line {line} of rule file {} has a wrong {key}", self.source.name),
            ),
            Text::new("请按期望的写法更正规则文件", "correct the rule file to the expected form"),
        );
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let path = format!("{}/{key}", self.source.name);
        self.findings.push(finding.at(path).on_line(line).found(found, expected));
    }
}

fn is_id(id: &str) -> bool {
    id.contains('.')
        && id.split('.').all(|word| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
}

fn parse_kind(word: &str) -> Option<Kind> {
    match word {
        "decimal" => Some(Kind::Decimal),
        "int" => Some(Kind::Int),
        "bool" => Some(Kind::Bool),
        "text" => Some(Kind::Text),
        "list" => Some(Kind::List),
        _ => None,
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Decimal => "a decimal in quotes, such as \"0.13\"",
        Kind::Int => "a whole number without quotes",
        Kind::Bool => "true or false",
        Kind::Text => "a text that is not empty",
        Kind::List => "a list of texts",
    }
}

fn parse_value(value: &DeValue<'_>, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Decimal => value.as_str()?.parse::<Decimal>().ok().map(Value::Decimal),
        Kind::Int => {
            let number = value.as_integer()?;
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Int)
        }
        Kind::Bool => value.as_bool().map(Value::Bool),
        Kind::Text => {
            value.as_str().filter(|text| !text.is_empty()).map(|text| Value::Text(text.into()))
        }
        Kind::List => {
            let words = value.as_array()?.iter().map(|word| word.get_ref().as_str());
            let words: Option<Vec<Box<str>>> = words.map(|word| word.map(Into::into)).collect();
            words.map(|words| Value::List(words.into()))
        }
    }
}
