//! Entry point of the `kouan` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kouan::cli::run()
}
