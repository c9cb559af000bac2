//! What a party, a certificate and a delegation are. Values only.

use kernel::id::Kind;
use kernel::{Date, Id, Time};

/// Marks the id of a party.
pub enum PartyKind {}
impl Kind for PartyKind {
    const PREFIX: &'static str = "pty";
}
/// Our id of a party.
pub type PartyId = Id<PartyKind>;

/// Marks the id of a certificate.
pub enum CertificateKind {}
impl Kind for CertificateKind {
    const PREFIX: &'static str = "crt";
}
/// Our id of a certificate.
pub type CertificateId = Id<CertificateKind>;

/// Marks the id of a delegation.
pub enum DelegationKind {}
impl Kind for DelegationKind {
    const PREFIX: &'static str = "dlg";
}
/// Our id of a delegation.
pub type DelegationId = Id<DelegationKind>;

/// Declares a closed set of words with a stable wire name, a bit and two names for people, and a
/// set type over it.
macro_rules! words {
    ($(#[$doc:meta])* $word:ident, $(#[$set_doc:meta])* $set:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $name:literal, $zh:literal, $en:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $word { $($(#[$variant_doc])* $variant,)+ }

        impl $word {
            /// Every word, in order.
            pub const ALL: &'static [$word] = &[$($word::$variant),+];

            /// The name on the wire and in tables.
            pub const fn name(self) -> &'static str {
                match self { $($word::$variant => $name),+ }
            }

            /// The word from its wire name.
            pub fn parse(name: &str) -> Option<$word> {
                match name { $($name => Some($word::$variant),)+ _ => None }
            }

            /// In Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $($word::$variant => $zh),+ }
            }

            /// In English.
            pub const fn en(self) -> &'static str {
                match self { $($word::$variant => $en),+ }
            }

            const fn bit(self) -> i64 {
                1 << (self as i64)
            }
        }

        $(#[$set_doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $set(i64);

        impl $set {
            /// Nothing.
            pub const NONE: $set = $set(0);

            /// These.
            pub const fn of(words: &[$word]) -> $set {
                let mut bits = 0;
                let mut i = 0;
                while i < words.len() {
                    bits |= words[i].bit();
                    i += 1;
                }
                $set(bits)
            }

            /// From the stored bits; bits without a meaning are dropped.
            pub const fn from_bits(bits: i64) -> $set {
                $set(bits & $set::of($word::ALL).0)
            }

            /// As stored: one bit a word, in the order of [`Self::iter`]. Words are only ever
            /// added at the end.
            pub const fn bits(self) -> i64 {
                self.0
            }

            /// Whether it is among them.
            pub const fn has(self, word: $word) -> bool {
                self.0 & word.bit() != 0
            }

            /// Whether one of `others` is among them.
            pub const fn any(self, others: $set) -> bool {
                self.0 & others.0 != 0
            }

            /// Whether there are none.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// With one more.
            #[must_use]
            pub const fn with(self, word: $word) -> $set {
                $set(self.0 | word.bit())
            }

            /// Each of them, in order.
            pub fn iter(self) -> impl Iterator<Item = $word> {
                $word::ALL.iter().copied().filter(move |word| self.has(*word))
            }

            /// Wire names, joined with `, `: for findings.
            pub fn names(self) -> String {
                let names: Vec<&str> = self.iter().map($word::name).collect();
                names.join(", ")
            }

            /// Chinese names, joined with `、`.
            pub fn zh(self) -> String {
                let names: Vec<&str> = self.iter().map($word::zh).collect();
                names.join("、")
            }

            /// English names, joined with ` or `.
            pub fn en(self) -> String {
                let names: Vec<&str> = self.iter().map($word::en).collect();
                names.join(" or ")
            }
        }

        impl FromIterator<$word> for $set {
            fn from_iter<I: IntoIterator<Item = $word>>(words: I) -> $set {
                words.into_iter().fold($set::NONE, $set::with)
            }
        }
    };
}

words! {
    /// What a firm may be in a parcel (regulations H1).
    Role,
    /// The roles of one firm.
    Roles {
        /// Runs the shop on which the order was made 电商平台.
        Platform = "platform", "电商平台", "platform";
        /// Sells the goods 电商企业; for an overseas seller, its domestic agent.
        Ecommerce = "ecommerce", "电商企业", "e-commerce firm";
        /// Took the buyer's payment 支付企业.
        Payment = "payment", "支付企业", "payment firm";
        /// Carries the parcel 物流企业.
        Logistics = "logistics", "物流企业", "logistics firm";
        /// Declares for others 报关企业.
        Broker = "broker", "报关企业", "customs broker";
        /// Keeps bonded stock in the zone 区内仓储企业.
        ZoneFirm = "zone_firm", "区内企业", "zone warehouse firm";
        /// Runs a supervised place 监管作业场所经营人.
        Site = "site", "监管场所经营人", "supervised place operator";
        /// Stands surety for the taxes 担保企业.
        Guarantor = "guarantor", "担保企业", "guarantor";
    }
}

