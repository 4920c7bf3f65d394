//! Runs the `.slt` scripts over the wire: what SQL means, shown by example.
//!
//! The scripts in this folder are PostgreSQL's SQL and run against a real PostgreSQL 15 as well, so their
//! expectations cannot be wishes: `KALAM_SLT_UPDATE=1 make sqllogictest` writes them from its answers. Those
//! in `kalam/` are about what only KalamDB has.
//!
//! KalamDB runs every script several times, because where a row lies must not show:
//!
//! - `fresh`: as it is, simple protocol; every row stays in RocksDB;
//! - `planned`: extended protocol, direct paths switched off, so that DataFusion plans everything;
//! - `flushed`: every table is flushed after each statement, so that reads meet history only;
//! - `mixed`: a flush after every third statement, so that rows, overlays and files meet in one read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics: that is its report")]
#![allow(clippy::print_stdout, reason = "the report of this binary is its output")]
#![allow(clippy::disallowed_methods, reason = "a client has its own clock and its own randomness")]

mod database;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use sqllogictest::Runner;
use sqllogictest::harness::{Arguments, Failed, Trial, run};

use database::{Class, Connection, State};
use support::server::Server;
use support::{postgres, root};

/// One KalamDB for all scripts; each run of a script has a tenant of its own.
type Shared = Arc<OnceLock<Server>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let scripts = scripts(&root().join("sqllogictest"));
    let own = scripts_of_kalam();
    if std::env::var_os("KALAM_SLT_UPDATE").is_some() {
        for script in scripts.iter().filter(|script| arguments.filter.as_ref().is_none_or(|f| name(script).contains(f)))
        {
            update(script);
        }
        return ExitCode::SUCCESS;
    }
    assert!(!scripts.is_empty() && !own.is_empty(), "no scripts found");
    let server = Shared::default();
    let mut trials = Vec::new();
    for script in scripts {
        let path = script.clone();
        trials.push(Trial::test(format!("postgresql::{}", name(&script)), move || on_postgres(&path)));
        for state in State::ALL {
            trials.push(on_kalam(&server, &script, state));
        }
    }
    for script in own {
        trials.push(on_kalam(&server, &script, State::Fresh));
    }
    let conclusion = run(&arguments, trials);
    drop(server);
    conclusion.exit_code()
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "slt")).collect();
    scripts.sort();
    scripts
}

fn scripts_of_kalam() -> Vec<PathBuf> {
    scripts(&root().join("sqllogictest/kalam"))
}

fn name(script: &Path) -> String {
    script.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Positions are compared where errors are the subject; elsewhere the words are enough.
fn with_positions(script: &Path) -> bool {
    name(script).starts_with("errors")
}

fn on_postgres(script: &Path) -> Result<(), Failed> {
    let Some(postgres) = postgres::shared() else { return Ok(()) };
    let database = postgres.database();
    let positions = with_positions(script);
    let runner = Runner::new(async || Ok(Connection::postgres(postgres.address(), &database, positions)));
    check(runner, script)
}

fn on_kalam(server: &Shared, script: &Path, state: State) -> Trial {
    let server = Arc::clone(server);
    let script = script.to_owned();
    Trial::test(format!("{state}::{}", name(&script)), move || {
        let server = server.get_or_init(Server::plain);
        let tenant = format!("{}_{state}", name(&script));
        let mut operator = support::wire::Wire::connect_as(server, "kalam", "operator", "operator");
        operator.run(&format!("CREATE DATABASE {tenant}")).map_err(|error| format!("CREATE DATABASE: {error}"))?;
        let tables = Arc::default();
        let positions = with_positions(&script);
        let runner =
            Runner::new(async || Ok(Connection::kalam(server, &tenant, state, Arc::clone(&tables), positions)));
        check(runner, &script)
    })
}

fn check<M>(mut runner: Runner<Connection, M>, script: &Path) -> Result<(), Failed>
where
    M: sqllogictest::MakeConnection<Conn = Connection>,
{
    runner.with_normalizer(as_it_is);
    runner.with_column_validator(same_types);
    // A record that fails does not stop its script: the report shows everything that is wrong.
    let records = sqllogictest::parse_file(script).map_err(|error| error.to_string())?;
    let mut wrong = Vec::new();
    for record in records {
        if let Err(error) = futures::executor::block_on(runner.run_async(record)) {
            wrong.push(error.display(false).to_string());
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} records\n\n{}", wrong.len(), wrong.join("\n")).into()) }
}

/// Writes a script's expectations from PostgreSQL's answers.
fn update(script: &Path) {
    let postgres = postgres::shared().expect("the expectations come from PostgreSQL 15");
    let database = postgres.database();
    let positions = with_positions(script);
    let mut runner = Runner::new(async || Ok(Connection::postgres(postgres.address(), &database, positions)));
    let update = runner.update_test_file(script, " ", sqllogictest::default_validator, as_it_is, same_types);
    futures::executor::block_on(update).unwrap();
    println!("{}", script.display());
}

/// Spaces count.
#[allow(clippy::ptr_arg, reason = "the runner's type")]
fn as_it_is(text: &String) -> String {
    text.clone()
}

/// `?` stands for any type: for results whose type PostgreSQL and DataFusion's planner see differently.
#[allow(clippy::ptr_arg, reason = "the runner's type")]
fn same_types(actual: &Vec<Class>, expected: &Vec<Class>) -> bool {
    actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, e)| e.0 == '?' || a == e)
}
