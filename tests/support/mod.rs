//! What the integration tests share: the real server, the reference PostgreSQL 15, and clients for both.
//!
//! Nothing here waits for time to pass. A test that must wait for something observable asks [`until`], which
//! polls with a deadline and says what it was waiting for.

#![allow(dead_code, reason = "two test binaries share this module and neither uses all of it")]

pub mod client;
pub mod postgres;
pub mod psql;
pub mod python;
pub mod server;
pub mod token;
pub mod wire;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Nothing in these tests takes longer on a slow machine that also compiles.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Polls `probe` until it answers, and panics with `what` when it does not within [`DEADLINE`].
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same for async tests.
pub async fn until_async<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether the person who runs the tests chose to go without a tool: `KALAM_SKIP=postgresql,python`. Without
/// that choice a missing tool fails the test, so that a check cannot vanish unnoticed.
pub fn skipped(tool: &str) -> bool {
    let skipped = std::env::var("KALAM_SKIP").is_ok_and(|list| list.split(',').any(|name| name.trim() == tool));
    if skipped {
        eprintln!("skipped: KALAM_SKIP names {tool}");
    }
    skipped
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of real conversations, when the folder with them is there: `KALAM_DATA`, or `shared/data` beside
/// the checkout or beside one of its parents. The project's own tests pass without it.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let found = match std::env::var_os("KALAM_DATA") {
        Some(folder) => Some(PathBuf::from(folder).join(name)),
        None => {
            root().ancestors().skip(1).map(|folder| folder.join("shared/data").join(name)).find(|file| file.exists())
        }
    };
    let found = found.filter(|file| file.exists());
    if found.is_none() {
        eprintln!("skipped: no {name} in KALAM_DATA or in ../shared/data");
    }
    found
}

/// A port that nobody listens on. The kernel does not hand it out again soon, so taking it a moment later works.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A command of the machine, searched in PATH and where Debian keeps PostgreSQL 15's.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = Path::new("/usr/lib/postgresql/15/bin").to_owned();
    std::iter::once(debian).chain(std::env::split_paths(&path)).map(|dir| dir.join(name)).find(|file| file.is_file())
}
