//! What goes wrong on a simulated day, how often, and what ought to come of it. One table.

/// A fault in a parcel, or an outcome its order number asks of the customs stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The payment is not what the order says was paid.
    AmountDiffers,
    /// Somebody else than the buyer paid.
    PayerDiffers,
    /// The waybill goes to somebody else.
    ConsigneeDiffers,
    /// The payment never arrives.
    PaymentMissing,
    /// The waybill never arrives.
    WaybillMissing,
    /// The inventory has a line less than the order.
    LineCountDiffers,
    /// Several pieces above the single limit.
    SingleLimit,
    /// One parcel too many for its buyer's year.
    YearlyLimit,
    /// A line that is not on the positive list.
    NotListed,
    /// The buyer's identity number fails its check digit.
    IdentityCheck,
    /// The seller is registered nowhere.
    UnknownParty,
    /// The declarant has no leave of the seller.
    Undelegated,
    /// The inventory was changed after it was signed.
    BadSignature,
    /// The inventory lacks a required field.
    StructureInvalid,
    /// The same order number comes again with another amount; the parcel itself is fine.
    OrderChanged,
    /// Customs inspects, then releases.
    Inspected,
    /// Customs rejects.
    Rejected,
    /// The e-port refuses.
    Refused,
    /// Customs reviews by hand and keeps it.
    Held,
    /// Customs reviews by hand; the declarant cancels.
    Cancelled,
    /// Receipts arrive late.
    Late,
    /// Receipts arrive twice.
    Twice,
    /// Receipts arrive newest first.
    Reversed,
    /// A receipt that cannot be read well arrives first.
    Malformed,
    /// Customs detains.
    Detained,
    /// Customs suspends.
    Suspended,
    /// Customs sends the goods back abroad.
    ReturnedAbroad,
    /// Customs never answers.
    Silent,
}

/// Where a parcel ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Released and closed (899).
    Closed,
    /// Rejected by customs (100).
    Rejected,
    /// Refused by the e-port (negative).
    RefusedByEport,
    /// In manual review (300).
    InReview,
    /// Detained (501).
    Detained,
    /// Suspended (600).
    Suspended,
    /// Returned abroad (700).
    ReturnedAbroad,
    /// Sent, and never answered.
    Unanswered,
    /// Cancelled on the declarant's application.
    Cancelled,
    /// Waits for a document that never comes.
    Waiting,
    /// Complete, and its documents differ: not sent to customs.
    Mismatched,
    /// Complete, and stopped by a check before sending.
    Stopped,
    /// The inventory was refused at the door; its other documents wait.
    RefusedAtDoor,
}

