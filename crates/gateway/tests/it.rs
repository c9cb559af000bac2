//! Everything behind the door out, tried from outside.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are tests

mod it {
    mod asks;
    mod client;
    mod export;
    mod export_parcel;
    mod fixture;
    mod judging;
    mod measure;
    mod returns;
    mod scenarios;
    mod webhooks;
}
