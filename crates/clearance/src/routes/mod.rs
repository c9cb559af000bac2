//! HTTP of clearance: handing in, looking up, acting.
//!
//! A firm sees the documents that name it; everything else does not exist for it (404). Personal
//! data are masked in every answer.

mod acts;
mod declarations;
mod documents;
mod evidence;
mod export_views;
mod inventories;
mod lists;
mod mismatches;
mod originals;
mod quota;
mod receipts;
mod resend;
mod submit;
mod summaries;
mod timeline;
mod trace;
mod views;

use std::sync::Arc;

use kernel::{Finding, Text};
use utoipa_axum::routes;
use web::{ApiError, App, Caller, Routes, Scope};

use crate::reference::Reference;

/// The routes, each with its scope.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::MessagesWrite, routes!(submit::messages))
        .on(Scope::MessagesWrite, routes!(submit::orders))
        .on(Scope::MessagesWrite, routes!(submit::orders_batch))
        .on(Scope::MessagesWrite, routes!(submit::payments))
        .on(Scope::MessagesWrite, routes!(submit::payments_batch))
        .on(Scope::MessagesWrite, routes!(submit::waybills))
        .on(Scope::MessagesWrite, routes!(submit::waybills_batch))
        .on(Scope::MessagesWrite, routes!(submit::waybill_statuses))
        .on(Scope::MessagesWrite, routes!(submit::waybill_statuses_batch))
        .on(Scope::MessagesWrite, routes!(submit::inventories))
        .on(Scope::MessagesWrite, routes!(submit::inventories_batch))
        .on(Scope::MessagesWrite, routes!(submit::cancel_applications))
        .on(Scope::MessagesWrite, routes!(submit::cancel_applications_batch))
        .on(Scope::MessagesWrite, routes!(submit::warehousing_details))
        .on(Scope::MessagesWrite, routes!(submit::warehousing_details_batch))
        .on(Scope::MessagesRead, routes!(originals::original))
        .on(Scope::ClearanceRead, routes!(documents::orders))
        .on(Scope::ClearanceRead, routes!(documents::order))
        .on(Scope::ClearanceRead, routes!(documents::payments))
        .on(Scope::ClearanceRead, routes!(documents::payment))
        .on(Scope::ClearanceRead, routes!(documents::waybills))
        .on(Scope::ClearanceRead, routes!(documents::waybill))
        .on(Scope::ClearanceRead, routes!(documents::waybill_statuses))
        .on(Scope::ClearanceRead, routes!(documents::waybill_status))
        .on(Scope::ClearanceRead, routes!(documents::cancel_applications))
        .on(Scope::ClearanceRead, routes!(documents::cancel_application))
        .on(Scope::ClearanceRead, routes!(documents::warehousing_details))
        .on(Scope::ClearanceRead, routes!(documents::warehousing_detail))
        .on(Scope::ClearanceRead, routes!(inventories::list))
        .on(Scope::ClearanceRead, routes!(inventories::one))
        .on(Scope::ClearanceRead, routes!(timeline::timeline))
        .on(Scope::ClearanceRead, routes!(inventories::receipts))
        .on(Scope::ClearanceRead, routes!(inventories::findings))
        .on(Scope::ClearanceWrite, routes!(acts::cancel))
        .on(Scope::Operator, routes!(resend::resend))
        .on(Scope::ClearanceRead, routes!(mismatches::list))
        .on(Scope::ClearanceRead, routes!(receipts::list))
        .on(Scope::ClearanceRead, routes!(trace::trace))
        .on(Scope::EvidenceRead, routes!(evidence::of_message))
        .on(Scope::EvidenceRead, routes!(evidence::of_receipt))
        .on(Scope::EvidenceRead, routes!(evidence::of_inventory))
        .on(Scope::LedgerRead, routes!(quota::quota))
        .and(export_routes())
}

