//! Envelopes of the data exchange platform, of every kind.
#![no_main]

use ceb::dxp::{self, Kind, Limits};
use ceb::{CheckReport, NoCodeLists};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    match dxp::kind(bytes) {
        Some(Kind::Message) => {
            if let Ok(envelope) = dxp::read(bytes, &limits)
                && let Ok(written) = dxp::write(&envelope)
            {
                assert_eq!(dxp::read(&written, &limits).as_ref(), Ok(&envelope));
            }
        }
        Some(Kind::Server) => drop(dxp::read_server(bytes, &limits)),
        Some(Kind::Response) => drop(dxp::read_response(bytes, &limits)),
        None => {}
    }
    CheckReport::new("fuzz", bytes, &NoCodeLists);
});
