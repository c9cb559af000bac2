//! TOML text to a zone, with every finding and its line.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use kernel::{Date, Finding, Text};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::super::{draft, types::*};
use super::*;

/// Unknown keys reported in one go; a file with more is not a zone file.
const UNKNOWN_KEYS_MAX: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    zone: Spanned<About>,
    targets: Targets,
    #[serde(default)]
    district: Vec<Spanned<District>>,
    #[serde(default)]
    county: Vec<Spanned<County>>,
    #[serde(default)]
    belt: Vec<Spanned<Belt>>,
    #[serde(default)]
    agency: Vec<Agency>,
    #[serde(default)]
    park: Vec<Spanned<Park>>,
    #[serde(default)]
    account_book: Vec<Spanned<AccountBook>>,
    #[serde(default)]
    party: Vec<Spanned<PartyEntry>>,
    #[serde(default)]
    delegation: Vec<Spanned<DelegationEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyEntry {
    social_credit_code: Option<String>,
    customs_code: Option<String>,
    zh: String,
    en: String,
    roles: Vec<String>,
    dxp_id: Option<String>,
    overseas: Option<OverseasEntry>,
    contact: Option<ContactEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverseasEntry {
    name: String,
    country: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactEntry {
    person: String,
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelegationEntry {
    from: String,
    to: String,
    acts: Vec<String>,
    #[serde(default)]
    modes: Vec<String>,
    #[serde(default)]
    districts: Vec<String>,
    valid_from: Date,
    valid_until: Option<Date>,
}

pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Finding {
    Finding::error(
        "zone.unreadable",
        Text::new("无法读取综试区文件", "The zone file cannot be read"),
        Text::new("核对路径和权限", "Check the path and the permissions"),
    )
    .at(file)
    .found(error.to_string(), "a readable UTF-8 file")
}

/// Where we are in the text, for findings.
struct Source<'t> {
    file: &'t str,
    text: &'t str,
}

impl Source<'_> {
    fn place(&self, finding: Finding, span: Range<usize>, path: &str) -> Finding {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let path = format!("{}: {path}", self.file);
        finding.at(path).on_line(u32::try_from(line).unwrap_or(u32::MAX))
    }

    fn broken(&self, error: &toml::de::Error) -> Finding {
        let finding = Finding::error(
            "zone.toml",
            Text::new("综试区文件内容不对", "The zone file is not right"),
            Text::new("按说明更正该处", "Correct it at this place"),
        )
        .found(error.message(), "a zone file");
        self.place(finding, error.span().unwrap_or_default(), "")
    }
}

pub(super) fn zone(id: &str, file: &str, text: &str) -> Result<Zone, Vec<Finding>> {
    let source = Source { file, text };
    let parsed = parse(&source)?;
    let mut findings = Vec::new();
    let (parties, delegations) = firms(&source, &parsed, &mut findings);
    references(&source, &parsed, &parties, &delegations, &mut findings);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    let bare = Spanned::into_inner;
    Ok(Zone {
        id: id.to_owned(),
        about: parsed.zone.into_inner(),
        targets: parsed.targets,
        districts: parsed.district.into_iter().map(bare).collect(),
        counties: parsed.county.into_iter().map(Spanned::into_inner).collect(),
        belts: parsed.belt.into_iter().map(Spanned::into_inner).collect(),
        agencies: parsed.agency,
        parks: parsed.park.into_iter().map(Spanned::into_inner).collect(),
        account_books: parsed.account_book.into_iter().map(Spanned::into_inner).collect(),
        parties,
        delegations,
        findings,
    })
}

/// Reads the file. An unknown key is taken out and reading goes on, so that all are found.
fn parse(source: &Source<'_>) -> Result<File, Vec<Finding>> {
    let (mut table, errors) = DeTable::parse_recoverable(source.text);
    let mut findings: Vec<Finding> = errors.iter().map(|error| source.broken(error)).collect();
    // What follows a syntax error on the same line is mostly its echo.
    findings.dedup_by_key(|finding| finding.line);
    if !findings.is_empty() {
        return Err(findings);
    }
    loop {
        match File::deserialize(Deserializer::from(table.clone())) {
            Ok(file) if findings.is_empty() => return Ok(file),
            Ok(_) => return Err(findings),
            Err(error) => {
                let key = error
                    .span()
                    .filter(|_| findings.len() < UNKNOWN_KEYS_MAX)
                    .and_then(|span| take_out(table.get_mut(), &span));
                let Some(key) = key else {
                    findings.push(source.broken(&error));
                    return Err(findings);
                };
                let unknown = Finding::error(
                    "zone.unknown_key",
                    Text::new("没有这个键", "There is no such key"),
                    Text::new("核对拼写或删去该行", "Check the spelling, or take the line out"),
                )
                .found(key, expected_keys(error.message()));
                findings.push(source.place(unknown, error.span().unwrap_or_default(), ""));
            }
        }
    }
}

fn expected_keys(message: &str) -> String {
    message.split_once(", expected ").map(|(_, keys)| keys.to_owned()).unwrap_or_default()
}

/// Takes the key that stands at `span` out of the table, wherever it is. `None` when no key does.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let here = table.keys().find(|key| key.span() == *span).cloned();
    if let Some(key) = here {
        table.remove(&key);
        return Some(key.get_ref().to_string());
    }
    fn within(value: &mut DeValue<'_>, span: &Range<usize>) -> Option<String> {
        match value {
            DeValue::Table(table) => take_out(table, span),
            DeValue::Array(items) => items.iter_mut().find_map(|item| within(item.get_mut(), span)),
            _ => None,
        }
    }
    table.iter_mut().find_map(|(_, value)| within(value.get_mut(), span))
}

