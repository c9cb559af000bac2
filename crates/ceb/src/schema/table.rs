//! What the tables are made of: the shape of a value, a field, a record, and the macros in which
//! one field is one line.

/// What may stand in a field, as the official schema says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Characters (not bytes).
    Text {
        /// Fewest characters.
        min: u32,
        /// Most characters; `u32::MAX` when there is no bound.
        max: u32,
        /// Whether white space is collapsed before the length is taken.
        collapse: bool,
    },
    /// A decimal number without exponent; surrounding white space does not count.
    Decimal {
        /// Most significant digits in all.
        total: u8,
        /// Most digits after the point.
        fraction: u8,
    },
    /// A 32-bit integer.
    Int {
        /// Most digits; 0 when only the 32 bits bound it.
        digits: u8,
    },
}

/// A value the schema itself supplies when the element stands there empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Nothing else may stand there.
    Fixed(&'static str),
    /// Taken when the element is empty.
    Default(&'static str),
}

/// What kind of value a field holds, beyond its shape: says which business checks apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Free text.
    Plain,
    /// 36-character identifier of a message or document.
    Guid,
    /// `yyyyMMddHHmmss`, Beijing time.
    Moment,
    /// `yyyyMMddHHmmssSSS`, Beijing time.
    MomentMillis,
    /// `yyyyMMdd`.
    Day,
    /// 10-character customs code or 18-character unified social credit code.
    Enterprise,
    /// The same, or the word for "has none".
    EnterpriseOrNone,
    /// Resident identity number, when the document type says so.
    IdNumber,
    /// 10-digit commodity code.
    HsCode,
    /// Amount of money, not negative.
    Money,
    /// Quantity or weight, above zero.
    Quantity,
    /// Whole number from 1.
    Count,
    /// Number of a line.
    Line,
    /// Pre-entry number of the e-port.
    PreNo,
    /// Inventory number given by customs.
    InventoryNo,
}

/// Lists of codes a field may draw from. The short ones belong to the message format and are
/// known here ([`CodeList::builtin`]); the others are the register's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeList {
    /// Kind of report 报送类型.
    AppType,
    /// Business status of what is sent 业务状态.
    AppStatus,
    /// Kind of order 订单类型.
    OrderType,
    /// Import or export 进出口标记.
    IeFlag,
    /// Identity document 证件类型.
    IdType,
    /// Waybill status 物流运单状态.
    LogisticsStatus,
    /// Simplified or summarised export declaration 申报业务类型.
    StatisticsFlag,
    /// Tax bill status 税单状态.
    TaxBillStatus,
    /// By whom a summary groups 收发货人汇总标志.
    SummaryFlag,
    /// Whether a summary groups by item name 按商品名汇总标志.
    ItemNameFlag,
    /// Transport of messages 报文传输模式.
    DxpMode,
    /// What a third party subscribes to 订阅内容.
    SubscriptionStatus,
    /// Customs district 关区代码.
    CustomsDistrict,
    /// Country or region, three digits 国别（地区）代码.
    Country,
    /// Currency, three digits 币制代码.
    Currency,
    /// Unit of measure 计量单位代码.
    Unit,
    /// Transport mode 运输方式代码.
    TransportMode,
    /// Package type 包装种类代码.
    WrapType,
    /// Trade (supervision) mode 监管方式代码.
    TradeMode,
    /// Receipt status 回执状态.
    ReceiptStatus,
    /// Administrative division 行政区划代码.
    Division,
}

impl CodeList {
    /// How many lists there are.
    pub(crate) const COUNT: usize = CodeList::Division as usize + 1;
}

/// Why a value must be masked when shown and sealed when stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Personal {
    /// Name of a natural person.
    Name,
    /// Identity document number.
    IdNumber,
    /// Telephone number.
    Phone,
    /// Postal address.
    Address,
    /// Account at a platform.
    Account,
}

