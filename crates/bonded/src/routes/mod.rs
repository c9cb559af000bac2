//! HTTP of the bonded rooms. A firm sees what its books hold; everything else does not exist for
//! it (404).

mod books;
mod destructions;
mod passes;
mod site;
mod stock;
mod stocktakes;
mod transfers;

use std::sync::Arc;

use db::Tx;
use register::rules::Rules;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;
use web::{ApiError, App, Caller, Routes, Scope};

use crate::book::{self, Seer};
use crate::refusal::Failure;

/// The routes, each with its scope.
pub(crate) fn routes() -> Routes {
    let (read, write) = (Scope::BondedRead, Scope::BondedWrite);
    Routes::new()
        .on(write, routes!(books::open))
        .on(read, routes!(books::list))
        .on(read, routes!(books::one))
        .on(write, routes!(books::close))
        .on(write, routes!(books::file))
        .on(write, routes!(books::enter))
        .on(read, routes!(books::entries))
        .on(read, routes!(books::entry))
        .on(read, routes!(stock::stock))
        .on(read, routes!(stock::movements))
        .on(write, routes!(transfers::plan))
        .on(read, routes!(transfers::list))
        .on(read, routes!(transfers::one))
        .on(write, routes!(transfers::dispatch))
        .on(write, routes!(transfers::receive))
        .on(write, routes!(transfers::recall))
        .on(write, routes!(transfers::cancel))
        .on(write, routes!(destructions::apply))
        .on(read, routes!(destructions::list))
        .on(read, routes!(destructions::one))
        .on(write, routes!(destructions::approve))
        .on(write, routes!(destructions::refuse))
        .on(write, routes!(destructions::withdraw))
        .on(write, routes!(destructions::extend))
        .on(write, routes!(destructions::finish))
        .on(write, routes!(destructions::papers))
        .on(write, routes!(stocktakes::count))
        .on(read, routes!(stocktakes::list))
        .on(read, routes!(stocktakes::one))
        .on(write, routes!(stocktakes::decide))
        .on(read, routes!(site::arrivals))
        .on(read, routes!(site::arrival))
        .on(Scope::BondedGate, routes!(site::instruct))
        .on(read, routes!(site::instructions))
        .on(write, routes!(site::answer))
        .on(write, routes!(passes::draft))
        .on(read, routes!(passes::list))
        .on(read, routes!(passes::one))
        .on(write, routes!(passes::bind))
        .on(write, routes!(passes::unbind))
        .on(write, routes!(passes::issue))
        .on(Scope::BondedGate, routes!(passes::weigh))
        .on(Scope::BondedGate, routes!(passes::close))
        .on(write, routes!(passes::void))
        .on(read, routes!(passes::print))
}

/// The law by date, shared in the application.
fn law(app: &App) -> Result<Arc<Rules>, ApiError> {
    app.shared::<Rules>()
}

/// Whose things the caller may see, asked inside its transaction.
#[derive(Clone)]
struct Own(Option<Arc<str>>);

impl Own {
    fn of(caller: &Caller) -> Own {
        Own(caller.party.clone())
    }

    fn code(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn seer(&self, tx: &mut Tx) -> Result<Seer, Failure> {
        book::seer(tx, self.code())
    }

    /// Both codes of the caller's firm; none for those who see all.
    fn codes(&self, tx: &mut Tx) -> Result<Option<[String; 2]>, Failure> {
        book::codes_of(tx, self.code())
    }
}

/// 理由 / A reason.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct BondedReason {
    /// 理由 / Why.
    #[schema(max_length = 500)]
    reason: String,
}

/// 商品行 / A line of goods.
#[derive(Serialize, utoipa::ToSchema)]
struct BondedLine {
    /// 行号 / Line number.
    line: u32,
    /// 备案料号 / Record number.
    item_record_no: String,
    /// 商品名称 / Name.
    name: String,
    /// 数量 / Quantity.
    #[schema(example = "100")]
    quantity: String,
    /// 计量单位代码 / Unit.
    unit: String,
}

impl BondedLine {
    fn of(line: &book::Line) -> BondedLine {
        BondedLine {
            line: line.number,
            item_record_no: line.record.item_no.to_string(),
            name: line.record.name.to_string(),
            quantity: line.quantity.to_string(),
            unit: line.record.unit.to_string(),
        }
    }
}
