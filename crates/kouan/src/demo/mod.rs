//! A simulated day of imports, played through the real doors: the firms' messages are signed and
//! handed in over HTTP, the stand-in answers as customs does, and what came of it is counted from
//! the database and compared with what the senders noted.

pub(crate) mod introduction;
mod play;
mod report;
mod sender;
pub mod traffic;

use std::sync::Arc;

use crate::Failure;
use crate::cli::{Demo, Verdict, json_line, log_to_stderr};
use crate::serve;

pub use play::DAY;
pub use report::Report;

/// Plays the day, prints what happened, and stays up unless told to leave.
///
/// # Errors
/// When the platform cannot be started or the day cannot be played.
pub fn run(args: &Demo) -> Result<Verdict, Failure> {
    // The clock of the day is moved by hand, so measured durations would cry wolf.
    log_to_stderr("error");
    let runtime = serve::runtime()?;
    let stage = play::Stage::set(args, &runtime)?;
    let report = play::day(&stage, args)?;
    if args.json {
        json_line(&report)?;
    } else {
        report.show(&stage);
    }
    let sound = report.is_sound();
    if args.exit {
        drop(stage);
        return Ok(if sound { Verdict::Clean } else { Verdict::Findings });
    }
    stage.stay(&runtime)?;
    Ok(if sound { Verdict::Clean } else { Verdict::Findings })
}

/// A platform that plays.
type Stand = Arc<crate::platform::Platform>;
