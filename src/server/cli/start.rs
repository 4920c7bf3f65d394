//! Starting a server, for `kalam dev` and `kalam serve`: the socket, the database, the signals.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Exit, Failure};
use super::whereabouts::Whereabouts;
use crate::base::shutdown::CancellationToken;
use crate::config::Config;
use crate::database::Database;
use crate::error::{Error, ErrorKind};
use crate::server::auth::Authenticator;
use crate::server::{Server, logging};

/// The stack of a thread. The bounds of `query::guards` and `query::extent` fit into tokio's two megabytes; this
/// is their margin, above all for builds without optimisation, whose frames are several times larger. Memory is
/// used only as far as a stack was deep.
const STACK_BYTES: usize = 16 << 20;

/// What SIGHUP does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hangup {
    /// Ends the process, as always when its terminal is closed.
    Ends,
    /// Reads the keys of tokens again: what service managers call a reload.
    ReadsKeysAgain,
}

/// Runs a server until SIGINT or SIGTERM. `ready` gets the open database before anybody can connect to it,
/// `announce` the address when clients are answered.
pub(super) fn run<Ready, Announce>(
    config: Config,
    hangup: Hangup,
    ready: Ready,
    announce: Announce,
) -> Result<(), Failure>
where
    Ready: AsyncFnOnce(&Arc<Database>) -> Result<(), Failure>,
    Announce: FnOnce(SocketAddr) -> Result<(), Failure>,
{
    config.validate()?;
    logging::start(&config.log)?;
    Server::check(&config).map_err(|error| Failure::key(&error))?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if config.server.worker_threads > 0 {
        runtime.worker_threads(config.server.worker_threads);
    }
    let runtime = runtime
        .enable_all()
        .thread_name("kalam")
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot start threads: {error}")))?;
    runtime.block_on(serve(config, hangup, ready, announce))
}

async fn serve<Ready, Announce>(config: Config, hangup: Hangup, ready: Ready, announce: Announce) -> Result<(), Failure>
where
    Ready: AsyncFnOnce(&Arc<Database>) -> Result<(), Failure>,
    Announce: FnOnce(SocketAddr) -> Result<(), Failure>,
{
    // The port comes first: it is the mistake that is made most often, and the cheapest one to find.
    let listener = Server::listen(config.server.listen).map_err(|error| address(config.server.listen, &error))?;
    let shutdown = CancellationToken::new();
    watch_signals(&shutdown)?;
    let hangups = match hangup {
        Hangup::Ends => None,
        // From here on it does not end the process any more; it is answered when there are keys.
        Hangup::ReadsKeysAgain => Some(signal(SignalKind::hangup()).map_err(unwatched)?),
    };
    let directory = config.storage.directory.clone();
    let database = Database::open(config.clone()).await.map_err(|error| Failure::open(&directory, &error))?;
    let served = answer(&config, &database, listener, shutdown, hangups, ready, announce).await;
    database.close().await;
    served
}

async fn answer<Ready, Announce>(
    config: &Config,
    database: &Arc<Database>,
    listener: TcpListener,
    shutdown: CancellationToken,
    hangups: Option<Signal>,
    ready: Ready,
    announce: Announce,
) -> Result<(), Failure>
where
    Ready: AsyncFnOnce(&Arc<Database>) -> Result<(), Failure>,
    Announce: FnOnce(SocketAddr) -> Result<(), Failure>,
{
    ready(database).await?;
    let server = Server::new(config, database.clone(), listener).map_err(keys)?;
    let whereabouts = Whereabouts {
        process: std::process::id(),
        address: server.address(),
        certificate_sha256: server.identity().map(|identity| identity.certificate_sha256),
    };
    let directory = &config.storage.directory;
    let _written = whereabouts
        .write(directory)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write to {}: {error}", directory.display())))?;
    tracing::info!(address = %server.address(), directory = %directory.display(), "accepting connections");
    announce(server.address())?;
    let reading = hangups.map(|hangups| tokio::spawn(read_keys_again(hangups, server.authenticator())));
    // Every connection is a task of the runtime that was built above.
    database.commit_in_place();
    server.run(shutdown).await;
    if let Some(reading) = reading {
        reading.abort();
    }
    tracing::info!("stopped");
    Ok(())
}

/// At every SIGHUP. Keys that cannot be used change nothing: a mistake in a file locks nobody out.
async fn read_keys_again(mut hangups: Signal, authenticator: Arc<Authenticator>) {
    while hangups.recv().await.is_some() {
        let authenticator = authenticator.clone();
        match tokio::task::spawn_blocking(move || authenticator.read_keys_again()).await {
            Ok(Ok(keys)) => tracing::info!(keys, "read the keys of tokens again"),
            Ok(Err(error)) => tracing::error!(%error, "the keys of tokens stay as they were"),
            Err(error) => tracing::error!(%error, "reading the keys of tokens panicked"),
        }
    }
}

/// Everything that can be wrong with a server that has its socket and its database is a key or certificate.
fn keys(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Config(error) => Failure::key(error),
        _ => error.into(),
    }
}

fn address(listen: SocketAddr, error: &std::io::Error) -> Failure {
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => "the port is in use by another process".to_owned(),
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(Exit::Address, format!("cannot listen on {listen}: {why}"))
}

fn unwatched(error: std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot watch signals: {error}"))
}

/// The first SIGINT or SIGTERM asks for an orderly end; the second one ends the process.
fn watch_signals(shutdown: &CancellationToken) -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unwatched)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unwatched)?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        let received = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        tracing::info!(signal = received, "shutting down");
        shutdown.cancel();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::warn!("ending at once");
        std::process::exit(130);
    });
    Ok(())
}
