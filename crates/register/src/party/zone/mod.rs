//! A city as data: its customs districts, counties, belts, agencies, parks, targets, account books
//! and firms, from `zones/*.toml`. A third city is a file.

mod read;

use kernel::{Date, Finding};
use serde::Deserialize;

use super::types::{DelegationDraft, PartyDraft};

/// A pilot zone.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Short name: the file's name without `.toml`, such as `zibo`.
    pub id: String,
    /// Names, the approval, and the district where the core area's retail imports are declared.
    pub about: About,
    /// What the city set out to reach.
    pub targets: Targets,
    /// Customs districts whose codes appear in this zone's documents.
    pub districts: Vec<District>,
    /// Counties and functional areas.
    pub counties: Vec<County>,
    /// Industrial belts.
    pub belts: Vec<Belt>,
    /// Agencies the plan gives a task.
    pub agencies: Vec<Agency>,
    /// The core area and the other areas the plan names.
    pub parks: Vec<Park>,
    /// Bonded account books of the core area.
    pub account_books: Vec<AccountBook>,
    /// Firms, ready to register.
    pub parties: Vec<PartyDraft>,
    /// Delegations between them, ready to register.
    pub delegations: Vec<DelegationDraft>,
    /// What is worth a look in the file though it could be loaded. Level warning, all of them.
    pub findings: Vec<Finding>,
}

/// The zone itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Official name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// City, Chinese.
    pub city_zh: String,
    /// City, English.
    pub city_en: String,
    /// The approving paper.
    pub approval: String,
    /// Its date.
    pub approved_on: Date,
    /// Customs district where the core area's retail imports are declared; one of `districts`.
    pub home_district: String,
    /// The name of the competent customs.
    pub competent_customs_zh: String,
    /// Its English name.
    pub competent_customs_en: String,
    /// Trade modes enabled in the zone.
    pub modes: Vec<String>,
}

/// Yearly targets of the city plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// The year by whose end they are to be met.
    pub year: i16,
    /// Cross-border e-commerce trade of that year, in units of 100 million yuan (亿元).
    pub trade_100m_yuan: i64,
    /// Average yearly growth, percent, at least.
    pub growth_percent: i64,
    /// Firms brought up, more than.
    pub firms: i64,
    /// Parks, at least.
    pub parks: i64,
    /// Public overseas warehouses, at least.
    pub overseas_warehouses: i64,
}

/// A customs district 关区.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    /// Four digits.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Whether the current code table confirms it.
    pub confirmed: bool,
    /// Where the code comes from, and what to check.
    #[serde(default)]
    pub note: String,
}

/// A county, district or functional area of the city.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct County {
    /// Short name used by belts and parks.
    pub id: String,
    /// GB/T 2260 code; functional areas have none.
    pub code: Option<String>,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Whether the code was compared with the current standard.
    pub confirmed: bool,
}

/// An industrial belt 产业带.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belt {
    /// Which county it lies in.
    pub county: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// An agency the plan gives a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Short name.
    pub id: String,
    /// Chinese name as in the plan.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// What kind of area a park is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkKind {
    /// The core area: the comprehensive bonded zone.
    Core,
    /// An area or cluster that the plan names.
    Area,
}

/// An area of the zone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Park {
    /// Short name.
    pub id: String,
    /// Core or other.
    pub kind: ParkKind,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Counties it covers.
    pub counties: Vec<String>,
    /// What the plan wants of it, Chinese.
    pub purpose_zh: String,
}

/// A bonded account book 账册 of a zone firm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountBook {
    /// Account book number (`emsNo`), 12 characters.
    pub ems_no: String,
    /// Code of the zone firm that keeps it.
    pub firm: String,
    /// Customs district.
    pub district: String,
    /// What it is for.
    pub zh: String,
}

impl Zone {
    /// Reads a zone from TOML text. `file` names it in findings; `id` is the file's stem.
    ///
    /// # Errors
    /// Every finding of level error, with file and line: broken TOML, unknown keys, missing or
    /// ill-formed values, references to nothing, the same code twice.
    pub fn parse(id: &str, file: &str, text: &str) -> Result<Zone, Vec<Finding>> {
        read::zone(id, file, text)
    }

    /// Reads a zone file.
    ///
    /// # Errors
    /// As [`Zone::parse`], and `zone.unreadable` when the file cannot be read.
    pub fn load(path: &std::path::Path) -> Result<Zone, Vec<Finding>> {
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Zone::parse(&id, &file, &text),
            Err(error) => Err(vec![read::unreadable(&file, &error)]),
        }
    }

    /// A zone that comes with the program: `zibo` or `rizhao`.
    pub fn builtin(id: &str) -> Option<Result<Zone, Vec<Finding>>> {
        let (_, text) = BUILTIN.iter().find(|(name, _)| *name == id)?;
        Some(Zone::parse(id, &format!("zones/{id}.toml"), text))
    }

    /// The names of the zones that come with the program.
    pub fn builtin_ids() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(id, _)| *id)
    }

    /// The core area's account book of a firm.
    pub fn account_book_of(&self, firm: &str) -> Option<&AccountBook> {
        self.account_books.iter().find(|book| book.firm == firm)
    }
}

const BUILTIN: &[(&str, &str)] = &[
    ("zibo", include_str!("../../../../../zones/zibo.toml")),
    ("rizhao", include_str!("../../../../../zones/rizhao.toml")),
];

#[cfg(test)]
mod tests;
