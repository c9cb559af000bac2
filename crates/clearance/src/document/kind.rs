//! The kinds of document as data: their message, receipt, names, direction and key fields.

/// Which way goods go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Into the country.
    #[default]
    Import,
    /// Out of it.
    Export,
}

impl Direction {
    /// The word used in answers and filters.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Import => "import",
            Direction::Export => "export",
        }
    }

    /// The direction of a word.
    pub fn of_word(word: &str) -> Option<Direction> {
        [Direction::Import, Direction::Export].into_iter().find(|one| one.word() == word)
    }
}

/// What there is to know of a kind of document.
struct Traits {
    number: i64,
    code: &'static str,
    receipt: i64,
    word: &'static str,
    zh: &'static str,
    en: &'static str,
    direction: Direction,
    sender: &'static str,
    principal: &'static str,
    named: [&'static str; 2],
}

/// Declares the kinds, in the order in which a message may depend on another.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $number:literal $code:literal $receipt:literal $word:literal
        $zh:literal $en:literal $direction:ident
        sender $sender:literal principal $principal:literal
        named $issuer:literal $own:literal;)+) => {
        /// Which document this is. The number is stored and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// Every kind, in the order in which a message may depend on another.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),+];
        }

        const TRAITS: &[Traits] = &[$(Traits {
            number: $number,
            code: $code,
            receipt: $receipt,
            word: $word,
            zh: $zh,
            en: $en,
            direction: Direction::$direction,
            sender: $sender,
            principal: $principal,
            named: [$issuer, $own],
        }),+];
    };
}

kinds! {
    /// 电子订单, CEB311.
    Order 311 "CEB311" 312 "order" "订单" "order" Import
        sender "ebpCode" principal "ebpCode" named "ebpCode" "orderNo";
    /// 支付单, CEB411.
    Payment 411 "CEB411" 412 "payment" "支付单" "payment" Import
        sender "payCode" principal "payCode" named "payCode" "payTransactionId";
    /// 运单, CEB511.
    Waybill 511 "CEB511" 512 "waybill" "运单" "waybill" Import
        sender "logisticsCode" principal "logisticsCode" named "logisticsCode" "logisticsNo";
    /// 运单状态, CEB513.
    WaybillStatus 513 "CEB513" 514 "waybill_status" "运单状态" "waybill status" Import
        sender "logisticsCode" principal "logisticsCode" named "logisticsCode" "logisticsNo";
    /// 进口清单, CEB621.
    Inventory 621 "CEB621" 622 "inventory" "清单" "inventory" Import
        sender "agentCode" principal "ebcCode" named "agentCode" "copNo";
    /// 撤销申请单, CEB623.
    CancelApplication 623 "CEB623" 624 "cancel_application" "撤销申请单" "cancel application" Import
        sender "agentCode" principal "ebcCode" named "agentCode" "copNo";
    /// 入库明细单, CEB711.
    Warehousing 711 "CEB711" 712 "warehousing_detail" "入库明细单" "warehousing detail" Import
        sender "operatorCode" principal "operatorCode" named "operatorCode" "copNo";
    /// 出口订单, 海外仓订仓单, CEB303.
    ExportOrder 303 "CEB303" 304 "export_order" "出口订单" "export order" Export
        sender "ebcCode" principal "ebcCode" named "ebpCode" "orderNo";
    /// 收款单, CEB403.
    FundsReceipt 403 "CEB403" 404 "funds_receipt" "收款单" "receipt of funds" Export
        sender "ebcCode" principal "ebcCode" named "ebcCode" "orderNo";
    /// 出口运单, CEB505.
    ExportWaybill 505 "CEB505" 506 "export_waybill" "出口运单" "export waybill" Export
        sender "logisticsCode" principal "logisticsCode" named "logisticsCode" "logisticsNo";
    /// 出口清单, CEB603.
    ExportInventory 603 "CEB603" 604 "export_inventory" "出口清单" "export inventory" Export
        sender "agentCode" principal "ebcCode" named "agentCode" "copNo";
    /// 出口撤销申请单, CEB605.
    ExportCancel 605 "CEB605" 606 "export_cancel_application" "出口撤销申请单"
        "export cancel application" Export
        sender "agentCode" principal "ebcCode" named "agentCode" "copNo";
    /// 运抵单, CEB507.
    Arrival 507 "CEB507" 508 "arrival" "运抵单" "arrival sheet" Export
        sender "operatorCode" principal "operatorCode" named "operatorCode" "copNo";
    /// 清单总分单, CEB607.
    Consolidation 607 "CEB607" 608 "consolidation" "清单总分单" "consolidation" Export
        sender "agentCode" principal "agentCode" named "agentCode" "copNo";
    /// 离境单, CEB509.
    Departure 509 "CEB509" 510 "departure" "离境单" "departure sheet" Export
        sender "logisticsCode" principal "logisticsCode" named "logisticsCode" "copNo";
    /// 汇总申请单, CEB701.
    SummaryApplication 701 "CEB701" 702 "summary_application" "汇总申请单"
        "summary application" Export
        sender "agentCode" principal "ebcCode" named "agentCode" "copNo";
}

