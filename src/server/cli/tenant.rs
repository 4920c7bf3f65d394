//! `kalam tenant`: on a stopped data directory by opening it, else through the server that runs on it.
//!
//! Opening comes first, because it takes the lock: if it succeeds there is no server, and whatever file an
//! earlier one left behind does not matter. Both ways run the same SQL as an operator.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Tenant;
use super::client::Client;
use super::failure::{Exit, Failure};
use super::progress;
use super::token;
use super::whereabouts::Whereabouts;
use crate::base::limits::IDENTIFIER_BYTES;
use crate::catalog::SYSTEM_DATABASE;
use crate::config::{Config, Log};
use crate::database::Database;
use crate::error::{ErrorKind, StorageError};
use crate::server::logging;
use crate::session::{Principal, Role};

/// The user that the command connects as.
const USER: &str = "operator";
const TOKEN_TTL: Duration = Duration::from_secs(60 * 60);

pub(super) fn run(arguments: Tenant) -> Result<(), Failure> {
    if let Tenant::Create { name, .. } | Tenant::Drop { name, .. } = &arguments {
        check(name)?;
    }
    // Only what goes wrong is worth a line beside the command's own.
    logging::start(&Log { level: "warn".into(), ..Log::default() })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot start threads: {error}")))?;
    let (place, doing, sql) = match &arguments {
        Tenant::List { place } => {
            (place, "reading".to_owned(), "SELECT datname FROM pg_catalog.pg_database ORDER BY datname".to_owned())
        }
        Tenant::Create { name, place } => {
            (place, format!("creating {name}"), format!("CREATE DATABASE {}", quoted(name)))
        }
        Tenant::Drop { name, .. } if name == SYSTEM_DATABASE => {
            let message = format!("the tenant {name} is the system's own and cannot be dropped");
            return Err(Failure::new(Exit::Failed, message));
        }
        Tenant::Drop { name, if_exists, force, place } => {
            let if_exists = if *if_exists { "IF EXISTS " } else { "" };
            let force = if *force { " WITH (FORCE)" } else { "" };
            (place, format!("erasing {name}"), format!("DROP DATABASE {if_exists}{}{force}", quoted(name)))
        }
    };
    let directory = &place.data_dir;
    let rows = runtime.block_on(progress::during(doing, ask(directory, &sql)))?;
    let mut output = std::io::stdout().lock();
    let written = rows.iter().try_for_each(|row| writeln!(output, "{}", row.join("\t")));
    written.map_err(|error| Failure::new(Exit::Failed, format!("cannot write to standard output: {error}")))
}

/// SQL has words of its own for such names, which do not fit a command.
fn check(name: &str) -> Result<(), Failure> {
    if name.is_empty() || name.len() > IDENTIFIER_BYTES || name.contains('\0') {
        let message = format!("the name of a tenant must have 1 to {IDENTIFIER_BYTES} bytes");
        return Err(Failure::new(Exit::Failed, message));
    }
    Ok(())
}

/// Runs a statement as an operator, wherever the data directory is.
async fn ask(directory: &Path, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
    // A name that is misspelt must not become a new data directory.
    if !directory.is_dir() {
        return Err(Failure::new(Exit::Failed, format!("there is no data directory {}", directory.display())));
    }
    let mut config = Config::default();
    config.storage.directory = directory.to_path_buf();
    config.flush.automatic = false;
    match Database::open(config).await {
        Ok(database) => {
            let answer = here(&database, sql).await;
            database.close().await;
            answer
        }
        Err(error) if matches!(error.kind(), ErrorKind::Storage(StorageError::Locked { .. })) => {
            there(directory, sql).await
        }
        Err(error) => Err(Failure::open(directory, &error)),
    }
}

async fn here(database: &Arc<Database>, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
    let mut session = database.session(Principal::embedded(USER, SYSTEM_DATABASE, Role::Operator))?;
    let result = session.query(sql).await?;
    let mut rows = Vec::new();
    for batch in &result.batches {
        for row in 0..batch.num_rows() {
            let texts = batch.columns().iter().map(|column| arrow::util::display::array_value_to_string(column, row));
            rows.push(
                texts
                    .collect::<Result<_, _>>()
                    .map_err(|source| Failure::from(crate::Error::from(StorageError::Arrow { source })))?,
            );
        }
    }
    Ok(rows)
}

async fn there(directory: &Path, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
    let locked = |why: String| {
        let directory = directory.display();
        Failure::new(Exit::Locked, format!("the data directory {directory} is in use by another process{why}"))
    };
    let place =
        Whereabouts::read(directory).map_err(|_| locked(", which is not a server or is just starting".into()))?;
    let token = token::sign(directory, SYSTEM_DATABASE, USER, Role::Operator, TOKEN_TTL)?;
    let mut client = Client::connect(&place, USER, SYSTEM_DATABASE, token).await?;
    client.query(sql).await
}

/// A name as SQL writes it, whatever characters it has.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(quoted("acme"), "\"acme\"");
        assert_eq!(quoted("a\"; DROP DATABASE b; --"), "\"a\"\"; DROP DATABASE b; --\"");
    }
}
