//! Entry point of the `kouan` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Messages are many small pieces made on one thread and dropped on another, which the system's
/// allocator does slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    kouan::cli::run()
}