/// The firms and delegations as drafts, each checked as the API would.
fn firms(
    source: &Source<'_>,
    file: &File,
    findings: &mut Vec<Finding>,
) -> (Vec<PartyDraft>, Vec<DelegationDraft>) {
    let mut parties = Vec::with_capacity(file.party.len());
    for (i, entry) in file.party.iter().enumerate() {
        let mut found = Vec::new();
        let draft = party_draft(entry.get_ref(), &mut found);
        found.extend(draft::party(&draft));
        for finding in found {
            let path = format!("party[{i}].{}", finding.path);
            findings.push(source.place(finding, entry.span(), &path));
        }
        parties.push(draft);
    }
    let mut delegations = Vec::with_capacity(file.delegation.len());
    for (i, entry) in file.delegation.iter().enumerate() {
        let mut found = Vec::new();
        let draft = delegation_draft(entry.get_ref(), &mut found);
        found.extend(draft::delegation(&draft));
        for finding in found {
            let path = format!("delegation[{i}].{}", finding.path);
            findings.push(source.place(finding, entry.span(), &path));
        }
        delegations.push(draft);
    }
    (parties, delegations)
}

fn party_draft(entry: &PartyEntry, findings: &mut Vec<Finding>) -> PartyDraft {
    let mut roles = Roles::NONE;
    for name in &entry.roles {
        match Role::parse(name) {
            Some(role) => roles = roles.with(role),
            None => {
                let every: Roles = Role::ALL.iter().copied().collect();
                findings.push(unknown_word("roles", name, every.names()));
            }
        }
    }
    PartyDraft {
        social_credit_code: entry.social_credit_code.clone(),
        customs_code: entry.customs_code.clone(),
        name_zh: entry.zh.clone(),
        name_en: entry.en.clone(),
        roles,
        dxp_id: entry.dxp_id.clone(),
        overseas: entry.overseas.as_ref().map(|o| (o.name.clone(), o.country.clone())),
        contact: entry.contact.as_ref().map(|c| Contact {
            person: c.person.clone(),
            phone: c.phone.clone(),
            email: c.email.clone(),
            address: c.address.clone(),
        }),
    }
}

