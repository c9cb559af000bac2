//! Lists with filters, newest first, paged by id.

use db::{DbError, Tx, Value};
use kernel::{Id, Time};

use super::finding::{self, Open};
use super::inventory::{self, Declared};
use super::paper::{self, Paper};
use crate::document::{Direction, DocumentId, Kind};

/// What a list is narrowed by. Everything that is absent does not count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// State codes, inclusive ranges.
    pub(crate) states: Option<Vec<(i64, i64)>>,
    pub(crate) mode: Option<String>,
    pub(crate) order_no: Option<String>,
    pub(crate) waybill_no: Option<String>,
    pub(crate) invt_no: Option<String>,
    pub(crate) cop_no: Option<String>,
    pub(crate) bill_no: Option<String>,
    /// `import` or `export`; of inventories, which lie together.
    pub(crate) direction: Option<String>,
    /// The document's own number: order, transaction, waybill number; of an inventory the
    /// declarant's.
    pub(crate) number: Option<String>,
    /// Received from this instant on.
    pub(crate) from: Option<Time>,
    /// Received before this instant.
    pub(crate) before: Option<Time>,
    /// Names this firm, by any of its codes.
    pub(crate) party: Option<Vec<String>>,
    /// Whether findings are open.
    pub(crate) has_findings: Option<bool>,
    /// Names the firm that asks; `None` for those who see all.
    pub(crate) tenant: Option<Vec<String>>,
    /// Older than this one.
    pub(crate) after: Option<DocumentId>,
}

/// Clauses and their parameters.
#[derive(Default)]
struct Where<'a> {
    clauses: Vec<String>,
    params: Vec<Value<'a>>,
}

impl<'a> Where<'a> {
    fn place(&mut self, value: impl Into<Value<'a>>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    fn add(&mut self, column: &str, sign: &str, value: Option<impl Into<Value<'a>>>) {
        if let Some(value) = value {
            let place = self.place(value);
            self.clauses.push(format!("{column} {sign} {place}"));
        }
    }

    fn states(&mut self, column: &str, ranges: Option<&Vec<(i64, i64)>>) {
        let Some(ranges) = ranges else { return };
        let any: Vec<String> = ranges
            .iter()
            .map(|(from, to)| {
                let (from, to) = (self.place(*from), self.place(*to));
                format!("{column} BETWEEN {from} AND {to}")
            })
            .collect();
        self.clauses.push(format!("({})", any.join(" OR ")));
    }

    fn named(&mut self, columns: &[&str], codes: Option<&'a Vec<String>>) {
        let Some(codes) = codes else { return };
        let places: Vec<String> = codes.iter().map(|code| self.place(code)).collect();
        let places = places.join(", ");
        let any: Vec<String> = columns.iter().map(|c| format!("{c} IN ({places})")).collect();
        // A firm without a code names nothing.
        let any = if codes.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") };
        self.clauses.push(format!("({any})"));
    }

    /// Ids tell when they were made: a span of time is a span of ids.
    fn span(&mut self, column: &str, filter: &Filter) {
        self.add(column, ">=", filter.from.map(first_id));
        self.add(column, "<", filter.before.map(first_id));
        self.add(column, "<", filter.after);
    }

    fn text(&self) -> String {
        if self.clauses.is_empty() { "1 = 1".to_owned() } else { self.clauses.join(" AND ") }
    }
}

/// The smallest id an instant can have.
fn first_id(at: Time) -> i64 {
    Id::<crate::document::types::DocumentKind>::first_at(at).to_i64()
}

/// The columns of an inventory that name firms.
const INVENTORY_PARTIES: [&str; 5] =
    ["i.agent_code", "i.ebc_code", "i.ebp_code", "i.logistics_code", "i.area_code"];

/// The columns of another document that name firms.
const PAPER_PARTIES: [&str; 3] = ["d.issuer_code", "d.second_code", "d.third_code"];

/// Inventories, newest first.
pub(crate) fn inventories(
    tx: &mut Tx,
    filter: &Filter,
    max: i64,
) -> Result<Vec<Declared>, DbError> {
    let mut w = Where::default();
    w.span("i.id", filter);
    w.states("c.state", filter.states.as_ref());
    w.add("i.trade_mode", "=", filter.mode.as_ref());
    let export = Direction::Export.word();
    w.add("i.export", "=", filter.direction.as_ref().map(|word| word == export));
    w.add("i.order_no", "=", filter.order_no.as_ref());
    w.add("i.logistics_no", "=", filter.waybill_no.as_ref());
    w.add("c.invt_no", "=", filter.invt_no.as_ref());
    w.add("i.cop_no", "=", filter.cop_no.as_ref());
    w.add("i.cop_no", "=", filter.number.as_ref());
    w.add("c.flagged", "=", filter.has_findings);
    w.named(&INVENTORY_PARTIES, filter.party.as_ref());
    w.named(&INVENTORY_PARTIES, filter.tenant.as_ref());
    let limit = w.place(max);
    let sql = format!(
        "SELECT {} FROM clearance_inventory i {} WHERE {} ORDER BY i.id DESC LIMIT {limit}",
        inventory::COLUMNS,
        inventory::COURSE,
        w.text()
    );
    tx.query(&sql, &w.params)?.iter().map(|row| inventory::of_row(row, 0)).collect()
}