words! {
    /// What one firm may do for another: send one kind of document of the message family.
    Act,
    /// The acts a delegation covers.
    Acts {
        /// Order, CEB311 and CEB303.
        Order = "order", "订单", "order";
        /// Payment, CEB411.
        Payment = "payment", "支付单", "payment";
        /// Receipt of funds, CEB403.
        FundsReceipt = "funds_receipt", "收款单", "receipt of funds";
        /// Waybill, CEB511 and CEB505.
        Waybill = "waybill", "运单", "waybill";
        /// Waybill status, CEB513.
        WaybillStatus = "waybill_status", "运单状态", "waybill status";
        /// Retail declaration, CEB621 and CEB603.
        Inventory = "inventory", "清单", "inventory";
        /// Cancel application, CEB623 and CEB605.
        Cancel = "cancel", "撤销申请单", "cancel application";
        /// Return application, CEB625 and CEB213.
        Return = "return", "退货申请单", "return application";
        /// Warehousing detail, CEB711.
        Warehousing = "warehousing", "入库明细单", "warehousing detail";
        /// Arrival, CEB507.
        Arrival = "arrival", "运抵单", "arrival";
        /// Departure, CEB509.
        Departure = "departure", "离境单", "departure";
        /// Consolidation, CEB607.
        Consolidation = "consolidation", "清单总分单", "consolidation";
        /// Tally of returned goods, CEB215.
        Tally = "tally", "退货理货明细单", "tally";
        /// Summary application, CEB701.
        Summary = "summary", "汇总申请单", "summary application";
    }
}

impl Act {
    /// The act that sending a message of this type is, from `CEB311` or `CEB311Message`. `None`
    /// for receipts and for unknown types.
    pub fn of_message(code: &str) -> Option<Act> {
        let digits = code.strip_prefix("CEB")?;
        match digits.strip_suffix("Message").unwrap_or(digits) {
            "311" | "303" => Some(Act::Order),
            "411" => Some(Act::Payment),
            "403" => Some(Act::FundsReceipt),
            "511" | "505" => Some(Act::Waybill),
            "513" => Some(Act::WaybillStatus),
            "621" | "603" => Some(Act::Inventory),
            "623" | "605" => Some(Act::Cancel),
            "625" | "213" => Some(Act::Return),
            "711" => Some(Act::Warehousing),
            "507" => Some(Act::Arrival),
            "509" => Some(Act::Departure),
            "607" => Some(Act::Consolidation),
            "215" => Some(Act::Tally),
            "701" => Some(Act::Summary),
            _ => None,
        }
    }

    /// The roles that bear the responsibility for such a document (ceb-messages section 1): a firm
    /// with one of them sends its own without anybody's leave.
    pub const fn responsible(self) -> Roles {
        match self {
            Act::Order => Roles::of(&[Role::Platform, Role::Ecommerce]),
            Act::Payment => Roles::of(&[Role::Payment]),
            Act::FundsReceipt => Roles::of(&[Role::Payment, Role::Ecommerce]),
            Act::Waybill | Act::WaybillStatus | Act::Departure => Roles::of(&[Role::Logistics]),
            Act::Warehousing => Roles::of(&[Role::Site]),
            Act::Arrival | Act::Tally => Roles::of(&[Role::Logistics, Role::Site]),
            Act::Inventory | Act::Cancel | Act::Return | Act::Consolidation | Act::Summary => {
                Roles::of(&[Role::Ecommerce])
            }
        }
    }

    /// The roles that may act for the responsible firm when it has given leave: express and postal
    /// operators and platforms for orders and payments, brokers and zone firms for declarations.
    pub const fn agents(self) -> Roles {
        match self {
            Act::Order | Act::Payment | Act::FundsReceipt => {
                Roles::of(&[Role::Logistics, Role::Platform, Role::Payment, Role::Broker])
            }
            Act::Waybill | Act::WaybillStatus | Act::Departure | Act::Arrival => {
                Roles::of(&[Role::Logistics, Role::Broker, Role::Site])
            }
            Act::Warehousing | Act::Tally => Roles::of(&[Role::Site, Role::ZoneFirm]),
            Act::Inventory | Act::Cancel | Act::Return | Act::Consolidation | Act::Summary => {
                Roles::of(&[Role::Broker, Role::ZoneFirm, Role::Platform, Role::Logistics])
            }
        }
    }
}

