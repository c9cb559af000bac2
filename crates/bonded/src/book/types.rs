//! What a book, a record and an entry are. Values only.

use kernel::id::Kind;
use kernel::{Date, Id};
use register::party::PartyId;
use serde::Deserialize;

use crate::Quantity;
use crate::accounts::Counted;

/// Marks the id of a book.
pub enum BookKind {}
impl Kind for BookKind {
    const PREFIX: &'static str = "bbk";
}
/// Our id of a book.
pub type BookId = Id<BookKind>;

/// Marks the id of a record.
pub enum RecordKind {}
impl Kind for RecordKind {
    const PREFIX: &'static str = "brc";
}
/// Our id of a record.
pub type RecordId = Id<RecordKind>;

/// Marks the id of an entry.
pub enum EntryKind {}
impl Kind for EntryKind {
    const PREFIX: &'static str = "ben";
}
/// Our id of an entry.
pub type EntryId = Id<EntryKind>;

/// The state word of a book in use.
pub(crate) const OPEN: &str = "open";
/// The state word of a book written off.
pub(crate) const CLOSED: &str = "closed";

/// A bonded account book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Our id.
    pub id: BookId,
    /// Account book number (`emsNo`).
    pub number: Box<str>,
    /// The zone enterprise.
    pub holder: PartyId,
    /// Its code on this platform.
    pub holder_code: Box<str>,
    /// The code documents name it by (`areaCode`).
    pub area_code: Box<str>,
    /// Customs district of the zone, four digits.
    pub zone: Box<str>,
    /// Mode under which goods enter and leave, such as `1210`.
    pub trade_mode: Box<str>,
    /// Whether goods leave under the mode they entered with.
    pub mode_bound: bool,
    /// Whether it is in use.
    pub open: bool,
}

/// A book to register.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BondedBookDraft)]
pub struct BookDraft {
    /// 账册编号 / Account book number (`emsNo`).
    #[schema(example = "T4253W000001", max_length = 30)]
    pub number: String,
    /// 经营企业代码;企业本身可不填 / Code of the zone enterprise; a firm may leave it out.
    pub holder: Option<String>,
    /// 所在区域的关区代码 / Customs district of the zone.
    #[schema(example = "4253")]
    pub zone: String,
    /// 监管方式 / Trade mode.
    #[schema(example = "1210")]
    pub trade_mode: String,
}

/// A record of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Our id.
    pub id: RecordId,
    /// Its book.
    pub book: BookId,
    /// Record number 备案料号 (`itemRecordNo`).
    pub item_no: Box<str>,
    /// HS code.
    pub hs_code: Box<str>,
    /// Name of the goods.
    pub name: Box<str>,
    /// Customs unit code.
    pub unit: Box<str>,
}

impl Record {
    pub(crate) fn counted(&self) -> Counted {
        Counted::new(self.id, &self.unit)
    }
}

/// A record to file.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BondedRecordDraft)]
pub struct RecordDraft {
    /// 备案料号 / Record number.
    #[schema(example = "RZ0001", max_length = 30)]
    pub item_record_no: String,
    /// 商品编码 / HS code.
    #[schema(example = "3304990039")]
    pub hs_code: String,
    /// 商品名称 / Name of the goods.
    pub name: String,
    /// 计量单位代码 / Customs unit code.
    #[schema(example = "011")]
    pub unit: String,
    /// 期初库存,仅首次备案时 / Stock taken over, only when first filed.
    pub opening: Option<String>,
}

/// A quantity of a record.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BondedLineDraft)]
pub struct LineDraft {
    /// 备案料号 / Record number.
    #[schema(example = "RZ0001")]
    pub item_record_no: String,
    /// 数量 / Quantity, at most five decimals.
    #[schema(example = "100")]
    pub quantity: String,
    /// 计量单位代码;填写时须与备案一致 / Unit; that of the record when given.
    pub unit: Option<String>,
}

/// A line of something, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u32,
    /// The record.
    pub record: Record,
    /// How much.
    pub quantity: Quantity,
}

/// An entry into the zone to credit.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BondedEntryDraft)]
pub struct EntryDraft {
    /// 核注清单编号 / Checklist number.
    #[schema(example = "QD425326I000000001", max_length = 64)]
    pub checklist_no: String,
    /// 报关单(备案清单)编号 / Customs declaration number.
    #[schema(example = "425320261000000001", max_length = 64)]
    pub declaration_no: String,
    /// 监管方式 / Trade mode.
    #[schema(example = "1210")]
    pub trade_mode: String,
    /// 提运单号 / Bill of lading or master waybill, to find its warehousing details.
    #[serde(default)]
    pub bill_no: String,
    /// 入区日期 / Day of entry.
    #[schema(value_type = String, example = "2026-11-20")]
    pub entered_on: Date,
    /// 商品 / Goods.
    pub lines: Vec<LineDraft>,
}

/// An entry into the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Our id.
    pub id: EntryId,
    /// Its book.
    pub book: BookId,
    /// 核注清单编号.
    pub checklist_no: Box<str>,
    /// Customs declaration number.
    pub declaration_no: Box<str>,
    /// Trade mode.
    pub trade_mode: Box<str>,
    /// Bill number; empty when none.
    pub bill_no: Box<str>,
    /// Day of entry.
    pub entered_on: Date,
    /// Goods.
    pub lines: Vec<Line>,
}
