//! `kouan bench intake`: a load generator in a process of its own sends messages signed beforehand to
//! a running server over HTTP, checks every acknowledgement and every parcel's end, and says what
//! it took.

mod count;
mod figures;
mod home;
mod load;
mod meter;
mod run;
mod stage;
mod supply;
mod watch;
mod wire;

pub use figures::{Figures, Ratios};

use crate::Failure;
use crate::cli::{BenchIntake, Verdict, json_line, line, log_to_stderr};

/// Measures once and prints what was found.
///
/// # Errors
/// When the server cannot be started, or a run cannot be finished.
pub fn intake(args: &BenchIntake) -> Result<Verdict, Failure> {
    log_to_stderr("error");
    let figures = run::run(args)?;
    if args.json {
        json_line(&figures)?;
    } else {
        figures.lines().iter().for_each(|text| line(text));
    }
    Ok(if figures.is_sound() { Verdict::Clean } else { Verdict::Findings })
}
