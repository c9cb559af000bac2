//! The plan of a story: what is sold, what each firm means to send and when, and how rough the
//! weather is.

use clearance::document::Kind;
use kernel::Time;

use super::chance::Chance;
use super::letter::{Doc, Form, Letter, Noise};
use super::parcel::{Flaw, Parcel, Version};

/// How often things go wrong, in a hundred.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roughness {
    /// The disk fails, or the process dies at the disk.
    pub(super) disk: usize,
    /// The process dies between two steps.
    pub(super) crash: usize,
    /// Customs cannot be reached, loses answers, refuses.
    pub(super) customs: usize,
    /// Receipts are lost on their way.
    pub(super) lost_receipts: usize,
    /// Envelopes that customs took are lost there.
    pub(super) lost_envelopes: usize,
    /// Senders do not wait for their answers.
    pub(super) impatience: usize,
    /// Consumers of events fail.
    pub(super) consumers: usize,
}

/// Everything a story begins with.
pub(super) struct Plan {
    pub(super) start: Time,
    pub(super) parcels: Vec<Parcel>,
    pub(super) letters: Vec<Letter>,
    pub(super) roughness: Roughness,
    /// Parcels whose declarant wants to cancel once customs has numbered them.
    pub(super) cancels: Vec<usize>,
    /// Parcels whose declarant corrects what was rejected, once.
    pub(super) corrections: Vec<usize>,
}

const PREFIXES: [&str; 24] = [
    "SINSP1-",
    "SREJ1311-",
    "SNEG621013-",
    "SHOLD-",
    "SHOLD-",
    "SLATE1-",
    "SDUP-",
    "SOOO-",
    "SMAL1-",
    "SMAL2-",
    "SMAL3-",
    "SMAL4-",
    "SMAL5-",
    "SDET501-",
    "SSUSP-",
    "SRET-",
    "SSILENT-",
    "SFMT-",
    "SDXP3001-",
    "SDXP2001-",
    "SREJ311-",
    "SREJ411-",
    "SNEG301010-",
    "SDUP-SOOO-",
];

/// Idempotency keys a letter may come under; no two letters share one.
pub(super) const KEYS_PER_LETTER: usize = 100;

/// Plans the story of a seed.
pub(super) fn plan(chance: &mut Chance) -> Plan {
    let start = Time::parse_compact("20261123090000").expect("a time");
    let count = 4 + chance.below(15);
    let buyers = 2 + chance.below(5);
    let parcels: Vec<Parcel> = (0..count).map(|n| parcel(n, buyers, chance)).collect();
    let mut planner = Planner { start, letters: Vec::new(), chance };
    for kind in [Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory, Kind::Warehousing] {
        planner.send_all(kind, &parcels);
    }
    planner.noise(&parcels);
    let mut letters = planner.letters;
    for (n, letter) in letters.iter_mut().enumerate() {
        letter.key = chance.percent(60).then_some(n * KEYS_PER_LETTER);
        letter.named = letter.form == Form::Json || chance.percent(80);
    }
    let held = |n: &usize| parcels[*n].prefix.starts_with("SHOLD") || chance_of(*n);
    let cancels = (0..count).filter(held).filter(|n| n % 3 != 0).collect();
    let rejected = |n: &usize| ["SREJ1311-", "SNEG621013-", "SFMT-"].contains(&parcels[*n].prefix);
    let corrections = (0..count).filter(rejected).collect();
    let roughness = Roughness {
        disk: chance.pick(&[0, 4, 8, 15]),
        crash: chance.pick(&[0, 1, 2, 4]),
        customs: chance.pick(&[0, 5, 10, 25]),
        lost_receipts: chance.pick(&[0, 0, 0, 6]),
        lost_envelopes: chance.pick(&[0, 0, 0, 5]),
        impatience: chance.pick(&[0, 5, 15]),
        consumers: chance.pick(&[0, 10, 30]),
    };
    Plan { start, parcels, letters, roughness, cancels, corrections }
}

fn chance_of(n: usize) -> bool {
    n % 11 == 7
}

