//! `kouan bench intake`: a load generator in a process of its own sends messages signed beforehand to
//! a running server over HTTP, checks every acknowledgement and every parcel's end, and says what
//! it took.

mod compiled;
mod cost;
mod count;
mod counters;
mod figures;
mod goal;
mod home;
mod line;
mod load;
mod meter;
mod page;
mod plot;
mod run;
mod sample;
mod stage;
mod supply;
mod watch;
mod wire;
mod yardstick;

pub use figures::{Figures, Ratios};
pub use yardstick::Comparison;

use crate::Failure;
use crate::cli::{BenchIntake, Verdict, json_line, line, log_to_stderr};

/// Measures once and prints what was found.
///
/// # Errors
/// When the server cannot be started, or a run cannot be finished.
pub fn intake(args: &BenchIntake) -> Result<Verdict, Failure> {
    log_to_stderr("error");
    let figures = run::run(args)?;
    if let Some(out) = &args.out {
        page::publish(out, &figures)?;
    }
    if args.json {
        json_line(&figures)?;
    } else {
        figures.lines().iter().for_each(line);
    }
    Ok(if figures.is_sound() { Verdict::Clean } else { Verdict::Findings })
}