impl Personal {
    /// The value as it may be shown.
    pub fn mask(self, value: &str) -> String {
        match self {
            Personal::Name | Personal::Account => kernel::mask::name(value),
            Personal::IdNumber => kernel::mask::id_number(value),
            Personal::Phone => kernel::mask::phone(value),
            Personal::Address => kernel::mask::address(value),
        }
    }
}

/// A word of the vocabulary: a field's name and meaning wherever it occurs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) name: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) form: Form,
    pub(crate) list: Option<CodeList>,
    pub(crate) personal: Option<Personal>,
    pub(crate) note_zh: &'static str,
    pub(crate) note_en: &'static str,
}

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Element name, as on the wire (misspellings of the standard included).
    pub name: &'static str,
    /// Chinese meaning.
    pub zh: &'static str,
    /// English meaning.
    pub en: &'static str,
    /// Shape of the value.
    pub format: Format,
    /// Whether the element must stand there.
    pub required: bool,
    /// Value the schema supplies for an empty element.
    pub preset: Option<Preset>,
    /// Kind of value.
    pub form: Form,
    /// Code list the value comes from.
    pub list: Option<CodeList>,
    /// Set for personal data.
    pub personal: Option<Personal>,
    /// Remark in Chinese, empty if none.
    pub note_zh: &'static str,
    /// Remark in English, empty if none.
    pub note_en: &'static str,
}

impl Field {
    pub(crate) const fn new(term: &Term, required: bool, shape: Shape) -> Field {
        Field {
            name: term.name,
            zh: term.zh,
            en: term.en,
            format: shape.format,
            required,
            preset: shape.preset,
            form: term.form,
            list: term.list,
            personal: term.personal,
            note_zh: term.note_zh,
            note_en: term.note_en,
        }
    }

    pub(crate) const fn noted(mut self, zh: &'static str, en: &'static str) -> Field {
        self.note_zh = zh;
        self.note_en = en;
        self
    }

    /// The value as it may appear in a finding: masked when personal.
    pub fn shown(&self, value: &str) -> String {
        match self.personal {
            Some(personal) => personal.mask(value),
            None => value.to_owned(),
        }
    }
}

/// A record: an element with fields in a fixed order.
#[derive(Debug)]
pub struct RecordDef {
    /// Element name.
    pub element: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// The fields, in the order of the wire.
    pub fields: &'static [Field],
    /// The positions of the fields, by their names.
    pub(crate) names: Names,
}

