//! The plan of a day, the messages made from it, and what ought to come of them.

use std::collections::BTreeMap;
use std::ops::Range;

use ceb::certificate::Certificate;
use ceb::keys::KeyError;
use ceb::signature::SignError;
use ceb::{Document, MessageType};
use kernel::{Date, Fen, Finding, Time};
use register::party::Zone;
use register::rules::Rules;
use register::tariff::Tariff;

use super::chance::Chance;
use super::credential::{Cards, Keyring};
use super::document;
use super::even::{self, Course};
use super::fault::{Fault, Outcome};
use super::good::Catalogue;
use super::lot::{self, Job, Lot, Part};
use super::parcel::{self, Parcel};
use super::person::Person;
use super::trade::{Firm, Incomplete, Route, Trade};
use super::withholding::withheld;

/// A planned day.
pub struct Day {
    seed: u64,
    on: Date,
    catalogue: Catalogue,
    rules: Rules,
    tariff: Tariff,
    keyring: Keyring,
    trade: Trade,
    course: Course,
    lots: Vec<Lot>,
    /// The lot of each parcel.
    lot_of: Vec<u32>,
    jobs: Vec<Job>,
    expected: Counts,
}

/// One message as its sender hands it in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// When, on the simulated day.
    pub at: Time,
    /// Code of the firm that sends and signs it.
    pub sender: String,
    /// Such as `CEB621`.
    pub kind: &'static str,
    /// The root's guid; a repeated message has the same.
    pub guid: String,
    /// The signed message.
    pub bytes: Vec<u8>,
    /// How many documents it holds.
    pub documents: usize,
    /// Which parcels it is about, by number.
    pub parcels: Range<usize>,
    /// Whether the very same bytes are handed in at another time too.
    pub repeated: bool,
    /// The fault that spoils the message as a whole.
    pub fault: Option<Fault>,
}

/// An inventory that customs has numbered.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// Number of the parcel.
    pub parcel: usize,
    /// 预录入编号.
    pub pre_no: &'a str,
    /// 清单编号.
    pub invt_no: &'a str,
}

/// What ought to come of a day, counted by the senders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Parcels.
    pub parcels: usize,
    /// Messages handed in, repeats included.
    pub messages: usize,
    /// Documents in them, repeats left out.
    pub documents: usize,
    /// Parcels by where they end up.
    pub by_outcome: BTreeMap<Outcome, usize>,
    /// Parcels by trade mode.
    pub by_mode: BTreeMap<&'static str, usize>,
    /// Parcels by fault, in the words of the table.
    pub by_fault: BTreeMap<&'static str, usize>,
    /// Parcels by the finding their fault ought to cause.
    pub by_finding: BTreeMap<&'static str, usize>,
    /// Taxes withheld for the parcels that are closed.
    pub tax_total: Fen,
}

