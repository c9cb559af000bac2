//! What one transaction works on: the documents that came, those they belong with, and what is to
//! be written. Everything is looked up for the whole batch at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use db::{DbError, Tx};

use crate::document::{
    Direction, DocumentId, Facts, FundsReceipt, Inventory, Key, Kind, Order, Payment,
};
use crate::lifecycle::State;
use crate::store::inventory::{self, By, Declared};
use crate::store::paper::{self, Paper};

/// A thing on the desk and what must be written of it.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) value: T,
    pub(crate) change: Change,
}

/// What must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Where it stands.
    State,
    /// Its content, in the place of what is stored.
    Content,
    /// It is new.
    New,
}

impl<T> Entry<T> {
    /// Raises what must be written to at least `change`; gives whether it is the first change of a
    /// stored thing, which is when its version grows.
    fn touch(&mut self, change: Change) -> bool {
        let first = self.change == Change::None;
        self.change = self.change.max(change);
        first
    }
}

/// One sale: which way its goods go, and the order's number in its shop.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ParcelKey {
    pub(crate) direction: Direction,
    pub(crate) shop: String,
    pub(crate) order_no: String,
}

impl ParcelKey {
    fn new(direction: Direction, shop: &str, order_no: &str) -> ParcelKey {
        ParcelKey { direction, shop: shop.to_owned(), order_no: order_no.to_owned() }
    }

    pub(crate) fn of_order(order: &Order) -> ParcelKey {
        ParcelKey::new(order.direction, order.shop(), &order.order_no)
    }

    pub(crate) fn of_payment(payment: &Payment) -> ParcelKey {
        ParcelKey::new(Direction::Import, &payment.ebp_code, &payment.order_no)
    }

    pub(crate) fn of_funds(funds: &FundsReceipt) -> ParcelKey {
        ParcelKey::new(Direction::Export, funds.shop(), &funds.order_no)
    }

    /// The import of that platform and number.
    pub(crate) fn of_import(platform: &str, order_no: &str) -> ParcelKey {
        ParcelKey::new(Direction::Import, platform, order_no)
    }

    pub(crate) fn of_inventory(inventory: &Inventory) -> ParcelKey {
        ParcelKey::new(inventory.direction(), inventory.shop(), &inventory.order_no)
    }
}

/// The desk.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) papers: Vec<Entry<Paper>>,
    pub(crate) inventories: Vec<Entry<Declared>>,
    by_key: HashMap<Key, usize>,
    by_link: HashMap<(String, Kind), Vec<usize>>,
    orders: HashMap<String, Vec<usize>>,
    by_number: HashMap<(By, String), Vec<usize>>,
    paper_ids: HashMap<DocumentId, usize>,
    inventory_ids: HashMap<DocumentId, usize>,
    /// Stored inventories that the authorities gave a number.
    renamed: BTreeSet<usize>,
    /// What has been looked up.
    asked: Wants,
}

/// What is to be looked up.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    keys: BTreeSet<Key>,
    links: BTreeSet<(String, Kind)>,
    orders: BTreeSet<String>,
    numbers: BTreeSet<(By, String)>,
}

impl Wants {
    pub(crate) fn key(&mut self, kind: Kind, issuer: &str, number: &str) {
        if !number.is_empty() && !issuer.is_empty() {
            let (issuer, number) = (issuer.to_owned(), number.to_owned());
            self.keys.insert(Key { kind, issuer, number });
        }
    }

    pub(super) fn link(&mut self, kind: Kind, order_no: &str) {
        self.links.insert((order_no.to_owned(), kind));
    }

    pub(crate) fn number(&mut self, by: By, number: &str) {
        if !number.is_empty() {
            self.numbers.insert((by, number.to_owned()));
        }
    }