/// The routes of what only exports have.
fn export_routes() -> Routes {
    Routes::new()
        .on(Scope::MessagesWrite, routes!(submit::export_orders))
        .on(Scope::MessagesWrite, routes!(submit::export_orders_batch))
        .on(Scope::MessagesWrite, routes!(submit::funds_receipts))
        .on(Scope::MessagesWrite, routes!(submit::funds_receipts_batch))
        .on(Scope::MessagesWrite, routes!(submit::export_waybills))
        .on(Scope::MessagesWrite, routes!(submit::export_waybills_batch))
        .on(Scope::MessagesWrite, routes!(submit::export_inventories))
        .on(Scope::MessagesWrite, routes!(submit::export_inventories_batch))
        .on(Scope::MessagesWrite, routes!(submit::export_cancels))
        .on(Scope::MessagesWrite, routes!(submit::export_cancels_batch))
        .on(Scope::MessagesWrite, routes!(submit::arrivals))
        .on(Scope::MessagesWrite, routes!(submit::arrivals_batch))
        .on(Scope::MessagesWrite, routes!(submit::consolidations))
        .on(Scope::MessagesWrite, routes!(submit::consolidations_batch))
        .on(Scope::MessagesWrite, routes!(submit::departures))
        .on(Scope::MessagesWrite, routes!(submit::departures_batch))
        .on(Scope::MessagesWrite, routes!(submit::summary_applications))
        .on(Scope::MessagesWrite, routes!(submit::summary_applications_batch))
        .on(Scope::MessagesWrite, routes!(declarations::record))
        .on(Scope::ClearanceRead, routes!(declarations::list))
        .on(Scope::ClearanceRead, routes!(declarations::one))
        .on(Scope::ClearanceRead, routes!(summaries::unsummarised))
        .on(Scope::ClearanceRead, routes!(summaries::drafts))
        .on(Scope::MessagesWrite, routes!(summaries::summarise))
        .on(Scope::ClearanceRead, routes!(summaries::results))
        .on(Scope::ClearanceRead, routes!(documents::export_orders))
        .on(Scope::ClearanceRead, routes!(documents::export_order))
        .on(Scope::ClearanceRead, routes!(documents::funds_receipts))
        .on(Scope::ClearanceRead, routes!(documents::funds_receipt))
        .on(Scope::ClearanceRead, routes!(documents::export_waybills))
        .on(Scope::ClearanceRead, routes!(documents::export_waybill))
        .on(Scope::ClearanceRead, routes!(documents::export_cancels))
        .on(Scope::ClearanceRead, routes!(documents::export_cancel))
        .on(Scope::ClearanceRead, routes!(documents::arrivals))
        .on(Scope::ClearanceRead, routes!(documents::arrival))
        .on(Scope::ClearanceRead, routes!(documents::consolidations))
        .on(Scope::ClearanceRead, routes!(documents::consolidation))
        .on(Scope::ClearanceRead, routes!(documents::departures))
        .on(Scope::ClearanceRead, routes!(documents::departure))
        .on(Scope::ClearanceRead, routes!(documents::summary_applications))
        .on(Scope::ClearanceRead, routes!(documents::summary_application))
}

/// The codes a caller's firm goes by; `None` when the caller sees all.
pub(crate) fn codes_of(app: &App, caller: &Caller) -> Result<Option<Vec<String>>, ApiError> {
    let Some(own) = caller.party() else { return Ok(None) };
    let reference: Arc<Reference> = app.shared()?;
    let directory = reference.directory.current();
    let codes = match directory.by_code(own) {
        Some(party) => [&party.social_credit_code, &party.customs_code]
            .into_iter()
            .flatten()
            .map(|code| code.to_string())
            .collect(),
        None => vec![own.to_owned()],
    };
    Ok(Some(codes))
}

/// Whether one of the codes is among those named.
pub(crate) fn is_named(codes: Option<&[String]>, named: &[String]) -> bool {
    codes.is_none_or(|codes| codes.iter().any(|code| named.contains(code)))
}

/// 400 for a filter word that does not exist.
pub(crate) fn unknown_word(path: &str, found: &str, expected: &str) -> ApiError {
    let text = Text::new("没有这个取值", "there is no such word");
    let remedy = Text::new("从允许的取值中选", "choose one of those allowed");
    let finding = Finding::error("query.unknown_word", text, remedy).at(path);
    ApiError::malformed(vec![finding.found(found, expected)])
}