words! {
    /// Where a firm stands with the zone.
    State,
    /// Several states, as a filter.
    States {
        /// May act.
        Active = "active", "正常", "active";
        /// May not act for a while.
        Suspended = "suspended", "暂停", "suspended";
        /// Gone for good; its documents stay.
        Closed = "closed", "注销", "closed";
    }
}

/// A state with its days and its reason. Outside its days the firm is active.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The state on the days from `from` to `until`.
    pub state: State,
    /// First day, Beijing calendar.
    pub from: Date,
    /// Last day, inclusive; none is "until changed".
    pub until: Option<Date>,
    /// Why; empty for a firm that was never anything but active.
    pub reason: Box<str>,
}

impl Standing {
    /// Active since a day.
    pub fn active(from: Date) -> Standing {
        Standing { state: State::Active, from, until: None, reason: "".into() }
    }

    /// The state on a day.
    pub fn on(&self, day: Date) -> State {
        let within = self.from <= day && self.until.is_none_or(|until| day <= until);
        if within { self.state } else { State::Active }
    }
}

/// A change of where a firm stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingChange {
    /// No new documents from `from` to `until` (inclusive; none is "until resumed").
    Suspend {
        /// First day.
        from: Date,
        /// Last day.
        until: Option<Date>,
    },
    /// Active again from today.
    Resume,
    /// Gone for good from a day on.
    Close {
        /// First day.
        from: Date,
    },
}

/// A name in both languages; the Chinese one is the registered one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Registered name.
    pub zh: Box<str>,
    /// English name, empty when the firm has none.
    pub en: Box<str>,
}

/// The seller abroad for whom a domestic firm answers (境外电商企业的境内代理人).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OverseasSeller {
    /// Name of the seller abroad.
    pub name: Box<str>,
    /// ISO 3166 two-letter country.
    pub country: Box<str>,
}

/// A registered firm, without its certificates and its contact person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Our id.
    pub id: PartyId,
    /// Unified social credit code, 18 characters.
    pub social_credit_code: Option<Box<str>>,
    /// Customs registration code, 10 characters.
    pub customs_code: Option<Box<str>>,
    /// Names.
    pub name: Name,
    /// What it may be in a parcel.
    pub roles: Roles,
    /// Where it stands.
    pub standing: Standing,
    /// Its address on the customs transport, such as `DXPENT0000012345`.
    pub dxp_id: Option<Box<str>>,
    /// The seller abroad it answers for, if any.
    pub overseas: Option<OverseasSeller>,
    /// Grows with each change.
    pub version: i64,
}

impl Party {
    /// The code it is known by: the social credit code where it has one, else the customs code.
    pub fn code(&self) -> &str {
        self.social_credit_code.as_deref().or(self.customs_code.as_deref()).unwrap_or_default()
    }

    /// Whether a message may call it by this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.social_credit_code.as_deref() == Some(code)
            || self.customs_code.as_deref() == Some(code)
    }
}

/// Whom to call. Personal data: sealed in the table, masked for all but the firm and the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Contact person.
    pub person: String,
    /// Telephone.
    pub phone: String,
    /// Electronic mail.
    pub email: String,
    /// Postal address.
    pub address: String,
}

impl Contact {
    /// As others may see it.
    #[must_use]
    pub fn masked(&self) -> Contact {
        use kernel::mask;
        Contact {
            person: mask::name(&self.person),
            phone: mask::phone(&self.phone),
            email: match self.email.split_once('@') {
                Some((user, host)) => format!("{}@{host}", mask::name(user)),
                None => mask::name(&self.email),
            },
            address: mask::address(&self.address),
        }
    }

    /// Whether nothing is filled in.
    pub fn is_empty(&self) -> bool {
        [&self.person, &self.phone, &self.email, &self.address].iter().all(|text| text.is_empty())
    }
}

words! {
    /// What a certificate is for.
    Purpose,
    /// Several purposes.
    Purposes {
        /// Signs messages to customs.
        Messages = "messages", "报文签名", "message signing";
        /// Signs answers to customs' requests for raw payment data (announcement 179 of 2018).
        PaymentRecords = "payment_records", "原始数据签名", "payment record signing";
    }
}