/// What is asked of a document's own number and of the one that links it, by their names there.
fn numbers(kind: Kind, filter: &Filter) -> (Option<&String>, Option<&String>) {
    let Filter { order_no, waybill_no, invt_no, cop_no, bill_no, .. } = filter;
    let (own, link) = match kind {
        Kind::Order | Kind::ExportOrder => (order_no, &None),
        Kind::Payment | Kind::FundsReceipt => (&None, order_no),
        Kind::Waybill => (waybill_no, order_no),
        Kind::WaybillStatus | Kind::ExportWaybill => (waybill_no, &None),
        Kind::CancelApplication | Kind::ExportCancel => (invt_no, cop_no),
        _ => (cop_no, bill_no),
    };
    (own.as_ref(), link.as_ref())
}

/// Documents of one other kind, newest first.
pub(crate) fn papers(
    tx: &mut Tx,
    kind: Kind,
    filter: &Filter,
    max: i64,
) -> Result<Vec<Paper>, DbError> {
    let mut w = Where::default();
    w.add("d.kind", "=", Some(kind.number()));
    w.span("d.id", filter);
    w.states("c.state", filter.states.as_ref());
    w.add("d.number", "=", filter.number.as_ref());
    let (own, link) = numbers(kind, filter);
    w.add("d.number", "=", own);
    w.add("d.link_no", "=", link);
    w.named(&PAPER_PARTIES, filter.party.as_ref());
    w.named(&PAPER_PARTIES, filter.tenant.as_ref());
    if let Some(has) = filter.has_findings {
        let not = if has { "" } else { "NOT " };
        w.clauses.push(format!(
            "{not}EXISTS (SELECT 1 FROM clearance_finding f WHERE f.document_id = d.id)"
        ));
    }
    let limit = w.place(max);
    let sql = format!(
        "SELECT {} FROM clearance_document d {} WHERE {} ORDER BY d.id DESC LIMIT {limit}",
        paper::COLUMNS,
        paper::COURSE,
        w.text()
    );
    tx.query(&sql, &w.params)?.iter().map(|row| paper::of_row(row, 0)).collect()
}

/// What a list of open findings is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whose {
    /// Tasks of this firm.
    pub(crate) party: Option<Vec<String>>,
    /// A code, or the beginning of one that ends in a dot.
    pub(crate) code: Option<String>,
    /// Only what names the firm that asks, or is its task.
    pub(crate) tenant: Option<Vec<String>>,
    /// After this place.
    pub(crate) after: Option<(DocumentId, i64)>,
}

/// Open findings, by document.
pub(crate) fn open_findings(tx: &mut Tx, whose: &Whose, max: i64) -> Result<Vec<Open>, DbError> {
    let mut w = Where::default();
    if let Some((document, n)) = whose.after {
        let (document, n) = (w.place(document), w.place(n));
        w.clauses.push(format!(
            "(f.document_id > {document} OR (f.document_id = {document} AND f.n > {n}))"
        ));
    }
    w.named(&["f.party_code"], whose.party.as_ref());
    let beginning = whose.code.as_ref().filter(|code| code.ends_with('.'));
    match (&whose.code, beginning) {
        (_, Some(beginning)) => w.add("f.code", "LIKE", Some(format!("{beginning}%"))),
        (Some(code), None) => w.add("f.code", "=", Some(code)),
        (None, None) => {}
    }
    let mut columns = vec!["f.party_code"];
    columns.extend(INVENTORY_PARTIES);
    columns.extend(PAPER_PARTIES);
    w.named(&columns, whose.tenant.as_ref());
    let limit = w.place(max);
    let sql = format!(
        "SELECT {} FROM clearance_finding f
         LEFT JOIN clearance_inventory i ON i.id = f.document_id
         LEFT JOIN clearance_document d ON d.id = f.document_id
         WHERE {} ORDER BY f.document_id, f.n LIMIT {limit}",
        finding::COLUMNS,
        w.text()
    );
    tx.query(&sql, &w.params)?.iter().map(|row| finding::of_row(row, 0)).collect()
}