fn delegation_draft(entry: &DelegationEntry, findings: &mut Vec<Finding>) -> DelegationDraft {
    let mut acts = Acts::NONE;
    for name in &entry.acts {
        match Act::parse(name) {
            Some(act) => acts = acts.with(act),
            None => {
                let every: Acts = Act::ALL.iter().copied().collect();
                findings.push(unknown_word("acts", name, every.names()));
            }
        }
    }
    DelegationDraft {
        from: entry.from.clone(),
        to: entry.to.clone(),
        acts,
        modes: entry.modes.clone(),
        districts: entry.districts.clone(),
        valid_from: entry.valid_from,
        valid_until: entry.valid_until,
    }
}

fn unknown_word(path: &str, found: &str, expected: String) -> Finding {
    Finding::error(
        "zone.unknown_word",
        Text::new("没有这个取值", "There is no such word"),
        Text::new("从允许的取值中选", "Choose one of those allowed"),
    )
    .at(path)
    .found(found, expected)
}

/// Codes are used once, and whatever is referred to is there.
fn references(
    source: &Source<'_>,
    file: &File,
    parties: &[PartyDraft],
    delegations: &[DelegationDraft],
    findings: &mut Vec<Finding>,
) {
    let mut roles: HashMap<&str, Roles> = HashMap::new();
    for (i, party) in parties.iter().enumerate() {
        for code in [&party.social_credit_code, &party.customs_code, &party.dxp_id] {
            let Some(code) = code else { continue };
            if roles.insert(code, party.roles).is_some() {
                let path = format!("party[{i}]");
                findings.push(source.place(twice(code), file.party[i].span(), &path));
            }
        }
    }
    let districts: HashSet<&str> =
        file.district.iter().map(|district| district.get_ref().code.as_str()).collect();
    let counties: HashSet<&str> =
        file.county.iter().map(|county| county.get_ref().id.as_str()).collect();
    let mut want = |known: bool, value: &str, of: &str, span: Range<usize>, path: String| {
        if !known {
            findings.push(source.place(dangling(value, of), span, &path));
        }
    };
    let home = &file.zone.get_ref().home_district;
    want(
        districts.contains(home.as_str()),
        home,
        "district",
        file.zone.span(),
        "zone.home_district".into(),
    );
    for (i, belt) in file.belt.iter().enumerate() {
        let county = belt.get_ref().county.as_str();
        want(counties.contains(county), county, "county", belt.span(), format!("belt[{i}].county"));
    }
    for (i, park) in file.park.iter().enumerate() {
        for county in &park.get_ref().counties {
            let known = counties.contains(county.as_str());
            want(known, county, "county", park.span(), format!("park[{i}].counties"));
        }
    }
    for (i, book) in file.account_book.iter().enumerate() {
        let AccountBook { firm, district, .. } = book.get_ref();
        let keeper = roles.get(firm.as_str()).is_some_and(|roles| roles.has(Role::ZoneFirm));
        want(keeper, firm, "zone firm", book.span(), format!("account_book[{i}].firm"));
        let known = districts.contains(district.as_str());
        want(known, district, "district", book.span(), format!("account_book[{i}].district"));
    }
    for (i, draft) in delegations.iter().enumerate() {
        let span = file.delegation[i].span();
        for (path, code) in [("from", &draft.from), ("to", &draft.to)] {
            let known = roles.contains_key(code.as_str());
            want(known, code, "party", span.clone(), format!("delegation[{i}].{path}"));
        }
        for district in &draft.districts {
            let known = districts.contains(district.as_str());
            want(known, district, "district", span.clone(), format!("delegation[{i}].districts"));
        }
    }
}

fn twice(code: &str) -> Finding {
    Finding::error(
        "zone.twice",
        Text::new("同一代码出现两次", "The same code stands twice"),
        Text::new("每家企业只写一次", "Write each firm once"),
    )
    .found(code, "each code once")
}

fn dangling(value: &str, of: &str) -> Finding {
    Finding::error(
        "zone.dangling",
        Text::new("所引用的对象不在本文件中", "What is referred to is not in this file"),
        Text::new("补上该对象或更正引用", "Add it, or correct the reference"),
    )
    .found(value, format!("a {of} of this file"))
}
