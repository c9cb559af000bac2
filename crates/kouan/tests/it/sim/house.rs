//! The platform of the story: built over the disk, driven by hand, dropped and built again.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use clearance::intake::Intake;
use clearance::intake::by_hand::Hands;
use clearance::reference::Reference;
use db::{Ctx, Db, DbError, StoredEvent, params};
use gateway::Customs;
use gateway::standin::{self, StandIn};
use kernel::{Clock, IdSource};
use kouan::Failure;
use kouan::config::Config;
use kouan::judgement::StandInLaw;
use kouan::platform::{Platform, Wiring};
use kouan::worker::{Round, Worker, customs, evidence, upkeep};
use register::codes::Codes;
use register::party::{LiveDirectory, Purpose, flow as parties};
use register::remedies::Remedies;
use register::rules::Rules;
use register::tariff::Tariff;
use web::notices::{self, Outcome, Outgoing, Post};
use web::test::SetClock;

use super::disk::Disk;
use super::letter::FIRMS;
use super::outside::Outside;
use super::parcel::BROKER;

/// What the story itself keeps in the platform's database.
const HEARD: &str = "CREATE TABLE simulation_heard (
    consumer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (consumer, seq)
)";

/// Node of ids made by the story beside the platform.
const NODE: u8 = 1;

/// Those who hear of events.
pub(super) const CONSUMERS: [&str; 2] = ["simulation.one", "simulation.two"];

/// The law and its companions, read once for all stories.
static REFERENCE: LazyLock<(Rules, Tariff, Codes, Remedies)> =
    LazyLock::new(|| (Rules::builtin(), Tariff::builtin(), Codes::builtin(), Remedies::builtin()));

fn reference(directory: Arc<LiveDirectory>) -> Reference {
    let (rules, tariff, codes, remedies) = &*REFERENCE;
    let (rules, tariff) = (rules.clone(), tariff.clone());
    Reference::new(rules, tariff, codes.clone(), remedies.clone(), directory)
}

/// A running platform.
pub(super) struct House {
    pub(super) platform: Arc<Platform>,
    pub(super) hands: Hands,
    upkeep: Worker,
    evidence: Worker,
}

impl House {
    /// Starts a process over what the disk holds.
    ///
    /// # Errors
    /// When the disk fails meanwhile.
    pub(super) fn build(
        place: &db::test::Disk,
        disk: &Arc<Disk>,
        clock: &Arc<SetClock>,
        outside: &Arc<Outside>,
    ) -> Result<House, Failure> {
        let db = place.open(Arc::clone(disk) as _);
        let hands = RefCell::new(None);
        let config = Config { zone: "zibo".to_owned(), ..Config::default() };
        let wiring = Wiring {
            reference: &|_, directory| Ok(reference(directory)),
            customs: &|_, db, _, key| {
                introduce(db, clock.as_ref())?;
                let fingerprint = key.certificate().fingerprint.clone();
                outside.standin.get_or_init(|| standin(db, fingerprint));
                Ok((Arc::clone(outside) as Arc<dyn Customs>, None))
            },
            intake: &|setup| {
                let (intake, its_hands) = Intake::by_hand(setup);
                hands.replace(Some(its_hands));
                Ok(intake)
            },
        };
        // A database that was never migrated has none.
        let newest = db.newest_id().unwrap_or_default();
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let platform = Arc::new(Platform::over(db, config, clock, &wiring)?);
        platform.take_up(true, newest)?;
        let hands = hands.into_inner().expect("the wiring made them");
        let upkeep = upkeep::upkeep(Arc::clone(&platform));
        platform.reference.directory.refresh_from(&platform.app.db)?;
        let evidence = evidence::evidence(Arc::clone(&platform));
        Ok(House { platform, hands, upkeep, evidence })
    }

    pub(super) fn db(&self) -> &Db {
        &self.platform.app.db
    }

    pub(super) fn forward(&self) -> Result<Round, Failure> {
        customs::forward_round(&self.platform)
    }

    pub(super) fn collect(&self) -> Result<Round, Failure> {
        customs::collect_round(&self.platform)
    }

    pub(super) fn keep_up(&mut self) -> Result<Round, Failure> {
        (self.upkeep.round)()
    }

    /// Publishes a checkpoint of the evidence log, when one is due.
    pub(super) fn publish(&mut self) -> Result<Round, Failure> {
        (self.evidence.round)()
    }

    /// Pushes what is due to the webhook; `answer` plays its receiver.
    pub(super) fn push(&self, receiver: &dyn Post, max: usize) -> Result<usize, Failure> {
        let ctx = self.platform.app.ctx_as("push".into());
        Ok(notices::deliver_due(self.db(), &ctx, receiver, max)?.claimed)
    }

    /// Lets one consumer hear of what is new. It fails, after it has written, when told to.
    pub(super) fn consume(&self, consumer: &str, max: usize, fail: bool) -> Result<usize, DbError> {
        self.db().consume(consumer, max, |tx, events: &[StoredEvent]| {
            for event in events {
                let sql = "INSERT INTO simulation_heard (consumer, seq, subject)
                           VALUES ($1, $2, $3)";
                tx.execute(sql, params![consumer, event.seq, &event.subject])?;
            }
            if fail { Err(DbError::Other("the consumer stumbles".to_owned())) } else { Ok(()) }
        })
    }
}

/// The stand-in is another house, with a disk of its own that outlives all of ours.
fn standin(db: &Db, fingerprint: String) -> Arc<StandIn> {
    let directory = Arc::new(LiveDirectory::new());
    directory.refresh_from(db).expect("the directory was just read");
    let law = Arc::new(StandInLaw::new(Arc::new(reference(directory)), fingerprint));
    let memory = db::test::memory(standin::MIGRATIONS);
    Arc::new(StandIn::new(memory, law, standin::Settings::default()))
}

/// Registers the certificates of the firms that sign, and the broker's webhook, at first start.
fn introduce(db: &Db, clock: &SetClock) -> Result<(), Failure> {
    let ids = Arc::new(IdSource::new(NODE));
    let ctx = Ctx { now: clock.now(), ids, actor: "simulation".into() };
    db.write(|tx| {
        let known = tx.query_one("SELECT COUNT(*) FROM web_webhook", params![])?.i64(0)?;
        if known > 0 {
            return Ok(());
        }
        tx.execute(HEARD, params![])?;
        for (code, firm) in &*FIRMS {
            let der = firm.key.certificate().der();
            parties::register_certificate(tx, &ctx, code, der, Purpose::Messages)?;
        }
        let secret = tx.sealer().seal("web.webhook", b"a secret of thirty-two bytes ...")?;
        let sql = "INSERT INTO web_webhook
                   (id, party, url, secret, kinds, state, created, changed)
                   VALUES (1, $1, 'https://example.cn/hook', $2, '', 'active', $3, $3)";
        tx.execute(sql, params![BROKER, secret, clock.now()])?;
        Ok::<(), Failure>(())
    })
}

/// The receiver of the webhook: hears, and says so or not.
pub(super) struct Receiver {
    pub(super) heard: std::sync::Mutex<Vec<String>>,
    /// Whether it answers well.
    pub(super) well: bool,
}

impl Post for Receiver {
    fn post(&self, outgoing: &Outgoing) -> Outcome {
        let id = outgoing.headers.iter().find(|(name, _)| *name == "webhook-id");
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        self.heard.lock().expect("one thread").push(id);
        if self.well { Outcome::Answered(204) } else { Outcome::Failed("no answer".to_owned()) }
    }
}