    /// What belongs with a document other than an inventory.
    pub(crate) fn around(&mut self, facts: &Facts) {
        self.keys.insert(facts.key());
        match facts {
            Facts::Order(order) => {
                self.parcel(order.direction, order.shop(), &order.order_no);
                if order.direction == Direction::Import {
                    self.link(Kind::Waybill, &order.order_no);
                    self.key(Kind::Payment, &order.pay_code, &order.pay_transaction_id);
                }
            }
            Facts::Payment(payment) => {
                self.parcel(Direction::Import, &payment.ebp_code, &payment.order_no);
                self.link(Kind::Waybill, &payment.order_no);
            }
            Facts::FundsReceipt(funds) => {
                self.parcel(Direction::Export, funds.shop(), &funds.order_no);
            }
            Facts::Waybill(waybill) if waybill.direction == Direction::Export => {
                self.number(By::Waybill, &waybill.logistics_no);
            }
            Facts::Waybill(waybill) => {
                self.number(By::Waybill, &waybill.logistics_no);
                self.orders.insert(waybill.order_no.clone());
                self.link(Kind::Payment, &waybill.order_no);
                self.number(By::Order, &waybill.order_no);
            }
            Facts::WaybillStatus(status) => self.number(By::Waybill, &status.logistics_no),
            Facts::CancelApplication(cancel) => self.number(By::Inventory, &cancel.invt_no),
            // What a collective document is about is looked up when it is judged, not as a whole.
            Facts::Warehousing(_) | Facts::Collective(_) => {}
        }
    }

    /// What belongs with an inventory.
    pub(crate) fn around_inventory(&mut self, inventory: &Inventory) {
        self.number(By::Own, &inventory.cop_no);
        self.number(By::Waybill, &inventory.logistics_no);
        let direction = inventory.direction();
        self.parcel(direction, inventory.shop(), &inventory.order_no);
        let waybill = Kind::waybill(direction);
        self.key(waybill, &inventory.logistics_code, &inventory.logistics_no);
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty()
            && self.links.is_empty()
            && self.orders.is_empty()
            && self.numbers.is_empty()
    }

    /// Leaves out what has been looked up.
    fn forget(&mut self, asked: &Wants) {
        fn without<T: Ord>(wanted: &mut BTreeSet<T>, asked: &BTreeSet<T>) {
            if !asked.is_empty() {
                wanted.retain(|one| !asked.contains(one));
            }
        }
        without(&mut self.keys, &asked.keys);
        without(&mut self.links, &asked.links);
        without(&mut self.orders, &asked.orders);
        without(&mut self.numbers, &asked.numbers);
    }

    fn append(&mut self, mut more: Wants) {
        self.keys.append(&mut more.keys);
        self.links.append(&mut more.links);
        self.orders.append(&mut more.orders);
        self.numbers.append(&mut more.numbers);
    }

    fn parcel(&mut self, direction: Direction, shop: &str, order_no: &str) {
        self.key(Kind::order(direction), shop, order_no);
        self.link(Kind::money(direction), order_no);
        self.number(By::Order, order_no);
    }
}

/// Look-ups until everything that belongs together is on the desk: a document, its inventory, that
/// inventory's other documents, and the payment their order names.
const ROUNDS_MAX: usize = 4;

impl Desk {
    /// Looks up what is wanted, and what belongs with what is found.
    pub(crate) fn load(&mut self, tx: &mut Tx, mut wants: Wants) -> Result<(), DbError> {
        for _ in 0..ROUNDS_MAX {
            wants.forget(&self.asked);
            if wants.is_empty() {
                break;
            }
            let further = self.fetch(tx, &wants)?;
            self.asked.append(wants);
            wants = further;
        }
        Ok(())
    }

    /// Looks up exactly what is wanted.
    pub(crate) fn load_plain(&mut self, tx: &mut Tx, wants: &Wants) -> Result<(), DbError> {
        self.fetch(tx, wants).map(drop)
    }