/// A day that cannot be planned, or a message that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// The zone lacks firms.
    #[error(transparent)]
    Zone(#[from] Incomplete),
    /// A key cannot be made.
    #[error("a signing key cannot be made")]
    Key(#[from] KeyError),
    /// A message cannot be signed.
    #[error("a message cannot be signed")]
    Sign(#[from] SignError),
    /// A basket cannot be taxed, or a message cannot be written: a bug in the plan.
    #[error("the plan made something wrong: {0}")]
    Plan(String),
}

impl TrafficError {
    fn findings(findings: &[Finding]) -> TrafficError {
        let shown: Vec<String> =
            findings.iter().map(|f| format!("{} {} {}", f.code, f.path, f.message.en)).collect();
        TrafficError::Plan(shown.join("; "))
    }
}

/// Most parcels of a day: order numbers have seven digits for them.
const PARCELS_MAX: usize = 9_999_999;

const SUBJECT_LOTS: u64 = 1;
const SUBJECT_JOBS: u64 = 2;
const SUBJECT_BASKET: u64 = 3;
const SUBJECT_MESSAGE: u64 = 4;

impl Day {
    /// Plans a day of `parcels` parcels (at most 9,999,999). The same arguments give the same
    /// day; different seeds give different firms' keys, buyers, baskets and numbers.
    ///
    /// # Errors
    /// When the zone lacks firms, or a key cannot be made.
    pub fn plan(seed: u64, parcels: usize, zone: &Zone, on: Date) -> Result<Day, TrafficError> {
        let mut day = Day::prepare(seed, zone, on, Course::Ordinary, Cards::Mixed)?;
        day.fill(parcels)?;
        day.expected = day.count()?;
        Ok(day)
    }

    /// A day without parcels as yet: who trades, with which cards, in which course. Follow with
    /// [`Day::fill`].
    ///
    /// # Errors
    /// When the zone lacks firms, or a key cannot be made.
    pub fn prepare(
        seed: u64,
        zone: &Zone,
        on: Date,
        course: Course,
        cards: Cards,
    ) -> Result<Day, TrafficError> {
        let trade = Trade::of(zone, on)?;
        let (rules, tariff) = (Rules::builtin(), Tariff::builtin());
        let catalogue = Catalogue::of(&tariff, on);
        let keyring = Keyring::of(&trade.signers(), cards, seed, on)?;
        Ok(Day {
            seed,
            on,
            catalogue,
            rules,
            tariff,
            keyring,
            trade,
            course,
            lots: Vec::new(),
            lot_of: Vec::new(),
            jobs: Vec::new(),
            expected: Counts::default(),
        })
    }

    /// Plans the day's parcels and messages anew, `parcels` of them (at most 9,999,999). In an
    /// even course a larger number leaves those planned before as they were. What ought to come of
    /// them is not counted: see [`Day::fault`] for each.
    ///
    /// # Errors
    /// When a mode has no route.
    pub fn fill(&mut self, parcels: usize) -> Result<(), TrafficError> {
        let parcels = parcels.min(PARCELS_MAX);
        let mut chance = Chance::of(self.seed, SUBJECT_LOTS, 0);
        let lots = match self.course {
            Course::Ordinary => lot::lots(&self.trade, parcels, self.on, &mut chance),
            Course::Even { documents } => {
                even::lots(&self.trade, parcels, documents, self.on, &mut chance)
            }
        };
        self.lots = lots.ok_or_else(|| TrafficError::Plan("a mode has no route".to_owned()))?;
        self.jobs = match self.course {
            Course::Ordinary => lot::jobs(&self.lots, &mut Chance::of(self.seed, SUBJECT_JOBS, 0)),
            Course::Even { documents } => even::jobs(&self.lots, documents, |group| {
                Chance::of(self.seed, SUBJECT_JOBS, group)
            }),
        };
        self.lot_of = self
            .lots
            .iter()
            .zip(0u32..)
            .flat_map(|(lot, place)| lot.numbers.clone().map(move |_| place))
            .collect();
        Ok(())
    }

    /// How many messages belong together in an even course: sent as a whole, they hold whole
    /// parcels. The last group may be shorter.
    pub fn group_len(&self) -> usize {
        match self.course {
            Course::Ordinary => self.jobs.len(),
            Course::Even { documents } => even::group_len(documents),
        }
    }

    /// How many parcels the messages before a place hold, when the place lies between two groups.
    pub fn parcels_before(&self, place: usize) -> usize {
        if place >= self.jobs.len() {
            return self.parcels();
        }
        let lot = self.jobs.get(..place).unwrap_or_default().iter().map(|job| job.lot).max();
        let lot = lot.and_then(|lot| self.lots.get(lot));
        lot.map_or(0, |lot| lot.numbers.end)
    }

    /// How many parcels there are.
    pub fn parcels(&self) -> usize {
        self.lot_of.len()
    }

    /// The simulated date.
    pub fn date(&self) -> Date {
        self.on
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many of them may be sent in any order. Those after them (changed repeats of orders)
    /// are to be sent when everything before was answered.
    pub fn len_unordered(&self) -> usize {
        self.jobs.partition_point(|job| !job.last)
    }

    /// What ought to come of the day.
    pub fn expected(&self) -> &Counts {
        &self.expected
    }

    /// The certificates to be registered before the day begins, with the codes of their firms.
    pub fn certificates(&self) -> Vec<(&str, &Certificate)> {
        self.keyring.certificates()
    }

    /// Makes and signs the messages of a range of places, in the order of their sending.
    pub fn submissions(
        &self,
        places: Range<usize>,
    ) -> impl Iterator<Item = Result<Submission, TrafficError>> + '_ {
        places.take_while(|place| *place < self.jobs.len()).map(|place| self.submission(place))
    }

    /// The number of the parcel with this order number; `None` when it is not of this day.
    pub fn parcel_of(&self, order_no: &str) -> Option<usize> {
        let number: usize = order_no.get(order_no.len().checked_sub(7)?..)?.parse().ok()?;
        let fault = self.fault(number);
        (number < self.lot_of.len() && self.order_no(number, fault) == order_no).then_some(number)
    }

    /// What is wrong with a parcel.
    pub fn fault(&self, parcel: usize) -> Option<Fault> {
        self.lot(parcel)?.fault(parcel)
    }

    /// Waybill statuses (CEB513) for released parcels: they were signed for. One message for
    /// each carrier and hundred parcels.
    ///
    /// # Errors
    /// When a message cannot be made.
    pub fn signed_for(&self, parcels: &[usize], at: Time) -> Result<Vec<Submission>, TrafficError> {
        let kind = message_type("CEB513")?;
        let mut by_carrier: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for parcel in parcels {
            if let Some(lot) = self.lot(*parcel) {
                by_carrier.entry(&lot.route.carrier.code).or_default().push(*parcel);
            }
        }
        let mut out = Vec::new();
        for parcels in by_carrier.values() {
            for chunk in parcels.chunks(DOCUMENTS_MAX) {
                let make =
                    |route: &Route, parcel: &Parcel| document::signed_for(kind, route, parcel, at);
                out.extend(self.follow_up(kind, chunk, at, |route| &route.carrier, make)?);
            }
        }
        Ok(out)
    }

    /// Whether the declarant of a parcel wants to cancel it once customs has numbered it.
    pub fn wants_cancel(&self, parcel: usize) -> bool {
        self.fault(parcel) == Some(Fault::Cancelled)
    }

    /// Cancel applications (CEB623), one message each, for those of the inventories that are to
    /// be cancelled.
    ///
    /// # Errors
    /// When a message cannot be made.
    pub fn cancellations(
        &self,
        accepted: &[Accepted<'_>],
        at: Time,
    ) -> Result<Vec<Submission>, TrafficError> {
        let kind = message_type("CEB623")?;
        let mut out = Vec::new();
        for one in accepted.iter().filter(|one| self.wants_cancel(one.parcel)) {
            let numbers = (one.pre_no, one.invt_no);
            let make =
                |route: &Route, parcel: &Parcel| document::cancel(kind, route, parcel, numbers, at);
            out.extend(self.follow_up(kind, &[one.parcel], at, |route| &route.declarant, make)?);
        }
        Ok(out)
    }

    fn follow_up(
        &self,
        kind: &'static MessageType,
        numbers: &[usize],
        at: Time,
        sender: fn(&Route) -> &Firm,
        make: impl Fn(&Route, &Parcel) -> Document,
    ) -> Result<Option<Submission>, TrafficError> {
        let mut documents = Vec::with_capacity(numbers.len());
        for number in numbers {
            if let Some(lot) = self.lot(*number) {
                documents.push(make(&lot.route, &self.parcel(*number)?));
            }
        }
        let Some(first) = numbers.first().and_then(|number| self.lot(*number)) else {
            return Ok(None);
        };
        let sender = sender(&first.route).clone();
        let low = numbers.iter().min().copied().unwrap_or_default();
        let high = numbers.iter().max().copied().unwrap_or_default();
        let stamp = u64::try_from(at.to_millis()).unwrap_or_default();
        let guid = Chance::of(self.seed, stamp, low as u64).guid();
        let parcels = low..high + 1;
        let made = Made { kind, sender, guid, documents, at, parcels, spoils: None };
        self.signed(made).map(Some)
    }

    fn lot(&self, parcel: usize) -> Option<&Lot> {
        let place = *self.lot_of.get(parcel)?;
        self.lots.get(usize::try_from(place).ok()?)
    }

    fn submission(&self, place: usize) -> Result<Submission, TrafficError> {
        let job = self.jobs.get(place).ok_or_else(|| wrong("no such message"))?;
        let lot = self.lots.get(job.lot).ok_or_else(|| wrong("no such lot"))?;
        let mut parcels = Vec::with_capacity(job.numbers.len());
        for number in job.numbers.clone() {
            parcels.push(self.parcel(number)?);
        }
        // Repeats and first tries share everything, so the chance of the message is its content's.
        let subject = (job.part as u64) << 8 | SUBJECT_MESSAGE;
        let guid = Chance::of(self.seed, subject, job.numbers.start as u64).guid();
        let at = if job.last { job.at } else { self.written_at(lot, job) };
        let (kind, sender, documents) = self.documents(job, lot, &parcels, at)?;
        let numbers = job.numbers.clone();
        let alone = parcels.first().filter(|_| parcels.len() == 1).and_then(|p| p.fault);
        let spoils = alone.filter(|f| f.row().alone && job.part == Part::Inventories);
        let made = Made { kind, sender, guid, documents, at, parcels: numbers, spoils };
        let submission = self.signed(made)?;
        Ok(Submission { at: job.at, repeated: job.repeated, ..submission })
    }

    /// When a message was written: the same for its repeats, before the earliest is sent.
    fn written_at(&self, lot: &Lot, job: &Job) -> Time {
        let subject = (job.part as u64) << 8 | SUBJECT_JOBS;
        let mut chance = Chance::of(self.seed, subject, job.numbers.start as u64);
        lot.ordered_at.plus_millis(chance.between(10, 50) * 1000)
    }

    fn documents(
        &self,
        job: &Job,
        lot: &Lot,
        parcels: &[Parcel],
        at: Time,
    ) -> Result<(&'static MessageType, Firm, Vec<Document>), TrafficError> {
        let route = &lot.route;
        let with = |code: &str, sender: Firm, make: Make| {
            let kind = message_type(code)?;
            let left_out = job.part.left_out();
            let there = parcels.iter().filter(|p| left_out.is_none() || p.fault != left_out);
            let documents = there.map(|parcel| make(kind, route, parcel, at)).collect();
            Ok((kind, sender, documents))
        };
        match job.part {
            Part::Orders => with("CEB311", route.platform.clone(), document::order),
            Part::Payments => with("CEB411", route.payment.clone(), document::payment),
            Part::Waybills => with("CEB511", route.carrier.clone(), document::waybill),
            Part::Inventories => {
                let sender = lot.intruder.clone().unwrap_or_else(|| route.declarant.clone());
                with("CEB621", sender, document::inventory)
            }
            Part::Sheet => {
                let kind = message_type("CEB711")?;
                let sheet = document::sheet(kind, route, parcels, at);
                Ok((kind, route.site.clone(), sheet.into_iter().collect()))
            }
            Part::ChangedOrder => with("CEB311", route.platform.clone(), document::changed_order),
        }
    }

    fn signed(&self, made: Made) -> Result<Submission, TrafficError> {
        let Made { kind, sender, guid, documents, at, parcels, spoils } = made;
        let count = documents.len();
        let message = document::message(kind, &sender, guid.clone(), documents);
        let mut bytes = ceb::write(&message).map_err(|f| TrafficError::findings(&f))?;
        if spoils == Some(Fault::StructureInvalid) {
            // A field the schema requires is taken out before signing.
            bytes = replaced(&bytes, "<ceb:portCode>", "</ceb:portCode>", "");
        }
        bytes = self.keyring.sign(&sender, &bytes)?;
        if spoils == Some(Fault::BadSignature) {
            // The address is changed after signing.
            let address = "<ceb:consigneeAddress>样板路1号</ceb:consigneeAddress>";
            let (start, end) = ("<ceb:consigneeAddress>", "</ceb:consigneeAddress>");
            bytes = replaced(&bytes, start, end, address);
        }
        Ok(Submission {
            at,
            sender: sender.code,
            kind: kind.code,
            guid,
            bytes,
            documents: count,
            parcels,
            repeated: false,
            fault: spoils,
        })
    }

    fn parcel(&self, number: usize) -> Result<Parcel, TrafficError> {
        let lot = self.lot(number).ok_or_else(|| wrong("no such parcel"))?;
        let fault = self.fault(number);
        let mut chance = Chance::of(self.seed, SUBJECT_BASKET, number as u64);
        let basket = parcel::basket(&self.catalogue, &lot.route, fault, lot.one_buyer, &mut chance)
            .ok_or_else(|| wrong("nothing to sell"))?;
        let buyer = self.buyer(number, lot, fault);
        let payer = match fault {
            Some(Fault::PayerDiffers) => Person::of(chance.draw()),
            _ => buyer.clone(),
        };
        let tail = self.tail(number);
        let tax = withheld(&basket, lot.route.mode, self.on, &self.rules, &self.tariff)
            .map_err(TrafficError::Plan)?;
        Ok(Parcel {
            seed: self.seed,
            number,
            fault,
            order_no: self.order_no(number, fault),
            cop_no: format!("Q{tail}"),
            logistics_no: format!("EX{tail}"),
            transaction: format!("PT{tail}"),
            buyer,
            payer,
            basket,
            voyage: lot.voyage.clone(),
            intruder: lot.intruder.clone(),
            tax,
            ordered_at: lot.ordered_at,
        })
    }

    /// Most parcels have a buyer of their own; some buy twice, and those of a yearly-limit lot
    /// have one buyer.
    fn buyer(&self, number: usize, lot: &Lot, fault: Option<Fault>) -> Person {
        let first = lot.numbers.start;
        let twice = number % 2 == 1 && number > first && number.is_multiple_of(5);
        let who = match (lot.one_buyer, twice) {
            (true, _) => first,
            (false, true) => number - 1,
            (false, false) => number,
        };
        let offset = Chance::of(self.seed, SUBJECT_LOTS, u64::MAX).draw() >> 16;
        let person = Person::of(offset.wrapping_add(who as u64));
        if fault == Some(Fault::IdentityCheck) { person.with_wrong_check() } else { person }
    }

    /// Date, seed and number: what numbers of one parcel end in.
    fn tail(&self, number: usize) -> String {
        format!("{}{:04}{number:07}", self.on.strftime("%y%m%d"), self.seed % 10_000)
    }

    fn order_no(&self, number: usize, fault: Option<Fault>) -> String {
        let prefix = match fault {
            Some(Fault::Malformed) => format!("SMAL{}-", number % 5 + 1),
            Some(fault) => fault.row().prefix.to_owned(),
            None => String::new(),
        };
        format!("{prefix}{}", self.tail(number))
    }

    fn count(&self) -> Result<Counts, TrafficError> {
        let mut counts = Counts { parcels: self.lot_of.len(), ..Counts::default() };
        counts.messages = self.jobs.len();
        for lot in &self.lots {
            *counts.by_mode.entry(lot.route.mode).or_default() += lot.faults.len();
            for (fault, number) in lot.faults.iter().zip(lot.numbers.clone()) {
                let outcome = fault.map_or(Outcome::Closed, |fault| fault.row().outcome);
                *counts.by_outcome.entry(outcome).or_default() += 1;
                if let Some(row) = fault.map(Fault::row) {
                    *counts.by_fault.entry(row.word).or_default() += 1;
                    if let Some(finding) = row.finding {
                        *counts.by_finding.entry(finding).or_default() += 1;
                    }
                }
                if outcome == Outcome::Closed {
                    counts.tax_total.0 += self.parcel(number)?.tax.0;
                }
            }
        }
        for job in self.jobs.iter().filter(|job| !job.repeated) {
            counts.documents += self.documents_in(job);
        }
        Ok(counts)
    }

    fn documents_in(&self, job: &Job) -> usize {
        if job.part == Part::Sheet {
            return 1;
        }
        let left_out = job.part.left_out();
        let there = |number: &usize| left_out.is_none() || self.fault(*number) != left_out;
        job.numbers.clone().filter(there).count()
    }
}

/// A message to be written and signed.
struct Made {
    kind: &'static MessageType,
    sender: Firm,
    guid: String,
    documents: Vec<Document>,
    at: Time,
    parcels: Range<usize>,
    spoils: Option<Fault>,
}

type Make = fn(&MessageType, &Route, &Parcel, Time) -> Document;

/// Most documents of one message.
const DOCUMENTS_MAX: usize = 100;

fn message_type(code: &str) -> Result<&'static MessageType, TrafficError> {
    ceb::message_type(code).ok_or_else(|| wrong("no such message type"))
}

fn wrong(what: &str) -> TrafficError {
    TrafficError::Plan(what.to_owned())
}

/// Replaces the first element that has these tags; the text is UTF-8.
fn replaced(bytes: &[u8], start: &str, end: &str, with: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let place = text.split_once(start).and_then(|(before, rest)| {
        rest.split_once(end).map(|(_, after)| [before, with, after].concat())
    });
    place.map_or_else(|| bytes.to_vec(), String::into_bytes)
}