impl RecordDef {
    /// Position of a field by its element name.
    pub fn index(&self, name: &str) -> Option<FieldIndex> {
        let mut slot = slot(name.as_bytes());
        loop {
            let at = self.names.0[slot];
            if self.fields.get(usize::from(at))?.name == name {
                return Some(FieldIndex(at));
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// A field by position.
    pub fn field(&self, at: FieldIndex) -> Option<&'static Field> {
        self.fields.get(usize::from(at.0))
    }
}

/// Slots of [`Names`], more than twice as many as the longest record has fields, so that there is
/// always an empty one and the first looked at is most often the right one.
const SLOTS: usize = 128;

/// A hash table made when compiling: in the slot of a name, or the next free one after it, the
/// position of its field.
#[derive(Debug)]
pub(crate) struct Names([u8; SLOTS]);

impl Names {
    const EMPTY: u8 = u8::MAX;

    pub(crate) const fn new(fields: &[Field]) -> Names {
        assert!(fields.len() * 2 < SLOTS);
        let mut slots = [Names::EMPTY; SLOTS];
        let mut at = 0;
        while at < fields.len() {
            let mut slot = slot(fields[at].name.as_bytes());
            while slots[slot] != Names::EMPTY {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = at as u8;
            at += 1;
        }
        Names(slots)
    }
}

const fn slot(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    let (first, middle, last) = (name[0], name[length / 2], name[length - 1]);
    let sum = length * 11 + first as usize * 5 + middle as usize * 37 + last as usize * 19;
    sum % SLOTS
}

impl PartialEq for RecordDef {
    fn eq(&self, other: &RecordDef) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for RecordDef {}

/// Position of a field within its record. Each record has a module of these, named by the
/// vocabulary: `schema::import::order_head::ORDER_NO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIndex(pub(crate) u8);

/// Shape and preset of a row.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    format: Format,
    preset: Option<Preset>,
}

impl Shape {
    pub(crate) const fn fixed(mut self, value: &'static str) -> Shape {
        self.preset = Some(Preset::Fixed(value));
        self
    }

    pub(crate) const fn preset(mut self, value: &'static str) -> Shape {
        self.preset = Some(Preset::Default(value));
        self
    }

    pub(crate) const fn collapsed(mut self) -> Shape {
        if let Format::Text { min, max, .. } = self.format {
            self.format = Format::Text { min, max, collapse: true };
        }
        self
    }
}

pub(crate) const fn within(min: u32, max: u32) -> Shape {
    Shape { format: Format::Text { min, max, collapse: false }, preset: None }
}

pub(crate) const fn exactly(length: u32) -> Shape {
    within(length, length)
}

pub(crate) const fn up_to(max: u32) -> Shape {
    within(0, max)
}

pub(crate) const fn some(max: u32) -> Shape {
    within(1, max)
}

pub(crate) const fn unlimited() -> Shape {
    within(0, u32::MAX)
}

pub(crate) const fn amount() -> Shape {
    Shape { format: Format::Decimal { total: 19, fraction: 5 }, preset: None }
}

pub(crate) const fn digits(digits: u8) -> Shape {
    Shape { format: Format::Int { digits }, preset: None }
}

pub(crate) const fn line() -> Shape {
    digits(0)
}

/// `NAME "element" "中文" "English" [form F] [list L] [personal P][, "备注" "note"];`
macro_rules! terms {
    ($($name:ident $element:literal $zh:literal $en:literal
        $(form $form:ident)? $(list $list:ident)? $(personal $personal:ident)?
        $(, $note_zh:literal $note_en:literal)? ;)*) => {
        $(pub(crate) const $name: Term = Term {
            name: $element,
            zh: $zh,
            en: $en,
            form: one!(Form::Plain $(, Form::$form)?),
            list: one!(None $(, Some(CodeList::$list))?),
            personal: one!(None $(, Some(Personal::$personal))?),
            note_zh: one!("" $(, $note_zh)?),
            note_en: one!("" $(, $note_en)?),
        };)*
    };
}

/// The second expression if there is one, else the first.
macro_rules! one {
    ($first:expr) => {
        $first
    };
    ($first:expr, $second:expr) => {
        $second
    };
}

/// `CONST module "Element" "中文" "English" { TERM R|O shape [, "备注" "note"]; … }`: a record
/// and the module with the positions of its fields.
macro_rules! records {
    ($($(#[$doc:meta])* $record:ident $module:ident $element:literal $zh:literal $en:literal {
        $($term:ident $presence:ident $shape:expr $(, $note_zh:literal $note_en:literal)? ;)*
    })*) => {
        $(
            $(#[$doc])*
            pub static $record: RecordDef = {
                const FIELDS: &[Field] = &[$(
                    Field::new(&crate::schema::term::$term, required!($presence), $shape)
                        $(.noted($note_zh, $note_en))?,
                )*];
                let names = Names::new(FIELDS);
                RecordDef { element: $element, zh: $zh, en: $en, fields: FIELDS, names }
            };

            #[doc = concat!("Positions of the fields of `", $element, "`.")]
            pub mod $module {
                use crate::schema::table::FieldIndex;

                #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
                enum Position { $($term,)* }

                $(
                    #[doc = concat!("`", stringify!($term), "`.")]
                    pub const $term: FieldIndex = FieldIndex(Position::$term as u8);
                )*
            }
        )*
    };
}

macro_rules! required {
    (R) => {
        true
    };
    (O) => {
        false
    };
}

pub(crate) use {one, records, required, terms};
