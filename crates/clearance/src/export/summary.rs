//! The monthly summary: what closed in a month and is declared to be summarised (B), merged into the
//! declarations it will become, and by when.

use std::collections::BTreeMap;

use kernel::{Date, Decimal};

use crate::document::Inventory;

/// What inventories of one declaration have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MergeKey {
    /// 申报企业代码: who applies.
    pub agent_code: String,
    /// 申报地海关代码: where.
    pub customs_code: String,
    /// 收发货人代码.
    pub ebc_code: String,
    /// 运输方式.
    pub traf_mode: String,
    /// 生产销售企业代码.
    pub owner_code: String,
    /// 运抵国.
    pub country: String,
    /// 出境关别.
    pub port_code: String,
}

impl MergeKey {
    /// The key of an export inventory.
    pub fn of(inventory: &Inventory) -> MergeKey {
        let owner = inventory.export.as_ref().map(|terms| terms.owner_code.clone());
        MergeKey {
            agent_code: inventory.agent_code.clone(),
            customs_code: inventory.customs_code.clone(),
            ebc_code: inventory.ebc_code.clone(),
            traf_mode: inventory.traf_mode.clone(),
            owner_code: owner.unwrap_or_default(),
            country: inventory.country.clone(),
            port_code: inventory.port_code.clone(),
        }
    }
}

/// A line of the declaration to be: of one code, unit and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedLine {
    /// 商品编码, ten digits.
    pub hs_code: String,
    /// 计量单位.
    pub unit: String,
    /// 币制.
    pub currency: String,
    /// The name of the first line merged.
    pub name: String,
    /// 数量.
    pub quantity: Decimal,
    /// 总价, in the currency.
    pub total: Decimal,
    /// How many lines it was merged from.
    pub lines: usize,
}

/// The inventories of one declaration to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What they have in common.
    pub key: MergeKey,
    /// 清单编号 of each, in the order given.
    pub invt_nos: Vec<String>,
    /// Its lines, by code, unit and currency.
    pub lines: Vec<MergedLine>,
    /// 毛重, kilograms.
    pub gross_kg: Decimal,
    /// 净重, kilograms.
    pub net_kg: Decimal,
}

/// Merges inventories, by key.
pub fn merge<'a>(inventories: impl Iterator<Item = &'a Inventory>) -> Vec<Merged> {
    let mut groups: BTreeMap<MergeKey, Vec<&Inventory>> = BTreeMap::new();
    for inventory in inventories {
        groups.entry(MergeKey::of(inventory)).or_default().push(inventory);
    }
    groups.into_iter().map(|(key, of)| merged(key, &of)).collect()
}

fn merged(key: MergeKey, inventories: &[&Inventory]) -> Merged {
    let mut lines: BTreeMap<(&str, &str, &str), MergedLine> = BTreeMap::new();
    for line in inventories.iter().flat_map(|inventory| &inventory.lines) {
        let of = (line.hs_code.as_str(), line.unit.as_str(), line.currency.as_str());
        let merged = lines.entry(of).or_insert_with(|| MergedLine {
            hs_code: line.hs_code.clone(),
            unit: line.unit.clone(),
            currency: line.currency.clone(),
            name: line.name.clone(),
            quantity: Decimal::ZERO,
            total: Decimal::ZERO,
            lines: 0,
        });
        merged.quantity += line.quantity;
        merged.total += line.total;
        merged.lines += 1;
    }
    Merged {
        key,
        invt_nos: inventories.iter().map(|inventory| inventory.invt_no.clone()).collect(),
        lines: lines.into_values().collect(),
        gross_kg: inventories.iter().map(|inventory| inventory.gross_kg).sum(),
        net_kg: inventories.iter().map(|inventory| inventory.net_kg).sum(),
    }
}

/// The day by which what closed on a day is summarised: that day of the next month, or its last.
pub fn due_on(closed: Date, due_day: i64) -> Date {
    let day = i8::try_from(due_day).unwrap_or(i8::MAX).max(1);
    let Ok(next) = closed.first_of_month().checked_add(jiff::Span::new().months(1)) else {
        return closed;
    };
    Date::new(next.year(), next.month(), day).unwrap_or_else(|_| next.last_of_month())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ExportTerms, InventoryLine};

    #[test]
    fn lists_closed_in_march_are_due_in_april() {
        for (closed, day, due) in [
            (Date::constant(2026, 3, 1), 15, Date::constant(2026, 4, 15)),
            (Date::constant(2026, 3, 31), 15, Date::constant(2026, 4, 15)),
            (Date::constant(2026, 12, 31), 15, Date::constant(2027, 1, 15)),
            (Date::constant(2026, 1, 31), 31, Date::constant(2026, 2, 28)),
        ] {
            assert_eq!(due_on(closed, day), due, "{closed}");
        }
    }

    fn inventory(n: u32, country: &str, lines: &[(&str, &str, i64)]) -> Inventory {
        let terms = ExportTerms { owner_code: "NO".into(), ..ExportTerms::default() };
        let line = |(hs, currency, total): &(&str, &str, i64)| InventoryLine {
            hs_code: (*hs).into(),
            unit: "011".into(),
            currency: (*currency).into(),
            quantity: 1.into(),
            total: (*total).into(),
            ..InventoryLine::default()
        };
        Inventory {
            export: Some(Box::new(terms)),
            invt_no: format!("42512026E{n:09}"),
            country: country.into(),
            gross_kg: 1.into(),
            lines: lines.iter().map(line).collect(),
            ..Inventory::default()
        }
    }

    #[test]
    fn like_goods_to_one_country_become_one_line() {
        let shirts = ("6109100021", "502", 10);
        let all = [
            inventory(1, "502", &[shirts, ("6204430090", "502", 30)]),
            inventory(2, "502", &[shirts]),
            inventory(3, "502", &[("6109100021", "300", 9)]),
            inventory(4, "304", &[shirts]),
        ];
        let merged = merge(all.iter());
        assert_eq!(merged.len(), 2);
        let america = merged.iter().find(|one| one.key.country == "502").expect("a group");
        assert_eq!((america.invt_nos.len(), america.gross_kg), (3, 3.into()));
        let lines: Vec<_> = america
            .lines
            .iter()
            .map(|line| (line.hs_code.as_str(), line.currency.as_str(), line.total, line.lines))
            .collect();
        assert_eq!(
            lines,
            [
                ("6109100021", "300", 9.into(), 1),
                ("6109100021", "502", 20.into(), 2),
                ("6204430090", "502", 30.into(), 1),
            ]
        );
    }
}
