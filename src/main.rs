//! The `kalam` command: arguments, then the server.

use std::process::ExitCode;

use clap::Parser;
use kalam::server::cli::{self, Arguments};

/// RocksDB, Arrow and the sessions allocate from many threads at once; the system's allocator makes them
/// wait for each other and keeps what they free.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(Arguments::parse())
}