fn parcel(n: usize, buyers: usize, chance: &mut Chance) -> Parcel {
    let prefix = if chance.percent(45) { chance.pick(&PREFIXES) } else { "" };
    // Some buyers come close to their year's limit, and over it.
    let price =
        if chance.percent(40) { chance.between(1_500, 2_400) } else { chance.between(50, 400) };
    Parcel { n, prefix, buyer: chance.below(buyers), price, pieces: 2, direct: chance.percent(20) }
}

struct Planner<'c> {
    start: Time,
    letters: Vec<Letter>,
    chance: &'c mut Chance,
}

/// Everything is first sent within so many seconds.
const SPREAD_S: i64 = 1_200;

impl Planner<'_> {
    /// Plans every version of one kind of document of every parcel that has it.
    fn send_all(&mut self, kind: Kind, parcels: &[Parcel]) {
        let mut first: Vec<Doc> = Vec::new();
        let mut further: Vec<(usize, Vec<Version>)> = Vec::new();
        for parcel in parcels.iter().filter(|p| kind != Kind::Warehousing || p.direct) {
            let mut versions = self.course(kind);
            if versions.is_empty() {
                continue;
            }
            first.push(Doc { parcel: parcel.n, version: versions.remove(0) });
            further.push((parcel.n, versions));
        }
        self.chance.shuffle(&mut first);
        let mut letter_of = vec![0; parcels.len()];
        while !first.is_empty() {
            // A warehousing message holds one sheet.
            let most = if kind == Kind::Warehousing { 1 } else { 4 };
            let size = 1 + self.chance.below(first.len().min(most));
            let docs: Vec<Doc> = first.drain(..size).collect();
            docs.iter().for_each(|doc| letter_of[doc.parcel] = self.letters.len());
            let at = docs.iter().map(|doc| doc.version.at).max().unwrap_or(self.start);
            let form = self.form();
            self.letters.push(Letter::new(kind, docs, form, at));
        }
        for (parcel, versions) in further {
            let mut before = letter_of[parcel];
            for version in versions {
                let (at, form) = (version.at, self.form());
                let docs = vec![Doc { parcel, version }];
                let mut letter = Letter::new(kind, docs, form, at);
                letter.after = vec![before];
                before = self.letters.len();
                self.letters.push(letter);
            }
        }
    }

    fn form(&mut self) -> Form {
        self.chance.pick(&[Form::Json, Form::Json, Form::Xml, Form::Envelope])
    }

    /// The versions of one document, in the order in which they are sent.
    fn course(&mut self, kind: Kind) -> Vec<Version> {
        const GOOD: Flaw = Flaw::None;
        let flaw = Flaw::of(kind, self.chance.below(2));
        let acts: Vec<(u8, Flaw)> = match self.chance.below(100) {
            0..4 if kind != Kind::Inventory => vec![],
            4..12 => vec![(1, flaw), (2, GOOD)],
            12..15 => vec![(1, flaw)],
            15..18 => vec![(1, GOOD), (3, GOOD)],
            18..22 => vec![(1, GOOD), (3, GOOD), (1, GOOD)],
            22..27 => vec![(1, GOOD), (2, GOOD)],
            27..30 => vec![(1, GOOD), (1, flaw)],
            30..32 => vec![(2, GOOD), (1, GOOD)],
            _ => vec![(1, GOOD)],
        };
        let mut at = self.start.plus_millis(self.chance.between(0, SPREAD_S) * 1_000);
        let mut versions = Vec::with_capacity(acts.len());
        for ((act, flaw), note) in acts.into_iter().zip(1..) {
            versions.push(Version {
                act,
                flaw,
                note,
                guid: self.chance.guid(),
                at,
                numbers: Default::default(),
            });
            at = at.plus_millis(self.chance.between(2, 500) * 1_000);
        }
        versions
    }

    /// A few letters that were spoilt on their way: nothing of them may remain.
    fn noise(&mut self, parcels: &[Parcel]) {
        for _ in 0..self.chance.below(4) {
            let kind =
                self.chance.pick(&[Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory]);
            let parcel = self.chance.below(parcels.len());
            let version = self.course(Kind::Inventory).remove(0);
            let (at, form) = (version.at, self.form());
            let docs = vec![Doc { parcel, version: Version { note: 99, ..version } }];
            let mut letter = Letter::new(kind, docs, form, at);
            letter.noise = Some(self.chance.pick(&[Noise::Cut, Noise::Changed]));
            self.letters.push(letter);
        }
    }
}
