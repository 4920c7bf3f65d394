//! `kalam dev`: everything a first look needs, and a line to paste.
//!
//! Standard output gets the URL alone, for programs. People read the rest on standard error. It also
//! carries the log, so the token stands there only if it is a terminal: tokens do not belong in files.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::start::Hangup;
use super::token;
use super::whereabouts::reachable;
use super::{Dev, Encryption, start};
use crate::config::{Config, TlsMode};
use crate::database::Database;
use crate::error::{CatalogError, ErrorKind};
use crate::session::Role;

const TENANT: &str = "demo";
const USER: &str = "app";
const TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn run(arguments: Dev) -> Result<(), Failure> {
    let mut config = Config::default();
    config.storage.directory = arguments.data_dir;
    config.server.listen = arguments.listen;
    config.tls.self_signed = true;
    if arguments.tls == Encryption::Off {
        config.tls.mode = TlsMode::Off;
        if !arguments.listen.ip().is_loopback() {
            let address = arguments.listen.ip();
            let message = format!("--tls off is for loopback addresses only (127.0.0.1, ::1), not for {address}");
            return Err(Failure::new(Exit::Settings, message));
        }
    }
    let directory = config.storage.directory.clone();
    let mode = if arguments.tls == Encryption::Off { "disable" } else { "require" };
    start::run(config, Hangup::Ends, make_tenant, move |address| announce(&directory, address, mode))
}

async fn make_tenant(database: &Arc<Database>) -> Result<(), Failure> {
    match database.create_tenant(TENANT, USER).await {
        Err(error) if !matches!(error.kind(), ErrorKind::Catalog(CatalogError::DuplicateDatabase(_))) => {
            Err(error.into())
        }
        _ => Ok(()),
    }
}

fn announce(directory: &Path, address: SocketAddr, mode: &str) -> Result<(), Failure> {
    let token = token::sign(directory, TENANT, USER, Role::Owner, TOKEN_TTL)?;
    let url = format!("postgres://{USER}:{token}@{}/{TENANT}?sslmode={mode}", reachable(address));
    let terminal = std::io::stderr().is_terminal();
    let shown = if terminal { format!("psql \"{url}\"") } else { "psql with the URL on standard output".to_owned() };
    let mut program = std::env::args().next().unwrap_or_else(|| "kalam".to_owned());
    if program.contains(char::is_whitespace) {
        program = format!("'{program}'");
    }
    let version = env!("CARGO_PKG_VERSION");
    let directory = directory.display();
    let told = (|| {
        let mut output = std::io::stdout().lock();
        writeln!(output, "{url}")?;
        if !terminal {
            writeln!(output, "psql \"{url}\"")?;
        }
        output.flush()
    })();
    told.map_err(|error| Failure::new(Exit::Failed, format!("cannot write to standard output: {error}")))?;
    eprintln!(
        "
  KalamDB {version} is ready. Data: {directory}, tenant: {TENANT}, user: {USER} (owner).

  Connect; the token is good for 24 hours:

    {shown}

  Make another token:

    {program} token --data-dir {directory} --tenant {TENANT} --user {USER} --role owner --ttl 24h

  Stop with Ctrl-C.
"
    );
    Ok(())
}
