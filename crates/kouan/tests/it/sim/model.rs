//! The story's own book of what must be true. It believes nothing the platform says of itself: it
//! knows what the firms sent and were told, and what customs said, and works out from that where
//! every document must stand. It shares no code with the platform.

use std::collections::BTreeMap;

use clearance::document::Kind;
use kernel::Time;

use super::letter::{Letter, Told};
use super::outside::{EnvelopeFate, Left, Said};
use super::parcel::{Flaw, KINDS, Parcel};

/// Names a document: its kind's number and its parcel.
pub(super) type Name = (i64, usize);

/// One document as its firm knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Doc {
    /// Our id, once told.
    pub(super) id: Option<String>,
    /// The version in force: letter and place in it.
    pub(super) version: Option<(usize, usize)>,
    pub(super) withdrawn: bool,
    /// How much customs had said each time a new version took the old one's place.
    pub(super) renewed: Vec<usize>,
}

/// The book.
#[derive(Default)]
pub(super) struct Model {
    pub(super) docs: BTreeMap<Name, Doc>,
    /// What left, by the document's guid: the best that happened to it.
    left: BTreeMap<String, EnvelopeFate>,
    /// Guids, by every version that was sent.
    name_of_guid: BTreeMap<String, Name>,
    name_of_number: BTreeMap<(i64, String), Name>,
    /// Documents by the id the platform gave them.
    name_of_id: BTreeMap<String, Name>,
}

/// Where a document must stand: one of these codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) codes: Vec<i64>,
    /// Why, for whoever reads a broken story.
    pub(super) why: &'static str,
}

pub(super) const WAITING: i64 = 1_002;
pub(super) const HELD: i64 = 1_003;
pub(super) const READY: i64 = 1_004;
pub(super) const WITHDRAWN: i64 = 1_009;
const SENT: i64 = 3;
const SEND_FAILED: i64 = 4;

/// How far along a state is: the published order of the receipts.
pub(super) fn rank(code: i64) -> u8 {
    match code {
        1_001..=1_004 => 0,
        1 => 1,
        2..=4 => 2,
        i64::MIN..=-1 => 3,
        120 => 4,
        100 => 6,
        800 => 7,
        700 | 899 => 8,
        430 | WITHDRAWN => 9,
        _ => 5,
    }
}

/// Whether an inventory in this state counts against its buyer's year.
pub(super) fn is_live(code: i64) -> bool {
    code == READY || (1..1_000).contains(&code) && ![100, 430, 700].contains(&code)
}

/// Whether it is used rather than held.
pub(super) fn is_released(code: i64) -> bool {
    code == 800 || code == 899
}

const KNOWN: [i64; 20] =
    [1, 2, 3, 4, 100, 120, 300, 399, 400, 430, 500, 501, 502, 503, 505, 599, 600, 700, 800, 899];

impl Model {
    pub(super) fn new(parcels: &[Parcel]) -> Model {
        let mut model = Model::default();
        for parcel in parcels {
            for kind in KINDS {
                let name = (kind.number(), parcel.n);
                model.name_of_number.insert((kind.number(), parcel.number(kind)), name);
            }
        }
        model
    }

    /// A letter is sent for the first time.
    pub(super) fn sent(&mut self, letter: &Letter) {
        for doc in &letter.docs {
            let name = (letter.kind.number(), doc.parcel);
            self.name_of_guid.insert(doc.version.guid.clone(), name);
        }
    }

    /// A firm was told what became of a letter. Gives what contradicts what it was told before.
    pub(super) fn told(
        &mut self,
        n: usize,
        letter: &Letter,
        told: &Told,
        replayed: bool,
    ) -> Result<(), String> {
        let first = letter.told.as_ref().is_none_or(|before| !before.took_something());
        for (place, (doc, item)) in letter.docs.iter().zip(&told.items).enumerate() {
            let name = (letter.kind.number(), doc.parcel);
            let Some(id) = &item.id else { continue };
            let known = self.docs.entry(name).or_default();
            if known.id.get_or_insert_with(|| id.clone()) != id {
                let (old, number) = (known.id.clone().unwrap_or_default(), name.0);
                return Err(format!("{number} of parcel {} was {old}, is {id}", name.1));
            }
            self.name_of_id.insert(id.clone(), name);
            // What repeats an answer brings nothing; unless that one was never heard.
            if !first && (replayed || !item.is_taken_now()) {
                continue;
            }
            if doc.version.act == 3 {
                known.withdrawn = true;
            } else {
                known.version = Some((n, place));
                known.withdrawn = false;
            }
        }
        Ok(())
    }

    /// The platform holds a new version of a document since this step.
    pub(super) fn renewed(&mut self, id: &str, said: usize) {
        if let Some(name) = self.name_of_id.get(id)
            && let Some(doc) = self.docs.get_mut(name)
        {
            doc.renewed.push(said);
        }
    }

    pub(super) fn name_of_guid(&self, guid: &str) -> Option<Name> {
        self.name_of_guid.get(guid).copied()
    }

    /// Something left the house.
    pub(super) fn has_left(&mut self, left: &Left) {
        let guid = left.document.head.text("guid").unwrap_or_default().to_owned();
        let best = self.left.entry(guid).or_insert(left.fate);
        let weight = |fate: EnvelopeFate| match fate {
            EnvelopeFate::Later => 0,
            EnvelopeFate::Refused => 1,
            EnvelopeFate::Lost => 2,
            EnvelopeFate::Taken => 3,
        };
        if weight(left.fate) > weight(*best) {
            *best = left.fate;
        }
    }

    /// What became of one version on its way to customs.
    pub(super) fn fate_of(&self, guid: &str) -> Option<EnvelopeFate> {
        self.left.get(guid).copied()
    }