    fn fetch(&mut self, tx: &mut Tx, wants: &Wants) -> Result<Wants, DbError> {
        let mut further = Wants::default();
        let mut papers = paper::by_keys(tx, wants.keys.iter())?;
        let links = wants.links.iter().map(|(link, kind)| (link.as_str(), *kind));
        papers.extend(paper::by_links(tx, links)?);
        papers.extend(paper::orders_numbered(tx, wants.orders.iter().map(String::as_str))?);
        for paper in papers {
            // A payment an order names by its own number may stand under another order.
            if let Facts::Order(order) = &*paper.facts
                && order.direction == Direction::Import
            {
                further.key(Kind::Payment, &order.pay_code, &order.pay_transaction_id);
            }
            self.put_paper(paper, Change::None);
        }
        for by in [By::Order, By::Waybill, By::Inventory, By::Own] {
            let numbers = wants.numbers.iter().filter(|(kind, _)| *kind == by);
            let numbers = numbers.map(|(_, number)| number.as_str());
            for declared in inventory::by_numbers(tx, by, numbers)? {
                let facts = &declared.facts;
                let direction = facts.direction();
                further.key(Kind::order(direction), facts.shop(), &facts.order_no);
                further.link(Kind::money(direction), &facts.order_no);
                let waybill = Kind::waybill(direction);
                further.key(waybill, &facts.logistics_code, &facts.logistics_no);
                self.put_inventory(declared, Change::None);
            }
        }
        Ok(further)
    }

    /// Lays a document on the desk; one that lies there already stays as it is.
    pub(crate) fn put_paper(&mut self, paper: Paper, change: Change) -> usize {
        if let Some(at) = self.paper_ids.get(&paper.id) {
            return *at;
        }
        let at = self.papers.len();
        self.paper_ids.insert(paper.id, at);
        let key = paper.facts.key();
        if key.kind == Kind::Order {
            self.orders.entry(key.number.clone()).or_default().push(at);
        }
        self.link_paper(at, &paper.facts);
        // Of a number used again, the newest use counts.
        let newest = self
            .by_key
            .get(&key)
            .is_none_or(|old| self.papers.get(*old).is_none_or(|old| old.value.turn < paper.turn));
        if newest {
            self.by_key.insert(key, at);
        }
        self.papers.push(Entry { value: paper, change });
        at
    }

    fn link_paper(&mut self, at: usize, facts: &Facts) {
        let link = match facts {
            Facts::Payment(payment) => &payment.order_no,
            Facts::FundsReceipt(funds) => &funds.order_no,
            Facts::Waybill(waybill) => &waybill.order_no,
            _ => return,
        };
        let list = self.by_link.entry((link.clone(), facts.kind())).or_default();
        if !list.contains(&at) {
            list.push(at);
        }
    }

    /// Lays an inventory on the desk; one that lies there already stays as it is.
    pub(crate) fn put_inventory(&mut self, declared: Declared, change: Change) -> usize {
        if let Some(at) = self.inventory_ids.get(&declared.id) {
            return *at;
        }
        let at = self.inventories.len();
        self.inventory_ids.insert(declared.id, at);
        self.number_inventory(at, &declared.facts);
        self.inventories.push(Entry { value: declared, change });
        at
    }

    fn number_inventory(&mut self, at: usize, facts: &Inventory) {
        let numbers = [
            (By::Order, &facts.order_no),
            (By::Waybill, &facts.logistics_no),
            (By::Inventory, &facts.invt_no),
            (By::Own, &facts.cop_no),
        ];
        for (by, number) in numbers {
            if !number.is_empty() {
                let list = self.by_number.entry((by, number.clone())).or_default();
                if !list.contains(&at) {
                    list.push(at);
                }
            }
        }
    }

