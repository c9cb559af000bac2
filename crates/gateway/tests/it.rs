//! Everything behind the door out, tried from outside.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are tests

mod it {
    mod client;
    mod fixture;
    mod judging;
    mod measure;
    mod scenarios;
    mod webhooks;
}
