//! Flows and the API of clearance, on every engine.

mod it {
    mod api;
    mod flows;
    mod receipts;
    mod sending;
    mod support;
}