    /// Where the document of a business key lies; the newest use of its number.
    pub(crate) fn paper_at(&self, key: &Key) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// Where the inventory of a declarant's number lies.
    pub(crate) fn inventory_at(
        &self,
        direction: Direction,
        agent_code: &str,
        cop_no: &str,
    ) -> Option<usize> {
        self.numbered(By::Own, cop_no).find(|at| {
            let facts = &self.declared(*at).facts;
            facts.agent_code == agent_code && facts.direction() == direction
        })
    }

    /// Where the inventories of a number lie.
    pub(crate) fn numbered(&self, by: By, number: &str) -> impl Iterator<Item = usize> + '_ {
        // The facts may have changed since: what no longer carries the number is passed over.
        let list = self.by_number.get(&(by, number.to_owned())).into_iter().flatten().copied();
        let number = number.to_owned();
        list.filter(move |at| {
            let facts = &self.declared(*at).facts;
            let own = match by {
                By::Order => &facts.order_no,
                By::Waybill => &facts.logistics_no,
                By::Inventory => &facts.invt_no,
                By::Own => &facts.cop_no,
            };
            *own == number
        })
    }

    pub(crate) fn paper(&self, at: usize) -> &Paper {
        &self.papers[at].value
    }

    pub(crate) fn declared(&self, at: usize) -> &Declared {
        &self.inventories[at].value
    }

    /// The document to change, marked to be written.
    pub(crate) fn paper_mut(&mut self, at: usize, change: Change) -> &mut Paper {
        let entry = &mut self.papers[at];
        if entry.touch(change) {
            entry.value.version += 1;
        }
        &mut entry.value
    }

    /// The inventory to change, marked to be written.
    pub(crate) fn declared_mut(&mut self, at: usize, change: Change) -> &mut Declared {
        let entry = &mut self.inventories[at];
        if entry.touch(change) {
            entry.value.version += 1;
        }
        &mut entry.value
    }

    /// Gives a document new content.
    pub(crate) fn rewrite_paper(&mut self, at: usize, facts: Arc<Facts>) {
        self.link_paper(at, &facts);
        self.paper_mut(at, Change::Content).facts = facts;
    }

    /// Gives an inventory new content.
    pub(crate) fn rewrite_inventory(&mut self, at: usize, facts: Arc<Inventory>) {
        self.number_inventory(at, &facts);
        self.declared_mut(at, Change::Content).facts = facts;
    }

    /// Gives an inventory the numbers the authorities gave it.
    pub(crate) fn rename_inventory(&mut self, at: usize, pre_no: &str, invt_no: &str) {
        let facts = Arc::make_mut(&mut self.declared_mut(at, Change::State).facts);
        if !pre_no.is_empty() {
            pre_no.clone_into(&mut facts.pre_no);
        }
        if !invt_no.is_empty() && facts.invt_no != invt_no {
            invt_no.clone_into(&mut facts.invt_no);
            self.by_number.entry((By::Inventory, invt_no.to_owned())).or_default().push(at);
        }
        if self.inventories[at].change != Change::New {
            self.renamed.insert(at);
        }
    }

    /// The stored inventories that the authorities gave a number.
    pub(crate) fn renamed(&self) -> impl Iterator<Item = &Declared> {
        self.renamed.iter().map(|at| self.declared(*at))
    }

    /// The order of a parcel, if it counts.
    pub(crate) fn order_of(&self, parcel: &ParcelKey) -> Option<usize> {
        let ParcelKey { direction, shop: issuer, order_no: number } = parcel.clone();
        let at = self.paper_at(&Key { kind: Kind::order(direction), issuer, number })?;
        counts(self.paper(at).position.state).then_some(at)
    }

    /// The payment of a parcel: the one its order names, else one that names the order.
    pub(crate) fn payment_of(&self, parcel: &ParcelKey) -> Option<usize> {
        if let Some(Facts::Order(order)) = self.order_of(parcel).map(|at| &*self.paper(at).facts) {
            let (issuer, number) = (order.pay_code.clone(), order.pay_transaction_id.clone());
            if !issuer.is_empty() && !number.is_empty() {
                let named = self.paper_at(&Key { kind: Kind::Payment, issuer, number });
                if let Some(at) = named.filter(|at| counts(self.paper(*at).position.state)) {
                    return Some(at);
                }
            }
        }
        self.linked(Kind::Payment, &parcel.order_no).find(
            |at| matches!(&*self.paper(*at).facts, Facts::Payment(p) if p.ebp_code == parcel.shop),
        )
    }

    /// The receipts of funds of an export.
    pub(crate) fn funds_of(&self, parcel: &ParcelKey) -> Vec<&FundsReceipt> {
        let all = self.linked(Kind::FundsReceipt, &parcel.order_no);
        let funds = all.filter_map(|at| match &*self.paper(at).facts {
            Facts::FundsReceipt(funds) if funds.shop() == parcel.shop => Some(funds),
            _ => None,
        });
        funds.collect()
    }

    /// The waybill an inventory names.
    pub(crate) fn waybill_of(&self, inventory: &Inventory) -> Option<usize> {
        let (issuer, number) = (inventory.logistics_code.clone(), inventory.logistics_no.clone());
        let kind = Kind::waybill(inventory.direction());
        let at = self.paper_at(&Key { kind, issuer, number })?;
        counts(self.paper(at).position.state).then_some(at)
    }

    /// The payments or waybills that name an order number and count, newest first.
    pub(crate) fn linked(&self, kind: Kind, order_no: &str) -> impl Iterator<Item = usize> + '_ {
        let list = self.by_link.get(&(order_no.to_owned(), kind)).into_iter().flatten().copied();
        let order_no = order_no.to_owned();
        list.rev().filter(move |at| {
            let paper = self.paper(*at);
            let link = match &*paper.facts {
                Facts::Payment(payment) => &payment.order_no,
                Facts::FundsReceipt(funds) => &funds.order_no,
                Facts::Waybill(waybill) => &waybill.order_no,
                _ => return false,
            };
            *link == order_no && counts(paper.position.state)
        })
    }

    /// The platforms that have an order of this number.
    pub(crate) fn platforms_of(&self, order_no: &str) -> Vec<String> {
        let orders = self.orders.get(order_no).into_iter().flatten();
        orders.map(|at| self.paper(*at).facts.key().issuer).collect()
    }

    /// The inventories of a parcel.
    pub(crate) fn inventories_of(&self, parcel: &ParcelKey) -> Vec<usize> {
        let all = self.numbered(By::Order, &parcel.order_no);
        let ours = |at: &usize| {
            let facts = &self.declared(*at).facts;
            facts.shop() == parcel.shop && facts.direction() == parcel.direction
        };
        all.filter(ours).collect()
    }

    /// Whether an inventory that has been declared, or is about to be, names this document.
    pub(crate) fn is_used(&self, facts: &Facts) -> bool {
        let goes = |at: usize| {
            let state = self.declared(at).position.state;
            state == State::Ready || state.is_declared()
        };
        let of_parcel = |parcel: ParcelKey| self.inventories_of(&parcel).into_iter().any(goes);
        match facts {
            Facts::Order(order) => of_parcel(ParcelKey::of_order(order)),
            Facts::Payment(payment) => of_parcel(ParcelKey::of_payment(payment)),
            Facts::FundsReceipt(funds) => of_parcel(ParcelKey::of_funds(funds)),
            Facts::Waybill(waybill) => self
                .numbered(By::Waybill, &waybill.logistics_no)
                .filter(|at| {
                    let theirs = &self.declared(*at).facts;
                    theirs.logistics_code == waybill.logistics_code
                        && theirs.direction() == waybill.direction
                })
                .any(goes),
            _ => false,
        }
    }
}

/// Whether a document in this state is there for its parcel.
pub(crate) fn counts(state: State) -> bool {
    !matches!(state, State::Draft | State::Withdrawn) && !state.may_be_redeclared()
}