impl Kind {
    const fn traits(self) -> &'static Traits {
        &TRAITS[self as usize]
    }

    /// The number of the message type that carries it, 303 to 711; this is what is stored.
    pub const fn number(self) -> i64 {
        self.traits().number
    }

    /// The kind of a stored number.
    pub fn of_number(number: i64) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The message type, such as `CEB311`.
    pub const fn code(self) -> &'static str {
        self.traits().code
    }

    /// The kind a message type carries; `None` when clearance does not take that type in.
    pub fn of_code(code: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kind that receipts of the type with this number (312 for CEB312) are about.
    pub fn of_receipt(number: i64) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.traits().receipt == number)
    }

    /// The word used in answers and rules.
    pub const fn word(self) -> &'static str {
        self.traits().word
    }

    /// The Chinese name.
    pub const fn zh(self) -> &'static str {
        self.traits().zh
    }

    /// The English name inside a sentence.
    pub const fn en(self) -> &'static str {
        self.traits().en
    }

    /// Which way its goods go.
    pub const fn direction(self) -> Direction {
        self.traits().direction
    }

    /// The field that names the firm that sends it when nobody else is known to.
    pub const fn sender_field(self) -> &'static str {
        self.traits().sender
    }

    /// The field that names the firm responsible for it.
    pub const fn principal_field(self) -> &'static str {
        self.traits().principal
    }

    /// The fields by which its receipts name it: whose number, and the number.
    pub const fn named_by(self) -> [&'static str; 2] {
        self.traits().named
    }

    /// Whether it is a retail declaration, of either direction.
    pub const fn is_inventory(self) -> bool {
        matches!(self, Kind::Inventory | Kind::ExportInventory)
    }

    /// Whether it applies for the cancellation of an inventory.
    pub const fn is_cancel(self) -> bool {
        matches!(self, Kind::CancelApplication | Kind::ExportCancel)
    }

    /// Whether it speaks of many inventories at once.
    pub const fn is_collective(self) -> bool {
        matches!(
            self,
            Kind::Arrival | Kind::Consolidation | Kind::Departure | Kind::SummaryApplication
        )
    }

    /// The order of a direction.
    pub const fn order(direction: Direction) -> Kind {
        match direction {
            Direction::Import => Kind::Order,
            Direction::Export => Kind::ExportOrder,
        }
    }

    /// What tells of money: the payment, or the receipt of funds.
    pub const fn money(direction: Direction) -> Kind {
        match direction {
            Direction::Import => Kind::Payment,
            Direction::Export => Kind::FundsReceipt,
        }
    }

    /// The waybill of a direction.
    pub const fn waybill(direction: Direction) -> Kind {
        match direction {
            Direction::Import => Kind::Waybill,
            Direction::Export => Kind::ExportWaybill,
        }
    }

    /// The inventory of a direction.
    pub const fn inventory(direction: Direction) -> Kind {
        match direction {
            Direction::Import => Kind::Inventory,
            Direction::Export => Kind::ExportInventory,
        }
    }

    /// The cancel application of a direction.
    pub const fn cancel(direction: Direction) -> Kind {
        match direction {
            Direction::Import => Kind::CancelApplication,
            Direction::Export => Kind::ExportCancel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_kind_agrees_with_the_message_family() {
        for kind in Kind::ALL.iter().copied() {
            let message = ceb::message_type(kind.code()).expect("a message type");
            assert_eq!(kind.code(), format!("CEB{}", kind.number()));
            let receipt = message.receipt.expect("a receipt");
            assert_eq!(receipt, format!("CEB{}", kind.traits().receipt));
            assert_eq!(Kind::of_receipt(kind.traits().receipt), Some(kind));
            let head = message.document.head;
            for field in [kind.sender_field(), kind.principal_field()] {
                assert!(head.index(field).is_some(), "{kind:?} {field}");
            }
            let receipt = ceb::message_type(receipt).expect("a receipt type").document.head;
            for field in kind.named_by() {
                assert!(receipt.index(field).is_some(), "{kind:?} receipt {field}");
            }
        }
    }
}
