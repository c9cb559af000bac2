//! Payment originals on demand of customs (announcements 165 and 179 of 2018).
//!
//! Platforms hand over what their payment firms said, before or after the order is declared.
//! Customs asks for an order by a form over plain HTTP and is answered at once; within its time
//! the record follows, signed with the platform's certificate, to the address customs names. What
//! was asked, answered and sent is kept; what did not get there in time is told to the operator.
//!
//! ```text
//! customs ── openReq ──► door: recorded, answered 10000, a job due now
//!                        work: looked up, signed, sent; again until it is taken or time is over
//! ```
//!
//! What is absent: no network here ([`Upload`] is brought by who calls), no key ([`Sign`] too), no
//! number of law (the time to answer and the years of keeping are rules).

mod ask;
mod certificate;
mod draft;
mod flow;
mod hot;
mod office;
mod refusal;
mod routes;
mod store;
mod wire;
mod work;

pub use ask::{AskAnswer, OpenRequest};
pub use certificate::{CertificateCheck, check_certificate};
pub use draft::{GoodsInfo, OrderPaid, PaymentHead, PaymentOriginal};
pub use flow::{Failure, Submitted, prune, submit, take_ask};
pub use office::{Office, Settings};
pub use refusal::OriginalsRefusal;
pub use store::{Ask, AskId, AskState, PaymentId, Sending};
pub use wire::{Payload, Sign, SoftKey};
pub use work::{Reply, Report, Upload, answer_due};

use db::Migration;

/// What this room brings to the door: tables and routes.
pub fn module() -> web::Module {
    web::Module {
        name: "originals",
        about: ("支付原始数据（179号公告）", "payment originals (announcement 179)"),
        migrations: MIGRATIONS,
        routes: routes::routes,
        checks: &[],
    }
}

const MIGRATIONS: &[Migration] = &[Migration {
    room: "originals",
    number: 1,
    name: "originals",
    sql: include_str!("../migrations/0001_originals.sql"),
}];
