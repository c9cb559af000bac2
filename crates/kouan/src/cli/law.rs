//! `kouan tax quote`, `kouan rules show`, `kouan tariff import`.

use std::io::Read;
use std::path::{Path, PathBuf};

use kernel::{Clock, Date, Finding};
use register::codes::Codes;
use register::rules::{Rules, Sure, Value};
use register::tariff::{ImportOptions, Tariff, import_file, save_imported};

use super::output::{self, Verdict};
use super::{Quote, RulesShow, TariffImport};
use crate::Failure;
use crate::clock::SystemClock;
use crate::platform::{faults, must_be_folder};

/// The law and the tariff: the built-in ones, or those of a folder over them.
pub(super) fn law(folder: Option<&Path>) -> Result<(Rules, Tariff), Failure> {
    let Some(folder) = folder else { return Ok((Rules::builtin(), Tariff::builtin())) };
    must_be_folder(folder)?;
    let rules =
        Rules::load(folder).map_err(|findings| faults(&folder.display().to_string(), &findings))?;
    let tariff = Tariff::load(&folder.join("tariff"))
        .map_err(|findings| faults(&folder.display().to_string(), &findings))?;
    Ok((rules, tariff))
}

pub(super) fn quote(args: &Quote) -> Result<Verdict, Failure> {
    let (rules, tariff) = law(args.rules.as_deref())?;
    let text = match args.file.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => String::from_utf8(output::read(path)?)?,
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    let request = match tax::Request::from_json(&text) {
        Ok(request) => request,
        Err(findings) => return refuse(args.json, &findings),
    };
    match tax::quote(&request, &rules, &tariff) {
        Err(findings) => refuse(args.json, &findings),
        Ok(quote) if args.json => output::json(&quote).map(|()| Verdict::Clean),
        Ok(quote) => {
            output::line(serde_json::to_string_pretty(&quote)?);
            Ok(Verdict::Clean)
        }
    }
}

fn refuse(as_json: bool, findings: &[Finding]) -> Result<Verdict, Failure> {
    if as_json {
        output::json(&serde_json::json!({ "findings": findings }))?;
    } else {
        findings.iter().for_each(|finding| output::finding("request", finding));
    }
    Ok(Verdict::Findings)
}

pub(super) fn show(args: &RulesShow) -> Result<Verdict, Failure> {
    let (rules, _) = law(args.rules.as_deref())?;
    let on = match &args.on {
        Some(text) => text.parse::<Date>().map_err(|_| Failure::new("--on wants yyyy-MM-dd"))?,
        None => SystemClock.now().date(),
    };
    let prefix = args.prefix.as_deref().unwrap_or_default();
    let wanted = rules.all().into_iter().filter(|rule| rule.id.starts_with(prefix));
    for rule in wanted {
        let Some(period) = rule
            .periods
            .iter()
            .find(|period| period.from <= on && period.to.is_none_or(|to| on <= to))
        else {
            continue;
        };
        if args.json {
            output::json(&serde_json::json!({
                "id": &*rule.id,
                "value": shown(&period.value),
                "unit": &*rule.unit,
                "from": period.from.to_string(),
                "to": period.to.map(|to| to.to_string()),
                "source": &*period.source,
                "sure": period.sure.word(),
                "zh": rule.title.zh,
                "en": rule.title.en,
            }))?;
        } else {
            let to = period.to.map_or_else(|| "…".to_owned(), |to| to.to_string());
            output::line(format!("{} = {} {}", rule.id, shown(&period.value), rule.unit));
            output::line(format!("    {} / {}", rule.title.zh, rule.title.en));
            let sure = period.sure.word();
            output::line(format!("    {} to {to} · {} · {sure}", period.from, period.source));
        }
    }
    Ok(Verdict::Clean)
}

pub(super) fn import(args: &TariffImport) -> Result<Verdict, Failure> {
    let (rules, base) = law(Some(&args.rules))?;
    let codes = Codes::builtin();
    let file = args.file.display().to_string();
    let options = ImportOptions {
        from: SystemClock.now().date(),
        sure: Sure::Seen,
        base: &base,
        codes: &codes,
        rules: &rules,
    };
    let imported = import_file(&args.file, &options);
    imported.findings.iter().for_each(|finding| output::finding(&file, finding));
    if imported.findings.iter().any(Finding::is_error) {
        output::line(format!("{file}: nothing loaded; mend the findings above"));
        return Ok(Verdict::Findings);
    }
    let written: PathBuf = save_imported(&args.rules.join("tariff"), &imported.lines)
        .map_err(|findings| faults(&args.rules.display().to_string(), &findings))?;
    output::line(format!("{} lines written to {}", imported.lines.len(), written.display()));
    Ok(Verdict::Clean)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Decimal(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Text(word) => word.to_string(),
        Value::List(words) => words.join(", "),
    }
}