/// A signing certificate of a firm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Our id.
    pub id: CertificateId,
    /// Whose it is.
    pub party: PartyId,
    /// SM3 of the DER bytes, lower-case hex: the identity of the certificate.
    pub fingerprint: Box<str>,
    /// Serial number, lower-case hex; what `ds:KeyName` carries.
    pub serial: Box<str>,
    /// Key algorithm as `ceb` names it, such as `sm2` or `rsa-2048`.
    pub algorithm: Box<str>,
    /// Name of the holder, masked: cards of firms are often issued to a person.
    pub holder: Box<str>,
    /// Issuer, RFC 4514.
    pub issuer: Box<str>,
    /// First instant of validity.
    pub not_before: Time,
    /// Last instant of validity.
    pub not_after: Time,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Time>,
}

/// The leave one firm gives another to send documents in its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Our id.
    pub id: DelegationId,
    /// The principal 委托方: in whose name.
    pub from: PartyId,
    /// The agent 受托方: who acts.
    pub to: PartyId,
    /// Which documents.
    pub acts: Acts,
    /// Trade modes such as `1210`; empty means all.
    pub modes: Box<[Box<str>]>,
    /// Customs districts such as `4301`; empty means all.
    pub districts: Box<[Box<str>]>,
    /// First day.
    pub valid_from: Date,
    /// Last day, inclusive; none is "until revoked".
    pub valid_until: Option<Date>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Time>,
}

/// What somebody asks us to register as a party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartyDraft {
    /// Unified social credit code; one of the two codes is needed.
    pub social_credit_code: Option<String>,
    /// Customs registration code.
    pub customs_code: Option<String>,
    /// Registered name.
    pub name_zh: String,
    /// English name, may be empty.
    pub name_en: String,
    /// At least one.
    pub roles: Roles,
    /// Transport address.
    pub dxp_id: Option<String>,
    /// The seller abroad it answers for: name and ISO 3166 country.
    pub overseas: Option<(String, String)>,
    /// Whom to call; `None` leaves what is registered.
    pub contact: Option<Contact>,
}

/// What somebody asks us to register as a delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationDraft {
    /// A code of the principal.
    pub from: String,
    /// A code of the agent.
    pub to: String,
    /// Which documents.
    pub acts: Acts,
    /// Trade modes; empty means all.
    pub modes: Vec<String>,
    /// Customs districts; empty means all.
    pub districts: Vec<String>,
    /// First day.
    pub valid_from: Date,
    /// Last day, inclusive.
    pub valid_until: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_keep_their_words_and_their_bits() {
        let roles: Roles = [Role::Broker, Role::Platform].into_iter().collect();
        assert_eq!(roles.names(), "platform, broker");
        assert_eq!(Roles::from_bits(roles.bits()), roles);
        assert_eq!(Roles::from_bits(1 << 40), Roles::NONE, "bits of the future are dropped");
        assert!(roles.any(Roles::of(&[Role::Broker])) && !roles.has(Role::Site));
        assert_eq!(roles.zh(), "电商平台、报关企业");
        for act in Act::ALL {
            assert_eq!(Act::parse(act.name()), Some(*act));
        }
    }

    #[test]
    fn every_message_to_customs_is_an_act() {
        for (message, act) in [
            ("CEB311", Act::Order),
            ("CEB303Message", Act::Order),
            ("CEB621Message", Act::Inventory),
            ("CEB711", Act::Warehousing),
            ("CEB701", Act::Summary),
        ] {
            assert_eq!(Act::of_message(message), Some(act), "{message}");
        }
        for message in ["CEB312", "CEB312Message", "311", "CEB", ""] {
            assert_eq!(Act::of_message(message), None, "{message}");
        }
    }

    #[test]
    fn a_state_holds_on_its_days_only() {
        let day = |d| kernel::Date::constant(2026, 11, d);
        let standing = Standing {
            state: State::Suspended,
            from: day(10),
            until: Some(day(12)),
            reason: "年报逾期".into(),
        };
        for (d, state) in [
            (9, State::Active),
            (10, State::Suspended),
            (12, State::Suspended),
            (13, State::Active),
        ] {
            assert_eq!(standing.on(day(d)), state, "day {d}");
        }
    }

    #[test]
    fn a_masked_contact_shows_no_whole_value() {
        let contact = Contact {
            person: "李示例".into(),
            phone: "13800000000".into(),
            email: "service@example.cn".into(),
            address: "山东省淄博市张店区示例路1号".into(),
        };
        let masked = contact.masked();
        assert_eq!(masked.person, "李**");
        assert_eq!(masked.phone, "138****0000");
        assert_eq!(masked.email, "s******@example.cn");
        assert_eq!(masked.address, "山东省淄博市***");
    }
}
