//! Payment originals, tried from outside.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are tests

mod it {
    mod api;
    mod asking;
    mod certificates;
    mod fixture;
}