    /// The version in force of a document that is there, with its flaw.
    pub(super) fn in_force<'l>(
        &self,
        kind: Kind,
        parcel: usize,
        letters: &'l [Letter],
    ) -> Option<&'l super::letter::Doc> {
        let doc = self.docs.get(&(kind.number(), parcel)).filter(|doc| !doc.withdrawn)?;
        let (letter, place) = doc.version?;
        letters[letter].docs.get(place)
    }

    /// What customs said of a document, oldest arrival first.
    fn said_of<'s>(&self, name: Name, said: &'s [Said], said_of_kind: i64) -> Vec<&'s Said> {
        let ours = |one: &&Said| {
            let by_number = one.kind == said_of_kind
                && one.names.iter().any(|number| {
                    self.name_of_number.get(&(name.0, number.clone())) == Some(&name)
                });
            let by_guid = (one.kind == said_of_kind || one.kind == 900)
                && one.names.iter().any(|guid| self.name_of_guid.get(guid) == Some(&name));
            by_number || by_guid
        };
        said.iter().filter(ours).collect()
    }

    /// Where customs' words leave a document: the furthest of them, by their own time within a rank.
    /// Words no younger than those that ended the version before speak of that one.
    fn after_customs(&self, name: Name, said: &[Said]) -> Option<i64> {
        let doc = self.docs.get(&name)?;
        let mut floor: Option<Time> = None;
        let mut ends = doc.renewed.clone();
        ends.push(said.len());
        let mut best = None;
        for end in ends {
            let all = self.said_of(name, &said[..end], receipt_kind(name.0));
            let fresh = all.into_iter().filter(|one| floor.is_none() || one.at > floor);
            let known = fresh.filter(|one| one.status < 0 || KNOWN.contains(&one.status));
            let words = known.map(|one| (rank(one.status), one.at, one.status));
            best = words.max();
            if let Some((_, at, _)) = best {
                floor = at.max(floor);
            }
        }
        best.map(|(_, _, status)| status)
    }

    /// Where a document must stand when everybody has come to rest.
    pub(super) fn expected(
        &self,
        kind: Kind,
        parcel: usize,
        letters: &[Letter],
        said: &[Said],
    ) -> Option<Expected> {
        let name = (kind.number(), parcel);
        let doc = self.docs.get(&name)?;
        doc.id.as_ref()?;
        let only = |code: i64, why| Some(Expected { codes: vec![code], why });
        if kind != Kind::Inventory && !doc.withdrawn && !doc.renewed.is_empty() {
            return Some(self.renewed_paper(name, said));
        }
        if kind == Kind::Inventory && self.is_cancelled(parcel, said) {
            return only(430, "its cancellation was granted");
        }
        if doc.withdrawn {
            return only(WITHDRAWN, "its firm withdrew it");
        }
        let (letter, place) = doc.version?;
        let guid = &letters[letter].docs[place].version.guid;
        if let Some(status) = self.after_customs(name, said)
            && (rank(status) >= 2 || self.fate_of(guid).is_none())
        {
            return only(status, "customs said so");
        }
        match self.fate_of(guid) {
            Some(EnvelopeFate::Taken | EnvelopeFate::Lost) => only(SENT, "it was sent"),
            Some(EnvelopeFate::Refused) => only(SEND_FAILED, "the exchange refused it for good"),
            Some(EnvelopeFate::Later) => only(SENT, "it was owed to customs until taken"),
            None if kind != Kind::Inventory => only(SENT, "it was to be sent"),
            None => Some(self.unsent(parcel, letters, said)),
        }
    }

    /// A paper that took another's place after that had left: its receipts name the number alone, and
    /// those of both may come in any order.
    fn renewed_paper(&self, name: Name, said: &[Said]) -> Expected {
        let all = self.said_of(name, said, receipt_kind(name.0));
        let mut codes: Vec<i64> = all.into_iter().map(|one| one.status).collect();
        codes.extend([SENT, SEND_FAILED]);
        Expected { codes, why: "customs said one of these" }
    }

    /// An inventory that never left: something held it.
    fn unsent(&self, parcel: usize, letters: &[Letter], said: &[Said]) -> Expected {
        let mut complete = true;
        let mut ended = false;
        for kind in [Kind::Order, Kind::Payment, Kind::Waybill] {
            complete &= self.in_force(kind, parcel, letters).is_some();
            let status = self.after_customs((kind.number(), parcel), said);
            ended |= status.is_some_and(|status| status == 100 || status < 0);
        }
        match (complete, ended, self.is_flawed(parcel, letters)) {
            (_, true, _) => Expected { codes: vec![WAITING, HELD], why: "a document was rejected" },
            (false, false, _) => Expected { codes: vec![WAITING], why: "a document is missing" },
            (true, false, true) => Expected { codes: vec![HELD], why: "its documents differ" },
            (true, false, false) => Expected { codes: vec![], why: "nothing stands in its way" },
        }
    }

    /// Whether any document in force says something the others do not.
    pub(super) fn is_flawed(&self, parcel: usize, letters: &[Letter]) -> bool {
        [Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory].into_iter().any(|kind| {
            self.in_force(kind, parcel, letters).is_some_and(|doc| doc.version.flaw != Flaw::None)
        })
    }

    /// Whether customs granted an application to cancel.
    fn is_cancelled(&self, parcel: usize, said: &[Said]) -> bool {
        let name = (Kind::CancelApplication.number(), parcel);
        self.docs.contains_key(&name) && self.after_customs(name, said) == Some(399)
    }
}

/// The receipt type that answers a kind of document.
fn receipt_kind(kind: i64) -> i64 {
    match kind {
        513 => 514,
        621 => 622,
        623 => 624,
        711 => 712,
        paper => paper + 1,
    }
}
