//! Rows per second of the bulk door, printed, not judged:
//! `.ci/with-postgres cargo test --release -p db --test it measure -- --ignored --nocapture`
