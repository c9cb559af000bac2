//! What is compared and what comes out.

use kernel::{Decimal, Finding, Level};

use super::rules::texts;
use crate::document::{Inventory, Kind, Order, Payment, Waybill};

/// The documents of one sale, as far as they have arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parcel<'a> {
    /// 订单.
    pub order: Option<&'a Order>,
    /// 支付单.
    pub payment: Option<&'a Payment>,
    /// 运单.
    pub waybill: Option<&'a Waybill>,
    /// 清单.
    pub inventory: Option<&'a Inventory>,
}

/// How far amounts may differ. The default is equality.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tolerance {
    /// Between order and payment, yuan.
    pub paid: Decimal,
    /// Between order and inventory lines, yuan a line.
    pub line: Decimal,
    /// Freight and insurance between waybill and inventory, yuan.
    pub freight: Decimal,
    /// Gross weight between waybill and inventory, kilograms.
    pub weight_kg: Decimal,
}

/// What is compared on a day, and how exactly.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// How far amounts may differ.
    pub tolerance: Tolerance,
    /// Which comparisons are made.
    pub points: Points,
    /// Whether buyer and payer must be one person.
    pub buyer_is_payer: bool,
}

/// The comparisons the rules of a day name, by pair of documents. A pair without a list compares
/// everything it can.
#[derive(Clone, Debug, Default)]
pub struct Points {
    lists: Vec<(Box<str>, Vec<Box<str>>)>,
}

impl Points {
    /// Makes only these comparisons of a pair, such as `match.order_payment`.
    pub fn allow<'a>(&mut self, pair: &str, names: impl Iterator<Item = &'a str>) {
        self.lists.push((pair.into(), names.map(Into::into).collect()));
    }

    /// Whether a comparison is made.
    pub fn has(&self, pair: &str, name: &str) -> bool {
        let list = self.lists.iter().find(|(of, _)| **of == *pair);
        list.is_none_or(|(_, names)| names.iter().any(|known| **known == *name))
    }
}

/// In which capacity a firm is asked to mend something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// 电商平台.
    Platform,
    /// 电商企业.
    Ebc,
    /// 支付企业.
    Payment,
    /// 物流企业.
    Logistics,
    /// 申报企业.
    Declarant,
    /// 区内企业.
    AreaFirm,
    /// 监管场所经营人.
    Site,
    /// 担保企业.
    Guarantor,
}

impl Role {
    /// The word stored and answered.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Platform => "platform",
            Role::Ebc => "ebc",
            Role::Payment => "payment",
            Role::Logistics => "logistics",
            Role::Declarant => "declarant",
            Role::AreaFirm => "area_firm",
            Role::Site => "site",
            Role::Guarantor => "guarantor",
        }
    }

    /// In Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Role::Platform => "电商平台",
            Role::Ebc => "电商企业",
            Role::Payment => "支付企业",
            Role::Logistics => "物流企业",
            Role::Declarant => "申报企业",
            Role::AreaFirm => "区内企业",
            Role::Site => "监管场所经营人",
            Role::Guarantor => "担保企业",
        }
    }

    /// In English, inside a sentence.
    pub const fn en(self) -> &'static str {
        match self {
            Role::Platform => "platform",
            Role::Ebc => "e-commerce firm",
            Role::Payment => "payment firm",
            Role::Logistics => "logistics firm",
            Role::Declarant => "declarant",
            Role::AreaFirm => "zone firm",
            Role::Site => "site operator",
            Role::Guarantor => "guarantor",
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// The firm's code; empty when nobody has named it yet.
    pub party: String,
    /// In which capacity.
    pub role: Role,
}

/// One difference between two documents of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Stable code, such as `match.amount`.
    pub code: &'static str,
    /// Whether it stops the inventory.
    pub level: Level,
    /// The document that is right by convention, its field and what it holds (masked).
    pub left: Side,
    /// The document that differs, its field and what it holds (masked).
    pub right: Side,
    /// Who mends it.
    pub task: Task,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Which document.
    pub kind: Kind,
    /// The field's element name, with the line when there is one: `lines[2].qty`.
    pub field: String,
    /// The value; masked when personal.
    pub value: String,
}

impl Mismatch {
    /// As a finding: path is the differing field, `found` its value, `expected` the other's.
    pub fn finding(&self) -> Finding {
        let (message, remedy) = texts(self);
        let finding = match self.level {
            Level::Error => Finding::error(self.code, message, remedy),
            Level::Warning => Finding::warning(self.code, message, remedy),
        };
        finding
            .at(format!("{}.{}", self.right.kind.word(), self.right.field))
            .found(self.right.value.as_str(), self.left.value.as_str())
    }
}

/// A document that has not arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub kind: Kind,
    /// Who sends it.
    pub task: Task,
}

/// What comparing gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Documents are missing; what is there agrees, or differs as listed.
    Waiting {
        /// The missing ones.
        missing: Vec<Missing>,
        /// Differences found already.
        mismatches: Vec<Mismatch>,
    },
    /// Everything is there and agrees; only warnings remain.
    Matched(Vec<Mismatch>),
    /// Everything is there and something differs.
    Mismatched(Vec<Mismatch>),
}

impl Outcome {
    /// The differences, errors and warnings.
    pub fn mismatches(&self) -> &[Mismatch] {
        match self {
            Outcome::Waiting { mismatches, .. }
            | Outcome::Matched(mismatches)
            | Outcome::Mismatched(mismatches) => mismatches,
        }
    }

    /// The missing documents.
    pub fn missing(&self) -> &[Missing] {
        match self {
            Outcome::Waiting { missing, .. } => missing,
            _ => &[],
        }
    }

    /// The word used in answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Outcome::Waiting { .. } => "waiting",
            Outcome::Matched(_) => "matched",
            Outcome::Mismatched(_) => "mismatched",
        }
    }
}
