//! `cargo xtask tidy`: checks the rules of the house and says where each is broken and why.

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    if command.as_deref() != Some("tidy") {
        eprintln!("usage: cargo xtask tidy");
        return ExitCode::from(2);
    }
    match xtask::tidy(&xtask::root()) {
        Ok(faults) if faults.is_empty() => {
            eprintln!("tidy: nothing to mend");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            eprintln!("tidy: {} to mend", faults.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("tidy could not run: {problem}");
            ExitCode::from(2)
        }
    }
}
