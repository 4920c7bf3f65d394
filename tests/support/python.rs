//! Python scripts with asyncpg, psycopg and duckdb, in the environment that `scripts/setup` makes.

use std::path::PathBuf;
use std::process::Command;

use super::skipped;

/// Runs a script of `tests/` that must succeed, and gives what it printed; None when `KALAM_SKIP` names python.
pub fn run(script: &str, arguments: &[&str]) -> Option<String> {
    if skipped("python") {
        return None;
    }
    let python = interpreter();
    assert!(
        python.exists(),
        "no Python environment in {}: run `make setup`, or go without it by KALAM_SKIP=python",
        python.display()
    );
    let file = super::root().join("tests").join(script);
    let output = Command::new(python)
        .arg(file)
        .args(arguments)
        .env("PGTZ", "UTC")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{script} failed\n{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(stdout)
}

fn interpreter() -> PathBuf {
    if let Some(python) = std::env::var_os("KALAM_PYTHON") {
        return python.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"));
    cache.join("kalamdb/venv/bin/python")
}
