//! HTTP of the register of parties: `/api/v1/parties` and `/api/v1/delegations`.
//!
//! Officers and the operator see all. A firm sees itself, and of the firms with which it has or
//! had a delegation the public fields; everybody else does not exist for it.

mod certificates;
mod delegations;
mod parties;

use db::Tx;
use kernel::Finding;
use utoipa_axum::routes;
use web::{ApiError, Caller, Routes, Scope};

use super::flow::{self, Failure};
use super::rules::PartyRefusal;
use super::store::{self, Registered};

/// The routes, each with its scope.
pub fn routes() -> Routes {
    Routes::new()
        .on(Scope::PartiesRead, routes!(parties::list))
        .on(Scope::PartiesRead, routes!(parties::one))
        .on(Scope::PartiesWrite, routes!(parties::put))
        .on(Scope::PartiesWrite, routes!(parties::suspend))
        .on(Scope::PartiesWrite, routes!(parties::resume))
        .on(Scope::PartiesWrite, routes!(parties::close))
        .on(Scope::PartiesRead, routes!(certificates::list))
        .on(Scope::PartiesWrite, routes!(certificates::register))
        .on(Scope::PartiesWrite, routes!(certificates::revoke))
        .on(Scope::PartiesRead, routes!(delegations::list))
        .on(Scope::PartiesWrite, routes!(delegations::register))
        .on(Scope::PartiesWrite, routes!(delegations::revoke))
}

/// How much of a firm a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// All there is to show.
    Whole,
    /// What every counterparty may see.
    Public,
}

/// The firm, and how much of it the caller may see.
fn seen(tx: &mut Tx, caller: &Caller, code: &str) -> Result<(Registered, View), Failure> {
    let found = flow::find(tx, code)?;
    let Some(own) = caller.party() else { return Ok((found, View::Whole)) };
    if found.party.has_code(own) {
        return Ok((found, View::Whole));
    }
    // A key whose firm is not registered sees nobody.
    let me = flow::find(tx, own)?.party.id;
    if store::related(tx, me, found.party.id)? {
        return Ok((found, View::Public));
    }
    Err(PartyRefusal::NotFound.into())
}

/// The firm, when the caller is it or is not a firm.
fn owned(tx: &mut Tx, caller: &Caller, code: &str) -> Result<Registered, Failure> {
    match seen(tx, caller, code)? {
        (found, View::Whole) => Ok(found),
        (_, View::Public) => Err(PartyRefusal::NotFound.into()),
    }
}

/// Words of a closed set from the wire, every unknown one a finding.
fn words<T, S: FromIterator<T>>(
    path: &str,
    names: &[String],
    parse: fn(&str) -> Option<T>,
    every: &str,
    findings: &mut Vec<Finding>,
) -> S {
    let mut known = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        match parse(name) {
            Some(word) => known.push(word),
            None => findings.push(
                Finding::error(
                    "field.unknown_word",
                    kernel::Text::new("没有这个取值", "there is no such word"),
                    kernel::Text::new("从允许的取值中选", "choose one of those allowed"),
                )
                .at(format!("{path}[{i}]"))
                .found(name, every),
            ),
        }
    }
    known.into_iter().collect()
}

/// Stops when there are findings.
fn none(findings: Vec<Finding>) -> Result<(), ApiError> {
    if findings.is_empty() { Ok(()) } else { Err(ApiError::invalid(findings)) }
}
