//! Documents, three-document match, pre-check, the life of an inventory, receipts.
//!
//! Documents come in through [`intake::Intake`], which answers when they are durable. What is ready
//! is claimed with [`flow::claim`], opened with [`flow::open`] and reported on with
//! [`flow::dispatched`]; what comes back is read with [`receipt::Letter::read`] and taken in with
//! [`flow::take_receipts`].

pub mod census;
mod decision;
pub mod dispatch;
pub mod document;
pub mod events;
pub mod evidence;
pub mod export;
pub mod flow;
pub mod intake;
pub mod law;
pub mod lifecycle;
pub mod matching;
pub mod precheck;
pub mod receipt;
pub mod reference;
mod routes;
mod store;

pub use reference::Reference;

/// The tables of this crate.
const MIGRATIONS: &[db::Migration] = &[db::Migration {
    room: "clearance",
    number: 1,
    name: "clearance",
    sql: include_str!("../migrations/0001_clearance.sql"),
}];

/// What this room brings to the door: tables and routes. Share an `Arc<Intake>` and an
/// `Arc<Reference>` with the [`web::App`] that serves them.
pub fn module() -> web::Module {
    web::Module {
        name: "clearance",
        about: (
            "通关：单证、比对、清单、回执",
            "clearance: documents, matching, inventories, receipts",
        ),
        migrations: MIGRATIONS,
        routes: routes::routes,
        checks: CHECKS,
    }
}

/// What must hold for clearance to be ready.
const CHECKS: &[web::Check] = &[web::Check { name: "intake_queue", run: intake_has_room }];

fn intake_has_room(app: &web::App) -> Result<(), kernel::Text> {
    let stopped = || kernel::Text::new("报文接收未启动", "intake is not running");
    let intake = app.shared::<intake::Intake>().map_err(|_| stopped())?;
    let (waiting, of) = intake.fill();
    if waiting < of {
        return Ok(());
    }
    Err(kernel::Text::new("待处理报文已满", "the intake queue is full"))
}