impl Outcome {
    /// Word for reports.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Closed => "closed",
            Outcome::Rejected => "rejected",
            Outcome::RefusedByEport => "refused_by_eport",
            Outcome::InReview => "in_review",
            Outcome::Detained => "detained",
            Outcome::Suspended => "suspended",
            Outcome::ReturnedAbroad => "returned_abroad",
            Outcome::Unanswered => "unanswered",
            Outcome::Cancelled => "cancelled",
            Outcome::Waiting => "waiting",
            Outcome::Mismatched => "mismatched",
            Outcome::Stopped => "stopped",
            Outcome::RefusedAtDoor => "refused_at_door",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FaultRow {
    /// Which.
    pub fault: Fault,
    /// Word for reports.
    pub word: &'static str,
    /// Parcels in ten thousand that have it.
    pub per_ten_thousand: usize,
    /// Code of the finding it ought to cause; `None` when it is no fault of the documents.
    pub finding: Option<&'static str>,
    /// Where the parcel ends up.
    pub outcome: Outcome,
    /// Beginning of the order number, for the customs stand-in.
    pub prefix: &'static str,
    /// Whether the parcel travels in messages of its own, because the fault spoils the message.
    pub alone: bool,
}

const fn row(
    fault: Fault,
    word: &'static str,
    per_ten_thousand: usize,
    finding: &'static str,
    outcome: Outcome,
) -> FaultRow {
    let finding = Some(finding);
    FaultRow { fault, word, per_ten_thousand, finding, outcome, prefix: "", alone: false }
}

const fn alone(row: FaultRow) -> FaultRow {
    FaultRow { alone: true, ..row }
}

const fn scenario(
    fault: Fault,
    word: &'static str,
    per_ten_thousand: usize,
    prefix: &'static str,
    outcome: Outcome,
) -> FaultRow {
    FaultRow { fault, word, per_ten_thousand, finding: None, outcome, prefix, alone: false }
}

/// Every fault. Together some seven parcels in a hundred.
pub const FAULTS: [FaultRow; 28] = [
    row(Fault::AmountDiffers, "amount_differs", 60, "match.amount", Outcome::Mismatched),
    row(Fault::PayerDiffers, "payer_differs", 50, "match.payer", Outcome::Mismatched),
    row(Fault::ConsigneeDiffers, "consignee_differs", 50, "match.consignee", Outcome::Mismatched),
    row(Fault::PaymentMissing, "payment_missing", 40, "match.missing", Outcome::Waiting),
    row(Fault::WaybillMissing, "waybill_missing", 30, "match.missing", Outcome::Waiting),
    row(Fault::LineCountDiffers, "line_count_differs", 40, "match.line_count", Outcome::Mismatched),
    row(Fault::SingleLimit, "single_limit", 40, "limit.single", Outcome::Stopped),
    row(Fault::YearlyLimit, "yearly_limit", 15, "limit.annual", Outcome::Stopped),
    row(Fault::NotListed, "not_listed", 40, "goods.not_listed", Outcome::Stopped),
    row(
        Fault::IdentityCheck,
        "identity_check",
        40,
        "id_number.check_digit",
        Outcome::RefusedAtDoor,
    ),
    alone(row(Fault::UnknownParty, "unknown_party", 20, "party.unknown", Outcome::RefusedAtDoor)),
    alone(row(Fault::Undelegated, "undelegated", 20, "delegation.none", Outcome::RefusedAtDoor)),
    alone(row(
        Fault::BadSignature,
        "bad_signature",
        30,
        "signature.digest_mismatch",
        Outcome::RefusedAtDoor,
    )),
    alone(row(
        Fault::StructureInvalid,
        "structure_invalid",
        30,
        "field.missing",
        Outcome::RefusedAtDoor,
    )),
    row(Fault::OrderChanged, "order_changed", 30, "document.exists", Outcome::Closed),
    scenario(Fault::Inspected, "inspected", 40, "SINSP1-", Outcome::Closed),
    scenario(Fault::Rejected, "rejected", 30, "SREJ1311-", Outcome::Rejected),
    scenario(Fault::Refused, "refused", 20, "SNEG621013-", Outcome::RefusedByEport),
    scenario(Fault::Held, "held", 20, "SHOLD-", Outcome::InReview),
    scenario(Fault::Cancelled, "cancelled", 20, "SHOLD-", Outcome::Cancelled),
    scenario(Fault::Late, "late", 20, "SLATE1-", Outcome::Closed),
    scenario(Fault::Twice, "twice", 20, "SDUP-", Outcome::Closed),
    scenario(Fault::Reversed, "reversed", 20, "SOOO-", Outcome::Closed),
    scenario(Fault::Malformed, "malformed", 30, "SMAL", Outcome::Closed),
    scenario(Fault::Detained, "detained", 5, "SDET501-", Outcome::Detained),
    scenario(Fault::Suspended, "suspended", 5, "SSUSP-", Outcome::Suspended),
    scenario(Fault::ReturnedAbroad, "returned_abroad", 5, "SRET-", Outcome::ReturnedAbroad),
    scenario(Fault::Silent, "silent", 5, "SSILENT-", Outcome::Unanswered),
];

impl Fault {
    /// Its row.
    pub fn row(self) -> &'static FaultRow {
        let found = FAULTS.iter().find(|row| row.fault == self);
        found.unwrap_or(&FAULTS[0])
    }

    /// How many of `parcels` have it. From 500 parcels on, every fault occurs.
    pub(super) fn count(self, parcels: usize) -> usize {
        let share = parcels * self.row().per_ten_thousand / 10_000;
        share.max(usize::from(parcels >= EVERY_FAULT_FROM))
    }
}

const EVERY_FAULT_FROM: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_row_and_together_they_are_a_realistic_share() {
        for row in &FAULTS {
            assert_eq!(row.fault.row().word, row.word);
        }
        let share: usize = FAULTS.iter().map(|row| row.per_ten_thousand).sum();
        assert!((600..=800).contains(&share), "{share}");
    }
}
