//! Flows and the API of clearance, on every engine.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod it {
    mod advice;
    mod api;
    mod export;
    mod export_api;
    mod export_events;
    mod export_support;
    mod flows;
    mod lists;
    mod measure;
    mod originals;
    mod receipts;
    mod sending;
    mod support;
    mod tenants;
    mod trouble;
}
