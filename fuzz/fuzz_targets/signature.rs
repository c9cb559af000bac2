//! Signed messages from anywhere: verifying must answer, and never approve what is not signed.
#![no_main]

use ceb::signature::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let verification = verify(bytes);
    assert!(verification.signed || !verification.is_good());
});
